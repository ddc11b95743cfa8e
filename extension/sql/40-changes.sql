-- What changed between two snapshots. Unlike a verification it judges nothing.

CREATE FUNCTION @extschema@.dr_snapshot_changes("from" bigint, "to" bigint)
RETURNS TABLE (change text, object_type text, object text, check_name text, before text, after text, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  old_digest text;
  new_digest text;
  old_has_objects boolean;
  new_has_objects boolean;
BEGIN
  -- The texts of both are compared by number where that suffices; an unknown number errors here.
  SELECT s.header ->> 'digest' INTO old_digest FROM dr._snapshot_known("from") AS s;
  SELECT s.header ->> 'digest' INTO new_digest FROM dr._snapshot_known("to") AS s;
  IF old_digest <> new_digest THEN
    RAISE EXCEPTION 'the two snapshots were taken with different fingerprint algorithms'
      USING ERRCODE = 'feature_not_supported', DETAIL = format('%s and %s', old_digest, new_digest);
  END IF;
  SELECT count(*) FILTER (WHERE o.snapshot = "from") > 0, count(*) FILTER (WHERE o.snapshot = "to") > 0
  INTO old_has_objects, new_has_objects
  FROM dr.snapshot_objects AS o WHERE o.snapshot IN ("from", "to");

  RETURN QUERY
  WITH relation AS (
    SELECT coalesce(o.schema, n.schema) AS schema, coalesce(o.name, n.name) AS name,
           coalesce(o.kind, n.kind) AS kind, o.snapshot IS NULL AS added, n.snapshot IS NULL AS removed,
           o.rows AS old_rows, n.rows AS new_rows,
           o.digest <> n.digest OR o.generated <> n.generated AS content_differs
    FROM (SELECT * FROM dr.snapshot_relations AS r WHERE r.snapshot = "from") AS o
    FULL JOIN (SELECT * FROM dr.snapshot_relations AS r WHERE r.snapshot = "to") AS n
      ON o.schema = n.schema AND o.name = n.name
  ), sequence AS (
    SELECT coalesce(o.schema, n.schema) AS schema, coalesce(o.name, n.name) AS name,
           o.snapshot IS NULL AS added, n.snapshot IS NULL AS removed,
           dr._sequence_text(o.last_value, o.is_called) AS old_value,
           dr._sequence_text(n.last_value, n.is_called) AS new_value,
           n.last_value::numeric - o.last_value AS step
    FROM (SELECT * FROM dr.snapshot_sequences AS q WHERE q.snapshot = "from") AS o
    FULL JOIN (SELECT * FROM dr.snapshot_sequences AS q WHERE q.snapshot = "to") AS n
      ON o.schema = n.schema AND o.name = n.name
  ), object AS (
    SELECT coalesce(o.kind, n.kind) AS kind, coalesce(o.identity, n.identity) AS identity,
           coalesce(o.facet, n.facet) AS facet, o.identity IS NULL AS added, n.identity IS NULL AS removed,
           o.definition AS old_definition, n.definition AS new_definition
    FROM (SELECT r.kind, r.identity, r.facet, d.definition
          FROM dr.snapshot_objects AS r LEFT JOIN dr.definitions AS d ON d.id = r.definition
          WHERE r.snapshot = "from") AS o
    FULL JOIN (SELECT r.kind, r.identity, r.facet, d.definition
          FROM dr.snapshot_objects AS r LEFT JOIN dr.definitions AS d ON d.id = r.definition
          WHERE r.snapshot = "to") AS n
      ON o.kind = n.kind AND o.identity = n.identity AND o.facet = n.facet
    WHERE old_has_objects AND new_has_objects
  ), line AS (
    SELECT 1 AS part, CASE WHEN r.added THEN 'added' WHEN r.removed THEN 'removed' ELSE 'changed' END AS change,
           dr._relation_type(r.kind) AS object_type, format('%I.%I', r.schema, r.name) AS object,
           CASE WHEN r.added OR r.removed THEN 'existence' WHEN r.old_rows IS DISTINCT FROM r.new_rows THEN 'rows'
                ELSE 'content' END AS check_name,
           dr._rows_text(r.old_rows) AS before, dr._rows_text(r.new_rows) AS after,
           CASE WHEN r.added OR r.removed THEN NULL
                WHEN r.new_rows IS DISTINCT FROM r.old_rows THEN dr._difference_text(r.old_rows, r.new_rows)
                ELSE 'same number of rows, different content' END AS detail
    FROM relation AS r
    WHERE r.added OR r.removed OR r.old_rows IS DISTINCT FROM r.new_rows OR r.content_differs
    UNION ALL
    SELECT 2, CASE WHEN q.added THEN 'added' WHEN q.removed THEN 'removed' ELSE 'changed' END, 'sequence',
           format('%I.%I', q.schema, q.name), CASE WHEN q.added OR q.removed THEN 'existence' ELSE 'value' END,
           q.old_value, q.new_value,
           CASE WHEN q.step > 0 THEN format('up by %s', dr._number_text(q.step))
                WHEN q.step < 0 THEN format('down by %s', dr._number_text(-q.step)) END
    FROM sequence AS q
    WHERE q.added OR q.removed OR q.old_value IS DISTINCT FROM q.new_value
    UNION ALL
    SELECT 3, CASE WHEN x.added THEN 'added' WHEN x.removed THEN 'removed' ELSE 'changed' END, x.kind, x.identity,
           x.facet, dr._shorten(x.old_definition, x.new_definition), dr._shorten(x.new_definition, x.old_definition),
           NULL
    FROM object AS x
    WHERE x.added OR x.removed OR x.old_definition IS DISTINCT FROM x.new_definition
    UNION ALL
    SELECT 4, 'unknown', 'schema', 'all objects', 'definition', NULL, NULL,
           'not compared: one of the snapshots has counts only'
    WHERE old_has_objects <> new_has_objects
  )
  SELECT l.change, l.object_type, l.object, l.check_name, l.before, l.after, l.detail
  FROM line AS l
  ORDER BY l.part, l.object_type COLLATE "C", l.object COLLATE "C", l.check_name COLLATE "C";
END
$$;
COMMENT ON FUNCTION @extschema@.dr_snapshot_changes(bigint, bigint) IS
  'What changed between two snapshots: tables, counts, content, sequences, schema';
