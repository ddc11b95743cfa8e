#!/usr/bin/env bash
# Old backups go by rules, and never the one that is needed: expire, keep, leases, and every doubt that stops a deletion.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 20
sql shop 'CREATE EXTENSION pgdr'
write_config shop
make_repository
retention() { sed -i '/^\[retention/,$d' "$CONFIG" && printf '[retention]\n%s\n' "$1" >>"$CONFIG"; }

exit_is 0 pgdr backup --class weekly
real=$(ls "$REPO/shop")
is "$(grep -c '"class": "weekly"' "$REPO/shop/$real/manifest.json")" 1 'the class is in the manifest'

# aged DAYS: the backup again, as if it had been made so many days earlier. Sets label.
aged() {
  local then
  then=$(date -u -d "$1 days ago" +%Y-%m-%dT02:00:00)
  label=$(date -u -d "$then" +%Y%m%dT%H%M%SZ)-aaaa
  cp -a "$REPO/shop/$real" "$REPO/shop/$label"
  sed -i -E "s/$real/$label/; s/\"class\": \"weekly\"/\"x\": 0/
    s/\"(started_at|finished_at|recovery_point)\": \"[^\"]*\"/\"\1\": \"${then}.000000Z\"/" "$REPO/shop/$label/manifest.json"
}
for days in 2 3 4 40 41 42; do aged $days; done
all=7

exit_is 2 pgdr expire
like "$err" 'no rule' 'without rules nothing is deleted'
retention 'keep_nightly = 3
time_zone = "Europe/Berlin"'
exit_is 3 pgdr expire
like "$err" 'verified' 'nothing goes while no backup is verified'
is "$(find "$REPO/shop" -name manifest.json | wc -l)" $all 'all are there'

exit_is 0 pgdr verify latest
is "$(ls "$REPO/shop/proofs" | wc -l)" 1 'the repository itself remembers that a backup was verified'
sql shop "UPDATE dr.copies SET checked_at = NULL" # not from the catalog

exit_is 0 pgdr expire --set shop --dry-run --repository local
is "$(find "$REPO/shop" -name manifest.json | wc -l)" $all 'a dry run deletes nothing'
like "$out" "$label .* delete  no rule keeps it" 'and says what would go, and why'

