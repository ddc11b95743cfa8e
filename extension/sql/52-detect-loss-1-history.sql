-- What the snapshots in the catalog say about each table, from one to the next. dr_detect_loss() judges it.

-- The snapshots of a database that count: those of the window, and as many days before it as it takes to know what is usual.
-- `judged`: whether what happened since the snapshot before it lies in the window.
CREATE FUNCTION dr._loss_snapshots(database text, since interval)
RETURNS TABLE (snapshot bigint, n bigint, taken_at timestamptz, judged boolean, with_objects boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT s.id, row_number() OVER (ORDER BY s.taken_at, s.id), s.taken_at, s.taken_at >= clock_timestamp() - since,
         EXISTS (SELECT FROM dr.snapshot_objects AS o WHERE o.snapshot = s.id)
  FROM dr.snapshots AS s
  WHERE s.database = _loss_snapshots.database
    AND s.taken_at >= clock_timestamp() - since - greatest(since, interval '30 days')
$$;
COMMENT ON FUNCTION dr._loss_snapshots(text, interval) IS 'Internal: snapshots from which losses are read';

-- Which tables are partitions, as far as snapshots with schema records or the database as it is know.
CREATE FUNCTION dr._loss_parents(database text, since interval)
RETURNS TABLE (object text, parent text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT o.identity, dr._object_relation('table', d.definition, NULL)
  FROM dr._loss_snapshots(database, since) AS s
  JOIN dr.snapshot_objects AS o ON o.snapshot = s.snapshot AND o.kind = 'table' AND o.facet = 'partition of'
  JOIN dr.definitions AS d ON d.id = o.definition
  UNION
  SELECT dr._document_name(n.nspname, c.relname), dr._document_name(pn.nspname, p.relname)
  FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid AND c.relispartition JOIN pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_class AS p ON p.oid = i.inhparent JOIN pg_namespace AS pn ON pn.oid = p.relnamespace
  WHERE database = current_database()
$$;
COMMENT ON FUNCTION dr._loss_parents(text, interval) IS 'Internal: partitions and their partitioned tables';

-- From one exact count of a table to the next: one line each.
CREATE FUNCTION dr._loss_steps(database text, since interval)
RETURNS TABLE (object text, kind text, n bigint, from_snapshot bigint, from_at timestamptz, to_snapshot bigint,
               to_at timestamptz, rows_before bigint, rows_after bigint, judged boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT t.*
  FROM (
    SELECT format('%I.%I', r.schema, r.name) COLLATE "C", r.kind, s.n, lag(s.snapshot) OVER w, lag(s.taken_at) OVER w, s.snapshot,
           s.taken_at, lag(r.rows) OVER w AS rows_before, r.rows, s.judged
    FROM dr._loss_snapshots(database, since) AS s JOIN dr.snapshot_relations AS r ON r.snapshot = s.snapshot
    WHERE r.state = 'exact' AND r.kind IN ('r', 'p')
    WINDOW w AS (PARTITION BY r.schema COLLATE "C", r.name COLLATE "C" ORDER BY s.n)
  ) AS t
  WHERE t.rows_before IS NOT NULL
$$;
COMMENT ON FUNCTION dr._loss_steps(text, interval) IS 'Internal: how the row counts of tables went, snapshot by snapshot';

-- Tables that one snapshot has and the next has not.
CREATE FUNCTION dr._loss_disappeared(database text, since interval)
RETURNS TABLE (object text, kind text, from_snapshot bigint, from_at timestamptz, to_snapshot bigint, to_at timestamptz,
               rows_before bigint, detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH snapshot AS MATERIALIZED (SELECT * FROM dr._loss_snapshots(database, since)),
  gone AS (
    SELECT r.schema, r.name, r.kind, r.rows, r.digest, a.snapshot AS from_snapshot, a.taken_at AS from_at, b.snapshot AS to_snapshot,
           b.taken_at AS to_at, b.judged, count(*) OVER (PARTITION BY r.schema, r.name ORDER BY b.n) AS times
    FROM snapshot AS a JOIN snapshot AS b ON b.n = a.n + 1 JOIN dr.snapshot_relations AS r ON r.snapshot = a.snapshot
    WHERE r.kind IN ('r', 'p')
      AND NOT EXISTS (SELECT FROM dr.snapshot_relations AS o WHERE o.snapshot = b.snapshot AND o.schema = r.schema AND o.name = r.name)
  ), parent AS (SELECT DISTINCT ON (p.object) p.object, p.parent FROM dr._loss_parents(database, since) AS p ORDER BY p.object)
  SELECT format('%I.%I', g.schema, g.name), g.kind, g.from_snapshot, g.from_at, g.to_snapshot, g.to_at, g.rows,
         'the table is gone' || coalesce((
           SELECT format('; perhaps it was renamed: %I.%I appeared with the same %s', o.schema, o.name,
                         CASE WHEN g.digest IS NULL OR o.digest IS NULL THEN 'number of rows' ELSE 'content' END)
           FROM dr.snapshot_relations AS o
           WHERE o.snapshot = g.to_snapshot AND o.kind = g.kind AND o.rows = g.rows AND o.rows > 0
             AND coalesce(o.digest = g.digest, true)
             AND NOT EXISTS (SELECT FROM dr.snapshot_relations AS e
                             WHERE e.snapshot = g.from_snapshot AND e.schema = o.schema AND e.name = o.name)
           ORDER BY o.position LIMIT 1), '')
  FROM gone AS g
  WHERE g.judged
    -- A table that came and went before does so again.
    AND g.times = 1
    -- Old partitions are dropped on purpose, so their partitioned table is judged; if that is gone it says it all.
    AND NOT EXISTS (SELECT FROM parent AS p WHERE p.object = format('%I.%I', g.schema, g.name))
$$;
COMMENT ON FUNCTION dr._loss_disappeared(text, interval) IS 'Internal: tables that disappeared between two snapshots';

-- Columns that one snapshot's schema records have and the next one's have not, of tables that both have.
CREATE FUNCTION dr._loss_columns(database text, since interval)
RETURNS TABLE (object text, from_snapshot bigint, from_at timestamptz, to_snapshot bigint, to_at timestamptz, detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH snapshot AS MATERIALIZED (
    SELECT s.*, row_number() OVER (ORDER BY s.n) AS m FROM dr._loss_snapshots(database, since) AS s WHERE s.with_objects
  ), column_record AS MATERIALIZED (
    SELECT s.m, o.identity, o.definition FROM snapshot AS s JOIN dr.snapshot_objects AS o ON o.snapshot = s.snapshot
    WHERE o.kind = 'column' AND o.facet = 'definition'
  ), lost AS (
    SELECT a.*, b.snapshot AS to_snapshot, b.taken_at AS to_at, b.m AS to_m, b.judged AS to_judged, c.identity,
           dr._object_relation('column', c.identity, NULL) AS object
    FROM snapshot AS a JOIN snapshot AS b ON b.m = a.m + 1 JOIN column_record AS c ON c.m = a.m
    WHERE b.judged AND NOT EXISTS (SELECT FROM column_record AS d WHERE d.m = b.m AND d.identity = c.identity)
  )
  SELECT l.object, l.snapshot, l.taken_at, l.to_snapshot, l.to_at,
         format('without %s %s', CASE count(*) WHEN 1 THEN 'column' ELSE 'columns' END,
                string_agg(substr(l.identity, length(l.object) + 2), ', ' ORDER BY l.identity COLLATE "C"))
         || coalesce(', but with the new ' || (
              SELECT string_agg(substr(c.identity, length(l.object) + 2), ', ' ORDER BY c.identity COLLATE "C") FROM column_record AS c
              WHERE c.m = l.to_m AND starts_with(c.identity, l.object || '.')
                AND dr._object_relation('column', c.identity, NULL) = l.object
                AND NOT EXISTS (SELECT FROM column_record AS d WHERE d.m = l.m AND d.identity = c.identity)), '')
  FROM lost AS l
  WHERE EXISTS (SELECT FROM dr.snapshot_relations AS r
                WHERE r.snapshot = l.to_snapshot AND r.kind IN ('r', 'p') AND format('%I.%I', r.schema, r.name) = l.object)
    AND NOT EXISTS (SELECT FROM dr._loss_parents(database, since) AS p WHERE p.object = l.object)
  GROUP BY l.object, l.snapshot, l.taken_at, l.m, l.to_snapshot, l.to_at, l.to_m
$$;
COMMENT ON FUNCTION dr._loss_columns(text, interval) IS 'Internal: columns that disappeared between two snapshots';
