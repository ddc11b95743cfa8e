#!/usr/bin/env bash
# Every failure of a backup or restore has its own message and exit code, and loses nothing.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 200
write_config shop
make_repository
folders() { find "$REPO/shop" -mindepth 1 -maxdepth 1 -name "2*" 2>/dev/null | wc -l; }
objects() { find "$REPO/shop" -type f 2>/dev/null | wc -l; }

# --- before anything is done ----------------------------------------------------------------------------------------------------------
exit_is 1 pgdr backup
like "$err" 'extension' 'without the extension it says so'
sql shop 'CREATE EXTENSION pgdr'

sed -i 's|postgresql:///shop|postgresql:///nosuch|' "$CONFIG"
exit_is 4 pgdr backup
like "$err" 'nosuch' 'an unknown database is named'
sed -i "s|postgresql:///nosuch|postgresql:///shop?host=$T|" "$CONFIG"
exit_is 4 pgdr backup
like "$err" 'connect' 'a server that is down is said to be'
write_config shop

mv "$REPO" "$REPO.away"
exit_is 10 pgdr backup
mkdir "$REPO"
exit_is 10 pgdr backup
like "$err" 'pgdr-repository.json' 'an empty mount point is not taken for a repository'
rmdir "$REPO"
mv "$REPO.away" "$REPO"
exit_is 10 pgdr restore latest --to x
exit_is 10 pgdr verify

sql shop "UPDATE pg_extension SET extversion = '0.0.1' WHERE extname = 'pgdr'"
exit_is 1 pgdr backup
like "$err" '0\.0\.1' 'an older extension is named with its version'
sql shop "UPDATE pg_extension SET extversion = (SELECT default_version FROM pg_available_extensions WHERE name = 'pgdr') WHERE extname = 'pgdr'"

sql postgres 'CREATE ROLE keeper LOGIN'
sql shop "SELECT dr_grant('keeper', 'backup')"
sed -i 's|postgresql:///shop|postgresql:///shop?user=keeper|' "$CONFIG"
exit_is 1 pgdr backup
like "$err" 'may not read table' 'a table that may not be read is named'
sql postgres 'GRANT pg_read_all_data TO keeper'
sql shop 'ALTER TABLE documents ENABLE ROW LEVEL SECURITY'
exit_is 1 pgdr backup
like "$err" 'row security.*documents' 'row security that would hide rows is an error naming the table'
like "$err" 'BYPASSRLS' 'with the remedy'
sql postgres 'ALTER ROLE keeper BYPASSRLS'
exit_is 1 pgdr backup
like "$err" 'large object [0-9]+' 'a large object that may not be read is named'
is "$(objects)" 0 'so far nothing was written'
sql shop "DO \$\$ DECLARE o oid; BEGIN FOR o IN SELECT oid FROM pg_largeobject_metadata LOOP EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO keeper', o); END LOOP; END \$\$"
exit_is 0 pgdr backup
unlike "$err" 'passwords' 'with pg_read_all_data and BYPASSRLS it works and is complete'
rm -r "$REPO/shop"
sql shop 'REVOKE pg_read_all_data FROM keeper; GRANT USAGE ON SCHEMA "Odd Schema" TO keeper'
sql shop 'GRANT SELECT ON ALL TABLES IN SCHEMA public, "Odd Schema" TO keeper; GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO keeper'
exit_is 1 pgdr backup
like "$err" 'may not read pg_largeobject' 'large objects are fingerprinted, so their table must be readable'
sql shop 'GRANT SELECT ON pg_largeobject TO keeper'
exit_is 0 pgdr backup
like "$err" 'passwords' 'a role that may not read pg_authid: the backup says that passwords of roles are lacking'
is "$(jq -r '.warnings | length' "$REPO"/shop/*/manifest.json)" 1 'so does the manifest'
rm -r "$REPO/shop"
exit_is 1 pgdr verify --all
like "$err" 'no longer in repository' 'a backup that vanished from its repository is noticed'
is "$(sql shop 'SELECT DISTINCT state FROM dr.copies')" missing 'and recorded'
sql shop 'ALTER TABLE documents DISABLE ROW LEVEL SECURITY; DELETE FROM dr.backups'
write_config shop

