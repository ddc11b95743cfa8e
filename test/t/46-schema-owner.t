#!/usr/bin/env bash
# Whoever owns the schema that the extension was created in can rename it and put functions of his own under the old name. Nothing but a
# call by hand gets to them: no job, no statement of the tool, no function of the extension.
. "$(dirname "$0")/lib.sh"

start_cluster
make_db shop 20
sql postgres 'CREATE ROLE mallory LOGIN; CREATE ROLE keeper LOGIN; CREATE ROLE watcher LOGIN' || die 'roles are made'
sql shop "
  CREATE SCHEMA chosen;
  CREATE EXTENSION pgdr SCHEMA chosen;
  GRANT SELECT ON ALL TABLES IN SCHEMA public TO keeper;
  GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO keeper;
  SELECT chosen.dr_grant('keeper', 'backup'), chosen.dr_grant('watcher', 'monitor');
  ALTER SCHEMA chosen OWNER TO mallory;
  GRANT CREATE ON DATABASE shop TO mallory;
" >/dev/null || die 'the extension lies in the schema of a stranger'
command=$(sql shop 'SELECT dr._cron_command(true)')

# He moves the genuine functions away and puts others there, with the same names, and overloads that would match better.
PGUSER=mallory sql shop "
  ALTER SCHEMA chosen RENAME TO hidden;
  CREATE SCHEMA chosen;
  CREATE TABLE chosen.loot (who name, what text);
  GRANT INSERT ON chosen.loot TO PUBLIC;
  GRANT USAGE ON SCHEMA chosen, hidden TO PUBLIC;
" || die 'he makes a schema of the old name'
names=$(sql shop "SELECT string_agg(proname, ' ') FROM (SELECT DISTINCT proname FROM pg_proc WHERE pronamespace = 'hidden'::regnamespace) AS p")
for name in $names; do
  for arguments in 'VARIADIC text[]' 'text' ''; do
    echo "CREATE FUNCTION chosen.$name($arguments) RETURNS bigint LANGUAGE plpgsql AS
          \$\$ BEGIN INSERT INTO chosen.loot VALUES (current_user, '$name'); RETURN 1; END \$\$;"
  done
done >"$T/evil.sql"
PGUSER=mallory sql_file shop "$T/evil.sql" >/dev/null || die 'with functions of the names'
is "$(sql shop "SELECT chosen.dr_status(); SELECT count(*) FROM chosen.loot" | tail -1)" 1 'a call by hand through that schema reaches his (so the trap works)'
sql shop 'TRUNCATE chosen.loot'
isnt "$(PGUSER=mallory sql shop 'CREATE OR REPLACE FUNCTION hidden.dr_status() RETURNS bigint LANGUAGE sql AS $$ SELECT 1 $$' 2>&1)" '' \
  'he cannot replace a genuine one'
like "$(PGUSER=mallory sql shop 'CREATE FUNCTION dr.evil() RETURNS integer LANGUAGE sql AS $$ SELECT 1 $$' 2>&1)" 'permission denied' 'nor enter schema dr'

# 1. The job's statement, as a superuser runs it, whatever the search path.
sql shop "SET search_path = chosen, public; $command" >/dev/null || die 'the job runs'
# 2. What the tool calls: every public function of schema dr by its qualified name.
PGUSER=keeper sql shop "
  SET search_path = chosen, public;
  SELECT dr.backup_start('20261121T020000Z-0001'::text, 'shop'::text, 'full'::text, now(), '0.2.0'::text, '{}'::jsonb);
  SELECT dr.backup_finish('20261121T020000Z-0001'::text, (SELECT max(id) FROM dr.snapshots), now(), now(), '{\"label\": \"20261121T020000Z-0001\"}'::jsonb, 'complete'::text);
  SELECT dr.copy_record('20261121T020000Z-0001'::text, 'local'::text, 'x'::text, 'complete'::text, 1::bigint, NULL::text, NULL::timestamptz, NULL::text);
  SELECT dr.restore_start('20261121T020000Z-0001'::text, 'copy'::text, NULL::text, '{}'::jsonb, now());
  SELECT dr.restore_finish(1::bigint, 'failed'::text, now(), NULL::bigint, 'no room'::text);
  SELECT dr.event_record('info'::text, 'note'::text, 'x'::text, '{}'::jsonb, NULL::text);
  SELECT dr.snapshot_document(1::bigint) IS NOT NULL;
  SELECT count(*) FROM dr.check_integrity('quick'::text, 5);
" >/dev/null || die 'what the tool calls runs'
# 3. As a superuser, too, with everything that calls other functions inside.
sql shop "
  SET search_path = chosen, public;
  SELECT count(*) FROM dr.status();
  SELECT count(*) FROM dr.detect_loss();
  SELECT count(*) FROM dr.verify_against('shop'::text, NULL::bigint, NULL::text, '{}'::jsonb, NULL::bytea);
  SELECT count(*) FROM dr.verify_snapshot(dr.snapshot_document(1::bigint), '{}'::jsonb, NULL::bytea);
  SELECT dr.snapshot_import(dr.snapshot_document(1::bigint));
  SELECT dr.grant_to('watcher'::regrole, 'monitor'::text);
  SELECT dr.revoke_from('watcher'::regrole, NULL::text);
  SELECT dr.snapshot_expire('1 day'::interval);
" >/dev/null || die 'what a superuser calls runs'
is "$(sql shop 'SELECT count(*) FROM chosen.loot')" 0 'none of that reached a function of his'
# 4. The genuine entry points, wherever they are now, call schema dr.
sql shop "SET search_path = chosen, public; SELECT count(*) FROM hidden.dr_status(); SELECT hidden.dr_snapshot_counts()" >/dev/null ||
  die 'the entry points work after the renaming'
is "$(sql shop 'SELECT count(*) FROM chosen.loot')" 0 'and lead to no function of his either'
is "$(sql shop "SELECT state FROM dr.backups")" complete 'the records are where they belong'
done_testing
