#!/usr/bin/env bash
# On a hot standby everything that reads works, gives what the primary gives, and records nothing.
. "$(dirname "$0")/lib.sh"

start_cluster main autovacuum=off min_parallel_table_scan_size=0 # parallel workers, too
make_db shop 200
sql shop 'CREATE EXTENSION pgdr' || die 'the extension is created'
sql shop "SELECT dr_backup_start('20260101T000000Z-0000', 'shop')" >/dev/null
snapshot=$(sql shop "SELECT dr_snapshot_counts('before', true)")
sql shop "SELECT dr_backup_finish('20260101T000000Z-0000', $snapshot, now(), now(), '{\"label\": \"20260101T000000Z-0000\"}');
          SELECT dr_copy_record('20260101T000000Z-0000', 'local', 'x', 'complete')" >/dev/null
document=$(sql shop "SELECT dr_snapshot_document($snapshot)")
createdb -T shop copy || die 'a copy is made'

# A standby of it, on a socket of its own.
owner=$(stat -c %U "$T/main/data")
mkdir -m 755 "$T/standby" && mkdir -m 777 "$T/standby-socket"
pg_basebackup -D "$T/standby/data" -R -c fast --no-sync || die 'a base backup is taken'
echo "unix_socket_directories = '$T/standby-socket'" >>"$T/standby/data/postgresql.conf"
echo "$T/standby-socket" >"$T/standby/socket"
touch "$T/standby/log"
[ "$(id -u)" != 0 ] || chown -R "$owner" "$T/standby/data" "$T/standby/log"
clusters+=(standby)
"$top/script/cluster" restart "$T/standby" || die 'the standby starts'

# caught_up: the standby has replayed what the primary has written.
caught_up() {
  local lsn
  use_cluster main
  sql postgres "SET synchronous_commit = on; SELECT pg_logical_emit_message(true, 'flush', '')" >/dev/null
  lsn=$(sql postgres 'SELECT pg_current_wal_flush_lsn()')
  use_cluster standby
  await "[ \"\$(sql postgres \"SELECT pg_last_wal_replay_lsn() >= '$lsn'\")\" = t ]" 30 || die 'the standby follows'
}
on() { # on CLUSTER QUERY in shop
  use_cluster "$1"
  sql shop "$2"
}
caught_up
is "$(on standby 'SELECT pg_is_in_recovery()')" t 'it is a standby'

for query in "SELECT * FROM dr_table_fingerprint('users')" "SELECT * FROM dr_table_fingerprint('events')" \
  "SELECT dr_table_count('documents')" "SELECT dr_fingerprint(u) FROM users AS u" "SELECT dr_snapshot_document($snapshot)" \
  "SELECT objective, state FROM dr_status() WHERE objective <> 'rpo'" "SELECT loss, detail FROM dr_detect_loss()" \
  "SELECT count(*) FROM dr_snapshot_changes($snapshot, $snapshot)"; do
  is "$(on standby "$query")" "$(on main "$query")" "the same: $query"
done

use_cluster standby
capture psql -XAtq -v ON_ERROR_STOP=1 -d shop -c "SELECT status, object, detail FROM dr_verify_snapshot('${document//\'/\'\'}') WHERE status <> 'info'"
like "$code $out" '^0 warning\|public.cache\|not compared: a standby cannot read unlogged tables' 'unlogged tables are left out, with a warning'
like "$out" $'\npassed\\|shop\\|' 'the standby is identical'
capture sql shop "SELECT status FROM dr_verify_against('copy', $snapshot) WHERE check_name = 'verdict'"
is "$code $out" '0 passed' 'another database of the standby is read by a worker'
capture sql shop "SELECT count(*) FROM dr_differences('copy', 'users')"
is "$code $out" '0 0' 'and compared row by row'
capture sql shop "SELECT count(*) >= 0 FROM dr_check_integrity()"
is "$code $out" '0 t' 'the integrity check runs'
is "$(on standby 'SELECT count(*) FROM dr.verifications')" 0 'nothing was recorded'
use_cluster standby
try_sql shop 'SELECT dr_snapshot_counts()'
like "$err" '25006' 'what has to record says that it cannot'

# A difference is found there, too, and the row named.
on main "UPDATE users SET balance = balance + 0.0001 WHERE id = 7" >/dev/null
caught_up
use_cluster standby
is "$(sql shop "SELECT status, object, check_name FROM dr_verify_snapshot('${document//\'/\'\'}') WHERE status NOT IN ('info', 'warning')")" \
  $'mismatch|public.users|content\nfailed|shop|verdict' 'a ten-thousandth more is found on the standby'
is "$(sql shop "SELECT side, key, column_name FROM dr_differences('copy', 'users')")" 'changed|(id)=(7)|balance' 'and named'
is "$(sql shop "SELECT count(*) FROM dr.verifications")" 0 'and not recorded'

# Under writes, with VACUUM marking pages all-visible, counts and fingerprints are those of the snapshot.
use_cluster main
start_writers shop 2
await '[ "$(sql shop "SELECT count(*) > 20 FROM writes_done")" = t ]' 20
use_cluster standby
await '[ "$(sql shop "SELECT count(*) > 20 FROM writes_done" 2>/dev/null)" = t ]' 20
wrong=0
for ((round = 0; round < 15; round++)); do
  use_cluster main
  sql shop 'VACUUM (SKIP_LOCKED) users, documents, events' 2>/dev/null
  use_cluster standby
  capture sql shop "BEGIN ISOLATION LEVEL REPEATABLE READ;
    SELECT (SELECT count(*) FROM users) = dr_table_count('users') AND (SELECT count(*) FROM events) = dr_table_count('events')
       AND (SELECT dr_fingerprint(u) FROM users AS u) = (SELECT digest FROM dr_table_fingerprint('users')); COMMIT"
  # Replay may cancel a query that stands in its way (40001); that says so.
  [ "$out" = t ] || [[ $err == *'conflict with recovery'* ]] || wrong=$((wrong + 1))
done
is "$wrong" 0 'counts and fingerprints are the snapshot'\''s while the primary is written and vacuumed'
use_cluster main
stop_writers

# The counting shortcut is off: a page whose all-visible bit is wrong is counted tuple by tuple on a standby. (A primary trusts it,
# as count(*) does: after promotion the same page is counted with its deleted rows.)
on main 'CREATE TABLE bit (i integer); INSERT INTO bit SELECT generate_series(1, 20); DELETE FROM bit WHERE i > 5' >/dev/null
on main 'CHECKPOINT'
caught_up
on standby 'CHECKPOINT' # a restart point: the page is on disk
is "$(on standby "SELECT dr_table_count('bit')")" 5 'the table has 5 rows'
page=$T/standby/data/$(on standby "SELECT pg_relation_filepath('bit')")
stop_cluster standby
is "$(dd if="$page" bs=1 skip=10 count=1 status=none | od -An -tu1 | tr -d ' ')" 0 'its page is not all-visible'
printf '\004' | dd of="$page" bs=1 seek=10 conv=notrunc status=none # pd_flags |= PD_ALL_VISIBLE
restart_cluster standby || die 'the standby starts again'
caught_up
is "$(on standby "SELECT dr_table_count('bit')")" 5 'and is counted right on a standby'
is "$(on standby "SELECT rows FROM dr_table_fingerprint('bit')")" 5 'and fingerprinted right'
use_cluster standby
sql postgres 'SELECT pg_promote()' >/dev/null
is "$(sql shop "SELECT dr_table_count('bit')")" 20 'a primary would trust the bit: the test can fail'
done_testing
