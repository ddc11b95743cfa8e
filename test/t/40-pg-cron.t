#!/usr/bin/env bash
# Scheduled snapshots with the real pg_cron: the job runs, changes and goes; other databases get a hint.
. "$(dirname "$0")/lib.sh"

start_cluster main --fresh shared_preload_libraries=pg_cron cron.database_name=shop 'cron.use_background_workers=on'
make_db shop 50
try_sql postgres 'CREATE SCHEMA "Proof Tools"; CREATE EXTENSION pgdr SCHEMA "Proof Tools"'
is "$code" 0 'the extension goes into a schema with an odd name'

# Preloaded, but not created yet; and in another database.
sql shop 'CREATE SCHEMA "Proof Tools"; CREATE EXTENSION pgdr SCHEMA "Proof Tools"' || die 'the extension is created'
try_sql shop "SELECT \"Proof Tools\".dr_schedule_snapshots('* * * * *')"
like "$err" '55000.*pg_cron is not installed in this database' 'without CREATE EXTENSION pg_cron: a clear error'
like "$err" "shared_preload_libraries = 'pg_cron'.*cron.database_name = 'shop'.*CREATE EXTENSION pg_cron" 'and what to do'
try_sql postgres "SELECT \"Proof Tools\".dr_schedule_snapshots('* * * * *')"
like "$err" 'pg_cron lives in database "shop"' 'another database is told where pg_cron lives'
like "$err" "cron.schedule_in_database\('pgdr snapshots of postgres'.*'postgres'\)" 'and the line to run there'

try_sql postgres "SELECT \"Proof Tools\".dr_schedule_snapshots('17 3 * * *', content => true)"
like "$err" "cron.schedule_in_database\('pgdr snapshots of postgres', '17 3 \* \* \*', 'SELECT dr.snapshot_counts\(''scheduled''::text, true::boolean.*'postgres'\)" \
  'with the schedule and the command that were asked for'
try_sql postgres "SELECT \"Proof Tools\".dr_unschedule_snapshots()"
like "$err" "cron.unschedule\(jobid\) FROM cron.job WHERE jobname = 'pgdr snapshots of postgres'" 'and so is taking the job away'

# Who may not see pg_cron's settings, as the role that README tells to make, is told what he may know.
sql postgres "CREATE ROLE keeper LOGIN BYPASSRLS; GRANT pg_read_all_data TO keeper; SELECT \"Proof Tools\".dr_grant('keeper', 'backup')" >/dev/null || die 'a role is made'
for call in "dr_schedule_snapshots('* * * * *')" 'dr_unschedule_snapshots()'; do
  PGUSER=keeper try_sql postgres "SELECT \"Proof Tools\".$call"
  like "$err" '55000.*pg_cron is not installed in this database' "$call: a role that may not see the settings is told so"
done

write_config postgres
make_repository
sed -i 's#postgresql:///postgres#postgresql://keeper@/postgres#' "$CONFIG"
exit_is 0 pgdr doctor
like "$out" 'ok\] +pg_cron +not in this database; whether in another' 'nor does it keep doctor from looking at everything else'

sql shop 'CREATE EXTENSION pg_cron' || die 'pg_cron is created'
try_sql shop "SELECT \"Proof Tools\".dr_schedule_snapshots('now and then')"
like "$err" 'pg_cron refused the schedule "now and then": invalid schedule' 'an invalid schedule is refused in words'
isnt "$code" 0 'with an error'
is "$(sql shop 'SELECT "Proof Tools".dr_unschedule_snapshots()')" f 'there is no job to remove yet'

job=$(sql shop "SELECT \"Proof Tools\".dr_schedule_snapshots('* * * * *', content => true)")
is "$(sql shop "SELECT jobname || '|' || schedule || '|' || database || '|' || username FROM cron.job WHERE jobid = $job")" \
  'pgdr snapshots of shop|* * * * *|shop|postgres' 'the job is this database'\''s own'
