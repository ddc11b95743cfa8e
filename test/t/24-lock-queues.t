#!/usr/bin/env bash
# A backup never waits for a program of its own that waits, behind a stranger, for the backup; and it says who keeps it waiting.
. "$(dirname "$0")/lib.sh"
start_cluster main max_prepared_transactions=5
make_db shop 200
sql shop 'CREATE EXTENSION pgdr'
sql shop 'CREATE TABLE wide AS SELECT i, repeat(md5(i::text), 10) AS t FROM generate_series(1, 2000) i' # more than a pipe takes
sql shop 'CREATE SEQUENCE lonely'
write_config shop
make_repository
baseline() { sql shop "SELECT count(*) FROM users"; }
state() { sql shop 'SELECT state FROM dr.backups ORDER BY id DESC LIMIT 1'; }
# A backup in the background, its exit code in $T/run.code when it is done.
run_backup() {
  rm -f "$T/run.code" "$T/go" "$T/fault/"*.pid
  (
    pgdr backup >"$T/run.out" 2>"$T/run.err" </dev/null
    echo $? >"$T/run.code.new"
    mv "$T/run.code.new" "$T/run.code"
  ) &
  pids+=($!)
}
done_within() { # SECONDS NAME: the backup ended with 0
  if ! await '[ -e "$T/run.code" ]' "$1"; then
    fail "$2" "the backup did not end; $(cat "$T/run.err"); $(sql postgres 'SELECT pid, state, wait_event, left(query, 80) FROM pg_stat_activity')"
    exit 1
  fi
  is "$(cat "$T/run.code") $(state)" '0 complete' "$2"
  [ "$(cat "$T/run.code")" = 0 ] || diag "$(cat "$T/run.err")"
}
stranger() { # SQL: a session that runs it and ends
  psql -XAtq -v ON_ERROR_STOP=1 -d shop -c "$1" >"$T/stranger.log" 2>&1 &
  stranger=$!
  pids+=("$stranger")
}
ours() { sql postgres "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE a.application_name = 'pgdr' AND l.relation IS NOT NULL AND l.granted AND a.state LIKE 'idle in trans%'"; }

# --- pg_dump starts slowly, and TRUNCATE comes first ----------------------------------------------------------------------------------
fault_program pg_dump --until "$T/go"
run_backup
await '[ -s "$T/fault/pg_dump.pid" ]' 30 'pg_dump is being started'
await '[ "$(ours)" -gt 0 ]' 1 # what holds a lock now is what would be waited for
is "$(ours)" 0 'until pg_dump has its locks, the session that fingerprints holds none'
stranger 'TRUNCATE users CASCADE; INSERT INTO users (mail, name) VALUES ($$new@example.com$$, $$new$$)'
await '! kill -0 $stranger' 20 'TRUNCATE is not kept waiting'
touch "$T/go"
done_within 60 'the backup is complete'
like "$(cat "$T/run.err")" 'public\.users.*begun anew' 'after another attempt, of which it tells why'
clear_faults
rm -rf "$T/x"
exit_is 0 pgdr restore latest --to first
is "$(sql first 'SELECT name FROM users')" new 'with what TRUNCATE left'
sql postgres 'DROP DATABASE first'

# --- a sequence -------------------------------------------------------------------------------------------------------------------
fault_program pg_dump --until "$T/go"
run_backup
await '[ -s "$T/fault/pg_dump.pid" ]' 30 'pg_dump is being started'
stranger 'ALTER SEQUENCE lonely RENAME TO alone'
await '! kill -0 $stranger' 20 'ALTER SEQUENCE is not kept waiting'
touch "$T/go"
done_within 60 'nor the backup'
clear_faults

# --- pg_dumpall starts slowly -------------------------------------------------------------------------------------------------------
fault_program pg_dumpall --until "$T/go"
run_backup
await '[ -s "$T/fault/pg_dumpall.pid" ]' 30 'pg_dumpall is being started'
await '[ "$(ours)" -gt 0 ]' 1
stranger 'VACUUM FULL pg_authid'
await '! kill -0 $stranger' 20 'VACUUM FULL of the roles is not kept waiting'
touch "$T/go"
done_within 60 'nor the backup'
clear_faults

