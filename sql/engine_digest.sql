-- Digests and key buckets as SQL sees them.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgdr;
CREATE SCHEMA digests;
SET search_path = digests, public;
\set VERBOSITY terse

SELECT dr._digest_equal('pgdr1-xxh3:1:2:00000000000000000000000000000003', 'pgdr1-xxh3:1:2:00000000000000000000000000000003') AS same,
       dr._digest_equal('pgdr1-xxh3:1:2:00000000000000000000000000000003', 'pgdr1-xxh3:1:2:00000000000000000000000000000004') AS changed,
       dr._digest_equal('pgdr1-xxh3:1:2:00000000000000000000000000000003', NULL) IS NULL AS strict;
SELECT dr._digest_add('pgdr1-xxh3:1:2:0000000000000000ffffffffffffffff', 'pgdr1-xxh3:3:4:00000000000000010000000000000001') AS sum;
-- Another version is an error, never a mismatch
SELECT dr._digest_equal('pgdr1-xxh3:1:2:00000000000000000000000000000003', 'pgdr2-blake3:1:2:00000000000000000000000000000003');
SELECT dr._digest_add('pgdr2-xxh3:1:2:00000000000000000000000000000003', 'pgdr1-xxh3:1:2:00000000000000000000000000000003');
SELECT dr._digest_equal('pgdr1-xxh3:1:2:3', 'pgdr1-xxh3:1:2:00000000000000000000000000000003');
SELECT dr._digest_equal('pgdr1-xxh3:1:2:00000000000000000000000000000003', 'nonsense');

-- Buckets: damage is localised when the source is gone
CREATE TABLE source (id int PRIMARY KEY, note text);
INSERT INTO source SELECT i, 'note ' || i FROM generate_series(1, 20000) AS i;
CREATE TABLE copy (note text, id int PRIMARY KEY);
INSERT INTO copy SELECT note, id FROM source ORDER BY random();
SELECT s.bucket_bits, length(s.buckets) AS length, s.buckets = c.buckets AS same, s.digest = (dr_table_fingerprint('source')).digest AS sum
FROM dr._table_buckets('source') AS s, dr._table_buckets('copy') AS c;
SELECT count(*) FROM dr._table_buckets('source') AS s, dr._table_buckets('copy') AS c,
       dr._bucket_differences(s.buckets, s.bucket_bits, c.buckets, c.bucket_bits);
UPDATE copy SET note = 'Note 17' WHERE id = 17;   -- stays in its bucket
DELETE FROM copy WHERE id = 4711;
INSERT INTO copy VALUES ('extra', 30000);
SELECT d.b_rows - d.a_rows AS rows, count(*), min(d.buckets) AS buckets
FROM dr._table_buckets('source') AS s, dr._table_buckets('copy') AS c,
     dr._bucket_differences(s.buckets, s.bucket_bits, c.buckets, c.bucket_bits) AS d
GROUP BY 1 ORDER BY 1;
-- A finer division is folded to the coarser one
DELETE FROM copy WHERE id > 150;
SELECT c.bucket_bits, count(*) AS differ, sum(d.a_rows) AS a_rows, sum(d.b_rows) AS b_rows
FROM dr._table_buckets('source') AS s, dr._table_buckets('copy') AS c,
     dr._bucket_differences(s.buckets, s.bucket_bits, c.buckets, c.bucket_bits) AS d
GROUP BY 1;
-- Without a key the row itself decides; with one of several columns their names do
CREATE TABLE keyless AS SELECT * FROM source;
SELECT k.digest = s.digest AS digest, k.buckets = s.buckets AS buckets
FROM dr._table_buckets('keyless') AS k, dr._table_buckets('source') AS s;
CREATE TABLE two (b int, a int, PRIMARY KEY (b, a));
INSERT INTO two SELECT i, i * 2 FROM generate_series(1, 1000) AS i;
CREATE TABLE two_reversed (a int, b int, PRIMARY KEY (a, b));
INSERT INTO two_reversed SELECT i * 2, i FROM generate_series(1, 1000) AS i;
SELECT x.buckets = y.buckets AS buckets FROM dr._table_buckets('two') AS x, dr._table_buckets('two_reversed') AS y;

SELECT * FROM dr._bucket_differences('', 9, '', 0);
SELECT * FROM dr._bucket_differences('AAAA', 0, 'AAAA', 0);
SELECT * FROM dr._bucket_differences('AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 0, 'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', 0);

DROP SCHEMA digests CASCADE;
