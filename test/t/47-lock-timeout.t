#!/usr/bin/env bash
# pgdr.lock_timeout is time, not a number of wake-ups: a process that is woken all the time waits as long as any other.
. "$(dirname "$0")/lib.sh"

start_cluster
make_db shop 20
sql shop 'CREATE EXTENSION pgdr; CREATE TABLE locked (id integer)' >/dev/null || die 'the extension is created'
mkfifo "$T/in"
psql -XAtq -d shop <"$T/in" >"$T/locker" 2>&1 &
pids+=($!)
exec 5>"$T/in"
echo 'BEGIN; LOCK TABLE locked IN ACCESS EXCLUSIVE MODE; \echo locked' >&5
await "grep -q locked '$T/locker'" 30 || die 'the table is locked'

PGAPPNAME=waiter psql -XAtq -d shop >"$T/out" 2>&1 <<'SQL' &
LISTEN wake;
SET pgdr.lock_timeout = '4s';
SELECT clock_timestamp() AS start \gset
SELECT dr_snapshot_counts('x', true) AS snapshot \gset
SELECT extract(epoch FROM clock_timestamp() - :'start') BETWEEN 4 AND 30, state, note FROM dr.snapshot_relations WHERE snapshot = :snapshot AND name = 'locked';
SQL
waiter=$!
await "[ -n \"\$(sql postgres \"SELECT pid FROM pg_stat_activity WHERE application_name = 'waiter' AND query LIKE '%waiting for a lock%'\")\" ]" 30 ||
  die 'it waits for the lock'
# Every notification wakes it: 500 of them are 10 s of rounds of 20 ms, but not of time.
for i in $(seq 500); do echo 'NOTIFY wake;'; done >"$T/wake.sql"
sql_file shop "$T/wake.sql" || die 'it is woken'
wait "$waiter"
is "$(grep -v ^Asynchronous "$T/out")" 't|failed|could not obtain a lock on the relation' 'it waited as long as it was told, and then says that the table was locked' || cat "$T/out" >&2
exec 5>&-
done_testing
