-- Comparing the sequences of two snapshot documents, by the value that each would hand out next. Behind is a problem:
-- it would hand out values again. Ahead is what caching, a live source or a read at the end of a dump cause.

CREATE FUNCTION dr._sequences(document jsonb, names text[])
RETURNS TABLE (object text, schema text, name text, last_value bigint, is_called boolean, increment bigint)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('%I.%I', q.schema, q.name), q.*
  FROM jsonb_to_recordset(document -> 'sequences') AS q (
    schema text, name text, last_value bigint, is_called boolean, increment bigint)
  WHERE dr._named(q.schema, q.name, names)
$$;
COMMENT ON FUNCTION dr._sequences(jsonb, text[]) IS 'Internal: the sequences of a snapshot document';

CREATE FUNCTION dr._compare_sequences(baseline jsonb, actual jsonb, names text[])
RETURNS SETOF dr.finding
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH pair AS (
    SELECT coalesce(b.object, a.object) AS object, b.object IS NULL AS extra, a.object IS NULL AS missing,
           -- A standby cannot read unlogged sequences; that they exist is in the schema records.
           a.object IS NULL AND (actual #>> '{server,in_recovery}')::boolean
             AND actual -> 'objects' @> jsonb_build_array(jsonb_build_object('kind', 'sequence', 'identity', b.object))
             AS unreadable,
           -- 0.1.0 left out the sequences that an extension registered for dumping. They have no schema record.
           b.object IS NULL AND coalesce(baseline ->> 'pgdr_version', '') LIKE '0.1.%'
             AND NOT actual -> 'objects' @> jsonb_build_array(jsonb_build_object('kind', 'sequence', 'identity', a.object))
             AND (jsonb_array_length(baseline -> 'objects') > 0 OR jsonb_array_length(actual -> 'objects') = 0) AS unknown,
           b.last_value AS b_value, b.is_called AS b_called, a.last_value AS a_value, a.is_called AS a_called,
           -- How far ahead, in the direction in which it counts.
           ((a.last_value::numeric + CASE WHEN a.is_called THEN b.increment ELSE 0 END)
            - (b.last_value::numeric + CASE WHEN b.is_called THEN b.increment ELSE 0 END))
           * sign(b.increment::numeric) AS ahead
    FROM dr._sequences(baseline, names) AS b
    FULL JOIN dr._sequences(actual, names) AS a ON a.schema = b.schema AND a.name = b.name
  )
  SELECT CASE WHEN p.unreadable THEN 'warning' WHEN p.missing THEN 'missing' WHEN p.unknown THEN 'info'
              WHEN p.extra THEN 'extra' WHEN p.b_value IS NULL THEN 'warning'
              WHEN p.ahead > 0 THEN 'info' ELSE 'mismatch' END,
         'sequence', p.object, CASE WHEN (p.missing AND NOT coalesce(p.unreadable, false)) OR p.extra AND NOT p.unknown THEN 'existence' ELSE 'value' END,
         dr._sequence_text(p.b_value, p.b_called), dr._sequence_text(p.a_value, p.a_called),
         CASE WHEN p.unreadable THEN 'not compared: a standby cannot read unlogged sequences'
              WHEN p.missing THEN 'the sequence is missing'
              WHEN p.unknown THEN 'not compared: the version of pgdr that took the baseline did not read the sequences of extensions'
              WHEN p.extra THEN 'the baseline has no such sequence'
              WHEN p.b_value IS NULL THEN 'not proven: the baseline has no value of it'
              WHEN p.a_value IS NULL THEN 'not proven: its value could not be read'
              WHEN p.ahead > 0 THEN format('ahead by %s: sequences stand outside of snapshots, harmless',
                                           dr._number_text(p.ahead))
              ELSE format('behind by %s: it would hand out values again', dr._number_text(-p.ahead)) END
  FROM pair AS p
  WHERE p.missing OR p.extra OR p.b_value IS NULL OR p.a_value IS NULL OR p.ahead <> 0
$$;
COMMENT ON FUNCTION dr._compare_sequences(jsonb, jsonb, text[]) IS
  'Internal: compares the sequences of two snapshot documents';
