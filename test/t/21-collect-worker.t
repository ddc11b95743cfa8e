#!/usr/bin/env bash
# The background worker that reads another database: cancelled, killed, locked out, without a slot, beside DROP DATABASE.
. "$(dirname "$0")/lib.sh"

start_cluster main --fresh max_worker_processes=2 # one is the logical replication launcher's
sql postgres 'CREATE DATABASE hub' && sql hub 'CREATE EXTENSION pgdr' || die 'the extension is created'
sql postgres 'CREATE DATABASE target'
sql target "CREATE TABLE large AS SELECT i, repeat(md5(i::text), 20) AS t FROM generate_series(1, 20000) AS i;
  CREATE TABLE small (i integer); CREATE TABLE zz (i integer)"

workers() { sql hub "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'pgdr'"; }
hold() { # SQL: a session in target that does this and keeps its transaction open
  coproc HOLDER { psql -XAtq -d target; }
  echo "BEGIN; $1; SELECT 'held';" >&"${HOLDER[1]}"
  read -r -u "${HOLDER[0]}"
}
release() {
  echo 'ROLLBACK; \q' >&"${HOLDER[1]}"
  wait "$HOLDER_PID" 2>/dev/null
}

is "$(sql hub "SELECT dr._collect_from('target', true, true) -> 'database' ->> 'name'")" target 'a database is read'

# A relation that stays locked is reported, and the others are read. The worker never queues for the lock.
hold 'LOCK TABLE small'
sql hub "SELECT r ->> 'name', r ->> 'state', r ->> 'rows', r ->> 'note' FROM jsonb_array_elements(dr._collect_from('target', false, false) -> 'relations') AS r" >"$T/locked" &
reader=$!
await '[ "$(sql hub "SELECT query FROM pg_stat_activity WHERE backend_type = '"'pgdr'"'")" = "pgdr: waiting for a lock on public.small" ]' 10 \
  'progress is shown in pg_stat_activity'
is "$(sql target "SELECT count(*) FROM pg_locks WHERE NOT granted")" 0 'nothing queues behind the worker'
wait "$reader"
is "$(cat "$T/locked")" 'large|exact|20000|
small|failed||could not obtain a lock on the relation
zz|exact|0|' 'the locked relation is reported as failed'

# While it is busy (waiting for that lock) the worker can be stopped in every way.
start_reader() {
  psql -XAtq -v VERBOSITY=verbose -d hub -c "${1:-}SELECT dr._collect_from('target', false, false)" >"$T/reader" 2>&1 &
  reader=$!
  pids+=("$reader")
  await '[ "$(sql hub "SELECT count(*) FROM pg_stat_activity WHERE backend_type = '"'pgdr' AND query LIKE '%small%'"'")" = 1 ]' 10 || fail 'the worker is busy'
}
start_reader
sql postgres "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE datname = 'hub' AND query LIKE '%_collect_from%' AND pid <> pg_backend_pid()" >/dev/null
await '[ "$(workers)" = 0 ]' 1 'a cancelled caller stops its worker within a second'
wait "$reader"
like "$(cat "$T/reader")" '57014' 'and reports the cancel'

start_reader
sql postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = 'hub' AND query LIKE '%_collect_from%' AND pid <> pg_backend_pid()" >/dev/null
await '[ "$(workers)" = 0 ]' 1 'so does a caller whose backend ends'
wait "$reader"

start_reader 'SET statement_timeout = 1000; '
wait "$reader"
like "$(cat "$T/reader")" '57014.*statement timeout' 'statement_timeout works'
await '[ "$(workers)" = 0 ]' 1 'and stops the worker'

start_reader
sql postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'pgdr'" >/dev/null
wait "$reader"
like "$(cat "$T/reader")" '08006.*terminating.*worker "pgdr" in database|08006.*terminating background worker' 'the death of the worker is an error'

# The second worker finds no slot.
start_reader
try_sql hub "SELECT dr._collect_from('target', false, false)"
like "$err" '53400.*could not start a background worker' 'no free slot is an error'
like "$err" 'max_worker_processes' 'whose hint names the setting'
wait "$reader"
release

# Nothing keeps the database in use after the call, failed or not.
try_sql hub "SELECT dr._collect_from('target', true, true) IS NOT NULL"
is "$out" t 'the next call works'
ok 'the database can be dropped at once' sql postgres 'DROP DATABASE target'
is "$(server_log | grep -cE 'PANIC|leak|WARNING|signal [0-9]+')" 0 'the server log is clean'

done_testing