# --- TRUNCATE between pg_dump's locks and ours ------------------------------------------------------------------------------------------
fault_program pg_dump --until "$T/go" --stall-after 0
run_backup
await '[ "$(sql postgres "SELECT count(*) FROM pg_locks l WHERE l.mode = '\''AccessShareLock'\'' AND l.relation = (SELECT oid FROM pg_class WHERE relname = '\''pg_authid'\'')")" -ge 0 ] && [ "$(sql shop "SELECT count(*) FROM pg_locks WHERE relation = '\''wide'\''::regclass AND granted")" -gt 0 ]' 30 'pg_dump has its locks'
stranger 'TRUNCATE wide; INSERT INTO wide SELECT i, repeat(md5(i::text), 10) FROM generate_series(1, 3000) i'
await '[ "$(sql shop "SELECT count(*) FROM pg_locks WHERE relation = '\''wide'\''::regclass AND NOT granted")" -gt 0 ]' 30 'TRUNCATE waits behind it'
touch "$T/go"
done_within 60 'the backup is complete'
await '! kill -0 $stranger' 20 'TRUNCATE went through'
clear_faults
exit_is 0 pgdr restore latest --to second
is "$(sql second 'SELECT count(*) FROM wide')" 3000 'and its rows are there'
sql postgres 'DROP DATABASE second'

# --- VACUUM FULL of the large objects while pg_dump is at its tables ---------------------------------------------------------------------
sql shop "SELECT lo_from_bytea(0, repeat('x', 5000)::bytea)" >/dev/null
fault_program pg_dump --until "$T/go" --stall-after 100000
run_backup
await '[ "$(sql shop "SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid) WHERE l.relation = 2613 AND l.granted AND a.application_name = '\''pgdr'\''")" -gt 0 ]' 30 'the large objects are fingerprinted'
stranger 'VACUUM FULL pg_largeobject'
await '[ "$(sql shop "SELECT count(*) FROM pg_locks WHERE relation = 2613 AND NOT granted")" -gt 0 ]' 30 'VACUUM FULL waits for the fingerprints'
touch "$T/go"
done_within 60 'the backup is complete: it gave way'
await '! kill -0 $stranger' 20 'and VACUUM FULL went through'
clear_faults

# --- who keeps it waiting ----------------------------------------------------------------------------------------------------------------
sql shop 'BEGIN; LOCK TABLE empty_table IN ACCESS EXCLUSIVE MODE; PREPARE TRANSACTION $$forgotten$$'
sed -i '/^\[set/a lock_wait_timeout = "8s"' "$CONFIG"
exit_is 1 pgdr backup
like "$err" "warning: waiting for a lock on .*empty_table.*prepared transaction 'forgotten' of role postgres" 'a prepared transaction that blocks is named while it does'
like "$err" 'ROLLBACK PREPARED' 'with what ends it'
like "$err" 'error: .*waited (8|9|10).*forgotten' 'and when the time is up, as the reason'
like "$(sql shop "SELECT error FROM dr.backups ORDER BY id DESC LIMIT 1")" 'forgotten' 'also in the catalog'
sql shop 'ROLLBACK PREPARED $$forgotten$$'
mkfifo "$T/hold"
PGAPPNAME=migration psql -XAtq -d shop <"$T/hold" >"$T/holder.log" 2>&1 &
holder=$!
pids+=("$holder")
exec 9>"$T/hold"
echo 'BEGIN; LOCK TABLE users; SELECT pg_backend_pid();' >&9
await '[ -s "$T/holder.log" ]' 20
exit_is 1 pgdr backup
like "$err" "process $(cat "$T/holder.log") of role postgres \(migration\), idle in transaction, in a transaction since 20" 'so is a session'
echo 'COMMIT;' >&9
exec 9>&-
exit_is 0 pgdr backup
done_testing
