#!/usr/bin/env bash
# What belongs to the database itself, and not to what is in it, comes back too; by pgdr and by RESTORE.txt's lines.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 50
sql shop 'CREATE EXTENSION pgdr'
sql postgres "CREATE ROLE \"Shop: owner\" LOGIN; CREATE ROLE \"r\"\"1\"; CREATE ROLE reader LOGIN; CREATE ROLE carol LOGIN CREATEDB;
  ALTER DATABASE shop SET work_mem = '7MB'; ALTER DATABASE shop SET search_path = \"\$user\", public, \"Odd Schema\";
  ALTER DATABASE shop SET \"my.text\" = 'it''s \\ a
line';
  ALTER ROLE reader IN DATABASE shop SET statement_timeout = '5s'; ALTER ROLE reader IN DATABASE shop SET search_path = app, public;
  ALTER ROLE \"r\"\"1\" IN DATABASE shop SET work_mem = '3MB'; ALTER ROLE \"Shop: owner\" IN DATABASE shop SET \"a.b\" = 'x: y=z';
  ALTER DATABASE shop CONNECTION LIMIT 17; COMMENT ON DATABASE shop IS 'the shop''s';
  REVOKE CONNECT ON DATABASE shop FROM PUBLIC; GRANT CONNECT ON DATABASE shop TO reader WITH GRANT OPTION; GRANT TEMPORARY ON DATABASE shop TO \"r\"\"1\";
  ALTER DATABASE shop OWNER TO \"Shop: owner\""
properties() { # of a database, as text
  sql postgres "SELECT pg_get_userbyid(datdba), datconnlimit, (SELECT string_agg(a::text, ' ' ORDER BY a::text COLLATE \"C\") FROM unnest(datacl) a), shobj_description(d.oid, 'pg_database'), datcollate,
      (SELECT json_agg(CASE setrole WHEN 0 THEN '' ELSE pg_get_userbyid(setrole) END || ' ' || c ORDER BY setrole::regrole::text COLLATE \"C\", c COLLATE \"C\")
       FROM pg_db_role_setting s, unnest(setconfig) c WHERE setdatabase = d.oid AND c NOT LIKE 'pgdr.origin=%')
    FROM pg_database d WHERE datname = '$1'"
}
wanted=$(properties shop)
like "$wanted" 'statement_timeout=5s' 'the source has settings of roles'
write_config shop
make_repository
exit_is 0 pgdr backup
exit_is 0 pgdr restore latest --to copy
unlike "$err" 'property of the database' 'nothing is left out'
is "$(properties copy)" "$wanted" 'owner, settings, those of roles, limit, privileges and comment are those of the source'
is "$(sql shop "SELECT count(*) FROM dr_verify_against('copy') WHERE object_type = 'database' AND status <> 'info' AND check_name <> 'verdict'")" 0 'a comparison agrees'
exit_is 0 pgdr restore latest --to plain --no-owner --no-acl
is "$(sql postgres "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'plain'")" postgres '--no-owner leaves the owner out'
not_ok 'no name of a role or setting stands in the repository in clear' grep -rqaE 'Shop: owner|statement_timeout=5s' "$REPO"

# By whoever may not: what is lost, and the statement that brings it.
exit_is 0 pgdr restore latest --to "postgresql://carol@/carols" --no-owner --no-acl
like "$err" 'a property of the database was not restored: .*as a superuser: ALTER ROLE "reader" IN DATABASE "carols" SET "statement_timeout" TO .5s.;' \
  'the very statement is said'
sed -n 's/.*as a superuser: \(ALTER ROLE.*;\)$/\1/p' <<<"$err" >"$T/by-hand.sql"
ok 'and can be run as it stands' psql -Xq -v ON_ERROR_STOP=1 -d postgres -f "$T/by-hand.sql"
is "$(sql postgres "SELECT count(*) FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = 'carols') AND setrole <> 0")" 3 \
  'with its effect'

# A restore that was killed: the next one says what lies there.
folder=$(dirname "$REPO"/shop/*/manifest.json)
sql shop "SELECT dr_restore_start('$(basename "$folder")', 'half')" >/dev/null && createdb half
exit_is 5 pgdr restore latest --to half
like "$err" 'never reported its end' 'what a killed restore left behind is named'

# By hand, with RESTORE.txt's lines.
IDENTITY=$IDENTITY TARGET=by_hand
lines=$(sed -n '/^1\. /,/^On a server without/p' "$folder/RESTORE.txt" | sed -n 's/^    //p')
printf 'set -e\n%s\n' "$lines" >"$T/lines.sh"
cp -r "$folder" "$T/away"
ok 'the lines run' bash -c "cd '$T/away' && IDENTITY='$IDENTITY' TARGET=by_hand sh '$T/lines.sh'"
is "$(properties by_hand)" "$wanted" 'they bring the same'
is "$(ls "$T/away" | grep -c 'properties.sql\|snapshot.json$')" 0 'and leave nothing of it lying about'
done_testing
