#!/usr/bin/env bash
# pgdr init: from nothing to a set, without questions; a second run changes nothing; nothing is ever overwritten.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 50
createdb other
chmod 755 "$T"
state() { find "$T/etc" "$REPO" -type f ! -name '.lock*' -exec sha256sum {} + | sort; }
CONFIG=$T/etc/pgdr.toml
init() { "$PGDR_BIN" --config "$CONFIG" init "$@"; }

# --- nothing there, something missing -------------------------------------------------------------------------------------
exit_is 2 init
like "$err" '--database is missing' 'without a terminal, what is missing is named'
exit_is 2 init --database shop
like "$err" '--repository' 'a repository is not guessed'
exit_is 2 init --database shop --repository relative/path --yes
exit_is 2 init --database 'postgresql://u:hunter2@localhost/shop' --repository "$REPO" --yes
unlike "$err" 'hunter2' 'a password is not repeated'
like "$err" 'pgpass' 'and its place is named'
exit_is 2 init --database shop --repository "$REPO" --recipient age1wrong
exit_is 4 init --database nosuch --repository "$REPO" --yes
exit_is 10 init --database shop --repository "$T/no/such/folder" --yes
mkdir -p "$T/full"
echo mine >"$T/full/file"
exit_is 5 init --database shop --repository "$T/full" --yes
like "$err" 'not empty' 'a folder with something else in it is refused'
not_ok 'nothing was written so far' test -e "$CONFIG" -o -e "$REPO"

# --- the first set -------------------------------------------------------------------------------------------------------
exit_is 0 init --database shop --repository "$REPO" --yes
like "$out" 'loses every backup' 'it says what losing the key means'
like "$out" 'done +extension' 'the extension is created'
is "$(sql shop "SELECT count(*) FROM pg_extension WHERE extname = 'pgdr'")" 1 'and is there'
is "$(stat -c %a "$CONFIG" "$T/etc/identity.txt" "$T/etc/signing.pem" "$REPO" "$REPO/pgdr-repository.json" | tr '\n' ' ')" \
  '600 600 600 700 600 ' 'everything is private'
is "$(age-keygen -y "$T/etc/identity.txt")" "$(pgdr key show "$T/etc/identity.txt")" 'age reads the key'
like "$(cat "$CONFIG")" "$(age-keygen -y "$T/etc/identity.txt")" 'the configuration names its public half'
before=$(state)
exit_is 0 init
like "$out" 'nothing was changed' 'a second run says that it changed nothing'
exit_is 0 init --database shop --repository "$REPO" --yes
is "$(state)" "$before" 'and changed nothing'
exit_is 2 init --set shop --database other
like "$err" 'says otherwise' 'a contradiction to what exists is refused'
exit_is 0 pgdr doctor

# --- a failure half-way, then again --------------------------------------------------------------------------------------
rm "$CONFIG"
exit_is 0 init --database shop --repository "$REPO" --yes
like "$out" 'unchanged +key' 'a key that is there is used, not replaced'

# --- another set, in the same file ---------------------------------------------------------------------------------------
cp "$CONFIG" "$T/before.toml"
exit_is 0 init --database other
is "$(head -c "$(stat -c %s "$T/before.toml")" "$CONFIG" | sha256sum)" "$(sha256sum <"$T/before.toml")" 'what was in the file stays'
is "$(pgdr --json key show | jq -r '[.sets[].set] | join(" ")')" 'other shop' 'both sets are there'
is "$(pgdr --json key show | jq -r '[.sets[].recipients[0]] | unique | length')" 1 'with the same key'
echo 'bogus = 1' >>"$CONFIG"
before=$(state)
exit_is 2 init --database postgres
is "$(state)" "$before" 'a file with an error is left alone'
sed -i '$d' "$CONFIG"

# --- without the right to create the extension ---------------------------------------------------------------------------
sql postgres 'CREATE ROLE modest LOGIN'
createdb third
exit_is 3 init --database 'postgresql://modest@/third' --set third
like "$out" 'CREATE EXTENSION pgdr SCHEMA "public";' 'the SQL for a superuser is shown'
sql third 'CREATE EXTENSION pgdr SCHEMA public'
exit_is 3 init --set third
like "$out" "dr.grant_to\(" 'then the grant'
sql third "GRANT pg_read_all_data TO modest; SELECT dr_grant('modest', 'backup')" >/dev/null
exit_is 0 init --set third
like "$out" 'nothing was changed' 'then it is complete'

# --- JSON, keys ----------------------------------------------------------------------------------------------------------
is "$(init --set third --json | jq -c '[.complete, .changed]')" '[true,false]' '--json says the same'
exit_is 0 pgdr key generate -o "$T/second.txt"
is "$out" "$(age-keygen -y "$T/second.txt")" 'key generate prints the recipient'
before=$(sha256sum <"$T/second.txt")
exit_is 1 pgdr key generate -o "$T/second.txt"
is "$(sha256sum <"$T/second.txt")" "$before" 'a key is never overwritten'
chmod 644 "$T/second.txt"
exit_is 12 pgdr key show "$T/second.txt"
like "$err" 'chmod 600' 'a key that others can read is refused with the remedy'
echo '{"format":"pgdr-repository","version":2,"id":"x","created_at":"2026-01-01T00:00:00Z"}' >"$REPO/pgdr-repository.json"
exit_is 2 init --set third
like "$err" 'newer' 'a repository of a newer format is refused'
done_testing
