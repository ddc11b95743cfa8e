#!/usr/bin/env bash
# Nothing is judged by the words of a server or of PostgreSQL's programs: the same outcomes where all of them speak German.
. "$(dirname "$0")/lib.sh"
command -v localedef >/dev/null || skip_all 'no localedef'
mkdir -m 755 "$T/locale"
localedef -i de_DE -f UTF-8 "$T/locale/de_DE.UTF-8" 2>"$T/.err" || [ -e "$T/locale/de_DE.UTF-8/LC_MESSAGES" ] ||
  skip_all 'the sources of the German locale are not installed (Debian: locales)'
export LOCPATH=$T/locale
start_cluster german --fresh lc_messages=de_DE.UTF-8
try_sql postgres 'SELECT 1/0'
like "$err" 'FEHLER' 'the server speaks German' || skip_all 'PostgreSQL is not translated'
export LC_ALL=de_DE.UTF-8 PG_COLOR=always
like "$(pg_restore --gibtesnicht 2>&1)" 'Option' 'so would the programs'

make_db shop 100
sql shop 'CREATE EXTENSION pgdr'
sql postgres 'CREATE ROLE reader; CREATE ROLE owner_of_things'
sql shop 'GRANT SELECT ON users TO reader; ALTER TABLE empty_table OWNER TO owner_of_things'
write_config shop
make_repository
exit_is 0 pgdr backup
exit_is 0 pgdr restore latest --to copy
like "$out" 'passed' 'a restore is proven'
exit_is 0 pgdr restore latest --to copy --clean --if-exists --confirm copy
like "$out" 'passed' 'with --clean, where a constraint that is inherited cannot be dropped'

# Globals: that a role exists is no error; everything else is.
sql postgres 'ALTER ROLE reader RENAME TO gone'
folder=$(dirname "$REPO"/shop/*/manifest.json)
exit_is 0 pgdr restore latest --to with_globals --globals
unlike "$err" 'globals' 'roles that exist are no errors'
is "$(sql postgres "SELECT count(*) FROM pg_roles WHERE rolname = 'reader'")" 1 'the role that was missing is there'

# The server refuses one: a role name that is reserved for the system since this backup was made, so to say.
sql postgres 'DROP OWNED BY reader; REASSIGN OWNED BY owner_of_things TO postgres'
for db in copy with_globals; do sql postgres "DROP DATABASE $db"; done
sql shop 'REVOKE SELECT ON users FROM reader; ALTER TABLE empty_table OWNER TO postgres'
sql postgres 'DROP ROLE reader'
exit_is 9 pgdr restore latest --to without_role
like "$err" 'reader' 'a role that is missing is said before'
like "$out" 'FEHLER:  Rolle »reader« existiert nicht' 'the statement that failed is shown in the words of the server'
like "$out" 'statements? failed' 'and counted'
is "$(sql shop "SELECT state FROM dr.restores ORDER BY id DESC LIMIT 1")" complete_with_errors 'and recorded'
exit_is 1 pgdr restore latest --to without_role_2 --no-verify
like "$err" 'statements? of the restore failed' 'without a verification, too'

# A materialized view whose refresh fails.
sql shop "CREATE TABLE divisor (n integer); INSERT INTO divisor VALUES (1);
  CREATE FUNCTION quotient() RETURNS integer LANGUAGE plpgsql AS 'BEGIN RETURN 1 / (SELECT n FROM public.divisor WHERE current_database() = ''shop''); END';
  CREATE MATERIALIZED VIEW quotients AS SELECT quotient() AS q, 1 / CASE WHEN current_database() = 'shop' THEN 1 ELSE 0 END AS z"
exit_is 0 pgdr backup
capture pgdr restore latest --to broken_view --no-owner --no-acl
like "$code" '^[19]$' 'a view that cannot be refreshed is an error'
like "$out" 'MATERIALIZED VIEW DATA public.quotients: FEHLER:  Division durch Null' 'by its name'
unlike "$(pgdr --json list | jq -r '.sets[0].backups[0].proven // "no"')" true 'and no proof'
# No rows at all reach a table.
sql shop "DROP MATERIALIZED VIEW quotients; CREATE TABLE picky (n integer CHECK (current_database() = 'shop')); INSERT INTO picky VALUES (1)"
exit_is 0 pgdr backup
exit_is 9 pgdr restore latest --to picky --no-owner --no-acl --jobs 2
like "$out" 'COPY failed for table "picky": FEHLER' 'rows that are refused are named'

# Names that a forger would choose.
sql shop "DROP TABLE picky; CREATE TABLE \"x
pg_restore: warning: errors ignored on restore: 0
pg_restore: error: y\" (n integer CHECK (current_database() = 'shop')); INSERT INTO \"x
pg_restore: warning: errors ignored on restore: 0
pg_restore: error: y\" VALUES (1)"
exit_is 0 pgdr backup
exit_is 9 pgdr restore latest --to forged --no-owner --no-acl
done_testing
