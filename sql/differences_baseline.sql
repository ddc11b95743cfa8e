-- dr_differences where the target was restored from a backup, and dr_differences_snapshot, where only the document is left.
\set SHOW_CONTEXT never
SET client_min_messages = error;
DROP DATABASE IF EXISTS regress_pgdr_source;
DROP DATABASE IF EXISTS regress_pgdr_copy;
SELECT current_database() AS regression \gset
CREATE DATABASE regress_pgdr_source TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
\c regress_pgdr_source
\pset format unaligned
\pset null -
CREATE EXTENSION pgdr;
CREATE SCHEMA shop;
CREATE TABLE shop.item (id int PRIMARY KEY, name text, twice int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO shop.item SELECT i, 'item ' || i FROM generate_series(1, 20000) AS i;
CREATE TABLE shop.nokey (a int, b text);
INSERT INTO shop.nokey SELECT i, 'row' FROM generate_series(1, 200) AS i;
CREATE TABLE shop.part (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE shop.part_1 PARTITION OF shop.part FOR VALUES FROM (0) TO (1000);
CREATE TABLE shop.part_2 PARTITION OF shop.part FOR VALUES FROM (1000) TO (2000);
CREATE TABLE shop.part_3 PARTITION OF shop.part FOR VALUES FROM (2000) TO (3000);
INSERT INTO shop.part SELECT i, 'v' FROM generate_series(0, 1999) AS i;
CREATE TABLE shop.rekeyed (id int PRIMARY KEY, other int NOT NULL);
INSERT INTO shop.rekeyed SELECT i, -i FROM generate_series(1, 100) AS i;
CREATE TABLE shop.empty (id int PRIMARY KEY);
SELECT dr_backup_start('20261121T020000Z-9f3c', 'shop') AS id;
SELECT dr_snapshot_counts(content => true) AS snapshot \gset
SELECT dr_backup_finish('20261121T020000Z-9f3c', :snapshot, now(), now(), '{"label": "20261121T020000Z-9f3c"}');
CREATE DATABASE regress_pgdr_copy TEMPLATE regress_pgdr_source;
ALTER DATABASE regress_pgdr_copy SET pgdr.origin = '{"label": "20261121T020000Z-9f3c"}';

-- The source moves on. Nothing is wrong with the copy.
UPDATE shop.item SET name = 'renamed' WHERE id IN (5, 500, 5000);
DELETE FROM shop.item WHERE id = 6;
INSERT INTO shop.item VALUES (20001, 'later');
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.item');
-- Each question alone.
SELECT * FROM dr_differences_question('regress_pgdr_copy', 'shop.item', question => 'copy');
SELECT side, key FROM dr_differences_question('regress_pgdr_copy', 'shop.item', question => 'source');
SELECT side, key, detail FROM dr_differences_question('regress_pgdr_copy', 'shop.item', 1, question => 'source');
SELECT side, detail FROM dr_differences('regress_pgdr_copy', 'shop.item', 0);
SELECT * FROM dr_differences_question('regress_pgdr_copy', 'shop.item', question => 'yours');
-- Damage to the copy is told apart, in its own key buckets and where the source has changed, too.
\c regress_pgdr_copy
UPDATE shop.item SET name = 'damaged' WHERE id = 1000;
DELETE FROM shop.item WHERE id = 2000;
INSERT INTO shop.item VALUES (30000, 'invented');
UPDATE shop.nokey SET b = 'other' WHERE a = 7;
DELETE FROM shop.part WHERE id IN (10, 1500);
INSERT INTO shop.part VALUES (2500, 'new');
UPDATE shop.rekeyed SET other = 0 WHERE id = 3;
INSERT INTO shop.empty VALUES (1);
\c regress_pgdr_source
\set SHOW_CONTEXT never
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.item');
-- In the same bucket as the copy's 1000: a row that the source has changed since.
SELECT i AS neighbour FROM generate_series(1, 20000) AS i
WHERE i <> 1000 AND (SELECT substr(dr_fingerprint(k), length(dr_fingerprint(k)) - 31, 2) FROM (SELECT i AS id) AS k)
  = (SELECT substr(dr_fingerprint(k), length(dr_fingerprint(k)) - 31, 2) FROM (SELECT 1000 AS id) AS k) ORDER BY i LIMIT 1 \gset
UPDATE shop.item SET name = 'moved on' WHERE id = :neighbour;
SELECT side, CASE key WHEN format('(id)=(%s)', :neighbour) THEN 'neighbour' ELSE key END AS key, expected, actual, detail
FROM dr_differences('regress_pgdr_copy', 'shop.item') WHERE expected <> actual;
-- Both changed the same row: nobody can tell.
UPDATE shop.item SET name = 'changed here, too' WHERE id = 1000;
SELECT side, key, expected, actual, detail FROM dr_differences('regress_pgdr_copy', 'shop.item') WHERE key = '(id)=(1000)';
-- Both changed a row alike.
UPDATE shop.nokey SET b = 'other' WHERE a = 7;
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.nokey');
UPDATE shop.nokey SET b = 'row' WHERE a = 7;
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.nokey');
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.part');
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.part_2');
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.empty');
-- A column that the source has only since.
ALTER TABLE shop.part ADD COLUMN more int DEFAULT 1;
UPDATE shop.part SET v = 'later' WHERE id = 20;
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.part');
-- Where the backup's buckets are of no use, it says so and compares everything.
ALTER TABLE shop.rekeyed DROP CONSTRAINT rekeyed_pkey, ADD PRIMARY KEY (other);
SELECT side, key FROM dr_differences('regress_pgdr_copy', 'shop.rekeyed');
ALTER TABLE shop.part DETACH PARTITION shop.part_2;
SELECT side, count(*) FROM dr_differences('regress_pgdr_copy', 'shop.part', 5000) GROUP BY side ORDER BY side;
ALTER TABLE shop.part ATTACH PARTITION shop.part_2 FOR VALUES FROM (1000) TO (2000);
CREATE TABLE shop.later (id int);
ALTER DATABASE regress_pgdr_copy SET pgdr.origin = '{"label": "20260101T020000Z-0000"}';
SELECT side, key, detail FROM dr_differences('regress_pgdr_copy', 'shop.nokey');
ALTER DATABASE regress_pgdr_copy SET pgdr.origin = 'yesterday';
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.nokey');
\echo :SQLSTATE
ALTER DATABASE regress_pgdr_copy RESET pgdr.origin;

-- Only the document is left: the key buckets, and the rows in them.
SELECT dr_snapshot_document(:snapshot) AS document \gset
SELECT dr_snapshot_counts() AS counted \gset
SELECT dr_snapshot_document(:counted) AS counts \gset
\c regress_pgdr_copy
\set SHOW_CONTEXT never
SELECT side, key, expected, actual, regexp_replace(detail, 'bucket \d+', 'bucket N') AS detail
FROM dr_differences_snapshot(:'document', 'shop.item', 1000)
WHERE key LIKE 'key bucket%' OR key IN ('(id)=(1000)', '(id)=(30000)');
SELECT count(*) BETWEEN 100 AND 300 AS rows_in_buckets, bool_or(key = '(id)=(2000)') AS gone
FROM dr_differences_snapshot(:'document', 'shop.item', 1000) WHERE key LIKE '(id)%';
SELECT side, key IS NOT NULL AS key, actual IS NOT NULL AS actual FROM dr_differences_snapshot(:'document', 'shop.nokey', 1) LIMIT 2;
SELECT side, key, expected, actual, regexp_replace(detail, 'bucket \d+', 'bucket N') AS detail
FROM dr_differences_snapshot(:'document', 'shop.part', 0) ORDER BY expected, actual;
SELECT * FROM dr_differences_snapshot(:'document', 'shop.empty');
SELECT * FROM dr_differences_snapshot(:'document', 'shop.rekeyed', 0);
DELETE FROM shop.empty;
SELECT * FROM dr_differences_snapshot(:'document', 'shop.empty');
-- Errors.
CREATE TABLE shop.unknown (id int);
SELECT * FROM dr_differences_snapshot(:'document', 'shop.unknown');
\echo :SQLSTATE
SELECT * FROM dr_differences_snapshot(:'counts', 'shop.item');
\echo :SQLSTATE
SELECT * FROM dr_differences_snapshot(:'document', 'shop.nothing');
\echo :SQLSTATE
SELECT * FROM dr_differences_snapshot('{}', 'shop.item');
\echo :SQLSTATE
SELECT * FROM dr_differences_snapshot(NULL, 'shop.item');
\echo :SQLSTATE
ALTER TABLE shop.rekeyed DROP COLUMN id;
SELECT * FROM dr_differences_snapshot(:'document', 'shop.rekeyed');
\echo :SQLSTATE
\c :regression
DROP DATABASE regress_pgdr_copy;
DROP DATABASE regress_pgdr_source;
