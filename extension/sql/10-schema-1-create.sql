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

-- Who records: the role that the session runs as, also within a function that runs as its owner.
CREATE FUNCTION dr._recorder()
RETURNS name
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE WHEN current_setting('role') = 'none' THEN session_user ELSE current_setting('role')::name END $$;
COMMENT ON FUNCTION dr._recorder() IS 'Internal: the role that a row is recorded for';

-- The same everywhere for the same content: the first half of a SHA-256 as a UUID of version 8. Bytes of SQL_ASCII are taken as they are.
CREATE FUNCTION dr._derived_uuid(at timestamptz, VARIADIC parts text[])
RETURNS uuid
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT overlay(overlay(substr(encode(sha256(convert_to(
      CASE WHEN isfinite(at) THEN ((extract(epoch FROM at) * 1000000)::bigint)::text ELSE 'infinite' END || chr(31)
        || array_to_string(parts, chr(31), chr(30)),
      CASE WHEN getdatabaseencoding() = 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END)), 'hex'), 1, 32)
    PLACING '8' FROM 13 FOR 1) PLACING '8' FROM 17 FOR 1)::uuid
$$;
COMMENT ON FUNCTION dr._derived_uuid(timestamptz, text[]) IS 'Internal: the identity of a row that was recorded without one, from its content';
