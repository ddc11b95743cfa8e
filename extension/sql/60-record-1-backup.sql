-- Recording backups and copies. The tool calls these; psql may too.

-- The backup with this label, locked, or an error that tells a malformed label from an unknown one.
CREATE FUNCTION dr._backup_by_label(label text)
RETURNS dr.backups
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found dr.backups;
BEGIN
  PERFORM dr._check_label(label);
  SELECT * INTO found FROM dr.backups AS b WHERE b.label = _backup_by_label.label FOR KEY SHARE;
  IF found.id IS NULL THEN
    RAISE EXCEPTION 'backup "%" is not in the catalog', label
      USING ERRCODE = 'undefined_object',
            HINT = 'SELECT label FROM dr.backups lists what is; "pgdr catalog rebuild" reads a repository''s backups in.';
  END IF;
  RETURN found;
END
$$;
COMMENT ON FUNCTION dr._backup_by_label(text) IS 'Internal: a backup''s row, or an error';

CREATE FUNCTION dr._check_label(label text)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- The same expression as the constraint on dr.backups.label.
  IF label IS NULL OR label !~
     '^[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]Z-[0-9a-f]{4}$' THEN
    RAISE EXCEPTION 'malformed backup label %', coalesce('"' || label || '"', 'NULL')
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'A label is the UTC start time and four hexadecimal digits, such as 20261121T020000Z-9f3c.';
  END IF;
END
$$;
COMMENT ON FUNCTION dr._check_label(text) IS 'Internal: errors unless the text is a backup label';

