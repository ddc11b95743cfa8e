-- Comparing the relations of two snapshot documents.

-- The hash-partitioned tables of a document whose rows a restore may put into other partitions: hashes of an enum, of types made of one
-- and of regclass and its like go by OIDs. Those of other types, an extension's too, go by the value. Of a key with an expression only the
-- columns are known, and those of the table that it does not name may as well be what the type of the expression is taken from.
CREATE FUNCTION dr._scattered(document jsonb)
RETURNS SETOF text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH record AS MATERIALIZED (
    SELECT o.kind, o.identity, o.definition
    FROM jsonb_to_recordset(document -> 'objects') AS o (kind text, identity text, facet text, definition text)
    WHERE o.facet = 'definition' AND o.kind IN ('table', 'column', 'type', 'domain')
  ), hashed AS MATERIALIZED (
    SELECT r.identity, substring(r.definition FROM 'PARTITION BY HASH \((.*)\)') AS key
    FROM record AS r WHERE r.kind = 'table' AND r.definition LIKE '%PARTITION BY HASH %'
  ), named AS MATERIALIZED (
    SELECT h.identity, h.key ~ '[(]|::' AS expression,
           ARRAY(SELECT m[1] FROM regexp_matches(h.key, '"(?:[^"]|"")+"|[a-z0-9_]+', 'g') AS m) AS words
    FROM hashed AS h
  ), typed AS (
    SELECT n.identity, c.definition,
           substring(c.definition FROM '^((?:"(?:[^"]|"")+"|[^". ]+)\.(?:"(?:[^"]|"")+"|[^". \[(]+))') AS type
    FROM record AS c JOIN named AS n ON n.identity = dr._object_relation('column', c.identity, NULL)
    WHERE c.kind = 'column' AND (n.expression OR substr(c.identity, length(n.identity) + 2) = ANY (n.words))
  )
  SELECT DISTINCT t.identity FROM typed AS t LEFT JOIN record AS o ON o.kind IN ('type', 'domain') AND o.identity = t.type
  WHERE t.definition ~ '^reg[a-z]+(\[| |$)' OR o.kind = 'type'
     OR o.definition ~ '^AS (reg[a-z]+(\[| |$)|("([^"]|"")+"|[^". ]+)\.)'
$$;
COMMENT ON FUNCTION dr._scattered(jsonb) IS 'Internal: hash-partitioned tables whose rows a restore may put into other partitions';

-- `bounds`: the partitioned table that a partition belongs to, and which of its rows. `scattered`: of a partitioned table, whether a restore
-- may put rows into other partitions.
CREATE FUNCTION dr._relations(document jsonb, names text[])
RETURNS TABLE (object text, schema text, name text, kind text, persistence text, rows bigint, digest text,
               generated text, key jsonb, bucket_bits integer, buckets text, state text, note text, parent text, bounds text, scattered boolean)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('%I.%I', r.schema, r.name), r.*, p.parent, p.bounds, h.identity IS NOT NULL
  FROM jsonb_to_recordset(document -> 'relations') AS r (
    schema text, name text, kind text, persistence text, rows bigint, digest text, generated text, key jsonb,
    bucket_bits integer, buckets text, state text, note text)
  LEFT JOIN (
    -- The schema records know which partitioned table a partition belongs to. One of each: a document may be anybody's.
    SELECT o.identity, max(o.definition) AS bounds, max(dr._object_relation('table', o.definition, NULL)) AS parent
    FROM jsonb_to_recordset(document -> 'objects') AS o (identity text, facet text, definition text)
    WHERE o.facet = 'partition of' GROUP BY o.identity
  ) AS p ON p.identity = format('%I.%I', r.schema, r.name)
  LEFT JOIN dr._scattered(document) AS h (identity) ON h.identity = format('%I.%I', r.schema, r.name)
  WHERE dr._named(r.schema, r.name, names)
$$;
COMMENT ON FUNCTION dr._relations(jsonb, text[]) IS 'Internal: the relations of a snapshot document';

-- In words: which part of the rows differs, by the key buckets of both sides. Null where they cannot be compared.
CREATE FUNCTION dr._bucket_text(expected text, actual text, bits integer, key jsonb)
RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  expected_bytes bytea := decode(expected, 'base64');
  actual_bytes bytea := decode(actual, 'base64');
  buckets integer := 1 << bits;
  width integer := octet_length(expected_bytes) / buckets;
  differing integer;
