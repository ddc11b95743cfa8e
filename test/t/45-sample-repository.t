#!/usr/bin/env bash
# A repository that was written once and is frozen stays readable: by pgdr, and by standard programs alone.
. "$(dirname "$0")/lib.sh"
start_cluster
cp -r "$top/test/vectors/repository-v1" "$T/sample"
chmod -R go= "$T/sample"
IDENTITY=$T/sample/identity.txt
export PGDR_IDENTITY=$IDENTITY
cat >"$CONFIG" <<TOML
version = 1
[repository.sample]
type = "local"
path = "$T/sample/repository"
[set.keys]
database = "postgresql:///catalog"
repositories = ["sample"]
recipients = ["$(age-keygen -y "$IDENTITY")"]
[set.phrase]
database = "postgresql:///catalog"
repositories = ["sample"]
passphrase_file = "$T/sample/passphrase.txt"
[signing]
trusted = ["$(cat "$T/sample/trusted.txt")"]
TOML
createdb catalog
sql catalog 'CREATE EXTENSION pgdr'

exit_is 0 pgdr list
like "$out" 'kept for ever' 'the pin is read'
for set in keys phrase; do
  key=(--identity "$IDENTITY")
  [ $set = keys ] || key=(--passphrase-file "$T/sample/passphrase.txt")
  exit_is 0 pgdr catalog rebuild --set $set "${key[@]}"
  exit_is 0 pgdr verify --all --deep --set $set "${key[@]}"
  like "$out" 'trusted' "$set: the signature holds"
  exit_is 0 pgdr restore latest --set $set --to "from_$set" "${key[@]}"
  is "$(sql "from_$set" 'SELECT count(*), sum(balance) FROM users')" '50|1402.50' "$set: the rows are those that were backed up"
done

# by hand: what RESTORE.txt says
cd "$T"/sample/repository/keys/2*Z-* || exit 1
ok 'the checksums fit' sha256sum --quiet --check SHA256SUMS
createdb byhand
ok 'age, zstd and pg_restore restore it' bash -o pipefail -c \
  "age --decrypt --identity '$IDENTITY' database.dump.zst.age | zstd --decompress --stdout | pg_restore --dbname=byhand"
is "$(sql byhand 'SELECT count(*), sum(balance) FROM users')" '50|1402.50' 'the rows are the same'
cd "$top" || exit 1

# what is newer than this program is refused, and says so
sed -i 's/"version": 1/"version": 2/' "$T/sample/repository/pgdr-repository.json"
exit_is 2 pgdr list
like "$err" 'format, version 2, is newer.*version 1' 'a newer repository is named as such'
exit_is 2 pgdr restore latest --set keys --to newer
sed -i 's/"version": 2/"version": 1/' "$T/sample/repository/pgdr-repository.json"
sed -i 's/"version": 1/"version": 3/' "$T"/sample/repository/keys/2*/manifest.json
exit_is 2 pgdr restore latest --set keys --to newer
like "$err" 'version 3 is newer' 'and so is a newer manifest'
done_testing
