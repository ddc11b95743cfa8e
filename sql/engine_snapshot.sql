-- Counts and fingerprints see exactly what the calling transaction's snapshot sees, whatever others commit meanwhile.
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pgdr;
CREATE SCHEMA snap;
CREATE TABLE snap.moving (id int PRIMARY KEY, note text);
INSERT INTO snap.moving SELECT i, repeat('note ', i % 50) FROM generate_series(1, 5000) AS i;
CREATE TABLE snap.truth AS SELECT * FROM snap.moving;
VACUUM snap.moving;
\setenv PGDATABASE :DBNAME

BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM snap.truth;
\! psql -X -q -c "INSERT INTO snap.moving SELECT i, 'new' FROM generate_series(5001, 9000) AS i"
\! psql -X -q -c "UPDATE snap.moving SET note = note || '!' WHERE id % 3 = 0"
\! psql -X -q -c "DELETE FROM snap.moving WHERE id % 5 = 0"
\! psql -X -q -c "VACUUM snap.moving"
SELECT dr_table_count('snap.moving') AS rows,
       (dr_table_fingerprint('snap.moving')).digest = (dr_table_fingerprint('snap.truth')).digest AS unmoved;
\! psql -X -q -c "VACUUM (FREEZE) snap.moving"
SELECT dr_table_count('snap.moving') AS rows,
       (dr_table_fingerprint('snap.moving')).digest = (dr_table_fingerprint('snap.truth')).digest AS unmoved;
COMMIT;
SELECT dr_table_count('snap.moving') AS rows,
       (dr_table_fingerprint('snap.moving')).digest = (dr_table_fingerprint('snap.truth')).digest AS unmoved,
       (dr_table_fingerprint('snap.moving')).digest = (SELECT dr_fingerprint(m) FROM snap.moving AS m) AS agree;
DROP SCHEMA snap CASCADE;
