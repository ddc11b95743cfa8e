-- Recording restores and verifications done elsewhere.

CREATE FUNCTION dr.restore_start(
  label text, target text, server text DEFAULT NULL, options jsonb DEFAULT '{}', started_at timestamptz DEFAULT now())
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source dr.backups := dr._backup_by_label(label);
  restore_id bigint;
BEGIN
  IF source.state NOT IN ('complete', 'partial', 'incomplete') THEN
    RAISE EXCEPTION 'backup "%" cannot be restored: it is %', label, source.state
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = coalesce(source.error, 'There is no error on record.');
  END IF;
  IF coalesce(target, '') = '' THEN
    RAISE EXCEPTION 'a restore needs its target database' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  INSERT INTO dr.restores AS r (backup, target, server, state, options, started_at, given_uuid)
  VALUES (source.id, dr._utf8(restore_start.target), dr._utf8(nullif(restore_start.server, '')), 'running',
          dr._utf8_json(coalesce(restore_start.options, '{}')), coalesce(restore_start.started_at, now()), gen_random_uuid())
  RETURNING r.id INTO restore_id;
  RETURN restore_id;
END
$$;
COMMENT ON FUNCTION dr.restore_start(text, text, text, jsonb, timestamptz) IS
  'Records that a restore of a backup runs; returns its number';

CREATE FUNCTION dr.restore_finish(
  restore bigint, state text, finished_at timestamptz DEFAULT clock_timestamp(), verification bigint DEFAULT NULL,
  error text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found dr.restores;
  proof dr.verifications;
  reason text := dr._utf8(nullif(error, ''));
BEGIN
  PERFORM dr._check_word('final state of a restore', state,
                         ARRAY['complete', 'complete_with_errors', 'failed', 'interrupted']);
  SELECT * INTO found FROM dr.restores AS r WHERE r.id = restore FOR UPDATE;
  IF found.id IS NULL THEN
    RAISE EXCEPTION 'restore % does not exist', coalesce(restore::text, 'NULL') USING ERRCODE = 'undefined_object';
  END IF;
  IF found.state <> 'running' THEN
    RAISE EXCEPTION 'restore % is not running but %', restore, found.state
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'A restore is finished once.';
  END IF;
  IF state = 'complete' AND reason IS NOT NULL THEN
    RAISE EXCEPTION 'a complete restore has no error'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'The state for this is complete_with_errors.';
  END IF;
  IF verification IS NOT NULL THEN
    SELECT * INTO proof FROM dr.verifications AS v WHERE v.id = verification FOR KEY SHARE;
    IF proof.id IS NULL THEN
      RAISE EXCEPTION 'verification % does not exist', verification USING ERRCODE = 'undefined_object';
    END IF;
    IF proof.backup IS DISTINCT FROM found.backup THEN
      RAISE EXCEPTION 'verification % did not compare with the backup of restore %', verification, restore
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
  END IF;
  IF state IN ('failed', 'complete_with_errors') THEN
    reason := coalesce(reason, 'no reason was given');
  END IF;
  UPDATE dr.restores AS r
  SET state = restore_finish.state, error = reason, verification = restore_finish.verification,
      finished_at = greatest(coalesce(restore_finish.finished_at, clock_timestamp()), r.started_at)
  WHERE r.id = restore;
  IF state IN ('failed', 'complete_with_errors') THEN
    PERFORM dr.event_record(
      'error'::text, CASE restore_finish.state WHEN 'failed' THEN 'restore_failed' ELSE 'restore_errors' END,
      format('the restore of backup %s to %s %s: %s', b.label, found.target,
             CASE restore_finish.state WHEN 'failed' THEN 'failed' ELSE 'had errors' END, reason),
      jsonb_build_object('restore', restore, 'label', b.label, 'target', found.target), b.set_name)
    FROM dr.backups AS b WHERE b.id = found.backup;
  END IF;
END
$$;
COMMENT ON FUNCTION dr.restore_finish(bigint, text, timestamptz, bigint, text) IS
  'Records how a running restore ended';

CREATE FUNCTION dr.verification_record(
  label text, target text, started_at timestamptz, finished_at timestamptz, findings jsonb, server text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source dr.backups := dr._backup_by_label(label);
  lines dr.finding[];
  last dr.finding;
BEGIN
  IF coalesce(target, '') = '' OR started_at IS NULL OR finished_at IS NULL THEN
    RAISE EXCEPTION 'a verification needs its target, its start and its end' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF jsonb_typeof(findings) IS DISTINCT FROM 'array' THEN
    RAISE EXCEPTION 'findings must be an array of what dr_verify_snapshot() returned'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT array_agg(jsonb_populate_record(NULL::dr.finding, e.value) ORDER BY e.position) INTO lines
  FROM jsonb_array_elements(dr._utf8_json(findings)) WITH ORDINALITY AS e (value, position);
  last := lines[cardinality(lines)];
  IF last.check_name IS DISTINCT FROM 'verdict' OR coalesce(last.status, '') NOT IN ('passed', 'failed') THEN
    RAISE EXCEPTION 'the findings do not end with a verdict' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- A comparison of some relations says so in its findings.
  RETURN dr._verification_store(
    target, server, 'document', source.id, source.snapshot, true, NULL, started_at, finished_at,
    lines[:cardinality(lines) - 1], last,
    CASE WHEN EXISTS (SELECT FROM unnest(lines) AS f WHERE f.status = 'info' AND f.check_name = 'only') THEN '{"only": true}' ELSE '{}' END::jsonb,
    NULL);
END
$$;
COMMENT ON FUNCTION dr.verification_record(text, text, timestamptz, timestamptz, jsonb, text) IS
  'Records a verification of a restored backup that was done elsewhere by dr_verify_snapshot(); returns its number';
