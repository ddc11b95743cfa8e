-- Snapshots: taking, documents in and out, expiry, changes.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgdr CASCADE;
CREATE EXTENSION pgdr;
RESET client_min_messages;

CREATE SCHEMA shop;
CREATE TABLE shop.item (id int PRIMARY KEY, name text, price numeric, gross numeric GENERATED ALWAYS AS (price * 1.2) STORED);
INSERT INTO shop.item SELECT i, 'item ' || i, i FROM generate_series(1, 100) AS i;
CREATE TABLE shop.note (t text);
CREATE SEQUENCE shop.number;
CREATE VIEW shop.cheap AS SELECT id FROM shop.item WHERE price < 10;

SELECT dr_snapshot_counts() AS counts \gset
SELECT dr_snapshot_counts('before', content => true) AS before \gset
SELECT label, content, digest IS NOT NULL AS has_digest, database = current_database() AS here FROM dr.snapshots ORDER BY id;
SELECT s.content, r.name, r.kind, r.persistence, r.rows, r.digest IS NOT NULL AS digest, r.generated IS NOT NULL AS generated, r.state, r.note, r.extra
FROM dr.snapshot_relations AS r JOIN dr.snapshots AS s ON s.id = r.snapshot WHERE r.schema = 'shop' ORDER BY s.id, r.position;
SELECT dr_snapshot_counts(content => NULL);
\echo :SQLSTATE

-- A document comes out as it went in, whatever it has: only the identity is changed here, to store it a second time.
SELECT jsonb_set(dr_snapshot_document(:before), '{uuid}', '"00000000-0000-0000-0000-000000000002"') AS document \gset
SELECT dr_snapshot_import(:'document') AS copy \gset
SELECT dr_snapshot_document(:copy) = :'document'::jsonb AS lossless;
SELECT dr_snapshot_import(:'document') = :copy AS idempotent;
-- Also what this version knows no column for.
SELECT dr_snapshot_import('{"format": "pgdr-snapshot", "version": 1, "uuid": "00000000-0000-0000-0000-000000000003", "content": true, "digest": "x-1",
  "taken_at": "2026-11-01T02:00:01Z", "label": null, "database": {"name": "d"}, "later": [1],
  "relations": [{"schema": "z", "name": "b", "kind": "r", "persistence": "p", "rows": 1, "digest": "pgdr9-x:1:2:00", "generated": null, "size": 1, "key": ["id"],
                 "bucket_bits": 1, "buckets": "YWI=", "state": "exact", "note": null, "later": true},
                {"schema": "a", "name": "B", "kind": "f", "persistence": "p", "rows": null, "digest": null, "generated": null, "size": null, "key": null,
                 "bucket_bits": 0, "buckets": null, "state": "skipped", "note": "foreign table"}],
  "sequences": [{"schema": "z", "name": "s", "last_value": 9223372036854775807, "is_called": false, "increment": -1, "later": 2}],
  "objects": [{"kind": "view", "identity": "z.v", "facet": "definition", "class": "strict", "definition": "é", "later": {}},
              {"kind": "view", "identity": "z.v", "facet": "empty", "class": "policy", "definition": ""}]}') AS odd \gset
SELECT jsonb_pretty(dr_snapshot_document(:odd));
-- Errors.
SELECT dr_snapshot_import(jsonb_set(:'document', '{content}', 'false'));
\echo :SQLSTATE
SELECT dr_snapshot_import('{}');
\echo :SQLSTATE
SELECT dr_snapshot_import(NULL);
SELECT dr_snapshot_import(:'document'::jsonb || '{"version": 7}');
\echo :SQLSTATE
SELECT dr_snapshot_import(:'document'::jsonb - 'relations');
SELECT dr_snapshot_document(999);
\echo :SQLSTATE
SELECT dr_snapshot_document(NULL);

-- Texts are stored once.
SELECT count(*) - count(DISTINCT sha256) AS duplicates FROM dr.definitions;

-- What changed.
SELECT * FROM dr_snapshot_changes(:before, :copy);
INSERT INTO shop.item VALUES (101, 'new', 1);
UPDATE shop.item SET name = 'old' WHERE id = 1;
CREATE TABLE shop.extra AS SELECT 1 AS a;
DROP TABLE shop.note;
CREATE OR REPLACE VIEW shop.cheap AS SELECT id FROM shop.item WHERE price < 20;
SELECT nextval('shop.number'), nextval('shop.number');
SELECT dr_snapshot_counts('after', content => true) AS after \gset
\pset format unaligned
SELECT * FROM dr_snapshot_changes(:before, :after) WHERE object LIKE 'shop.%' AND check_name <> 'owner';
UPDATE shop.item SET name = 'older' WHERE id = 1;
SELECT dr_snapshot_counts('later', content => true) AS later \gset
SELECT change, object, check_name, detail FROM dr_snapshot_changes(:after, :later);
SELECT change, object_type, object, check_name, before, after, detail FROM dr_snapshot_changes(:counts, :after) WHERE object LIKE 'shop.%' OR change = 'unknown';
-- What one of them could not read is unknown; a table that became a view is another thing.
SELECT dr_snapshot_import(jsonb_set(jsonb_set(dr_snapshot_document(:later), '{uuid}', '"00000000-0000-0000-0000-000000000009"'), '{relations}',
  (SELECT jsonb_agg(CASE r ->> 'name' WHEN 'item' THEN r || '{"rows": null, "digest": null, "generated": null, "state": "failed", "note": "could not obtain a lock"}'
                                    WHEN 'extra' THEN r || '{"kind": "m"}' ELSE r END) FROM jsonb_array_elements(dr_snapshot_document(:later) -> 'relations') AS r))) AS unread \gset
SELECT change, object_type, object, check_name, before, after, detail FROM dr_snapshot_changes(:later, :unread);
SELECT change, object_type, object, check_name, before, after, detail FROM dr_snapshot_changes(:unread, :later);
SELECT * FROM dr_snapshot_changes(:before, 999);
\echo :SQLSTATE
SELECT * FROM dr_snapshot_changes(:before, :odd);
\echo :SQLSTATE

-- Expiry spares what backups refer to, and texts that something still uses.
SELECT dr_backup_start('20261121T020000Z-9f3c', 'shop') AS id;
SELECT dr_backup_finish('20261121T020000Z-9f3c', :odd, now(), now(), '{"label": "20261121T020000Z-9f3c"}');
SELECT dr_snapshot_expire(NULL);
\echo :SQLSTATE
SELECT dr_snapshot_expire('-1 day');
SELECT dr_snapshot_expire('1 day');
SELECT dr_snapshot_expire('0');
SELECT count(*) AS snapshots, bool_and(id = :odd) AS the_backups FROM dr.snapshots;
SELECT definition FROM dr.definitions ORDER BY definition COLLATE "C";
DO $$
BEGIN
  DELETE FROM dr.snapshots;
EXCEPTION WHEN foreign_key_violation OR restrict_violation THEN -- the latter from version 18 on
  RAISE WARNING 'the snapshot of a backup stays';
END $$;
SET client_min_messages = warning;
DROP SCHEMA shop CASCADE;
