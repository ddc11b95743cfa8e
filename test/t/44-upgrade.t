#!/usr/bin/env bash
# Every released version leads to this one: its frozen script is installed and filled, the update keeps each row and makes what a fresh
# installation makes; and a dump of its catalog loads into a server that has this version.
. "$(dirname "$0")/lib.sh"

released=$(cd "$top/test/released" && ls pgdr--*.sql | sed 's/^pgdr--\(.*\)\.sql$/\1/')
current=$(sed -n "s/^default_version = '\(.*\)'$/\1/p" "$top/extension/pgdr.control")
start_cluster
sql postgres "CREATE ROLE keeper LOGIN; CREATE ROLE watcher" || die 'roles are made'
sql postgres 'GRANT pg_read_all_data TO keeper' 2>/dev/null || sql postgres 'ALTER ROLE keeper SUPERUSER' # 13 has no such role

# All that the extension consists of, without object numbers: a line for each object, column, constraint and right.
describe() {
  sql "$1" "
    WITH member AS (
      SELECT d.classid, d.objid FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'pgdr'
      WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
    ), relation AS (
      SELECT c.* FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace AND n.nspname = 'dr' WHERE c.relkind NOT IN ('i', 't')
    )
    SELECT line FROM (
      SELECT 'member ' || pg_describe_object(classid, objid, 0) AS line FROM member
      UNION ALL
      SELECT format('function %s: %s%s %s %s (%s) %s', p.oid::regprocedure, p.prokind, p.provolatile, p.proparallel, p.proisstrict,
                    pg_get_function_arguments(p.oid), pg_get_function_result(p.oid))
      FROM pg_proc AS p JOIN member AS m ON m.objid = p.oid AND m.classid = 'pg_proc'::regclass
      UNION ALL
      SELECT format('function %s: %s', p.oid::regprocedure, md5(p.prosrc) || coalesce(p.proconfig::text, ''))
      FROM pg_proc AS p JOIN member AS m ON m.objid = p.oid AND m.classid = 'pg_proc'::regclass
      UNION ALL
      SELECT format('right %s %s', p.oid::regprocedure, a.privilege_type || ' ' || coalesce(nullif(a.grantee, 0)::regrole::text, 'PUBLIC'))
      FROM pg_proc AS p JOIN member AS m ON m.objid = p.oid AND m.classid = 'pg_proc'::regclass
        CROSS JOIN aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) AS a
      UNION ALL
      SELECT format('right %s %s', c.relname, a.privilege_type || ' ' || coalesce(nullif(a.grantee, 0)::regrole::text, 'PUBLIC'))
      FROM relation AS c CROSS JOIN aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) AS a WHERE c.relkind = 'r'
      UNION ALL
      SELECT format('column %s.%s: %s %s %s %s %s', c.relname, a.attname, row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum),
                    format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, pg_get_expr(d.adbin, d.adrelid))
      FROM relation AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        LEFT JOIN pg_attrdef AS d ON d.adrelid = c.oid AND d.adnum = a.attnum
      UNION ALL
      SELECT format('constraint %s.%s: %s %s', c.relname, k.conname, pg_get_constraintdef(k.oid), k.convalidated)
      FROM relation AS c JOIN pg_constraint AS k ON k.conrelid = c.oid
      UNION ALL
      SELECT format('index %s', pg_get_indexdef(i.indexrelid)) FROM relation AS c JOIN pg_index AS i ON i.indrelid = c.oid
      UNION ALL
      SELECT format('trigger %s', pg_get_triggerdef(t.oid)) FROM relation AS c JOIN pg_trigger AS t ON t.tgrelid = c.oid AND NOT t.tgisinternal
      UNION ALL
      SELECT format('comment %s: %s', pg_describe_object(s.classoid, s.objoid, s.objsubid), s.description)
      FROM pg_description AS s
      WHERE EXISTS (SELECT FROM member AS m WHERE m.classid = s.classoid AND m.objid = s.objoid)
      UNION ALL
      SELECT format('dumped %s: %s', c.oid::regclass, e.extcondition[c.n])
      FROM pg_extension AS e, unnest(e.extconfig) WITH ORDINALITY AS c (oid, n) WHERE e.extname = 'pgdr'
    ) AS x ORDER BY line COLLATE \"C\""
}

