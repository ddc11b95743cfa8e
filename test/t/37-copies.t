#!/usr/bin/env bash
# One backup in several repositories: what fails in one costs that copy only, and the copy is brought later.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 200
sql shop 'CREATE EXTENSION pgdr'
sql shop "CREATE TABLE heavy AS SELECT i, md5(random()::text) || md5(random()::text) AS t FROM generate_series(1, 60000) i"
make_key

# set_config [KEYS]: three repositories, keys of the set
set_config() {
  cat >"$CONFIG" <<TOML
version = 1
[repository.a]
type = "local"
path = "$T/a"
[repository.b]
type = "local"
path = "$T/b"
[repository.c]
type = "local"
path = "$T/c"
[set.shop]
database = "postgresql:///shop"
repositories = ["a", "b", "c"]
recipients = ["$RECIPIENT"]
${1:-}
TOML
}
for name in a b c; do make_repository "$T/$name"; done
set_config
copies() { sql shop "SELECT string_agg(repository || ' ' || c.state, ', ' ORDER BY repository) FROM dr.copies c JOIN dr.backups b ON b.id = c.backup WHERE label = '$1'"; }
state() { sql shop "SELECT state FROM dr.backups WHERE label = '$1'"; }
newest() { sql shop 'SELECT label FROM dr.backups ORDER BY id DESC LIMIT 1'; }
same() { # same LABEL REPO…: the same stored bytes everywhere
  local label=$1 sums
  shift
  sums=$(for name in "$@"; do (cd "$T/$name/shop/$label" && sha256sum -- *.age* SHA256SUMS | md5sum || echo "none in $name"); done | sort -u | wc -l)
  [ "$sums" = 1 ] && [ -d "$T/$1/shop/$label" ]
}

exit_is 0 pgdr backup
first=$(newest)
is "$(copies "$first")" 'a complete, b complete, c complete' 'one dump, three copies'
ok 'with the same bytes' same "$first" a b c

# --- one fails before, or in the middle ---------------------------------------------------------------------------------------------------
mv "$T/b" "$T/b.away"
exit_is 3 pgdr backup
second=$(newest)
is "$(copies "$second")" 'a complete, b missing, c complete' 'a repository that is not there costs its copy'
is "$(state "$second")" partial 'the backup is partial'
is "$(sql shop "SELECT count(*) FROM dr.events WHERE kind = 'copy_missing' AND message LIKE '%$second%'")" 1 'one event tells of it'
mv "$T/b.away" "$T/b"

exit_is 0 pgdr --json copy --missing
is "$(jq -r '.copies[] | "\(.label) \(.from) \(.repository) \(.state)"' <<<"$out")" "$second a b copied" 'copy --missing brings it'
is "$(copies "$second")" 'a complete, b complete, c complete' 'and the catalog knows'
is "$(state "$second")" complete 'the backup is complete now'
ok 'the copy has the same bytes' same "$second" a b
exit_is 0 pgdr verify --all --deep
exit_is 0 pgdr copy
like "$out" 'no copy is missing' 'a second time there is nothing to do'

(
  small_disk 1
  echo "$DISK" >"$T/disk"
  echo "${mounts[*]-}" >"$T/disk-mounts"
  make_repository "$DISK/b"
  sed -i "s|path = \"$T/b\"|path = \"$DISK/b\"|" "$CONFIG"
  capture pgdr backup
  printf '%s\n' "$code" >"$T/full.code"
  printf '%s\n' "$err" >"$T/full.err"
  find "$DISK/b/shop" -type f 2>/dev/null | wc -l >"$T/full.files"
)
mapfile -t -O "${#mounts[@]}" mounts < <(tr ' ' '\n' <"$T/disk-mounts" | sed '/^$/d')
set_config
third=$(newest)
is "$(cat "$T/full.code")" 3 'a disk that fills up in the middle costs its copy only'
like "$(cat "$T/full.err")" 'repository b.*([Nn]o space|full)' 'and is named'
is "$(cat "$T/full.files")" 0 'nothing is left there'
is "$(copies "$third")" 'a complete, b missing, c complete' 'the others are complete'

# --- the next backup brings what is missing -------------------------------------------------------------------------------------------------
exit_is 0 pgdr --json backup
fourth=$(jq -r .label <<<"$out")
is "$(jq -r '.brought[] | "\(.label) \(.repository) \(.error)"' <<<"$out")" "$third b null" 'the next backup brings the copy'
is "$(copies "$third")" 'a complete, b complete, c complete' 'which is then complete'

# --- copies_required ----------------------------------------------------------------------------------------------------------------------------
set_config 'copies_required = 3'
mv "$T/c" "$T/c.away"
exit_is 1 pgdr backup
like "$err" 'requires 3 copies' 'with fewer copies than required the backup fails'
is "$(state "$(newest)")" failed 'is recorded as failed'
is "$(ls "$T/a/shop" | grep -c ^2) $(ls "$T/b/shop" | grep -c ^2)" '4 4' 'and leaves nothing in the others'
mv "$T/c.away" "$T/c"
# the manifest itself cannot be written in one of them
chattr +i "$T/c/shop" 2>/dev/null && immutable=1 || immutable=''
if [ -n "$immutable" ]; then
  exit_is 1 pgdr backup
  is "$(ls "$T/a/shop" | grep -c ^2)" 4 'nor where writing fails'
  chattr -i "$T/c/shop"
else
  skip 'no immutable folders here' 2
fi
set_config 'copies_required = 4'
exit_is 2 pgdr backup
like "$err" 'requires 4 copies' 'more copies than repositories are refused'
set_config 'copies_required = 2'
exit_is 0 pgdr backup
fifth=$(newest)

