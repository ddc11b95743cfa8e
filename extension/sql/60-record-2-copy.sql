-- Copies, and backups rebuilt from the manifests of a repository.

-- evidence: what a report rests on: found (seen in the repository), checked (every byte was read and compared) or written (brought anew).
-- Only the latter two make a complete copy of a missing or damaged one: that something lies in a repository proves nothing about its bytes.
CREATE FUNCTION dr._copy_record(
  label text, repository text, location text, state text, stored_bytes bigint, manifest_sha256 text, checked_at timestamptz,
  error text, evidence text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source dr.backups := dr._backup_by_label(label);
  old_state text;
  new_state text := state;
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
  WHERE c.backup = source.id AND c.repository = _copy_record.repository FOR UPDATE;
  IF state = 'complete' AND old_state IN ('missing', 'damaged') AND evidence = 'found' THEN
    new_state := old_state;
  END IF;
  -- What a later, shorter report does not say stays as it was.
  INSERT INTO dr.copies AS c (backup, repository, location, state, stored_bytes, manifest_sha256, checked_at, error)
  VALUES (source.id, _copy_record.repository, _copy_record.location, new_state,
          _copy_record.stored_bytes, _copy_record.manifest_sha256, _copy_record.checked_at,
          dr._utf8(nullif(_copy_record.error, '')))
  ON CONFLICT ON CONSTRAINT copies_backup_repository_key DO UPDATE
  SET location = excluded.location, state = excluded.state,
      error = CASE WHEN _copy_record.state = new_state THEN excluded.error ELSE c.error END,
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
  IF new_state = 'complete' AND old_state IN ('missing', 'damaged') AND source.state = 'partial'
     AND NOT EXISTS (SELECT FROM dr.copies AS c WHERE c.backup = source.id AND c.state IN ('missing', 'damaged')) THEN
    UPDATE dr.backups AS b SET state = 'complete' WHERE b.id = source.id;
  END IF;
  RETURN copy_id;
END
$$;
COMMENT ON FUNCTION dr._copy_record(text, text, text, text, bigint, text, timestamptz, text, text) IS
  'Internal: records the state of a copy and what the report rests on';

CREATE FUNCTION dr.copy_record(
  label text, repository text, location text, state text, stored_bytes bigint DEFAULT NULL,
  manifest_sha256 text DEFAULT NULL, checked_at timestamptz DEFAULT NULL, error text DEFAULT NULL)
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT dr._copy_record(label, repository, location, state, stored_bytes, manifest_sha256, checked_at, error,
                         CASE WHEN checked_at IS NULL THEN 'found' ELSE 'checked' END)
$$;
COMMENT ON FUNCTION dr.copy_record(text, text, text, text, bigint, text, timestamptz, text) IS
  'Records the state of a backup''s copy in a repository, once per repository; returns its number. A missing or damaged copy becomes complete only where checked_at says that every byte of it was read and compared';

CREATE FUNCTION dr.copy_brought(
  label text, repository text, location text, stored_bytes bigint DEFAULT NULL, manifest_sha256 text DEFAULT NULL)
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT dr._copy_record(label, repository, location, 'complete'::text, stored_bytes, manifest_sha256, NULL::timestamptz, NULL::text,
                         'written'::text)
$$;
COMMENT ON FUNCTION dr.copy_brought(text, text, text, bigint, text) IS
  'Records that a copy was brought anew, every file of it written: complete, whatever it was before; returns its number';

-- What a listing of a repository is compared with: a copy that should be there and is not was lost, or taken away.
CREATE FUNCTION dr.copies_expected(repository text, set_name text DEFAULT NULL)
RETURNS TABLE (label text, backup_set text, backup_state text, location text, state text, recovery_point timestamptz, stored_bytes bigint,
               manifest_sha256 text, recorded_at timestamptz, checked_at timestamptz)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT b.label, b.set_name, b.state, c.location, c.state, b.recovery_point, c.stored_bytes, c.manifest_sha256, c.recorded_at, c.checked_at
  FROM dr.copies AS c JOIN dr.backups AS b ON b.id = c.backup
  WHERE c.repository = copies_expected.repository AND c.state <> 'deleted'
    AND (copies_expected.set_name IS NULL OR b.set_name = copies_expected.set_name)
  ORDER BY b.label
$$;
COMMENT ON FUNCTION dr.copies_expected(text, text) IS
  'The copies that a repository should hold as far as the catalog knows, missing and damaged ones among them with their state; the newest backup comes last';

CREATE FUNCTION dr.copies_missing(repository text, labels text[], listed_at timestamptz, set_name text DEFAULT NULL)
RETURNS TABLE (label text, backup_set text, state_before text, recovery_point timestamptz)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  lost record;
BEGIN
  IF coalesce(copies_missing.repository, '') = '' OR copies_missing.labels IS NULL OR copies_missing.listed_at IS NULL THEN
    RAISE EXCEPTION 'the repository, the labels found there and the time of the listing are needed'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'An empty array says that the repository holds no backup of the set.';
  END IF;
  FOR lost IN
    SELECT e.* FROM dr.copies_expected(copies_missing.repository, copies_missing.set_name) AS e
    -- What was recorded after the listing began may have been written after it.
    WHERE e.label <> ALL (copies_missing.labels) AND e.recorded_at < copies_missing.listed_at
  LOOP
    IF lost.state <> 'missing' THEN
      PERFORM dr._copy_record(lost.label, copies_missing.repository, lost.location, 'missing'::text, NULL::bigint, NULL::text,
                             NULL::timestamptz, 'it is not in the repository any more'::text, 'found'::text);
    END IF;
    label := lost.label;
    backup_set := lost.backup_set;
    state_before := lost.state;
    recovery_point := lost.recovery_point;
    RETURN NEXT;
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr.copies_missing(text, text[], timestamptz, text) IS
  'Compares the labels that a listing of a repository found with the catalog: marks as missing what it holds there and the listing lacks, with one event each, and returns these copies, those missing before among them';

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
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known dr.backups;
  backup_id bigint;
  member text;
  incomplete boolean := manifest IS NOT NULL AND manifest ->> 'state' IS NOT DISTINCT FROM 'incomplete';
BEGIN
  IF manifest IS NULL OR manifest ->> 'format' IS DISTINCT FROM 'pgdr-manifest' THEN
    RAISE EXCEPTION 'the argument is not a backup manifest' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- Version 2 is that of an incomplete backup, so that what reads version 1 alone does not take it for good.
  IF coalesce(manifest ->> 'version', '') NOT IN ('1', '2') THEN
    RAISE EXCEPTION 'the manifest has version %, this extension reads versions 1 and 2',
        coalesce(manifest ->> 'version', 'unknown')
      USING ERRCODE = 'feature_not_supported', HINT = 'Use the version of pgdr that wrote it, or a newer one.';
  END IF;
  IF (manifest ->> 'version' = '2') <> incomplete OR coalesce(manifest ->> 'state', 'incomplete') <> 'incomplete' THEN
    RAISE EXCEPTION 'the manifest is damaged: version % does not go with state %', manifest ->> 'version',
        coalesce('"' || (manifest ->> 'state') || '"', 'missing')
      USING ERRCODE = 'invalid_parameter_value', HINT = 'An incomplete backup has version 2 and state "incomplete", any other version 1 and no state.';
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
  VALUES (manifest ->> 'label', manifest ->> 'set', manifest ->> 'kind', CASE WHEN incomplete THEN 'incomplete' ELSE 'complete' END,
          (manifest ->> 'started_at')::timestamptz,
          greatest((manifest ->> 'finished_at')::timestamptz, (manifest ->> 'started_at')::timestamptz),
          (manifest ->> 'recovery_point')::timestamptz, (manifest ->> 'recovery_lsn')::pg_lsn,
          (SELECT s.id FROM dr.snapshots AS s WHERE s.uuid = (backup_import.manifest ->> 'snapshot_uuid')::uuid FOR KEY SHARE),
          (manifest ->> 'original_bytes')::bigint, (manifest ->> 'stored_bytes')::bigint,
          manifest ->> 'tool_version', backup_import.manifest, true)
  ON CONFLICT ON CONSTRAINT backups_label_key DO UPDATE
  SET state = excluded.state, started_at = excluded.started_at, finished_at = excluded.finished_at,
      recovery_point = excluded.recovery_point, recovery_lsn = excluded.recovery_lsn,
      snapshot = coalesce(b.snapshot, excluded.snapshot), original_bytes = excluded.original_bytes,
      stored_bytes = excluded.stored_bytes, tool_version = excluded.tool_version, manifest = excluded.manifest,
      error = NULL, imported = true
  WHERE b.state IN ('running', 'failed')
  RETURNING b.id INTO backup_id;
  -- A backup already known keeps its row: its manifest makes it no better, only worse. It may have lacked its snapshot, imported since.
  IF backup_id IS NULL THEN
    backup_id := known.id;
    UPDATE dr.backups AS b SET state = 'incomplete' WHERE b.id = known.id AND incomplete AND b.state IN ('complete', 'partial');
    UPDATE dr.backups AS b
    SET snapshot = (SELECT s.id FROM dr.snapshots AS s WHERE s.uuid = (backup_import.manifest ->> 'snapshot_uuid')::uuid FOR KEY SHARE)
    WHERE b.id = known.id AND b.snapshot IS NULL;
  END IF;
  IF incomplete AND known.state IS DISTINCT FROM 'incomplete' THEN
    PERFORM dr._event_incomplete(manifest ->> 'label', dr._manifest_warnings(manifest), manifest ->> 'set');
  END IF;
  PERFORM dr._copy_record(manifest ->> 'label', repository, location, 'complete'::text,
                                     (manifest ->> 'stored_bytes')::bigint, NULL::text, NULL::timestamptz, NULL::text, 'found'::text);
  RETURN backup_id;
END
$$;
COMMENT ON FUNCTION dr.backup_import(jsonb, text, text) IS
  'Records a backup found in a repository from its manifest, once per label; returns its number';
