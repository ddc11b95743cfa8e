#!/usr/bin/env bash
# Counting and fingerprinting beside everything else: what is locked, what runs on, what is reported, what stops it and what stays.
. "$(dirname "$0")/lib.sh"

start_cluster main --fresh autovacuum=off max_worker_processes=12 max_parallel_workers=8 shared_buffers=64MB
sql postgres 'CREATE DATABASE shop' && sql shop 'CREATE EXTENSION pgdr' || die 'the extension is created'
sql shop "CREATE TABLE long (id integer PRIMARY KEY, v text);
  INSERT INTO long SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 4000) AS i;
  CREATE TABLE small (id integer PRIMARY KEY, v text); INSERT INTO small SELECT i, 'v' FROM generate_series(1, 200) AS i;
  CREATE TABLE tail (id integer, v text); INSERT INTO tail SELECT i, repeat('v', 500) FROM generate_series(1, 300) AS i;
  CREATE TABLE dropped (id integer); CREATE TABLE altered (id integer); CREATE TABLE gone (id integer)" || die 'tables are made'
sql shop 'VACUUM ANALYZE long'
sql shop "DELETE FROM tail WHERE id > 20"

# A pause of ten seconds for every page: whatever is started so would take an hour.
slow='SET pgdr.cost_delay = 10000; SET pgdr.cost_limit = 1; SET min_parallel_table_scan_size = 0; SET pgdr.max_workers = 3;'

start_reader() { # SQL: in a session of its own; its output is in $T/reader
  PGAPPNAME=reader psql -XAtq -v VERBOSITY=verbose -d "${2:-shop}" -c "$1" >"$T/reader" 2>&1 </dev/null &
  reader=$!
  pids+=("$reader")
}
watch() { sql postgres "SELECT $1 FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND (application_name = 'reader' OR backend_type LIKE 'pgdr%' OR backend_type = 'parallel worker')"; }
working() { watch "count(*) FILTER (WHERE backend_type = 'parallel worker' AND query LIKE 'pgdr: %fingerprinting public.long')"; }
nobody() { [ "$(watch 'count(*)')" = 0 ] && [ "$(sql postgres "SELECT count(*) FROM pg_locks WHERE pid <> pg_backend_pid() AND locktype = 'relation'")" = 0 ]; }
of_leader() { sql postgres "SELECT $1(pid) FROM pg_stat_activity WHERE application_name = 'reader' AND backend_type = 'client backend'" >/dev/null; }

# --- while it runs ---------------------------------------------------------------------------------------------------------------

start_reader "$slow SELECT dr_snapshot_counts('slow', true)"
await '[ "$(working)" = 3 ]' 10 'three workers read one large table, and pg_stat_activity says so'
like "$(watch "string_agg(query, ' ') FILTER (WHERE application_name = 'reader' AND backend_type = 'client backend')")" \
  '^pgdr: [0-9]+%, fingerprinting public\.long: SET pgdr' 'the session that asked shows its progress and its statement'
is "$(sql shop "SELECT string_agg(DISTINCT mode, ' ') FROM pg_locks l JOIN pg_class c ON c.oid = l.relation WHERE c.relnamespace = 'public'::regnamespace")" \
  AccessShareLock 'no lock on any table is stronger than ACCESS SHARE'
beside() { # SQL…: each a statement of its own, which must not wait for locks
  local each=() statement
  for statement; do each+=(-c "$statement"); done
  PGOPTIONS='-c lock_timeout=2s -c statement_timeout=20s' psql -XAtq -v ON_ERROR_STOP=1 -d shop "${each[@]}"
}
for statement in 'VACUUM long' 'ANALYZE long' 'VACUUM FREEZE small' 'UPDATE long SET v = v WHERE id < 50' 'INSERT INTO long SELECT i FROM generate_series(10001, 12000) AS i' \
  'CREATE INDEX ON long (v)' 'ALTER TABLE small ADD COLUMN w integer' 'TRUNCATE small' 'CREATE TABLE another AS SELECT * FROM long'; do
  ok "beside it: $statement" beside "$statement"
done
# Whoever waits for old snapshots waits for this one, as beside pg_dump; it blocks nobody meanwhile.
psql -XAtq -d shop -c 'CREATE INDEX CONCURRENTLY beside ON long (id, v)' >"$T/index" 2>&1 &
index=$!
pids+=("$index")
await '[ "$(sql shop "SELECT phase FROM pg_stat_progress_create_index")" = "waiting for old snapshots" ]' 10 \
  'CREATE INDEX CONCURRENTLY does all its work and then waits for the snapshot'
ok 'and nobody waits behind it' beside 'UPDATE long SET v = v WHERE id = 1'

# --- and stops -------------------------------------------------------------------------------------------------------------------

of_leader pg_cancel_backend
await nobody 1 'a cancel stops everybody within a second, and every lock is gone' || diag "$(watch "string_agg(query, '; ')")"
wait "$reader"
like "$(cat "$T/reader")" '57014.*canceling statement due to user request' 'and says so'
ok 'CREATE INDEX CONCURRENTLY then ends' wait "$index"
is "$(sql shop "SELECT count(*) FROM dr.snapshots")" 0 'there is no half snapshot'
is "$(sql shop "SELECT indisvalid FROM pg_index WHERE indexrelid = 'beside'::regclass")" t 'the index built beside it is valid'

