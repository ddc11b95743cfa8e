#!/usr/bin/env bash
# However a run ends that could reach the database, the catalog knows it; and a run that is killed leaves no session behind.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 100
sql shop 'CREATE EXTENSION pgdr'
write_config shop
make_repository
exit_is 0 pgdr backup
label=$(sql shop 'SELECT label FROM dr.backups')
last_event() { sql shop "SELECT severity || ' ' || kind || ': ' || message FROM dr.events ORDER BY id DESC LIMIT 1"; }
backup_state() { sql shop "SELECT state FROM dr_status() WHERE objective = 'backup'"; }

# --- a backup that fails before it begins ----------------------------------------------------------------------------------
mv "$REPO" "$REPO.away"
exit_is 10 pgdr backup
like "$(last_event)" 'error backup_failed: backup .* failed: repository local' 'no repository: an event tells of it'
is "$(backup_state)" warning 'and the status is not ok'
exit_is 10 pgdr verify latest
like "$(last_event)" 'error verify_failed: .*repository local' 'verify tells it, too'
exit_is 10 pgdr expire --set shop
like "$(last_event)" 'error expire_failed: .*repository local' 'and expire'
exit_is 10 pgdr restore latest --to x
like "$(last_event)" 'error restore_failed: .*repository local' 'and restore'
exit_is 10 pgdr copy
like "$(last_event)" 'error copy_failed: .*repository local' 'and copy'
mv "$REPO.away" "$REPO"
exit_is 0 pgdr backup
is "$(backup_state)" ok 'a good backup makes it ok again'

sql shop 'CREATE ROLE modest LOGIN; GRANT pg_read_all_data TO modest; CREATE TABLE guarded (a int); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY'
sql shop "SELECT dr_grant('modest', 'backup'); SELECT lo_unlink(oid) FROM pg_largeobject_metadata" >/dev/null
PGUSER=modest exit_is 1 pgdr backup
like "$(last_event)" 'error backup_failed: .*row security hides rows' 'rows that are hidden from the role'
sql shop 'DROP TABLE guarded'
sed -i 's/^recipients = .*/recipients_file = "\/nowhere\/recipients"/' "$CONFIG"
capture pgdr backup
isnt "$code" 0 'recipients that are not there'
like "$(last_event)" 'error backup_failed: .*/nowhere/recipients' 'are told'
write_config shop
mkdir "$T/old"
printf '#!/bin/sh\necho "pg_dump (PostgreSQL) 9.6.1"\n' >"$T/old/pg_dump"
chmod 755 "$T/old/pg_dump"
PATH=$T/old:$PATH exit_is 2 pgdr backup
like "$(last_event)" 'error backup_failed: .*older than the server' 'a program that is too old'
is "$(backup_state)" critical 'several failures in a row are critical'
is "$(sql shop "SELECT count(*) FROM dr.backups WHERE state = 'running'")" 0 'no run stays open'

# --- two at once: the one that is at work keeps its record ------------------------------------------------------------------------
fault_program pg_dump --until "$T/go"
background pgdr backup >/dev/null 2>&1
first=$!
await '[ -s "$T/fault/pg_dump.pid" ]' 30 'a backup is at work'
exit_is 11 pgdr backup
like "$(last_event)" 'warning backup_locked: .*was not begun' 'the second leaves an event'
is "$(sql shop "SELECT count(*) FROM dr.backups WHERE state = 'running'")" 1 'and the first its record'
touch "$T/go"
wait "$first"
is "$? $(sql shop 'SELECT state FROM dr.backups ORDER BY id DESC LIMIT 1')" '0 complete' 'which ends as it should'
clear_faults

# --- killed ---------------------------------------------------------------------------------------------------------------------
sessions() { sql postgres "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'pgdr%'"; }
mkfifo "$T/hold"
psql -XAtq -d shop <"$T/hold" >"$T/holder.log" 2>&1 &
pids+=($!)
exec 9>"$T/hold"
echo 'BEGIN; LOCK TABLE users; SELECT 1;' >&9
await '[ -s "$T/holder.log" ]' 20
background pgdr backup >/dev/null 2>&1
killed=$!
await '[ "$(sql shop "SELECT count(*) FROM pg_locks WHERE relation = '\''users'\''::regclass AND NOT granted")" -gt 0 ]' 60 'a backup waits for a lock'
kill -9 "$killed"
wait "$killed" 2>/dev/null
await '[ "$(sessions)" = 0 ]' 30 'killed, it leaves no session, although a lock is waited for'
is "$(sql shop "SELECT count(*) FROM pg_locks WHERE relation = 'users'::regclass AND NOT granted")" 0 'nor a place in the queue'
echo 'COMMIT;' >&9
exec 9>&-
exit_is 0 pgdr backup
done_testing
