-- What cannot be fingerprinted, and who may not.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgdr;
CREATE SCHEMA errors;
SET search_path = errors, public;

CREATE TABLE secret (id int PRIMARY KEY, owner name, note text);
INSERT INTO secret SELECT i, 'nobody', 'x' FROM generate_series(1, 10) AS i;
CREATE VIEW a_view AS SELECT * FROM secret;
CREATE SEQUENCE a_sequence;
CREATE TYPE a_type AS (i int);
CREATE MATERIALIZED VIEW unpopulated AS SELECT * FROM secret WITH NO DATA;
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nowhere;
CREATE FOREIGN TABLE a_foreign_table (i int) SERVER nowhere;
CREATE TABLE partitioned (i int) PARTITION BY LIST (i);
CREATE FOREIGN TABLE foreign_partition PARTITION OF partitioned DEFAULT SERVER nowhere;

CREATE FUNCTION outcome(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text; hint text;
BEGIN
  EXECUTE statement;
  RETURN 'done';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, hint = PG_EXCEPTION_HINT;
  RETURN SQLSTATE || ' ' || message || ' | ' || hint;
END $$;
GRANT USAGE ON SCHEMA errors TO PUBLIC;

SELECT r AS relation, outcome(format('SELECT dr_table_fingerprint(%L)', 'errors.' || r)) AS fingerprint
FROM unnest('{a_view,a_sequence,a_type,unpopulated,a_foreign_table,secret_pkey,partitioned,secret}'::text[]) AS r;
SELECT outcome('SELECT dr_table_count(''errors.a_view'')') AS count;
SELECT outcome('SELECT dr._table_buckets(''errors.partitioned'')') AS buckets;
SELECT outcome('SELECT dr_table_fingerprint(3999999999)') AS no_such_relation;
SELECT outcome('SELECT dr_table_fingerprint(''no_such_table'')') AS no_such_name;
SELECT dr_table_fingerprint(NULL) IS NULL AS strict;

-- Rights
CREATE ROLE regress_pgdr_reader;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA dr TO regress_pgdr_reader;
GRANT USAGE ON SCHEMA dr TO regress_pgdr_reader;
SET ROLE regress_pgdr_reader;
SELECT outcome('SELECT dr_table_fingerprint(''errors.secret'')') AS no_right;
RESET ROLE;
GRANT SELECT (id, owner) ON secret TO regress_pgdr_reader;
SET ROLE regress_pgdr_reader;
SELECT outcome('SELECT dr_table_count(''errors.secret'')') AS not_every_column;
RESET ROLE;
GRANT SELECT (note) ON secret TO regress_pgdr_reader;
SET ROLE regress_pgdr_reader;
SELECT outcome('SELECT dr_table_count(''errors.secret'')') AS every_column;
RESET ROLE;

-- Row security must never shorten a table silently
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON secret USING (id <= 3);
SET ROLE regress_pgdr_reader;
SELECT count(*) AS visible FROM secret;
SELECT outcome('SELECT dr_table_count(''errors.secret'')') AS hidden_rows;
SET row_security = off;
SELECT outcome('SELECT dr_table_fingerprint(''errors.secret'')') AS hidden_rows_still;
RESET row_security;
RESET ROLE;
SELECT dr_table_count('secret') AS superuser_sees_all;
ALTER TABLE secret OWNER TO regress_pgdr_reader;
SET ROLE regress_pgdr_reader;
SELECT dr_table_count('secret') AS owner_sees_all;
RESET ROLE;
ALTER TABLE secret FORCE ROW LEVEL SECURITY;
SET ROLE regress_pgdr_reader;
SELECT outcome('SELECT dr_table_count(''errors.secret'')') AS forced;
RESET ROLE;
ALTER ROLE regress_pgdr_reader BYPASSRLS;
SET ROLE regress_pgdr_reader;
SELECT dr_table_count('secret') AS bypass_sees_all;
RESET ROLE;

-- Rights on the root of a partitioned table suffice, as for a query
CREATE TABLE root (i int) PARTITION BY LIST (i);
CREATE TABLE leaf PARTITION OF root DEFAULT;
INSERT INTO root VALUES (1), (2);
GRANT SELECT ON root TO regress_pgdr_reader;
SET ROLE regress_pgdr_reader;
SELECT dr_table_count('errors.root') AS root;
SELECT outcome('SELECT dr_table_count(''errors.leaf'')') AS leaf;
RESET ROLE;

DROP SCHEMA errors CASCADE;
DROP SERVER nowhere CASCADE;
DROP FOREIGN DATA WRAPPER nowhere CASCADE;
DROP OWNED BY regress_pgdr_reader;
DROP ROLE regress_pgdr_reader;