start_reader "$slow SELECT dr_snapshot_counts('slow', true)"
await '[ "$(working)" = 3 ]' 10
sql postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'parallel worker' LIMIT 1" >/dev/null
await nobody 1 'so does the death of one worker'
wait "$reader"
like "$(cat "$T/reader")" 'ERROR:  57P01: terminating' 'which the session reports'

start_reader "$slow SET statement_timeout = '1500ms'; SELECT dr_table_fingerprint('long')"
await '[ "$(working)" -gt 0 ]' 10
wait "$reader"
like "$(cat "$T/reader")" '57014.*statement timeout' 'statement_timeout works'
await nobody 1 'and leaves nobody'

start_reader "$slow SELECT dr_snapshot_counts('slow', true)"
await '[ "$(working)" = 3 ]' 10
of_leader pg_terminate_backend
await nobody 1 'the end of the session is the end of its workers'
wait "$reader"

sql postgres 'CREATE DATABASE hub' && sql hub 'CREATE EXTENSION pgdr' || die 'the second database is created'
sql postgres 'ALTER DATABASE shop SET min_parallel_table_scan_size = 0'
start_reader "$slow SELECT dr._collect_from('shop', true, false)" hub
await '[ "$(working)" = 3 ]' 10 'another database is read by as many, with the settings of the session that asked'
of_leader pg_cancel_backend
await nobody 1 'and its worker with all of its workers ends with the cancel'
wait "$reader"
start_reader "$slow SELECT dr._collect_from('shop', true, false)" hub
await '[ "$(working)" = 3 ]' 10
sql postgres "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'pgdr'" >/dev/null
await nobody 1 'likewise with the end of that worker'
wait "$reader"
sql postgres 'ALTER DATABASE shop RESET ALL'

# --- fewer workers ---------------------------------------------------------------------------------------------------------------

start_reader "SET max_parallel_workers = 1; $slow SELECT dr_table_fingerprint('long')"
await '[ "$(working)" = 1 ]' 10 'with one free slot there is one worker'
of_leader pg_cancel_backend
wait "$reader"
sql shop "CREATE TYPE shout; CREATE FUNCTION shout_in(cstring) RETURNS shout LANGUAGE internal IMMUTABLE STRICT AS 'textin';
  CREATE FUNCTION shout_out(shout) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'textout';
  CREATE TYPE shout (INPUT = shout_in, OUTPUT = shout_out, LIKE = text)" 2>/dev/null
start_reader "$slow SELECT dr_table_fingerprint('long')"
await '[ "$(watch "count(*) FILTER (WHERE query LIKE '"'pgdr: %fingerprinting public.long:%'"')")" = 1 ]' 10 'the session reads'
is "$(working)" 0 'alone, where an output function is not marked parallel safe'
of_leader pg_cancel_backend
wait "$reader"
sql shop 'DROP TYPE shout CASCADE' 2>/dev/null

# --- tables that change meanwhile ------------------------------------------------------------------------------------------------

relations() { sql shop "SELECT r ->> 'name', r ->> 'state', r ->> 'rows', r ->> 'note' FROM jsonb_array_elements(dr_snapshot_document($1) -> 'relations') AS r WHERE r ->> 'state' <> 'exact' OR r ->> 'name' IN ('tail', 'gone') ORDER BY 1"; }
hold() { # SQL: a session in shop that does this and keeps its transaction open
  coproc HOLDER { psql -XAtq -d shop; }
  echo "$1; SELECT 'held';" >&"${HOLDER[1]}"
  read -r -t 20 -u "${HOLDER[0]}"
}
tell() { echo "$1" >&"${HOLDER[1]}"; }
release() {
  tell '\q'
  wait "$HOLDER_PID" 2>/dev/null
}

# In the gap between a snapshot and the locks
hold "BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1"
sql shop 'TRUNCATE small; INSERT INTO small SELECT i FROM generate_series(1, 300) AS i; DROP TABLE dropped; ALTER TABLE altered ADD COLUMN n integer DEFAULT 7; INSERT INTO gone VALUES (1)'
tell "SELECT dr_snapshot_counts('gap', true);"
read -r -t 20 -u "${HOLDER[0]}" id || true
if [ "$id" = held ] || [ -z "$id" ] || [ "$id" = 1 ]; then read -r -t 20 -u "${HOLDER[0]}" id; fi
tell 'COMMIT;'
release
id=$(sql shop "SELECT max(id) FROM dr.snapshots")
is "$(relations "$id")" 'altered|failed||its columns were altered after the snapshot was taken
dropped|skipped||dropped meanwhile
gone|exact|0|
small|failed||rewritten after the snapshot was taken (TRUNCATE, ALTER TABLE, CLUSTER or VACUUM FULL)
tail|exact|20|' 'what an old snapshot cannot read as it was is not counted'
sql postgres 'CREATE DATABASE copy TEMPLATE shop'
sql copy 'DELETE FROM gone'
is "$(sql shop "SELECT status, object, left(detail, 40) FROM dr_verify_against('copy', $id) WHERE object LIKE 'public.%' AND check_name IN ('rows', 'content') AND object NOT LIKE '%another' AND object NOT LIKE '%long' ORDER BY 2")" \
  'mismatch|public.altered|not proven, the baseline could not read 
