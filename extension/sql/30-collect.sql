-- The snapshot document of a database (doc/snapshot-document.md); dr_snapshot_counts and dr_verify_against are built on them.

CREATE FUNCTION dr._collect(content boolean, schema boolean) RETURNS jsonb
    LANGUAGE c STRICT VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'dr_collect';
COMMENT ON FUNCTION dr._collect(boolean, boolean) IS
    'snapshot document of this database under the calling statement''s snapshot: row counts; with content, fingerprints; with schema, schema records';
REVOKE ALL ON FUNCTION dr._collect(boolean, boolean) FROM PUBLIC;

CREATE FUNCTION dr._collect_sequences() RETURNS jsonb
    LANGUAGE c STRICT VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'dr_collect_sequences';
COMMENT ON FUNCTION dr._collect_sequences() IS
    'an object with the snapshot document''s "sequences" alone, as they are now: no snapshot applies to a sequence';

CREATE FUNCTION dr._collect_from(target text, content boolean, schema boolean) RETURNS jsonb
    LANGUAGE c STRICT VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'dr_collect_from';
COMMENT ON FUNCTION dr._collect_from(text, boolean, boolean) IS
    'the same document of another database of this cluster, read by a background worker as the calling role';
REVOKE ALL ON FUNCTION dr._collect_from(text, boolean, boolean) FROM PUBLIC;

-- Both with keyed fingerprints; a null key is none.
CREATE FUNCTION dr._collect(content boolean, schema boolean, key bytea) RETURNS jsonb
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'dr_collect';
COMMENT ON FUNCTION dr._collect(boolean, boolean, bytea) IS
    'snapshot document of this database with keyed fingerprints';
REVOKE ALL ON FUNCTION dr._collect(boolean, boolean, bytea) FROM PUBLIC;

CREATE FUNCTION dr._collect_from(target text, content boolean, schema boolean, key bytea) RETURNS jsonb
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'dr_collect_from';
COMMENT ON FUNCTION dr._collect_from(text, boolean, boolean, bytea) IS
    'snapshot document of another database of this cluster with keyed fingerprints';
REVOKE ALL ON FUNCTION dr._collect_from(text, boolean, boolean, bytea) FROM PUBLIC;
