-- Comparing two snapshot documents: a function of the two and nothing else, so that it is the same wherever it runs.

-- Properties of the database itself. A dump without --create does not carry them. In another encoding no text can be
-- the same; another locale sorts differently and settings change what queries mean; the rest is for information.
CREATE FUNCTION dr._compare_database(baseline jsonb, actual jsonb, options jsonb)
RETURNS SETOF dr.finding
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN p.name = 'encoding' THEN 'mismatch'
              WHEN p.name IN ('connection_limit', 'is_template', 'tablespace', 'owner', 'acl', 'comment', 'role_settings', 'security_labels') THEN 'info' ELSE 'warning' END,
         'database', actual #>> '{database,name}', replace(p.name, '_', ' '),
         dr._shorten(p.b, p.a), dr._shorten(p.a, p.b), 'a property of the database, not of its content'
  FROM (
    SELECT n.name, nullif(baseline -> 'database' ->> n.name, '[]') AS b, nullif(actual -> 'database' ->> n.name, '[]') AS a
    FROM unnest(ARRAY['encoding', 'collate', 'ctype', 'provider', 'icu_locale', 'icu_rules', 'connection_limit', 'is_template', 'tablespace',
                      'settings', 'role_settings', 'security_labels',
                      'owner', 'acl', 'comment']) AS n (name)
    WHERE dr._only(options) IS NULL OR n.name IN ('encoding', 'collate', 'ctype', 'provider', 'icu_locale', 'icu_rules')
  ) AS p
  WHERE p.b IS DISTINCT FROM p.a
    AND NOT (p.name = 'owner' AND coalesce((options ->> 'no_owner')::boolean, false))
    AND NOT (p.name = 'security_labels' AND coalesce((options ->> 'no_security_labels')::boolean, false))
    AND NOT (p.name = 'tablespace' AND coalesce((options ->> 'no_tablespaces')::boolean, false))
    -- A document without the key says nothing about them.
    AND NOT (p.name IN ('icu_rules', 'role_settings', 'security_labels') AND NOT baseline -> 'database' ? p.name)
    AND NOT (p.name = 'acl' AND coalesce((options ->> 'no_acl')::boolean, false))
$$;
COMMENT ON FUNCTION dr._compare_database(jsonb, jsonb, jsonb) IS
  'Internal: compares the database properties of two snapshot documents';

-- What was left out of the comparison, said plainly.
CREATE FUNCTION dr._compare_limits(baseline jsonb, actual jsonb, options jsonb)
RETURNS SETOF dr.finding
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT 'info', 'database', actual #>> '{database,name}', l.check_name, NULL, NULL, l.detail
  FROM (VALUES
    ('content', NOT ((baseline -> 'content')::boolean AND (actual -> 'content')::boolean),
     'not compared, only row counts were: '
       || CASE WHEN (baseline -> 'content')::boolean THEN 'this database was counted without fingerprints'
               ELSE 'the baseline has no fingerprints' END),
    ('schema', jsonb_array_length(baseline -> 'objects') = 0 OR jsonb_array_length(actual -> 'objects') = 0,
     'not compared: '
       || CASE WHEN jsonb_array_length(baseline -> 'objects') = 0 THEN 'the baseline has no schema records'
               ELSE 'no schema records were taken' END),
    ('owner', (options ->> 'no_owner')::boolean, 'owners were left out of the comparison'),
    ('acl', (options ->> 'no_acl')::boolean, 'privileges were left out of the comparison'),
    ('without', jsonb_typeof(options -> 'without') = 'array' AND options -> 'without' <> '[]',
     'these extensions were left out of the restore and of the comparison: '
       || (SELECT string_agg(e.value, ', ') FROM jsonb_array_elements_text(
             CASE WHEN jsonb_typeof(options -> 'without') = 'array' THEN options -> 'without' ELSE '[]' END) AS e (value))),
    ('only', dr._only(options) IS NOT NULL,
     'only these relations were compared: ' || array_to_string(dr._only(options), ', '))
  ) AS l (check_name, applies, detail)
  WHERE l.applies