-- Errors unless the value is one of the valid ones, and lists them.
CREATE FUNCTION dr._check_word(what text, value text, valid text[])
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF value IS NULL OR value <> ALL (valid) THEN
    RAISE EXCEPTION 'invalid % %', what, coalesce('"' || value || '"', 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = format('Valid values: %s.', array_to_string(valid, ', '));
  END IF;
END
$$;
COMMENT ON FUNCTION dr._check_word(text, text, text[]) IS 'Internal: errors unless the value is one of a list';

CREATE FUNCTION dr.backup_start(
  label text, set_name text, kind text DEFAULT 'full', started_at timestamptz DEFAULT now(),
  tool_version text DEFAULT NULL, detail jsonb DEFAULT '{}')
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  stale record;
  backup_id bigint;
BEGIN
  PERFORM dr._check_label(label);
  PERFORM dr._check_word('kind of backup', kind, ARRAY['full']);
  IF set_name IS NULL OR set_name = '' THEN
    RAISE EXCEPTION 'a backup needs the name of its set' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF started_at IS NULL THEN
    RAISE EXCEPTION 'a backup needs its start time' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  IF EXISTS (SELECT FROM dr.backups AS b WHERE b.label = backup_start.label) THEN
    RAISE EXCEPTION 'backup "%" is in the catalog already', label
      USING ERRCODE = 'duplicate_object', HINT = 'Every run needs a label of its own.';
  END IF;
  -- Whoever starts a backup holds the lock of the set, so a run that is still open here died without saying so.
  FOR stale IN
    UPDATE dr.backups AS b
    SET state = 'failed', error = 'abandoned: it was still running when the next backup started',
        finished_at = greatest(b.started_at, backup_start.started_at)
    WHERE b.set_name = backup_start.set_name AND b.state = 'running'
    RETURNING b.label, b.started_at
  LOOP
    PERFORM dr.event_record(
      'error'::text, 'backup_abandoned'::text,
      format('backup %s was abandoned: it was still running when backup %s started', stale.label, label),
      jsonb_build_object('label', stale.label, 'next_label', label), set_name);
  END LOOP;
  INSERT INTO dr.backups AS b (label, set_name, kind, state, started_at, tool_version, detail)
  VALUES (backup_start.label, backup_start.set_name, backup_start.kind, 'running',
          backup_start.started_at, backup_start.tool_version, dr._utf8_json(coalesce(backup_start.detail, '{}')))
  RETURNING b.id INTO backup_id;
  RETURN backup_id;
EXCEPTION WHEN unique_violation THEN
  RAISE EXCEPTION 'another backup of set "%" started at this moment', set_name
    USING ERRCODE = 'lock_not_available', HINT = 'One backup of a set runs at a time.';
END
$$;
COMMENT ON FUNCTION dr.backup_start(text, text, text, timestamptz, text, jsonb) IS
  'Records that a backup runs; open runs of the same set are marked failed as abandoned; returns its number';

-- The running backup with this label, or an error that says what became of it.
CREATE FUNCTION dr._backup_running(label text)
RETURNS dr.backups
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found dr.backups := dr._backup_by_label(label);
BEGIN
  IF found.state <> 'running' THEN
    RAISE EXCEPTION 'backup "%" is not running but %', label, found.state
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = coalesce(found.error, 'There is no error on record.'),
            HINT = CASE WHEN found.state = 'failed'
                        THEN 'If its manifest is in the repository it is good: record it with dr_backup_import() '
                             'or "pgdr catalog rebuild".' ELSE 'A backup is finished once.' END;
  END IF;
  RETURN found;
END
$$;
COMMENT ON FUNCTION dr._backup_running(text) IS 'Internal: a running backup''s row, or an error';

CREATE FUNCTION dr._backup_finish(
  label text, snapshot bigint, finished_at timestamptz, recovery_point timestamptz, manifest jsonb,
  state text, reason text)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source dr.backups := dr._backup_running(label);
BEGIN
  PERFORM dr._check_word('final state of a backup', state, ARRAY['complete', 'partial', 'incomplete']);
  IF finished_at IS NULL OR recovery_point IS NULL THEN
    RAISE EXCEPTION 'backup "%" cannot be finished without its end and its recovery point', label
      USING ERRCODE = 'null_value_not_allowed';
  END IF;
  IF manifest IS NULL OR jsonb_typeof(manifest) <> 'object' OR manifest ->> 'label' IS DISTINCT FROM label THEN
    RAISE EXCEPTION 'the manifest is not that of backup "%"', label
      USING ERRCODE = 'invalid_parameter_value',
            DETAIL = format('Its label is %s.', coalesce('"' || (manifest ->> 'label') || '"', 'missing'));
  END IF;
  IF snapshot IS NOT NULL THEN
    PERFORM FROM dr.snapshots AS s WHERE s.id = snapshot FOR KEY SHARE;
    PERFORM dr._snapshot_known(snapshot);
  END IF;
  -- The two times may come from the clocks of two hosts: a good backup is not refused for a second's difference.
  UPDATE dr.backups AS b
  SET state = _backup_finish.state, finished_at = greatest(_backup_finish.finished_at, b.started_at),
      recovery_point = _backup_finish.recovery_point, snapshot = _backup_finish.snapshot,
      manifest = dr._utf8_json(_backup_finish.manifest),
      recovery_lsn = (_backup_finish.manifest ->> 'recovery_lsn')::pg_lsn,
      original_bytes = (_backup_finish.manifest ->> 'original_bytes')::bigint,
      stored_bytes = (_backup_finish.manifest ->> 'stored_bytes')::bigint,
      tool_version = coalesce(_backup_finish.manifest ->> 'tool_version', b.tool_version)
  WHERE b.id = source.id;
  IF state = 'partial' THEN
    PERFORM dr.event_record(
      'warning'::text, 'backup_partial'::text, format('backup %s is done, but a copy or a part is missing', label),
      jsonb_build_object('label', label), source.set_name);
  ELSIF state = 'incomplete' THEN
    PERFORM dr._event_incomplete(label, coalesce(nullif(reason, ''), dr._manifest_warnings(manifest)), source.set_name);
  END IF;
END
$$;
COMMENT ON FUNCTION dr._backup_finish(text, bigint, timestamptz, timestamptz, jsonb, text, text) IS
  'Internal: records how a running backup ended';

CREATE FUNCTION dr.backup_finish(
  label text, snapshot bigint, finished_at timestamptz, recovery_point timestamptz, manifest jsonb,
  state text DEFAULT 'complete')
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$ SELECT dr._backup_finish(label, snapshot, finished_at, recovery_point, manifest, state, NULL::text) $$;
COMMENT ON FUNCTION dr.backup_finish(text, bigint, timestamptz, timestamptz, jsonb, text) IS
  'Records that a running backup is complete, partial (a copy or a part is missing) or incomplete';

CREATE FUNCTION dr.backup_incomplete(
  label text, snapshot bigint, finished_at timestamptz, recovery_point timestamptz, manifest jsonb, reason text)
RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$ SELECT dr._backup_finish(label, snapshot, finished_at, recovery_point, manifest, 'incomplete'::text, reason) $$;
COMMENT ON FUNCTION dr.backup_incomplete(text, bigint, timestamptz, timestamptz, jsonb, text) IS
  'Records that a running backup ended, but can never be proven in full, and why: it counts as no backup';

CREATE FUNCTION dr._manifest_warnings(manifest jsonb)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT string_agg(w.value, '; ' ORDER BY w.n)
  FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(manifest -> 'warnings') = 'array' THEN manifest -> 'warnings' ELSE '[]' END)
    WITH ORDINALITY AS w (value, n)
$$;
COMMENT ON FUNCTION dr._manifest_warnings(jsonb) IS 'Internal: the warnings of a manifest in one text; null: none';

CREATE FUNCTION dr._event_incomplete(label text, reason text, set_name text)
RETURNS bigint
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT dr.event_record(
    'error'::text, 'backup_incomplete'::text,
    format('backup %s counts as none, for it cannot be proven in full%s', label, coalesce(': ' || reason, '')),
    jsonb_build_object('label', label), set_name)
$$;
COMMENT ON FUNCTION dr._event_incomplete(text, text, text) IS 'Internal: records that a backup turned out incomplete';

CREATE FUNCTION dr.backup_fail(
  label text, error text, finished_at timestamptz DEFAULT clock_timestamp())
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source dr.backups := dr._backup_running(label);
  reason text := dr._utf8(coalesce(nullif(error, ''), 'no reason was given'));
BEGIN
  UPDATE dr.backups AS b
  SET state = 'failed', error = reason,
      finished_at = greatest(coalesce(backup_fail.finished_at, clock_timestamp()), b.started_at)
  WHERE b.id = source.id;
  PERFORM dr.event_record(
    'error'::text, 'backup_failed'::text, format('backup %s failed: %s', label, reason),
    jsonb_build_object('label', label, 'error', reason), source.set_name);
END
$$;
COMMENT ON FUNCTION dr.backup_fail(text, text, timestamptz) IS 'Records that a running backup failed, with an event';
