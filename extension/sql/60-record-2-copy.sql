-- Copies, and backups rebuilt from the manifests of a repository.

CREATE FUNCTION dr.copy_record(
  label text, repository text, location text, state text, stored_bytes bigint DEFAULT NULL,
  manifest_sha256 text DEFAULT NULL, checked_at timestamptz DEFAULT NULL, error text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source dr.backups := dr._backup_by_label(label);
  old_state text;
  copy_id bigint;
BEGIN
  PERFORM dr._check_word('state of a copy', state, ARRAY['complete', 'missing', 'damaged', 'deleted']);
  IF coalesce(repository, '') = '' OR coalesce(location, '') = '' THEN
    RAISE EXCEPTION 'a copy needs its repository and its location' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF state = 'complete' AND error IS NOT NULL THEN
    RAISE EXCEPTION 'a complete copy has no error' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF manifest_sha256 !~ '^[0-9a-f]{64}$' THEN
    RAISE EXCEPTION 'malformed SHA-256 "%"', manifest_sha256
      USING ERRCODE = 'invalid_parameter_value', HINT = '64 hexadecimal digits in lower case.';
  END IF;
  SELECT c.state INTO old_state FROM dr.copies AS c
  WHERE c.backup = source.id AND c.repository = copy_record.repository;
  -- What a later, shorter report does not say stays as it was.
  INSERT INTO dr.copies AS c (backup, repository, location, state, stored_bytes, manifest_sha256, checked_at, error)
  VALUES (source.id, copy_record.repository, copy_record.location, copy_record.state,
          copy_record.stored_bytes, copy_record.manifest_sha256, copy_record.checked_at,
          nullif(copy_record.error, ''))
  ON CONFLICT ON CONSTRAINT copies_backup_repository_key DO UPDATE
  SET location = excluded.location, state = excluded.state, error = excluded.error,
      stored_bytes = coalesce(excluded.stored_bytes, c.stored_bytes),
      manifest_sha256 = coalesce(excluded.manifest_sha256, c.manifest_sha256),
      checked_at = coalesce(excluded.checked_at, c.checked_at), recorded_at = clock_timestamp()
  RETURNING c.id INTO copy_id;
  IF state IN ('missing', 'damaged') AND state IS DISTINCT FROM old_state THEN
    PERFORM dr.event_record(
      'error'::text, 'copy_' || state,
      format('the copy of backup %s in repository %s is %s%s', label, repository, state, coalesce(': ' || error, '')),
      jsonb_build_object('label', label, 'repository', repository, 'location', location), source.set_name);
  END IF;
  -- The last of the missing copies has been brought: nothing is lacking any more.
  IF state = 'complete' AND old_state IN ('missing', 'damaged') AND source.state = 'partial'
     AND NOT EXISTS (SELECT FROM dr.copies AS c WHERE c.backup = source.id AND c.state IN ('missing', 'damaged')) THEN
    UPDATE dr.backups AS b SET state = 'complete' WHERE b.id = source.id;
  END IF;
  RETURN copy_id;
END
$$;
COMMENT ON FUNCTION dr.copy_record(text, text, text, text, bigint, text, timestamptz, text) IS
  'Records the state of a backup''s copy in a repository, once per repository; returns its number';

-- Name and digest of every stored artifact: what makes two manifests the manifests of the same bytes.
CREATE FUNCTION dr._manifest_artifacts(manifest jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_object_agg(a.value ->> 'name', a.value -> 'stored_sha256')
  FROM jsonb_array_elements(CASE WHEN jsonb_typeof(manifest -> 'artifacts') = 'array'
                                 THEN manifest -> 'artifacts' ELSE '[]' END) AS a
  WHERE a.value ->> 'name' IS NOT NULL
$$;
COMMENT ON FUNCTION dr._manifest_artifacts(jsonb) IS 'Internal: name and digest of the artifacts of a manifest';

CREATE FUNCTION dr.backup_import(manifest jsonb, repository text, location text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known dr.backups;
  backup_id bigint;
  member text;
BEGIN
  IF manifest IS NULL OR manifest ->> 'format' IS DISTINCT FROM 'pgdr-manifest' THEN
    RAISE EXCEPTION 'the argument is not a backup manifest' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF manifest ->> 'version' IS DISTINCT FROM '1' THEN
    RAISE EXCEPTION 'the manifest has version %, this extension reads version 1',
        coalesce(manifest ->> 'version', 'unknown')
      USING ERRCODE = 'feature_not_supported', HINT = 'Use the version of pgdr that wrote it, or a newer one.';
  END IF;
  FOREACH member IN ARRAY ARRAY['label', 'set', 'kind', 'started_at', 'finished_at', 'recovery_point'] LOOP
    IF manifest ->> member IS NULL THEN
      RAISE EXCEPTION 'the manifest is damaged: it has no %', member USING ERRCODE = 'invalid_parameter_value';
    END IF;
  END LOOP;
  PERFORM dr._check_label(manifest ->> 'label');
  PERFORM dr._check_word('kind of backup', manifest ->> 'kind', ARRAY['full']);

  SELECT * INTO known FROM dr.backups AS b WHERE b.label = backup_import.manifest ->> 'label';
  -- A rewrapped copy is stored in other bytes; its snapshot says that it is the same backup.
  IF (CASE WHEN known.manifest ? 'rewrapped_at' OR manifest ? 'rewrapped_at'
           THEN known.manifest ->> 'snapshot_uuid' <> manifest ->> 'snapshot_uuid'
           ELSE dr._manifest_artifacts(known.manifest) <> dr._manifest_artifacts(manifest) END) THEN
    RAISE EXCEPTION 'backup "%" is in the catalog with other artifacts', known.label
      USING ERRCODE = 'data_exception',
            DETAIL = format('Two different backups under one name, the second in repository %s at %s.', repository, location),
            HINT = 'Find out which one is genuine before anything else: one of them was altered.';
  END IF;
  -- The manifest is written last: where there is one the backup is good, whatever this catalog last heard of it.
  INSERT INTO dr.backups AS b (label, set_name, kind, state, started_at, finished_at, recovery_point, recovery_lsn,
                               snapshot, original_bytes, stored_bytes, tool_version, manifest, imported)
  VALUES (manifest ->> 'label', manifest ->> 'set', manifest ->> 'kind', 'complete',
          (manifest ->> 'started_at')::timestamptz,
          greatest((manifest ->> 'finished_at')::timestamptz, (manifest ->> 'started_at')::timestamptz),
          (manifest ->> 'recovery_point')::timestamptz, (manifest ->> 'recovery_lsn')::pg_lsn,
          (SELECT s.id FROM dr.snapshots AS s WHERE s.uuid = (backup_import.manifest ->> 'snapshot_uuid')::uuid),
          (manifest ->> 'original_bytes')::bigint, (manifest ->> 'stored_bytes')::bigint,
          manifest ->> 'tool_version', backup_import.manifest, true)
  ON CONFLICT ON CONSTRAINT backups_label_key DO UPDATE
  SET state = 'complete', started_at = excluded.started_at, finished_at = excluded.finished_at,
      recovery_point = excluded.recovery_point, recovery_lsn = excluded.recovery_lsn,
      snapshot = coalesce(b.snapshot, excluded.snapshot), original_bytes = excluded.original_bytes,
      stored_bytes = excluded.stored_bytes, tool_version = excluded.tool_version, manifest = excluded.manifest,
      error = NULL, imported = true
  WHERE b.state IN ('running', 'failed')
  RETURNING b.id INTO backup_id;
  -- A backup already known as good keeps its row; it may have lacked its snapshot, imported since.
  IF backup_id IS NULL THEN
    backup_id := known.id;
    UPDATE dr.backups AS b
    SET snapshot = (SELECT s.id FROM dr.snapshots AS s WHERE s.uuid = (backup_import.manifest ->> 'snapshot_uuid')::uuid)
    WHERE b.id = known.id AND b.snapshot IS NULL;
  END IF;
  PERFORM dr.copy_record(manifest ->> 'label', repository, location, 'complete'::text,
                                     (manifest ->> 'stored_bytes')::bigint, NULL::text, NULL::timestamptz, NULL::text);
  RETURN backup_id;
END
$$;
COMMENT ON FUNCTION dr.backup_import(jsonb, text, text) IS
  'Records a backup found in a repository from its manifest, once per label; returns its number';
