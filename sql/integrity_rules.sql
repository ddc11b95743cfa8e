-- dr_check_integrity('data'): every kind of rule, broken once, kept once, and where it cannot be checked.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgdr CASCADE;
CREATE EXTENSION pgdr;
CREATE SCHEMA broken;
CREATE FUNCTION broken.findings() RETURNS TABLE (status text, object text, check_name text, actual text, detail text) LANGUAGE sql AS $$
  SELECT status, object, check_name, actual, detail FROM dr_check_integrity('data') WHERE object LIKE '%broken%' ORDER BY object, check_name
$$;

-- without a primary key
CREATE TABLE broken.parent (id int UNIQUE);
CREATE TABLE broken.child (parent int REFERENCES broken.parent (id), n int, CONSTRAINT small CHECK (n < 5));
INSERT INTO broken.parent VALUES (1);
INSERT INTO broken.child VALUES (1, 1), (NULL, NULL);
SELECT * FROM broken.findings();
SET session_replication_role = replica;
INSERT INTO broken.child VALUES (7, 2);
RESET session_replication_role;
ALTER TABLE broken.child DROP CONSTRAINT small;
INSERT INTO broken.child VALUES (1, 9);
ALTER TABLE broken.child ADD CONSTRAINT small CHECK (n < 5) NOT VALID;
SET constraint_exclusion = on; -- would make the planner believe the rule
SELECT * FROM broken.findings();
RESET constraint_exclusion;
DROP TABLE broken.child;

