-- Keyed digests: the same rows, hashed under a key that is passed with every call and kept nowhere.
SET client_min_messages = warning;
DROP DATABASE IF EXISTS regress_pgdr_keyed;
DROP DATABASE IF EXISTS regress_pgdr_keyed_source;
-- One that nobody else is connected to, so that it can be copied.
SELECT current_database() AS regression \gset
CREATE DATABASE regress_pgdr_keyed_source TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C';
\connect regress_pgdr_keyed_source
SET client_min_messages = warning;
CREATE EXTENSION pgdr;
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE SCHEMA keyed;
SET search_path = keyed, public;
\set VERBOSITY terse
\set key '\\x000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'
\set other '\\xff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'

-- What FORMAT.md says, computed by other means: HMAC-SHA-256 of the canonical row under the derived key
CREATE TABLE one (id int PRIMARY KEY, t text);
INSERT INTO one VALUES (1, 'Zeile');
SELECT digest = format('pgdr1-hmac-sha256:1:%s:%s', length(c),
                       encode(hmac(c, hmac('pgdr1 rows', :'key'::bytea, 'sha256'), 'sha256'), 'hex')) AS as_specified
FROM dr_table_fingerprint('one', :'key'), one, dr._canonical(one) AS c;
SELECT dr._key_check(:'key') = substr(encode(hmac('pgdr1 check', :'key'::bytea, 'sha256'), 'hex'), 1, 32) AS check_as_specified;

-- Scan, aggregate and buckets agree; rows without a key, stored generated columns, values that are streamed
CREATE TABLE many (id int PRIMARY KEY, t text, twice int GENERATED ALWAYS AS (id * 2) STORED);
INSERT INTO many (id, t) SELECT i, repeat('row ' || i, i % 50) FROM generate_series(1, 3000) AS i;
CREATE TABLE keyless AS SELECT t FROM many;
CREATE TABLE large (id int PRIMARY KEY, t text);
ALTER TABLE large ALTER t SET STORAGE external;
INSERT INTO large SELECT i, repeat('0123456789', 200000) || i FROM generate_series(1, 3) AS i;
SELECT t.name, f.rows, f.digest = b.digest AS buckets, f.digest = a.digest AS aggregate, f.digest = s.digest AS sums,
       f.digest <> o.digest AS other_key, split_part(f.digest, ':', 3) = split_part(u.digest, ':', 3) AS same_bytes,
       split_part(f.digest, ':', 1) AS algorithm
FROM (VALUES ('many', (SELECT dr_fingerprint(m, :'key') FROM (SELECT id, t FROM many) AS m)),
             ('keyless', (SELECT dr_fingerprint(k, :'key') FROM keyless AS k)),
             ('large', (SELECT dr_fingerprint(l, :'key') FROM large AS l))) AS t (name, digest),
     dr_table_fingerprint(t.name::regclass, :'key') AS f, dr_table_fingerprint(t.name::regclass, :'other') AS o,
     dr_table_fingerprint(t.name::regclass) AS u, dr._table_buckets(t.name::regclass, NULL, :'key') AS b,
     LATERAL (SELECT t.digest AS digest) AS a,
     LATERAL (SELECT dr._digest_add(f.digest, dr_fingerprint(n, :'key')) AS digest FROM (SELECT 1 WHERE false) AS n) AS s
ORDER BY t.name;
SELECT generated = (SELECT dr_fingerprint(g, :'key') FROM (SELECT twice FROM many) AS g) AS generated
FROM dr._table_buckets('many', NULL, :'key');
SELECT sum(a_rows) FROM dr._table_buckets('many', NULL, :'key') AS a,
  dr._bucket_differences(a.buckets, a.bucket_bits, (dr._table_buckets('many', NULL, :'other')).buckets, a.bucket_bits);
SELECT count(*) AS same FROM dr._table_buckets('many', NULL, :'key') AS a,
  dr._bucket_differences(a.buckets, a.bucket_bits, (dr._table_buckets('many', NULL, :'key')).buckets, a.bucket_bits);
-- In parallel, too
SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SET pgdr.max_workers = 2;
SELECT dr_fingerprint(k, :'key') = (dr_table_fingerprint('keyless', :'key')).digest AS parallel,
       (SELECT digest FROM dr_table_fingerprint('keyless')) LIKE 'pgdr1-xxh3:%' AS unkeyed FROM keyless AS k;
CREATE TABLE found AS SELECT * FROM dr._table_buckets('many', NULL, :'key');
SET pgdr.max_workers = 0;
SELECT f = b AS buckets_in_parallel FROM found AS f, dr._table_buckets('many', NULL, :'key') AS b;
SELECT (dr_table_fingerprint('keyless', :'key')).digest = (SELECT dr_fingerprint(k, :'key') FROM keyless AS k) AS alone;
RESET pgdr.max_workers;
DROP TABLE found;
RESET parallel_setup_cost; RESET parallel_tuple_cost; RESET min_parallel_table_scan_size; RESET max_parallel_workers_per_gather;

-- Nothing of a key stays: neither after a call nor after an error
SELECT split_part((dr_table_fingerprint('one')).digest, ':', 1) AS unkeyed;
CREATE TABLE failing (d numeric); INSERT INTO failing VALUES (1);
DO $$
BEGIN
  PERFORM dr._table_buckets('keyed.failing', 'WHERE 1 / (d - d) > 0', '\x000102030405060708090a0b0c0d0e0f');
