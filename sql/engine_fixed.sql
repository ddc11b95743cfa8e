-- Rows all of whose columns have a fixed length go a shorter way in the scan; the aggregate goes the long one. Same digests.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgdr;
CREATE SCHEMA fixed;
SET search_path = fixed, public;
CREATE FUNCTION same(relation regclass) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  aggregate text;
BEGIN
  EXECUTE format('SELECT dr_fingerprint(whole) FROM %s AS whole', relation) INTO aggregate;
  RETURN aggregate = (dr_table_fingerprint(relation)).digest AND aggregate = (dr._table_buckets(relation)).digest;
END
$$;

CREATE TABLE every (b boolean, c "char", s smallint, i integer, g bigint, o oid, x xid, d date, t time, ts timestamp, tz timestamptz, m money,
  l pg_lsn, u uuid, a macaddr, a8 macaddr8, f4 real, f8 double precision, z boolean);
INSERT INTO every SELECT n % 2 = 0, 'c', n, n * 3, n * 5000000000, n, n::text::xid, '2026-01-01'::date + n, '00:00'::time + n * interval '1 s',
  '2026-01-01'::timestamp + n * interval '1 s', '2026-01-01'::timestamptz + n * interval '1 s', n::money, ('0/' || n)::pg_lsn, md5(n::text)::uuid,
  '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05', n * 0.1, n * 0.1, n % 3 = 0 FROM generate_series(1, 300) AS n;
SELECT same('every');
-- NULLs, first, last and everywhere, between rows without
INSERT INTO every (i) VALUES (1);
INSERT INTO every SELECT NULL, c, s, i, g, o, x, d, t, ts, tz, m, l, u, a, a8, f4, f8, NULL FROM every LIMIT 7;
INSERT INTO every SELECT FROM generate_series(1, 3);
SELECT same('every');
-- One NaN, two zeros
CREATE TABLE numbers (f8 double precision, f4 real);
INSERT INTO numbers VALUES ('NaN', 'NaN'), ('-0', '-0'), ('0', '0'), ('Infinity', '-Infinity'), (1e-310, 1e-40);
INSERT INTO numbers SELECT -('NaN'::float8), -('NaN'::float4);
SELECT same('numbers');
CREATE TABLE other_nan AS SELECT CASE WHEN f8 = 'NaN' THEN 'NaN' ELSE f8 END AS f8, CASE WHEN f4 = 'NaN' THEN 'NaN' ELSE f4 END AS f4 FROM numbers;
SELECT (dr_table_fingerprint('numbers')).digest = (dr_table_fingerprint('other_nan')).digest AS one_nan;
UPDATE other_nan SET f8 = 0 WHERE f8 = 0;
SELECT (dr_table_fingerprint('numbers')).digest = (dr_table_fingerprint('other_nan')).digest AS one_zero;
-- Columns added and dropped: rows that are too short, a missing value, a hole
ALTER TABLE every ADD later integer;
SELECT same('every');
ALTER TABLE every ADD known integer NOT NULL DEFAULT 42;
SELECT same('every');
INSERT INTO every (i, later) VALUES (7, 8);
UPDATE every SET s = s + 1 WHERE i % 5 = 0;
SELECT same('every');
ALTER TABLE every DROP g, DROP b;
INSERT INTO every (i, later) VALUES (9, 10);
SELECT same('every');
-- Keys: one integer, two columns not in the order of the table, all columns
CREATE TABLE keys (a bigint, b integer, c smallint, d uuid, PRIMARY KEY (c, a));
INSERT INTO keys SELECT n, n, n, md5(n::text)::uuid FROM generate_series(1, 3000) AS n;
SELECT same('keys');
-- The same keys beside a column that takes the long way: as many rows in each bucket
CREATE TABLE long_way AS SELECT *, 'x'::text AS e FROM keys;
ALTER TABLE long_way ADD PRIMARY KEY (c, a);
CREATE FUNCTION rows_by_bucket(relation regclass) RETURNS bytea LANGUAGE sql AS $$
  SELECT string_agg(substr(decode(b.buckets, 'base64'), i * 24 + 1, 8), '' ORDER BY i) FROM dr._table_buckets(relation) AS b, generate_series(0, (1 << b.bucket_bits) - 1) AS i
$$;
SELECT length(rows_by_bucket('keys')), rows_by_bucket('keys') = rows_by_bucket('long_way') AS same;
ALTER TABLE keys DROP CONSTRAINT keys_pkey, ADD PRIMARY KEY (d);
ALTER TABLE long_way DROP CONSTRAINT long_way_pkey, ADD PRIMARY KEY (d);
SELECT same('keys'), rows_by_bucket('keys') = rows_by_bucket('long_way') AS buckets;
-- A column of varying length in the middle, at the end, and none that is fixed
CREATE TABLE varying (a integer, v text, b integer);
INSERT INTO varying SELECT n, repeat('v', n), n FROM generate_series(1, 200) AS n;
SELECT same('varying');
ALTER TABLE varying DROP v;
SELECT same('varying');
INSERT INTO varying SELECT n, n FROM generate_series(1, 200) AS n;
SELECT same('varying');
CREATE TABLE nothing ();
INSERT INTO nothing SELECT FROM generate_series(1, 10);
SELECT same('nothing');
DROP SCHEMA fixed CASCADE;