# --- a good backup, which nothing below may harm -----------------------------------------------------------------------------------------
exit_is 0 pgdr backup
good=$(pgdr --json list | jq -r '.sets[0].backups[0].label')
kept() { ok "$1: the good backup is whole" pgdr --quiet verify "$good"; }

# --- pg_dump dies ---------------------------------------------------------------------------------------------------------------------------
for bytes in 0 1 3000 20000 60000; do
  fault_program pg_dump --die-after $bytes
  exit_is 1 pgdr backup
  like "$err" 'pg_dump' "pg_dump that dies after $bytes bytes is named"
  is "$(folders)" 1 'nothing of it is left'
  is "$(sql shop "SELECT state FROM dr.backups ORDER BY id DESC LIMIT 1")" failed 'and recorded as failed'
done
fault_program pg_dump --die-after 20000 --exit 0
exit_is 1 pgdr backup
like "$err" 'not complete' 'a short dump that claims success is found out'
fault_program pg_dump --die-after 0 --exit 0
exit_is 1 pgdr backup
fault_program pg_dump --die-after 20000 --signal KILL
exit_is 1 pgdr backup
like "$err" 'signal 9' 'a killed pg_dump is reported with its signal'
fault_program pg_dumpall --exit 1
exit_is 1 pgdr backup
like "$err" 'pg_dumpall' 'so is pg_dumpall'
clear_faults
is "$(folders)" 1 'only the good backup is there'
kept 'after all those'

# --- the fingerprints fail ------------------------------------------------------------------------------------------------------------------
sql shop "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no more snapshots''; END'"
sql shop 'CREATE TRIGGER refuse BEFORE INSERT ON dr.snapshots FOR EACH ROW EXECUTE FUNCTION refuse()'
exit_is 1 pgdr backup
like "$err" 'no more snapshots' 'fingerprints that fail, fail the backup with their reason'
sql shop 'DROP TRIGGER refuse ON dr.snapshots'
is "$(folders)" 1 'and leave nothing'

# --- recording fails after the manifest ---------------------------------------------------------------------------------------------------------
sql shop 'CREATE TRIGGER refuse BEFORE INSERT ON dr.copies FOR EACH ROW EXECUTE FUNCTION refuse()'
exit_is 3 pgdr backup
like "$err" 'catalog rebuild' 'a backup that cannot be recorded is good, exit code 3, with the remedy'
sql shop 'DROP TRIGGER refuse ON dr.copies'
is "$(folders)" 2 'it is in the repository'
exit_is 0 pgdr catalog rebuild
is "$(sql shop "SELECT count(*) FROM dr.copies WHERE state = 'complete'")" 2 'catalog rebuild records it'

# --- two at once -----------------------------------------------------------------------------------------------------------------------------
fault_program pg_dump --hang
background "$PGDR_BIN" --config "$CONFIG" backup >/dev/null 2>&1
first=$!
await '[ -s "$T/fault/pg_dump.pid" ]' 30 'the first backup dumps'
exit_is 11 pgdr backup
like "$err" 'lock|another' 'the second is refused'
kill -TERM "$first"
wait "$first"
is $? 130 'the first ends with 130 when told to stop'
clear_faults

