#!/usr/bin/env bash
# Deparsed text is parsed again to give it one form. Literals in it may be of types with code: a domain's check inside an array, a composite
# or a range, the comparison of a range's bounds. None of that code runs, and a faithful restore is still faithful.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hostile.sh"
start_hostile
PGUSER=hostile psql -XAtq -v ON_ERROR_STOP=1 -d trap -f "$top/test/t/hostile-literals.sql" >/dev/null 2>"$T/err" || die 'the traps are laid' "$(cat "$T/err")"

# The traps work.
trapped
sql trap "BEGIN READ ONLY; SELECT '(boom,1)'::trap.pair; SELECT '[1,2]'::trap.canon; ROLLBACK" >/dev/null
trapped
is "$ran" "comparison as postgres
domain as postgres" 'the traps are armed'
rm -f "$gained"

# Dumped and restored, with and without owners.
pg_dump -Fc -d trap -f "$T/trap.dump"
createdb -O hostile copy && createdb unowned
pg_restore -d copy "$T/trap.dump" 2>"$T/err" || fail 'it is restored' "$(head -5 "$T/err")"
pg_restore --no-owner --no-acl -d unowned "$T/trap.dump" 2>"$T/err" || fail 'it is restored without owners' "$(head -5 "$T/err")"
rm -f "$gained"
sql trap 'CREATE EXTENSION pgdr SCHEMA public'
sql trap "SELECT dr_grant('pgdr_backup', 'backup'), dr_grant('pgdr_monitor', 'monitor')" >/dev/null
trapped

inside() { sql trap "SET search_path = pg_catalog; $1"; }
for role in postgres pgdr_backup hostile; do
  [ $role != hostile ] || sql trap "SELECT dr_grant('hostile', 'backup')" >/dev/null
  PGUSER=$role capture inside "SELECT public.dr_snapshot_counts('x'::text, true, NULL::jsonb, NULL::bytea)"
  is "$code" 0 "a snapshot is taken by $role"
  only_as_owner "snapshot by $role"
done
is "$(inside "SELECT count(*) FROM dr.snapshot_objects AS o JOIN dr.definitions AS d ON d.id = o.definition WHERE o.kind = 'rule' AND d.definition LIKE '%boom%'")" \
  12 'the literals stand in the records'
document=$(inside "SELECT public.dr_snapshot_document(max(id)) FROM dr.snapshots")
sql hub "CREATE TABLE document AS SELECT \$document\$$document\$document\$::jsonb AS d; SELECT dr_snapshot_import(d) FROM document" >/dev/null || die 'the document is imported'
for database in copy unowned; do
  options='{}'
  [ $database = copy ] || options='{"no_owner": true, "no_acl": true}'
  is "$(sql hub "SELECT status, object_type, object, check_name, expected, actual FROM dr_verify_against('$database', 1, NULL::text, '$options') WHERE status NOT IN ('info', 'warning') AND check_name <> 'verdict' AND object_type <> 'extension'")" \
    '' "$database is what was dumped"
  only_as_owner "dr_verify_against $database"
done
# What differs in a literal is still found.
sql copy "CREATE OR REPLACE RULE selects AS ON INSERT TO trap.source DO ALSO INSERT INTO trap.target (c) SELECT '(bang,1)'" 2>/dev/null
trapped
rm -f "$gained"
like "$(sql hub "SELECT status, object FROM dr_verify_against('copy', 1)")" 'mismatch.trap.source.selects' 'another literal is a mismatch'
only_as_owner 'mismatch'

# An owner who may not use a schema that his objects name: the same on both sides, and no mismatch.
sql trap "SET client_min_messages = error; CREATE SCHEMA closed; CREATE FUNCTION closed.f(text) RETURNS text LANGUAGE sql IMMUTABLE RETURN \$1; CREATE TABLE closed.t (v varchar(5) CHECK (closed.f(v) IN ('a', 'b') AND v IN ('a', 'b')));
  CREATE VIEW closed.look AS SELECT * FROM closed.t WHERE v IN ('a', 'b') AND closed.f(v) = 'a'; ALTER TABLE closed.t OWNER TO hostile; ALTER VIEW closed.look OWNER TO hostile"
is "$(sql trap "SELECT has_schema_privilege('hostile', 'closed', 'USAGE')")" f 'the owner may not use the schema'
inside "SELECT public.dr_snapshot_counts('y'::text, true, NULL::jsonb, NULL::bytea)" >/dev/null
document=$(inside "SELECT public.dr_snapshot_document(max(id)) FROM dr.snapshots")
pg_dump -Fc -n closed -d trap -f "$T/closed.dump"
for database in same other; do
  createdb $database
  pg_restore $([ $database = same ] || echo --no-owner) -d $database "$T/closed.dump" || fail "$database is restored"
  is "$(sql hub "SELECT status, object_type, object, check_name FROM dr._collect_from('$database', false, true) AS c,
      jsonb_array_elements(c -> 'objects') AS o, LATERAL (SELECT 'differs' AS status, o ->> 'kind' AS object_type, o ->> 'identity' AS object, o ->> 'facet' AS check_name) AS x
      WHERE o ->> 'identity' LIKE 'closed.%' AND o ->> 'facet' = 'definition' AND o ->> 'kind' <> 'schema' AND NOT EXISTS (
        SELECT FROM jsonb_array_elements((\$document\$$document\$document\$::jsonb) -> 'objects') AS p
        WHERE p ->> 'kind' = o ->> 'kind' AND p ->> 'identity' = o ->> 'identity' AND p ->> 'facet' = o ->> 'facet' AND p ->> 'definition' = o ->> 'definition')")" \
    '' "definitions are the same after a restore ($database)"
done
done_testing
