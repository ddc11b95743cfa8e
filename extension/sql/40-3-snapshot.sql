-- Taking, reading, importing and expiring snapshots.

CREATE FUNCTION dr.snapshot_counts(label text DEFAULT NULL, content boolean DEFAULT false,
                                              sequences jsonb DEFAULT NULL, key bytea DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  document jsonb;
BEGIN
  IF content IS NULL THEN
    RAISE EXCEPTION 'content must be true or false' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  document := dr._collect(content, content, key);
  IF snapshot_counts.label IS NOT NULL THEN
    document := jsonb_set(document, '{label}', to_jsonb(dr._utf8(snapshot_counts.label)));
  END IF;
  IF snapshot_counts.sequences IS NOT NULL THEN
    -- A document is escaped as a whole or not at all.
    IF (document ? 'escaped') <> (snapshot_counts.sequences ? 'escaped') THEN
      document := dr._escape_document(document);
      sequences := dr._escape_document(snapshot_counts.sequences);
    END IF;
    document := document || jsonb_build_object('sequences', snapshot_counts.sequences -> 'sequences');
  END IF;
  PERFORM dr._check_document(document, 'the new snapshot');
  IF key IS NOT NULL THEN
    document := document || jsonb_build_object('seal', dr._seal(document, key));
  END IF;
  RETURN dr.snapshot_import(document);
END
$$;
COMMENT ON FUNCTION dr.snapshot_counts(text, boolean, jsonb, bytea) IS
  'Takes a snapshot of this database: exact row counts, with content also fingerprints and schema records; returns its number. sequences: as dr._collect_sequences() read them before a dump that uses the same snapshot. key: makes the fingerprints keyed and seals the document; it is not stored';

CREATE FUNCTION dr.snapshot_document(snapshot bigint)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  document jsonb;
BEGIN
  SELECT s.header INTO document FROM dr._snapshot_known(snapshot) AS s;
  RETURN document || jsonb_build_object(
    'relations', coalesce((
      SELECT jsonb_agg(
        jsonb_build_object(
          'schema', r.schema, 'name', r.name, 'kind', r.kind, 'persistence', r.persistence, 'rows', r.rows,
          'digest', r.digest, 'generated', r.generated, 'size', r.size, 'key', r.key, 'bucket_bits', r.bucket_bits,
          'buckets', d.definition, 'state', r.state, 'note', r.note) || coalesce(r.extra, '{}')
        ORDER BY r.position)
      FROM dr.snapshot_relations AS r LEFT JOIN dr.definitions AS d ON d.id = r.buckets
      WHERE r.snapshot = snapshot_document.snapshot), '[]'),
    'sequences', coalesce((
      SELECT jsonb_agg(
        jsonb_build_object(
          'schema', q.schema, 'name', q.name, 'last_value', q.last_value, 'is_called', q.is_called,
          'increment', q.increment) || coalesce(q.extra, '{}')
        ORDER BY q.position)
      FROM dr.snapshot_sequences AS q
      WHERE q.snapshot = snapshot_document.snapshot), '[]'),
    'objects', coalesce((
      SELECT jsonb_agg(
        jsonb_build_object(
          'kind', o.kind, 'identity', o.identity, 'facet', o.facet, 'class', o.class,
          'definition', d.definition) || coalesce(o.extra, '{}')
        ORDER BY o.position)
      FROM dr.snapshot_objects AS o LEFT JOIN dr.definitions AS d ON d.id = o.definition
      WHERE o.snapshot = snapshot_document.snapshot), '[]'));
END
$$;
COMMENT ON FUNCTION dr.snapshot_document(bigint) IS 'A snapshot as one self-contained document';

CREATE FUNCTION dr.snapshot_import(document jsonb)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known bigint;
BEGIN
  PERFORM dr._check_document(document, 'the argument');
  SELECT s.id INTO known FROM dr.snapshots AS s WHERE s.uuid = (document ->> 'uuid')::uuid;
  IF known IS NULL THEN
    RETURN dr._snapshot_store(document);
  END IF;
  IF dr.snapshot_document(known) - 'label' <> document - 'label' THEN
    RAISE EXCEPTION 'snapshot % is in the catalog with other content', document ->> 'uuid'
      USING ERRCODE = 'data_exception',
            DETAIL = format('It is snapshot %s. A snapshot never changes, so one of the two documents was altered.', known);
  END IF;
  RETURN known;
END
$$;
COMMENT ON FUNCTION dr.snapshot_import(jsonb) IS
  'Stores a snapshot document, once per uuid; returns the number of the snapshot';

CREATE FUNCTION dr.snapshot_expire(older_than interval)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  expired bigint[];
  deleted bigint;
BEGIN
  PERFORM dr._check_deletable();
  IF older_than IS NULL OR older_than < interval '0' THEN
    RAISE EXCEPTION 'older_than must be an interval of zero or more'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: dr_snapshot_expire(interval ''30 days'').';
  END IF;
  -- First locked, then looked at again: whoever refers to one of them at this moment either holds it, and it is left to the next expiry, or
  -- is seen by the second statement.
  expired := ARRAY(SELECT s.id FROM dr.snapshots AS s
                   WHERE s.taken_at < clock_timestamp() - older_than
                     AND NOT EXISTS (SELECT FROM dr.backups AS b WHERE b.snapshot = s.id)
                   FOR UPDATE SKIP LOCKED);
  DELETE FROM dr.snapshots AS s
  WHERE s.id = ANY (expired) AND NOT EXISTS (SELECT FROM dr.backups AS b WHERE b.snapshot = s.id);
  GET DIAGNOSTICS deleted = ROW_COUNT;
  expired := ARRAY(SELECT d.id FROM dr.definitions AS d
                   WHERE NOT EXISTS (SELECT FROM dr.snapshot_objects AS o WHERE o.definition = d.id)
                     AND NOT EXISTS (SELECT FROM dr.snapshot_relations AS r WHERE r.buckets = d.id)
                   FOR UPDATE SKIP LOCKED);
  DELETE FROM dr.definitions AS d
  WHERE d.id = ANY (expired)
    AND NOT EXISTS (SELECT FROM dr.snapshot_objects AS o WHERE o.definition = d.id)
    AND NOT EXISTS (SELECT FROM dr.snapshot_relations AS r WHERE r.buckets = d.id);
  RETURN deleted;
END
$$;
COMMENT ON FUNCTION dr.snapshot_expire(interval) IS
  'Deletes snapshots older than that to which no backup refers; returns how many';
