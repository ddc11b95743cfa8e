#!/usr/bin/env bash
# What is known to be bad stays bad until it was read or brought anew, whichever way the catalog hears of the repositories; what they
# remember of proofs comes back with it; one good copy is enough for every file.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 20
sql shop 'CREATE EXTENSION pgdr'
make_key
cat >"$CONFIG" <<TOML
version = 1
[repository.a]
type = "local"
path = "$T/a"
[repository.b]
type = "local"
path = "$T/b"
[set.shop]
database = "postgresql:///shop"
repositories = ["a", "b"]
recipients = ["$RECIPIENT"]
[restore]
identity_file = "$IDENTITY"
TOML
for name in a b; do make_repository "$T/$name"; done
copies() { sql "${2:-shop}" "SELECT string_agg(repository || ' ' || c.state, ', ' ORDER BY repository) FROM dr.copies c JOIN dr.backups b ON b.id = c.backup WHERE label = '$1'"; }
events() { sql shop "SELECT count(*) FROM dr.events WHERE kind LIKE 'copy_%' AND message LIKE '%$1%'"; }
take() { exit_is 0 pgdr backup; label=$(sql shop 'SELECT label FROM dr.backups ORDER BY id DESC LIMIT 1'); }
flip() { printf '\xff' | dd of="$1" bs=1 seek=$(($(stat -c %s "$1") - 9)) conv=notrunc status=none; }

# --- damage is not healed by hearsay -------------------------------------------------------------------------------------------------------
take; one=$label
flip "$T/a/shop/$one/database.dump.zst.age"
exit_is 1 pgdr verify
is "$(copies "$one")" 'a damaged, b complete' 'verify finds the damage'
exit_is 0 pgdr catalog rebuild
is "$(copies "$one")" 'a damaged, b complete' 'rebuild, which reads no bytes, does not mend it'
exit_is 0 pgdr catalog rebuild
exit_is 1 pgdr verify
is "$(events "$one")" 1 'of one damage there is one event, however often one looks'
createdb other
sql other 'CREATE EXTENSION pgdr'
exit_is 0 pgdr catalog rebuild --database other
is "$(copies "$one" other)" 'a damaged, b complete' 'an empty catalog learns of it from the mark in the repository'
exit_is 0 pgdr copy
like "$out" repaired 'copy brings it anew'
is "$(copies "$one")" 'a complete, b complete' 'which mends it'
exit_is 0 pgdr verify

# a file that is gone is seen without reading
rm "$T/b/shop/$one/globals.sql.zst.age"
sql postgres 'DROP DATABASE other'
createdb other
sql other 'CREATE EXTENSION pgdr'
exit_is 0 pgdr catalog rebuild --database other
is "$(copies "$one" other)" 'a complete, b damaged' 'rebuild looks whether every file is there'
exit_is 0 pgdr catalog rebuild
is "$(copies "$one")" 'a complete, b damaged' 'also where the catalog believed better'
exit_is 0 pgdr copy
is "$(copies "$one")" 'a complete, b complete' 'and copy has something to bring'

# --- under other keys ------------------------------------------------------------------------------------------------------------------------
take; two=$label
second=$T/second.txt
age-keygen -o "$second" 2>/dev/null
chmod 600 "$second"
both=$(age-keygen -y "$second")
sed -i "s/^recipients = .*/recipients = [\"$RECIPIENT\", \"$both\"]/" "$CONFIG"
exit_is 0 pgdr key rewrap "$two" --repository b --identity "$IDENTITY"
dump=$(ls "$T/b/shop/$two" | grep 'database.*age$')
exit_is 0 pgdr --json copy "$two" --to b
is "$(jq -r '.copies[].state' <<<"$out")" present 'a whole rewrapped copy is as good as any'
for damage in rm flip; do
  [ "$(find "$T/b/shop/$two" -name 'database.r*.age' | wc -l)" = 1 ] || exit_is 0 pgdr key rewrap "$two" --repository b --identity "$IDENTITY"
  dump=$(ls "$T/b/shop/$two" | grep 'database.r.*age$')
  $damage "$T/b/shop/$two/$dump"
  exit_is 1 pgdr verify "$two"
  is "$(copies "$two")" 'a complete, b damaged' "$damage: its dump is not what it was"
  exit_is 0 pgdr copy
  like "$out" repaired 'it is brought again from the copy under the older keys'
  exit_is 0 pgdr verify "$two" --deep --identity "$IDENTITY"
  rm -f "$T/b/shop/$two/"*.r[0-9]*
done

# --- what the repository remembers, and one reader over all copies ------------------------------------------------------------------------------
exit_is 0 pgdr restore "$one" --to proof
exit_is 0 pgdr verify --all
flip "$T/a/shop/$one/snapshot.json.zst.age"
exit_is 0 pgdr show "$one"
like "$out" 'public.users' 'a snapshot document that is damaged in the first repository is read from the second'
like "$err" 'snapshot.json.zst.age' 'with a warning'
sql postgres 'DROP DATABASE other'
createdb other
sql other 'CREATE EXTENSION pgdr'
capture pgdr catalog rebuild --database other
is "$(sql other "SELECT count(*) FROM dr.backups WHERE snapshot IS NOT NULL")" 2 'both snapshots come back'
is "$(sql other "SELECT string_agg(b.label, ',') FROM dr.verifications v JOIN dr.backups b ON b.id = v.backup WHERE v.restored AND v.passed")" \
  "$one" 'so does the proof'
is "$(sql other "SELECT count(*) FROM dr.copies WHERE checked_at IS NULL")" 0 'and when each copy was read'
proofs=$(sql other 'SELECT count(*) FROM dr.verifications')
capture pgdr catalog rebuild --database other
is "$(sql other 'SELECT count(*) FROM dr.verifications')" "$proofs" 'once'
before=$(sql shop 'SELECT count(*) FROM dr.verifications')
capture pgdr catalog rebuild
is "$(sql shop 'SELECT count(*) FROM dr.verifications')" "$before" 'a catalog that made the proof hears nothing new'

# --- several sets that fail differently --------------------------------------------------------------------------------------------------------
cat >>"$CONFIG" <<TOML
[repository.gone]
type = "local"
path = "$T/nowhere"
[set.astray]
database = "postgresql:///absent"
repositories = ["gone"]
recipients = ["$RECIPIENT"]
[set.zero]
database = "postgresql:///absent"
repositories = ["a"]
recipients = ["$RECIPIENT"]
TOML
capture pgdr list
is "$code" 10 'list: one set has no repository, one only no database'
capture pgdr status
is "$code" 4 'status: the database of two sets is not there'
like "$err" 'set astray.*set zero' 'each is told'
done_testing
