-- What is abnormal in the history of the row counts.

-- Tables that lost rows. `factor` times the usual daily variation of a table is what it may lose in a day (and more over more days):
-- the median, over the days before, of all that was added and removed on a day. A first fill is nobody's habit: steps that start
-- from an empty table do not count, nor do the large losses of the window itself, or a second one would pass for usual. A loss may come in
-- one step or in several with none up between them: from the first that stands out by itself, or, where none does, from the first.
-- What was deleted besides is `deleted`: no loss by these measures, but listed.
CREATE FUNCTION dr._loss_rows(database text, since interval, share numeric, factor numeric, min_rows bigint)
RETURNS TABLE (loss text, object text, kind text, from_snapshot bigint, from_at timestamptz, to_snapshot bigint,
               to_at timestamptz, rows_before bigint, rows_after bigint, usual numeric, gone numeric, steps bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH step AS MATERIALIZED (
    SELECT s.*, count(*) FILTER (WHERE s.rows_after > s.rows_before) OVER (PARTITION BY s.object COLLATE "C" ORDER BY s.n) AS run
    FROM dr._loss_steps(database, since) AS s
  ), down AS MATERIALIZED (
    SELECT s.* FROM step AS s WHERE s.judged AND s.rows_after < s.rows_before
  ), candidate AS (
    -- Every step, and every run from each of its steps to its last.
    SELECT true AS single, d.object, d.kind, d.run, d.n AS first_n, d.n AS last_n, d.from_snapshot, d.from_at, d.to_snapshot, d.to_at,
           d.rows_before, d.rows_after
    FROM down AS d
    UNION ALL
    SELECT false, f.object, f.kind, f.run, f.n, l.n, f.from_snapshot, f.from_at, l.to_snapshot, l.to_at, f.rows_before, l.rows_after
    FROM down AS f
    JOIN (SELECT DISTINCT ON (d.object COLLATE "C", d.run) d.* FROM down AS d ORDER BY d.object COLLATE "C", d.run, d.n DESC) AS l
      ON l.object = f.object AND l.run = f.run AND l.n > f.n
  ), measured AS (
    SELECT c.*,
      coalesce((
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY d.changed)::numeric
        FROM (SELECT sum(abs(s.rows_after - s.rows_before)) AS changed
              FROM step AS s
              WHERE s.object = c.object AND s.n < c.first_n AND s.rows_before > 0
                AND NOT (s.judged AND s.rows_before - s.rows_after > share * s.rows_before)
              GROUP BY date_trunc('day', s.to_at AT TIME ZONE 'UTC')) AS d), 0) AS usual,
      -- Empty again, as it was before: a queue.
      EXISTS (SELECT FROM step AS s WHERE s.object = c.object AND s.n < c.first_n AND s.rows_before > 0 AND s.rows_after = 0) AS empties
    FROM candidate AS c
  ), abnormal AS (
    SELECT CASE WHEN m.rows_after = 0 THEN 'lost all rows' ELSE 'shrank' END AS loss, m.*
    FROM measured AS m
    WHERE CASE WHEN m.rows_after = 0 THEN NOT m.empties
               ELSE m.rows_before - m.rows_after >= min_rows
                 AND m.rows_before - m.rows_after > greatest(
                       share * m.rows_before,
                       factor * m.usual * greatest(1, extract(epoch FROM m.to_at - m.from_at)::numeric / 86400)) END
  ), first_of_run AS (
    SELECT DISTINCT ON (a.object COLLATE "C", a.run) a.object, a.run, a.first_n
    FROM abnormal AS a ORDER BY a.object COLLATE "C", a.run, NOT a.single, a.first_n
  ), reported AS (
    SELECT DISTINCT ON (a.object COLLATE "C", a.run) a.*
    FROM abnormal AS a JOIN first_of_run AS f ON f.object = a.object AND f.run = a.run AND f.first_n = a.first_n
    ORDER BY a.object COLLATE "C", a.run, a.last_n DESC
  ), small AS (
    -- A queue that emptied as ever is none of them.
    SELECT d.*, first_value(d.from_snapshot) OVER w AS first_snapshot, first_value(d.from_at) OVER w AS first_at,
           first_value(d.rows_before) OVER w AS first_rows, last_value(d.to_snapshot) OVER w AS last_snapshot,
           last_value(d.to_at) OVER w AS last_at, last_value(d.rows_after) OVER w AS last_rows
    FROM down AS d
    WHERE d.rows_after > 0
      AND NOT EXISTS (SELECT FROM reported AS r WHERE r.object = d.object AND d.n BETWEEN r.first_n AND r.last_n)
    WINDOW w AS (PARTITION BY d.object COLLATE "C" ORDER BY d.n ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
  )
  SELECT r.loss, r.object, r.kind, r.from_snapshot, r.from_at, r.to_snapshot, r.to_at, r.rows_before, r.rows_after, r.usual,
         r.rows_before - r.rows_after::numeric,
         (SELECT count(*) FROM down AS d WHERE d.object = r.object AND d.n BETWEEN r.first_n AND r.last_n)
  FROM reported AS r
  UNION ALL
  SELECT 'deleted', s.object, s.kind, s.first_snapshot, s.first_at, s.last_snapshot, s.last_at, s.first_rows, s.last_rows, NULL,
         sum(s.rows_before - s.rows_after::numeric), count(*)
  FROM small AS s
  GROUP BY s.object, s.kind, s.first_snapshot, s.first_at, s.last_snapshot, s.last_at, s.first_rows, s.last_rows
$$;
COMMENT ON FUNCTION dr._loss_rows(text, interval, numeric, numeric, bigint) IS 'Internal: tables that lost rows, abnormally or not';

-- Tables that grew in at least nine of ten steps, of at least seven, and have stood still in the last three or more, longer than
-- ever before.
CREATE FUNCTION dr._loss_standstill(database text, since interval)
RETURNS TABLE (object text, kind text, from_snapshot bigint, from_at timestamptz, to_snapshot bigint, to_at timestamptz,
               rows_before bigint, steps bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH step AS MATERIALIZED (
    SELECT s.*, count(*) FILTER (WHERE s.rows_after <> s.rows_before) OVER (PARTITION BY s.object COLLATE "C" ORDER BY s.n DESC) AS moved_later,
           count(*) FILTER (WHERE s.rows_after > s.rows_before) OVER (PARTITION BY s.object COLLATE "C" ORDER BY s.n) AS grown
    FROM dr._loss_steps(database, since) AS s
  ), last_snapshot AS (SELECT max(s.n) AS n FROM dr._loss_snapshots(database, since) AS s),
  still AS (
    SELECT s.object, s.kind, count(*) AS steps, min(s.n) AS first_n, min(s.from_at) AS from_at, max(s.to_at) AS to_at, max(s.n) AS last_n
    FROM step AS s WHERE s.moved_later = 0 GROUP BY s.object, s.kind
  )
  SELECT t.object, t.kind, f.from_snapshot, t.from_at, l.to_snapshot, t.to_at, f.rows_before, t.steps
  FROM still AS t
  JOIN last_snapshot AS e ON e.n = t.last_n
  JOIN step AS f ON f.object = t.object AND f.n = t.first_n
  JOIN step AS l ON l.object = t.object AND l.n = t.last_n
  WHERE t.steps >= 3 AND l.judged
    AND (SELECT count(*) >= 7 AND count(*) FILTER (WHERE s.rows_after > s.rows_before) >= 0.9 * count(*)
         FROM step AS s WHERE s.object = t.object AND s.n < t.first_n)
    AND t.to_at - t.from_at > coalesce((
      SELECT max(p.pause) FROM (SELECT max(s.to_at) - min(s.from_at) AS pause FROM step AS s
                                WHERE s.object = t.object AND s.n < t.first_n AND s.rows_after = s.rows_before
                                GROUP BY s.grown) AS p), interval '0')
$$;
COMMENT ON FUNCTION dr._loss_standstill(text, interval) IS 'Internal: tables that always grew and stand still';
