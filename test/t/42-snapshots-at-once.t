#!/usr/bin/env bash
# Snapshots share the texts that they have in common. A backup stores its snapshot in a REPEATABLE READ transaction, and neither a
# snapshot that is stored nor one that expires at the same moment may make it fail.
. "$(dirname "$0")/lib.sh"

start_cluster
make_db shop 20
sql shop 'CREATE EXTENSION pgdr' || die 'the extension is created'

# A session that is driven line by line; `reply` awaits the answer to a marker.
mkfifo "$T/in"
psql -XAtq -v ON_ERROR_STOP=0 -d shop <"$T/in" >"$T/out" 2>&1 &
pids+=($!)
exec 5>"$T/in"
marker=0
reply() {
  marker=$((marker + 1))
  printf '%s\n\\echo done-%d\n' "$1" $marker >&5
  await "grep -q '^done-$marker\$' '$T/out'" 60 || die "the session answers: $1" "$(cat "$T/out")"
}

# 1. Another snapshot with the same texts is committed after the transaction's own snapshot was taken.
reply 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM dr.definitions;'
sql shop "SELECT dr_snapshot_counts('hourly', true)" >/dev/null || die 'a snapshot is taken meanwhile'
reply "SELECT dr_snapshot_counts('backup', true) > 0; COMMIT;"
unlike "$(cat "$T/out")" ERROR 'a snapshot committed meanwhile does no harm'
is "$(sql shop "SELECT count(*) FROM dr.snapshots WHERE label IN ('hourly', 'backup')")" 2 'both are there'

# 2. The texts that it would share expire and are gone before it stores its own.
sql shop "SELECT dr_snapshot_expire('0')" >/dev/null
sql shop "SELECT dr_snapshot_counts('old', true)" >/dev/null
reply 'BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT count(*) FROM dr.definitions;'
sql shop "SELECT dr_snapshot_expire('0')" >/dev/null || die 'the snapshots expire meanwhile'
is "$(sql shop 'SELECT count(*) FROM dr.definitions')" 0 'with all their texts'
reply "SELECT dr_snapshot_counts('backup2', true) AS id; COMMIT;"
unlike "$(cat "$T/out")" ERROR 'texts that expired meanwhile do no harm'
is "$(sql shop "SELECT count(*) FROM dr.snapshot_objects AS o JOIN dr.definitions AS d ON d.id = o.definition")" \
  "$(sql shop "SELECT count(*) FROM dr.snapshot_objects")" 'and the snapshot has its own'
is "$(sql shop "SELECT status FROM dr_verify_against('shop', snapshot => (SELECT max(id) FROM dr.snapshots)) WHERE check_name = 'verdict'")" \
  passed 'it is a baseline like any other'

# 3. A snapshot that is being stored holds the texts that it shares: they do not expire under it, and nothing waits.
dangling="SELECT count(*) FROM dr.snapshot_objects AS o WHERE o.definition IS NOT NULL AND NOT EXISTS (SELECT FROM dr.definitions AS d WHERE d.id = o.definition)"
sql shop "SELECT dr_snapshot_expire('0')" >/dev/null
sql shop "SELECT dr_snapshot_counts('old', true)" >/dev/null
before=$(sql shop 'SELECT count(*) FROM dr.definitions')
for level in 'READ COMMITTED' 'REPEATABLE READ'; do
  reply "BEGIN ISOLATION LEVEL $level; SELECT dr_snapshot_counts('new', true) > 0;"
  is "$(sql shop "SET statement_timeout = '20s'; SELECT dr_snapshot_expire('0') > 0")" t "$level: what is not needed expires beside it"
  reply 'COMMIT;'
  is "$(sql shop "$dangling")" 0 "$level: no text of the new snapshot is gone"
  is "$(sql shop 'SELECT count(*) FROM dr.definitions')" "$before" "$level: it shares them still"
done

# 4. Texts that are being deleted are not relied on: the snapshot waits and has its own.
reply "BEGIN; SELECT dr_snapshot_expire('0') > 0;"
sql shop "SELECT dr_snapshot_counts('beside', true) > 0" >"$T/beside" 2>&1 &
await "[ \"\$(sql shop \"SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%beside%'\")\" -gt 0 ]" 60 ||
  die 'the snapshot waits'
reply 'COMMIT;'
wait $!
is "$(cat "$T/beside")" t 'it is stored'
is "$(sql shop "$dangling")" 0 'with texts of its own'
unlike "$(cat "$T/out")" ERROR 'and nothing failed'
exec 5>&-
done_testing
