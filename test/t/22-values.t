#!/usr/bin/env bash
# What a dump and restore do to values, and what values do to the memory of those who read them: names and tables of every
# shape, large objects, databases in LATIN1 and SQL_ASCII, clients of another encoding, values of many megabytes.
# PGDR_LARGE=1 takes values of 900 MB (2 GB of disk, half a minute).
. "$(dirname "$0")/lib.sh"
start_cluster

verdict() { # verdict SOURCE TARGET: problems and warnings, then the verdict, one a line
  sql "$1" "SELECT concat_ws(' ', status, object_type, object, check_name, detail) FROM dr_verify_against('$2') WHERE status <> 'info'"
}

# --- every shape of table ----------------------------------------------------------------------------------------------------

createdb shapes
sql shapes 'CREATE EXTENSION pgdr; CREATE EXTENSION hstore; CREATE EXTENSION ltree; CREATE EXTENSION citext'
cat >"$T/shapes.sql" <<'SQL'
CREATE SCHEMA "Schéma ""x"" .";
CREATE TABLE "Schéma ""x"" ."."tàble $1" ("col ""q""" text, "ÄÖ.ü" int PRIMARY KEY, "select" text DEFAULT 'tab	and
line');
INSERT INTO "Schéma ""x"" ."."tàble $1" SELECT 'v' || i, i FROM generate_series(1, 500) AS i;
CREATE TABLE altered (gone text, a int, b numeric DEFAULT 1.10);
INSERT INTO altered (gone, a) SELECT 'x', i FROM generate_series(1, 500) AS i;
ALTER TABLE altered DROP gone, ADD c text DEFAULT 'missing', ADD d timestamptz DEFAULT '2026-01-01 00:00+00', ADD e hstore DEFAULT 'a=>1';
INSERT INTO altered (a, c) VALUES (501, NULL), (502, '');
CREATE TABLE root (id int, part text, v numeric) PARTITION BY LIST (part);
CREATE TABLE leaf_a (junk int, v numeric, part text, id int);
ALTER TABLE leaf_a DROP junk;
ALTER TABLE root ATTACH PARTITION leaf_a FOR VALUES IN ('a');
CREATE TABLE leaf_rest PARTITION OF root DEFAULT PARTITION BY HASH (id);
CREATE TABLE leaf_0 PARTITION OF leaf_rest FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE leaf_1 (v numeric, id int, part text);
ALTER TABLE leaf_rest ATTACH PARTITION leaf_1 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO root SELECT i, substr('abc', i % 3 + 1, 1), i / 3.0 FROM generate_series(1, 900) AS i;
CREATE TABLE parent (a int, b text);
CREATE TABLE child (c citext) INHERITS (parent);
INSERT INTO parent SELECT i, 'p' FROM generate_series(1, 300) AS i;
INSERT INTO child SELECT i, 'c', 'MiXed' FROM generate_series(1, 300) AS i;
CREATE TABLE keyless AS SELECT i % 7 AS a, NULLIF(i % 5, 0)::text AS b FROM generate_series(1, 700) AS i;
CREATE TABLE no_columns ();
INSERT INTO no_columns SELECT FROM generate_series(1, 5);
CREATE TABLE computed (a int PRIMARY KEY, twice int GENERATED ALWAYS AS (a * 2) STORED, path ltree);
INSERT INTO computed (a, path) SELECT i, ('Top.' || i)::ltree FROM generate_series(1, 300) AS i;
CREATE TABLE values_by_name (c regclass, p regprocedure, r regrole, t regtype, n regnamespace, d regclass);
INSERT INTO values_by_name VALUES ('"Schéma ""x"" ."."tàble $1"', 'int4pl(int,int)', 'postgres', 'numeric[]', 'public', '4294967290');
CREATE TABLE toasted (id int PRIMARY KEY, external text, compressed text, document jsonb, list text[]);
ALTER TABLE toasted ALTER external SET STORAGE external;
INSERT INTO toasted SELECT i, repeat('é', 5000 * i), repeat('abc', 10000 * i), jsonb_build_object('k', repeat('x', 3000 * i), 'n', i / 7.0),
  ARRAY[repeat('y', 4000 * i), NULL] FROM generate_series(1, 20) AS i;
SELECT lo_from_bytea(1000, decode(repeat('00ff', 3000), 'hex')), lo_from_bytea(1001, '');
SELECT lo_create(1002);
DO $$
DECLARE
  fd int := lo_open(1002, 131072);
BEGIN
  PERFORM lo_lseek64(fd, 100000, 0), lowrite(fd, 'after a hole'), lo_lseek64(fd, 2048, 0), lowrite(fd, repeat('z', 10)::bytea);
END $$;
SQL
sql_file shapes "$T/shapes.sql" >"$T/shapes.log"

restore() { # restore NAME ARGS…: dumps shapes with ARGS and restores it as NAME
  local name=$1 format=plain
  shift
  createdb "$name"
  case " $* " in *' -Fc '*) format=archive ;; *' -Fd '*) format=folder ;; esac
  case $format in
    archive) pg_dump "$@" -f "$T/$name.dump" shapes && pg_restore -d "$name" "$T/$name.dump" ;;
    folder) pg_dump "$@" -f "$T/$name.dir" shapes && pg_restore -j 2 -d "$name" "$T/$name.dir" ;;
    *) pg_dump "$@" shapes | psql -qX -v ON_ERROR_STOP=1 -d "$name" >"$T/$name.log" ;;
  esac
}
copies=0
for way in '-Fc' '-Fd -j2' '--inserts --rows-per-insert=100' '--load-via-partition-root -Fc'; do
  name=copy_$((++copies))
  # shellcheck disable=SC2086
  ok "pg_dump $way and restore" restore "$name" $way
  like "$(verdict shapes "$name")" "^passed database $name verdict" "pg_dump $way: nothing is reported as different"
