-- dr_differences and dr_differences_snapshot under a key: what they say of keyed snapshots is what they say of unkeyed ones.
\set SHOW_CONTEXT never
SET client_min_messages = error;
DROP DATABASE IF EXISTS regress_pgdr_source;
DROP DATABASE IF EXISTS regress_pgdr_copy;
SELECT current_database() AS regression \gset
CREATE DATABASE regress_pgdr_source TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
\c regress_pgdr_source
\pset format unaligned
\pset null -
\set key '\\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'
\set other '\\xff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'
CREATE EXTENSION pgdr;
CREATE SCHEMA shop;
CREATE TABLE shop.item (id int PRIMARY KEY, name text, twice int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO shop.item SELECT i, 'item ' || i FROM generate_series(1, 20000) AS i;
CREATE TABLE shop.nokey (a int, b text);
INSERT INTO shop.nokey SELECT i, 'row' FROM generate_series(1, 200) AS i;
CREATE TABLE shop.part (id int PRIMARY KEY, v text) PARTITION BY RANGE (id);
CREATE TABLE shop.part_1 PARTITION OF shop.part FOR VALUES FROM (0) TO (1000);
CREATE TABLE shop.part_2 PARTITION OF shop.part FOR VALUES FROM (1000) TO (2000);
INSERT INTO shop.part SELECT i, 'v' FROM generate_series(0, 1999) AS i;
CREATE TABLE shop.large (id int PRIMARY KEY, t text);
ALTER TABLE shop.large ALTER t SET STORAGE external;
INSERT INTO shop.large SELECT i, repeat('0123456789', 200000) || i FROM generate_series(1, 3) AS i;
CREATE TABLE shop.rekeyed (id int PRIMARY KEY, other int NOT NULL);
INSERT INTO shop.rekeyed SELECT i, -i FROM generate_series(1, 100) AS i;
CREATE TABLE shop.empty (id int PRIMARY KEY);
SELECT dr_snapshot_counts(content => true) AS unkeyed, dr_snapshot_counts(content => true, key => :'key') AS keyed \gset
SELECT dr_backup_start('20261121T020000Z-9f3c', 'shop');
SELECT dr_backup_finish('20261121T020000Z-9f3c', :unkeyed, now(), now(), '{"label": "20261121T020000Z-9f3c"}');
SELECT dr_backup_start('20261122T020000Z-9f3d', 'shop');
SELECT dr_backup_finish('20261122T020000Z-9f3d', :keyed, now(), now(), '{"label": "20261122T020000Z-9f3d"}');
SELECT dr_snapshot_document(:keyed) AS keyed_document \gset
SELECT dr_snapshot_document(:unkeyed) AS unkeyed_document \gset
CREATE DATABASE regress_pgdr_copy TEMPLATE regress_pgdr_source;

-- The source moves on, and the copy is damaged.
UPDATE shop.item SET name = 'renamed' WHERE id IN (5, 500, 5000);
DELETE FROM shop.item WHERE id = 6;
INSERT INTO shop.item VALUES (20001, 'later');
UPDATE shop.nokey SET b = 'later' WHERE a = 9;
\c regress_pgdr_copy
UPDATE shop.item SET name = 'damaged' WHERE id = 1000;
DELETE FROM shop.item WHERE id = 2000;
INSERT INTO shop.item VALUES (30000, 'invented');
UPDATE shop.nokey SET b = 'other' WHERE a = 7;
DELETE FROM shop.part WHERE id IN (10, 1500);
UPDATE shop.large SET t = t || 'x' WHERE id = 2;
UPDATE shop.rekeyed SET other = 0 WHERE id = 3;
INSERT INTO shop.empty VALUES (1);
\c regress_pgdr_source
\set SHOW_CONTEXT never
CREATE TABLE said (keyed boolean, relation text, line text);
CREATE PROCEDURE compare(backup text, secret bytea) LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO said SELECT secret IS NOT NULL, c.relname, replace(d::text, backup, 'BACKUP')
  FROM pg_class AS c, dr_differences('regress_pgdr_copy', 'shop.' || c.relname, 20, secret) AS d
  WHERE c.relnamespace = 'shop'::regnamespace AND c.relkind IN ('r', 'p');
END $$;
ALTER DATABASE regress_pgdr_copy SET pgdr.origin = '{"label": "20261121T020000Z-9f3c"}';
CALL compare('20261121T020000Z-9f3c', NULL);
ALTER DATABASE regress_pgdr_copy SET pgdr.origin = '{"label": "20261122T020000Z-9f3d"}';
CALL compare('20261122T020000Z-9f3d', :'key');
SELECT relation, line, count(*) FILTER (WHERE keyed) AS keyed, count(*) FILTER (WHERE NOT keyed) AS unkeyed
FROM said GROUP BY relation, line HAVING count(*) FILTER (WHERE keyed) <> count(*) FILTER (WHERE NOT keyed);
SELECT relation, line FROM said WHERE keyed ORDER BY relation, line COLLATE "C";
-- Without the key the two are compared in full; a key that is not needed, one that is another, one that is none
SELECT side, key, detail FROM dr_differences('regress_pgdr_copy', 'shop.part');
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.part', 20, :'other');
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.part', 20, '\x00');
ALTER DATABASE regress_pgdr_copy SET pgdr.origin = '{"label": "20261121T020000Z-9f3c"}';
SELECT side, key, detail FROM dr_differences('regress_pgdr_copy', 'shop.item', 20, :'key');
ALTER DATABASE regress_pgdr_copy RESET pgdr.origin;
SELECT side, key, detail FROM dr_differences('regress_pgdr_copy', 'shop.part', 20, :'key');
-- A snapshot that was altered is no baseline
ALTER DATABASE regress_pgdr_copy SET pgdr.origin = '{"label": "20261122T020000Z-9f3d"}';
UPDATE dr.snapshot_relations SET rows = rows + 1 WHERE snapshot = :keyed AND name = 'empty';
SELECT * FROM dr_differences('regress_pgdr_copy', 'shop.part', 20, :'key');

-- With only the document
SELECT r.relation, k.lines = u.lines AS same, left(k.lines, 100) AS lines
FROM (SELECT 'shop.' || relname AS relation FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind IN ('r', 'p')) AS r
CROSS JOIN LATERAL (SELECT string_agg(d::text, E'\n') AS lines FROM dr_differences_snapshot(:'keyed_document', r.relation, 1000, :'key') AS d) AS k
CROSS JOIN LATERAL (SELECT string_agg(d::text, E'\n') AS lines FROM dr_differences_snapshot(:'unkeyed_document', r.relation, 1000) AS d) AS u
ORDER BY r.relation;
-- One row that is extra is told apart from those beside it
INSERT INTO shop.rekeyed VALUES (101, -101);
SELECT * FROM dr_differences_snapshot(:'keyed_document', 'shop.rekeyed', 20, :'key') WHERE side = 'extra';
SELECT * FROM dr_differences_snapshot(:'keyed_document', 'shop.part');
SELECT * FROM dr_differences_snapshot(:'keyed_document', 'shop.part', 20, :'other');
SELECT * FROM dr_differences_snapshot(:'unkeyed_document', 'shop.part', 20, :'key');
SELECT * FROM dr_differences_snapshot(jsonb_set(:'keyed_document', '{relations,0,rows}', '3001'), 'shop.part', 20, :'key');
-- No key stays
SELECT split_part((dr_table_fingerprint('shop.part')).digest, ':', 1) AS unkeyed;
\c :regression
DROP DATABASE regress_pgdr_copy;
DROP DATABASE regress_pgdr_source;
