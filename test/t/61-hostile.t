#!/usr/bin/env bash
# A database full of its owner's code gains nothing by being verified by a superuser: none of it runs, or it runs as its owner.
. "$(dirname "$0")/lib.sh"

start_cluster main max_parallel_workers=4
headers=$(pg_config --includedir-server)
[ -e "$headers/postgres.h" ] || headers=$(PATH=$plain_path pg_config --includedir-server)
cc -shared -fPIC -O1 -I"$headers" -o "$T/bait.so" "$top/test/t/hostile_output.c" || die 'the output function is built'
gained=$T/main/gained
[ "$(id -u)" != 0 ] || chown "$(stat -c %U "$T/main/data")" "$T/main"

sql postgres 'CREATE ROLE hostile LOGIN; CREATE ROLE pgdr_backup LOGIN BYPASSRLS; GRANT pg_read_all_data TO pgdr_backup'
createdb -O hostile trap && createdb hub && sql hub 'CREATE EXTENSION pgdr' || die 'the databases are made'
PGUSER=hostile psql -XAtq -v ON_ERROR_STOP=1 -v gained="$gained" -d trap -f "$top/test/t/hostile.sql" >/dev/null || die 'the traps are laid'
# What takes a superuser: a type with an output function of its own, event triggers.
sql trap "SET search_path = pg_catalog; CREATE TYPE trap.bait;
  CREATE FUNCTION trap.bait_in(cstring) RETURNS trap.bait LANGUAGE c IMMUTABLE STRICT AS '$T/bait', 'bait_in';
  CREATE FUNCTION trap.bait_out(trap.bait) RETURNS cstring LANGUAGE c IMMUTABLE STRICT AS '$T/bait', 'bait_out';
  CREATE TYPE trap.bait (INPUT = trap.bait_in, OUTPUT = trap.bait_out, STORAGE = extended);
  CREATE TABLE trap.baited (id integer PRIMARY KEY, b trap.bait); INSERT INTO trap.baited VALUES (1, 'x'), (2, 'y');
  ALTER TABLE trap.baited OWNER TO hostile;
  CREATE FUNCTION trap.event() RETURNS event_trigger LANGUAGE plpgsql AS \$\$ BEGIN PERFORM trap.note('event trigger'); END \$\$;" 2>"$T/err" ||
  die 'a type with an output function is made' "$(cat "$T/err")"
# An extension's configuration table, of which a condition selects the rows that a dump has.
sql trap "SET search_path = pg_catalog; CREATE EXTENSION tcn SCHEMA public; CREATE TABLE trap.config (id integer, v text);
  INSERT INTO trap.config VALUES (1, 'of the extension'), (2, 'of the user'), (3, 'of the user');
  ALTER TABLE trap.config OWNER TO hostile; ALTER EXTENSION tcn ADD TABLE trap.config;
  ALTER TABLE trap.config ENABLE ROW LEVEL SECURITY; ALTER TABLE trap.config FORCE ROW LEVEL SECURITY;
  UPDATE pg_extension SET extconfig = ARRAY['trap.config'::regclass::oid],
    extcondition = ARRAY['WHERE id > 1 AND trap.note(''extension condition'') = 1 AND ''(a,1)''::trap.word_row IS NOT NULL'] WHERE extname = 'tcn'" ||
  die 'a configuration table is made'
createdb -T trap trap_copy -O hostile

# trapped: sets $ran to what ran since the last call, and as whom.
seen=0
ran=''
trapped() {
  ran=$(server_log | tail -c +$((seen + 1)) | grep -oE 'LOG:  TRAPPED .* as [a-z_]+( at character [0-9]+)?$' |
    sed -E 's/^LOG:  TRAPPED //; s/ at character [0-9]+$//' | sort -u)
  seen=$(server_log | wc -c)
}
nothing_ran() { # nothing_ran NAME: no trap was sprung, but for output functions and extensions' conditions as the table's owner
  trapped
  is "$(grep -vE '^(output function|extension condition|domain) as hostile$' <<<"$ran")" '' "$1: nothing ran"
  [ ! -e "$gained" ] && pass "$1: nothing was gained" || fail "$1: nothing was gained" "$(cat "$gained")"
}

