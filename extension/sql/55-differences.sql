-- The rows that differ, named.

-- The schemas and names of what holds a relation's rows: its partitions, or itself.
CREATE FUNCTION dr._leaves(relation regclass)
RETURNS TABLE (schema text, name text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT c.relnamespace::regnamespace::text, c.relname::text
  FROM pg_class AS c
  WHERE c.relkind <> 'p' AND (c.oid = relation OR c.oid IN (SELECT t.relid FROM pg_partition_tree(relation) AS t))
$$;
COMMENT ON FUNCTION dr._leaves(regclass) IS 'Internal: the partitions of a relation that hold rows, or the relation itself';

-- relations: of a snapshot document, at least those of the relation and its partitions, in the escape form. keyed: the key of keyed fingerprints is at
-- hand, and the document has been checked with it.
CREATE FUNCTION dr._relation_baseline(snapshot_name text, relations jsonb, relation regclass, keyed boolean)
RETURNS TABLE (name text, problem text, key text[], bucket_bits integer, buckets text, digest text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  known CONSTANT jsonb := coalesce((
    SELECT jsonb_object_agg(format('%I.%I', r ->> 'schema', r ->> 'name'), r) FROM jsonb_array_elements(relations) AS r), '{}');
  root CONSTANT jsonb := known -> (SELECT dr._escape_bytes(format('%I.%I', n.nspname, c.relname), true)
                                   FROM pg_class AS c, pg_namespace AS n
                                   WHERE c.oid = relation AND n.oid = c.relnamespace);
  leaves jsonb[];
  unusable text;
BEGIN
  SELECT array_agg(known -> dr._escape_bytes(format('%s.%I', l.schema, l.name), true)) INTO leaves FROM dr._leaves(relation) AS l;
  unusable := CASE
    WHEN root IS NULL THEN 'it does not have this relation'
    WHEN root ->> 'digest' IS NULL THEN coalesce('it has no fingerprint of it: ' || (root ->> 'note'), 'it has no fingerprint of it')
    WHEN NOT keyed AND root ->> 'digest' LIKE 'pgdr_-hmac-%' THEN 'its fingerprints are keyed'
    WHEN EXISTS (SELECT FROM pg_extension AS e, unnest(e.extconfig, e.extcondition) AS c (oid, condition)
                 WHERE c.oid = relation AND c.condition <> '') THEN 'it has only those rows of it that a dump has'
    WHEN EXISTS (SELECT FROM unnest(leaves) AS l WHERE l IS NULL)
      OR NOT dr._digest_equal(root ->> 'digest', coalesce(
           (SELECT dr._digest_sum(l ->> 'digest') FROM unnest(leaves) AS l), split_part(root ->> 'digest', ':', 1)
             || ':0:0:' || repeat('0', length(split_part(root ->> 'digest', ':', 4)))))
      THEN 'the partitions have changed since' END;
  IF unusable IS NOT NULL THEN
    RETURN QUERY SELECT snapshot_name, unusable, NULL::text[], NULL::integer, NULL::text, NULL::text;
    RETURN;
  END IF;
  -- Empty partitions would only make the division coarser.
  RETURN QUERY
    SELECT snapshot_name, NULL::text, k.key, (l ->> 'bucket_bits')::integer, l ->> 'buckets', l ->> 'digest'
    FROM unnest(leaves) WITH ORDINALITY AS l (l, n),
         (SELECT array_agg(dr._unescape_bytes(c.name) ORDER BY c.n) AS key
          FROM jsonb_array_elements_text(CASE jsonb_typeof(root -> 'key') WHEN 'array' THEN root -> 'key' ELSE '[]' END)
            WITH ORDINALITY AS c (name, n)) AS k
    WHERE (l ->> 'rows')::bigint > 0
       OR (l.n = 1 AND NOT EXISTS (SELECT FROM unnest(leaves) AS o (o) WHERE (o ->> 'rows')::bigint > 0));
END
$$;
COMMENT ON FUNCTION dr._relation_baseline(text, jsonb, regclass, boolean) IS
  'Internal: key buckets of a relation in a snapshot document''s relations';

-- The backup that a database of this cluster was restored from; nothing without its mark.
CREATE FUNCTION dr._target_baseline(target text, relation regclass, secret bytea)
RETURNS TABLE (name text, problem text, key text[], bucket_bits integer, buckets text, digest text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  origin CONSTANT jsonb := dr._origin(target::name);
  source dr.backups;
  relations jsonb;
  keyed boolean := false;
  escaped boolean;
BEGIN
  IF origin IS NULL THEN
    RETURN;
  END IF;
  SELECT * INTO source FROM dr.backups AS b WHERE b.label = origin ->> 'label';
  IF source.snapshot IS NULL THEN
    RETURN QUERY SELECT 'backup ' || (origin ->> 'label'), 'it is not in this catalog, or without its snapshot',
                        NULL::text[], NULL::integer, NULL::text, NULL::text;
    RETURN;
  END IF;
  IF secret IS NOT NULL THEN
    keyed := EXISTS (SELECT FROM dr.snapshots AS s WHERE s.id = source.snapshot AND s.header ? 'key_check');
    IF keyed THEN
      PERFORM dr._check_key(dr.snapshot_document(source.snapshot), secret, 'backup ' || source.label);
    END IF;
  END IF;
  escaped := EXISTS (SELECT FROM dr.snapshots AS s WHERE s.id = source.snapshot AND s.header ? 'escaped');
  SELECT jsonb_agg(jsonb_build_object(
    'schema', r.schema, 'name', r.name, 'kind', r.kind, 'persistence', r.persistence, 'state', r.state, 'rows', r.rows,
    'digest', r.digest, 'key', r.key, 'note', r.note, 'bucket_bits', r.bucket_bits, 'buckets', d.definition))
  INTO relations
  FROM (SELECT n.nspname AS schema, c.relname AS name FROM pg_class AS c, pg_namespace AS n
        WHERE c.oid = relation AND n.oid = c.relnamespace
        UNION
        SELECT n.nspname, c.relname FROM pg_partition_tree(relation) AS t, pg_class AS c, pg_namespace AS n
        WHERE c.oid = t.relid AND n.oid = c.relnamespace) AS w
    JOIN dr.snapshot_relations AS r ON r.snapshot = source.snapshot
      AND r.schema = CASE WHEN escaped THEN dr._escape_bytes(w.schema::text, true) ELSE w.schema::text END
      AND r.name = CASE WHEN escaped THEN dr._escape_bytes(w.name::text, true) ELSE w.name::text END
    LEFT JOIN dr.definitions AS d ON d.id = r.buckets;
  PERFORM dr._check_list(relations, 'relations', 'the snapshot of backup ' || source.label);
  IF NOT escaped THEN
    relations := dr._escape_bytes(relations::text, true)::jsonb;
  END IF;
  RETURN QUERY SELECT * FROM dr._relation_baseline('backup ' || source.label, coalesce(relations, '[]'), relation, keyed);
END
$$;
COMMENT ON FUNCTION dr._target_baseline(text, regclass, bytea) IS
  'Internal: key buckets of a relation in the snapshot of the backup that a database was restored from';

CREATE FUNCTION dr._document_baseline(document jsonb, relation regclass, secret bytea)
RETURNS TABLE (name text, problem text, key text[], bucket_bits integer, buckets text, digest text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  PERFORM dr._check_document(document, 'the argument');
  PERFORM dr._check_key(document, secret, 'the snapshot document');
  RETURN QUERY SELECT * FROM dr._relation_baseline(
    'snapshot document ' || (document ->> 'uuid'), dr._escape_document(document) -> 'relations', relation, secret IS NOT NULL);
END
$$;
COMMENT ON FUNCTION dr._document_baseline(jsonb, regclass, bytea) IS 'Internal: key buckets of a relation in a snapshot document';

CREATE FUNCTION dr.differences(target text, relation text, max_rows integer DEFAULT 20, fingerprint_key bytea DEFAULT NULL)
RETURNS TABLE (side text, key text, column_name text, expected text, actual text, detail text)
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dr_differences';
COMMENT ON FUNCTION dr.differences(text, text, integer, bytea) IS
  'Rows of a relation that are missing, extra or changed in a copy of this database in the same cluster, and those that this database lost or changed since, by key and column';

CREATE FUNCTION dr.differences_question(target text, relation text, max_rows integer DEFAULT 20, fingerprint_key bytea DEFAULT NULL,
                                        question text DEFAULT 'both')
RETURNS TABLE (side text, key text, column_name text, expected text, actual text, detail text)
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dr_differences';
COMMENT ON FUNCTION dr.differences_question(text, text, integer, bytea, text) IS
  'The same for one question: copy (what is wrong in the copy), source (what this database lost or changed since), or both';

CREATE FUNCTION dr.differences_snapshot(document jsonb, relation text, max_rows integer DEFAULT 20, fingerprint_key bytea DEFAULT NULL)
RETURNS TABLE (side text, key text, column_name text, expected text, actual text, detail text)
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dr_differences_snapshot';
COMMENT ON FUNCTION dr.differences_snapshot(jsonb, text, integer, bytea) IS
  'Key buckets of a relation of this database that differ from a snapshot document, and the rows in them';
