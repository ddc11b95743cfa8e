#!/usr/bin/env bash
# Damage to a stored backup, of every kind: found by verify, refused by restore, and nothing is acted on.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 200
sql shop 'CREATE EXTENSION pgdr'
write_config shop
make_repository
exit_is 0 pgdr backup
exit_is 0 pgdr backup
mapfile -t labels < <(ls "$REPO/shop")
label=${labels[1]}
folder=$REPO/shop/$label
cp -a "$REPO" "$T/pristine"
heal() { rm -rf "$REPO" && cp -a "$T/pristine" "$REPO"; }

damaged() { # damaged NAME TEXT: verify finds it, restore refuses
  exit_is 1 pgdr verify "$label"
  like "$err$out" "$2" "$1: verify says what"
  is "$(sql shop "SELECT c.state FROM dr.copies c JOIN dr.backups b ON b.id = c.backup WHERE b.label = '$label'")" damaged "$1: recorded as damaged"
  exit_is 1 pgdr restore "$label" --to never
  is "$(sql postgres "SELECT count(*) FROM pg_database WHERE datname = 'never'")" 0 "$1: no database is made"
  heal
  exit_is 0 pgdr --quiet verify "$label"
}

for file in database.dump.zst.age globals.sql.zst.age snapshot.json.zst.age; do
  size=$(stat -c %s "$folder/$file")
  truncate -s $((size - 1)) "$folder/$file"
  damaged "$file truncated" 'truncated'
  printf x >>"$folder/$file"
  damaged "$file extended" 'longer'
  flip "$folder/$file" $((size / 2))
  damaged "$file with one flipped bit" 'digest'
  rm "$folder/$file"
  damaged "$file deleted" 'missing'
  cp "$REPO/shop/${labels[0]}/$file" "$folder/$file"
  damaged "$file swapped with another backup's" 'digest|truncated|longer'
done

printf 'x' >"$folder/database.dump.zst.agf"
exit_is 1 pgdr verify "$label"
like "$err$out" 'does not belong' 'a foreign file is reported'
heal
sed -i 's/^./0/; 1s/^./f/' "$folder/SHA256SUMS"
exit_is 1 pgdr verify "$label"
like "$err$out" 'SHA256SUMS' 'changed checksums are reported'
heal
echo 'rm -rf /' >>"$folder/RESTORE.txt"
exit_is 1 pgdr verify "$label"
like "$err$out" 'RESTORE.txt' 'a changed RESTORE.txt is reported'
heal

# --- manifests ----------------------------------------------------------------------------------------------------------------------------
rm "$folder/manifest.json"
exit_is 10 pgdr verify "$label"
like "$err" 'manifest' 'a missing manifest: there is no backup, and why'
exit_is 10 pgdr restore "$label" --to never
is "$(pgdr --json list 2>/dev/null | jq -r '[.sets[0].backups[].label] | join(" ")')" "${labels[0]}" 'list does not show it'
exit_is 10 pgdr restore latest --to never
like "$err" "the newest backup that the catalog knows, $label" 'latest does not pass over it'
exit_is 0 pgdr restore latest --accept-older --to from_older
like "$out" "${labels[0]}" 'latest is the newest that is whole'
heal
head -c 300 "$T/pristine/shop/$label/manifest.json" >"$folder/manifest.json"
exit_is 1 pgdr verify "$label"
exit_is 3 pgdr list
heal
sed -i 's/"database.dump.zst.age"/"..\/..\/..\/etc\/passwd"/' "$folder/manifest.json"
exit_is 1 pgdr restore "$label" --to never
like "$err" 'plain file name' 'a manifest that points elsewhere is refused'
heal
sed -i "s/$label/${labels[0]}/" "$folder/manifest.json"
exit_is 1 pgdr verify "$label"
heal

