-- dr_detect_loss: what the history of the snapshots says, on made-up histories of a database "shop".
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgdr CASCADE;
CREATE EXTENSION pgdr;
RESET client_min_messages;
SET timezone = 'Asia/Tokyo';

-- A snapshot `ago`, with tables {"name": rows}; a null is a table that could not be read.
CREATE FUNCTION pg_temp.snapshot(ago interval, tables jsonb, objects jsonb DEFAULT '[]', digests jsonb DEFAULT '{}') RETURNS bigint LANGUAGE sql AS $$
  SELECT dr_snapshot_import(jsonb_build_object(
    'format', 'pgdr-snapshot', 'version', 1, 'uuid', gen_random_uuid(), 'content', digests <> '{}', 'digest', CASE WHEN digests <> '{}' THEN 'x' END,
    'taken_at', now() - ago, 'label', null, 'database', '{"name": "shop"}'::jsonb, 'server', '{}'::jsonb,
    'relations', (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'schema', 'public', 'name', t.key, 'kind', CASE t.key WHEN 'log' THEN 'p' WHEN 'view' THEN 'm' ELSE 'r' END, 'persistence', 'p',
        'rows', t.value, 'digest', digests -> t.key, 'state', CASE t.value WHEN 'null' THEN 'failed' ELSE 'exact' END) ORDER BY t.key), '[]') FROM jsonb_each(tables) AS t),
    'sequences', '[]'::jsonb, 'objects', objects))
$$;
CREATE FUNCTION pg_temp.backup(ago interval, snapshot bigint, copies text DEFAULT 'complete') RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  label text := to_char(now() AT TIME ZONE 'UTC' - ago, 'YYYYMMDD"T"HH24MISS"Z"') || '-0000';
BEGIN
  PERFORM dr_backup_start(label, 'shop', started_at => now() - ago);
  PERFORM dr_backup_finish(label, snapshot, now() - ago, now() - ago, jsonb_build_object('label', label));
  PERFORM dr_copy_record(label, 'local', 'x', copies);
  RETURN label;
END $$;
-- Times as days before today.
CREATE FUNCTION pg_temp.ago(t timestamptz) RETURNS text LANGUAGE sql AS $$ SELECT round((extract(epoch FROM now() - t) / 86400)::numeric, 1)::float8 || ' d' $$;
CREATE FUNCTION pg_temp.plain(t text) RETURNS text LANGUAGE sql AS $$
  SELECT regexp_replace(regexp_replace(t, '\d{8}T\d{6}Z-0000', 'LABEL', 'g'), '\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?', 'TIME', 'g') $$;
CREATE VIEW pg_temp.losses AS
SELECT loss, object, pg_temp.ago(snapshot_at) AS before, pg_temp.ago(noticed_at) AS noticed, rows_before AS b, rows_after AS a, rows_now AS n,
       pg_temp.ago(recovery_point) AS backup, pg_temp.plain(detail) AS detail
FROM dr_detect_loss('10 days', 'shop');
\pset format unaligned
\pset null -

SELECT * FROM dr_detect_loss('10 days', 'shop');
SELECT pg_temp.snapshot('9 days', '{"a": 1}') \g /dev/null
SELECT * FROM dr_detect_loss('10 days', 'shop');
DELETE FROM dr.snapshots;

-- Nothing happens: growth, small losses, a queue that empties every day, a table that comes and goes, old partitions dropped, one
-- that could not be read once, materialized views.
SELECT count(pg_temp.snapshot(make_interval(days => d), jsonb_build_object(
         'grows', 10000 - d * 100, 'trimmed', 1000 - (d % 2) * 60, 'queue', CASE WHEN d % 3 = 0 THEN 0 ELSE 400 + d END, 'small', 5 + d % 2,
         'retained', 5000 + (d % 5) * 800, 'unread', CASE WHEN d <> 5 THEN 77 END, 'view', d * 1000, 'log', 3000, 'log_' || d, 1000, 'log_' || d + 1, 1000, 'log_' || d + 2, 1000)
         || CASE WHEN d % 4 = 1 THEN '{"staging": 9}' ELSE '{}' END::jsonb,
         jsonb_build_array(jsonb_build_object('kind', 'table', 'identity', 'public.log_' || d, 'facet', 'partition of', 'class', 'strict', 'definition', 'public.log FOR VALUES IN (1)'),
                           jsonb_build_object('kind', 'table', 'identity', 'public.log_' || d + 1, 'facet', 'partition of', 'class', 'strict', 'definition', 'public.log FOR VALUES IN (1)'),
                           jsonb_build_object('kind', 'table', 'identity', 'public.log_' || d + 2, 'facet', 'partition of', 'class', 'strict', 'definition', 'public.log FOR VALUES IN (1)'))))
FROM generate_series(30, 1, -1) AS d;
SELECT * FROM pg_temp.losses;

-- What is lost: rows at once, all rows, a table, a renamed table, a partition's rows, rows bit by bit.
SELECT pg_temp.backup('6 days', (SELECT max(id) FROM dr.snapshots WHERE taken_at <= now() - interval '6 days')),
       pg_temp.backup('2 days', (SELECT max(id) FROM dr.snapshots WHERE taken_at <= now() - interval '2 days')),
       pg_temp.backup('5 days', (SELECT max(id) FROM dr.snapshots WHERE taken_at <= now() - interval '5 days'), 'deleted'), pg_temp.backup('12 hours', NULL) \g /dev/null
