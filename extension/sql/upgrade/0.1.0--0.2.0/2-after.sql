-- Roles that dr_grant() gave 0.1.0's rights get the rights of the same kind in this version.
DO $$
DECLARE
  holder record;
BEGIN
  FOR holder IN
    SELECT a.grantee, CASE WHEN bool_or(p.proname = 'dr_backup_start') THEN 'backup' ELSE 'monitor' END AS kind
    FROM pg_depend AS d JOIN pg_proc AS p ON p.oid = d.objid CROSS JOIN aclexplode(p.proacl) AS a
    WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
      AND d.refobjid = (SELECT e.oid FROM pg_extension AS e WHERE e.extname = 'pgdr')
      AND p.proname IN ('dr_backup_start', 'dr_status') AND a.grantee NOT IN (0::oid, p.proowner)
    GROUP BY a.grantee
  LOOP
    -- The right to write the tables, for one, is not needed any more.
    PERFORM dr.revoke_from(holder.grantee::regrole, NULL::text);
    PERFORM dr.grant_to(holder.grantee::regrole, holder.kind);
  END LOOP;
END
$$;
-- A job of 0.1.0 calls the function of the chosen schema, which the owner of that schema could replace: its command is renewed.
-- foreign: none, because what is called is pg_cron's own, in the schema that pg_cron made.
DO $$
DECLARE
  job record;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_depend AS d JOIN pg_extension AS e ON e.oid = d.refobjid AND e.extname = 'pg_cron'
                 WHERE d.classid = 'pg_class'::regclass AND d.objid = to_regclass('cron.job') AND d.deptype = 'e') THEN
    IF current_setting('cron.database_name', true) <> current_database() THEN
      RAISE NOTICE 'a job in database "%" may still call dr_snapshot_counts() of 0.1.0', current_setting('cron.database_name', true)
        USING HINT = format('In that database: SELECT cron.schedule_in_database(jobname, schedule, %L, database) FROM cron.job WHERE jobname = %L;',
                            dr._cron_command(false), dr._cron_job_name());
    END IF;
    RETURN;
  END IF;
  FOR job IN EXECUTE $query$
    SELECT j.jobid, j.command ~ 'true::boolean' AS content FROM cron.job AS j
    WHERE j.jobname = $1 AND j.database = current_database() AND j.command LIKE '%dr_snapshot_counts(%'$query$ USING dr._cron_job_name()
  LOOP
    BEGIN
      EXECUTE 'SELECT cron.alter_job(job_id => $1, command => $2)' USING job.jobid, dr._cron_command(job.content);
    EXCEPTION WHEN undefined_function THEN
      RAISE NOTICE 'job % of pg_cron still calls dr_snapshot_counts() of 0.1.0', job.jobid
        USING HINT = 'Call dr.schedule_snapshots() again with its schedule.';
    END;
  END LOOP;
END
$$;
