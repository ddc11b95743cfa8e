-- What changed between two snapshots. It is found as a verification finds it, but it judges nothing.

-- Relations and sequences.
CREATE FUNCTION dr._snapshot_data_changes(old jsonb, new jsonb)
RETURNS TABLE (part integer, change text, object_type text, object text, check_name text, before text, after text,
               detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT 1, CASE WHEN o.object IS NULL THEN 'added' WHEN n.object IS NULL THEN 'removed'
                 WHEN (o.rows IS NULL) <> (n.rows IS NULL) THEN 'unknown' ELSE 'changed' END,
         dr._relation_type(coalesce(n.kind, o.kind)), coalesce(n.object, o.object),
         CASE WHEN o.object IS NULL OR n.object IS NULL THEN 'existence' WHEN o.kind <> n.kind THEN 'kind'
              WHEN o.rows IS DISTINCT FROM n.rows THEN 'rows' ELSE 'content' END,
         CASE WHEN o.kind <> n.kind THEN dr._relation_type(o.kind) ELSE dr._rows_text(o.rows) END,
         CASE WHEN o.kind <> n.kind THEN dr._relation_type(n.kind) ELSE dr._rows_text(n.rows) END,
         CASE WHEN o.object IS NULL OR n.object IS NULL THEN NULL
              WHEN o.kind <> n.kind THEN 'it is another kind of relation'
              WHEN o.rows IS NULL AND n.rows IS NOT NULL THEN 'not read then' || coalesce(': ' || o.note, '')
              WHEN n.rows IS NULL AND o.rows IS NOT NULL THEN 'not read now' || coalesce(': ' || n.note, '')
              WHEN o.rows IS DISTINCT FROM n.rows THEN dr._difference_text(o.rows, n.rows)
              ELSE 'same number of rows, different content' END
  FROM dr._relations(old, NULL) AS o
  FULL JOIN dr._relations(new, NULL) AS n ON n.schema = o.schema AND n.name = o.name
  WHERE o.object IS NULL OR n.object IS NULL OR o.kind <> n.kind OR o.rows IS DISTINCT FROM n.rows
     OR o.digest <> n.digest OR o.generated <> n.generated
  UNION ALL
  SELECT 2, CASE WHEN o.object IS NULL THEN 'added' WHEN n.object IS NULL THEN 'removed' ELSE 'changed' END,
         'sequence', coalesce(n.object, o.object),
         CASE WHEN o.object IS NULL OR n.object IS NULL THEN 'existence' ELSE 'value' END,
         dr._sequence_text(o.last_value, o.is_called), dr._sequence_text(n.last_value, n.is_called),
         CASE WHEN n.last_value > o.last_value
              THEN format('up by %s', dr._number_text(n.last_value::numeric - o.last_value))
              WHEN n.last_value < o.last_value
              THEN format('down by %s', dr._number_text(o.last_value::numeric - n.last_value)) END
  FROM dr._sequences(old, NULL) AS o
  FULL JOIN dr._sequences(new, NULL) AS n ON n.schema = o.schema AND n.name = o.name
  WHERE o.object IS NULL OR n.object IS NULL OR o.last_value IS DISTINCT FROM n.last_value
     OR o.is_called IS DISTINCT FROM n.is_called
$$;
COMMENT ON FUNCTION dr._snapshot_data_changes(jsonb, jsonb) IS
  'Internal: relations and sequences that differ between two snapshot documents';

CREATE FUNCTION dr.snapshot_changes("from" bigint, "to" bigint)
RETURNS TABLE (change text, object_type text, object text, check_name text, before text, after text, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
  old jsonb := dr.snapshot_document("from");
  new jsonb := dr.snapshot_document("to");
  old_has_objects boolean;
  new_has_objects boolean;
  existence dr.finding[];
BEGIN
  PERFORM dr._check_document(old, format('snapshot %s', "from"));
  PERFORM dr._check_document(new, format('snapshot %s', "to"));
  IF (old ? 'escaped') <> (new ? 'escaped') THEN
    old := dr._escape_document(old);
    new := dr._escape_document(new);
  END IF;
  old_has_objects := jsonb_array_length(old -> 'objects') > 0;
  new_has_objects := jsonb_array_length(new -> 'objects') > 0;
  IF old ->> 'digest' <> new ->> 'digest' THEN
    RAISE EXCEPTION 'the two snapshots were taken with different fingerprint algorithms'
      USING ERRCODE = 'feature_not_supported',
            DETAIL = format('Snapshot %s has %s, snapshot %s has %s.', "from", old ->> 'digest', "to", new ->> 'digest');
  END IF;
  IF old ->> 'key_check' <> new ->> 'key_check' THEN
    RAISE EXCEPTION 'the two snapshots were taken with different fingerprint keys'
      USING ERRCODE = 'feature_not_supported';
  END IF;
  -- As findings, so that what belongs to an added or removed table is counted there and not listed.
  SELECT array_agg(ROW(CASE d.change WHEN 'added' THEN 'extra' ELSE 'missing' END, d.object_type, d.object, 'existence',
                       d.before, d.after, NULL)::dr.finding)
  INTO existence
  FROM dr._snapshot_data_changes(old, new) AS d WHERE d.check_name = 'existence';

  RETURN QUERY
  SELECT l.change, l.object_type, l.object, l.check_name, l.before, l.after, l.detail
  FROM (
    SELECT d.* FROM dr._snapshot_data_changes(old, new) AS d
    WHERE d.check_name <> 'existence' OR NOT (old_has_objects AND new_has_objects)
    UNION ALL
    SELECT CASE WHEN f.object_type LIKE '%table' OR f.object_type = 'materialized view' THEN 1
                WHEN f.object_type = 'sequence' THEN 2 ELSE 3 END,
           CASE WHEN f.check_name <> 'existence' THEN 'changed' WHEN f.actual IS NULL THEN 'removed' ELSE 'added' END,
           f.object_type, f.object, f.check_name, f.expected, f.actual,
           CASE WHEN f.check_name = 'existence' THEN substring(f.detail FROM '(?:^|with )(\d+ .*)$') END
    FROM dr._compare_objects(old, new, '{}', existence) AS f
    WHERE old_has_objects AND new_has_objects
    UNION ALL
    SELECT 4, 'unknown', 'schema', 'all objects', 'definition', NULL, NULL,
           'not compared: one of the snapshots has counts only'
    WHERE old_has_objects <> new_has_objects
  ) AS l (part, change, object_type, object, check_name, before, after, detail)
  ORDER BY l.part, l.object_type COLLATE "C", l.object COLLATE "C", l.check_name COLLATE "C";
END
$$;
COMMENT ON FUNCTION dr.snapshot_changes(bigint, bigint) IS
  'What changed between two snapshots: tables, counts, content, sequences, schema';
