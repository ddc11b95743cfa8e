-- Snapshots on a schedule, by pg_cron. Everything of pg_cron is reached by dynamic statements: pgdr does not need it.

-- Errors unless pg_cron can run jobs in this database.
CREATE FUNCTION dr._check_pg_cron()
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  -- Settings that the caller may not see are not there for him.
  cron_database text := (SELECT s.setting FROM pg_settings AS s WHERE s.name = 'cron.database_name');
BEGIN
  IF EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pg_cron') THEN
    -- What is called by these names below is pg_cron's, or it is not called.
    IF EXISTS (
      SELECT FROM (
        SELECT 'pg_proc'::regclass, p.oid FROM pg_proc AS p, pg_namespace AS n
        WHERE n.oid = p.pronamespace AND n.nspname = 'cron' AND p.proname IN ('schedule', 'unschedule')
        UNION ALL SELECT 'pg_class'::regclass, c.oid FROM pg_class AS c, pg_namespace AS n
        WHERE n.oid = c.relnamespace AND n.nspname = 'cron' AND c.relname = 'job') AS o (class, oid)
      WHERE NOT EXISTS (
        SELECT FROM pg_depend AS d, pg_extension AS e
        WHERE d.classid = o.class AND d.objid = o.oid AND d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
          AND d.refobjid = e.oid AND e.extname = 'pg_cron')) THEN
      RAISE EXCEPTION 'schema cron has functions that are not pg_cron''s'
        USING ERRCODE = 'object_not_in_prerequisite_state',
              HINT = 'Somebody put them beside those of the extension: \df cron.* shows them; drop them.';
    END IF;
    RETURN;
  END IF;
  IF cron_database IS NOT NULL AND cron_database <> current_database() THEN
    RAISE EXCEPTION 'pg_cron lives in database "%", not in this one', cron_database
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = format(
              'Connect to database %s and run: SELECT cron.schedule_in_database(%L, ''0 * * * *'', %L, %L)',
              quote_ident(cron_database), dr._cron_job_name(), dr._cron_command(false), current_database());
  END IF;
  RAISE EXCEPTION 'pg_cron is not installed in this database'
    USING ERRCODE = 'object_not_in_prerequisite_state',
          HINT = format('Set shared_preload_libraries = ''pg_cron'' and cron.database_name = %L in postgresql.conf, '
                        'restart the server, then CREATE EXTENSION pg_cron.', current_database());
END
$$;
COMMENT ON FUNCTION dr._check_pg_cron() IS 'Internal: errors unless pg_cron is installed here';

CREATE FUNCTION dr._cron_job_name()
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT 'pgdr snapshots of ' || current_database()
$$;
COMMENT ON FUNCTION dr._cron_job_name() IS 'Internal: name of this database''s job';

CREATE FUNCTION dr._cron_command(content boolean)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('SELECT dr.snapshot_counts(%L::text, %s::boolean, NULL::jsonb, NULL::bytea)', 'scheduled',
                CASE WHEN content THEN 'true' ELSE 'false' END)
$$;
COMMENT ON FUNCTION dr._cron_command(boolean) IS 'Internal: what the job runs';

-- Errors, with the line to run there, where pg_cron lives in another database.
CREATE FUNCTION dr._check_cron_database(line text)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  cron_database text := (SELECT s.setting FROM pg_settings AS s WHERE s.name = 'cron.database_name');
BEGIN
  IF cron_database <> current_database() AND NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pg_cron') THEN
    RAISE EXCEPTION 'pg_cron lives in database "%", not in this one', cron_database
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = format('Connect to database %s and run: %s', quote_ident(cron_database), line);
  END IF;
END
$$;
COMMENT ON FUNCTION dr._check_cron_database(text) IS 'Internal: errors where pg_cron lives in another database';

-- foreign: none, because dr._check_pg_cron() has made sure that schema cron, which is a superuser's, holds pg_cron's functions alone.
CREATE FUNCTION dr.schedule_snapshots(schedule text, content boolean DEFAULT false)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  job bigint;
  message text;
  state text;
BEGIN
  IF coalesce(schedule, '') = '' OR content IS NULL THEN
    RAISE EXCEPTION 'a schedule is needed, and content must be true or false'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: dr_schedule_snapshots(''0 * * * *'') for every hour.';
  END IF;
  PERFORM dr._check_cron_database(format('SELECT cron.schedule_in_database(%L, %L, %L, %L);', dr._cron_job_name(), schedule,
                                         dr._cron_command(content), current_database()));
  PERFORM dr._check_pg_cron();
  -- By name: scheduling again changes the job instead of adding another.
  BEGIN
    EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO job
      USING dr._cron_job_name(), schedule, dr._cron_command(content);
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
    RAISE EXCEPTION 'pg_cron refused the schedule "%": %', schedule, message
      USING ERRCODE = state,
            HINT = 'Five fields (minute hour day month weekday), such as 0 * * * *, and the right to use schema cron.';
  END;
  IF EXISTS (SELECT FROM pg_settings AS s WHERE s.name = 'cron.use_background_workers' AND s.setting = 'off') THEN
    RAISE WARNING 'pg_cron runs its jobs over a connection to the server, which must let it in without a password'
      USING HINT = 'Set cron.use_background_workers = on in postgresql.conf, or see cron.job_run_details whether the job runs.';
  END IF;
  RETURN job;
END
$$;
COMMENT ON FUNCTION dr.schedule_snapshots(text, boolean) IS
  'Schedules snapshots of this database with pg_cron, one job per database; returns the number of the job';

-- foreign: none, because dr._check_pg_cron() has made sure that schema cron, which is a superuser's, holds pg_cron's functions alone.
CREATE FUNCTION dr.unschedule_snapshots()
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  job bigint;
  removed boolean := false;
BEGIN
  PERFORM dr._check_cron_database(format('SELECT cron.unschedule(jobid) FROM cron.job WHERE jobname = %L AND database = %L;',
                                         dr._cron_job_name(), current_database()));
  PERFORM dr._check_pg_cron();
  -- By number, and every role's: pg_cron shows a role only the jobs that it may remove.
  FOR job IN EXECUTE 'SELECT jobid FROM cron.job WHERE jobname = $1 AND database = current_database()'
             USING dr._cron_job_name() LOOP
    EXECUTE 'SELECT cron.unschedule($1)' USING job;
    removed := true;
  END LOOP;
  RETURN removed;
END
$$;
COMMENT ON FUNCTION dr.unschedule_snapshots() IS
  'Removes the job of dr_schedule_snapshots(); false if there was none';
