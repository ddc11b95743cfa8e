#!/usr/bin/env bash
# The main loop: back up while writers write, restore, prove; and every form of restore.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 300
sql shop 'CREATE EXTENSION pgdr'
sql shop "ALTER DATABASE shop SET work_mem = '7MB'; ALTER DATABASE shop SET search_path = \"\$user\", public, \"Odd Schema\""
sql shop "COMMENT ON DATABASE shop IS 'the shop''s'"
write_config shop
make_repository
names() { sed 's/^/ /' <<<"$1" | tr '\n' ' '; }

# --- under load -------------------------------------------------------------------------------------------------------------------
start_writers shop 2
await '[ "$(sql shop "SELECT count(*) > 20 FROM writes_done")" = t ]' 60 'writers write'
exit_is 0 pgdr backup
like "$out" 'complete' 'the backup is reported complete'
label=$(pgdr --json list | jq -r '.sets[0].backups[0].label')
like "$label" '^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{4}$' 'it has a label'
before=$(sql shop 'SELECT count(*) FROM writes_done')
await '[ "$(sql shop "SELECT count(*) FROM writes_done")" -gt "$before" ]' 60 'the writers went on'
exit_is 0 pgdr restore latest --to shop_copy --jobs 2
stop_writers
like "$out" 'passed' 'the copy matches the snapshot exactly, although the source moved on'
is "$(sql shop "SELECT passed AND restored FROM dr.verifications ORDER BY id DESC LIMIT 1")" t 'the proof is recorded'
is "$(sql shop "SELECT state FROM dr.restores ORDER BY id DESC LIMIT 1")" complete 'the restore is recorded'
is "$(sql shop "SELECT string_agg(state, ' ') FROM dr.backups")" complete 'the backup is recorded'
is "$(sql shop "SELECT repository || ' ' || state FROM dr.copies")" 'local complete' 'its copy is recorded'
is "$(sql shop "SELECT status FROM dr_verify_against('shop_copy') WHERE check_name = 'verdict'")" passed 'dr_verify_against finds the baseline by the mark'
like "$(sql shop_copy 'SHOW pgdr.origin')" "\"label\":\"$label\"" 'the mark of origin is left'
is "$(sql shop_copy 'SHOW work_mem')" 7MB 'settings of the database are restored'
is "$(sql shop_copy 'SHOW search_path')" '"$user", public, "Odd Schema"' 'a list among them keeps its parts'
is "$(sql shop "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'shop_copy'")" "the shop's" 'so is its comment'
is "$(sql shop_copy "SELECT count(*) FROM pg_largeobject_metadata")" 1 'large objects are there'
like "$(pgdr list)" 'proven' 'list says that it is proven'

# --- damage is found ---------------------------------------------------------------------------------------------------------------
sql shop_copy "UPDATE documents SET body = 'x' || substr(body, 2) WHERE id = '00000000-0000-0000-0000-000000000002'"
is "$(sql shop "SELECT status FROM dr_verify_against('shop_copy') WHERE check_name = 'verdict'")" failed 'one changed character is found'
like "$(sql shop "SELECT object FROM dr_verify_against('shop_copy') WHERE status = 'mismatch'")" 'documents' 'and named'

# --- the stored form ---------------------------------------------------------------------------------------------------------------
folder=$REPO/shop/$label
is "$(ls "$folder" | tr '\n' ' ')" 'RESTORE.txt SHA256SUMS database.dump.zst.age database.dump.zst.age.chunks globals.sql.zst.age manifest.json snapshot.json.zst.age ' 'the folder holds what the format says'
ok 'sha256sum --check accepts SHA256SUMS' bash -c "cd '$folder' && sha256sum --check --strict SHA256SUMS"
ok 'every artifact is an age file' bash -c "for f in '$folder'/*.age; do [ \"\$(head -c 21 \"\$f\")\" = age-encryption.org/v1 ] || exit 1; done"
is "$(jq -r '.label + " " + .format + " " + .database' "$folder/manifest.json")" "$label pgdr-manifest shop" 'the manifest says what it is'
not_ok 'nothing in the repository is plaintext' grep -rqa 'example.org' "$REPO"
exit_is 0 pgdr verify
exit_is 0 pgdr verify --deep
exit_is 0 pgdr verify --all --json
is "$(jq -r .good <<<"$out")" true 'verify --json says so'

