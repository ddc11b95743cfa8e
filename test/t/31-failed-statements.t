#!/usr/bin/env bash
# A restore whose statements failed proves nothing, unless each failure is a finding or harmless by a rule.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 50
sql shop 'CREATE EXTENSION pgdr; CREATE EXTENSION hstore'
write_config shop
make_repository
proven() { pgdr --json list | jq -r '.sets[0].backups[0].proven'; }
age() { sql shop "SELECT state FROM dr_status() WHERE objective = 'verified_age'"; }
backup_with() { # backup_with SQL…: a backup of a database with these objects, which are gone afterwards
  sql shop "$1" || die 'the objects are made'
  exit_is 0 pgdr backup
  sql shop "$2"
}
here="current_database() = 'shop'"

backup_with "CREATE MATERIALIZED VIEW ratio AS SELECT 1 / CASE WHEN $here THEN 1 ELSE 0 END AS r" 'DROP MATERIALIZED VIEW ratio'
capture pgdr restore latest --to a_view
like "$code" '^[19]$' 'a materialized view that was not refreshed: not 0'
like "$out" 'MATERIALIZED VIEW DATA public.ratio' 'it is named'
isnt "$(proven)" true 'list does not call it proven'
isnt "$(age)" ok 'nor is verified_age ok'
is "$(sql shop "SELECT bool_or(passed) FROM dr.verifications")" f 'no verification passed'
isnt "$(sql shop "SELECT count(*) FROM dr.verification_findings WHERE object LIKE '%ratio%' AND status = 'mismatch'")" 0 'the finding is on record'

# What a comparison only warns of: a subscription.
backup_with "CREATE SUBSCRIPTION feed CONNECTION 'dbname=shop' PUBLICATION p WITH (connect = false)" \
  "ALTER SUBSCRIPTION feed SET (slot_name = NONE); DROP SUBSCRIPTION feed"
capture pgdr restore latest --to a_subscription
is "$code" 0 'a subscription comes back'
sql a_subscription 'ALTER SUBSCRIPTION feed SET (slot_name = NONE); DROP SUBSCRIPTION feed'
# One whose comment alone fails: its role is not the owner of the extension.
backup_with "COMMENT ON EXTENSION hstore IS 'ours'" "SELECT 1"
exit_is 0 pgdr restore latest --to a_comment
is "$(proven)" true 'a restore without failures is proven'
is "$(age)" ok 'verified_age is ok'

# The same on another server, where the target proves itself.
backup_with "CREATE MATERIALIZED VIEW ratio AS SELECT 1 / CASE WHEN $here THEN 1 ELSE 0 END AS r" 'DROP MATERIALIZED VIEW ratio'
first="host=$PGHOST port=$PGPORT user=$PGUSER"
sed -i "s|postgresql:///shop|$first dbname=shop|" "$CONFIG"
start_cluster second --fresh
capture pgdr restore latest --to "postgresql:///elsewhere?host=$PGHOST&port=$PGPORT&user=$PGUSER"
like "$code" '^[19]$' 'on another server: not 0'
is "$(sql elsewhere 'SELECT coalesce(bool_or(passed), false) FROM dr.verifications WHERE target = current_database()')" f 'nothing passed there'
use_cluster main
isnt "$(proven)" true 'nor at home'
done_testing
