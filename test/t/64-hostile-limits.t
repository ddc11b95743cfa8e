#!/usr/bin/env bash
# Code that pgdr has to run is held in: no writes, no programs, no end of time, nothing left behind, whoever its owner is.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/hostile.sh"
start_hostile
sql trap 'CREATE EXTENSION pgdr SCHEMA public' || die 'the extension is installed'
sql trap "SELECT dr_grant('pgdr_backup', 'backup'), dr_grant('pgdr_monitor', 'monitor')" >/dev/null
inside() { sql trap "SET search_path = pg_catalog; $1"; }
check() { inside "$1 SELECT object, actual, detail FROM public.dr_check_integrity('data'::text, 5) WHERE check_name = 'check holds'"; }

# A superuser's table whose rule calls a stranger's function: as its owner it could do everything, were it not for the place.
hostile "CREATE FUNCTION trap.rule(integer) RETURNS boolean LANGUAGE plpgsql AS \$\$ BEGIN PERFORM trap.write('rule'); RETURN true; END \$\$;
  CREATE TABLE trap.mine (n integer CHECK (trap.rule(n))); INSERT INTO trap.mine VALUES (1)"
sql trap "CREATE TABLE public.superusers (n integer); INSERT INTO public.superusers VALUES (1); ALTER TABLE public.superusers ADD CHECK (trap.rule(n)) NOT VALID"
rm -f "$gained"
trapped
check '' >/dev/null
trapped
is "$ran" "rule as hostile
rule as postgres" 'each rule runs as the owner of its table, and writes nothing'
[ ! -e "$gained" ] && pass 'no file is written, by a superuser either' || fail 'no file is written, by a superuser either' "$(cat "$gained")"
rm -f "$gained"
# Neither a program nor the session's settings.
hostile "CREATE OR REPLACE FUNCTION trap.rule(integer) RETURNS boolean LANGUAGE plpgsql AS \$\$ BEGIN
    PERFORM set_config('search_path', 'trap, public', false), set_config('DateStyle', 'German', false), set_config('statement_timeout', '1ms', false);
    BEGIN EXECUTE format('COPY (SELECT 1) TO PROGRAM %L', 'touch ' || trap.gained()); EXCEPTION WHEN OTHERS THEN RAISE LOG 'TRAPPED % as %', SQLERRM, current_user; END;
    BEGIN EXECUTE 'LISTEN x'; EXCEPTION WHEN OTHERS THEN NULL; END;
    BEGIN EXECUTE 'CREATE TEMP TABLE pg_class (x integer)'; EXCEPTION WHEN OTHERS THEN NULL; END;
    BEGIN EXECUTE 'DECLARE c CURSOR WITH HOLD FOR SELECT trap.note(''held'')'; EXCEPTION WHEN OTHERS THEN NULL; END;
    PERFORM pg_advisory_lock(42);
    RETURN true; END \$\$"
trapped
is "$(inside "SELECT count(*) FROM public.dr_check_integrity('data'::text, 5) WHERE status = 'error'; SELECT current_setting('search_path'), current_setting('DateStyle'), current_setting('statement_timeout'), current_setting('transaction_read_only');
  SELECT count(*) FROM pg_listening_channels(); SELECT count(*) FROM pg_cursors")" "0
pg_catalog|ISO, MDY|0|off
0
0" 'nothing is left behind'
trapped
like "$ran" 'this statement is not allowed .* as postgres' 'a program is refused by name'
[ ! -e "$gained" ] && pass 'and not run' || fail 'and not run'

# Time and depth.
rule() { hostile "CREATE OR REPLACE FUNCTION trap.rule(integer) RETURNS boolean LANGUAGE plpgsql AS \$\$ $1 \$\$"; }
sql trap 'DROP TABLE public.superusers'
rule 'BEGIN PERFORM pg_sleep(1000); RETURN true; END'
like "$(check "SET pgdr.foreign_timeout = '1s';")" 'mine_n_check on trap.mine.not checked.code of the owner, hostile, took longer than allowed' 'what takes too long is not checked'
rule 'BEGIN LOOP BEGIN LOOP END LOOP; EXCEPTION WHEN query_canceled THEN RETURN true; END; END LOOP; END'
like "$(check "SET pgdr.foreign_timeout = '1s';")" 'not checked.*took longer' 'nor what caught the cancel, and made good'
rule 'BEGIN LOOP BEGIN LOOP END LOOP; EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END'
if [ "$(sql hub 'SHOW server_version_num')" -ge 150000 ]; then
  capture check "SET pgdr.foreign_timeout = '1s';"
  isnt "$code" 0 'what catches it for ever takes its session with it'
  like "$err" 'terminating connection' 'which is said'
