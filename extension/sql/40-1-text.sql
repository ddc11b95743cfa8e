-- Texts that a database may have and a document may not, and how numbers and differences read. Shared by all that follow.

-- Bytes without a UTF-8 form as <HH>, and what looks like that in the text as <3C>HH> (doc/snapshot-document.md). Without `whole` a text that
-- has no such byte stays as it is.
CREATE FUNCTION dr._escape_bytes(value text, whole boolean) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
    AS 'MODULE_PATHNAME', 'dr_escape_bytes';
COMMENT ON FUNCTION dr._escape_bytes(text, boolean) IS 'Internal: a text with its bytes that have no UTF-8 form in an escape form';

CREATE FUNCTION dr._unescape_bytes(value text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
    AS 'MODULE_PATHNAME', 'dr_unescape_bytes';
COMMENT ON FUNCTION dr._unescape_bytes(text) IS 'Internal: the text of an escape form, where this database can have it';

-- For what is recorded or shown, and never has to be the same as something else.
CREATE FUNCTION dr._utf8(value text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE WHEN getdatabaseencoding() = 'UTF8' THEN value ELSE dr._escape_bytes(value, false) END $$;
COMMENT ON FUNCTION dr._utf8(text) IS 'Internal: a text that every client can read';

CREATE FUNCTION dr._utf8_json(value jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE WHEN getdatabaseencoding() = 'UTF8' THEN value ELSE dr._escape_bytes(value::text, false)::jsonb END $$;
COMMENT ON FUNCTION dr._utf8_json(jsonb) IS 'Internal: JSON that every client can read';

-- As documents of this database name a relation; those of 0.1.0 do not escape what looks escaped.
CREATE FUNCTION dr._document_name(schema name, name name)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN getdatabaseencoding() = 'UTF8' THEN format('%I.%I', schema, name) ELSE dr._escape_bytes(format('%I.%I', schema, name), true) END
$$;
COMMENT ON FUNCTION dr._document_name(name, name) IS 'Internal: the qualified name of a relation as documents of this database have it';

-- The same document with all its texts in the escape form, so that it can be compared with one that has them so.
CREATE FUNCTION dr._escape_document(document jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT CASE WHEN document ? 'escaped' THEN document ELSE dr._escape_bytes(document::text, true)::jsonb || '{"escaped": true}' END $$;
COMMENT ON FUNCTION dr._escape_document(jsonb) IS 'Internal: a snapshot document with its texts in the escape form';

CREATE FUNCTION dr._number_text(n numeric)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  -- The thousands separator of to_char's G depends on lc_numeric, the comma does not.
  SELECT trim(to_char(n, 'FM999,999,999,999,999,999,999,990'))
$$;
COMMENT ON FUNCTION dr._number_text(numeric) IS 'Internal: 1234567 as 1,234,567';

CREATE FUNCTION dr._count_text(n numeric, singular text, plural text DEFAULT NULL)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT dr._number_text(n) || ' ' || CASE WHEN n = 1 THEN singular ELSE coalesce(plural, singular || 's') END
$$;
COMMENT ON FUNCTION dr._count_text(numeric, text, text) IS 'Internal: 1 row, 2 rows';

CREATE FUNCTION dr._rows_text(n bigint)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT dr._count_text(n, 'row', 'rows')
$$;
COMMENT ON FUNCTION dr._rows_text(bigint) IS 'Internal: a number of rows in words';

CREATE FUNCTION dr._difference_text(expected bigint, actual bigint)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN actual < expected THEN dr._count_text(expected::numeric - actual, 'row fewer', 'rows fewer')
              WHEN actual > expected THEN dr._count_text(actual::numeric - expected, 'row more', 'rows more')
              WHEN expected IS NULL AND actual IS NOT NULL THEN 'was not counted before'
              WHEN actual IS NULL AND expected IS NOT NULL THEN 'was not counted after' END
$$;
COMMENT ON FUNCTION dr._difference_text(bigint, bigint) IS 'Internal: the difference of two row counts in words';

CREATE FUNCTION dr._relation_type(kind text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE kind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned table' WHEN 'm' THEN 'materialized view'
                   WHEN 'f' THEN 'foreign table' ELSE 'relation' END
$$;
COMMENT ON FUNCTION dr._relation_type(text) IS 'Internal: a relation kind in words';

CREATE FUNCTION dr._sequence_text(last_value bigint, is_called boolean)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT last_value || CASE WHEN is_called THEN '' ELSE ' (not used yet)' END
$$;
COMMENT ON FUNCTION dr._sequence_text(bigint, boolean) IS 'Internal: the state of a sequence in words';

CREATE FUNCTION dr._duration_text(duration interval)
RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  seconds bigint := floor(abs(extract(epoch FROM duration)));
BEGIN
  RETURN CASE
    WHEN duration IS NULL THEN NULL
    WHEN seconds < 60 THEN dr._count_text(seconds, 'second')
    WHEN seconds < 3600 THEN dr._duration_part(seconds, 60, 'minute', 1, 'second')
    WHEN seconds < 86400 THEN dr._duration_part(seconds, 3600, 'hour', 60, 'minute')
    ELSE dr._duration_part(seconds, 86400, 'day', 3600, 'hour') END;
END
$$;
COMMENT ON FUNCTION dr._duration_text(interval) IS 'Internal: a duration in its two largest units, rounded down';

CREATE FUNCTION dr._duration_part(seconds bigint, large bigint, large_unit text, small bigint, small_unit text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT dr._count_text(seconds / large, large_unit)
    || CASE WHEN seconds % large / small > 0 THEN ' ' || dr._count_text(seconds % large / small, small_unit)
            ELSE '' END
$$;
COMMENT ON FUNCTION dr._duration_part(bigint, bigint, text, bigint, text) IS 'Internal: part of dr._duration_text';

-- The part of a text of at most about 200 characters in which it starts to differ from another. By binary search over
-- prefixes: definitions of views and functions may be long.
CREATE FUNCTION dr._shorten(value text, other text DEFAULT NULL)
RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  width CONSTANT integer := 200;
  lead CONSTANT integer := 60;
  low integer := 0;
  high integer := least(length(value), length(other));
  middle integer;
  start integer;
BEGIN
  IF value IS NULL OR length(value) <= width THEN
    RETURN value;
  END IF;
  IF other IS NULL THEN
    RETURN dr._utf8(left(value, width)) || '...';
  END IF;
  WHILE low < high LOOP
    middle := (low + high + 1) / 2;
    IF left(value, middle) = left(other, middle) THEN
      low := middle;
    ELSE
      high := middle - 1;
    END IF;
  END LOOP;
  start := greatest(1, least(low - lead, length(value) - width + 1));
  -- A SQL_ASCII database cuts between bytes, not between characters.
  RETURN CASE WHEN start > 1 THEN '...' ELSE '' END || dr._utf8(substr(value, start, width))
    || CASE WHEN start + width <= length(value) THEN '...' ELSE '' END;
END
$$;
COMMENT ON FUNCTION dr._shorten(text, text) IS 'Internal: a text shortened to about 200 characters around the first difference';

CREATE FUNCTION dr._snapshot_known(snapshot bigint)
RETURNS dr.snapshots
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found dr.snapshots;
BEGIN
  SELECT * INTO found FROM dr.snapshots AS s WHERE s.id = snapshot;
  IF found.id IS NULL THEN
    RAISE EXCEPTION 'snapshot % does not exist', coalesce(snapshot::text, 'NULL')
      USING ERRCODE = 'undefined_object', HINT = 'SELECT id, label, taken_at FROM dr.snapshots lists what exists.';
  END IF;
  RETURN found;
END
$$;
COMMENT ON FUNCTION dr._snapshot_known(bigint) IS 'Internal: a snapshot''s row, or an error';

CREATE FUNCTION dr._loss_text(expected bigint, actual bigint)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN actual < expected THEN dr._count_text(expected::numeric - actual, 'row missing', 'rows missing')
              ELSE dr._difference_text(expected, actual) END
$$;
COMMENT ON FUNCTION dr._loss_text(bigint, bigint) IS 'Internal: the difference of two row counts in a verification';

CREATE FUNCTION dr._persistence_text(persistence text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE persistence WHEN 'p' THEN 'permanent' WHEN 'u' THEN 'unlogged' ELSE persistence END
$$;
COMMENT ON FUNCTION dr._persistence_text(text) IS 'Internal: a relation''s persistence in words';

CREATE FUNCTION dr._plural(noun text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN noun = 'statistics' THEN noun WHEN noun LIKE '%index' THEN noun || 'es'
              WHEN noun LIKE '%y' THEN left(noun, -1) || 'ies' ELSE noun || 's' END
$$;
COMMENT ON FUNCTION dr._plural(text) IS 'Internal: the plural of a kind of object';