mismatch|public.small|not proven, the baseline could not read ' 'and a verification does not pass it'

# While other tables are read: small ones are not locked until it is their turn.
start_reader "SET pgdr.max_workers = 0; SET pgdr.cost_limit = 10; SET pgdr.cost_delay = 50; SELECT dr_snapshot_counts('turn', true)"
await '[ "$(watch "count(*) FILTER (WHERE query LIKE '"'%fingerprinting public.long:%'"')")" = 1 ]' 10
ok 'TRUNCATE does not wait for its turn' beside 'TRUNCATE small' 'INSERT INTO small VALUES (1)' 'DROP TABLE altered'
sql shop 'VACUUM tail'
wait "$reader"
is "$(sql shop "SELECT pg_relation_size('tail') < 20 * 8192")" t 'VACUUM has cut off what was empty'
is "$(relations "$(cat "$T/reader")")" 'altered|skipped||dropped meanwhile
gone|exact|1|
small|failed||rewritten after the snapshot was taken (TRUNCATE, ALTER TABLE, CLUSTER or VACUUM FULL)
tail|exact|20|' 'what happened before a table is read is reported'

# A table that is locked for long: the others first, then no longer than pgdr.lock_timeout.
hold 'BEGIN; LOCK TABLE gone'
begin=$(date +%s%N)
id=$(sql shop "SET pgdr.lock_timeout = '700ms'; SELECT dr_snapshot_counts('locked', true)")
took=$((($(date +%s%N) - begin) / 1000000))
ok "pgdr.lock_timeout is waited for, $took ms" test "$took" -ge 700
is "$(relations "$id")" 'gone|failed||could not obtain a lock on the relation
tail|exact|20|' 'the locked table is reported, the others are read'
start_reader "SET pgdr.lock_timeout = 0; SELECT dr_snapshot_counts('patient', true)"
await '[ "$(sql shop "SELECT count(*) FROM pg_locks WHERE NOT granted")" = 1 ]' 10 'with pgdr.lock_timeout = 0 it waits'
tell 'ROLLBACK;'
release
wait "$reader"
is "$(relations "$(cat "$T/reader")")" 'gone|exact|1|
tail|exact|20|' 'until the table is free'

# --- cost delay -------------------------------------------------------------------------------------------------------------------

sql shop "CREATE TABLE outside (id integer, v text); ALTER TABLE outside ALTER v SET STORAGE EXTERNAL; INSERT INTO outside SELECT i, repeat('v', 100000) FROM generate_series(1, 40) AS i"
for relation in long outside; do # a page costs 1 where it is cached: a pause of 20 ms for each 50
  sql shop "SELECT dr_table_fingerprint('$relation')" >/dev/null
  pages=$(sql shop "SELECT pg_table_size('$relation') / 8192")
  for workers in 0 2; do
    begin=$(date +%s%N)
    sql shop "SET pgdr.cost_delay = 20; SET pgdr.cost_limit = 50; SET pgdr.max_workers = $workers; SET min_parallel_table_scan_size = 0; SELECT dr_table_fingerprint('$relation')" >/dev/null
    took=$((($(date +%s%N) - begin) / 1000000))
    ok "$workers workers share the limit: $pages pages of $relation take $took ms" test "$took" -ge $((pages * 20 / 50 * 7 / 10))
  done
done

# --- the server's cache ----------------------------------------------------------------------------------------------------------

pages=$(sql shop "SELECT pg_relation_size('long') / 8192")
buffers() { # KEY SQL
  sql shop "${3:-}EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) $2" | sed -n "0,/\"Shared $1 Blocks\"/s/.*\"Shared $1 Blocks\": \([0-9]*\).*/\1/p"
}
restart_cluster
# Each process has a ring of 32 buffers, so some pages stay, more or fewer from run to run; without rings all would.
for workers in 0 2; do
  first=$(buffers Read "SELECT dr_table_fingerprint('long')" "SET pgdr.max_workers = $workers; SET min_parallel_table_scan_size = 0;")
  second=$(buffers Read "SELECT dr_table_fingerprint('long')" "SET pgdr.max_workers = $workers; SET min_parallel_table_scan_size = 0;")
  ok "with $workers workers a second reading of $pages pages reads $second again: they did not stay in shared buffers" test "$second" -gt $((pages / 2))
  ok "no page is read twice, $first" test "$first" -lt $((pages + 300))
done
sql shop 'SELECT count(*) FROM long' >/dev/null
ok 'as they do after count(*)' test "$(buffers Read "SELECT dr_table_fingerprint('long')")" -lt $((pages / 10))

is "$(server_log | grep -cE 'PANIC|leak|WARNING|signal [0-9]+|TRAP')" 0 'the server log is clean'
done_testing
