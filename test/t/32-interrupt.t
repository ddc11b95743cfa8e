#!/usr/bin/env bash
# Ctrl-C and SIGTERM at any moment: children gone, no half-backup, the next run cleans up.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 200
sql shop "CREATE TABLE heavy AS SELECT i, repeat(md5(i::text), 4) AS t FROM generate_series(1, 100000) i"
sql shop 'CREATE EXTENSION pgdr'
write_config shop
make_repository
exit_is 0 pgdr backup
good=$(pgdr --json list | jq -r '.sets[0].backups[0].label')
folders() { find "$REPO/shop" -mindepth 1 -maxdepth 1 -type d -name "2*" | wc -l; }
idle() { [ "$(sql postgres "SELECT count(*) FROM pg_stat_activity WHERE application_name ~ 'pgdr|pg_dump|pg_restore'")" = 0 ]; }

# --- a hanging child, both signals ------------------------------------------------------------------------------------------------------
for signal in INT TERM; do
  fault_program pg_dump --die-after 30000 --hang
  # A background job of a script ignores SIGINT; env resets that.
  background env --default-signal=INT "$PGDR_BIN" --config "$CONFIG" backup >"$T/out" 2>"$T/err"
  tool=$!
  await '[ -s "$T/fault/pg_dump.pid" ]' 30 "the backup dumps ($signal)"
  child=$(cat "$T/fault/pg_dump.pid")
  kill -s "$signal" "$tool"
  wait "$tool"
  is $? 130 "SIG$signal: exit code 130"
  like "$(cat "$T/err")" "SIG$signal" 'the message names the signal'
  await "! kill -0 $child" 10 'its child is gone'
  await idle 10 'so are its sessions'
  is "$(folders)" 1 'nothing of it is left in the repository'
  is "$(sql shop 'SELECT state FROM dr.backups ORDER BY id DESC LIMIT 1')" failed 'it is recorded as failed'
  rm -f "$T/fault/pg_dump.pid"
done

# --- kill -9: nothing can be cleaned up, until the next run ---------------------------------------------------------------------------------
fault_program pg_dump --die-after 30000 --hang
background "$PGDR_BIN" --config "$CONFIG" backup >/dev/null 2>&1
tool=$!
await '[ -s "$T/fault/pg_dump.pid" ]' 30 'another one dumps'
await '[ "$(folders)" = 2 ]' 30 'and writes'
kill -9 "$tool"
wait "$tool" 2>/dev/null
is "$(pgdr --json list 2>/dev/null | jq -r '.sets[0].backups | length')" 1 'killed: no half-backup is shown'
exit_is 0 pgdr verify
await "! kill -0 $(cat "$T/fault/pg_dump.pid")" 10 'its child does not outlive it'
clear_faults
exit_is 0 pgdr backup
like "$err" 'removed what the unfinished backup' 'the next run removes what it left'
is "$(folders)" 2 'two good backups, nothing else'
is "$(sql shop "SELECT count(*) FROM dr.backups WHERE state = 'running'")" 0 'no run is left open in the catalog'

# --- at many moments ------------------------------------------------------------------------------------------------------------------------
for ((i = 1; i <= 12; i++)); do
  background "$PGDR_BIN" --config "$CONFIG" --quiet backup >/dev/null 2>&1
  tool=$!
  sleep "0.$((i * 37 % 100))" # the moment is the point here, not a condition
  kill -TERM "$tool" 2>/dev/null
  wait "$tool"
  status=$?
  [ $status = 130 ] || [ $status = 0 ] || fail "run $i ends with 130 or 0" "$status"
done
await idle 10 'no session is left'
exit_is 0 pgdr verify --all
exit_is 0 pgdr --quiet verify "$good"
incomplete=$(for f in "$REPO"/shop/2*/; do [ -e "$f/manifest.json" ] || echo "$f"; done)
is "$incomplete" '' 'no folder without a manifest'

# --- restores ---------------------------------------------------------------------------------------------------------------------------------
for signal in INT TERM; do
  for jobs in 1 2; do
    rm -f "$T/fault/pg_restore.pid"
    fault_program pg_restore --hang --when 'use-list'
    background env --default-signal=INT "$PGDR_BIN" --config "$CONFIG" restore latest --to scratch --jobs $jobs >"$T/out" 2>"$T/err"
    tool=$!
    await '[ -s "$T/fault/pg_restore.pid" ]' 30 "the restore runs ($signal, $jobs jobs)"
    kill -s "$signal" "$tool"
    wait "$tool"
    is $? 130 "SIG$signal: exit code 130"
    await "! kill -0 $(cat "$T/fault/pg_restore.pid")" 10 'its child is gone'
    is "$(sql shop "SELECT count(*) FROM pg_database WHERE datname = 'scratch'")" 0 'the database that it made is gone'
    is "$(sql shop 'SELECT state FROM dr.restores ORDER BY id DESC LIMIT 1')" interrupted 'it is recorded as interrupted'
  done
done
clear_faults
exit_is 0 pgdr restore latest --to scratch
done_testing
