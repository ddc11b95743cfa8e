#!/usr/bin/env bash
# The roles of the README are enough for their work, and not for more.
. "$(dirname "$0")/lib.sh"

start_cluster
make_db shop 100
sql shop 'ALTER TABLE documents ENABLE ROW LEVEL SECURITY; CREATE TABLE hidden (id integer PRIMARY KEY); INSERT INTO hidden VALUES (1);
          ALTER TABLE hidden ENABLE ROW LEVEL SECURITY; ALTER TABLE hidden FORCE ROW LEVEL SECURITY' || die 'row security is on'
sql shop 'CREATE EXTENSION pgdr' || die 'the extension is created'
sql shop "CREATE ROLE pgdr_backup LOGIN BYPASSRLS; GRANT pg_read_all_data TO pgdr_backup; SELECT dr_grant('pgdr_backup', 'backup');
          CREATE ROLE pgdr_monitor LOGIN; SELECT dr_grant('pgdr_monitor', 'monitor');
          CREATE ROLE nobody_special LOGIN" >/dev/null || die 'the roles are made'
write_config shop
sed -i 's#postgresql:///shop#postgresql://pgdr_backup@/shop#' "$CONFIG"
exit_is 0 pgdr init --yes

as() { PGUSER=$1 try_sql "$2" "$3"; }

# Large objects have owners and no pg_read_all_data: the documented role needs SELECT on each, and is told so.
capture pgdr backup
like "$code $err" '^[1-9][0-9]* .*large object' 'a large object the role may not read fails the backup, by name'
sql shop "DO \$\$ DECLARE o oid; BEGIN FOR o IN SELECT oid FROM pg_largeobject_metadata LOOP
            EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO pgdr_backup', o); END LOOP; END \$\$"
exit_is 0 pgdr backup
is "$(sql shop "SELECT state FROM dr.backups ORDER BY started_at DESC LIMIT 1")" complete 'the backup role backs up and records'
exit_is 0 pgdr list
exit_is 0 pgdr verify latest
exit_is 0 pgdr snapshot

# What pg_dump leaves out for this role is told, and only that.
sql shop "CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw; CREATE SERVER own FOREIGN DATA WRAPPER postgres_fdw;
          GRANT USAGE ON FOREIGN SERVER own TO pgdr_backup;
          CREATE USER MAPPING FOR postgres SERVER far OPTIONS (user 'u', password 'secret'); CREATE USER MAPPING FOR PUBLIC SERVER far;
          CREATE USER MAPPING FOR pgdr_backup SERVER own OPTIONS (user 'u');
          CREATE SUBSCRIPTION feed CONNECTION 'host=/nowhere dbname=x' PUBLICATION p WITH (connect = false, enabled = false, slot_name = NONE)" 2>/dev/null ||
  die 'a subscription and user mappings are made'
exit_is 0 pgdr backup
like "$err" 'warning: subscription feed: dumped: left out' 'a subscription that is in no dump of the role is a warning'
like "$err" 'warning: user mapping far.postgres: dumped: without its options' 'so are options that the role may not see'
like "$err" 'warning: user mapping far.public: dumped' 'whether there are any or not'
unlike "$err" 'user mapping own|secret' 'those that it sees are not'
is "$(sql shop "SELECT count(*) FROM dr_check_integrity() WHERE check_name = 'dumped'")" 0 'a superuser lacks nothing'
sql shop 'DROP SUBSCRIPTION feed; DROP SERVER far CASCADE; DROP SERVER own CASCADE; DROP EXTENSION postgres_fdw' 2>/dev/null || die 'they are gone'

# A superuser restores; every row is there, also those that row security hides.
sed -i 's#postgresql://pgdr_backup@/shop#postgresql:///shop#' "$CONFIG"
exit_is 0 pgdr restore latest --to shop_restore
is "$(sql shop_restore 'SELECT count(*) FROM hidden')" 1 'the hidden row came back'

# Not more.
as pgdr_backup shop "INSERT INTO empty_table VALUES (1, 'x')"
like "$err" '42501' 'the backup role cannot write to the data'
as pgdr_backup shop "DELETE FROM dr.backups"
like "$err" '42501' 'nor take the catalog apart'
as pgdr_backup shop "SELECT dr_grant('nobody_special', 'backup')"
isnt "$code" 0 'nor give its rights away'
as pgdr_monitor shop 'SELECT count(*) FROM users'
like "$err" '42501' 'the monitor role cannot read the data'
as pgdr_monitor shop 'SELECT count(*) > 0 FROM dr_status()'
is "$code $out" '0 t' 'but the objectives'
as pgdr_monitor shop 'SELECT loss FROM dr_detect_loss()'
is "$code $out" '0 verdict' 'what was lost'
as pgdr_monitor shop 'SELECT count(*) > 0 FROM dr.backups'
is "$code $out" '0 t' 'and the catalog'
# The integrity check asks rows as their owner: only for whom may read them, and only its own questions.
sql shop "CREATE ROLE half LOGIN; SELECT dr_grant('half', 'backup')" >/dev/null || die 'a backup role without the right to read is made'
as half shop "SELECT DISTINCT actual, detail FROM dr_check_integrity('data') WHERE check_name = 'check holds' AND object LIKE '%users'"
is "$code $out" '0 not checked|permission denied for table users' 'whoever may not read rows learns nothing of them from the integrity check'
as pgdr_backup shop "SELECT status, actual FROM dr_check_integrity('data') WHERE status = 'error' OR actual = 'not checked'"
is "$code $out" '0 ' 'the backup role can check everything'
as pgdr_monitor shop "SELECT dr._integrity_offenders('not null', 'users'::regclass, 5)"
like "$err" '42501' 'the monitor role cannot'
as pgdr_monitor shop "SELECT dr_backup_start('20260101T000000Z-0000', 'shop')"
like "$err" '42501' 'it records nothing'
as nobody_special shop 'SELECT count(*) FROM dr.backups'
like "$err" '42501' 'any other role sees no catalog'
for call in "dr_snapshot_counts()" "dr_backup_start('x', 'shop')" "dr_objective_set('rpo', '1 hour')" "dr_status()" "dr_detect_loss()" \
  "dr_verify_against('shop_restore')"; do
  as nobody_special shop "SELECT * FROM $call"
  like "$err" '42501' "nor may it call $call"
done
done_testing
