-- dr_verify_against and dr_verify_snapshot on real databases.
\set SHOW_CONTEXT never
SET client_min_messages = error;
DROP DATABASE IF EXISTS regress_pgdr_source;
DROP DATABASE IF EXISTS regress_pgdr_copy;
DROP DATABASE IF EXISTS regress_pgdr_plain;
SELECT current_database() AS regression \gset
-- A database of its own: what other tests leave behind is not counted.
CREATE DATABASE regress_pgdr_source TEMPLATE template0;
\c regress_pgdr_source
CREATE EXTENSION pgdr;
CREATE SCHEMA shop;
CREATE TABLE shop.item (id int PRIMARY KEY, name text);
INSERT INTO shop.item SELECT i, 'item ' || i FROM generate_series(1, 1000) AS i;
CREATE TABLE shop.note (t text);
INSERT INTO shop.note VALUES ('a'), ('b');
CREATE INDEX item_name ON shop.item (name);
CREATE FUNCTION shop.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER quiet BEFORE UPDATE ON shop.item FOR EACH ROW EXECUTE FUNCTION shop.nothing();
\pset format unaligned
\pset null -

-- A backup, and a copy as a restore would leave it. The source moves on.
SELECT dr_backup_start('20261121T020000Z-9f3c', 'shop') AS id;
SELECT dr_snapshot_counts(content => true) AS snapshot \gset
SELECT dr_backup_finish('20261121T020000Z-9f3c', :snapshot, now(), now(), '{"label": "20261121T020000Z-9f3c"}');
CREATE DATABASE regress_pgdr_copy TEMPLATE regress_pgdr_source;
CREATE DATABASE regress_pgdr_plain TEMPLATE regress_pgdr_source;
ALTER DATABASE regress_pgdr_copy SET pgdr.origin = '{"label": "20261121T020000Z-9f3c", "no_owner": false, "no_acl": true, "only": null}';
INSERT INTO shop.item VALUES (1001, 'later');

-- Without the words that name how many schema objects there are.
CREATE FUNCTION pg_temp.plain(f dr.finding) RETURNS text LANGUAGE sql AS $$
  SELECT concat_ws(' | ', f.status, f.object_type, f.object, f.check_name, f.expected, f.actual, regexp_replace(f.detail, '\d+ schema objects', 'N schema objects')) $$;
SELECT pg_temp.plain(f) FROM dr_verify_against('regress_pgdr_copy') AS f;
SELECT status, check_name, expected FROM dr_verify_against('regress_pgdr_plain', backup => '20261121T020000Z-9f3c');
SELECT status, check_name, expected FROM dr_verify_against('regress_pgdr_plain', snapshot => :snapshot);
-- Both: the label says whose snapshot it is, known here or not.
SELECT status, check_name, expected FROM dr_verify_against('regress_pgdr_plain', :snapshot, '20261121T020000Z-9f3c');
SELECT status, check_name, expected FROM dr_verify_against('regress_pgdr_plain', :snapshot, '20251121T020000Z-9f3c');
SELECT pg_temp.plain(f) FROM dr_verify_against('regress_pgdr_plain') AS f;
SELECT status, object, detail FROM dr_verify_against(current_database()::text, snapshot => :snapshot, options => '{"triggered_by": "test"}');
SELECT target = current_database() AS here, baseline, b.label, v.snapshot = :snapshot AS snapshot, restored, content, passed, problems, warnings, infos, v.options, triggered_by
FROM dr.verifications AS v LEFT JOIN dr.backups AS b ON b.id = v.backup ORDER BY v.id;

-- Damage of every kind is named.
\c regress_pgdr_copy
SET client_min_messages = warning;
UPDATE shop.item SET name = 'item 500!' WHERE id = 500;
DELETE FROM shop.note WHERE t = 'a';
DROP INDEX shop.item_name;
ALTER TABLE shop.item DISABLE TRIGGER quiet;
CREATE TABLE shop.new (a int);
\c regress_pgdr_source
\set SHOW_CONTEXT never
SELECT status, object_type, object, check_name, expected, actual, regexp_replace(detail, 'in \d+ of \d+', 'in N of M') AS detail
FROM dr_verify_against('regress_pgdr_copy') WHERE check_name <> 'content';
SELECT status, object, regexp_replace(detail, 'of \d+', 'of M') AS detail FROM dr_verify_against('regress_pgdr_copy') WHERE check_name = 'content';
SELECT f.position, f.status, f.object_type, f.object, f.check_name FROM dr.verification_findings AS f
WHERE f.verification = (SELECT max(id) FROM dr.verifications) ORDER BY f.position;
SELECT sum(times) AS events FROM dr.events WHERE kind = 'verification_failed' AND message LIKE '%regress_pgdr_copy%';
-- Only one table, by the caller and by the restore.
SELECT status, check_name, detail FROM dr_verify_against('regress_pgdr_copy', options => '{"only": ["shop.note"]}');
ALTER DATABASE regress_pgdr_copy SET pgdr.origin = '{"label": "20261121T020000Z-9f3c", "no_owner": true, "no_acl": true, "only": ["shop.note"]}';
SELECT status, check_name FROM dr_verify_against('regress_pgdr_copy');