# --- only --deep can see it: the digests are those of what is stored, and what is stored cannot be read -------------------------------------
rewrite() { # rewrite FILE: the manifest and SHA256SUMS say what FILE is now
  local sum size
  sum=$(sha256sum "$folder/$1" | cut -d' ' -f1)
  size=$(stat -c %s "$folder/$1")
  jq --indent 2 --arg n "$1" --arg s "$sum" --argjson b "$size" \
    '(.artifacts[] | select(.name == $n)) |= (.stored_sha256 = $s | .stored_bytes = $b)' "$folder/manifest.json" >"$T/m" && cp "$T/m" "$folder/manifest.json"
  sed -i "s/^[0-9a-f]*  $1$/$sum  $1/" "$folder/SHA256SUMS"
}
head -c 3000 "$T/pristine/shop/$label/database.dump.zst.age" >"$folder/database.dump.zst.age"
rewrite database.dump.zst.age
exit_is 0 pgdr verify "$label"
exit_is 1 pgdr verify "$label" --deep
heal
age -d -i "$IDENTITY" "$folder/database.dump.zst.age" | zstd -dc | head -c 50000 | zstd -c | age -r "$RECIPIENT" -o "$folder/database.dump.zst.age.new"
mv "$folder/database.dump.zst.age.new" "$folder/database.dump.zst.age"
rewrite database.dump.zst.age
exit_is 0 pgdr verify "$label"
exit_is 1 pgdr verify "$label" --deep
exit_is 1 pgdr restore "$label" --to never
is "$(sql postgres "SELECT count(*) FROM pg_database WHERE datname = 'never'")" 0 'a dump that ends too early leaves no database'
heal

# --- signatures -------------------------------------------------------------------------------------------------------------------------------
openssl genpkey -algorithm ed25519 -out "$T/sign.pem" 2>/dev/null
chmod 600 "$T/sign.pem"
public=ed25519:$(openssl pkey -in "$T/sign.pem" -pubout -outform DER | tail -c 32 | base64)
cat >>"$CONFIG" <<TOML
[signing]
key_file = "$T/sign.pem"
trusted = ["$public"]
TOML
exit_is 0 pgdr backup
signed=$(ls "$REPO/shop" | tail -1)
exit_is 0 pgdr verify "$signed"
like "$out" 'trusted' 'the signature of the newest is trusted'
openssl pkey -in "$T/sign.pem" -pubout -out "$T/sign.pub"
base64 -d "$REPO/shop/$signed/manifest.json.sig" >"$T/sig"
ok 'openssl agrees' openssl pkeyutl -verify -rawin -pubin -inkey "$T/sign.pub" -sigfile "$T/sig" -in "$REPO/shop/$signed/manifest.json"
exit_is 0 pgdr restore "$signed" --to trusted_copy
exit_is 1 pgdr restore "$label" --to never
like "$err" 'not signed' 'an unsigned one is refused'
exit_is 0 pgdr restore "$label" --to accepted_copy --accept-unsigned
sed -i 's/"duration_seconds": /"duration_seconds": 1/' "$REPO/shop/$signed/manifest.json"
exit_is 1 pgdr restore "$signed" --to never
like "$err" 'signature' 'a manifest changed after signing is refused'
exit_is 1 pgdr verify "$signed"

# --- a damaged copy, and another good one -----------------------------------------------------------------------------------------------------
cat >"$CONFIG" <<TOML
version = 1
[repository.local]
type = "local"
path = "$REPO"
[repository.second]
type = "local"
path = "$T/second"
[set.shop]
database = "postgresql:///shop"
repositories = ["local", "second"]
recipients = ["$RECIPIENT"]
TOML
make_repository "$T/second"
exit_is 0 pgdr backup
both=$(ls "$T/second/shop" | grep ^2 | tail -1)
truncate -s -5 "$REPO/shop/$both/database.dump.zst.age"
exit_is 0 pgdr --json restore "$both" --to from_second
is "$(jq -r .repository <<<"$out")" second 'the copy in the other repository is used'
like "$err" 'truncated.*going on with the copy in repository second' 'and it says so'
is "$(sql shop "SELECT c.repository FROM dr.copies c JOIN dr.backups b ON b.id = c.backup WHERE label = '$both' AND c.state = 'damaged'")" local \
  'the damaged copy is recorded'
