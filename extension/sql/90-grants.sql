-- Who may do what. Nothing is PUBLIC's; dr_grant() hands out exactly what a role's task needs. No role gets the right to write a table:
-- what is recorded goes through the functions marked SECURITY DEFINER, which check what they are given and run no statement of anybody else.
-- Tables are read directly (SELECT), also by pg_dump.

-- The kinds of rights, the lesser first; each has those of the ones before it.
CREATE FUNCTION dr._kinds()
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT ARRAY['monitor', 'restore', 'backup'] $$;
COMMENT ON FUNCTION dr._kinds() IS 'Internal: kinds of rights';

CREATE FUNCTION dr._kind_routines(kind text)
RETURNS SETOF regprocedure
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT p.oid::regprocedure
  FROM pg_depend AS d JOIN pg_proc AS p ON p.oid = d.objid JOIN pg_language AS l ON l.oid = p.prolang
  CROSS JOIN LATERAL (SELECT regexp_replace(p.proname, '^dr_', '') AS name, p.proname ~ '^_' AS internal) AS n
  WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
    AND d.refobjid = (SELECT e.oid FROM pg_extension AS e WHERE e.extname = 'pgdr')
    AND n.name NOT IN ('grant_to', 'grant', 'revoke_from', 'revoke')
    -- Whoever may execute a trigger function can put it on a table of his own.
    AND p.prorettype <> 'trigger'::regtype
    AND CASE kind
          WHEN 'backup' THEN true
          -- Internal functions run with the caller's rights; the only one that does not stores what a verification found.
          WHEN 'restore' THEN n.internal OR n.name = ANY (ARRAY[
            'status', 'snapshot_document', 'snapshot_changes', 'detect_loss', 'copies_expected', 'check_integrity',
            'verification_document', 'restore_document', 'event_document', 'table_count', 'table_fingerprint', 'fingerprint',
            'verify_against', 'verify_snapshot', 'differences', 'differences_question', 'differences_snapshot', 'snapshot_import',
            'restore_start', 'restore_finish', 'restore_import', 'verification_record', 'verification_import',
            'event_record', 'event_import', 'run_failed'])
          WHEN 'monitor' THEN n.name = ANY (ARRAY[
              'status', 'snapshot_document', 'snapshot_changes', 'detect_loss', 'copies_expected',
              'verification_document', 'restore_document', 'event_document', '_check_list'])
            -- Internal functions of the reading kind: nothing that collects, stores or records.
            OR (p.pronamespace = 'dr'::regnamespace AND n.internal AND p.provolatile <> 'v' AND l.lanname <> 'c')
        END
$$;
COMMENT ON FUNCTION dr._kind_routines(text) IS 'Internal: the functions that a kind of rights covers';

-- The kind of rights that a role was granted here; null: none.
CREATE FUNCTION dr._kind_of(role regrole)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT k.kind
  FROM unnest(dr._kinds(), ARRAY['status', 'restore_start', 'backup_start']) WITH ORDINALITY AS k (kind, marker, n)
  WHERE EXISTS (SELECT FROM pg_proc AS p CROSS JOIN aclexplode(p.proacl) AS a
                WHERE p.pronamespace = 'dr'::regnamespace AND p.proname = k.marker AND a.grantee = role AND p.proowner <> role)
  ORDER BY k.n DESC LIMIT 1
$$;
COMMENT ON FUNCTION dr._kind_of(regrole) IS 'Internal: what kind of rights a role has';

-- foreign: none, because GRANT runs no code. It takes names: whether the role of that OID got the rights is looked at in the end.
CREATE FUNCTION dr.grant_to(role regrole, kind text)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  grantee text := role::text;
  item regprocedure;