fi
rule 'BEGIN RETURN trap.rule($1); END'
like "$(check '')" 'not checked.stack depth limit exceeded' 'recursion without end is not checked'
rule "BEGIN RAISE EXCEPTION USING ERRCODE = '57014', MESSAGE = 'canceling statement due to user request'; END"
capture check ''
isnt "$code" 0 'a cancel that is none ends the check, and does not look like a pass'
rule 'BEGIN RETURN false; END'
like "$(check '')" '1 row breaks it' 'a broken rule is an error'
capture hostile "ALTER DATABASE trap SET pgdr.foreign_timeout = 0"
is "$(inside "SELECT count(*) > 0 FROM public.dr_table_count('trap.mine'::regclass) AS c; SHOW pgdr.foreign_timeout" | tail -1)" 1min 'the owner of the database cannot take the limit away'

# A condition of an extension's configuration table.
hostile "CREATE TABLE trap.config (id integer); INSERT INTO trap.config VALUES (1), (2)"
condition() {
  sql trap "SET search_path = pg_catalog; UPDATE pg_extension SET extcondition = ARRAY['$1'] WHERE extname = 'tcn'"
  trapped
  capture inside "SET pgdr.foreign_timeout = '1s'; SELECT public.dr_snapshot_counts('x'::text, true, NULL::jsonb, NULL::bytea)"
}
sql trap "SET search_path = pg_catalog; CREATE EXTENSION tcn SCHEMA public; ALTER EXTENSION tcn ADD TABLE trap.config; UPDATE pg_extension SET extconfig = ARRAY['trap.config'::regclass::oid] WHERE extname = 'tcn'"
condition "WHERE trap.write(''''condition'''') = 1" 2>/dev/null
condition "WHERE trap.write(''condition'') = 1"
is "$code" 0 'a condition runs'
only_as_owner 'a condition'
condition "WHERE pg_sleep(100) IS NOT NULL"
isnt "$code" 0 'one that takes too long is an error'
like "$err" 'code of the owner, hostile, took longer' 'which says whose it is'
condition "WHERE id > 1"
is "$code" 0 'and the next one is read'

# Names with control characters, foreign tables, what a monitor may call.
sql trap "CREATE FOREIGN DATA WRAPPER nothing; CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing; GRANT USAGE ON FOREIGN SERVER nowhere TO hostile"
PGUSER=hostile psql -XAtq -d trap >/dev/null 2>&1 <<'SQL'
SELECT format('CREATE TABLE trap.%I (%I integer CHECK (trap.rule(1)))', E'a\e[31m\n\b', E'c\e]0;x\a') \gexec
SELECT format('COMMENT ON TABLE trap.%I IS %L', E'a\e[31m\n\b', E'\u202e') \gexec
CREATE FOREIGN TABLE trap.far (n integer DEFAULT trap.note('foreign default') CHECK (trap.note('foreign check') = 1)) SERVER nowhere;
SQL
rule "BEGIN PERFORM trap.write('rule'); RETURN true; END"
for role in postgres pgdr_backup; do
  PGUSER=$role capture inside "SELECT public.dr_snapshot_counts('x'::text, true, NULL::jsonb, NULL::bytea); SELECT count(*) FROM public.dr_check_integrity('data'::text, 5)"
  is "$code" 0 "a snapshot and a check ($role)"
  only_as_owner "names and foreign tables ($role)"
done
PGUSER=pgdr_monitor capture inside "SELECT * FROM public.dr_status(); SELECT * FROM public.dr_snapshot_changes(1, 2); SELECT length(public.dr_snapshot_document(1)::text);
  SELECT * FROM public.dr_detect_loss('7 days'::interval, 'trap'::text, 0.1, 3, 10::bigint)"
is "$code" 0 'a monitor reads'
only_as_owner 'what a monitor calls'
PGUSER=pgdr_monitor capture inside "SELECT * FROM dr._integrity_offenders('not null', 'trap.mine'::regclass, 1)"
isnt "$code" 0 'and runs nobody'\''s code'
done_testing