is "$(sql shop "SELECT \"Proof Tools\".dr_schedule_snapshots('* * * * *')")" "$job" 'scheduling again changes the same job'
is "$(sql shop 'SELECT count(*) FROM cron.job')" 1 'there is one job'

# The job is seen by doctor, here and from another database.
write_config shop
exit_is 0 pgdr doctor
like "$out" 'ok\] +pg_cron +takes snapshots; it has not run yet' 'doctor finds the job'

# The line of the hint works, for databases in which pg_cron is not.
line=$(sql postgres "SELECT format('SELECT cron.schedule_in_database(%L, %L, %L, %L)', dr._cron_job_name(), '* * * * *',
                                   dr._cron_command(false), current_database())")
sql shop "$line" >/dev/null || die 'the line of the hint runs'
# pg_cron 1.4 runs a job at most once a minute.
await '[ "$(sql shop "SELECT count(*) > 0 FROM dr.snapshots")" = t ]' 75 'the job takes a snapshot'
is "$(sql shop 'SELECT label || content FROM dr.snapshots ORDER BY id LIMIT 1')" scheduledfalse 'as it was scheduled last'
is "$(sql shop "SELECT r.rows FROM dr.snapshot_relations AS r WHERE r.schema = 'public' AND r.name = 'users' ORDER BY r.snapshot LIMIT 1")" \
  "$(sql shop 'SELECT count(*) FROM users')" 'with the right counts'

await '[ "$(sql postgres "SELECT count(*) > 0 FROM dr.snapshots")" = t ]' 75 'a job in another database takes a snapshot there'

exit_is 0 pgdr doctor
like "$out" 'ok\] +pg_cron +takes snapshots; the last run, at .*, succeeded' 'doctor sees that it ran'
sql shop "UPDATE cron.job_run_details AS d SET status = 'failed', return_message = 'no such thing'
  FROM cron.job AS j WHERE j.jobid = d.jobid AND j.database = 'postgres'" || die 'a run is made to have failed'
exit_is 0 pgdr doctor
like "$out" 'takes snapshots; the last run' 'another database'\''s job is not this one'\''s'
write_config postgres
exit_is 0 pgdr doctor
like "$out" 'warn\] +pg_cron +the job that takes snapshots failed at .*: no such thing' 'where it failed, that is told'

# An update of 0.1.0 renews the command of the job that it made; another command under another name is not ours.
sql shop 'SELECT "Proof Tools".dr_unschedule_snapshots(); DROP EXTENSION pgdr; CREATE EXTENSION pgdr SCHEMA "Proof Tools" VERSION '"'0.1.0'" >/dev/null || die '0.1.0 is installed'
sql shop "SELECT \"Proof Tools\".dr_schedule_snapshots('5 4 * * *', content => true); SELECT cron.schedule('mine', '5 4 * * *', 'SELECT \"Proof Tools\".dr_snapshot_counts()')" >/dev/null
like "$(sql shop "SELECT command FROM cron.job WHERE jobname = 'pgdr snapshots of shop'")" 'Proof Tools' "0.1.0's job calls the chosen schema"
sql shop 'ALTER EXTENSION pgdr UPDATE' || die 'the update runs'
is "$(sql shop "SELECT schedule || ' ' || command FROM cron.job WHERE jobname = 'pgdr snapshots of shop'")" \
  "5 4 * * * SELECT dr.snapshot_counts('scheduled'::text, true::boolean, NULL::jsonb, NULL::bytea)" 'after the update it calls schema dr, on the same schedule'
is "$(sql shop "SELECT command FROM cron.job WHERE jobname = 'mine'")" 'SELECT "Proof Tools".dr_snapshot_counts()' 'and a job of somebody else is as it was'

is "$(sql shop 'SELECT "Proof Tools".dr_unschedule_snapshots()')" t 'the job is removed'
is "$(sql shop "SELECT count(*) FROM cron.job WHERE jobname LIKE 'pgdr%shop'")" 0 'and gone'
done_testing