$$;
COMMENT ON FUNCTION dr._compare_limits(jsonb, jsonb, jsonb) IS 'Internal: what a comparison of two documents leaves out';

CREATE FUNCTION dr._compare(baseline jsonb, actual jsonb, options jsonb DEFAULT '{}')
RETURNS SETOF dr.finding
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off  -- the planner cannot know that documents are small: compiling took seconds
AS $$
DECLARE
  content boolean;
  names text[];
  unknown text;
  known dr.finding[];
BEGIN
  PERFORM dr._check_options(options);
  PERFORM dr._check_document(baseline, 'the baseline');
  PERFORM dr._check_document(actual, 'the actual document');
  -- The texts of both in the same form. The names of option "only" are as the document writes them, or in the very bytes.
  IF (baseline ? 'escaped') <> (actual ? 'escaped') THEN
    baseline := dr._escape_document(baseline);
    actual := dr._escape_document(actual);
  END IF;
  options := dr._utf8_json(options);
  baseline := dr._document_without(baseline, options);
  actual := dr._document_without(actual, options);
  content := (baseline -> 'content')::boolean AND (actual -> 'content')::boolean;
  IF content AND baseline ->> 'digest' IS DISTINCT FROM actual ->> 'digest' THEN
    RAISE EXCEPTION 'the two snapshots were taken with different fingerprint algorithms'
      USING ERRCODE = 'feature_not_supported',
            DETAIL = format('The baseline has %s, the actual document %s.', coalesce(baseline ->> 'digest', 'none'),
                            coalesce(actual ->> 'digest', 'none')),
            HINT = 'Verify with the version of pgdr that took the baseline.';
  END IF;
  IF content AND baseline ->> 'key_check' IS DISTINCT FROM actual ->> 'key_check' THEN
    RAISE EXCEPTION 'the two snapshots were taken with different fingerprint keys'
      USING ERRCODE = 'feature_not_supported',
            DETAIL = format('The check values of the keys are %s and %s.', baseline ->> 'key_check', actual ->> 'key_check');
  END IF;
  names := dr._only(options);
  IF names = '{}' THEN
    RAISE EXCEPTION 'option "only" names nothing, so nothing would be compared'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Leave the option out to compare everything.';
  END IF;
  SELECT n INTO unknown FROM unnest(names) AS n
  WHERE NOT EXISTS (
    SELECT FROM jsonb_to_recordset((baseline -> 'relations') || (baseline -> 'sequences')) AS r (schema text, name text)
    WHERE dr._named(r.schema, r.name, ARRAY[n]))
  LIMIT 1;
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION 'option "only" names "%", which the baseline does not have', unknown
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Write "schema.table".';
  END IF;

  SELECT array_agg(f) INTO known FROM (
    SELECT * FROM dr._compare_relations(baseline, actual, content, names)
    UNION ALL SELECT * FROM dr._compare_sequences(baseline, actual, names)) AS f;
  RETURN QUERY
  WITH line AS (
    SELECT 1 AS part, f.* FROM dr._compare_limits(baseline, actual, options) AS f
    UNION ALL SELECT 1, f.* FROM dr._compare_database(baseline, actual, options) AS f
    UNION ALL SELECT CASE WHEN f.object_type LIKE '%table' OR f.object_type = 'materialized view' THEN 2 ELSE 3 END, f.*
    FROM dr._compare_objects(
      CASE WHEN jsonb_array_length(actual -> 'objects') = 0 THEN baseline || '{"objects": []}' ELSE baseline END,
      CASE WHEN jsonb_array_length(baseline -> 'objects') = 0 THEN actual || '{"objects": []}' ELSE actual END,
      options, known) AS f
  )
  SELECT l.status, l.object_type, l.object, l.check_name, l.expected, l.actual, l.detail
  FROM line AS l
  ORDER BY CASE l.status WHEN 'warning' THEN 2 WHEN 'info' THEN 3 ELSE 1 END, l.part,
           l.object_type COLLATE "C", l.object COLLATE "C", l.check_name COLLATE "C";
END
$$;
COMMENT ON FUNCTION dr._compare(jsonb, jsonb, jsonb) IS
  'Internal: findings of comparing two snapshot documents, problems first, without a verdict';
