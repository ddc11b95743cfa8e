#!/usr/bin/env bash
# What is wrong with the source is said before it is dumped, recorded, and no reason not to back up.
. "$(dirname "$0")/lib.sh"
start_cluster
make_db shop 50
sql shop 'CREATE EXTENSION pgdr'
write_config shop
make_repository

exit_is 0 pgdr backup
unlike "$err" 'expected' 'a sound database raises no warning'
is "$(sql shop "SELECT count(*) FROM dr.events WHERE kind = 'integrity'")" 0 'and no event'

sql shop "CREATE TABLE behind (id serial PRIMARY KEY); INSERT INTO behind VALUES (7)"
sql shop "ALTER TABLE behind ADD CONSTRAINT small CHECK (id < 5) NOT VALID"
exit_is 0 pgdr backup
like "$err" 'warning: .*behind_id_seq: sequence ahead of its column: next value 1, expected beyond 7' 'a sequence behind its column is named'
like "$err" 'small on .*behind: constraint validated: NOT VALID' 'so is a constraint that was never checked'
is "$(sql shop "SELECT string_agg(severity, ' ' ORDER BY severity) FROM dr.events WHERE kind = 'integrity' AND set_name = 'shop'")" \
  'error warning' 'both are events of the set'
is "$(sql shop "SELECT state FROM dr.backups ORDER BY started_at DESC LIMIT 1")" complete 'the backup is complete all the same'

# an integrity check that cannot run is a warning, too
sql shop "REVOKE ALL ON FUNCTION dr_check_integrity FROM PUBLIC; CREATE ROLE plain LOGIN BYPASSRLS; GRANT pg_read_all_data TO plain;
          SELECT dr_grant('plain', 'backup'); REVOKE EXECUTE ON FUNCTION dr.check_integrity FROM plain;
          GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO plain"
sql shop "DO \$\$ DECLARE o oid; BEGIN FOR o IN SELECT oid FROM pg_largeobject_metadata LOOP
            EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO plain', o); END LOOP; END \$\$"
PGUSER=plain exit_is 0 pgdr backup
like "$err" "warning: cannot check the database's integrity" 'what could not be checked is said'
done_testing