# doubts
cp -a "$REPO" "$T/pristine"
heal() { rm -rf "$REPO" && cp -a "$T/pristine" "$REPO"; }
stops() { # stops REGEX NAME
  exit_is 5 pgdr expire
  like "$err" "$1" "$2"
  is "$(find "$REPO/shop" -name manifest.json | wc -l)" "${3:-$all}" 'and nothing went'
  heal
}
echo x >"$REPO/shop/notes.txt"
stops 'unknown origin.*notes.txt' 'an unknown file stops it'
echo x >"$REPO/shop/$label/extra"
stops 'unknown origin.*extra' 'in a backup, too'
sed -i 's/"set"/"sot"/' "$REPO/shop/$label/manifest.json"
stops "$label" 'a manifest that cannot be read stops it'
sed -i -E 's/"finished_at": "20../"finished_at": "2199/' "$REPO/shop/$label/manifest.json"
stops 'clock is behind' 'a clock behind the newest backup stops it'
sed -i -E 's/"system_identifier": "[0-9]+"/"system_identifier": "1"/' "$(ls -d "$REPO"/shop/*-aaaa | sed -n 4p)/manifest.json"
stops 'alternate' 'two clusters in turn stop it'
pgdr keep "$label" --forever >/dev/null
sed -i 's/forever/2001-01-01T00:00:00.000000Z/' "$REPO"/shop/pins/*
stops 'damaged' 'a damaged pin stops it'
rm "$REPO/pgdr-repository.json"
exit_is 10 pgdr expire
heal
exec 9>"$REPO/.lock-shop"
flock 9
exit_is 11 pgdr expire
exec 9>&-

# pins and leases
oldest=$label
exit_is 0 pgdr keep "$oldest" --until "$(date -d '+10 days' +%F)" --reason 'before the migration'
like "$out" 'kept until' 'pinned'
exit_is 0 pgdr keep
like "$out" "$oldest.*before the migration" 'the pins can be listed'
exit_is 0 pgdr list
like "$out" "$oldest .*kept until" 'list shows it'
exit_is 0 pgdr show "$oldest"
like "$out" 'kept .*before the migration' 'show says why'
exit_is 2 pgdr keep "$oldest" --until 2001-01-01
exit_is 2 pgdr keep "$oldest"
reading=$(ls "$REPO/shop" | sed -n 2p)
mkdir "$REPO/shop/leases" && echo x >"$REPO/shop/leases/$reading.restore.0123abcd.1"
stale=$(ls "$REPO/shop" | sed -n 3p)
echo x >"$REPO/shop/leases/$stale.restore.0123abce.7"
touch -d '3 hours ago' "$REPO/shop/leases/$stale.restore.0123abce.7"
mkdir "$REPO/shop/20200101T000000Z-dead" "$REPO/shop/20200102T000000Z-beef"
echo x >"$REPO/shop/20200101T000000Z-dead/database.dump.zst.age"
touch -d '2 days ago' "$REPO/shop/20200101T000000Z-dead/database.dump.zst.age"
echo x >"$REPO/shop/20200102T000000Z-beef/database.dump.zst.age"
exit_is 0 pgdr expire --json
is "$(jq -r '[.sets[].repositories[].backups[] | select(.fate == "deleted")] | length' <<<"$out")" 2 'two of seven go'
is "$(jq -r ".sets[0].repositories[0].backups[] | select(.label == \"$oldest\") | .reasons[0]" <<<"$out" | grep -c 'before the migration')" 1 'the pin is the reason'
ok 'the pinned backup stays' test -e "$REPO/shop/$oldest/manifest.json"
ok 'that which is being read stays' test -e "$REPO/shop/$reading/manifest.json"
not_ok 'a stale lease keeps nothing' test -e "$REPO/shop/$stale"
not_ok 'an old leftover is gone' test -e "$REPO/shop/20200101T000000Z-dead"
ok 'a young unknown folder stays' test -e "$REPO/shop/20200102T000000Z-beef"
is "$(sql shop "SELECT string_agg(state, ',') FROM dr.copies")" complete 'the catalog knows the others not at all'
exit_is 0 pgdr expire --json
is "$(jq -r '[.sets[].repositories[].backups[] | select(.fate != "keep")] | length' <<<"$out")" 0 'a second run deletes nothing'
rm -r "$REPO/shop/leases" "$REPO/shop/20200102T000000Z-beef"
exit_is 0 pgdr keep "$oldest" --release
exit_is 0 pgdr catalog rebuild

# the catalog follows, at once or later
stop_cluster
exit_is 3 pgdr expire
like "$err" 'catalog does not know' 'without the database it deletes all the same, and says what lags'
is "$(find "$REPO/shop" -name manifest.json | wc -l)" 3 'the rules are met'
start=$("$top/script/cluster" restart "$T/main" 2>&1) || die 'the server starts' "$start"
is "$(sql shop "SELECT count(*) FROM dr.copies WHERE state = 'deleted'")" 0 'the catalog does not know yet'
exit_is 0 pgdr expire
is "$(sql shop "SELECT count(*) FROM dr.copies WHERE state = 'deleted'")" 2 'the next run tells it'
not_ok 'and the notes are gone' test -e "$REPO/shop/expired"

# an expire that dies when the manifest is gone: a file that cannot be removed stops it there
retention 'keep_last = 1'
dying=$(ls "$REPO/shop" | grep ^2 | head -1)
if chattr +i "$REPO/shop/$dying/globals.sql.zst.age" 2>/dev/null; then
  sql shop "UPDATE dr.copies SET state = 'complete' WHERE backup = (SELECT id FROM dr.backups WHERE label = '$dying')"
  exit_is 1 pgdr expire
  chattr -i "$REPO/shop/$dying/globals.sql.zst.age"
  sql shop "UPDATE dr.copies SET state = 'complete' WHERE backup = (SELECT id FROM dr.backups WHERE label = '$dying')"
  not_ok 'the manifest went first' test -e "$REPO/shop/$dying/manifest.json"
  exit_is 0 pgdr verify --all
  like "$err" "$dying .*is being expired" 'what was being deleted is no damage'
  touch "$REPO/shop/$dying/globals.sql.zst.age"
  exit_is 0 pgdr expire
  not_ok 'the next run removes the rest at once, however young it is' test -e "$REPO/shop/$dying"
  is "$(sql shop "SELECT c.state FROM dr.copies c JOIN dr.backups b ON b.id = c.backup WHERE label = '$dying'")" deleted 'and tells the catalog'
  not_ok 'and the notes are gone' test -e "$REPO/shop/expired"
else
  skip 'no immutable files here' 7
fi
# one that dies before the manifest goes has deleted nothing
mkdir "$REPO/shop/expired"
echo "$real" >"$REPO/shop/expired/$real.20260101T000000Z"
exit_is 0 pgdr expire
ok 'a note about a backup that is there deletes nothing' test -e "$REPO/shop/$real/manifest.json"
not_ok 'and is void' test -e "$REPO/shop/expired"
is "$(sql shop "SELECT c.state FROM dr.copies c JOIN dr.backups b ON b.id = c.backup WHERE label = '$real'")" complete 'for the catalog, too'
# a run that is going on
mkdir "$REPO/shop/20990101T000000Z-beef" && echo x >"$REPO/shop/20990101T000000Z-beef/database.dump.zst.age"
exit_is 0 pgdr verify --all
rm -r "$REPO/shop/20990101T000000Z-beef"

# a restore holds a lease as long as it runs
fault_program pg_restore --hang
background pgdr restore latest --to other
restore=$!
await 'ls "$REPO"/shop/leases/*.restore.*' 20 'a running restore holds a lease'
kill "$restore"
wait "$restore"
await '! test -e "$REPO/shop/leases"' 20 'it ends with it'
clear_faults
done_testing
