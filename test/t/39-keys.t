#!/usr/bin/env bash
# Keys change, get passphrases and are lost: old backups follow by rewrap, and no moment of it leaves none that can be opened.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 20
sql shop 'CREATE EXTENSION pgdr'
make_key old
old=$IDENTITY
write_config shop
exit_is 0 pgdr key generate --signing -o "$T/signing.pem"
printf '[signing]\nkey_file = "%s"\ntrusted = ["%s"]\n# end\n' "$T/signing.pem" "$out" >>"$CONFIG"
make_repository
unset PGDR_IDENTITY
exit_is 0 pgdr backup
label=$(ls "$REPO/shop")
folder=$REPO/shop/$label

# proven or not
exit_is 0 pgdr doctor
like "$out" 'warn.*key proven' 'doctor warns while no key was ever shown to open a backup'
exit_is 0 pgdr verify latest
exit_is 0 pgdr doctor
like "$out" 'warn.*key proven' 'to re-read the bytes proves no key'
exit_is 0 pgdr verify --deep latest -i "$old"
exit_is 0 pgdr doctor
like "$out" 'ok.*key proven.*newest backup was opened' 'to open it does'

# a protected identity
printf 'correct horse\n' >"$T/phrase" && printf 'wrong horse\n' >"$T/wrong"
chmod 600 "$T/phrase" "$T/wrong"
exit_is 0 pgdr key generate -o "$T/new.txt" --protect --passphrase-file "$T/phrase"
new=$out
like "$(head -c 30 "$T/new.txt")" 'age-encryption.org/v1' 'the key file is an age file itself'
exit_is 12 setsid -w "$PGDR_BIN" --config "$CONFIG" key show "$T/new.txt"
like "$err" 'no terminal' 'without a terminal the passphrase cannot be asked for'
if command -v script >/dev/null; then
  # the question is asked on a terminal, and what is typed is not shown
  : >"$T/said"
  { await 'grep -q "passphrase of" "$T/said"' 20 && cat "$T/phrase" && await 'grep -q age1 "$T/said"' 20; } |
    timeout 60 script -qfec "'$PGDR_BIN' key show '$T/new.txt'" /dev/null >"$T/said"
  said=$(tr '\r\n' '  ' <"$T/said")
  like "$said" "passphrase of .*$new" 'on a terminal it is'
  unlike "$said" 'horse' 'and it is not shown'
else
  skip 'there is no script(1)' 2
fi

# rotate: the list changes, and nothing else
cp "$CONFIG" "$T/before.toml"
exit_is 2 pgdr key rotate --remove "$RECIPIENT"
like "$err" 'nobody could open' 'the last recipient stays'
exit_is 2 pgdr key rotate --add age1nonsense
exit_is 0 pgdr key rotate --add "$new" --remove "$RECIPIENT"
is "$(diff "$T/before.toml" "$CONFIG" | grep -c '^[<>]')" 2 'one line of the configuration differs'
like "$(grep recipients "$CONFIG")" "^recipients = \\[\"$new\"\\]$" 'the new recipient is in it'
exit_is 0 pgdr backup
exit_is 0 pgdr verify latest --deep -i "$T/new.txt" --passphrase-file "$T/phrase"
exit_is 12 pgdr verify latest --deep -i "$T/new.txt" --passphrase-file "$T/wrong"
exit_is 12 pgdr verify latest --deep -i "$old"
newest=$(ls "$REPO/shop" | grep Z- | tail -1)
rm -r "$REPO/shop/$newest"
sql shop "SELECT dr_copy_record('$newest', 'local', '$REPO', 'deleted')" >/dev/null
is "$(pgdr verify "$label" --deep -i - <"$old" >/dev/null && echo opened)" opened 'the old backup opens with the old key, from standard input, too'

# rewrap
cp -a "$folder" "$T/pristine"
exit_is 12 pgdr key rewrap --all -i "$T/wrong"
exit_is 2 pgdr key rewrap -i "$old"
exit_is 0 pgdr key rewrap --all -i "$old"
like "$out" "$label +local +rewrapped" 'the old backup is rewrapped'
ok 'checksums fit' bash -c "cd '$folder' && sha256sum --quiet --check SHA256SUMS"
is "$(ls "$folder" | wc -l)" "$(ls "$T/pristine" | wc -l)" 'nothing is left over'
exit_is 0 pgdr verify "$label" --deep -i "$T/new.txt" --passphrase-file "$T/phrase"
exit_is 12 pgdr verify "$label" --deep -i "$old"
exit_is 0 pgdr restore "$label" --to again -i "$T/new.txt" --passphrase-file "$T/phrase"
exit_is 0 pgdr catalog rebuild
exit_is 0 pgdr list
exit_is 0 pgdr key rewrap --all -i "$old"
like "$out" 'was so' 'a second time there is nothing to do'
cp -a "$folder" "$T/after"

