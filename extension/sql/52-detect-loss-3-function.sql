-- dr_detect_loss(): after an accident, which backup is needed?

-- The newest usable backup from before a moment that has the relation, and its rows there.
CREATE FUNCTION dr._loss_backup(object text, at timestamptz)
RETURNS TABLE (label text, recovery_point timestamptz, rows bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT b.label, b.recovery_point, r.rows
  FROM dr._usable_backups() AS b
  LEFT JOIN dr.snapshots AS s ON s.id = b.snapshot
  LEFT JOIN dr.snapshot_relations AS r ON r.snapshot = s.id AND format('%I.%I', r.schema, r.name) = object
  -- Whose snapshot is unknown has what was there at its recovery point.
  WHERE coalesce(s.taken_at, b.recovery_point) <= at AND (s.id IS NULL OR r.snapshot IS NOT NULL)
  ORDER BY coalesce(s.taken_at, b.recovery_point) DESC, b.label DESC LIMIT 1
$$;
COMMENT ON FUNCTION dr._loss_backup(text, timestamptz) IS 'Internal: the newest backup that holds a relation as it was at a moment';

CREATE FUNCTION dr.detect_loss(
  since interval DEFAULT '7 days', database text DEFAULT current_database(), share numeric DEFAULT 0.1, factor numeric DEFAULT 3,
  min_rows bigint DEFAULT 10)
RETURNS TABLE (loss text, object_type text, object text, snapshot bigint, snapshot_at timestamptz, noticed_at timestamptz,
               rows_before bigint, rows_after bigint, rows_now bigint, backup text, recovery_point timestamptz, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'  -- of the times in sentences
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
  history record;
  losses bigint := 0;
  unsaved bigint := 0;
  oldest_label text;
  oldest_point timestamptz;
  line record;
  lost_rows numeric := 0;
  smaller jsonb := '[]';
BEGIN
  IF since IS NULL OR since <= interval '0' OR share IS NULL OR share NOT BETWEEN 0 AND 1 OR factor IS NULL OR factor < 0
     OR min_rows IS NULL OR min_rows < 0 OR detect_loss.database IS NULL THEN
    RAISE EXCEPTION 'since must be longer than nothing, share between 0 and 1, factor and min_rows not negative'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: dr_detect_loss(interval ''7 days'').';
  END IF;
  SELECT count(*) AS snapshots, count(*) FILTER (WHERE s.judged) AS judged, min(s.taken_at) AS first, max(s.taken_at) AS last,
         (array_agg(s.snapshot ORDER BY s.n DESC))[1] AS newest
  INTO history
  FROM dr._loss_snapshots(detect_loss.database, since) AS s;

  FOR line IN
    WITH parent AS MATERIALIZED (
      SELECT DISTINCT ON (p.object) p.object, p.parent FROM dr._loss_parents(detect_loss.database, since) AS p ORDER BY p.object
    ), row_loss AS MATERIALIZED (
      SELECT r.* FROM dr._loss_rows(detect_loss.database, since, share, factor, min_rows) AS r
    ), found AS (
      SELECT r.loss, r.object, r.kind, r.from_snapshot, r.from_at, r.to_at, r.rows_before, r.rows_after,
             CASE r.loss
             WHEN 'deleted' THEN
               CASE WHEN r.steps = 1 THEN format('%s of %s (%s %%) were deleted', dr._number_text(r.gone), dr._rows_text(r.rows_before),
                                                 round(100.0 * r.gone / r.rows_before, 1)::float8)
                    ELSE format('%s were deleted in %s steps of a table that had %s', dr._count_text(r.gone, 'row'), r.steps,
                                dr._number_text(r.rows_before)) END || ': no loss by what was looked for'
             WHEN 'shrank' THEN
               format('%s of %s (%s %%) are gone%s%s', dr._number_text(r.gone), dr._rows_text(r.rows_before),
                      round(100.0 * r.gone / r.rows_before), CASE WHEN r.steps > 1 THEN format(' in %s steps', r.steps) ELSE '' END,
                      CASE WHEN r.usual > 0 THEN format('; usually %s change in a day', dr._rows_text(round(r.usual)::bigint)) ELSE '' END)
             ELSE format('all %s are gone', dr._rows_text(r.rows_before)) END AS what
      FROM row_loss AS r
      -- Where a partition is named its partitioned table need not be.
      WHERE NOT (r.kind = 'p' AND EXISTS (SELECT FROM row_loss AS l JOIN parent AS p ON p.object = l.object
                                          WHERE p.parent = r.object AND (l.loss = 'deleted') = (r.loss = 'deleted')
                                            AND (l.to_snapshot = r.to_snapshot OR r.loss = 'deleted')))
      UNION ALL
      SELECT 'disappeared', d.object, d.kind, d.from_snapshot, d.from_at, d.to_at, d.rows_before, NULL, d.detail
      FROM dr._loss_disappeared(detect_loss.database, since) AS d
      UNION ALL
      SELECT 'lost columns', c.object, 'r', c.from_snapshot, c.from_at, c.to_at, NULL, NULL, c.detail
      FROM dr._loss_columns(detect_loss.database, since) AS c
      UNION ALL
      SELECT 'stopped growing', s.object, s.kind, s.from_snapshot, s.from_at, s.to_at, s.rows_before, s.rows_before,
             format('it grew in nearly every interval before, and not in the last %s (%s)', s.steps, dr._duration_text(s.to_at - s.from_at))
      FROM dr._loss_standstill(detect_loss.database, since) AS s
      WHERE NOT EXISTS (SELECT FROM parent AS p WHERE p.object = s.object)
    )
    SELECT f.loss, dr._relation_type(f.kind) AS object_type, f.object, f.from_snapshot, f.from_at, f.to_at,
           coalesce(f.rows_before, was.rows) AS rows_before, f.rows_after, now.rows AS rows_now, b.label, b.recovery_point,
           concat_ws('; ', f.what,
             CASE WHEN now.rows >= f.rows_before AND f.loss IN ('shrank', 'lost all rows', 'disappeared')
                  THEN format('meanwhile it has %s again', dr._rows_text(now.rows)) END,
             CASE WHEN f.loss = 'deleted' AND b.label IS NULL THEN NULL
                  WHEN f.loss = 'stopped growing' THEN 'nothing is lost, but what writes to it may be broken'
                  WHEN b.label IS NULL THEN 'no usable backup holds it'
                  WHEN b.rows IS NULL THEN format('backup %s is the newest from before', b.label)
                  ELSE format('backup %s is the newest that holds it, with %s', b.label, dr._rows_text(b.rows)) END) AS detail
    FROM found AS f
    LEFT JOIN LATERAL (SELECT * FROM dr._loss_backup(f.object, f.from_at) AS b WHERE f.loss <> 'stopped growing') AS b ON true
    LEFT JOIN dr.snapshot_relations AS was ON was.snapshot = f.from_snapshot AND format('%I.%I', was.schema, was.name) = f.object
    LEFT JOIN dr.snapshot_relations AS now ON now.snapshot = history.newest AND format('%I.%I', now.schema, now.name) = f.object
    ORDER BY f.loss = 'deleted', f.loss = 'stopped growing', f.from_at, f.object COLLATE "C", f.loss
  LOOP
    IF line.loss = 'deleted' THEN
      smaller := smaller || to_jsonb(line);
      CONTINUE;
    END IF;
    IF line.loss <> 'stopped growing' THEN
      losses := losses + 1;
      IF line.loss IN ('shrank', 'lost all rows') THEN
        lost_rows := lost_rows + line.rows_before - line.rows_after;
      END IF;
      IF line.label IS NULL THEN
        unsaved := unsaved + 1;
      ELSIF oldest_label IS NULL OR line.recovery_point < oldest_point THEN
        oldest_label := line.label;
        oldest_point := line.recovery_point;
      END IF;
    END IF;
    RETURN QUERY SELECT line.loss, line.object_type, line.object, line.from_snapshot, line.from_at, line.to_at, line.rows_before,
                        line.rows_after, line.rows_now, line.label, line.recovery_point, line.detail;
  END LOOP;

  RETURN QUERY SELECT
    'verdict', 'database', detect_loss.database, NULL::bigint, NULL::timestamptz, NULL::timestamptz, NULL::bigint, NULL::bigint,
    NULL::bigint, oldest_label, oldest_point,
    CASE
      WHEN history.snapshots < 2 OR history.judged < 1 THEN
        format('unknown: %s of this database in the last %s; dr_schedule_snapshots() takes them regularly',
               dr._count_text(history.snapshots, 'snapshot'), dr._duration_text(since))
      WHEN losses = 0 THEN
        format('no loss in %s from %s to %s', dr._count_text(history.judged, 'snapshot'),
               to_char(greatest(history.first, clock_timestamp() - since), 'YYYY-MM-DD HH24:MI'), to_char(history.last, 'YYYY-MM-DD HH24:MI TZ'))
        || format('; looked for: tables that lost at least %s, more than %s %% of theirs and more than %s times what usually changes in a '
                  'day, all rows, or columns, and tables that disappeared or stopped growing',
                  dr._rows_text(min_rows), trim_scale(100 * share), trim_scale(factor))
        || CASE WHEN jsonb_array_length(smaller) > 0 THEN '; what was deleted besides is listed below' ELSE '' END
      ELSE concat_ws('; ', concat_ws(' with ', dr._count_text(losses, 'loss', 'losses'),
                                     CASE WHEN lost_rows > 0 THEN dr._count_text(lost_rows, 'row') END),
        CASE WHEN unsaved > 0 THEN format('%s in no usable backup', dr._number_text(unsaved)) END,
        CASE WHEN oldest_label IS NOT NULL THEN
          format('each line names the backup it needs, the oldest of them is %s (recovery point %s): "pgdr restore %1$s --to '
                 'NEW_DATABASE" brings it back beside this database, to copy from', oldest_label,
                 to_char(oldest_point, 'YYYY-MM-DD HH24:MI:SS TZ')) END,
        CASE WHEN jsonb_array_length(smaller) > 0 THEN 'smaller deletions are listed below' END)
    END;

  RETURN QUERY
    SELECT l.loss, l.object_type, l.object, l.from_snapshot, l.from_at, l.to_at, l.rows_before, l.rows_after, l.rows_now, l.label,
           l.recovery_point, l.detail
    FROM ROWS FROM (jsonb_to_recordset(smaller) AS (
      loss text, object_type text, object text, from_snapshot bigint, from_at timestamptz, to_at timestamptz, rows_before bigint,
      rows_after bigint, rows_now bigint, label text, recovery_point timestamptz, detail text)) WITH ORDINALITY AS l (
      loss, object_type, object, from_snapshot, from_at, to_at, rows_before, rows_after, rows_now, label, recovery_point, detail, n)
    ORDER BY l.n;
END
$$;
COMMENT ON FUNCTION dr.detect_loss(interval, text, numeric, numeric, bigint) IS
  'Tables that shrank abnormally, lost all rows or columns, disappeared or stopped growing between snapshots, and the newest backup that still holds the data; then a verdict, and below it what was deleted besides';