# --- disk full ---------------------------------------------------------------------------------------------------------------------------------
sql shop "CREATE TABLE heavy AS SELECT i, md5(random()::text) || md5(random()::text) || md5(random()::text) AS t FROM generate_series(1, 80000) i"
(
  small_disk 2
  echo "$DISK" >"$T/disk"
  echo "${mounts[*]-}" >"$T/disk-mounts"
  REPO=$DISK/repo
  make_repository
  write_config shop
  capture pgdr backup
  printf '%s\n' "$code" >"$T/full.code"
  printf '%s\n' "$err" >"$T/full.err"
  find "$REPO/shop" -type f 2>/dev/null | wc -l >"$T/full.files"
)
mapfile -t -O "${#mounts[@]}" mounts < <(tr ' ' '\n' <"$T/disk-mounts" | sed '/^$/d')
is "$(cat "$T/full.code")" 1 'a full disk fails the backup'
like "$(cat "$T/full.err")" '[Nn]o space|full' 'and is called that'
is "$(cat "$T/full.files")" 0 'and nothing is left on it'

# one of two repositories full: the other copy is good, exit code 3
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
exit_is 3 pgdr backup
like "$err$out" 'second' 'the missing repository is named'
is "$(sql shop "SELECT string_agg(repository || ' ' || state, ', ' ORDER BY repository) FROM dr.copies WHERE backup = (SELECT max(id) FROM dr.backups)")" \
  'local complete, second missing' 'both copies are recorded as they are'
is "$(sql shop "SELECT state FROM dr.backups ORDER BY id DESC LIMIT 1")" partial 'the backup as partial'
make_repository "$T/second"
exit_is 0 pgdr backup
is "$(find "$T/second/shop" -name manifest.json | wc -l)" 2 'with both repositories there are two copies, and the missing one was brought'
write_config shop

# --- keys ------------------------------------------------------------------------------------------------------------------------------------------
age-keygen -o "$T/other.txt" 2>/dev/null
chmod 600 "$T/other.txt"
exit_is 12 pgdr restore latest --to x --identity "$T/other.txt"
exit_is 12 pgdr verify --deep --identity "$T/other.txt"
unset PGDR_IDENTITY
exit_is 12 pgdr restore latest --to x
like "$err" '--identity' 'without a key it says how to give one'
exit_is 12 pgdr restore latest --to x --identity "$T/nowhere.txt"
chmod 644 "$IDENTITY"
exit_is 12 pgdr restore latest --to x --identity "$IDENTITY"
like "$err" '600' 'a key that others may read is refused'
chmod 600 "$IDENTITY"
export PGDR_IDENTITY=$IDENTITY
is "$(sql shop "SELECT count(*) FROM pg_database WHERE datname = 'x'")" 0 'no database was made'

# --- restores that fail ------------------------------------------------------------------------------------------------------------------------------
fault_program pg_restore --exit 1 --when 'use-list'
for jobs in 1 2; do
  exit_is 1 pgdr restore latest --to x --jobs $jobs
  like "$err" 'pg_restore' 'pg_restore that fails is named'
  is "$(sql shop "SELECT count(*) FROM pg_database WHERE datname = 'x'")" 0 'the database that was made is gone'
  is "$(sql shop "SELECT state FROM dr.restores ORDER BY id DESC LIMIT 1")" failed 'recorded as failed'
done
fault_program pg_restore --signal KILL
exit_is 1 pgdr restore latest --to x
clear_faults

sql postgres 'CREATE ROLE owner_of_things'
sql shop 'ALTER TABLE empty_table OWNER TO owner_of_things'
exit_is 0 pgdr backup
sql shop 'ALTER TABLE empty_table OWNER TO postgres'
sql postgres 'DROP ROLE owner_of_things'
exit_is 9 pgdr restore latest --to without_role
like "$err" 'not what was backed up' 'a missing role shows as an owner that differs'
sql postgres 'DROP DATABASE without_role'
exit_is 1 pgdr restore latest --to without_role --no-verify
like "$err" '--no-owner' 'and without verification as a statement that failed, with the remedy'
is "$(sql shop "SELECT state FROM dr.restores ORDER BY id DESC LIMIT 1")" complete_with_errors 'recorded as such'
exit_is 0 pgdr restore latest --to with_no_owner --no-owner --no-acl
exit_is 4 pgdr restore latest --to "postgresql:///x?host=$T"
done_testing
