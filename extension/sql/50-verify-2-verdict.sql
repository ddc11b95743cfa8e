-- Verdict and record of a verification.

-- How much there was to compare: "42 tables with 1,234,567 rows and 310 schema objects".
CREATE FUNCTION dr._extent_text(document jsonb, options jsonb, with_objects boolean)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT dr._count_text(r.n, 'table') || ' with ' || dr._rows_text(r.rows)
    || CASE WHEN with_objects AND dr._only(options) IS NULL
            THEN ' and ' || dr._count_text(
              (SELECT count(DISTINCT (o.kind, o.identity)) FROM dr._objects(document, options) AS o), 'schema object')
            ELSE '' END
  FROM (SELECT count(*) AS n, coalesce(sum(t.rows), 0)::bigint AS rows
        FROM dr._relations(document, dr._only(options)) AS t WHERE t.kind = 'r') AS r
$$;
COMMENT ON FUNCTION dr._extent_text(jsonb, jsonb, boolean) IS 'Internal: the size of a snapshot document in words';

CREATE FUNCTION dr._verdict(baseline jsonb, actual jsonb, options jsonb, findings dr.finding[], baseline_name text)
RETURNS dr.finding
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off  -- the planner cannot know that documents are small: compiling took seconds
AS $$
DECLARE
  content boolean := (baseline -> 'content')::boolean AND (actual -> 'content')::boolean;
  problems integer;
  warnings integer;
  words text;
  verdict dr.finding;
BEGIN
  SELECT count(*) FILTER (WHERE f.status IN ('missing', 'extra', 'mismatch')),
         count(*) FILTER (WHERE f.status = 'warning')
  INTO problems, warnings
  FROM unnest(findings) AS f;
  IF problems = 0 THEN
    words := dr._extent_text(baseline, options, jsonb_array_length(baseline -> 'objects') > 0
                                                AND jsonb_array_length(actual -> 'objects') > 0)
      || CASE WHEN content THEN ' are identical to ' ELSE ' have the same row counts as ' END || baseline_name
      || CASE WHEN content THEN '' ELSE '; content was not compared' END
      || CASE WHEN warnings > 0 THEN '; ' || dr._count_text(warnings, 'warning') ELSE '' END;
  ELSE
    SELECT format('%s compared with %s: %s', dr._count_text(problems, 'problem'), baseline_name, string_agg(
             format('%s %s: %s', f.object_type, f.object, f.detail), '; ' ORDER BY f.n))
           || CASE WHEN problems > 3 THEN format('; and %s more', dr._number_text(problems - 3)) ELSE '' END
    INTO words
    FROM unnest(findings) WITH ORDINALITY
      AS f (status, object_type, object, check_name, expected, actual, detail, n)
    WHERE f.status IN ('missing', 'extra', 'mismatch') AND f.n <= 3;
  END IF;
  verdict.status := CASE WHEN problems = 0 THEN 'passed' ELSE 'failed' END;
  verdict.object_type := 'database';
  verdict.object := actual #>> '{database,name}';
  verdict.check_name := 'verdict';
  verdict.expected := baseline_name;
  verdict.detail := words;
  RETURN verdict;
END
$$;
COMMENT ON FUNCTION dr._verdict(jsonb, jsonb, jsonb, dr.finding[], text) IS 'Internal: the last line of a verification';

-- Whether results can be recorded here and now.
CREATE FUNCTION dr._recordable()
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT NOT pg_is_in_recovery() AND NOT current_setting('transaction_read_only')::boolean
$$;
COMMENT ON FUNCTION dr._recordable() IS 'Internal: false on a standby and in a read-only transaction';

-- Stores a verification and its findings; of very many findings the first 10,000, problems first as they are.
CREATE FUNCTION dr._verification_store(
  target text, server text, baseline text, backup bigint, snapshot bigint, restored boolean, content boolean,
  started_at timestamptz, finished_at timestamptz, findings dr.finding[], verdict dr.finding, options jsonb,
  triggered_by text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  keep CONSTANT integer := 10000;
  counted record;
  verification_id bigint;
BEGIN
  SELECT count(*) AS total, count(*) FILTER (WHERE f.status IN ('missing', 'extra', 'mismatch')) AS problems,
         count(*) FILTER (WHERE f.status = 'warning') AS warnings,
         count(*) FILTER (WHERE f.status = 'info') AS infos
  INTO counted
  FROM unnest(findings) AS f;
  IF counted.total <> counted.problems + counted.warnings + counted.infos THEN
    RAISE EXCEPTION 'a finding has an unknown status'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Valid values: missing, extra, mismatch, warning, info.';
  END IF;
  IF (verdict.status = 'passed') <> (counted.problems = 0) THEN
    RAISE EXCEPTION 'the verdict "%" contradicts the findings, which have %', verdict.status,
        dr._count_text(counted.problems, 'problem')
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  -- What it refers to is held; a snapshot that expired meanwhile is forgotten.
  PERFORM FROM dr.backups AS b WHERE b.id = backup FOR KEY SHARE;
  INSERT INTO dr.verifications AS v (
    target, server, baseline, backup, snapshot, restored, content, started_at, finished_at, passed, problems, warnings,
    infos, omitted, verdict, options, triggered_by, given_uuid)
  VALUES (
    dr._utf8(_verification_store.target), dr._utf8(nullif(_verification_store.server, '')), _verification_store.baseline,
    _verification_store.backup,
    (SELECT s.id FROM dr.snapshots AS s WHERE s.id = _verification_store.snapshot FOR KEY SHARE), _verification_store.restored,
    _verification_store.content, _verification_store.started_at,
    greatest(_verification_store.finished_at, _verification_store.started_at), verdict.status = 'passed',
    counted.problems, counted.warnings, counted.infos, greatest(counted.total - keep, 0),
    coalesce(verdict.detail, verdict.status), dr._utf8_json(_verification_store.options), dr._utf8(_verification_store.triggered_by),
    gen_random_uuid())
  RETURNING v.id INTO verification_id;
  INSERT INTO dr.verification_findings (verification, position, status, object_type, object, check_name, expected,
                                        actual, detail)
  SELECT verification_id, f.n, f.status, coalesce(f.object_type, ''), coalesce(f.object, ''),
         coalesce(f.check_name, ''), f.expected, f.actual, f.detail
  FROM unnest(findings) WITH ORDINALITY
    AS f (status, object_type, object, check_name, expected, actual, detail, n)
  WHERE f.n <= keep;
  IF verdict.status = 'failed' THEN
    PERFORM dr.event_record(
      'error'::text, 'verification_failed'::text, format('verification of %s failed: %s', target, verdict.detail),
      jsonb_build_object('verification', verification_id, 'target', target, 'problems', counted.problems), NULL::text);
  END IF;
  RETURN verification_id;
END
$$;
COMMENT ON FUNCTION dr._verification_store(text, text, text, bigint, bigint, boolean, boolean, timestamptz, timestamptz,
                                           dr.finding[], dr.finding, jsonb, text) IS
  'Internal: records a verification with its findings';
