\echo Use "ALTER EXTENSION pgdr UPDATE" to load this file. \quit
SET LOCAL search_path = pg_catalog, pg_temp;
-- Internal functions are made anew, so that none of 0.1.0's stays behind under arguments that nothing calls any more. The dr_* functions
-- of the chosen schema are replaced instead: views may use them, and roles were granted them.
-- foreign: none, because DROP runs no code of the functions.
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

-- Who records: the role that the session runs as, also within a function that runs as its owner.
CREATE FUNCTION dr._recorder()
RETURNS name
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE WHEN current_setting('role') = 'none' THEN session_user ELSE current_setting('role')::name END $$;
COMMENT ON FUNCTION dr._recorder() IS 'Internal: the role that a row is recorded for';

-- The same everywhere for the same content: the first half of a SHA-256 as a UUID of version 8. Bytes of SQL_ASCII are taken as they are.
CREATE FUNCTION dr._derived_uuid(at timestamptz, VARIADIC parts text[])
RETURNS uuid
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT overlay(overlay(substr(encode(sha256(convert_to(
      CASE WHEN isfinite(at) THEN ((extract(epoch FROM at) * 1000000)::bigint)::text ELSE 'infinite' END || chr(31)
        || array_to_string(parts, chr(31), chr(30)),
      CASE WHEN getdatabaseencoding() = 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END)), 'hex'), 1, 32)
    PLACING '8' FROM 13 FOR 1) PLACING '8' FROM 17 FOR 1)::uuid
$$;
COMMENT ON FUNCTION dr._derived_uuid(timestamptz, text[]) IS 'Internal: the identity of a row that was recorded without one, from its content';

-- foreign: none, because ALTER TABLE ... DROP CONSTRAINT runs no code of anybody's.
-- Foreign keys make the order of loading matter, and a parallel pg_restore has none. What they guaranteed is kept by 58-guards.sql.
DO $$
DECLARE
  foreign_key record;
BEGIN
  FOR foreign_key IN
    SELECT k.conname, c.relname FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
    WHERE c.relnamespace = 'dr'::regnamespace AND k.contype = 'f'
  LOOP
    EXECUTE format('ALTER TABLE dr.%I DROP CONSTRAINT %I', foreign_key.relname, foreign_key.conname);
  END LOOP;
END
$$;
ALTER TABLE dr.backups ALTER COLUMN recorded_by SET DEFAULT dr._recorder();
ALTER TABLE dr.objectives ALTER COLUMN set_by SET DEFAULT dr._recorder();
ALTER TABLE dr.verifications
  ALTER COLUMN recorded_by SET DEFAULT dr._recorder(),
  ADD COLUMN given_uuid uuid,
  ADD COLUMN uuid uuid NOT NULL GENERATED ALWAYS AS (coalesce(given_uuid, dr._derived_uuid(started_at, 'verification', target, server, baseline, passed::text, problems::text, warnings::text, infos::text, verdict))) STORED;
CREATE INDEX verifications_uuid_idx ON dr.verifications (uuid);
ALTER TABLE dr.restores
  ALTER COLUMN recorded_by SET DEFAULT dr._recorder(),
  ADD COLUMN given_uuid uuid,
  ADD COLUMN uuid uuid NOT NULL GENERATED ALWAYS AS (coalesce(given_uuid, dr._derived_uuid(started_at, 'restore', target, server, options::text))) STORED;
CREATE INDEX restores_uuid_idx ON dr.restores (uuid);
ALTER TABLE dr.events
  ALTER COLUMN recorded_by SET DEFAULT dr._recorder(),
  ADD COLUMN given_uuid uuid,
  ADD COLUMN uuid uuid NOT NULL GENERATED ALWAYS AS (coalesce(given_uuid, dr._derived_uuid(at, 'event', severity, kind, message, detail::text, set_name))) STORED;
CREATE INDEX events_uuid_idx ON dr.events (uuid);
ALTER TABLE dr.events
  ADD COLUMN times integer NOT NULL DEFAULT 1 CHECK (times > 0),
  ADD COLUMN last_at timestamptz;
CREATE INDEX events_kind_idx ON dr.events (kind, id);
COMMENT ON COLUMN dr.verifications.given_uuid IS 'Identity given when it was recorded; null in rows of 0.1.0';
COMMENT ON COLUMN dr.verifications.uuid IS 'Identity in every catalog: as given, or else derived from the content';
COMMENT ON COLUMN dr.restores.given_uuid IS 'Identity given when it was recorded; null in rows of 0.1.0';
COMMENT ON COLUMN dr.restores.uuid IS 'Identity in every catalog: as given, or else derived from the content';
COMMENT ON COLUMN dr.events.given_uuid IS 'Identity given when it was recorded; null in rows of 0.1.0';
COMMENT ON COLUMN dr.events.uuid IS 'Identity in every catalog: as given, or else derived from the content';
COMMENT ON COLUMN dr.events.times IS 'How often it was reported without anything else of its kind and set in between';
COMMENT ON COLUMN dr.events.last_at IS 'When it was last reported again';

INSERT INTO dr.objective_kinds (position, name, unit, default_target, meaning) VALUES
  (6, 'checked_age', 'interval', '35 days', 'greatest age of the last check of every byte of a copy');

-- What documents are checked for holds for the catalog's rows, too.
ALTER TABLE dr.snapshot_relations
  ADD CONSTRAINT snapshot_relations_buckets_have_digest CHECK (buckets IS NULL OR (digest IS NOT NULL AND bucket_bits IS NOT NULL)),
  ADD CONSTRAINT snapshot_relations_key_has_names CHECK (
    CASE WHEN pg_catalog.jsonb_typeof(key) = 'array'
         THEN pg_catalog.jsonb_array_length(key) > 0
              AND NOT pg_catalog.jsonb_path_exists(key, 'strict $[*] ? (@.type() != "string" || @ == "")') END);
ALTER TABLE dr.snapshot_sequences
  ADD CONSTRAINT snapshot_sequences_value_is_whole CHECK (last_value IS NULL OR (is_called IS NOT NULL AND increment IS NOT NULL));