# --- one that takes nothing: a folder whose first write waits -----------------------------------------------------------------------------------
set_config 'copy_stall_timeout = "1s"
copy_queue_mib = 1'
sed -i "/^\[repository.c\]/a bandwidth_limit = \"20kB/s\"" "$CONFIG"
sed -i 's/copy_stall_timeout.*/copy_delay_limit = "1s"/' "$CONFIG"
exit_is 3 pgdr backup
sixth=$(newest)
like "$err" 'repository c.*held the other copies back' 'a repository that is too slow is dropped'
is "$(copies "$sixth")" 'a complete, b complete, c missing' 'the others are complete'
set_config
exit_is 0 pgdr copy --missing
ok 'and it is brought afterwards' same "$sixth" a b c

# --- damage is repaired -----------------------------------------------------------------------------------------------------------------------------
damage() { flip "$T/$1/shop/$2/database.dump.zst.age" 5000; }
damage b "$sixth"
exit_is 1 pgdr verify "$sixth"
is "$(copies "$sixth")" 'a complete, b damaged, c complete' 'verify finds the damaged copy'
exit_is 0 pgdr --json copy
is "$(jq -r '.copies[] | "\(.repository) \(.state)"' <<<"$out")" 'b repaired' 'copy repairs it'
ok 'it is as the others' same "$sixth" a b c
exit_is 0 pgdr verify --all

# the only other copies are damaged too: nothing is taken away
for name in a b c; do damage $name "$sixth"; done
exit_is 1 pgdr verify "$sixth"
exit_is 1 pgdr copy
like "$err" 'stays as it is' 'without a whole copy nothing is removed'
is "$(ls "$T/b/shop/$sixth" | wc -l)" "$(ls "$T/a/shop/$fifth" | wc -l)" 'every file is still there'
rm -rf "$T"/{a,b,c}/shop/"$sixth"
sql shop "DELETE FROM dr.backups WHERE label = '$sixth'"

# a source that is damaged is passed over
rm -r "$T/c/shop/$fifth"
damage a "$fifth"
exit_is 0 pgdr --json copy "$fifth" --to c
like "$(jq -r '.copies[0].from' <<<"$out")" '^b' 'a damaged source is noticed on the way, and the next one taken'
like "$err" 'repository a.*not what the manifest says' 'with a warning'
exit_is 1 pgdr verify "$fifth" --repository a
exit_is 0 pgdr copy "$fifth" --to a --from c

# --- two backups under one name ---------------------------------------------------------------------------------------------------------------------
cp -a "$T/a/shop/$fourth" "$T/saved"
rm -r "$T/a/shop/$fourth"
cp -a "$T/a/shop/$fifth" "$T/a/shop/$fourth"
sed -i "s/$fifth/$fourth/" "$T/a/shop/$fourth/manifest.json"
exit_is 1 pgdr copy "$fourth" --to a
like "$err" 'the same name, but other content' 'another backup under the same name is a hard error'
ok 'and is left alone' cmp "$T/a/shop/$fourth/database.dump.zst.age" "$T/a/shop/$fifth/database.dump.zst.age"
rm -r "$T/a/shop/$fourth"
mv "$T/saved" "$T/a/shop/$fourth"

# --- killed between the manifests of two repositories ---------------------------------------------------------------------------------------------
exit_is 0 pgdr backup
cut=$(newest)
sql shop "DELETE FROM dr.copies WHERE backup = (SELECT id FROM dr.backups WHERE label = '$cut')"
sql shop "UPDATE dr.backups SET state = 'running', finished_at = NULL, recovery_point = NULL, manifest = NULL WHERE label = '$cut'"
rm "$T/b/shop/$cut/manifest.json"
touch "$T/b/shop/$cut/.tmp-manifest.json.1"
exit_is 0 pgdr backup
like "$err" "backup $cut in repository a was complete but not recorded" 'the next one records it'
is "$(state "$cut"): $(copies "$cut")" 'complete: a complete, b complete, c complete' 'and brings the copy that was cut'
ok 'the same everywhere' same "$cut" a b c
not_ok 'nothing is left of the first attempt' test -e "$T/b/shop/$cut/.tmp-manifest.json.1"
for name in a b c; do rm -r "$T/$name/shop/$cut" "$T/$name/shop/$(newest)"; done
sql shop "DELETE FROM dr.backups WHERE label IN ('$cut', '$(newest)')"

# --- a repository outside the set, without the database -----------------------------------------------------------------------------------------------
make_repository "$T/usb"
printf '[repository.usb]\ntype = "local"\npath = "%s"\n' "$T/usb" >>"$CONFIG"
stop_cluster
exit_is 4 pgdr copy --missing
like "$err" 'pgdr copy LABEL' 'without the catalog a label must be named'
exit_is 0 pgdr copy latest --to usb
ok 'a copy goes to a repository of no set, without the database' same "$fifth" a usb
# what an interrupted copy left is used, and completed
rm "$T/usb/shop/$fifth/manifest.json"
printf 'half' >"$T/usb/shop/$fifth/globals.sql.zst.age"
touch "$T/usb/shop/$fifth/.tmp-database.dump.zst.age.1"
before=$(stat -c %i "$T/usb/shop/$fifth/database.dump.zst.age")
exit_is 0 pgdr copy "$fifth" --to usb
ok 'a copy that was cut is completed' same "$fifth" a usb
is "$(stat -c %i "$T/usb/shop/$fifth/database.dump.zst.age")" "$before" 'what was right stays'
exit_is 0 pgdr copy --all --to usb
is "$(ls "$T/usb/shop" | grep -c ^2)" 5 'copy --all brings every backup'
exit_is 2 pgdr copy "$fifth" --to a --from a
exit_is 2 pgdr copy "$fifth" --to nowhere
exit_is 10 pgdr copy 20200101T000000Z-0000 --to usb
done_testing
