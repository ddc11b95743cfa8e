-- dr_check_integrity(): every kind of damage is planted once and found at its level, and a sound database gives nothing.
\set SHOW_CONTEXT never
SET client_min_messages = warning;
DROP EXTENSION IF EXISTS pgdr CASCADE;
CREATE EXTENSION pgdr;
CREATE SCHEMA sound;
CREATE TABLE sound.parent (id int PRIMARY KEY, v text NOT NULL CHECK (v <> ''));
CREATE TABLE sound.child (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent int REFERENCES sound.parent, u text UNIQUE);
INSERT INTO sound.parent VALUES (1, 'a'), (2, 'b');
INSERT INTO sound.child (parent, u) VALUES (1, 'x'), (NULL, NULL), (NULL, NULL);
SELECT status, object_type, object, check_name, actual FROM dr_check_integrity('data') WHERE object LIKE 'sound.%' OR status = 'error';

CREATE SCHEMA broken;
CREATE TABLE broken."Parent" (id int PRIMARY KEY, part int, UNIQUE (id, part));
CREATE TABLE broken.child (id int PRIMARY KEY, parent int, part int,
  CONSTRAINT child_parent FOREIGN KEY (parent) REFERENCES broken."Parent",
  CONSTRAINT child_both FOREIGN KEY (parent, part) REFERENCES broken."Parent" (id, part) MATCH FULL,
  CONSTRAINT "small Id" CHECK (id < 100));
INSERT INTO broken."Parent" VALUES (1, 1);
INSERT INTO broken.child VALUES (1, 1, 1), (2, NULL, NULL);
-- rows that break the rules get in past them
SET session_replication_role = replica;
INSERT INTO broken.child VALUES (3, 7, 7), (4, 8, 8);
RESET session_replication_role;
ALTER TABLE broken.child DROP CONSTRAINT "small Id";
INSERT INTO broken.child VALUES (500, 1, 1);
ALTER TABLE broken.child ADD CONSTRAINT "small Id" CHECK (id < 100) NOT VALID;
SELECT status, object_type, object, check_name, expected, actual, detail FROM dr_check_integrity('data') WHERE object LIKE '%broken%';
SELECT detail FROM dr_check_integrity('data', 1) WHERE check_name = 'foreign key holds' ORDER BY object;

-- a sequence behind its column, in both directions
CREATE TABLE broken.seq (up serial, down int);
CREATE SEQUENCE broken.seq_down INCREMENT -1 OWNED BY broken.seq.down;
INSERT INTO broken.seq VALUES (50, -50), (3, -2);
SELECT status, object, expected, actual, detail FROM dr_check_integrity() WHERE object_type = 'sequence' ORDER BY object;
SELECT setval('broken.seq_up_seq', 50), setval('broken.seq_down', -50);
SELECT status, object, expected, actual, detail FROM dr_check_integrity() WHERE object_type = 'sequence' ORDER BY object;

-- catalog damage, made by hand
CREATE TABLE broken.nul (a int NOT NULL, b text);
INSERT INTO broken.nul VALUES (1, 'x');
ALTER TABLE broken.nul ALTER a DROP NOT NULL;
INSERT INTO broken.nul VALUES (NULL, 'y');
CREATE TABLE broken.dup (k int, v text);
INSERT INTO broken.dup VALUES (1, 'a'), (2, 'b');
CREATE UNIQUE INDEX dup_k ON broken.dup (k);
CREATE UNIQUE INDEX dup_partial ON broken.dup (lower(v)) WHERE k > 0;
BEGIN;
UPDATE pg_attribute SET attnotnull = true WHERE attrelid = 'broken.nul'::regclass AND attname = 'a';
UPDATE pg_index SET indisready = false, indisvalid = false WHERE indexrelid IN ('broken.dup_k'::regclass, 'broken.dup_partial'::regclass);
COMMIT;
SELECT status, object, check_name, actual FROM dr_check_integrity() WHERE object_type = 'index' ORDER BY object;
INSERT INTO broken.dup VALUES (1, 'A'), (1, 'c');
UPDATE pg_index SET indisready = true, indisvalid = true WHERE indexrelid IN ('broken.dup_k'::regclass, 'broken.dup_partial'::regclass);
SELECT status, object, check_name, actual, detail FROM dr_check_integrity('data')
WHERE object IN ('broken.nul', 'broken.dup_k', 'broken.dup_partial') ORDER BY object;

-- structure, through amcheck: an index that misses rows
SELECT status, check_name, actual, detail FROM dr_check_integrity('amcheck') WHERE check_name = 'structure';
CREATE EXTENSION amcheck;
SELECT status, object_type, object, check_name, expected FROM dr_check_integrity('amcheck') WHERE object_type <> 'constraint' AND object LIKE 'broken.%' AND check_name LIKE '%structure';
SELECT status, object_type, object, check_name, expected FROM dr_check_integrity('full') WHERE object LIKE 'broken.%' AND check_name LIKE '%structure';

-- a library that is gone
CREATE FUNCTION broken.lost(bigint) RETURNS int LANGUAGE c AS '$libdir/pgdr', 'dr_table_count';
UPDATE pg_proc SET probin = '$libdir/no_such_library' WHERE oid = 'broken.lost'::regproc;
SELECT status, object_type, object, check_name, expected, actual, detail FROM dr_check_integrity() WHERE object_type = 'library';

-- errors
SELECT * FROM dr_check_integrity('thorough');
SELECT * FROM dr_check_integrity(NULL);
SELECT * FROM dr_check_integrity('quick', 0);
CREATE ROLE regress_pgdr_integrity;
SET ROLE regress_pgdr_integrity;
SELECT * FROM dr_check_integrity();
RESET ROLE;
DROP ROLE regress_pgdr_integrity;
DROP EXTENSION amcheck;
DROP SCHEMA broken CASCADE;
DROP SCHEMA sound CASCADE;
DROP EXTENSION pgdr CASCADE;