done
sql copy_1 'VACUUM FULL'
sql copy_1 "ALTER TABLE toasted ALTER compressed SET COMPRESSION lz4; UPDATE toasted SET compressed = compressed || '';
  ALTER TABLE toasted ALTER compressed SET COMPRESSION default"
like "$(verdict shapes copy_1)" '^passed' 'nor after VACUUM FULL and in another compression'
# The smallest changes, each found where it is
while IFS='|' read -r object statement; do
  sql copy_2 "$statement"
  like "$(verdict shapes copy_2)" "^mismatch [a-z ]*[ \".].*${object}" "found: $statement"
  dropdb copy_2
  createdb -T copy_3 copy_2
done <<'CHANGES'
tàble|UPDATE "Schéma ""x"" ."."tàble $1" SET "select" = replace("select", chr(9), ' ') WHERE "ÄÖ.ü" = 7
altered|UPDATE altered SET c = NULL WHERE a = 502
altered|UPDATE altered SET b = 1.1 WHERE a = 9
leaf_a|UPDATE root SET v = v + 0.00000000000000000001 WHERE id = 3
child|UPDATE child SET c = 'mixed' WHERE a = 5
keyless|DELETE FROM keyless WHERE ctid = (SELECT min(ctid) FROM keyless)
no_columns|INSERT INTO no_columns DEFAULT VALUES
computed|UPDATE computed SET path = 'top.5' WHERE a = 5
values_by_name|UPDATE values_by_name SET d = 4294967291
toasted|UPDATE toasted SET external = overlay(external placing 'e' from 40000) WHERE id = 10
toasted|UPDATE toasted SET list = ARRAY[list[1], ''] WHERE id = 3
large object|SELECT lo_put(1000, 5999, '\xfe')
large object|SELECT lo_put(1002, 50000, '\x01')
CHANGES

# --- encodings ---------------------------------------------------------------------------------------------------------------

createdb -T template0 -E LATIN1 --locale=C latin
createdb -T template0 -E SQL_ASCII --locale=C ascii
for db in latin ascii; do
  sql $db 'CREATE EXTENSION pgdr'
  PGCLIENTENCODING=LATIN1 sql $db "$(printf 'CREATE TABLE "t\xe9" ("\xe4" text, j jsonb, n name)')"
  PGCLIENTENCODING=LATIN1 sql $db "$(printf "INSERT INTO \"t\\xe9\" SELECT 'caf\\xe9' || i, jsonb_build_object('\\xfc', '\\xdf'), 'n\\xe4me' FROM generate_series(1, 200) AS i")"
  query=$(printf 'SELECT digest FROM pg_class AS c, dr_table_fingerprint(c.oid) WHERE relname LIKE %s AND relkind = %s' "'t_' AND relnamespace = 'public'::regnamespace" "'r'")
  one=$(PGCLIENTENCODING=LATIN1 sql $db "$query")
  like "$one" '^pgdr1-xxh3:200:' "$db: there is a fingerprint"
  is "$(PGCLIENTENCODING=SQL_ASCII sql $db "$query")" "$one" "$db: another client_encoding has the same"
  createdb -T template0 -E "$(sql $db 'SHOW server_encoding')" --locale=C ${db}_copy
  pg_dump -Fc -f "$T/$db.dump" $db && pg_restore -d ${db}_copy "$T/$db.dump"
  like "$(verdict $db ${db}_copy)" '^passed' "$db: dump and restore change nothing"
  PGCLIENTENCODING=LATIN1 sql ${db}_copy "$(printf "UPDATE \"t\\xe9\" SET \"\\xe4\" = 'cafe7' WHERE \"\\xe4\" = 'caf\\xe97'")"
  like "$(PGCLIENTENCODING=LATIN1 verdict $db ${db}_copy)" 'mismatch table' "$db: an accent lost is found"
