-- The snapshot document <-> the catalog. jsonb in, tables inside, the same jsonb out.

-- Whether a JSON value is a text, a UUID, a time or a whole number that can be cast to that type; what is nullable may be missing.
-- Not parallel safe, nor is what calls it: it starts a subtransaction, which is an error in a parallel operation.
CREATE FUNCTION dr._is_valid(value jsonb, type text, nullable boolean DEFAULT false)
RETURNS boolean
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF value IS NULL OR value = 'null' THEN
    RETURN nullable;
  END IF;
  RETURN CASE type
    WHEN 'integer' THEN jsonb_typeof(value) = 'number' AND (value #>> '{}')::integer IS NOT NULL
    WHEN 'text' THEN jsonb_typeof(value) = 'string' AND value #>> '{}' <> ''
    WHEN 'uuid' THEN jsonb_typeof(value) = 'string' AND (value #>> '{}')::uuid IS NOT NULL
    -- Not 'now' or 'today', which the type knows, too.
    WHEN 'timestamptz' THEN jsonb_typeof(value) = 'string' AND value #>> '{}' ~ '^\d{4,6}-\d\d-\d\d[ T]'
      AND isfinite((value #>> '{}')::timestamptz) END;
EXCEPTION WHEN data_exception THEN
  RETURN false;
END
$$;
COMMENT ON FUNCTION dr._is_valid(jsonb, text, boolean) IS 'Internal: whether a JSON value can be cast to a type';

CREATE FUNCTION dr._check_list(list jsonb, member text, what text) RETURNS void
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_check_list';
COMMENT ON FUNCTION dr._check_list(jsonb, text, text) IS
    'Internal: errors unless a list is what a snapshot document''s relations, sequences or objects have to be';

-- Errors unless the argument is a snapshot document of a version this extension understands.
CREATE FUNCTION dr._check_document(document jsonb, what text)
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  part text;
  problem text;
BEGIN
  IF document IS NULL OR jsonb_typeof(document) <> 'object'
     OR document ->> 'format' IS DISTINCT FROM 'pgdr-snapshot' THEN
    RAISE EXCEPTION '% is not a snapshot document', what
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'A snapshot document is what dr_snapshot_document() returns and what a backup carries as snapshot.json.';
  END IF;
  IF document ->> 'version' IS DISTINCT FROM '1' THEN
    RAISE EXCEPTION '% is a snapshot document of version %, this extension reads version 1',
        what, coalesce(document ->> 'version', 'unknown')
      USING ERRCODE = 'feature_not_supported',
            HINT = 'Use the version of pgdr that wrote it, or a newer one.';
  END IF;
  FOREACH part IN ARRAY ARRAY['relations', 'sequences', 'objects'] LOOP
    IF jsonb_typeof(document -> part) IS DISTINCT FROM 'array' THEN
      RAISE EXCEPTION '% is damaged: it has no list of %', what, part
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
  END LOOP;
  -- Everything behind this check casts and compares as if these were so.
  SELECT format('"%s" must be %s', m.name, m.wanted) INTO problem
  FROM (VALUES
    (1, 'uuid', 'a UUID', dr._is_valid(document -> 'uuid', 'uuid')),
    (2, 'taken_at', 'a time with its zone', dr._is_valid(document -> 'taken_at', 'timestamptz')),
    (3, 'content', 'true or false', jsonb_typeof(document -> 'content') = 'boolean'),
    (4, 'database', 'an object with the name of the database',
     jsonb_typeof(document -> 'database') = 'object' AND dr._is_valid(document #> '{database,name}', 'text')),
    (5, 'label', 'a text that is not empty, or null', dr._is_valid(document -> 'label', 'text', true)),
    (6, 'digest', 'the name of an algorithm, or null', dr._is_valid(document -> 'digest', 'text', true)),
    (7, 'key_check', 'a text', dr._is_valid(document -> 'key_check', 'text', true)),
    (8, 'seal', 'a text', dr._is_valid(document -> 'seal', 'text', true)),
    (9, 'server', 'an object', coalesce(jsonb_typeof(document -> 'server'), 'object') IN ('object', 'null')),
    (10, 'server.version_num', 'a whole number', dr._is_valid(document #> '{server,version_num}', 'integer', true)),
    (11, 'server.in_recovery', 'true or false',
     coalesce(jsonb_typeof(document #> '{server,in_recovery}'), 'null') IN ('boolean', 'null')),
    (12, 'escaped', 'true or missing', coalesce(document -> 'escaped' = 'true', true))
  ) AS m (n, name, wanted, valid)
  WHERE m.valid IS NOT TRUE
  ORDER BY m.n LIMIT 1;
  IF problem IS NOT NULL THEN
    RAISE EXCEPTION '% is damaged: %', what, problem USING ERRCODE = 'invalid_parameter_value';
  END IF;
  FOREACH part IN ARRAY ARRAY['relations', 'sequences', 'objects'] LOOP
    PERFORM dr._check_list(document -> part, part, what);
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr._check_document(jsonb, text) IS 'Internal: errors unless the argument is a readable snapshot document';

-- What is sealed: everything but the seal, and the label, which the catalog may not have.
CREATE FUNCTION dr._seal(document jsonb, key bytea)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT dr._seal_bytes(convert_to((document - ARRAY['seal', 'label'])::text, 'UTF8'), key) $$;
COMMENT ON FUNCTION dr._seal(jsonb, bytea) IS 'Internal: the seal of a snapshot document under a key';

-- Errors unless the document can be compared with this key, or without one.
CREATE FUNCTION dr._check_key(document jsonb, key bytea, what text)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT document ? 'key_check' THEN
    IF key IS NOT NULL THEN
      RAISE EXCEPTION '% carries no keyed fingerprints', what
        USING ERRCODE = 'feature_not_supported',
              HINT = 'Leave the key out to compare unkeyed: that detects damage, but no forgery.';
    END IF;
    RETURN;
  END IF;
  IF key IS NULL THEN
    RAISE EXCEPTION '% carries keyed fingerprints: they cannot be compared without their key', what
      USING ERRCODE = 'feature_not_supported',
            DETAIL = format('The check value of the key is %s.', document ->> 'key_check'),
            HINT = 'Pass the key as the last argument, or to the tool as key_file in [fingerprint].';
  END IF;
  IF document ->> 'key_check' <> dr._key_check(key) THEN
    RAISE EXCEPTION 'this is not the fingerprint key of %', what
      USING ERRCODE = 'invalid_parameter_value',
            DETAIL = format('The check value of its key is %s, that of this key %s.',
                            document ->> 'key_check', dr._key_check(key));
  END IF;
  IF document ->> 'seal' IS DISTINCT FROM dr._seal(document, key) THEN
    RAISE EXCEPTION '% was altered after it was taken', what
      USING ERRCODE = 'data_exception',
            DETAIL = 'Its seal, which only the fingerprint key can make, does not fit its content.',
            HINT = 'Use the document from a repository, and find out who changed this one.';
  END IF;
END
$$;
COMMENT ON FUNCTION dr._check_key(jsonb, bytea, text) IS
  'Internal: errors unless a snapshot document is keyed and sealed with the key, or neither keyed nor a key given';

-- Texts that are not stored yet, or all of them if fresh. A catalog that was never analyzed looks small to the planner: without sequential
-- scans each text is looked up by its hash, and the whole takes time in proportion to the document.
CREATE FUNCTION dr._snapshot_store_texts(document jsonb, fresh boolean)
RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
  INSERT INTO dr.definitions (sha256, definition)
  SELECT t.sha256, t.text
  FROM (
    SELECT DISTINCT sha256(convert_to(s.text, 'UTF8')) AS sha256, s.text
    FROM (
      SELECT r.value ->> 'buckets' AS text FROM jsonb_array_elements(document -> 'relations') AS r
      UNION ALL
      SELECT o.value ->> 'definition' FROM jsonb_array_elements(document -> 'objects') AS o
    ) AS s
    WHERE s.text IS NOT NULL
  ) AS t
  WHERE fresh OR NOT EXISTS (SELECT FROM dr.definitions AS d WHERE d.sha256 = t.sha256)
$$;
COMMENT ON FUNCTION dr._snapshot_store_texts(jsonb, boolean) IS 'Internal: stores the texts of a snapshot document';

-- Relations, sequences and objects of a snapshot whose texts are stored. Of several rows with a text the newest counts:
-- after a fresh store that is our own, which nobody can delete under us. (max(id + 0): the newest by the index on the hash; max(id) would be
-- read from the end of the primary key, past every later text.)
CREATE FUNCTION dr._snapshot_store_parts(snapshot_id bigint, document jsonb)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
AS $$
BEGIN
  INSERT INTO dr.snapshot_relations (snapshot, position, schema, name, kind, persistence, rows, digest, generated, size,
                                     key, bucket_bits, buckets, state, note, extra)
  SELECT snapshot_id, e.position, e.value ->> 'schema', e.value ->> 'name', e.value ->> 'kind',
         e.value ->> 'persistence', (e.value ->> 'rows')::bigint, e.value ->> 'digest', e.value ->> 'generated',
         (e.value ->> 'size')::bigint, nullif(e.value -> 'key', 'null'), (e.value ->> 'bucket_bits')::integer,
         (SELECT max(d.id + 0) FROM dr.definitions AS d
          WHERE d.sha256 = sha256(convert_to(e.value ->> 'buckets', 'UTF8'))),
         e.value ->> 'state', e.value ->> 'note',
         nullif(e.value - ARRAY['schema', 'name', 'kind', 'persistence', 'rows', 'digest', 'generated', 'size', 'key',
                                'bucket_bits', 'buckets', 'state', 'note'], '{}')
  FROM jsonb_array_elements(document -> 'relations') WITH ORDINALITY AS e (value, position);

  INSERT INTO dr.snapshot_sequences (snapshot, position, schema, name, last_value, is_called, increment, extra)
  SELECT snapshot_id, e.position, e.value ->> 'schema', e.value ->> 'name', (e.value ->> 'last_value')::bigint,
         (e.value ->> 'is_called')::boolean, (e.value ->> 'increment')::bigint,
         nullif(e.value - ARRAY['schema', 'name', 'last_value', 'is_called', 'increment'], '{}')
  FROM jsonb_array_elements(document -> 'sequences') WITH ORDINALITY AS e (value, position);

  INSERT INTO dr.snapshot_objects (snapshot, position, kind, identity, facet, class, definition, extra)
  SELECT snapshot_id, e.position, e.value ->> 'kind', e.value ->> 'identity', e.value ->> 'facet', e.value ->> 'class',
         (SELECT max(d.id + 0) FROM dr.definitions AS d
          WHERE d.sha256 = sha256(convert_to(e.value ->> 'definition', 'UTF8'))),
         nullif(e.value - ARRAY['kind', 'identity', 'facet', 'class', 'definition'], '{}')
  FROM jsonb_array_elements(document -> 'objects') WITH ORDINALITY AS e (value, position);
END
$$;
COMMENT ON FUNCTION dr._snapshot_store_parts(bigint, jsonb) IS 'Internal: stores the lists of a snapshot document';

-- Locks the texts of a snapshot against deletion; errors where one is gone already.
CREATE FUNCTION dr._snapshot_hold_texts(snapshot_id bigint)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  needed bigint[] := ARRAY(SELECT o.definition FROM dr.snapshot_objects AS o WHERE o.snapshot = snapshot_id AND o.definition IS NOT NULL
                           UNION
                           SELECT r.buckets FROM dr.snapshot_relations AS r WHERE r.snapshot = snapshot_id AND r.buckets IS NOT NULL);
  held bigint;
BEGIN
  SELECT count(*) INTO held
  FROM (SELECT d.id FROM dr.definitions AS d WHERE d.id = ANY (needed) ORDER BY d.id FOR KEY SHARE) AS l;
  IF held <> cardinality(needed) THEN
    RAISE EXCEPTION 'texts of snapshot % were deleted meanwhile', snapshot_id USING ERRCODE = 'foreign_key_violation';
  END IF;
END
$$;
COMMENT ON FUNCTION dr._snapshot_hold_texts(bigint) IS 'Internal: holds the texts that a new snapshot shares with others';

-- Stores a document under a new number. A text that exists is reused; should it be deleted by dr_snapshot_expire() at
-- this very moment, or be out of sight of a REPEATABLE READ transaction, everything is stored afresh instead.
CREATE FUNCTION dr._snapshot_store(document jsonb)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  snapshot_id bigint;
BEGIN
  INSERT INTO dr.snapshots (uuid, label, database, content, digest, taken_at, header)
  VALUES ((document ->> 'uuid')::uuid, document ->> 'label', document #>> '{database,name}',
          (document ->> 'content')::boolean, document ->> 'digest', (document ->> 'taken_at')::timestamptz,
          document - ARRAY['relations', 'sequences', 'objects'])
  RETURNING id INTO snapshot_id;
  BEGIN
    PERFORM dr._snapshot_store_texts(document, false);
    PERFORM dr._snapshot_store_parts(snapshot_id, document);
    PERFORM dr._snapshot_hold_texts(snapshot_id);
  EXCEPTION WHEN foreign_key_violation OR serialization_failure THEN
    PERFORM dr._snapshot_store_texts(document, true);
    PERFORM dr._snapshot_store_parts(snapshot_id, document);
  END;
  RETURN snapshot_id;
END
$$;
COMMENT ON FUNCTION dr._snapshot_store(jsonb) IS 'Internal: stores a checked snapshot document';
