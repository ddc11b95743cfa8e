-- The aggregate: the same digest serial, parallel and in parts, and as the direct scan's.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgdr;
CREATE SCHEMA aggregate;
SET search_path = aggregate, public;
\set VERBOSITY terse

-- No rows
SELECT dr_fingerprint(t) FROM (SELECT 1 WHERE false) AS t;
-- A row that is NULL as a whole is a row, and not one of NULLs
SELECT dr_fingerprint(t) FROM (VALUES (1)) AS one(i) LEFT JOIN (SELECT 2 AS a) AS t ON false;
SELECT dr_fingerprint(t) FROM (SELECT NULL::int AS a) AS t;
SELECT dr_fingerprint(NULL::record);
-- Order does not matter, duplicates count
SELECT (SELECT dr_fingerprint(t) FROM (VALUES (1, 'a'), (2, 'b')) AS t)
     = (SELECT dr_fingerprint(t) FROM (VALUES (2, 'b'), (1, 'a')) AS t) AS order_free,
       (SELECT dr_fingerprint(t) FROM (VALUES (1), (1)) AS t)
    <> (SELECT dr_fingerprint(t) FROM (VALUES (1)) AS t) AS duplicates_count;

CREATE TABLE measured (id int PRIMARY KEY, label text, at timestamptz, amount numeric(12,2), tags text[], p point, meta jsonb);
INSERT INTO measured
SELECT i, CASE WHEN i % 10 > 0 THEN 'label ' || i END, '2026-01-01'::timestamptz + i * interval '1 minute',
       i / 7.0, ARRAY['a', NULL, i::text], point(i, -i), jsonb_build_object('i', i)
FROM generate_series(1, 20000) AS i;
ANALYZE measured;
SELECT digest AS scanned FROM dr_table_fingerprint('measured') \gset
SET max_parallel_workers_per_gather = 0;
SELECT dr_fingerprint(m) = :'scanned' AS serial FROM measured AS m;

SET max_parallel_workers_per_gather = 2;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT dr_fingerprint(m) FROM measured AS m;
SELECT dr_fingerprint(m) = :'scanned' AS parallel FROM measured AS m;
SET parallel_leader_participation = off;
SELECT dr_fingerprint(m) = :'scanned' AS workers_only FROM measured AS m;
RESET parallel_leader_participation;
SELECT dr_fingerprint(m) = :'scanned' AS other_settings FROM measured AS m;

-- Groups add up to the whole
SELECT dr._digest_sum(d) = :'scanned' AS groups_add_up
FROM (SELECT dr_fingerprint(m) AS d FROM measured AS m GROUP BY id % 7) AS g;
-- As a window
SELECT count(DISTINCT d) = 10 AS running
FROM (SELECT dr_fingerprint(m) OVER (ORDER BY id) AS d FROM measured AS m WHERE id <= 10) AS w;

-- Row types of every origin
SELECT (SELECT dr_fingerprint(t) FROM (SELECT id, label FROM measured) AS t)
     = (SELECT dr_fingerprint(t) FROM (SELECT label, id FROM measured) AS t) AS by_name;
CREATE VIEW seen AS SELECT * FROM measured;
SELECT dr_fingerprint(s) = :'scanned' AS view FROM seen AS s;

-- A type that changes under a cached plan
CREATE FUNCTION of_pair(text) RETURNS bytea LANGUAGE plpgsql AS $$
BEGIN RETURN (SELECT dr._canonical(t) FROM changing AS t); END $$;
CREATE TABLE changing (a int);
INSERT INTO changing VALUES (1);
SELECT of_pair('x');
ALTER TABLE changing ADD b int DEFAULT 7;
SELECT of_pair('x');
ALTER TABLE changing DROP a;
SELECT of_pair('x');

-- The support functions are not for calling: what the parser says depends on the version
DO $$
BEGIN
  PERFORM dr._fingerprint_combine(NULL, NULL);
EXCEPTION WHEN undefined_function OR feature_not_supported THEN
  RAISE WARNING 'not callable';
END $$;

DROP SCHEMA aggregate CASCADE;
