-- The catalog. It travels with a dump of the database it lives in (10-schema-9-dump.sql) and can be rebuilt from the
-- manifests of a repository, so it holds nothing that exists nowhere else except verifications and events.
CREATE SCHEMA dr;
COMMENT ON SCHEMA dr IS 'pgdr: catalog of backups, copies, snapshots, restores and verifications, and internal functions';
REVOKE ALL ON SCHEMA dr FROM PUBLIC;

CREATE TYPE dr.finding AS (
  status text,
  object_type text,
  object text,
  check_name text,
  expected text,
  actual text,
  detail text
);
COMMENT ON TYPE dr.finding IS 'One line of a verification: what was compared and what came out';
COMMENT ON COLUMN dr.finding.status IS
  'missing, extra, mismatch (problems), warning, info; the last line of a verification is passed or failed';
COMMENT ON COLUMN dr.finding.object_type IS 'Kind of the object: database, table, sequence, index, function, ...';
COMMENT ON COLUMN dr.finding.object IS 'Qualified name of the object';
COMMENT ON COLUMN dr.finding.check_name IS 'What was compared: rows, content, existence, value, definition facet, ...';
COMMENT ON COLUMN dr.finding.expected IS 'What the baseline has, shortened around the first difference';
COMMENT ON COLUMN dr.finding.actual IS 'What the verified database has, shortened around the first difference';
COMMENT ON COLUMN dr.finding.detail IS 'The difference in words';
