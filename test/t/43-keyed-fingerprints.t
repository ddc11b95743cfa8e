#!/usr/bin/env bash
# Keyed fingerprints: backup and restore under a key that never reaches the database, the log or a process list; the
# wrong key, none, and an altered snapshot are errors that say so; a forgery is found.
. "$(dirname "$0")/lib.sh"
start_cluster main log_statement=all log_min_duration_statement=0
make_db shop 150
sql shop 'CREATE EXTENSION pgdr'
write_config shop
make_repository
key=$(openssl rand -hex 32)
(umask 077; echo "$key" >"$T/fingerprint.key"; openssl rand -hex 32 >"$T/other.key")
plain=$(cat "$CONFIG")
keyed() { printf '%s\n[fingerprint]\nkey_file = "%s"\n' "$plain" "$1" >"$CONFIG"; }

exit_is 0 pgdr backup
first=$(sql shop 'SELECT label FROM dr.backups')
keyed "$T/fingerprint.key"
exit_is 0 pgdr backup
is "$(sql shop "SELECT string_agg(split_part(s.digest, ':', 1), ' ' ORDER BY s.id) FROM dr.snapshots AS s")" \
  'pgdr1-xxh3 pgdr1-hmac-sha256' 'the second snapshot says that it is keyed'
exit_is 0 pgdr restore latest --to shop_copy
like "$out$err" 'identical|proven|verified' 'and proves the restored copy'
exit_is 0 pgdr snapshot --content
is "$(sql shop "SELECT count(DISTINCT header ->> 'key_check') FROM dr.snapshots WHERE header ? 'seal'")" 1 'a snapshot by hand is keyed, too'

# Nothing of the key is left behind
not_ok 'the log does not hold the key' grep -qi "$key" "$T/main/log"
ok 'though it logs every statement' grep -q 'snapshot_counts' "$T/main/log"
pg_dump shop >"$T/shop.sql"
not_ok 'nor does the database' grep -qi "$key" "$T/shop.sql"

# A restore without the key, or with another
printf '%s\n' "$plain" >"$CONFIG"
exit_is 3 pgdr restore latest --to shop_unkeyed
like "$err$out" 'keyed' 'without the key the copy is unproven, and why is said'
keyed "$T/other.key"
exit_is 3 pgdr restore latest --to shop_other
like "$err$out" 'not the fingerprint key' 'another key is no mismatch'
chmod 644 "$T/fingerprint.key"
keyed "$T/fingerprint.key"
exit_is 12 pgdr backup
like "$err" 'chmod 600' 'a key that others can read is refused'
chmod 600 "$T/fingerprint.key"
(umask 077; echo 'not hexadecimal, but long enough to be' >"$T/wrong.key")
keyed "$T/wrong.key"
exit_is 12 pgdr backup
like "$err" 'openssl rand -hex 32' 'and one that is none'

# The older backup, from before there was a key, stays provable
keyed "$T/fingerprint.key"
exit_is 0 pgdr restore "$first" --to shop_first
like "$err$out" 'no forgery' 'an unkeyed backup is proven with a warning'

# The adversary without the key: changes a row, and whatever of the catalog might hide it
snapshot=$(sql shop "SELECT snapshot FROM dr.backups WHERE snapshot IS NOT NULL AND label <> '$first'")
sql shop_copy "UPDATE users SET name = 'forged' WHERE id = 7"
verify() { sql shop "SELECT coalesce(status, '') FROM dr_verify_against('shop_copy', $snapshot, key => '\\x$key') WHERE check_name = 'verdict'"; }
is "$(verify)" failed 'a changed row is found'
sql shop "UPDATE users SET name = 'moved on' WHERE id = 9"
exit_is 9 pgdr differences shop_copy public.users
like "$out" '\(id\)=\(7\) +name .* forged .*agrees with the source' 'and told from what has changed in the source since'
unlike "$out" '\(id\)=\(9\).*agrees with the source' 'which is no damage'
keyed "$T/other.key"
exit_is 1 pgdr differences shop_copy public.users
like "$err" 'not the fingerprint key' 'for which it takes the key'
printf '%s\n' "$plain" >"$CONFIG"
exit_is 9 pgdr differences shop_copy public.users
like "$out" 'its fingerprints are keyed' 'or everything is compared'
keyed "$T/fingerprint.key"
forged=$(sql shop_copy "SELECT (dr_table_fingerprint('users')).digest")
sql shop "UPDATE dr.snapshot_relations SET digest = '$forged', buckets = NULL WHERE snapshot = $snapshot AND name = 'users'"
try_sql shop "SELECT * FROM dr_verify_against('shop_copy', $snapshot, key => '\\x$key')"
like "$err" '22000.*altered after it was taken' 'so is an altered snapshot: its seal is broken'
sql shop "UPDATE dr.snapshots SET header = header - 'seal' - 'key_check' WHERE id = $snapshot"
try_sql shop "SELECT * FROM dr_verify_against('shop_copy', $snapshot, key => '\\x$key')"
like "$err" '0A000.*no keyed fingerprints' 'and one made unkeyed'
done_testing
