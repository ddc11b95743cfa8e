#!/usr/bin/env bash
# The database and its catalog are lost; the repository is enough for both.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 150
sql shop 'CREATE EXTENSION pgdr'
write_config shop
make_repository
exit_is 0 pgdr backup
sql shop "INSERT INTO users (mail, name) VALUES ('late@example.org', 'late')"
exit_is 0 pgdr backup
known=$(sql shop "SELECT string_agg(label || ' ' || recovery_point || ' ' || stored_bytes, E'\n' ORDER BY label) FROM dr.backups")
sql postgres 'DROP DATABASE shop'

exit_is 0 pgdr list
is "$(grep -c 'Z-' <<<"$out")" 2 'list shows both without the database'
exit_is 0 pgdr restore latest --to shop
is "$(sql shop "SELECT count(*) FROM users WHERE mail = 'late@example.org'")" 1 'the newest state is back, under the old name'

# the restored catalog is that of the moment of the backup: the last backup was still running
# (so it is where a backup is killed before the catalog hears of its end)
cp -a "$REPO" "$T/aside"
is "$(sql shop "SELECT state FROM dr.backups ORDER BY id DESC LIMIT 1")" running 'it seems to run'
exit_is 0 pgdr backup
like "$err" 'was complete but not recorded; it is now' 'the next backup looks into the repository'
is "$(sql shop "SELECT string_agg(label || ' ' || recovery_point || ' ' || stored_bytes, E'\n' ORDER BY label) FROM dr.backups WHERE state = 'complete' AND label IN (SELECT label FROM dr.backups ORDER BY id LIMIT 2)")" "$known" 'and records it as what it is'
is "$(sql shop "SELECT count(*) FROM dr.copies WHERE state = 'complete'") $(sql shop "SELECT count(*) FROM dr.events WHERE kind = 'backup_abandoned'")" '3 0' 'with its copy, and without an alarm'
sql postgres 'DROP DATABASE shop'
rm -r "$REPO"
mv "$T/aside" "$REPO"
exit_is 0 pgdr restore latest --to shop
exit_is 0 pgdr catalog rebuild
is "$(sql shop "SELECT string_agg(label || ' ' || recovery_point || ' ' || stored_bytes, E'\n' ORDER BY label) FROM dr.backups WHERE state = 'complete'")" "$known" 'rebuild completes it'

# an empty database
createdb empty
sql empty 'CREATE EXTENSION pgdr'
exit_is 0 pgdr catalog rebuild --database empty
like "$out" '2 backups' 'two backups are imported'
is "$(sql empty "SELECT string_agg(label || ' ' || recovery_point || ' ' || stored_bytes, E'\n' ORDER BY label) FROM dr.backups")" "$known" 'the history is what it was'
is "$(sql empty "SELECT count(*) FROM dr.copies WHERE state = 'complete'")" 2 'with the copies'
is "$(sql empty 'SELECT count(*) FROM dr.backups WHERE snapshot IS NOT NULL')" 2 'and the snapshots, by the key'
before=$(sql empty 'SELECT (SELECT count(*) FROM dr.backups), (SELECT count(*) FROM dr.snapshots), (SELECT count(*) FROM dr.copies)')
exit_is 0 pgdr catalog rebuild --database empty
is "$(sql empty 'SELECT (SELECT count(*) FROM dr.backups), (SELECT count(*) FROM dr.snapshots), (SELECT count(*) FROM dr.copies)')" "$before" 'a second time changes nothing'
# two labels of one second do not say which is newer
label=$(sql empty 'SELECT label FROM dr.backups ORDER BY recovery_point DESC LIMIT 1')
is "$(sql empty "SELECT status FROM dr_verify_against('shop', backup => '$label') WHERE check_name = 'verdict'")" passed 'the imported snapshot proves the restored database'

# two repositories: the union of what they hold; where they disagree about one label, neither is believed
cp -a "$REPO" "$T/second"
sed -i 's/^\[set/[repository.second]\ntype = "local"\npath = "'"${T//\//\\/}"'\/second"\n&/; s/^repositories.*/repositories = ["local", "second"]/' "$CONFIG"
mapfile -t labels < <(ls "$REPO/shop" | grep Z-)
rm -r "$REPO/shop/${labels[0]}"
createdb union
sql union 'CREATE EXTENSION pgdr'
exit_is 0 pgdr catalog rebuild --database union
is "$(sql union 'SELECT count(*) FROM dr.backups')" 2 'what only one repository holds is imported'
is "$(sql union 'SELECT count(*) FROM dr.copies')" 3 'with the copies there are'
sed -i 's/"recovery_lsn": "[^"]*"/"recovery_lsn": "F\/F"/' "$T/second/shop/${labels[1]}/manifest.json"
createdb doubt
sql doubt 'CREATE EXTENSION pgdr'
exit_is 1 pgdr catalog rebuild --database doubt
like "$err" 'repositories local and second hold different backups .* '"${labels[1]}"': recovery_lsn' 'a conflict names both repositories, the label and what differs'
is "$(sql doubt 'SELECT string_agg(label, $$ $$) FROM dr.backups')" "${labels[0]}" 'and only the others are imported'
exit_is 3 pgdr list
like "$err" 'hold different backups' 'list says so, too'
rm -rf "$REPO"
mv "$T/second" "$REPO"
sed -i '/^\[repository.second\]/,/^path/d; s/^repositories.*/repositories = ["local"]/' "$CONFIG"

unset PGDR_IDENTITY
createdb keyless
sql keyless 'CREATE EXTENSION pgdr'
exit_is 0 pgdr catalog rebuild --database keyless
like "$out" 'identity' 'without a key it says what is missing'
is "$(sql keyless 'SELECT count(*) FROM dr.backups')" 2 'and imports the rest'

first=$(find "$REPO/shop" -name manifest.json | sort | head -1)
echo broken >"$first"
exit_is 3 pgdr catalog rebuild --database keyless
like "$err" 'not a JSON document' 'a manifest that cannot be read is named'
done_testing