BEGIN
  IF bits IS NULL OR bits < 1 OR octet_length(expected_bytes) <> octet_length(actual_bytes) THEN
    RETURN NULL;
  END IF;
  SELECT count(*) INTO differing FROM generate_series(0, buckets - 1) AS i
  WHERE substr(expected_bytes, i * width + 1, width) <> substr(actual_bytes, i * width + 1, width);
  RETURN format('in %s of %s %s', differing, buckets,
                CASE WHEN jsonb_typeof(key) = 'array' AND key <> '[]'
                     THEN format('key buckets by (%s)',
                                 (SELECT string_agg(quote_ident(k.value), ', ' ORDER BY k.position)
                                  FROM jsonb_array_elements_text(key) WITH ORDINALITY AS k (value, position)))
                     ELSE 'buckets by whole rows (there is no key)' END);
END
$$;
COMMENT ON FUNCTION dr._bucket_text(text, text, integer, jsonb) IS 'Internal: in how many key buckets two relations differ';

-- Each relation gives at most one finding. The order of the WHENs is the order of what matters.
CREATE FUNCTION dr._compare_relations(baseline jsonb, actual jsonb, content boolean, names text[])
RETURNS SETOF dr.finding
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE pair AS (
    SELECT coalesce(b.object, a.object) AS object, coalesce(b.kind, a.kind) AS kind,
           b.object IS NULL AS extra, a.object IS NULL AS missing,
           coalesce(b.parent, a.parent) AS parent,
           b.kind AS b_kind, b.persistence AS b_persistence, b.rows AS b_rows, b.digest AS b_digest,
           b.generated AS b_generated, b.key AS b_key, b.bucket_bits AS b_bits, b.buckets AS b_buckets,
           b.state AS b_state, b.note AS b_note,
           a.kind AS a_kind, a.persistence AS a_persistence, a.rows AS a_rows, a.digest AS a_digest,
           a.generated AS a_generated, a.key AS a_key, a.bucket_bits AS a_bits, a.buckets AS a_buckets,
           a.state AS a_state, a.note AS a_note, b.bounds AS b_bounds, a.bounds AS a_bounds, a.scattered
    FROM dr._relations(baseline, names) AS b
    FULL JOIN dr._relations(actual, names) AS a ON a.schema = b.schema AND a.name = b.name
  ), judged AS (
    SELECT p.*,
      CASE
        WHEN p.missing THEN 'missing'
        WHEN p.extra THEN 'extra'
        WHEN p.b_kind <> p.a_kind THEN 'kind'
        WHEN p.kind = 'f' THEN 'foreign'
        WHEN p.a_state = 'failed' THEN 'unread'
        WHEN p.b_state = 'failed' THEN 'unknown'
        WHEN p.b_state = 'skipped' THEN 'skipped'
        WHEN p.a_state = 'skipped' AND p.a_persistence = 'u' AND (actual #>> '{server,in_recovery}')::boolean THEN 'standby'
        WHEN p.a_state = 'skipped' THEN 'unread'
        WHEN p.b_rows IS DISTINCT FROM p.a_rows THEN
          CASE WHEN p.kind = 'm' THEN 'matview'
               WHEN p.b_persistence = 'u' AND p.a_rows = 0 THEN 'unlogged' ELSE 'rows' END
        WHEN NOT content THEN CASE WHEN p.b_persistence <> p.a_persistence THEN 'persistence' END
        WHEN p.b_digest IS NULL OR p.a_digest IS NULL THEN 'undigested'
        WHEN p.b_digest <> p.a_digest THEN CASE WHEN p.kind = 'm' THEN 'matview' ELSE 'content' END
        WHEN p.b_generated IS DISTINCT FROM p.a_generated THEN 'generated'
      END AS verdict
    FROM pair AS p
  ), ancestor AS (
    -- Partitioned tables above each relation.
    SELECT j.object, p.object AS root, p.parent AS next, p.verdict AS root_verdict,
           coalesce(p.scattered, false) OR j.b_bounds IS DISTINCT FROM j.a_bounds AS movable, 1 AS depth
    FROM judged AS j JOIN judged AS p ON p.object = j.parent
    UNION ALL
    SELECT n.object, p.object, p.parent, p.verdict, n.movable OR coalesce(p.scattered, false), n.depth + 1
    FROM ancestor AS n JOIN judged AS p ON p.object = n.next
    WHERE n.depth < 100
  ), damaged AS (
    -- A partitioned table is the sum of its partitions: where a partition is named the sum need not be.
    SELECT DISTINCT n.root FROM ancestor AS n JOIN judged AS j ON j.object = n.object
    WHERE j.kind <> 'p' AND j.verdict IN ('missing', 'extra', 'kind', 'unread', 'unknown', 'rows', 'content', 'undigested',
                                          'generated', 'standby')
  ), final AS (
    SELECT j.*,
      CASE WHEN j.verdict IN ('rows', 'content', 'generated') THEN coalesce((
                  SELECT CASE WHEN bool_or(n.movable) THEN 'moved' ELSE 'misplaced' END
                  FROM ancestor AS n WHERE n.object = j.object AND n.root_verdict IS NULL HAVING count(*) > 0), j.verdict)
           ELSE j.verdict END AS outcome,
      CASE WHEN j.verdict IN ('rows', 'content') AND j.b_bits = j.a_bits AND j.b_key IS NOT DISTINCT FROM j.a_key
           THEN dr._bucket_text(j.b_buckets, j.a_buckets, j.b_bits, j.b_key) END AS place
    FROM judged AS j
    WHERE NOT (j.kind = 'p' AND j.verdict IN ('rows', 'content', 'generated', 'unread', 'unknown')
               AND j.object IN (SELECT d.root FROM damaged AS d))
  )
  SELECT CASE WHEN f.outcome IN ('missing', 'extra') THEN f.outcome
              WHEN f.outcome IN ('matview', 'unlogged', 'standby', 'persistence') THEN 'warning'
              WHEN f.outcome IN ('foreign', 'moved') THEN 'info'
              -- Its rows follow the tables, whether or not a REFRESH came between the baseline's snapshot and its reading.
              WHEN f.kind = 'm' AND f.outcome = 'unknown' THEN 'warning'
              WHEN f.outcome = 'skipped' THEN CASE WHEN f.a_state = 'skipped' THEN 'info' ELSE 'warning' END
              ELSE 'mismatch' END,
         dr._relation_type(f.kind), f.object,
         CASE WHEN f.outcome IN ('missing', 'extra') THEN 'existence'
              WHEN f.outcome IN ('kind', 'persistence') THEN f.outcome
              WHEN f.outcome = 'generated' THEN 'generated columns'
              WHEN f.b_rows IS DISTINCT FROM f.a_rows OR NOT content THEN 'rows'
              ELSE 'content' END,
         CASE f.outcome WHEN 'kind' THEN dr._relation_type(f.b_kind)
              WHEN 'persistence' THEN dr._persistence_text(f.b_persistence)
              WHEN 'generated' THEN f.b_generated
              ELSE CASE WHEN f.b_rows IS NOT DISTINCT FROM f.a_rows AND f.b_digest IS DISTINCT FROM f.a_digest
                        THEN f.b_digest ELSE dr._rows_text(f.b_rows) END END,
         CASE f.outcome WHEN 'kind' THEN dr._relation_type(f.a_kind)
              WHEN 'persistence' THEN dr._persistence_text(f.a_persistence)
              WHEN 'generated' THEN f.a_generated
              ELSE CASE WHEN f.b_rows IS NOT DISTINCT FROM f.a_rows AND f.b_digest IS DISTINCT FROM f.a_digest
                        THEN f.a_digest ELSE dr._rows_text(f.a_rows) END END,
         CASE f.outcome
           WHEN 'missing' THEN format('the whole %s is missing', dr._relation_type(f.kind))
           WHEN 'extra' THEN format('the baseline has no such %s', dr._relation_type(f.kind))
           WHEN 'kind' THEN 'it is another kind of relation'
           WHEN 'persistence' THEN 'an unlogged table does not survive a crash, a permanent one does'
           WHEN 'foreign' THEN 'not compared: its rows are in another server'
           WHEN 'unread' THEN 'not proven, it could not be read: ' || coalesce(f.a_note, 'no reason was given')
           WHEN 'unknown' THEN 'not proven, the baseline could not read it: ' || coalesce(f.b_note, 'no reason was given')
           WHEN 'skipped' THEN 'not compared, the baseline left it out: ' || coalesce(f.b_note, 'no reason was given')
           WHEN 'undigested' THEN 'not proven: there is no fingerprint of '
             || CASE WHEN f.b_digest IS NULL THEN 'the baseline' ELSE 'this relation' END
           WHEN 'matview' THEN 'a restore refreshes materialized views, so their rows follow the tables'
           WHEN 'unlogged' THEN 'an unlogged table is empty after a crash or a physical restore'
           WHEN 'standby' THEN 'not compared: a standby cannot read unlogged tables'
           WHEN 'moved' THEN 'rows are in another partition; the partitioned table as a whole is identical'
           WHEN 'misplaced' THEN concat_ws(', ', dr._difference_text(f.b_rows, f.a_rows),
             'the partitioned table as a whole is identical: rows lie in a partition whose bounds they are outside of, where queries by key do '
             'not find them; dr_check_integrity(''data'') inside the database names them')
           WHEN 'generated' THEN 'same rows, but the stored generated columns were computed differently'
           WHEN 'rows' THEN concat_ws(', ', dr._loss_text(f.b_rows, f.a_rows), 'different ' || f.place)
           WHEN 'content' THEN concat_ws(' ', 'same number of rows, different content', f.place)
         END
  FROM final AS f
  WHERE f.outcome IS NOT NULL
$$;
COMMENT ON FUNCTION dr._compare_relations(jsonb, jsonb, boolean, text[]) IS
  'Internal: compares the relations of two snapshot documents';
