#!/usr/bin/env bash
# The first snapshot of a database whose catalogs were never analyzed takes time in proportion to its objects: four times as many
# of a kind may take nine times as long, where their square would be sixteen times.
. "$(dirname "$0")/lib.sh"

start_cluster main autovacuum=off max_locks_per_transaction=512

# milliseconds DATABASE: the best of three, each in a session of its own.
milliseconds() {
  for _ in 1 2 3; do
    psql -XAtq -v ON_ERROR_STOP=1 -d "$1" <<'SQL' || echo failed
SELECT clock_timestamp() AS start \gset
SELECT dr._collect(false, true) \g /dev/null
SELECT round(extract(epoch FROM clock_timestamp() - :'start') * 1000)
SQL
  done | sort -n | head -1
}

# proportional KIND COUNT SQL: %s of it is the number of an object.
proportional() {
  local kind=$1 count=$2 make=$3 n few many
  local -a taken=()
  for n in "$count" $((4 * count)); do
    createdb -T template0 "objects_$n"
    sql "objects_$n" "SET client_min_messages = warning; CREATE EXTENSION pgdr; CREATE DOMAIN d0 AS int; CREATE TABLE parent (a int, b text);
      CREATE OPERATOR FAMILY f USING btree" >/dev/null
    sql "objects_$n" "DO \$do\$ BEGIN FOR i IN 1 .. $n LOOP EXECUTE format(\$\$$make\$\$, i, i - 1); IF i % 500 = 0 THEN COMMIT; END IF; END LOOP; END \$do\$" ||
      die "$kind are made"
    taken+=("$(milliseconds "objects_$n")")
    dropdb "objects_$n"
  done
  few=${taken[0]} many=${taken[1]}
  diag "$count $kind: $few ms, $((4 * count)): $many ms"
  ok "four times as many $kind take no more than nine times as long" [ "$many" -le $((9 * few)) ]
}

proportional 'domains over each other' 1500 'CREATE DOMAIN d%1$s AS d%2$s'
proportional 'inheriting tables' 1000 'CREATE TABLE t%1$s (c int) INHERITS (parent)'
proportional 'operator classes of one family' 750 'CREATE TYPE c%1$s AS (a int);
  CREATE FUNCTION less%1$s(c%1$s, c%1$s) RETURNS boolean LANGUAGE sql IMMUTABLE AS $f$SELECT true$f$;
  CREATE FUNCTION compare%1$s(c%1$s, c%1$s) RETURNS int LANGUAGE sql IMMUTABLE AS $f$SELECT 1$f$;
  CREATE OPERATOR <<< (FUNCTION = less%1$s, LEFTARG = c%1$s, RIGHTARG = c%1$s);
  CREATE OPERATOR CLASS c%1$s FOR TYPE c%1$s USING btree FAMILY f AS OPERATOR 1 <<<, FUNCTION 1 compare%1$s(c%1$s, c%1$s)'
done_testing
