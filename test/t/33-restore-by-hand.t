#!/usr/bin/env bash
# RESTORE.txt's own lines, executed literally, with nothing but age, zstd, coreutils and PostgreSQL's client programs.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 200
sql shop 'CREATE EXTENSION pgdr'
sql postgres "CREATE ROLE reader LOGIN PASSWORD 'secret'"
sql shop "GRANT SELECT ON users TO reader; SELECT dr_grant('reader', 'backup')" >/dev/null
# A function of the database's own that is called like the extension's, and is not everybody's.
sql shop 'CREATE FUNCTION dr_ward() RETURNS integer LANGUAGE sql AS $$SELECT 1$$; REVOKE ALL ON FUNCTION dr_ward() FROM PUBLIC; GRANT EXECUTE ON FUNCTION dr_ward() TO reader'
write_config shop
make_repository
exit_is 0 pgdr backup
folder=$(dirname "$REPO"/shop/*/manifest.json)
cp -r "$folder" "$T/carried-away"

# commands OF SECTION…: the indented lines of RESTORE.txt between two texts
commands() { sed -n "/$1/,/$2/p" "$T/carried-away/RESTORE.txt" | sed -n 's/^    //p'; }
all=$(sed -n 's/^    //p' "$T/carried-away/RESTORE.txt")
isnt "$all" '' 'RESTORE.txt has commands'
unlike "$all" 'pgdr (backup|restore|verify|list|catalog)' 'none of them needs the tool'

run_lines() { # run_lines TEXT: in the folder, with a PATH that holds only what RESTORE.txt asks for
  local bin=$T/hand-bin p
  if [ ! -e "$bin" ]; then
    mkdir "$bin"
    for p in age zstd jq psql pg_restore createdb sha256sum grep cat rm sh printf; do
      ln -s "$(command -v $p 2>/dev/null || echo /bin/$p)" "$bin/$p"
    done
  fi
  printf 'set -e\n%s\n' "$1" >"$T/lines.sh"
  (cd "$T/carried-away" && env PATH="$bin" IDENTITY="$IDENTITY" TARGET="$TARGET" sh "$T/lines.sh") >"$T/hand.out" 2>&1
}

TARGET=by_hand
ok 'the steps run on the same server' run_lines "$(commands '^1\. ' '^On a server without')"
diag_lines=$(tail -5 "$T/hand.out")
like "$diag_lines" 'passed' 'the last line says passed'
is "$(sql by_hand 'SELECT count(*) FROM users')" 200 'the rows are there'
is "$(sql shop "SELECT status FROM dr_verify_against('by_hand', backup => (SELECT max(label) FROM dr.backups)) WHERE check_name = 'verdict'")" passed 'pgdr agrees'

start_cluster second --fresh
TARGET=shop_again
ok 'the steps run on a new server' run_lines "$(commands '^1\. ' '^On a server without')"
like "$(tail -5 "$T/hand.out")" 'passed' 'proven there'
is "$(sql postgres "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'reader'")" t 'the role is there, by the globals'
is "$(sql shop_again "SELECT has_table_privilege('reader', 'users', 'SELECT')")" t 'with its rights'

TARGET=without_pgdr
createdb without_pgdr
ok 'so do the lines for a server without the extension' run_lines "$(commands '^1\. ' '^2\. ')
$(commands '^On a server without' '^no such line')"
is "$(sql without_pgdr "SELECT count(*) FROM pg_extension WHERE extname = 'pgdr'")" 0 'the extension is left out'
is "$(sql without_pgdr 'SELECT count(*) FROM documents')" 202 'the data are not'
is "$(sql without_pgdr "SELECT has_function_privilege('public', 'dr_ward()', 'EXECUTE') || ' ' || has_function_privilege('reader', 'dr_ward()', 'EXECUTE')")" 'false true' \
  'a function that is not the extension'\''s keeps its privileges'

# README's own lines for it
readme=$(sed -n '/^On a server without the extension pgdr/,/^## /p' "$top/README.md" | sed -n '/^age/p' |
  sed "s/identity.txt/\$IDENTITY/; s/prompt69_new/\$TARGET/")
TARGET=by_readme
createdb by_readme
ok 'README has lines for it, too' run_lines "$readme"
is "$(sql by_readme "SELECT count(*) FROM documents, (SELECT count(*) FROM pg_extension WHERE extname = 'pgdr') AS e WHERE e.count = 0")" 202 'which do the same'
is "$(sql by_readme "SELECT has_function_privilege('public', 'dr_ward()', 'EXECUTE') || ' ' || has_function_privilege('reader', 'dr_ward()', 'EXECUTE')")" 'false true' \
  'a function that is not the extension'\''s keeps its privileges'

# a file that was changed stops at the second step
printf x >>"$T/carried-away/database.dump.zst.age"
TARGET=never
not_ok 'a changed file stops it' run_lines "$(commands '^1\. ' '^On a server without')"
is "$(sql postgres "SELECT count(*) FROM pg_database WHERE datname = 'never'")" 0 'before anything is restored'
done_testing