# The traps work: whoever simply uses the database steps into them, as a superuser.
trapped
sql trap 'SELECT count(*) FROM trap.look' >/dev/null
trapped
like "$ran" 'view as postgres' 'the traps are armed'
[ -e "$gained" ] && pass 'and give a superuser away' || fail 'and give a superuser away' "$(server_log | tail -5)"
rm -f "$gained"

# Installing into it.
sql trap 'CREATE EXTENSION pgdr SCHEMA public; CREATE EXTENSION amcheck SCHEMA public' || die 'the extension is installed'
nothing_ran 'CREATE EXTENSION'
sql trap "SELECT dr_grant('pgdr_backup', 'backup')" >/dev/null
# Functions beside ours that take fewer arguments, so that a call which leaves some to their defaults would find them.
overloads=$(sql trap "SELECT count(*) FROM (SELECT 1) AS x" >/dev/null && PGUSER=hostile sql trap "SET search_path = pg_catalog;
  SELECT format('CREATE FUNCTION public.%I(%s) RETURNS integer LANGUAGE sql AS %L', p.proname,
                (SELECT string_agg(format_type(t, NULL), ', ' ORDER BY n) FROM unnest(p.proargtypes) WITH ORDINALITY AS a (t, n) WHERE n <= k),
                format('SELECT trap.note(%L)', 'overload ' || p.proname || k))
  FROM pg_proc AS p JOIN pg_depend AS d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e', generate_series(p.pronargs - p.pronargdefaults, p.pronargs - 1) AS k
  WHERE p.pronamespace = 'public'::regnamespace AND p.prokind = 'f'")
while IFS= read -r one; do PGUSER=hostile sql trap "$one" 2>/dev/null; done <<<"$overloads"
is "$(sql trap "SELECT count(*) > 15 FROM pg_catalog.pg_proc WHERE prosrc LIKE '%overload%'")" t 'functions of the same names are beside ours'

# From another database.
sql trap "SET search_path = pg_catalog; SELECT public.dr_snapshot_counts('x'::text, true, NULL::jsonb, NULL::bytea)" >/dev/null || die 'a snapshot is taken'
nothing_ran 'dr_snapshot_counts'
like "$ran" 'extension condition as hostile' 'the condition of an extension runs as the owner of the table'
is "$(sql trap "SET search_path = pg_catalog; SELECT rows FROM dr.snapshot_relations WHERE name = 'config'")" 2 'and selects its rows, whoever is subject to its policies'
document=$(sql trap "SET search_path = pg_catalog; SELECT public.dr_snapshot_document(max(id)) FROM dr.snapshots")
sql hub "CREATE TABLE document AS SELECT \$document\$$document\$document\$::jsonb AS d; SELECT dr_snapshot_import(d) FROM document" >/dev/null || die 'the document is imported'
is "$(sql hub "SELECT status FROM dr_verify_against('trap', 1) WHERE check_name = 'verdict'")" passed 'the database is verified from another one'
nothing_ran 'dr_verify_against'
isnt "$(sql hub "SELECT length(dr._collect_from('trap', false, false)::text)")" '' 'its rows are counted from another one'
nothing_ran 'counting'

# From inside, as a superuser whose session the database's settings apply to.
inside() { sql trap "SET search_path = pg_catalog; $1"; }
is "$(inside "SELECT status FROM public.dr_verify_snapshot((SELECT \$document\$$document\$document\$::jsonb), '{}'::jsonb, NULL::bytea) WHERE check_name = 'verdict'")" passed 'it is verified from inside'
nothing_ran 'dr_verify_snapshot'
inside "SELECT public.dr_table_fingerprint(c.oid::regclass), public.dr_table_count(c.oid::regclass) FROM pg_class AS c WHERE relkind IN ('r', 'p', 'm') AND relnamespace = 'trap'::regnamespace;
        SELECT * FROM public.dr_status(); SELECT * FROM public.dr_snapshot_changes(1, 1);
        SELECT * FROM public.dr_detect_loss('7 days'::interval, 'trap'::text, 0.1, 3, 10::bigint)" >/dev/null || fail 'fingerprints are taken'
nothing_ran 'fingerprints, status and changes'
sql trap_copy "SET search_path = pg_catalog; SET session_replication_role = replica; ALTER TABLE trap.main DISABLE RULE also;
  DELETE FROM trap.main WHERE v = 'c'; UPDATE trap.child SET big = 7; UPDATE trap.baited SET b = 'z' WHERE id = 2" >/dev/null
rm -f "$gained" # stepped into by that UPDATE
trapped
is "$(inside "SELECT side, key FROM public.dr_differences('trap_copy', 'trap.main', 9, NULL::bytea)")" 'missing|(id)=(green)' 'a missing row is named'
is "$(inside "SELECT side, key, column_name, expected, actual FROM public.dr_differences('trap_copy', 'trap.baited', 9, NULL::bytea)")" 'changed|(id)=(2)|b|y|z' 'and a changed one'
is "$(inside "SELECT side, key, column_name FROM public.dr_differences('trap_copy', 'trap.child', 9, NULL::bytea)")" 'changed|(id)=(1)|big' 'and another'
is "$(inside "SELECT count(*) FROM public.dr_differences_snapshot((SELECT \$document\$$document\$document\$::jsonb), 'trap.baited', 9, NULL::bytea)")" 0 'nothing differs from the snapshot'
trapped
like "$ran" 'output function as hostile' 'the output function runs as the owner of the table'
is "$(grep -v '^output function as hostile$' <<<"$ran")" '' 'dr_differences: nothing else ran'
[ ! -e "$gained" ] && pass 'and nothing was gained' || fail 'and nothing was gained' "$(cat "$gained")"

# dr_check_integrity has to run the owner's conditions: as the owner, who cannot get out of that.
for level in quick data full; do
  for role in postgres pgdr_backup; do
    [ "$level $role" != 'full pgdr_backup' ] || continue
    PGUSER=$role capture sql trap "SET search_path = pg_catalog; SELECT status, object, detail FROM public.dr_check_integrity('$level'::text, 5)"
    is "$code" 0 "the integrity check runs ($level as $role)"
    trapped
    is "$(grep -v ' as hostile$' <<<"$ran")" '' 'what ran of the owner'\''s ran as the owner'
    [ "$level" = quick ] || like "$ran" 'check as hostile' 'as the conditions did'
    [ ! -e "$gained" ] && pass 'nothing was gained' || fail 'nothing was gained' "$(cat "$gained")"
  done
done

# Event triggers; `login` runs at every ordinary connection from version 17 on, but not in a worker's.
sql postgres "ALTER DATABASE trap_copy RESET search_path"
for event in ddl_command_start ddl_command_end sql_drop $([ "$(sql hub "SHOW server_version_num")" -lt 170000 ] || echo login); do
  sql trap_copy "CREATE EVENT TRIGGER on_$event ON $event EXECUTE FUNCTION trap.event()"
done
rm -f "$gained"
trapped
sql hub "SELECT count(*) FROM dr_verify_against('trap_copy', 1)" >/dev/null
nothing_ran 'event triggers'

# What a caller gives runs as the caller, who would gain the owner's rights otherwise.
is "$(inside "SELECT rows FROM dr._table_buckets('trap.config', 'WHERE current_user = ''postgres'''::text, NULL::bytea)")" 3 \
  'the condition that a caller gives runs as the caller'

# A condition that yields something else than rows of the table.
sql trap_copy "SET search_path = pg_catalog; CREATE CAST (tid AS trap.bait) WITH INOUT AS IMPLICIT;
  UPDATE pg_extension SET extcondition = ARRAY['WHERE false UNION ALL SELECT ''x''::trap.bait'] WHERE extname = 'tcn'" >/dev/null
try_sql hub "SELECT count(*) FROM dr_verify_against('trap_copy', 1)"
like "$err" '42804.*condition' 'a condition that yields no row identifiers is refused'
rm -f "$gained"

# The tool's calls find our functions.
write_config trap
rm -f "$gained"
sql postgres 'ALTER DATABASE trap RESET default_transaction_isolation'
trapped
exit_is 0 pgdr init --yes
capture pgdr backup
like "$code" '^[03]$' 'the tool backs it up'
capture pgdr snapshot
is "$code" 0 'takes a snapshot'
capture pgdr status
trapped
is "$(grep overload <<<"$ran")" '' 'and no function beside ours was called'
done_testing