BEGIN
  PERFORM dr._check_word('kind of rights', kind, dr._kinds());
  IF role IS NULL OR role = 0::oid THEN
    RAISE EXCEPTION 'a role is needed' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  EXECUTE format('GRANT USAGE ON SCHEMA dr TO %s', grantee);
  IF NOT has_schema_privilege(role, '@extschema@'::regnamespace, 'USAGE') THEN
    EXECUTE format('GRANT USAGE ON SCHEMA @extschema@ TO %s', grantee);
  END IF;
  EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA dr TO %s', grantee);
  IF kind <> 'monitor' THEN
    -- For pg_dump, which carries their values.
    EXECUTE format('GRANT SELECT ON ALL SEQUENCES IN SCHEMA dr TO %s', grantee);
  END IF;
  FOR item IN SELECT r FROM dr._kind_routines(kind) AS r LOOP
    EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO %s', item, grantee);
  END LOOP;
  IF role::text <> grantee OR EXISTS (
    SELECT FROM pg_class AS c
    WHERE c.relnamespace = 'dr'::regnamespace AND c.relkind = 'r' AND NOT EXISTS (
      SELECT FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) AS a WHERE a.grantee = role::oid AND a.privilege_type = 'SELECT')) THEN
    RAISE EXCEPTION 'role % was renamed while it was granted rights', grantee
      USING ERRCODE = 'serialization_failure', HINT = 'Nothing was granted. Try again.';
  END IF;
END
$$;
COMMENT ON FUNCTION dr.grant_to(regrole, text) IS
  'Grants a role what its kind of task needs in this database: monitor (reads), restore (verifies, and records restores and verifications) or backup (records everything)';

-- foreign: none, because REVOKE runs no code. It takes names: whether the role of that OID lost its rights is looked at in the end.
CREATE FUNCTION dr.revoke_from(role regrole, kind text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  grantee text := role::text;
  held text := dr._kind_of(role);
  item regprocedure;
BEGIN
  IF role IS NULL OR role = 0::oid THEN
    RAISE EXCEPTION 'a role is needed' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF kind IS NOT NULL THEN
    PERFORM dr._check_word('kind of rights', kind, dr._kinds());
    IF kind IS DISTINCT FROM held THEN
      RAISE EXCEPTION 'role % has %, not those of kind %', grantee, coalesce('the rights of kind ' || held, 'no rights here'), kind
        USING ERRCODE = 'object_not_in_prerequisite_state',
              HINT = 'The kinds contain one another: backup has the rights of restore, and restore those of monitor.';
    END IF;
  END IF;
  FOR item IN SELECT r FROM dr._kind_routines('backup') AS r LOOP
    EXECUTE format('REVOKE ALL ON ROUTINE %s FROM %s', item, grantee);
  END LOOP;
  EXECUTE format('REVOKE ALL ON ALL TABLES IN SCHEMA dr FROM %s', grantee);
  EXECUTE format('REVOKE ALL ON ALL SEQUENCES IN SCHEMA dr FROM %s', grantee);
  EXECUTE format('REVOKE ALL ON SCHEMA dr FROM %s', grantee);
  -- USAGE on the other schema was ours if the role has nothing in it, and needed it, for PUBLIC has not got it.
  IF EXISTS (SELECT FROM pg_namespace AS n WHERE n.oid = '@extschema@'::regnamespace AND n.nspowner <> role
               AND EXISTS (SELECT FROM aclexplode(n.nspacl) AS a WHERE a.grantee = role AND a.privilege_type = 'USAGE')
               AND NOT EXISTS (SELECT FROM aclexplode(n.nspacl) AS a WHERE a.grantee = 0)
               AND NOT EXISTS (SELECT FROM aclexplode(n.nspacl) AS a WHERE a.grantee = role AND a.privilege_type <> 'USAGE'))
     AND NOT EXISTS (SELECT FROM pg_class AS c WHERE c.relnamespace = '@extschema@'::regnamespace
                       AND (c.relowner = role OR EXISTS (SELECT FROM aclexplode(c.relacl) AS a WHERE a.grantee = role)))
     AND NOT EXISTS (SELECT FROM pg_proc AS p WHERE p.pronamespace = '@extschema@'::regnamespace
                       AND (p.proowner = role OR EXISTS (SELECT FROM aclexplode(p.proacl) AS a WHERE a.grantee = role))) THEN
    EXECUTE format('REVOKE USAGE ON SCHEMA @extschema@ FROM %s', grantee);
  END IF;
  IF role::text <> grantee OR dr._kind_of(role) IS NOT NULL THEN
    RAISE EXCEPTION 'role % was renamed while its rights were revoked, or holds them from somebody else', grantee
      USING ERRCODE = 'serialization_failure', HINT = 'Nothing was revoked. Try again; \dp dr.* shows who granted what.';
  END IF;
END
$$;
COMMENT ON FUNCTION dr.revoke_from(regrole, text) IS
  'Takes back everything that dr_grant() gave a role in this database; with a kind only if that is what the role has';
