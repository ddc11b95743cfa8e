-- The engine: counts and fingerprints.

CREATE FUNCTION @extschema@.dr_table_fingerprint(relation regclass, OUT rows bigint, OUT digest text)
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'dr_table_fingerprint';
COMMENT ON FUNCTION @extschema@.dr_table_fingerprint(regclass) IS
    'exact number of rows and content digest of a table, partitioned table or materialized view';

CREATE FUNCTION @extschema@.dr_table_fingerprint(relation regclass, key bytea, OUT rows bigint, OUT digest text)
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'dr_table_fingerprint';
COMMENT ON FUNCTION @extschema@.dr_table_fingerprint(regclass, bytea) IS
    'the same with a keyed digest, which nobody without the key can forge';

CREATE FUNCTION @extschema@.dr_table_count(relation regclass) RETURNS bigint
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'dr_table_count';
COMMENT ON FUNCTION @extschema@.dr_table_count(regclass) IS
    'exact number of rows of a table, partitioned table or materialized view';

-- The same for the tool, where nobody but the extension's owner can put something else in its place.
CREATE FUNCTION dr.table_count(relation regclass) RETURNS bigint
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'dr_table_count';
COMMENT ON FUNCTION dr.table_count(regclass) IS
    'exact number of rows of a table, partitioned table or materialized view';

CREATE FUNCTION dr._fingerprint_accum(internal, record) RETURNS internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_fingerprint_accum';
CREATE FUNCTION dr._fingerprint_combine(internal, internal) RETURNS internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_fingerprint_combine';
CREATE FUNCTION dr._fingerprint_serial(internal) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_fingerprint_serial';
CREATE FUNCTION dr._fingerprint_deserial(bytea, internal) RETURNS internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_fingerprint_deserial';
CREATE FUNCTION dr._fingerprint_final(internal) RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_fingerprint_final';

CREATE AGGREGATE @extschema@.dr_fingerprint(record) (
    SFUNC = dr._fingerprint_accum,
    STYPE = internal,
    SSPACE = 64,
    COMBINEFUNC = dr._fingerprint_combine,
    SERIALFUNC = dr._fingerprint_serial,
    DESERIALFUNC = dr._fingerprint_deserial,
    FINALFUNC = dr._fingerprint_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.dr_fingerprint(record) IS
    'content digest of a set of rows, the same as dr_table_fingerprint gives for a table';

CREATE FUNCTION dr._fingerprint_accum(internal, record, bytea) RETURNS internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_fingerprint_accum';
CREATE FUNCTION dr._fingerprint_keyed_final(internal) RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_fingerprint_keyed_final';

CREATE AGGREGATE @extschema@.dr_fingerprint(record, key bytea) (
    SFUNC = dr._fingerprint_accum,
    STYPE = internal,
    SSPACE = 64,
    COMBINEFUNC = dr._fingerprint_combine,
    SERIALFUNC = dr._fingerprint_serial,
    DESERIALFUNC = dr._fingerprint_deserial,
    FINALFUNC = dr._fingerprint_keyed_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.dr_fingerprint(record, bytea) IS
    'keyed content digest of a set of rows; the key is the same for all rows';

CREATE FUNCTION dr._canonical(record) RETURNS bytea
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_canonical';
COMMENT ON FUNCTION dr._canonical(record) IS
    'canonical bytes of a row, which its fingerprint is the hash of';

CREATE FUNCTION dr._table_buckets(relation regclass, dump_condition text DEFAULT NULL, key bytea DEFAULT NULL,
                                  OUT rows bigint, OUT digest text, OUT generated text,
                                  OUT bucket_bits integer, OUT buckets text)
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'dr_table_buckets';
COMMENT ON FUNCTION dr._table_buckets(regclass, text, bytea) IS
    'fingerprint of one table with the digest of its stored generated columns and its key buckets';

CREATE FUNCTION dr._algorithm() RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_algorithm';
COMMENT ON FUNCTION dr._algorithm() IS
    'version and algorithm that this library computes digests with; calling it loads the library, and with it the setting pgdr.origin';

CREATE FUNCTION dr._key_check(key bytea) RETURNS text
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_key_check';
COMMENT ON FUNCTION dr._key_check(bytea) IS
    'what a document with keyed digests says about its key: tells one key from another and nothing else';

CREATE FUNCTION dr._seal_bytes(data bytea, key bytea) RETURNS text
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_seal_bytes';
COMMENT ON FUNCTION dr._seal_bytes(bytea, bytea) IS
    'HMAC-SHA-256 under the key derived for seals';

CREATE FUNCTION dr._digest_equal(a text, b text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_digest_equal';
COMMENT ON FUNCTION dr._digest_equal(text, text) IS
    'whether two digests are equal; an error where they cannot be compared';

CREATE FUNCTION dr._digest_add(a text, b text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_digest_add';
COMMENT ON FUNCTION dr._digest_add(text, text) IS
    'digest of two sets of rows together';

CREATE AGGREGATE dr._digest_sum(text) (SFUNC = dr._digest_add, STYPE = text, PARALLEL = SAFE);
COMMENT ON AGGREGATE dr._digest_sum(text) IS
    'digest of many sets of rows together; NULL without any';

CREATE FUNCTION dr._bucket_differences(a text, a_bits integer, b text, b_bits integer,
                                       OUT bucket integer, OUT buckets integer,
                                       OUT a_rows bigint, OUT b_rows bigint)
    RETURNS SETOF record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_bucket_differences';
COMMENT ON FUNCTION dr._bucket_differences(text, integer, text, integer) IS
    'key buckets that differ between two tables, with the number of rows on each side';

