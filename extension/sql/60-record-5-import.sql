-- Proofs and events that come from elsewhere: out of a repository, or out of the catalog of a database that was renamed away. Each has a
-- UUID, in every catalog the same, and is recorded once.

-- Locks a UUID for the rest of the transaction, so that two imports of it at once make one row.
CREATE FUNCTION dr._hold_uuid(uuid uuid)
RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT pg_advisory_xact_lock(hashtextextended('pgdr ' || uuid::text, 0)) $$;
COMMENT ON FUNCTION dr._hold_uuid(uuid) IS 'Internal: keeps others from importing the same';

-- Errors unless the document is an object that has these members as texts.
CREATE FUNCTION dr._check_members(what text, document jsonb, members text[])
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  member text;
BEGIN
  IF document IS NULL OR jsonb_typeof(document) <> 'object' THEN
    RAISE EXCEPTION 'the argument does not describe %', what USING ERRCODE = 'invalid_parameter_value';
  END IF;
  FOREACH member IN ARRAY members LOOP
    IF jsonb_typeof(document -> member) IS DISTINCT FROM 'string' OR document ->> member = '' THEN
      RAISE EXCEPTION 'the description of % has no %', what, member USING ERRCODE = 'invalid_parameter_value';
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr._check_members(text, jsonb, text[]) IS 'Internal: errors unless a document has what it needs';

CREATE FUNCTION dr.verification_document(verification bigint)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_build_object(
    'uuid', v.uuid, 'label', b.label, 'target', v.target, 'server', v.server, 'baseline', v.baseline, 'restored', v.restored,
    'content', v.content, 'started_at', v.started_at, 'finished_at', v.finished_at, 'passed', v.passed, 'problems', v.problems,
    'warnings', v.warnings, 'infos', v.infos, 'verdict', v.verdict, 'options', v.options, 'triggered_by', v.triggered_by)
  FROM dr.verifications AS v LEFT JOIN dr.backups AS b ON b.id = v.backup
  WHERE v.id = verification
$$;
COMMENT ON FUNCTION dr.verification_document(bigint) IS
  'A verification, without its findings, as a document that dr_verification_import() takes; null: there is none';

CREATE FUNCTION dr.verification_import(document jsonb)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source dr.backups;
  given uuid;
  known bigint;
  finished timestamptz;
BEGIN
  PERFORM dr._check_members('a verification', document, ARRAY['label', 'target', 'finished_at', 'verdict']);
  IF jsonb_typeof(document -> 'passed') IS DISTINCT FROM 'boolean' THEN
    RAISE EXCEPTION 'the description of a verification does not say whether it passed' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  source := dr._backup_by_label(document ->> 'label');
  finished := (document ->> 'finished_at')::timestamptz;
  given := coalesce((document ->> 'uuid')::uuid,
                    dr._derived_uuid(finished, 'proof', document ->> 'label', document ->> 'target', document ->> 'passed'));
  PERFORM dr._hold_uuid(given);
  -- A proof without a UUID is a mark that was left in the repository within moments of a verification.
  SELECT v.id INTO known FROM dr.verifications AS v
  WHERE v.uuid = given
     OR (NOT document ? 'uuid' AND v.backup = source.id AND v.passed = (document ->> 'passed')::boolean
         AND v.finished_at BETWEEN finished - interval '10 minutes' AND finished + interval '1 minute')
  ORDER BY v.id LIMIT 1;
  IF known IS NOT NULL THEN
    RETURN known;
  END IF;
  INSERT INTO dr.verifications AS v (
    target, server, baseline, backup, snapshot, restored, content, started_at, finished_at, passed, problems, warnings, infos, omitted,
    verdict, options, triggered_by, given_uuid)
  VALUES (
    document ->> 'target', nullif(document ->> 'server', ''), coalesce(document ->> 'baseline', 'document'), source.id, source.snapshot,
    coalesce((document ->> 'restored')::boolean, true), (document ->> 'content')::boolean,
    coalesce((document ->> 'started_at')::timestamptz, finished), finished, (document ->> 'passed')::boolean,
    coalesce((document ->> 'problems')::integer, CASE WHEN (document ->> 'passed')::boolean THEN 0 ELSE 1 END),
    coalesce((document ->> 'warnings')::integer, 0), coalesce((document ->> 'infos')::integer, 0),
    -- Its findings are not here.
    coalesce((document ->> 'problems')::integer, 0) + coalesce((document ->> 'warnings')::integer, 0)
      + coalesce((document ->> 'infos')::integer, 0),
    document ->> 'verdict', coalesce(nullif(document -> 'options', 'null'), '{}'), document ->> 'triggered_by', given)
  RETURNING v.id INTO known;
  RETURN known;
