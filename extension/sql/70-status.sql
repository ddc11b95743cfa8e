-- Objectives, measured at the moment of asking. Each function below answers one of them with its state and a sentence.

CREATE FUNCTION dr._age_state(age interval, target interval)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  -- A warning at 80 % of the target leaves time to act.
  SELECT CASE WHEN age IS NULL THEN 'unknown' WHEN age > target THEN 'critical'
              WHEN age >= target * 0.8 THEN 'warning' ELSE 'ok' END
$$;
COMMENT ON FUNCTION dr._age_state(interval, interval) IS 'Internal: state of a measured duration against its target';

-- Backups that can be restored: finished, and at least one copy is known to be complete.
CREATE FUNCTION dr._usable_backups()
RETURNS SETOF dr.backups
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT b.* FROM dr.backups AS b
  WHERE b.state IN ('complete', 'partial')
    AND EXISTS (SELECT FROM dr.copies AS c WHERE c.backup = b.id AND c.state = 'complete')
$$;
COMMENT ON FUNCTION dr._usable_backups() IS 'Internal: finished backups with a complete copy';

CREATE FUNCTION dr._status_rpo(target interval)
RETURNS TABLE (actual text, state text, explanation text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT dr._duration_text(n.age),
    CASE WHEN n.age IS NULL THEN 'critical' ELSE dr._age_state(n.age, target) END,
    CASE WHEN n.age IS NULL THEN 'There is no usable backup: if the database were lost now, all data would be lost.'
         ELSE format('If the database were lost now, the last %s of changes would be lost (backup %s).%s',
                     dr._duration_text(n.age), n.label,
                     CASE dr._age_state(n.age, target)
                       WHEN 'critical' THEN format(' That is more than the %s allowed: run a backup.', dr._duration_text(target))
                       WHEN 'warning' THEN format(' The limit is %s.', dr._duration_text(target)) ELSE '' END) END
  FROM (VALUES (1)) AS one
  LEFT JOIN (SELECT b.label, clock_timestamp() - b.recovery_point AS age FROM dr._usable_backups() AS b
             ORDER BY b.recovery_point DESC LIMIT 1) AS n ON true
$$;
COMMENT ON FUNCTION dr._status_rpo(interval) IS 'Internal: age of the newest recovery point';

-- The last run of each set. Two failures in a row are critical, one is a warning: the next run may repair it.
CREATE FUNCTION dr._status_runs()
RETURNS TABLE (label text, set_name text, started_at timestamptz, actual text, state text, explanation text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH run AS (
    SELECT b.*, row_number() OVER (PARTITION BY b.set_name ORDER BY b.started_at DESC, b.id DESC) AS n,
           clock_timestamp() - b.started_at AS age
    FROM dr.backups AS b
  ), usual AS (
    -- Three times the longest of the last runs, and at least an hour, is too long.
    SELECT s.set_name, greatest(interval '1 hour', 3 * (
      SELECT max(d.duration) FROM (
        SELECT b.finished_at - b.started_at AS duration FROM dr.backups AS b
        WHERE b.set_name = s.set_name AND b.state IN ('complete', 'partial')
        ORDER BY b.started_at DESC LIMIT 10) AS d)) AS longest
    FROM (SELECT DISTINCT b.set_name FROM dr.backups AS b) AS s
  )
  SELECT r.label, r.set_name, r.started_at, r.state,
    CASE r.state WHEN 'complete' THEN 'ok' WHEN 'partial' THEN 'warning'
      WHEN 'running' THEN CASE WHEN r.age > u.longest THEN 'warning' ELSE 'ok' END
      ELSE CASE WHEN p.state IN ('complete', 'partial') THEN 'warning' ELSE 'critical' END END,
    CASE r.state
      WHEN 'complete' THEN format('The last backup (%s) finished %s ago.', r.label,
                                  dr._duration_text(clock_timestamp() - r.finished_at))
      WHEN 'partial' THEN format('The last backup (%s) is usable, but a copy or a part of it is missing.', r.label)
      WHEN 'running' THEN format('Backup %s has been running for %s%s', r.label, dr._duration_text(r.age),
        CASE WHEN r.age > u.longest THEN ', much longer than usual: it may be stuck, or have died without a word.'
             ELSE '.' END)
      WHEN 'failed' THEN format('The last backup (%s) failed%s: %s', r.label,
        CASE WHEN p.state = 'failed' THEN ', and so did the one before' ELSE '' END, r.error)
      WHEN 'incomplete' THEN format('The last backup (%s) cannot be proven in full and counts as none%s.', r.label,
        CASE WHEN p.state IN ('failed', 'incomplete') THEN '; the one before is none either' ELSE '' END) END
  FROM run AS r JOIN usual AS u ON u.set_name = r.set_name
  LEFT JOIN run AS p ON p.set_name = r.set_name AND p.n = 2
  WHERE r.n = 1
$$;
COMMENT ON FUNCTION dr._status_runs() IS 'Internal: state of the last run of each set';

-- Runs that failed before they could be recorded as backups, since the last that was: one is a warning after a good run, more are critical.
CREATE FUNCTION dr._status_failures()
RETURNS TABLE (set_name text, at timestamptz, message text, failures bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH failure AS (
    SELECT e.set_name, coalesce(e.last_at, e.at) AS at, e.message, e.times
    FROM dr.events AS e
    LEFT JOIN (SELECT b.set_name, max(b.started_at) AS started_at FROM dr.backups AS b GROUP BY 1) AS r ON r.set_name = e.set_name
    WHERE e.kind = 'backup_failed' AND NOT e.detail ? 'label' AND coalesce(coalesce(e.last_at, e.at) > r.started_at, true)
  )
  SELECT DISTINCT ON (f.set_name) f.set_name, f.at, f.message, sum(f.times) OVER (PARTITION BY f.set_name)
  FROM failure AS f ORDER BY f.set_name, f.at DESC
$$;
COMMENT ON FUNCTION dr._status_failures() IS 'Internal: runs that failed before they began, since the last run of their set';

-- Of several sets the one that is worst off speaks.
CREATE FUNCTION dr._status_backup()
RETURNS TABLE (actual text, state text, explanation text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH run AS (
    SELECT coalesce(s.set_name, f.set_name) AS set_name, coalesce(f.at, s.started_at) AS at,
      CASE WHEN f.message IS NULL THEN s.actual ELSE 'failed' END AS actual,
      CASE WHEN f.message IS NULL THEN s.state WHEN s.state = 'ok' AND f.failures = 1 THEN 'warning' ELSE 'critical' END AS state,
      CASE WHEN f.message IS NULL THEN s.explanation
           ELSE format('The last run failed before it began, %s ago: %s.%s', dr._duration_text(clock_timestamp() - f.at),
                       rtrim(f.message, '.'),
                       CASE WHEN s.label IS NULL THEN ' No backup was ever made.'
                            ELSE format(' The last backup before it: %s (%s).', s.label, s.actual) END) END AS explanation
    FROM dr._status_runs() AS s FULL JOIN dr._status_failures() AS f ON f.set_name = s.set_name
  )
  SELECT coalesce(r.actual, 'never'), coalesce(r.state, 'critical'),
    coalesce(CASE WHEN r.sets > 1 THEN format('Set %s: ', r.set_name) ELSE '' END || r.explanation,
             'No backup was ever made.')
  FROM (VALUES (1)) AS one
  LEFT JOIN (SELECT u.*, count(*) OVER () AS sets FROM run AS u
             ORDER BY array_position(ARRAY['critical', 'warning', 'ok'], u.state), u.at DESC
             LIMIT 1) AS r ON true
$$;
COMMENT ON FUNCTION dr._status_backup() IS 'Internal: state of the last runs';

CREATE FUNCTION dr._status_copies(target integer)
RETURNS TABLE (actual text, state text, explanation text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT n.copies::text,
    CASE WHEN n.label IS NULL THEN 'unknown' WHEN n.copies >= target THEN 'ok'
         WHEN n.copies > 0 THEN 'warning' ELSE 'critical' END,
    CASE WHEN n.label IS NULL THEN 'There is no finished backup that could have copies.'
         ELSE format('The newest backup (%s) has %s%s%s.', n.label,
                     dr._count_text(n.copies, 'complete copy', 'complete copies'),
                     CASE WHEN n.copies < target THEN format(', %s wanted', target) ELSE '' END,
                     coalesce('; ' || n.bad, '')) END
  FROM (VALUES (1)) AS one
  LEFT JOIN (
    SELECT b.label,
      (SELECT count(*) FROM dr.copies AS c WHERE c.backup = b.id AND c.state = 'complete') AS copies,
      (SELECT string_agg(format('%s in %s', c.state, c.repository), ', ' ORDER BY c.repository COLLATE "C")
       FROM dr.copies AS c WHERE c.backup = b.id AND c.state IN ('missing', 'damaged')) AS bad
    FROM dr.backups AS b WHERE b.state IN ('complete', 'partial')
    ORDER BY b.recovery_point DESC LIMIT 1) AS n ON true
$$;
COMMENT ON FUNCTION dr._status_copies(integer) IS 'Internal: complete copies of the newest backup';

-- Whether a restore with these options brought only a part of its backup.
CREATE FUNCTION dr._restore_of_part(options jsonb)
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(options -> 'only', 'null') NOT IN ('null', '[]') OR coalesce(options -> 'schema_only' = 'true', false)
$$;
COMMENT ON FUNCTION dr._restore_of_part(jsonb) IS 'Internal: whether a restore brought only a part of its backup';

-- Only a verification of a database that was restored from a backup proves that backup, and only if the restore itself went through: what
-- failed in it may be what the comparison does not see. A restore whose failures are all explained is recorded as complete. That a part of
-- the backup matched proves nothing of the rest; that it did not match, all.
CREATE FUNCTION dr._restore_verifications()
RETURNS SETOF dr.verifications
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT v.* FROM dr.verifications AS v
  WHERE v.backup IS NOT NULL
    AND (v.restored OR EXISTS (SELECT FROM dr.restores AS r WHERE r.verification = v.id))
    AND NOT (v.passed AND (EXISTS (SELECT FROM dr.restores AS r WHERE r.verification = v.id AND r.state <> 'complete')
                           OR EXISTS (SELECT FROM dr.backups AS b WHERE b.id = v.backup AND b.state = 'incomplete')
                           OR coalesce(v.options -> 'only', 'null') <> 'null'
                           OR EXISTS (SELECT FROM dr.restores AS r WHERE r.verification = v.id AND dr._restore_of_part(r.options))))
$$;
COMMENT ON FUNCTION dr._restore_verifications() IS 'Internal: verifications of databases restored from a backup';

CREATE FUNCTION dr._status_verified_age(target interval)
RETURNS TABLE (actual text, state text, explanation text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT dr._duration_text(n.age),
    CASE WHEN f.label IS NOT NULL THEN 'critical' WHEN n.age IS NOT NULL THEN dr._age_state(n.age, target)
         -- Never: overdue once the backups themselves are older than that.
         WHEN o.age IS NULL THEN 'unknown' WHEN o.age > target THEN 'critical' ELSE 'warning' END,
    concat_ws(' ',
      CASE WHEN f.label IS NOT NULL THEN
        format('The last verification of a restored backup (%s) found problems: the backup is not proven.', f.label) END,
      CASE WHEN n.age IS NULL THEN 'No restored backup was ever verified: nobody knows yet whether the backups can be restored.'
           ELSE format('Backup %s was restored and proven identical %s ago.%s', n.label, dr._duration_text(n.age),
                       CASE WHEN n.age > target THEN format(' That is more than the %s allowed: restore one and verify it.',
                                                           dr._duration_text(target)) ELSE '' END) END)
  FROM (VALUES (1)) AS one
  LEFT JOIN (
    SELECT b.label, v.finished_at, clock_timestamp() - v.finished_at AS age
    FROM dr._restore_verifications() AS v JOIN dr.backups AS b ON b.id = v.backup
    WHERE v.passed ORDER BY v.finished_at DESC, v.id DESC LIMIT 1) AS n ON true
  LEFT JOIN (
    SELECT l.* FROM (
      SELECT b.label, v.passed FROM dr._restore_verifications() AS v JOIN dr.backups AS b ON b.id = v.backup
      ORDER BY v.finished_at DESC, v.id DESC LIMIT 1) AS l
    WHERE NOT l.passed) AS f ON true
  CROSS JOIN (SELECT clock_timestamp() - min(b.finished_at) AS age FROM dr.backups AS b
              WHERE b.state IN ('complete', 'partial')) AS o
$$;
COMMENT ON FUNCTION dr._status_verified_age(interval) IS 'Internal: age of the last passed verification of a restored backup';

-- "Checked" is not "proven": every byte of a copy is as it was written, which says nothing about what a restore of it makes.
CREATE FUNCTION dr._status_checked_age(target interval)
RETURNS TABLE (actual text, state text, explanation text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH copy AS (
    SELECT b.label, c.* FROM dr.copies AS c JOIN dr.backups AS b ON b.id = c.backup
    WHERE c.state <> 'deleted' AND b.state IN ('complete', 'partial')
  ), last AS (
    SELECT c.label, c.repository, clock_timestamp() - c.checked_at AS age FROM copy AS c
    WHERE c.state = 'complete' AND c.checked_at IS NOT NULL ORDER BY c.checked_at DESC LIMIT 1
  ), bad AS (
    SELECT count(*) AS n, min(format('the copy of %s in %s is %s', c.label, c.repository, c.state)) AS example FROM copy AS c
    WHERE c.state IN ('missing', 'damaged')
  ), oldest AS (
    SELECT clock_timestamp() - min(c.recorded_at) AS age FROM copy AS c WHERE c.state = 'complete'
  )
  SELECT dr._duration_text(l.age),
    CASE WHEN l.age > target OR (l.age IS NULL AND o.age > target) THEN 'critical' WHEN b.n > 0 THEN 'warning'
         ELSE dr._age_state(l.age, target) END,
    concat_ws(' ',
      CASE WHEN l.age IS NULL THEN 'No copy was ever read again: nobody knows whether the stored bytes are still what was written.'
           ELSE format('Every byte of the copy of %s in %s was checked %s ago.%s', l.label, l.repository, dr._duration_text(l.age),
                       CASE WHEN l.age > target THEN format(' That is more than the %s allowed: run "pgdr verify".', dr._duration_text(target))
                            ELSE '' END) END,
      CASE WHEN b.n > 0 THEN format('Not whole: %s%s.', b.example, CASE WHEN b.n > 1 THEN format(', and %s more', b.n - 1) ELSE '' END) END)
  FROM bad AS b CROSS JOIN oldest AS o LEFT JOIN last AS l ON true
$$;
COMMENT ON FUNCTION dr._status_checked_age(interval) IS 'Internal: age of the last check of a copy''s bytes';

CREATE FUNCTION dr._status_snapshot_age(target interval)
RETURNS TABLE (actual text, state text, explanation text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT dr._duration_text(n.age), CASE WHEN n.age IS NULL THEN 'critical' ELSE dr._age_state(n.age, target) END,
    CASE WHEN n.age IS NULL THEN 'No snapshot was ever taken.'
         ELSE format('The newest snapshot is %s old.%s', dr._duration_text(n.age),
                     CASE WHEN n.age > target THEN ' Is the schedule still running?' ELSE '' END) END
  FROM (SELECT clock_timestamp() - max(s.taken_at) AS age FROM dr.snapshots AS s) AS n
$$;
COMMENT ON FUNCTION dr._status_snapshot_age(interval) IS 'Internal: age of the newest snapshot';

CREATE FUNCTION dr._status_rto(target interval)
RETURNS TABLE (actual text, state text, explanation text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT dr._duration_text(n.longest),
    dr._age_state(n.longest, target),
    CASE WHEN n.longest IS NULL THEN 'No restore ever succeeded, so nobody knows how long one takes.'
         ELSE format('%s took %s.%s',
                     CASE n.restores WHEN 1 THEN 'The only successful restore'
                                     ELSE format('The longest of the last %s successful restores', n.restores) END,
                     dr._duration_text(n.longest),
                     CASE WHEN n.longest > target THEN format(' That is more than the %s allowed.',
                                                              dr._duration_text(target)) ELSE '' END) END
  FROM (SELECT max(d.duration) AS longest, count(*) AS restores
        FROM (SELECT r.finished_at - r.started_at AS duration FROM dr.restores AS r
              WHERE r.state = 'complete' AND NOT dr._restore_of_part(r.options) ORDER BY r.finished_at DESC LIMIT 5) AS d) AS n
$$;
COMMENT ON FUNCTION dr._status_rto(interval) IS 'Internal: duration of the last successful restores';

CREATE FUNCTION dr.status()
RETURNS TABLE (objective text, target text, actual text, state text, explanation text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  goal record;
BEGIN
  RETURN QUERY SELECT 'backup', NULL::text, s.actual, s.state, s.explanation FROM dr._status_backup() AS s;
  FOR goal IN
    SELECT k.name, CASE WHEN o.name IS NULL THEN k.default_target ELSE o.target END AS target
    FROM dr.objective_kinds AS k LEFT JOIN dr.objectives AS o ON o.name = k.name
    ORDER BY k.position
  LOOP
    CONTINUE WHEN goal.target IS NULL;
    CASE goal.name
      WHEN 'rpo' THEN
        RETURN QUERY SELECT goal.name, goal.target, s.* FROM dr._status_rpo(goal.target::interval) AS s;
      WHEN 'copies' THEN
        RETURN QUERY SELECT goal.name, goal.target, s.* FROM dr._status_copies(goal.target::integer) AS s;
      WHEN 'verified_age' THEN
        RETURN QUERY SELECT goal.name, goal.target, s.* FROM dr._status_verified_age(goal.target::interval) AS s;
      WHEN 'checked_age' THEN
        RETURN QUERY SELECT goal.name, goal.target, s.* FROM dr._status_checked_age(goal.target::interval) AS s;
      WHEN 'rto' THEN
        RETURN QUERY SELECT goal.name, goal.target, s.* FROM dr._status_rto(goal.target::interval) AS s;
      WHEN 'snapshot_age' THEN
        RETURN QUERY SELECT goal.name, goal.target, s.* FROM dr._status_snapshot_age(goal.target::interval) AS s;
    END CASE;
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr.status() IS
  'Every objective with its target, what was measured now, its state (ok, warning, critical, unknown) and an explanation';
