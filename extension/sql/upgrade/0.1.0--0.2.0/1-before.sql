\echo Use "ALTER EXTENSION pgdr UPDATE" to load this file. \quit
SET LOCAL search_path = pg_catalog, pg_temp;
-- Internal functions are made anew, so that none of 0.1.0's stays behind under arguments that nothing calls any more. The dr_* functions
-- of the chosen schema are replaced instead: views may use them, and roles were granted them.
DO $$
DECLARE
  routine text;
BEGIN
  FOR routine IN
    SELECT p.oid::regprocedure::text
    FROM pg_depend AS d JOIN pg_proc AS p ON p.oid = d.objid JOIN pg_language AS l ON l.oid = p.prolang
    WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
      AND d.refobjid = (SELECT e.oid FROM pg_extension AS e WHERE e.extname = 'pgdr')
      AND p.pronamespace = 'dr'::regnamespace AND p.prokind = 'f' AND l.lanname IN ('sql', 'plpgsql')
  LOOP
    EXECUTE format('DROP FUNCTION %s', routine);
  END LOOP;
END
$$;

ALTER TABLE dr.backups
  DROP CONSTRAINT backups_state_check,
  ADD CONSTRAINT backups_state_check CHECK (state IN ('running', 'complete', 'partial', 'failed', 'incomplete')),
  DROP CONSTRAINT backups_done_has_recovery_point,
  ADD CONSTRAINT backups_done_has_recovery_point CHECK (
    state NOT IN ('complete', 'partial', 'incomplete') OR (recovery_point IS NOT NULL AND manifest IS NOT NULL));
COMMENT ON COLUMN dr.backups.state IS
  'running; complete; partial (usable, but a copy or a part is missing); incomplete (its files are there, but it can never be proven in full, so it counts as no backup); failed (does not exist as a backup)';
