#!/usr/bin/env bash
# A local repository that is moved away, deleted or unmounted in the middle of a write: its copy is lost, clearly, and no half of it
# is ever taken for a backup.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 50
sql shop 'CREATE EXTENSION pgdr'
sql shop "CREATE TABLE bulk AS SELECT i, string_agg(md5(i::text || j), '') AS t FROM generate_series(1, 100) i, generate_series(1, 400) j GROUP BY i"
make_key
set_config() { # set_config FOLDER-OF-B [LINE OF THE SET]
  cat >"$CONFIG" <<TOML
version = 1
[repository.a]
type = "local"
path = "$T/a"
[repository.b]
type = "local"
path = "$1"
[set.shop]
database = "postgresql:///shop"
repositories = ["a", "b"]
recipients = ["$RECIPIENT"]
${2:-}
TOML
}
make_repository "$T/a"
make_repository "$T/b"
set_config "$T/b"
exit_is 0 pgdr backup

# A pg_dump that gives half of it, and the rest when $T/go is there.
mkdir "$T/fault"
cat >"$T/fault/pg_dump" <<SH
#!/usr/bin/env bash
[[ " \$* " != *' --version '* ]] || exec "$(command -v pg_dump)" "\$@"
set -o pipefail
"$(command -v pg_dump)" "\$@" | {
  head -c 300000
  touch "$T/half"
  until [ -e "$T/go" ]; do sleep 0.05; done
  cat
}
SH
chmod 755 "$T/fault/pg_dump"
half_a_backup() { # half_a_backup COMMAND…: runs a backup, and the command in the middle of its dump. Sets code, err.
  rm -f "$T/half" "$T/go"
  PATH=$T/fault:$PATH "$PGDR_BIN" --config "$CONFIG" backup >"$T/.out" 2>"$T/.err" </dev/null &
  local backup=$!
  pids+=($backup)
  await "[ -e '$T/half' ]" 30 || die 'the dump is half done' "$(cat "$T/.err")"
  "$@"
  touch "$T/go"
  wait $backup
  code=$? err=$(cat "$T/.err")
}
manifests() { find "$1" -name 'manifest*.json' 2>/dev/null | wc -l; }
newest() { sql shop 'SELECT label FROM dr.backups ORDER BY id DESC LIMIT 1'; } # labels of one second sort at random
copies() { sql shop "SELECT string_agg(repository || ' ' || c.state, ', ' ORDER BY repository) FROM dr.copies c JOIN dr.backups b ON b.id = c.backup WHERE label = '$1'"; }

half_a_backup mv "$T/b" "$T/elsewhere"
is "$code" 3 'a folder that is moved away costs its copy'
like "$err" "repository b.*$T/b went away while in use" 'and is named'
is "$(copies "$(newest)")" 'a complete, b missing' 'the other is complete'
is "$(manifests "$T/elsewhere")" 1 'nothing that counts was written to where it is now'
not_ok 'nor to where it was' test -e "$T/b"
mv "$T/elsewhere" "$T/b"
moved=$(newest)
exit_is 0 pgdr --json backup
is "$(jq -r '.brought[] | "\(.label) \(.repository) \(.error)"' <<<"$out")" "$moved b null" 'the next backup brings it'
exit_is 0 pgdr verify --all
is "$(find "$T/b" -name '.tmp-*' | wc -l)" 0 'and nothing is left of the half'

set_config "$T/b" 'copies_required = 2'
half_a_backup mv "$T/b" "$T/elsewhere"
is "$code" 1 'where both copies are required the backup fails'
like "$err" 'requires 2 copies.*went away' 'and says why'
mv "$T/elsewhere" "$T/b"
is "$(manifests "$T/a") $(manifests "$T/b")" '3 3' 'neither has a manifest'
set_config "$T/b"

half_a_backup rm -r "$T/b"
is "$code" 3 'a folder that is deleted costs its copy'
like "$err" 'repository b' 'and is named'
not_ok 'it is not made again' test -e "$T/b"

# in the middle of an expire or a copy it is no empty repository
make_repository "$T/b"
printf '[retention]\nkeep_last = 1\n' >>"$CONFIG"
exit_is 0 pgdr copy --all --to b
is "$(manifests "$T/b")" 4 'the copies are back'

disk=$T/disk
mkdir "$disk"
if mount -t tmpfs -o size=64m,mode=755 pgdr-test "$disk" 2>/dev/null; then
  mounts+=("$disk")
  make_repository "$disk/b"
  set_config "$disk/b"
  half_a_backup umount -l "$disk"
  is "$code" 3 'a disk that is unmounted costs its copy'
  like "$err" 'repository b.*went away while in use' 'and is named'
  is "$(find "$disk" -mindepth 1 | wc -l)" 0 'nothing is written to the mount point beneath'
  is "$(copies "$(newest)")" 'a complete, b missing' 'the other is complete'
else
  skip 'no mounts here' 4
fi

# alone
cat >"$CONFIG" <<TOML
version = 1
[repository.b]
type = "local"
path = "$T/b"
[set.shop]
database = "postgresql:///shop"
repositories = ["b"]
recipients = ["$RECIPIENT"]
TOML
half_a_backup mv "$T/b" "$T/elsewhere"
is "$code" 10 'alone, the backup fails'
like "$err" 'went away while in use.*unmounted, moved or deleted' 'and asks the right question'
is "$(manifests "$T/elsewhere")" 4 'without a manifest'
is "$(sql shop "SELECT state FROM dr.backups ORDER BY id DESC LIMIT 1")" failed 'and is recorded so'
mv "$T/elsewhere" "$T/b"
exit_is 0 pgdr backup
is "$(ls "$T/b/shop" | grep -c ^2)" 5 'the next one removes what it left'
done_testing
