#!/usr/bin/env bash
# What the target lacks is said before anything is created; what only a superuser or one database of a server can have is left out.
. "$(dirname "$0")/lib.sh"
start_cluster main --fresh shared_preload_libraries=pg_cron cron.database_name=shop
make_db shop 100
sharedir=$(dirname "$(find "$PGDR_PGROOT/usr" -path '*/extension/pgdr.control' | head -1)")/..
rare=pgdr_test_$$
printf "default_version = '1.2'\nrelocatable = true\ncomment = 'rare'\n" >"$sharedir/extension/$rare.control" || die 'an extension is installed'
echo "CREATE FUNCTION rare_$$() RETURNS integer LANGUAGE sql AS 'SELECT 1';" >"$sharedir/extension/$rare--1.2.sql"
sql shop "CREATE EXTENSION pgdr; CREATE EXTENSION pg_cron; CREATE EXTENSION hstore; SELECT cron.schedule('nightly', '0 3 * * *', 'SELECT 1')" >/dev/null
sql postgres 'CREATE ROLE "Odd owner"; CREATE ROLE reader; CREATE ROLE carol LOGIN CREATEDB; CREATE ROLE dave LOGIN'
sql shop 'ALTER TABLE empty_table OWNER TO "Odd owner"; GRANT SELECT ON users TO reader'
write_config shop
make_repository
exit_is 0 pgdr backup
databases() { sql postgres "SELECT count(*) FROM pg_database WHERE NOT datistemplate"; }
lacks() { jq -r --arg what "$1" '[.lacks[] | select(.what == $what) | .level + ": " + .message] | join("\n")' <<<"$out"; }

# --- pg_cron lives in one database of a server ----------------------------------------------------------------------------------------
before=$(databases)
exit_is 0 pgdr restore latest --to shop_copy --plan
like "$out" 'pg_cron and its tables are left out: on this server it lives in database "shop"' 'the plan says that pg_cron stays away'
like "$out" 'the target has all it needs' 'and nothing else is wanting'
is "$(databases)" "$before" 'a plan makes nothing'
for jobs in 1 2; do
  exit_is 0 pgdr restore latest --to shop_copy_$jobs --jobs $jobs
  like "$out" 'passed' 'the copy is proven'
  like "$err" 'cron.schedule_in_database' 'what to do about jobs is said'
  is "$(sql shop_copy_$jobs "SELECT count(*) FROM pg_extension WHERE extname = 'pg_cron' OR extname = 'hstore'")" 1 'without pg_cron, with everything else'
  is "$(sql shop "SELECT status FROM dr_verify_against('shop_copy_$jobs') WHERE check_name = 'verdict'")" passed 'dr_verify_against knows what was left out'
done
is "$(sql shop 'SELECT count(*) FROM cron.job')" 1 'no job runs twice'
sql shop_copy_2 'DROP EXTENSION hstore'
is "$(sql shop "SELECT status FROM dr_verify_against('shop_copy_2') WHERE check_name = 'verdict'")" failed 'another extension that is missing is still found'
try_sql shop "SELECT * FROM dr_verify_against('shop_copy_1', options => '{\"without\": [\"hstore\"]}')"
like "$err" '22023' 'and cannot be excused'

# --- a role with CREATEDB only --------------------------------------------------------------------------------------------------------
exit_is 3 pgdr restore latest --to "postgresql://carol@/carols" --plan --json
like "$(lacks extension)" 'note: extension pgdr and its tables are left out: role carol may not create it' 'pgdr is left out'
like "$(lacks right)" 'may not give objects to their owners "Odd owner"' 'whose objects it may not give away is said'
exit_is 0 pgdr restore latest --to "postgresql://carol@/carols" --no-owner --no-acl
like "$out" 'passed' 'all that is theirs is identical'
is "$(sql carols "SELECT count(*) FROM pg_extension WHERE extname = 'pgdr'")" 0 'without pgdr'
exit_is 1 pgdr restore latest --to "postgresql://dave@/daves"
like "$err" 'role dave may not create databases.*nothing was changed' 'a role that may not create databases is refused'
like "$err" 'ALTER ROLE "dave" CREATEDB' 'with the remedy'
exit_is 1 pgdr restore latest --to "postgresql://dave@/daves" --plan
is "$(sql postgres "SELECT count(*) FROM pg_database WHERE datname = 'daves'")" 0 'and nothing is made'

# --- a server that lacks much ---------------------------------------------------------------------------------------------------------
sql shop "CREATE EXTENSION $rare"
mkdir -m 777 "$T/space"
[ "$(id -u)" != 0 ] || chown postgres "$T/space"
sql postgres "CREATE TABLESPACE \"Fast one\" LOCATION '$T/space'" && sql shop 'ALTER TABLE documents SET TABLESPACE "Fast one"'
exit_is 0 pgdr backup
rm -f "$sharedir/extension/$rare"*
first="host=$PGHOST port=$PGPORT user=$PGUSER dbname=shop"
sed -i "s|postgresql:///shop|$first|" "$CONFIG"
start_cluster second --fresh max_worker_processes=0
there="postgresql:///there?host=$PGHOST&port=$PGPORT&user=$PGUSER"
exit_is 1 pgdr restore latest --to "$there" --plan --json
is "$(jq -r .outcome <<<"$out")" refused 'it would be refused'
like "$(lacks extension)" "blocks: the server does not offer the extension $rare \(the backup has version 1.2\)" 'for the extension'
like "$(lacks role)" 'warning: .*"Odd owner"' 'owners that are missing'
like "$(lacks role)" 'reader' 'and grantees'
like "$(lacks tablespace)" 'Fast one' 'the tablespace'
like "$(lacks slot)" 'max_worker_processes' 'worker slots'
is "$(jq -r '[.lacks[] | select(.remedy == null and .level != "note")] | length' <<<"$out")" 0 'each has a remedy'
exit_is 1 pgdr restore latest --to "$there"
like "$err" "$rare" 'the restore is refused for it'
is "$(sql postgres "SELECT count(*) FROM pg_database WHERE datname = 'there'")" 0 'before anything is made'
exit_is 9 pgdr restore latest --to "$there" --accept-missing --globals
like "$out" "$rare" 'on demand it goes on, and the comparison tells what is missing'
is "$(sql there 'SELECT count(*) FROM users')" 100 'the rows are there'
done_testing