# fill VERSION DB: at least one row in every table of that version's catalog, by that version's own functions.
fill() {
  sql_file "$2" "$top/test/released/fill-$1.sql" >/dev/null || die "the catalog of $1 is filled"
}

# rows DB TABLE COLUMNS: a digest of what these columns hold.
rows() { sql "$1" "SELECT md5(string_agg(t::text, E'\n' ORDER BY t::text COLLATE \"C\")) FROM (SELECT $3 FROM dr.$2) AS t"; }

createdb fresh
sql fresh "CREATE EXTENSION pgdr; SELECT dr_grant('keeper', 'backup'), dr_grant('watcher', 'monitor')" >/dev/null || die 'a fresh installation'
describe fresh >"$T/fresh"
isnt "$(wc -l <"$T/fresh")" 0 'a fresh installation is described'

for version in $released; do
  [ "$version" != "$current" ] || continue
  make_db old 20
  sql old "CREATE EXTENSION pgdr VERSION '$version'; SELECT dr_grant('keeper', 'backup'), dr_grant('watcher', 'monitor')" >/dev/null ||
    die "$version is installed"
  fill "$version" old
  # The rows of objective_kinds belong to the version.
  tables=$(sql old "SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'dr'::regnamespace AND c.relkind = 'r' AND c.relname <> 'objective_kinds' ORDER BY 1")
  declare -A columns before
  for table in $tables; do
    columns[$table]=$(sql old "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'dr.$table'::regclass AND attnum > 0 AND NOT attisdropped")
    before[$table]=$(rows old "$table" "${columns[$table]}")
    isnt "${before[$table]}" '' "$version: dr.$table has rows"
  done
  exit_is 0 pg_dump -Fc -f "$T/old.dump" old

  ok "$version: the update runs" sql old 'ALTER EXTENSION pgdr UPDATE'
  is "$(sql old "SELECT extversion FROM pg_extension WHERE extname = 'pgdr'")" "$current" "$version: is $current now"
  for table in $tables; do
    is "$(rows old "$table" "${columns[$table]}")" "${before[$table]}" "$version: the update keeps dr.$table"
  done
  is "$(sql old 'SELECT md5(string_agg(k::text, $$,$$ ORDER BY k.name)) FROM dr.objective_kinds AS k')" \
    "$(sql fresh 'SELECT md5(string_agg(k::text, $$,$$ ORDER BY k.name)) FROM dr.objective_kinds AS k')" "$version: the same objectives exist"
  try_sql_file() { psql -XAtq -v ON_ERROR_STOP=1 -U "$1" -d "$2" -f "$3" 2>&1 >/dev/null; }
  is "$(try_sql_file keeper old "$top/test/released/calls-$version.sql")" '' "$version: its tool finds everything that it calls"
  describe old >"$T/updated"
  is "$(diff "$T/fresh" "$T/updated" | head -20)" '' "$version: what the update makes equals a fresh installation"

  createdb travelled
  exit_is 0 pg_restore --exit-on-error -d travelled "$T/old.dump"
  for table in $tables; do
    is "$(rows travelled "$table" "${columns[$table]}")" "${before[$table]}" "$version: dr.$table travels into a server with $current"
  done
  # Identities are derived from the rows, so the updated and the travelled catalog agree.
  for table in verifications restores events; do
    is "$(rows travelled "$table" 'uuid')" "$(rows old "$table" 'uuid')" "$version: dr.$table has the same identities after an update and in a dump"
    is "$(sql old "SELECT count(*) FROM dr.$table WHERE given_uuid IS NOT NULL OR uuid IS NULL")" 0 "$version: which none of its rows was given"
  done
  dropdb old
  dropdb travelled
done
done_testing
