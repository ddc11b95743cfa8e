-- Verifying a database of this cluster, and this database.

CREATE FUNCTION dr.verify_against(
  target text, snapshot bigint DEFAULT NULL, backup text DEFAULT NULL, options jsonb DEFAULT '{}',
  key bytea DEFAULT NULL)
RETURNS SETOF dr.finding
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  started CONSTANT timestamptz := clock_timestamp();
  origin jsonb;
  all_options jsonb;
  source dr.backups;
  baseline_id bigint := verify_against.snapshot;
  baseline_kind text;
  baseline_name text;
  baseline jsonb;
  actual jsonb;
  content boolean;
  with_schema boolean;
  findings dr.finding[];
  verdict dr.finding;
BEGIN
  PERFORM dr._check_options(options);
  IF NOT EXISTS (SELECT FROM pg_database AS d WHERE d.datname = target) THEN
    RAISE EXCEPTION 'database "%" does not exist', coalesce(target, '')
      USING ERRCODE = 'invalid_catalog_name',
            HINT = 'The target is a database of this cluster; use dr_verify_snapshot() inside a database elsewhere.';
  END IF;
  origin := dr._origin(target);
  all_options := dr._utf8_json(dr._options_with_origin(options, origin));

  IF snapshot IS NOT NULL THEN
    -- With both, the snapshot is the baseline and the label says whose it is: a snapshot document imported for this
    -- verification belongs to a backup that the catalog may not know, or not with its snapshot.
    PERFORM dr._snapshot_known(snapshot);
    IF backup IS NOT NULL THEN
      PERFORM dr._check_label(backup);
    END IF;
    SELECT b.* INTO source FROM dr.backups AS b
    WHERE b.label = verify_against.backup OR (verify_against.backup IS NULL AND b.snapshot = baseline_id)
    ORDER BY b.label LIMIT 1;
    IF source.snapshot <> snapshot THEN
      RAISE EXCEPTION 'snapshot % is not the snapshot of backup "%"', snapshot, backup
        USING ERRCODE = 'invalid_parameter_value', DETAIL = format('That is snapshot %s.', source.snapshot);
    END IF;
    baseline_kind := CASE WHEN backup IS NULL OR source.id IS NULL THEN 'snapshot' ELSE 'backup' END;
    baseline_name := coalesce('backup ' || backup, format('snapshot %s', snapshot));
  ELSIF backup IS NOT NULL OR origin IS NOT NULL THEN
    source := dr._backup_baseline(
      coalesce(backup, origin ->> 'label'),
      CASE WHEN backup IS NULL THEN format('Database "%s" carries the mark of a restore from this backup.', target) END);
    baseline_kind := 'backup';
    baseline_name := 'backup ' || source.label;
    baseline_id := source.snapshot;
  ELSE
    baseline_kind := 'live';
    baseline_name := format('the live database %s', dr._utf8(current_database()::text));
  END IF;

  IF baseline_kind = 'live' THEN
    baseline := dr._collect(true, true, key);
  ELSE
    baseline := dr.snapshot_document(baseline_id);
    PERFORM dr._check_key(baseline, key, baseline_name);
  END IF;
  -- No more is read of the target than there is to compare with.
  content := (baseline -> 'content')::boolean;
  with_schema := content OR jsonb_array_length(baseline -> 'objects') > 0;
  IF target = current_database() THEN
    actual := dr._collect(content, with_schema, key);
  ELSE
    actual := dr._collect_from(target, content, with_schema, key);
  END IF;

  SELECT array_agg(f ORDER BY n) INTO findings FROM (
    SELECT c.f, c.n FROM (SELECT ROW(f.*)::dr.finding AS f, row_number() OVER () AS n
                          FROM dr._compare(baseline, actual, all_options) AS f) AS c
    UNION ALL
    SELECT ROW('info', 'database', dr._utf8(target), 'baseline', NULL, NULL,
               'compared with the live source, which may have changed since the target was made')::dr.finding, NULL
    WHERE baseline_kind = 'live') AS l;
  verdict := dr._verdict(baseline, actual, all_options, findings, baseline_name);
  IF dr._recordable() THEN
    PERFORM dr._verification_store(
      target, NULL, baseline_kind, source.id, baseline_id,
      coalesce(source.label = origin ->> 'label', false), content, started, clock_timestamp(), findings, verdict,
      all_options - 'triggered_by', options ->> 'triggered_by');
  END IF;
  RETURN QUERY SELECT * FROM unnest(findings);
  RETURN NEXT verdict;
END
$$;
COMMENT ON FUNCTION dr.verify_against(text, bigint, text, jsonb, bytea) IS
  'Compares a database of this cluster with a snapshot, a backup, the backup it was restored from, or this database: '
  'findings, then a verdict';

CREATE FUNCTION dr.verify_snapshot(document jsonb, options jsonb DEFAULT '{}',
                                              key bytea DEFAULT NULL)
RETURNS SETOF dr.finding
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  started CONSTANT timestamptz := clock_timestamp();
  origin jsonb;
  all_options jsonb;
  label text;
  source dr.backups;
  known_snapshot bigint;
  actual jsonb;
  content boolean;
  findings dr.finding[];
  verdict dr.finding;
BEGIN
  PERFORM dr._check_options(options);
  PERFORM dr._check_document(document, 'the argument');
  PERFORM dr._check_key(document, key, 'the snapshot document');
  label := options ->> 'backup';
  IF label IS NOT NULL THEN
    PERFORM dr._check_label(label);
  END IF;
  origin := dr._origin(current_database());
  all_options := dr._utf8_json(dr._options_with_origin(options, origin));
  content := (document -> 'content')::boolean;
  actual := dr._collect(content, content OR jsonb_array_length(document -> 'objects') > 0, key);
  SELECT array_agg(ROW(f.*)::dr.finding) INTO findings FROM dr._compare(document, actual, all_options) AS f;
  verdict := dr._verdict(document, actual, all_options, findings,
                         coalesce('backup ' || label, 'snapshot document ' || (document ->> 'uuid')));
  IF dr._recordable() THEN
    -- The catalog of a restored database may know neither the snapshot nor the backup: recorded without, then.
    SELECT s.id INTO known_snapshot FROM dr.snapshots AS s WHERE s.uuid = (document ->> 'uuid')::uuid;
    SELECT b.* INTO source FROM dr.backups AS b
    WHERE b.label = verify_snapshot.options ->> 'backup'
       OR (verify_snapshot.options ->> 'backup' IS NULL AND b.snapshot = known_snapshot)
    ORDER BY b.label LIMIT 1;
    PERFORM dr._verification_store(
      current_database(), NULL, 'document', source.id, known_snapshot,
      coalesce(source.label = origin ->> 'label', false), content, started, clock_timestamp(), findings, verdict,
      all_options - 'triggered_by', options ->> 'triggered_by');
  END IF;
  RETURN QUERY SELECT * FROM unnest(findings);
  RETURN NEXT verdict;
END
$$;
COMMENT ON FUNCTION dr.verify_snapshot(jsonb, jsonb, bytea) IS
  'Compares this database with a snapshot document: findings, then a verdict';
