-- Comparing the schema records of two snapshot documents: one finding per object that is missing or extra, one per facet
-- that differs. What belongs to a missing table is not listed again; the table's finding counts it.

-- A text in which every version spells names alike: what became a keyword after version 13, and so is quoted from then on.
CREATE FUNCTION dr._spelled_alike(text text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN position('"' IN text) = 0 THEN text ELSE
    regexp_replace(text, '"(json|json_(?:array|arrayagg|exists|object|objectagg|query|scalar|serialize|table|value)|merge_action|system_user)"',
                   '\1', 'g') END
$$;
COMMENT ON FUNCTION dr._spelled_alike(text) IS 'Internal: names that every version quotes alike';

-- All facets of an object share its relation. Facets of policy are left out where the options say so, and the content of
-- large objects where one of the documents has none. `unknown`: the definition could not be made when the document was, so that nothing is
-- equal to it.
CREATE FUNCTION dr._objects(document jsonb, options jsonb)
RETURNS TABLE (kind text, identity text, facet text, class text, definition text, relation text, unknown boolean)
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT o.kind, o.identity, o.facet, o.class, coalesce(o.definition, ''),
         max(CASE WHEN o.facet = 'definition' OR o.kind NOT IN ('index', 'statistics')
                  THEN dr._object_relation(o.kind, o.identity, o.definition) END)
           OVER (PARTITION BY o.kind, o.identity),
         o.definition IS NULL
  FROM (SELECT r.kind, dr._spelled_alike(r.identity) AS identity, r.facet, r.class,
               -- The encoding of a collation, which 0.1.0 recorded, is the database's or any, and comes back as the one or the other.
               CASE WHEN r.kind = 'collation' AND r.facet = 'definition'
                    THEN regexp_replace(r.definition, ', ENCODING = [A-Z0-9_]+', '') ELSE r.definition END AS definition
        FROM jsonb_to_recordset(document -> 'objects') AS r (
          kind text, identity text, facet text, class text, definition text)) AS o
  -- dr._compare_database() compares these.
  WHERE o.kind <> 'database'
    AND NOT (coalesce((options ->> 'no_owner')::boolean, false) AND o.facet ILIKE '%owner%')
    AND NOT (coalesce((options ->> 'no_acl')::boolean, false) AND (o.facet ILIKE '%acl%' OR o.kind ILIKE '%acl%'
                                                                   OR o.kind ILIKE '%privileges%'))
    AND NOT (coalesce((options ->> 'no_tablespaces')::boolean, false) AND o.facet = 'tablespace')
    AND NOT (coalesce((options ->> 'no_security_labels')::boolean, false) AND o.facet LIKE 'security label %')
$$;
COMMENT ON FUNCTION dr._objects(jsonb, jsonb) IS 'Internal: the schema records of a snapshot document';

-- Line per object or facet that differs, before folding.
CREATE FUNCTION dr._object_differences(baseline jsonb, actual jsonb, options jsonb)
RETURNS TABLE (kind text, identity text, relation text, outcome text, class text, facet text, expected text,
               actual_definition text, unknown boolean)
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH pair AS (
    SELECT coalesce(b.kind, a.kind) AS kind, coalesce(b.identity, a.identity) AS identity,
           coalesce(b.relation, a.relation) AS relation, coalesce(b.facet, a.facet) AS facet,
           coalesce(b.class, a.class) AS class, b.definition AS b_definition, a.definition AS a_definition,
           coalesce(b.unknown, false) OR coalesce(a.unknown, false) AS unknown
    FROM dr._objects(baseline, options) AS b
    FULL JOIN dr._objects(actual, options) AS a
      ON a.kind = b.kind AND a.identity = b.identity AND a.facet = b.facet
  ), object AS (
    -- A comment on a view's column, or privileges of a system object, come and go without the object itself.
    SELECT p.kind, p.identity, count(p.b_definition) = 0 AND whole AS extra, count(p.a_definition) = 0 AND whole AS missing,
           -- An operator without a function has an owner, too.
           CASE WHEN p.kind = 'operator' AND bool_or(p.facet = 'definition' AND p.class = 'warning') THEN 'warning'
                WHEN bool_or(p.class = 'strict') THEN 'strict'
                WHEN bool_or(p.class = 'policy') THEN 'policy' ELSE 'warning' END AS class,
           max(p.relation) AS relation,
           coalesce(max(coalesce(p.b_definition, p.a_definition)) FILTER (WHERE p.facet = 'definition'),
                    min(coalesce(p.b_definition, p.a_definition))) AS definition
    FROM (SELECT p.*, bool_or(CASE p.kind WHEN 'default privileges' THEN true WHEN 'column' THEN p.facet = 'definition'
                                ELSE p.facet NOT IN ('acl', 'comment') AND p.facet NOT LIKE 'security label %' END)
                        OVER (PARTITION BY p.kind, p.identity) AS whole FROM pair AS p) AS p
    GROUP BY p.kind, p.identity, whole
  )
  SELECT o.kind, o.identity, o.relation, CASE WHEN o.missing THEN 'missing' ELSE 'extra' END, o.class, 'existence',
         CASE WHEN o.missing THEN o.definition END, CASE WHEN o.extra THEN o.definition END, false
  FROM object AS o WHERE o.missing OR o.extra
  UNION ALL
  SELECT p.kind, p.identity, o.relation, 'mismatch',
         -- Whoever took one of the documents may not have been allowed to see the options.
         CASE WHEN p.kind = 'user mapping' AND (p.b_definition IS NULL OR p.a_definition IS NULL) THEN 'warning' ELSE p.class END,
         p.facet, p.b_definition, p.a_definition, p.unknown
  FROM pair AS p JOIN object AS o ON o.kind = p.kind AND o.identity = p.identity
  WHERE NOT o.missing AND NOT o.extra AND (p.b_definition IS DISTINCT FROM p.a_definition OR p.unknown)
    AND NOT (p.kind = 'large object' AND p.facet = 'content'
             AND NOT ((baseline -> 'content')::boolean AND (actual -> 'content')::boolean))
$$;
COMMENT ON FUNCTION dr._object_differences(jsonb, jsonb, jsonb) IS 'Internal: differing schema records of two snapshot documents';

-- ALL as what it was before version 17.
CREATE FUNCTION dr._without_maintain(acl text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT replace(replace(acl, '=ALL*', '=DELETE*,INSERT*,REFERENCES*,SELECT*,TRIGGER*,TRUNCATE*,UPDATE*'),
                 '=ALL', '=DELETE,INSERT,REFERENCES,SELECT,TRIGGER,TRUNCATE,UPDATE')
$$;
COMMENT ON FUNCTION dr._without_maintain(text) IS 'Internal: the privileges on a table that versions before 17 have';

-- UPDATE t AS x as UPDATE t x.
CREATE FUNCTION dr._without_alias_as(text text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT regexp_replace(text, '\m(UPDATE|DELETE FROM|INSERT INTO|MERGE INTO) ((?:ONLY )?(?:"(?:[^"]|"")+"|\w+)(?:\.(?:"(?:[^"]|"")+"|\w+))?) AS ',
                        '\1 \2 ', 'g')
$$;
COMMENT ON FUNCTION dr._without_alias_as(text) IS 'Internal: a statement without the optional AS before the alias of its target';

-- What a newer version makes of the same dump, in words; null: a difference that no version explains.
CREATE FUNCTION dr._version_change(from_version integer, to_version integer, kind text, facet text, expected text, actual text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE
    WHEN kind = 'type' AND facet = 'multirange' AND expected IS NULL AND from_version < 140000 AND to_version >= 140000
      THEN 'from version 14 on a range type has a multirange type'
    WHEN kind = 'sequence' AND facet = 'persistence' AND from_version < 150000 AND to_version >= 150000
      THEN 'from version 15 on the sequence of an unlogged table is unlogged'
    WHEN kind = 'collation' AND facet = 'definition' AND from_version < 160000 AND to_version >= 160000
      AND regexp_replace(expected, ' LOCALE = ''[^'']*''', '') = regexp_replace(actual, ' LOCALE = ''[^'']*''', '')
      THEN 'from version 16 on the name of an ICU locale is kept in its standard form'
    WHEN facet = 'acl' AND from_version < 170000 AND to_version >= 170000
      AND dr._without_maintain(expected) = dr._without_maintain(
        -- The owner, from whom something was revoked, keeps what nobody could revoke then.
        replace(regexp_replace(actual, '(<owner>=[A-Z*,]*?),?MAINTAIN\*?', '\1'), '=,', '='))
      THEN 'from version 17 on MAINTAIN is one of all privileges'
    WHEN from_version < 160000 AND to_version >= 160000 AND position('XMLSERIALIZE(' IN expected) > 0
      AND dr._spelled_alike(expected) = dr._spelled_alike(replace(actual, ' NO INDENT)', ')'))
      THEN 'from version 16 on XMLSERIALIZE says NO INDENT'
    WHEN from_version / 10000 <> to_version / 10000 AND dr._spelled_alike(expected) = dr._spelled_alike(actual)
      THEN 'one of the versions quotes a name that is a keyword in it'
    WHEN kind IN ('rule', 'function', 'procedure') AND dr._without_alias_as(expected) = dr._without_alias_as(actual)
      THEN 'some releases write AS before the alias of a table that is written to'
    WHEN kind = 'subscription' AND facet = 'definition' AND from_version < 160000 AND to_version >= 160000
      AND expected = replace(actual, ', run_as_owner', '')
      THEN 'from version 16 on only run_as_owner means what it did before'
    WHEN kind = 'subscription' AND from_version < 140000 AND to_version >= 140000
      AND (facet = 'comment' AND expected IS NULL
           OR facet = 'definition' AND actual ~ '(synchronous_commit|run_as_owner)'
              AND expected = regexp_replace(replace(actual, ', run_as_owner', ''), ', synchronous_commit = \w+', ''))
      THEN 'before version 14 not everyone may read all of a subscription'
    -- Aliases that the server made up end in _1, _2 and so on, and versions need different ones.
    WHEN from_version / 10000 <> to_version / 10000 AND facet = 'definition' AND kind IN ('view', 'materialized view', 'rule', 'policy', 'function', 'procedure')
      AND regexp_replace(regexp_replace(expected, '(\w+) \1_\d+\M', '\1', 'g'), '\m([a-z_]\w*?)_\d+\.', '\1.', 'g')
        = regexp_replace(regexp_replace(actual, '(\w+) \1_\d+\M', '\1', 'g'), '\m([a-z_]\w*?)_\d+\.', '\1.', 'g')
      THEN 'major versions make up different aliases'
    WHEN kind IN ('constraint', 'domain constraint') AND facet = 'existence' AND expected IS NULL AND actual LIKE 'NOT NULL%'
      AND from_version < 180000 AND to_version >= 180000
      THEN 'from version 18 on NOT NULL is a constraint with a name'
  END
$$;
COMMENT ON FUNCTION dr._version_change(integer, integer, text, text, text, text) IS
  'Internal: why a schema record may differ between two major versions';

-- Findings about objects. `known` has the findings about relations and sequences; it comes back with what was folded
-- into it. Under option "only" a restore brings tables without what hangs on them, so that is a warning then. What a dump does not carry, that
-- constraints are enforced and materialized views filled, is a problem only where this database has less of it than the baseline.
CREATE FUNCTION dr._compare_objects(baseline jsonb, actual jsonb, options jsonb, known dr.finding[])
RETURNS SETOF dr.finding
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  names text[] := dr._only(options);
  from_version integer := (baseline #>> '{server,version_num}')::integer;
  to_version integer := (actual #>> '{server,version_num}')::integer;
BEGIN
  RETURN QUERY
  WITH difference AS MATERIALIZED (
    SELECT d.*, v.change, l.less,
      CASE WHEN v.change IS NOT NULL AND NOT d.unknown THEN 'info'
           WHEN d.facet IN ('enforcement', 'population') AND d.outcome = 'mismatch' THEN CASE WHEN l.less THEN 'mismatch' ELSE 'warning' END
           WHEN d.class = 'warning'
             OR (names IS NOT NULL AND d.kind NOT IN ('table', 'column', 'foreign table', 'materialized view', 'view'))
           THEN 'warning' ELSE d.outcome END AS status
    FROM dr._object_differences(baseline, actual, options) AS d
    CROSS JOIN LATERAL (SELECT dr._version_change(from_version, to_version, d.kind, d.facet, d.expected, d.actual_definition)) AS v (change)
    CROSS JOIN LATERAL (SELECT CASE d.facet
      -- "... disabled on TABLE" is a part of "... disabled".
      WHEN 'enforcement' THEN d.actual_definition IS NOT NULL
                              AND (d.expected IS NULL OR d.actual_definition LIKE '%disabled' AND d.expected LIKE '%disabled on %')
      WHEN 'population' THEN d.actual_definition = 'not populated' END) AS l (less)
    WHERE (names IS NULL OR d.relation = ANY (names) OR replace(d.relation, '"', '') = ANY (names))
      -- That its rows could not be read says it already.
      AND NOT (d.facet = 'population' AND EXISTS (SELECT FROM unnest(known) AS k WHERE k.object = d.identity AND k.status = 'mismatch'))
  ), existence AS (
    -- Every finding that says that something as a whole is missing or extra.
    SELECT k.object AS relation, k.status AS outcome, true AS reported
    FROM unnest(known) AS k
    WHERE k.check_name = 'existence'
    UNION
    SELECT d.identity, d.outcome, false FROM difference AS d
    WHERE d.facet = 'existence' AND d.kind IN ('table', 'foreign table', 'view', 'materialized view', 'type', 'sequence')
      AND NOT EXISTS (SELECT FROM unnest(known) AS k WHERE k.check_name = 'existence' AND k.object = d.identity)
  ), folded AS (
    SELECT d.*, e.relation IS NOT NULL AND (e.reported OR d.identity <> e.relation)
             AND d.facet = 'existence' AND d.outcome = e.outcome AS fold
    FROM difference AS d
    LEFT JOIN existence AS e ON e.relation = d.relation AND e.outcome = d.outcome
  ), part AS (
    SELECT c.relation, c.outcome, string_agg(dr._count_text(c.n, c.kind, dr._plural(c.kind)), ', '
                                             ORDER BY c.kind COLLATE "C") AS text
    FROM (SELECT f.relation, f.outcome, f.kind, count(*) AS n FROM folded AS f
          WHERE f.fold AND f.identity <> f.relation GROUP BY 1, 2, 3) AS c
    GROUP BY c.relation, c.outcome
  )
  SELECT k.status, k.object_type, k.object, k.check_name, k.expected, k.actual,
         concat_ws(', with ', k.detail, CASE WHEN k.check_name = 'existence' THEN p.text END)
  FROM unnest(known) AS k LEFT JOIN part AS p ON p.relation = k.object AND p.outcome = k.status
  UNION ALL
  SELECT f.status, f.kind, f.identity, f.facet, dr._shorten(f.expected, f.actual_definition),
         dr._shorten(f.actual_definition, f.expected),
         nullif(concat_ws(', with ', CASE WHEN f.outcome = 'missing' THEN format('the %s is missing', f.kind)
                                   WHEN f.outcome = 'extra' THEN format('the baseline has no such %s', f.kind)
                                   WHEN f.unknown THEN format('not proven: the %s could not be read', f.facet)
                                   WHEN f.facet = 'enforcement' AND f.less THEN
                                     'rows that violate it are let in here, and not in the baseline: ALTER TABLE ... ENABLE TRIGGER ALL'
                                   WHEN f.facet = 'enforcement' THEN
                                     'it is enforced here and was not in the baseline, whose rows may violate it: a dump does not carry that state'
                                   WHEN f.facet = 'population' AND f.less THEN
                                     'it has rows in the baseline and cannot be read here: REFRESH MATERIALIZED VIEW fills it'
                                   WHEN f.facet = 'population' THEN 'it has rows here and had none in the baseline'
                                   WHEN f.actual_definition IS NULL THEN format('%s is missing', f.facet)
                                   WHEN f.expected IS NULL THEN format('%s was added', f.facet)
                                   ELSE format('%s differs', f.facet) END || coalesce(': ' || f.change, ''), p.text), '')
  FROM folded AS f
  LEFT JOIN part AS p ON p.relation = f.identity AND p.outcome = f.outcome AND f.facet = 'existence'
  WHERE NOT f.fold
    -- The index of a missing constraint goes without saying.
    AND NOT (f.kind = 'index' AND f.facet = 'existence' AND EXISTS (
      SELECT FROM difference AS c
      WHERE c.kind = 'constraint' AND c.facet = 'existence' AND c.outcome = f.outcome
        AND c.identity = f.relation || '.' || substring(f.identity FROM '^(?:"(?:[^"]|"")+"|[^".]+)\.(.*)$')));
END
$$;
COMMENT ON FUNCTION dr._compare_objects(jsonb, jsonb, jsonb, dr.finding[]) IS
  'Internal: compares the schema records of two snapshot documents';
