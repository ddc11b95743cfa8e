-- Options of a comparison, and what names mean in it.

-- Errors for an unknown key or a value of the wrong type.
CREATE FUNCTION dr._check_options(options jsonb)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  key text;
  wanted text;
BEGIN
  IF options IS NULL OR jsonb_typeof(options) <> 'object' THEN
    RAISE EXCEPTION 'options must be a JSON object' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  FOR key IN SELECT k FROM jsonb_object_keys(options) AS k LOOP
    wanted := CASE WHEN key IN ('no_owner', 'no_acl', 'no_tablespaces', 'no_security_labels') THEN 'boolean'
                   WHEN key IN ('only', 'without') THEN 'array'
                   WHEN key IN ('triggered_by', 'backup') THEN 'string' END;
    IF wanted IS NULL THEN
      RAISE EXCEPTION 'unknown option "%"', key
        USING ERRCODE = 'invalid_parameter_value',
              HINT = 'Valid options: no_owner, no_acl, no_tablespaces, no_security_labels, only, without, triggered_by, backup.';
    END IF;
    IF jsonb_typeof(options -> key) NOT IN (wanted, 'null') THEN
      RAISE EXCEPTION 'option "%" must be of type %', key, wanted USING ERRCODE = 'invalid_parameter_value';
    END IF;
  END LOOP;
  IF jsonb_typeof(options -> 'without') = 'array' AND EXISTS (
       SELECT FROM jsonb_array_elements(options -> 'without') AS e
       WHERE jsonb_typeof(e.value) <> 'string' OR e.value #>> '{}' NOT IN ('pgdr', 'pg_cron')) THEN
    RAISE EXCEPTION 'option "without" must be an array of extensions that a restore leaves out'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'These are pgdr and pg_cron.';
  END IF;
  IF jsonb_typeof(options -> 'only') = 'array' AND EXISTS (
       SELECT FROM jsonb_array_elements(options -> 'only') AS e WHERE jsonb_typeof(e.value) <> 'string') THEN
    RAISE EXCEPTION 'option "only" must be an array of names'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: {"only": ["public.users", "public.prompts"]}.';
  END IF;
END
$$;
COMMENT ON FUNCTION dr._check_options(jsonb) IS 'Internal: errors unless the options of a comparison are valid';

-- The names of option "only" as an array; null: no such option. They may be quoted as in SQL or not at all.
CREATE FUNCTION dr._only(options jsonb)
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN jsonb_typeof(options -> 'only') = 'array'
              THEN ARRAY(SELECT jsonb_array_elements_text(options -> 'only')) END
$$;
COMMENT ON FUNCTION dr._only(jsonb) IS 'Internal: the relations to which a comparison is limited';

CREATE FUNCTION dr._named(schema text, name text, names text[])
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT names IS NULL OR format('%I.%I', schema, name) = ANY (names) OR schema || '.' || name = ANY (names)
$$;
COMMENT ON FUNCTION dr._named(text, text, text[]) IS 'Internal: whether a list of names has a relation; null: all';

-- The relation that a record belongs to, as "schema.name": sub-objects hang their name below it, an index names it in its
-- definition. For other objects it is the first two parts of the identity.
CREATE FUNCTION dr._object_relation(kind text, identity text, definition text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE
    WHEN kind IN ('index', 'statistics') THEN
      substring(definition FROM '(?:^|\s)(?:ON|FROM) (?:ONLY )?((?:"(?:[^"]|"")+"|[^".\s(]+)\.(?:"(?:[^"]|"")+"|[^".\s(]+))')
    ELSE substring(identity FROM '^((?:"(?:[^"]|"")+"|[^".\s]+)\.(?:"(?:[^"]|"")+"|[^".\s]+))') END
$$;
COMMENT ON FUNCTION dr._object_relation(text, text, text) IS 'Internal: the relation that a schema record belongs to';

-- A document without the extensions of option "without": they live in one database of a server or need a superuser, and a
-- restore that leaves them out has lost nothing of the data. No others: a stranger's mark must not hide anything.
CREATE FUNCTION dr._document_without(document jsonb, options jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN jsonb_typeof(options -> 'without') IS DISTINCT FROM 'array' OR options -> 'without' = '[]' THEN document ELSE
    document || jsonb_build_object(
      'relations', (SELECT coalesce(jsonb_agg(r.value ORDER BY r.n), '[]')
                    FROM jsonb_array_elements(document -> 'relations') WITH ORDINALITY AS r (value, n)
                    WHERE r.value ->> 'schema' <> ALL (l.schemas)),
      'sequences', (SELECT coalesce(jsonb_agg(q.value ORDER BY q.n), '[]')
                    FROM jsonb_array_elements(document -> 'sequences') WITH ORDINALITY AS q (value, n)
                    WHERE q.value ->> 'schema' <> ALL (l.schemas)),
      'objects', (SELECT coalesce(jsonb_agg(o.value ORDER BY o.n), '[]')
                  FROM jsonb_array_elements(document -> 'objects') WITH ORDINALITY AS o (value, n)
                  WHERE NOT (o.value ->> 'kind' = 'extension' AND o.value ->> 'identity' = ANY (l.extensions))
                    AND NOT (o.value ->> 'kind' = 'schema' AND o.value ->> 'identity' = ANY (l.schemas))
                    AND split_part(o.value ->> 'identity', '.', 1) <> ALL (l.schemas))) END
  FROM (SELECT coalesce(array_agg(e.value), '{}') AS extensions,
               coalesce(array_agg(CASE e.value WHEN 'pgdr' THEN 'dr' WHEN 'pg_cron' THEN 'cron' END), '{}') AS schemas
        FROM jsonb_array_elements_text(CASE WHEN jsonb_typeof(options -> 'without') = 'array' THEN options -> 'without'
                                            ELSE '[]' END) AS e (value)) AS l
$$;
COMMENT ON FUNCTION dr._document_without(jsonb, jsonb) IS 'Internal: a document without the extensions that a restore left out';
