-- How numbers and differences read. Shared by comparison, changes and status.

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
    RETURN left(value, width) || '...';
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
  RETURN CASE WHEN start > 1 THEN '...' ELSE '' END || substr(value, start, width)
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