# --- forms of restore --------------------------------------------------------------------------------------------------------------
exit_is 0 pgdr restore "$label" --to shop_one --jobs 1
exit_is 0 pgdr restore "${label%-*}" --to shop_four --jobs 4 --json
is "$(jq -r '.verification + " " + (.streams | tostring)' <<<"$out")" 'passed 4' 'four streams, proven'
# Two at once: one makes the database, the other is told that it is there.
for run in 1 2; do
  (
    capture pgdr restore latest --to at_once
    echo "$code" >"$T/at_once.$run"
  ) &
  runs[run]=$!
done
wait "${runs[@]}"
is "$(sort -n "$T"/at_once.* | xargs)" '0 5' 'of two restores into one new database one is refused'
exit_is 5 pgdr restore latest --to shop_one
like "$err" 'exists already' 'an existing database is refused'
exit_is 5 pgdr restore latest --to shop_one --clean
like "$err" 'confirm' 'so is --clean without its name'
sql shop_one 'DELETE FROM documents; DROP TABLE empty_table'
exit_is 0 pgdr restore latest --to shop_one --clean --if-exists --confirm shop_one
is "$(sql shop "SELECT status FROM dr_verify_against('shop_one', backup => '$label') WHERE check_name = 'verdict'")" passed '--clean brings it back exactly'
exit_is 0 pgdr restore latest --to shop_bare --no-owner --no-acl
exit_is 0 pgdr restore latest --to shop_only --only public.documents --only events
is "$(sql shop_only "SELECT string_agg(relname, ' ' ORDER BY relname COLLATE \"C\") FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND relname <> 'users'")" \
  'documents events events_2025 events_2026 events_rest' '--only restores the tables and their partitions'
is "$(sql shop_only 'SELECT count(*) FROM documents')" "$(sql shop_four 'SELECT count(*) FROM documents')" 'with their rows'
exit_is 2 pgdr restore latest --to shop_none --only public.documets
like "$err" 'documents' 'a misspelled table: the near one is named'
is "$(sql shop "SELECT count(*) FROM pg_database WHERE datname = 'shop_none'")" 0 'and no database is left'
exit_is 0 pgdr restore latest --to shop_schema --schema-only
is "$(sql shop_schema 'SELECT count(*) FROM users')" 0 '--schema-only restores no rows'
exit_is 0 pgdr restore latest --to shop_trust --no-verify

# --- another server, without the source ----------------------------------------------------------------------------------------------
first=$PGHOST first_port=$PGPORT
start_cluster second --fresh
exit_is 0 pgdr restore latest --to "postgresql:///elsewhere?host=$PGHOST&port=$PGPORT&user=$PGUSER" --globals
like "$out" 'passed' 'restored on another server by URI and proven there'
sql postgres 'DROP DATABASE elsewhere'
sed -i "s|postgresql:///shop|postgresql:///shop?host=$first\&port=$first_port|" "$CONFIG"
stop_cluster main
exit_is 0 pgdr restore latest --to "postgresql:///elsewhere?host=$PGHOST&port=$PGPORT&user=$PGUSER"
like "$err" 'cannot be recorded' 'without the source it says that nothing is recorded'
is "$(sql elsewhere "SELECT status FROM dr_verify_snapshot('$(age -d -i "$IDENTITY" "$folder/snapshot.json.zst.age" | zstd -dc | sed "s/'/''/g")') WHERE check_name = 'verdict'")" passed 'dr_verify_snapshot agrees'
exit_is 0 pgdr list
like "$out" "$label" 'list works without the database'
exit_is 0 pgdr show --json
is "$(jq -r '.label' <<<"$out")" "$label" 'so does show'
is "$(jq -r '[.tables[] | select(.name == "users")][0].state' <<<"$out")" exact 'with the key it shows the tables'
exit_is 4 pgdr backup
done_testing