-- deferrable, and of a partitioned table
CREATE TABLE broken.late (id int PRIMARY KEY, u int UNIQUE DEFERRABLE INITIALLY DEFERRED, p int REFERENCES broken.parent (id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE broken.parts (k int, p int REFERENCES broken.parent (id)) PARTITION BY RANGE (k);
CREATE TABLE broken.low PARTITION OF broken.parts FOR VALUES FROM (0) TO (10);
CREATE TABLE broken.rest PARTITION OF broken.parts DEFAULT;
SET session_replication_role = replica;
INSERT INTO broken.late VALUES (1, 1, 9), (2, 1, 1);
INSERT INTO broken.parts VALUES (1, 9), (20, 1);
RESET session_replication_role;
SELECT * FROM broken.findings();
DROP TABLE broken.late;
UPDATE broken.parts SET p = 1;

-- a row in a wrong partition
CREATE TABLE broken.hashed (k int) PARTITION BY HASH (k);
CREATE TABLE broken.hash_0 PARTITION OF broken.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE broken.hash_1 PARTITION OF broken.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO broken.hashed SELECT generate_series(1, 20);
SELECT * FROM broken.findings();
ALTER TABLE broken.parts DETACH PARTITION broken.low;
INSERT INTO broken.low VALUES (50, 1);
CREATE TABLE broken.bounds (k int, p int REFERENCES broken.parent (id)) PARTITION BY RANGE (k);
CREATE TABLE broken.top PARTITION OF broken.bounds FOR VALUES FROM (0) TO (100);
INSERT INTO broken.top VALUES (70, 1);
CREATE TABLE broken.other (k int, p int) PARTITION BY RANGE (k);
CREATE TABLE broken.narrow PARTITION OF broken.other FOR VALUES FROM (0) TO (10);
UPDATE pg_class SET relpartbound = (SELECT relpartbound FROM pg_class WHERE oid = 'broken.narrow'::regclass) WHERE oid = 'broken.top'::regclass;
\c
SET client_min_messages = warning;
SELECT * FROM broken.findings();
DROP TABLE broken.bounds, broken.other, broken.low, broken.parts, broken.hashed;

-- exclusion
CREATE TABLE broken.booked (room int, during int4range, EXCLUDE USING gist (during WITH &&) WHERE (room = 1));
INSERT INTO broken.booked VALUES (1, '[1,5)'), (1, '[5,9)'), (2, '[1,9)'), (1, NULL), (1, 'empty');
SELECT * FROM broken.findings();
UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid = 'broken.booked'::regclass;
INSERT INTO broken.booked VALUES (1, '[4,6)');
UPDATE pg_index SET indisready = true, indisvalid = true WHERE indrelid = 'broken.booked'::regclass;
REINDEX TABLE broken.booked;
SET enable_indexscan = off;
SELECT * FROM broken.findings();
DROP TABLE broken.booked;

-- more than a hundred columns NOT NULL
DO $$ BEGIN
  EXECUTE (SELECT format('CREATE TABLE broken.wide (%s)', string_agg(format('c%s int NOT NULL DEFAULT 0', n), ', ')) FROM generate_series(1, 250) AS n);
END $$;
INSERT INTO broken.wide (c1) VALUES (1);
SELECT * FROM broken.findings();
ALTER TABLE broken.wide ALTER c249 DROP NOT NULL;
UPDATE broken.wide SET c249 = NULL;
UPDATE pg_attribute SET attnotnull = true WHERE attrelid = 'broken.wide'::regclass AND attname = 'c249';
SELECT status, object, check_name, actual FROM broken.findings();
DROP TABLE broken.wide;

-- domains: their own rules, and those of the domains they are made of
CREATE DOMAIN broken.positive AS int;
CREATE DOMAIN broken.small AS broken.positive;
CREATE TABLE broken.values (id int PRIMARY KEY, a broken.positive, b broken.small, c broken.positive[]);
INSERT INTO broken.values VALUES (1, 1, 2, '{1}'), (2, -1, NULL, '{2}');
SELECT * FROM broken.findings();
ALTER DOMAIN broken.small ADD CHECK (VALUE < 5) NOT VALID;
ALTER DOMAIN broken.positive ADD CONSTRAINT more CHECK (VALUE > 0) NOT VALID;
SELECT * FROM broken.findings();
UPDATE broken.values SET a = 1;
UPDATE pg_type SET typnotnull = true WHERE oid = 'broken.small'::regtype;
SELECT * FROM broken.findings();
DROP TABLE broken.values;

-- inheritance: a child has constraints of its own
CREATE TABLE broken.base (n int, CONSTRAINT own CHECK (n > 0) NO INHERIT);
CREATE TABLE broken.heir () INHERITS (broken.base);
INSERT INTO broken.heir VALUES (-1);
SELECT * FROM broken.findings();

-- not checked: foreign keys that are off, rows of foreign tables, an owner without rights, code that takes too long
CREATE ROLE regress_pgdr_poor;
CREATE FUNCTION broken.slow(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(60); RETURN true; END $$;
CREATE FUNCTION broken.stubborn(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
  FOR i IN 1 .. 3 LOOP BEGIN PERFORM pg_sleep(60); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; RETURN true; END $$;
CREATE FUNCTION broken.wrong(int) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'never'; END $$;
CREATE TABLE broken.dull (n int NOT NULL);
INSERT INTO broken.dull VALUES (1);
ALTER TABLE broken.dull ADD CONSTRAINT sleeps CHECK (broken.slow(n)) NOT VALID, ADD CONSTRAINT stubborn CHECK (broken.stubborn(n)) NOT VALID,
  ADD CONSTRAINT wrong CHECK (broken.wrong(n)) NOT VALID;
CREATE TABLE broken.poor (p int REFERENCES broken.parent (id));
ALTER TABLE broken.poor OWNER TO regress_pgdr_poor;
ALTER TABLE broken.poor DISABLE TRIGGER ALL;
-- only in replica mode; a deferrable key; the triggers of a partitioned table itself, which never check a row
CREATE TABLE broken.replica (p int CONSTRAINT late UNIQUE DEFERRABLE);
SELECT tgname AS late FROM pg_trigger WHERE tgrelid = 'broken.replica'::regclass \gset
ALTER TABLE broken.replica ENABLE REPLICA TRIGGER :"late";
CREATE TABLE broken.parted (p int UNIQUE DEFERRABLE REFERENCES broken.parent (id)) PARTITION BY RANGE (p);
CREATE TABLE broken.parted_1 PARTITION OF broken.parted FOR VALUES FROM (1) TO (9);
ALTER TABLE ONLY broken.parted DISABLE TRIGGER ALL;
CREATE FOREIGN DATA WRAPPER regress_pgdr_nothing;
CREATE SERVER regress_pgdr_nowhere FOREIGN DATA WRAPPER regress_pgdr_nothing;
CREATE FOREIGN TABLE broken.far (n int CHECK (n > 0)) SERVER regress_pgdr_nowhere;
CREATE TABLE broken.near (k int) PARTITION BY LIST (k);
CREATE FOREIGN TABLE broken.far_part PARTITION OF broken.near FOR VALUES IN (1) SERVER regress_pgdr_nowhere;
CREATE MATERIALIZED VIEW broken.empty AS SELECT 1 AS one WITH NO DATA;
CREATE UNIQUE INDEX ON broken.empty (one);
SET pgdr.foreign_timeout = '1s';
SELECT * FROM broken.findings();
-- what pg_class denies is off
CREATE TABLE broken.denied (n int PRIMARY KEY CHECK (n > 0), p int REFERENCES broken.parent (id));
CREATE RULE nothing AS ON DELETE TO broken.denied DO INSTEAD NOTHING;
SELECT count(*) FROM dr_check_integrity() WHERE check_name = 'pg_class consistent';
BEGIN;
UPDATE pg_class SET relhastriggers = false, relhasindex = false, relhasrules = false, relchecks = 0 WHERE oid = 'broken.denied'::regclass;
SELECT status, object, expected, actual, detail FROM dr_check_integrity() WHERE check_name = 'pg_class consistent' ORDER BY actual;
ROLLBACK;
DROP SCHEMA broken CASCADE;
DROP FOREIGN DATA WRAPPER regress_pgdr_nothing CASCADE;
DROP ROLE regress_pgdr_poor;
DROP EXTENSION pgdr CASCADE;