done
is "$(sql latin "SELECT string_agg(DISTINCT status || ' ' || check_name, ', ') FROM dr_verify_against('ascii') WHERE object_type = 'database' AND check_name = 'encoding'")" \
  'mismatch encoding' 'a database in another encoding is named as such'

# --- large values ------------------------------------------------------------------------------------------------------------

# What the backend had in memory at most, in MB, for a query; its 64 MB of shared buffers included.
peak() { # peak DB QUERY
  psql -qXAt -v ON_ERROR_STOP=1 -d "$1" <<SQL | tail -1
SELECT pg_backend_pid() AS pid \\gset
\\setenv PID :pid
\\o /dev/null
$2;
\\o
\\echo \`awk '/^VmHWM/ { print int(\$2 / 1024) }' /proc/\$PID/status\`
SQL
}
if [ "${PGDR_LARGE:-}" = 1 ]; then megabytes=900; else megabytes=90; fi
createdb big
sql big "CREATE EXTENSION pgdr;
  CREATE TABLE external (id int PRIMARY KEY, t text); ALTER TABLE external ALTER t SET STORAGE external;
  CREATE TABLE compressed (id int PRIMARY KEY, t bytea COMPRESSION lz4);
  CREATE TABLE two (a text, b text); ALTER TABLE two ALTER a SET STORAGE external, ALTER b SET STORAGE external;
  INSERT INTO external VALUES (1, repeat('0123456789', $megabytes * 100000));
  INSERT INTO compressed SELECT id, t::bytea FROM external"
idle=$(peak big 'SELECT 1')
used=$(peak big "SELECT * FROM dr_table_fingerprint('external')")
ok 'an uncompressed value is read in slices' test "$((used - idle))" -lt 85 # shared buffers, and slices of the value
diag "an uncompressed value of $megabytes MB: $((used - idle)) MB more than an idle backend"
used=$(peak big "SELECT * FROM dr._table_buckets('compressed')")
ok 'a compressed value is in memory once' test "$((used - idle))" -lt $((megabytes + 85))
diag "a compressed one: $((used - idle)) MB"
is "$(sql big "SELECT split_part((dr_table_fingerprint('external')).digest, ':', 4) = split_part((dr_table_fingerprint('compressed')).digest, ':', 4)")" \
  t 'compressed or not, text or bytea: the same bytes'
if [ "${PGDR_LARGE:-}" = 1 ]; then
  sql big "INSERT INTO two SELECT t, t FROM external"
  is "$(sql big "SELECT rows || split_part(digest, ':', 3) FROM dr_table_fingerprint('two')")" 11800000012 'a row beyond 1 GB has a fingerprint'
  try_sql big 'SELECT dr_fingerprint(two) FROM two'
  like "$err" 'tuple is too big' 'the aggregate cannot have it as one value, and says so'
fi

# --- types of extensions that are not everywhere --------------------------------------------------------------------------------

for extension in postgis vector; do
  if [ "$(sql postgres "SELECT count(*) FROM pg_available_extensions WHERE name = '$extension'")" = 0 ]; then
    skip "the server does not have the extension $extension" 2
    continue
  fi
  createdb "$extension"
  sql "$extension" "CREATE EXTENSION pgdr; CREATE EXTENSION $extension"
  case $extension in
    postgis) sql postgis "CREATE TABLE t (id int PRIMARY KEY, g geometry, p geography(point));
               INSERT INTO t SELECT i, ST_MakePoint(i, i / 7.0, i / 3.0), ST_Point(i, i / 7.0)::geography FROM generate_series(1, 80) AS i"
             change='UPDATE t SET g = ST_MakePoint(7, 1.0, 7 / 3.0 + 1e-15) WHERE id = 7' ;;
    vector)  sql vector "CREATE TABLE t (id int PRIMARY KEY, g vector(3), l vector[]);
               INSERT INTO t SELECT i, ('[' || i || ',0.1,-0]')::vector, ARRAY[('[' || i || ']')::vector] FROM generate_series(1, 300) AS i"
             change="UPDATE t SET g = '[7,0.10000001,-0]' WHERE id = 7" ;;
  esac
  createdb "${extension}_copy"
  pg_dump -Fc -f "$T/$extension.dump" "$extension" && pg_restore -d "${extension}_copy" "$T/$extension.dump"
  like "$(verdict "$extension" "${extension}_copy")" '^passed' "$extension: dump and restore change nothing"
  sql "${extension}_copy" "$change"
  like "$(verdict "$extension" "${extension}_copy")" 'mismatch table public.t' "$extension: the smallest change is found"
done
done_testing
