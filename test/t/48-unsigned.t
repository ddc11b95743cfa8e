#!/usr/bin/env bash
# What a repository says is believed within limits: list and show tell unsigned manifests and wrong signatures where signatures are
# demanded; documents that only cost memory are refused. A configuration with a password is for its owner and a group.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 20
sql shop 'CREATE EXTENSION pgdr'
write_config shop
make_repository
exit_is 0 pgdr backup
plain=$(sql shop 'SELECT label FROM dr.backups ORDER BY id DESC LIMIT 1')
exit_is 0 pgdr --json list
is "$(jq -r '.sets[0].backups[0].copies[0].signature' <<<"$out")" null 'without trusted keys nobody asks for signatures'
exit_is 0 pgdr key generate --signing -o "$T/signing.pem"
printf '[signing]\nkey_file = "%s"\ntrusted = ["%s"]\n' "$T/signing.pem" "$out" >>"$CONFIG"
exit_is 0 pgdr backup
good=$(sql shop 'SELECT label FROM dr.backups ORDER BY id DESC LIMIT 1')
exit_is 0 pgdr backup
forged=$(sql shop 'SELECT label FROM dr.backups ORDER BY id DESC LIMIT 1')
sed -i 's/"stored_bytes": \([0-9]\)/"stored_bytes": 9\1/' "$REPO/shop/$forged/manifest.json"

exit_is 3 pgdr list
like "$out" "$plain .*local \(unsigned\)" 'list says which is unsigned'
like "$out" "$forged .*local \(wrong signature\)" 'and whose signature is wrong'
unlike "$(grep "$good" <<<"$out")" '\((unsigned|wrong)' 'and not of the good one'
like "$err" "backup $plain in repository local: its manifest is not signed" 'with a sentence'
like "$err" "backup $forged in repository local: its manifest carries no signature of a trusted key" 'for each'
exit_is 3 pgdr --json list
is "$(jq -r '.sets[0].backups[] | .label + " " + .copies[0].signature' <<<"$out" | sort | paste -sd,)" \
  "$(printf '%s\n' "$plain unsigned" "$good trusted" "$forged wrong" | sort | paste -sd,)" 'and to programs'
exit_is 3 pgdr show "$plain"
like "$out" ', unsigned' 'show says unsigned'
exit_is 3 pgdr show "$forged"
like "$out" ', wrong signature' 'show says wrong'
exit_is 0 pgdr show "$good"
like "$out" ', signed' 'show says signed'
rm "$REPO/shop/$good/manifest.json.sig"
exit_is 3 pgdr --json show "$good"
is "$(jq -r '.copies[0].signature' <<<"$out")" unsigned 'a signature that was removed is missed'

# --- documents that only cost memory ----------------------------------------------------------------------------------------------------
rm -r "$REPO/shop/$plain" "$REPO/shop/$forged"
repeat() { yes "$1" | head -n "$2" | tr -d '\n'; }
for content in '[' '{"a":' '[],' '""' '{},'; do
  repeat "$content" 1000000 >"$REPO/shop/$good/manifest.json"
  capture bash -c 'ulimit -v 600000; exec "$@"' - "$PGDR_BIN" --config "$CONFIG" list
  is "$code" 3 "a manifest of nothing but $content is a broken one"
  like "$err" "$good of set shop in repository local" 'and named'
done
for descriptor in '{"format": 1, "version": "x", "id": []}' '[]' '{"format": "pgdr-repository", "version": -1, "id": "x"}' \
  '{"format": "pgdr-repository", "version": 1, "id": 7}' ''; do
  cp "$REPO/pgdr-repository.json" "$T/descriptor"
  printf '%s' "$descriptor" >"$REPO/pgdr-repository.json"
  capture pgdr list
  is "$code" 1 'a description of the wrong types is a damaged one'
  like "$err" 'pgdr-repository.json in .* is not valid' 'and no defect of pgdr'
  cp "$T/descriptor" "$REPO/pgdr-repository.json"
done
mkdir -p "$REPO/shop/pins"
for pin in '{"format": 7}' '[[[[[[[[[[[[' '{"format": "pgdr-pin", "version": "1"}'; do
  printf '%s' "$pin" >"$REPO/shop/pins/$good.0000aaaa.json"
  capture pgdr keep
  like "$code $err" '^3 .*pins/' 'a pin of the wrong types is a damaged one'
done
rm "$REPO/shop/pins/"*

# --- a configuration with a password ------------------------------------------------------------------------------------------------------
sed -i 's|^database = .*|database = "host=/nowhere password=topsecret"|' "$CONFIG"
for mode in 644 664 660 604; do
  chmod $mode "$CONFIG"
  capture pgdr list
  is "$code" 2 "mode $mode is refused"
  like "$err" 'holds a password .*\[set.shop\] database' 'for the password in it'
  like "$err" 'chmod 600' 'with the remedy'
  unlike "$out$err" topsecret 'which is not told'
done
for mode in 600 640; do
  chmod $mode "$CONFIG"
  capture pgdr list
  isnt "$code" 2 "mode $mode is not"
done
done_testing