DELETE FROM dr.snapshots WHERE taken_at > now() - interval '1 day 1 hour';
CREATE FUNCTION pg_temp.change(day integer, change jsonb) RETURNS void LANGUAGE sql AS $$
  UPDATE dr.snapshot_relations AS r SET rows = (change -> r.name)::bigint
  FROM dr.snapshots AS s WHERE s.id = r.snapshot AND round(extract(epoch FROM now() - s.taken_at) / 86400) = day AND change ? r.name
$$;
INSERT INTO dr.snapshot_relations (snapshot, position, schema, name, kind, persistence, rows, state)
SELECT s.id, 100, 'public', 'dropped', 'r', 'p', 123, 'exact' FROM dr.snapshots AS s WHERE taken_at < now() - interval '3 days' UNION ALL
SELECT s.id, 101, 'public', 'older', 'r', 'p', 50, 'exact' FROM dr.snapshots AS s WHERE taken_at < now() - interval '6 days 12 hours' UNION ALL
SELECT s.id, 102, 'public', 'newer', 'r', 'p', 50, 'exact' FROM dr.snapshots AS s WHERE taken_at > now() - interval '6 days 12 hours' UNION ALL
SELECT s.id, 103, 'public', 'truncated', 'r', 'p', CASE WHEN taken_at < now() - interval '4 days' THEN 4321 ELSE 0 END, 'exact' FROM dr.snapshots AS s UNION ALL
SELECT s.id, 104, 'public', 'young', 'r', 'p', CASE WHEN taken_at < now() - interval '60 hours' THEN 60 ELSE 0 END, 'exact' FROM dr.snapshots AS s
  WHERE taken_at > now() - interval '4 days' UNION ALL
SELECT s.id, 105, 'public', 'bitten', 'r', 'p', 2000 - 150 * (4 - least(4, round(extract(epoch FROM now() - s.taken_at) / 86400))), 'exact' FROM dr.snapshots AS s UNION ALL
SELECT s.id, 106, 'public', 'back', 'r', 'p', CASE round(extract(epoch FROM now() - s.taken_at) / 86400) WHEN 5 THEN 0 ELSE 40 END, 'exact' FROM dr.snapshots AS s UNION ALL
SELECT s.id, 107, 'public', 'just enough', 'r', 'p', CASE WHEN taken_at < now() - interval '7 days' THEN 1000 ELSE 900 END, 'exact' FROM dr.snapshots AS s UNION ALL
SELECT s.id, 108, 'public', 'one too many', 'r', 'p', CASE WHEN taken_at < now() - interval '7 days' THEN 1000 ELSE 899 END, 'exact' FROM dr.snapshots AS s;
SELECT pg_temp.change(2, '{"grows": 5000, "log": 2000, "log_3": 0}');
SELECT * FROM pg_temp.losses;
-- The rule's numbers are the caller's.
SELECT loss, object FROM dr_detect_loss('10 days', 'shop', share => 0.09) WHERE object LIKE '%just%' OR object LIKE '%one%';
SELECT loss, object FROM dr_detect_loss('10 days', 'shop', factor => 1000) WHERE object LIKE '%one%' OR object LIKE '%grows%';
SELECT loss, object FROM dr_detect_loss('10 days', 'shop', min_rows => 5000) WHERE loss = 'shrank';
-- Not in the window: not reported. The window's first step counts.
SELECT loss, object FROM dr_detect_loss('2 days 12 hours', 'shop') WHERE loss <> 'verdict';
-- Another database has no history.
SELECT loss, object, pg_temp.plain(detail) FROM dr_detect_loss();

-- Columns, where snapshots have schema records; a table that always grew and stands still.
DELETE FROM dr.backups;
DELETE FROM dr.snapshots;
CREATE FUNCTION pg_temp.columns(VARIADIC names text[]) RETURNS jsonb LANGUAGE sql AS $$
  SELECT jsonb_agg(jsonb_build_object('kind', 'column', 'identity', 'public.' || n, 'facet', 'definition', 'class', 'strict', 'definition', 'text')) FROM unnest(names) AS n $$;
SELECT count(pg_temp.snapshot(make_interval(days => d), jsonb_build_object('t', 7, 'grows', 1000 - greatest(d, 4) * 10, 'pauses', 1000 - d / 4 * 10, 'weekly', 1000 - greatest(d, 3) / 2 * 10),
  CASE WHEN d % 3 = 0 THEN '[]' WHEN d > 5 THEN pg_temp.columns('t.id', 't."Odd, name"', 't.v', 'grows.id') ELSE pg_temp.columns('t.id', 't.w', 'grows.id') END))
FROM generate_series(20, 1, -1) AS d;
SELECT pg_temp.backup('8 days', (SELECT max(id) FROM dr.snapshots WHERE taken_at <= now() - interval '8 days')) \g /dev/null
SELECT * FROM pg_temp.losses;

SELECT dr_detect_loss('0');
\echo :SQLSTATE
SELECT dr_detect_loss(share => 2);
