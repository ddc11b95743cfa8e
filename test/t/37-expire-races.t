#!/usr/bin/env bash
# What retention must not get wrong: damage that a restore met, pins made elsewhere or at the last moment, runs that died between
# two steps, and a clone that looks like the source.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 20
sql shop 'CREATE EXTENSION pgdr'
make_key
for name in a b; do make_repository "$T/$name"; done
# what `rclone` does before it does it
cat >"$T/hooked" <<HOOK
#!/usr/bin/env bash
if [[ -e $T/hook && ("\$*" == *deletefile*manifest.json* || "\$*" == *delete*files-from*) ]]; then . $T/hook; rm $T/hook; fi
if [[ -e $T/unreadable && "\$*" == *cat*\$(cat $T/unreadable)*database* ]]; then echo 'permission denied' >&2; exit 7; fi
exec rclone "\$@"
HOOK
chmod 755 "$T/hooked"
printf '[here]\ntype = local\n' >"$T/rclone.conf"
chmod 600 "$T/rclone.conf"
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
[retention]
keep_last = 1
TOML
state() { sql shop "SELECT string_agg(c.repository || ' ' || c.state, ', ' ORDER BY repository) FROM dr.copies c JOIN dr.backups b ON b.id = c.backup WHERE label = '$1'"; }
fates() { jq -r ".sets[0].repositories[] | select(.repository == \"$1\") | [.backups[] | .fate] | join(\" \")" <<<"$out"; }

labels=() # of two that begin in one second, the names tell no order
for _ in 1 2 3; do
  exit_is 0 pgdr backup --json
  labels+=("$(jq -r .label <<<"$out")")
done
first=${labels[0]} second=${labels[1]} third=${labels[2]}
exit_is 0 pgdr verify --all

# --- damage that a restore met is damage for expire ---------------------------------------------------------------------------------
cp -a "$T/a" "$T/a.whole"
flip "$T/a/shop/$third/database.dump.zst.age" 3000
exit_is 0 pgdr restore latest --to met
is "$(state "$third")" 'a damaged, b complete' 'the restore went on with the other copy, and the catalog knows of the damage'
is "$(find "$T/a/shop/proofs" -name "$third.damaged.*" | wc -l)" 1 'so does the repository'
exit_is 0 pgdr expire --dry-run --json
is "$(fates a)" 'keep keep delete' 'a damaged newest is no reason to let the newest good one go'
is "$(jq -r '.sets[0].repositories[0].backups[] | "\(.good) \(.verified)"' <<<"$out" | head -1)" 'false false' 'an older verification counts no more'
stop_cluster
exit_is 0 pgdr expire --dry-run --json
is "$(fates a)" 'keep keep delete' 'nor without the catalog'
"$top/script/cluster" restart "$T/main"
exit_is 0 pgdr copy
exit_is 0 pgdr expire --dry-run --json
is "$(jq -r '.sets[0].repositories[0].backups[] | "\(.good) \(.verified)"' <<<"$out" | head -1)" 'true true' 'a repaired copy was read again, and counts'

# --- a pin holds in every repository ---------------------------------------------------------------------------------------------------
mv "$T/b/shop/$first" "$T/aside" # as if b had not been there
exit_is 0 pgdr keep "$first" --forever --reason audit
mv "$T/aside" "$T/b/shop/$first"
exit_is 0 pgdr expire --dry-run --json
is "$(fates b)" 'keep delete keep' 'also where the copy came later'
exit_is 0 pgdr expire --dry-run --json --repository b
is "$(fates b)" 'keep delete keep' 'also when only that one is looked at'
like "$out" 'audit, in repository a' 'and says where it was pinned'
exit_is 0 pgdr keep "$first" --release
exit_is 0 pgdr keep "$first" --forever --repository a
exit_is 0 pgdr expire --dry-run --json
is "$(fates a), $(fates b)" 'keep delete keep, keep delete delete' 'unless it was meant for one'
exit_is 0 pgdr keep "$first" --release

# --- a run that died between two steps ---------------------------------------------------------------------------------------------------
mkdir "$T/b/shop/expired"
printf '%s\n' "$first" "$third" >"$T/b/shop/expired/$first.20261121T020000Z"
rm "$T/b/shop/$first/manifest.json"
exit_is 0 pgdr expire --repository b
is "$(state "$first")" 'a complete, b deleted' 'the catalog learns that the backup is gone'
is "$(state "$third")" 'a complete, b complete' 'and is not told so of one that stayed'
not_ok 'no note is left' test -e "$T/b/shop/expired"

# --- a pin, or a reader, that comes at the last moment ---------------------------------------------------------------------------------------
sed -i "/^\[repository.b\]/,/^path/{s|type = .*|type = \"rclone\"|;s|path = .*|path = \"here:$T/b\"\nconfig_file = \"$T/rclone.conf\"\nprogram = \"$T/hooked\"|}" "$CONFIG"
cp -a "$T/a/shop/$first" "$T/b/shop/" 2>/dev/null
cp -a "$T/a/shop/$second" "$T/b/shop/"
sed -i "s/$(jq -r .id "$T/a/pgdr-repository.json")/$(jq -r .id "$T/b/pgdr-repository.json")/" "$T/b/shop/$second/manifest.json" "$T/b/shop/$first/manifest.json"
exit_is 0 pgdr keep "$first" --forever --repository b
mv "$T/b/shop/pins" "$T/pins"
echo "mkdir -p $T/b/shop/pins $T/b/shop/leases; cp $T/pins/* $T/b/shop/pins/; echo x >$T/b/shop/leases/$second.restore.0123abcd.1" >"$T/hook"
exit_is 0 pgdr expire --repository b --json
is "$(fates b)" 'keep spared spared' 'both are left'
for label in "$first" "$second"; do ok 'with its manifest' test -e "$T/b/shop/$label/manifest.json"; done
rm "$T/b/shop/leases/"*
exit_is 0 pgdr verify "$first" --repository b
exit_is 0 pgdr expire --repository b --json
is "$(fates b)" 'keep deleted keep' 'and the next run goes on'

# --- what cannot be read costs only itself -----------------------------------------------------------------------------------------------------
echo "$third" >"$T/unreadable"
exit_is 3 pgdr verify --all --repository b --json
is "$(jq -r '[.copies[] | "\(.label) \(.state)"] | join(", ")' <<<"$out")" "$third unreachable, $first ok" 'the other copies are verified all the same'
like "$err" "backup $third in repository b could not be read.*permission denied" 'which one, and why'
rm "$T/unreadable"

# --- a clone of the source is another server --------------------------------------------------------------------------------------------------
source_host=$PGHOST
start_cluster clone
is "$(sql postgres 'SELECT system_identifier FROM pg_control_system()')" \
  "$(PGHOST=$source_host sql postgres 'SELECT system_identifier FROM pg_control_system()')" 'both have one system identifier'
clone_host=$PGHOST
use_cluster main
sql shop "UPDATE users SET name = name || '!' WHERE id = 1"
exit_is 0 pgdr restore latest --to "postgresql:///shop?host=$clone_host"
like "$out" 'passed' 'the restored database is what was compared, and not its namesake on the source'
is "$(sql shop "SELECT count(*) FROM dr.verifications WHERE server LIKE '%$clone_host%'")" 1 'which is recorded with its server'
done_testing
