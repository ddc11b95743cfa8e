#!/usr/bin/env bash
# A dump that something came in between is made anew; what can never be proven is kept as incomplete and counts for nothing.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 100
sql shop 'CREATE EXTENSION pgdr; CREATE TABLE flicker AS SELECT generate_series(1, 50) AS i; CREATE TABLE goner (i int); CREATE VIEW seen AS SELECT 1 AS one'
write_config shop
make_repository
newest() { sql shop "SELECT $1 FROM dr.backups ORDER BY id DESC LIMIT 1"; }
once() { printf '[ -e %q ] || { touch %q; psql -XAtq -v ON_ERROR_STOP=1 -d shop -c %q; }' "$T/$1" "$T/$1" "$2"; }
exit_is 0 pgdr backup
good=$(newest label)

# --- once: another attempt is enough -------------------------------------------------------------------------------------------
n=0
for change in 'TRUNCATE flicker; INSERT INTO flicker VALUES (1), (2)' 'ALTER TABLE flicker ALTER i TYPE bigint' 'VACUUM FULL flicker' \
  'ALTER TABLE flicker ADD j integer' 'DROP TABLE goner' 'DROP VIEW seen' 'DROP FUNCTION IF EXISTS none(); CREATE TABLE late (i int)'; do
  n=$((n + 1))
  fault_program pg_dump --before "$(once "change-$n" "$change")"
  exit_is 0 pgdr backup
  is "$(newest state)" complete "complete in spite of: $change"
  clear_faults
  exit_is 0 pgdr restore latest --to copy
  is "$(sql copy 'SELECT count(*) FROM flicker')" "$(sql shop 'SELECT count(*) FROM flicker')" 'and proven'
  sql postgres 'DROP DATABASE copy'
done
is "$(find "$REPO/shop" -name manifest.json | wc -l)" "$(find "$REPO/shop" -mindepth 1 -maxdepth 1 -name '2*' | wc -l)" 'attempts leave nothing behind'
good=$(newest label)

# --- always ------------------------------------------------------------------------------------------------------------------------
fault_program pg_dump --before 'psql -XAtq -d shop -c "TRUNCATE flicker; INSERT INTO flicker VALUES (1)"'
exit_is 3 pgdr backup
clear_faults
like "$err" 'public\.flicker.*begun anew under a new snapshot \(2 of 3\)' 'it is tried again'
like "$err" 'error: backup .* does not count, for it cannot be proven: table public\.flicker: rewritten' 'in the end it says so, and names the table'
like "$out" 'state: +incomplete' 'the result is incomplete'
label=$(newest label)
is "$(newest state)" incomplete 'so it is in the catalog'
like "$(sql shop "SELECT severity || message FROM dr.events WHERE kind = 'backup_incomplete' LIMIT 1")" "error.*$label.*flicker" 'with an event'
is "$(jq -r '[.version, .state] | @csv' "$REPO/shop/$label/manifest.json")" '2,"incomplete"' 'and in the manifest, which 0.1.0 does not read'
unlike "$(cat "$REPO/shop/$label/manifest.json")" flicker 'where no table is named'
like "$(sql shop "SELECT explanation FROM dr_status() WHERE objective = 'rpo'")" "$good" 'the recovery point stays that of the last good backup'
isnt "$(sql shop "SELECT state FROM dr_status() WHERE objective = 'backup'")" ok 'the status is not ok'
exit_is 0 pgdr list
like "$out" "$label.*incomplete" 'list shows it'
exit_is 0 pgdr show "$label"
like "$out" 'cannot be proven' 'show, too'
exit_is 0 pgdr restore latest --to copy
like "$out$err" "$good" 'latest is the last good one'
sql postgres 'DROP DATABASE copy'
is "$(pgdr --json backup --help >/dev/null; pgdr --json list | jq -r "[.. | objects | select(.label? == \"$label\") | .incomplete] | first")" true 'the list in JSON says it'
capture pgdr restore "$label" --to copy
isnt "$code" 0 'restored by its name, it is not proven'
is "$(sql copy 'SELECT count(*) FROM users')" "$(sql shop 'SELECT count(*) FROM users')" 'but its rows are there'
sql postgres 'DROP DATABASE copy'
exit_is 0 pgdr verify "$label"

# --- the repository is the truth ------------------------------------------------------------------------------------------------------
sql shop 'DROP EXTENSION pgdr CASCADE; CREATE EXTENSION pgdr'
exit_is 0 pgdr catalog rebuild
is "$(sql shop "SELECT state FROM dr.backups WHERE label = '$label'")" incomplete 'a rebuilt catalog has it as incomplete'
like "$(sql shop "SELECT explanation FROM dr_status() WHERE objective = 'rpo'")" "$good" 'and the same recovery point'

# --- retention -----------------------------------------------------------------------------------------------------------------------------
exit_is 0 pgdr verify latest
printf '[retention]\nkeep_last = 1\n' >>"$CONFIG"
exit_is 0 pgdr expire --set shop
ok 'the last good backup is not put out by an incomplete one' test -e "$REPO/shop/$good/manifest.json"
done_testing