-- Counts only.
SELECT dr_snapshot_counts() AS counts \gset
SELECT status, check_name, detail FROM dr_verify_against(current_database()::text, snapshot => :counts);

-- This database against a document: nothing of the source is needed.
SELECT dr_snapshot_document(:snapshot) AS document \gset
SELECT status, object, regexp_replace(detail, 'document [-0-9a-f]+', 'document UUID') AS detail FROM dr_verify_snapshot(:'document');
DELETE FROM shop.item WHERE id = 1001;
SELECT status, object_type, check_name, expected FROM dr_verify_snapshot(:'document', '{"backup": "20261121T020000Z-9f3c"}');
-- A backup that this catalog does not know is no reason not to verify.
SELECT status, check_name, expected FROM dr_verify_snapshot(jsonb_set(:'document', '{uuid}', '"00000000-0000-0000-0000-00000000000a"'), '{"backup": "20261121T020000Z-ffff"}');
SELECT baseline, v.backup, v.snapshot IS NOT NULL AS snapshot, restored, passed FROM dr.verifications AS v ORDER BY v.id DESC LIMIT 2;

-- In a read-only transaction it verifies and records nothing.
SELECT count(*) AS before FROM dr.verifications \gset
BEGIN READ ONLY;
SELECT status, check_name FROM dr_verify_snapshot(:'document');
SELECT status, check_name FROM dr_verify_against('regress_pgdr_plain', snapshot => :snapshot);
COMMIT;
SELECT count(*) - :before AS recorded FROM dr.verifications;

-- Errors.
SELECT * FROM dr_verify_against('regress_pgdr_nowhere');
\echo :SQLSTATE
SELECT * FROM dr_verify_against(NULL);
SELECT * FROM dr_verify_against('regress_pgdr_plain', snapshot => 999);
\echo :SQLSTATE
SELECT * FROM dr_verify_against('regress_pgdr_plain', snapshot => :counts, backup => '20261121T020000Z-9f3c');
\echo :SQLSTATE
SELECT * FROM dr_verify_against('regress_pgdr_plain', snapshot => :snapshot, backup => 'yesterday');
SELECT * FROM dr_verify_against('regress_pgdr_plain', backup => '20261121T020000Z-ffff');
\echo :SQLSTATE
SELECT * FROM dr_verify_against('regress_pgdr_plain', backup => 'yesterday');
\echo :SQLSTATE
SELECT dr_backup_start('20261122T020000Z-0001', 'shop') AS id;
SELECT * FROM dr_verify_against('regress_pgdr_plain', backup => '20261122T020000Z-0001');
SELECT * FROM dr_verify_against('regress_pgdr_plain', options => '{"owner": false}');
\echo :SQLSTATE
ALTER DATABASE regress_pgdr_copy SET pgdr.origin = '{"label": "20260101T020000Z-0000"}';
SELECT * FROM dr_verify_against('regress_pgdr_copy');
\echo :SQLSTATE
ALTER DATABASE regress_pgdr_copy SET pgdr.origin = 'yesterday';
SELECT * FROM dr_verify_against('regress_pgdr_copy');
\echo :SQLSTATE
SELECT * FROM dr_verify_snapshot('{}');
\echo :SQLSTATE
SELECT * FROM dr_verify_snapshot(NULL);
SELECT * FROM dr_verify_snapshot(:'document', '{"backup": "x"}');
\echo :SQLSTATE
SELECT * FROM dr_verify_snapshot(:'document'::jsonb || '{"digest": "other-1"}');
\echo :SQLSTATE
DROP DATABASE regress_pgdr_copy;
DROP DATABASE regress_pgdr_plain;
\c :regression
DROP DATABASE regress_pgdr_source;
