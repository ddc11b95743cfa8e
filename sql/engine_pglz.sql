-- Compressed values are unpacked by the extension itself: the same digests as for values that were never compressed.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgdr;
CREATE SCHEMA pglz;
SET search_path = pglz, public;
SELECT setseed(0.25) \gset
CREATE TABLE plain (id integer, t text, b bytea);
ALTER TABLE plain ALTER t SET STORAGE EXTERNAL, ALTER b SET STORAGE EXTERNAL;
-- Every short period at lengths from below the compressor's threshold to several pages; prose; noise between repetitions; all one byte
INSERT INTO plain SELECT p * 100 + l, repeat(left(md5(p::text) || md5(l::text), p), 1 + l * 97 / p), decode(repeat(left(md5((p + l)::text) || md5(l::text), p * 2), 1 + l * 31 / p), 'hex')
FROM generate_series(1, 32) AS p, generate_series(0, 24) AS l;
INSERT INTO plain SELECT 10000 + i, string_agg((ARRAY['the', 'quick', 'fox', 'und', 'ähnlich', md5(k::text), repeat('z', k)])[1 + (random() * 6.99)::integer % 7], ' '), NULL
FROM generate_series(1, 200) AS i, generate_series(1, 300) AS k GROUP BY i;
INSERT INTO plain SELECT 20000 + i, repeat('x', 1000 * i), decode(repeat('00', 3000 * i), 'hex') FROM generate_series(1, 100) AS i;
CREATE TABLE packed (LIKE plain) WITH (toast_tuple_target = 128);
CREATE TABLE inline (LIKE plain) WITH (toast_tuple_target = 128);
ALTER TABLE inline ALTER t SET STORAGE MAIN, ALTER b SET STORAGE MAIN;
INSERT INTO packed SELECT id, t || '', b || '' FROM plain;
INSERT INTO inline SELECT id, t || '', b || '' FROM plain;
SELECT count(*) FILTER (WHERE pg_column_size(t) < octet_length(t)) > 500 AS packed, count(*) FILTER (WHERE pg_column_size(b) < octet_length(b)) > 300 AS packed_bytes FROM packed;
SELECT count(*) FILTER (WHERE pg_column_size(t) < octet_length(t)) AS packed FROM plain;
SELECT f.digest = (dr_table_fingerprint('packed')).digest AS packed, f.digest = (dr_table_fingerprint('inline')).digest AS inline, rows FROM dr_table_fingerprint('plain') AS f;
UPDATE packed SET t = overlay(t PLACING 'y' FROM 70000) WHERE id = 20100;
SELECT f.digest = (dr_table_fingerprint('packed')).digest AS one_byte_in_a_repetition FROM dr_table_fingerprint('plain') AS f;
DROP SCHEMA pglz CASCADE;