EXCEPTION WHEN division_by_zero THEN
  RAISE INFO 'after an error: %', split_part((dr_table_fingerprint('keyed.failing')).digest, ':', 1);
END $$;

-- Keys that are none
SELECT dr_table_fingerprint('one', NULL);
SELECT dr_table_fingerprint('one', '\x000102030405060708090a0b0c0d0e');
SELECT dr_fingerprint(one, NULL) FROM one;
SELECT dr_fingerprint(one, t::bytea) FROM one;

-- Keyed and unkeyed are never compared
SELECT dr._digest_equal((dr_table_fingerprint('one')).digest, (dr_table_fingerprint('one', :'key')).digest);
SELECT dr._digest_add((dr_table_fingerprint('one')).digest, (dr_table_fingerprint('one', :'key')).digest);
SELECT * FROM dr._bucket_differences((dr._table_buckets('many')).buckets, 5, (dr._table_buckets('many', NULL, :'key')).buckets, 5);

-- Documents say which algorithm and which key, and are sealed
SELECT dr_snapshot_counts('keyed', true, key => :'key') AS snapshot \gset
SELECT dr_snapshot_counts('unkeyed', true) AS unkeyed \gset
SELECT dr_snapshot_counts('counts', false, key => :'key') AS counts \gset
SELECT dr_snapshot_counts('other', true, key => :'other') AS other_snapshot \gset
SELECT dr_snapshot_document(:snapshot) AS document \gset
SELECT d ->> 'digest' AS digest, d ->> 'key_check' = dr._key_check(:'key') AS key_check, d ->> 'seal' = dr._seal(d, :'key') AS sealed,
       (SELECT count(DISTINCT split_part(r ->> 'digest', ':', 1)) FROM jsonb_array_elements(d -> 'relations') AS r) AS algorithms
FROM (SELECT :'document'::jsonb AS d) AS s;
SELECT count(*) AS key_stored FROM dr.snapshots WHERE header::text LIKE '%000102030405%';
\set VERBOSITY default
\set SHOW_CONTEXT never
-- With its key it passes, the counts as well; anything else is an error that says what is wrong
SELECT status, check_name FROM dr_verify_snapshot(:'document', key => :'key');
SELECT status, check_name FROM dr_verify_against(current_database(), :counts, key => :'key');
SELECT status, check_name FROM dr_verify_snapshot(:'document');
SELECT status, check_name FROM dr_verify_snapshot(:'document', key => :'other');
SELECT status, check_name FROM dr_verify_snapshot(dr_snapshot_document(:unkeyed), key => :'key');
SELECT status, check_name FROM dr_verify_against(current_database(), :snapshot);
SELECT change FROM dr_snapshot_changes(:snapshot, :unkeyed);
SELECT change FROM dr_snapshot_changes(:snapshot, :other_snapshot);
SELECT * FROM dr._compare(:'document', dr_snapshot_document(:other_snapshot));
SELECT * FROM dr_differences_snapshot(:'document', 'keyed.many');
-- A document in which one count, one digest or one definition was altered, or two relations were swapped
SELECT dr_verify_snapshot(jsonb_set(:'document', '{relations,0,rows}', '3001'), key => :'key');
SELECT dr_verify_snapshot(jsonb_set(:'document', '{objects,0,definition}', '"x"'), key => :'key');
SELECT dr_verify_snapshot(jsonb_set(jsonb_set(:'document', '{relations,0,digest}', :'document'::jsonb #> '{relations,1,digest}'),
                                    '{relations,1,digest}', :'document'::jsonb #> '{relations,0,digest}'), key => :'key');
SELECT dr_verify_snapshot(:'document'::jsonb - 'seal', key => :'key');
SELECT dr_verify_snapshot(:'document'::jsonb - 'seal' - 'key_check', key => :'key');
-- Or in the catalog itself
UPDATE dr.snapshot_relations SET rows = rows + 1 WHERE snapshot = :snapshot AND name = 'many';
SELECT status, check_name FROM dr_verify_against(current_database(), :snapshot, key => :'key');
UPDATE dr.snapshot_relations SET rows = rows - 1 WHERE snapshot = :snapshot AND name = 'many';
-- A row that was changed; through a background worker as well
SELECT status, check_name FROM dr_verify_against(current_database(), :snapshot, key => :'key');
UPDATE many SET t = 'forged' WHERE id = 1234;
SELECT status, object, check_name, detail FROM dr_verify_against(current_database(), :snapshot, key => :'key') WHERE object LIKE 'keyed.%';
UPDATE many SET t = repeat('row 1234', 34) WHERE id = 1234;
\connect postgres
CREATE DATABASE regress_pgdr_keyed TEMPLATE regress_pgdr_keyed_source;
\connect regress_pgdr_keyed_source
SET search_path = keyed, public;
SELECT status, check_name FROM dr_verify_against('regress_pgdr_keyed', :snapshot, key => :'key') WHERE status <> 'warning';
SELECT status, check_name FROM dr_verify_against('regress_pgdr_keyed', :snapshot, key => :'other');
\connect regress_pgdr_keyed
DELETE FROM keyed.keyless WHERE t = '';
\connect regress_pgdr_keyed_source
SELECT status, object, check_name FROM dr_verify_against('regress_pgdr_keyed', :snapshot, key => :'key') WHERE status <> 'warning';
\connect :regression
DROP DATABASE regress_pgdr_keyed;
DROP DATABASE regress_pgdr_keyed_source;
