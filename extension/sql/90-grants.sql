-- Who may do what. Nothing is PUBLIC's; dr_grant() hands out exactly what a role's task needs.

CREATE FUNCTION dr.grant_to(role regrole, kind text)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  grantee text := role::text;
  readers CONSTANT text[] := ARRAY['status', 'snapshot_document', 'snapshot_changes', 'detect_loss'];
  changed CONSTANT text[] := ARRAY['backups', 'copies', 'restores', 'objectives'];
  added CONSTANT text[] := ARRAY['snapshots', 'definitions', 'snapshot_relations', 'snapshot_sequences',
                                 'snapshot_objects', 'verifications', 'verification_findings', 'events'];
  item text;
BEGIN
  PERFORM dr._check_word('kind of rights', kind, ARRAY['backup', 'monitor']);
  IF role IS NULL OR role = 0::oid THEN
    RAISE EXCEPTION 'a role is needed' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  EXECUTE format('GRANT USAGE ON SCHEMA dr TO %s', grantee);
  IF NOT has_schema_privilege(role, '@extschema@'::regnamespace, 'USAGE') THEN
    EXECUTE format('GRANT USAGE ON SCHEMA @extschema@ TO %s', grantee);
  END IF;
  EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA dr TO %s', grantee);
  IF kind = 'backup' THEN
    FOREACH item IN ARRAY changed LOOP
      EXECUTE format('GRANT INSERT, UPDATE ON dr.%I TO %s', item, grantee);
    END LOOP;
    FOREACH item IN ARRAY added LOOP
      EXECUTE format('GRANT INSERT ON dr.%I TO %s', item, grantee);
    END LOOP;
    -- dr_snapshot_expire(). Foreign keys keep what a backup or another snapshot still refers to.
    EXECUTE format('GRANT DELETE ON dr.snapshots, dr.definitions TO %s', grantee);
    -- SELECT for pg_dump, which carries their values.
    EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA dr TO %s', grantee);
  END IF;
  FOR item IN
    SELECT p.oid::regprocedure::text
    FROM pg_depend AS d JOIN pg_proc AS p ON p.oid = d.objid
    WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
      AND d.refobjid = (SELECT e.oid FROM pg_extension AS e WHERE e.extname = 'pgdr')
      AND p.proname NOT IN ('grant_to', 'dr_grant')
      AND (kind = 'backup' OR regexp_replace(p.proname, '^dr_', '') = ANY (readers)
           -- Internal functions of the readable kind: nothing that collects, stores or records.
           OR (p.pronamespace = 'dr'::regnamespace AND p.provolatile <> 'v' AND p.prolang <> (
                 SELECT l.oid FROM pg_language AS l WHERE l.lanname = 'c')))
  LOOP
    EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO %s', item, grantee);
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr.grant_to(regrole, text) IS
  'Grants a role what a backup or monitor role needs in this database: schema, tables, functions';