exit_is 1 pgdr verify "$both"
exit_is 0 pgdr restore "$both" --to once_more
unlike "$err" 'truncated' 'what is known to be damaged is not tried first'
exit_is 0 pgdr copy "$both"

# damage in the middle of the stream, in both copies at different places: the restore takes each piece where it is good
sql shop "CREATE TABLE bulk AS SELECT i, string_agg(md5(i::text || j || random()), '') AS t FROM generate_series(1, 1500) i, generate_series(1, 400) j GROUP BY i"
exit_is 0 pgdr backup
both=$(ls "$T/second/shop" | grep ^2 | tail -1)
size=$(stat -c %s "$REPO/shop/$both/database.dump.zst.age")
ok 'the dump has several chunks' test "$size" -gt 9000000
is "$(wc -l <"$REPO/shop/$both/database.dump.zst.age.chunks")" $((1 + (size + 4194303) / 4194304)) 'each has a digest'
cp -a "$REPO/shop/$both" "$T/whole"
flip "$REPO/shop/$both/database.dump.zst.age" 5000000
for jobs in 1 2; do
  sql shop "UPDATE dr.copies SET state = 'complete', error = NULL"
  exit_is 0 pgdr restore "$both" --to "piecewise_$jobs" --jobs $jobs
  like "$err" 'bytes 4194304 to 8388607.*going on with the copy in repository second' 'a piece that is damaged is taken from the other copy'
done
flip "$T/second/shop/$both/database.dump.zst.age" 8500000
sql shop "UPDATE dr.copies SET state = 'complete', error = NULL"
exit_is 1 pgdr restore "$both" --to nowhere
is "$(sql postgres "SELECT count(*) FROM pg_database WHERE datname = 'nowhere'")" 0 'without a good copy the database that was made is gone'
exit_is 1 pgdr restore "$both" --to nowhere --no-verify

# the end of the stream: dump and list of chunks end at the same piece, and then an unsigned manifest agrees with them
rm -rf "$REPO/shop/$both" "$T/second/shop/$both" && cp -a "$T/whole" "$REPO/shop/$both"
folder=$REPO/shop/$both
truncate -s 8388608 "$folder/database.dump.zst.age"
sed -i '4,$d' "$folder/database.dump.zst.age.chunks"
cut_off() { # cut_off REGEX NAME
  local jobs
  for jobs in 1 2; do
    exit_is 1 pgdr restore "$both" --to cut_off --no-verify --jobs $jobs
    like "$err" "$1" "$2, --jobs $jobs"
    is "$(sql postgres "SELECT count(*) FROM pg_database WHERE datname = 'cut_off'")" 0 'and leaves no database'
  done
}
cut_off 'truncated' 'the manifest says how long the dump is'
told() { # told FILE: the manifest says of it what it is now
  jq --arg name "$1" --arg sha "$(sha256sum "$folder/$1" | cut -d' ' -f1)" --argjson size "$(stat -c %s "$folder/$1")" \
    '.artifacts |= map(if .name == $name then .stored_bytes = $size | .stored_sha256 = $sha else . end)
     | .stored_bytes = ([.artifacts[].stored_bytes] | add)' "$folder/manifest.json" >"$T/manifest" && cp "$T/manifest" "$folder/manifest.json"
}
told database.dump.zst.age
cut_off 'chunks.*(is truncated|not what was stored)' 'and what its list of chunks is'
told database.dump.zst.age.chunks
cut_off 'database.dump.zst.age' 'the encryption has an end of its own, which is missing'
done_testing