# every moment at which it may be cut short, put together from before and after
opens() { pgdr verify "$label" --deep -i "$old" || pgdr verify "$label" --deep -i "$T/new.txt" --passphrase-file "$T/phrase"; }
moment() { # moment NAME: $folder is as it was then
  ok "cut short $1: the backup opens" opens
  ok "cut short $1: rewrap goes on" pgdr key rewrap "$label" -i "$old"
  ok "cut short $1: and the new key opens it" pgdr verify "$label" --deep -i "$T/new.txt" --passphrase-file "$T/phrase"
  is "$(ls "$folder" | wc -l)" "$(ls "$T/after" | wc -l)" "cut short $1: nothing is left over"
}
reset() { rm -rf "$folder" && cp -a "$T/pristine" "$folder" && cp -a "$T"/after/*.age* "$folder"; }
next() { cp "$T/after/manifest.json" "$folder/manifest.next.json" && cp "$T/after/manifest.json.sig" "$folder/manifest.next.json.sig"; }
reset
moment 'with new artifacts'
reset && cp "$T/after/manifest.json.sig" "$folder/manifest.next.json.sig"
moment 'with the next signature alone'
reset && next
moment 'with the next manifest'
reset && next && rm "$folder/manifest.json"
moment 'without the manifest'
reset && next && rm "$folder"/manifest.json{,.sig} "$folder/SHA256SUMS" "$folder/RESTORE.txt"
moment 'without the small files'
reset && next && cp "$T"/after/{manifest.json,manifest.json.sig,SHA256SUMS,RESTORE.txt} "$folder"
moment 'with both manifests'
rm -rf "$folder" && cp -a "$T/after" "$folder" && cp "$T/pristine/manifest.json.sig" "$folder/manifest.next.json.sig"
moment 'with a signature left over'

# what was cut is copied with its own signature, whichever manifest is in force
mkdir "$T/other"
make_repository "$T/other"
cp "$CONFIG" "$T/one.toml"
printf '[repository.other]\ntype = "local"\npath = "%s"\n' "$T/other" >>"$CONFIG"
reset && next && rm "$folder/manifest.json"
exit_is 0 pgdr copy "$label" --to other
exit_is 0 pgdr verify "$label" --deep --repository other -i "$T/new.txt" --passphrase-file "$T/phrase"
cp "$T/one.toml" "$CONFIG"

reset && cp "$T"/after/{manifest.json,manifest.json.sig,SHA256SUMS,RESTORE.txt} "$folder"
printf '[retention]\nkeep_last = 1\n' >>"$CONFIG"
exit_is 0 pgdr expire
ok 'what a rewrap left stays a day' test -e "$folder/database.dump.zst.age"
touch -d "2 days ago" "$folder"/*.age*
exit_is 0 pgdr expire
not_ok 'and goes then' test -e "$folder/database.dump.zst.age"
exit_is 0 pgdr verify "$label" --deep -i "$T/new.txt" --passphrase-file "$T/phrase"

# the list of chunks is made of the dump that was written, wherever the manifest names it
sed '/^\[signing\]/,/^# end/d' "$CONFIG" >"$T/unsigned.toml"
signed=$CONFIG
CONFIG=$T/unsigned.toml
reorder() { # reorder FILTER: of the artifacts
  rm -rf "$folder" && cp -a "$T/pristine" "$folder" && rm "$folder/manifest.json.sig"
  jq ".artifacts |= ($1)" "$T/pristine/manifest.json" >"$folder/manifest.json"
}
reorder 'map(select(.kind == "chunks")) + map(select(.kind != "chunks"))'
is "$(jq -r '.artifacts[0].kind' "$folder/manifest.json")" chunks 'the list stands before its dump'
exit_is 0 pgdr key rewrap "$label" -i "$old"
is "$(jq -r '.artifacts[0].name' "$folder/manifest.json")" database.r1.dump.zst.age.chunks 'both are rewrapped'
is "$(sed 1d "$folder/database.r1.dump.zst.age.chunks")" "$(sha256sum "$folder/database.r1.dump.zst.age" | cut -d' ' -f1)" 'and the list is that of the new dump'
exit_is 0 pgdr verify "$label" --deep -i "$T/new.txt" --passphrase-file "$T/phrase"
exit_is 0 pgdr restore "$label" --to reordered -i "$T/new.txt" --passphrase-file "$T/phrase"
reorder 'map(select(.kind != "database"))'
cp "$folder/manifest.json" "$T/without"
exit_is 1 pgdr key rewrap "$label" -i "$old"
like "$err" 'not holding a database dump' 'a list without dump is not rewrapped into an empty one'
ok 'and the manifest stays what it was' cmp "$T/without" "$folder/manifest.json"
not_ok 'nor is anything about to take its place' test -e "$folder/manifest.next.json"
CONFIG=$signed
rm -rf "$folder" && cp -a "$T/after" "$folder"

# a signature that does not fit: neither rewrapped nor restored
sed -i 's/"kind": "full"/"kind": "fuII"/' "$folder/manifest.json"
exit_is 1 pgdr key rewrap --all --force -i "$T/new.txt" --passphrase-file "$T/phrase"
exit_is 1 pgdr restore "$label" --to forged -i "$T/new.txt" --passphrase-file "$T/phrase"
exit_is 5 pgdr expire
done_testing