END
$$;
COMMENT ON FUNCTION dr.verification_import(jsonb) IS
  'Records a verification described by a document (label, target, finished_at, passed, verdict, and as dr_verification_document() has them), once per uuid; returns its number';

CREATE FUNCTION dr.restore_document(restore bigint)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_build_object(
    'uuid', r.uuid, 'label', b.label, 'target', r.target, 'server', r.server, 'state', r.state, 'started_at', r.started_at,
    'finished_at', r.finished_at, 'options', r.options, 'error', r.error, 'verification', v.uuid)
  FROM dr.restores AS r JOIN dr.backups AS b ON b.id = r.backup LEFT JOIN dr.verifications AS v ON v.id = r.verification
  WHERE r.id = restore
$$;
COMMENT ON FUNCTION dr.restore_document(bigint) IS
  'A restore as a document that dr_restore_import() takes; null: there is none';

CREATE FUNCTION dr.restore_import(document jsonb)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source dr.backups;
  given uuid;
  proof bigint;
  known bigint;
BEGIN
  PERFORM dr._check_members('a restore', document, ARRAY['uuid', 'label', 'target', 'state', 'started_at', 'finished_at']);
  PERFORM dr._check_word('final state of a restore', document ->> 'state',
                         ARRAY['complete', 'complete_with_errors', 'failed', 'interrupted']);
  source := dr._backup_by_label(document ->> 'label');
  given := (document ->> 'uuid')::uuid;
  PERFORM dr._hold_uuid(given);
  SELECT r.id INTO known FROM dr.restores AS r WHERE r.uuid = given ORDER BY r.id LIMIT 1;
  IF known IS NOT NULL THEN
    RETURN known;
  END IF;
  SELECT v.id INTO proof FROM dr.verifications AS v
  WHERE v.uuid = (document ->> 'verification')::uuid AND v.backup = source.id ORDER BY v.id LIMIT 1 FOR KEY SHARE;
  INSERT INTO dr.restores AS r (backup, target, server, state, started_at, finished_at, verification, options, error, given_uuid)
  VALUES (source.id, document ->> 'target', nullif(document ->> 'server', ''), document ->> 'state',
          (document ->> 'started_at')::timestamptz, (document ->> 'finished_at')::timestamptz, proof,
          coalesce(nullif(document -> 'options', 'null'), '{}'), nullif(document ->> 'error', ''), given)
  RETURNING r.id INTO known;
  RETURN known;
END
$$;
COMMENT ON FUNCTION dr.restore_import(jsonb) IS
  'Records a finished restore described by a document of dr_restore_document(), once per uuid; returns its number';

CREATE FUNCTION dr.event_document(event bigint)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_build_object('uuid', e.uuid, 'at', e.at, 'severity', e.severity, 'kind', e.kind, 'message', e.message, 'detail', e.detail,
                            'set', e.set_name, 'times', e.times, 'last_at', e.last_at)
  FROM dr.events AS e WHERE e.id = event
$$;
COMMENT ON FUNCTION dr.event_document(bigint) IS 'An event as a document that dr_event_import() takes; null: there is none';

CREATE FUNCTION dr.event_import(document jsonb)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  given uuid;
  known bigint;
BEGIN
  PERFORM dr._check_members('an event', document, ARRAY['uuid', 'at', 'severity', 'kind', 'message']);
  PERFORM dr._check_event(document ->> 'severity', document ->> 'kind', document ->> 'message');
  given := (document ->> 'uuid')::uuid;
  PERFORM dr._hold_uuid(given);
  SELECT e.id INTO known FROM dr.events AS e WHERE e.uuid = given ORDER BY e.id LIMIT 1;
  IF known IS NULL THEN
    INSERT INTO dr.events AS e (at, severity, kind, message, detail, set_name, given_uuid, times, last_at)
    VALUES ((document ->> 'at')::timestamptz, document ->> 'severity', document ->> 'kind', document ->> 'message',
            coalesce(nullif(document -> 'detail', 'null'), '{}'), nullif(document ->> 'set', ''), given,
            coalesce((document ->> 'times')::integer, 1), (document ->> 'last_at')::timestamptz)
    RETURNING e.id INTO known;
  END IF;
  RETURN known;
END
$$;
COMMENT ON FUNCTION dr.event_import(jsonb) IS
  'Records an event described by a document of dr_event_document(), once per uuid; returns its number';
