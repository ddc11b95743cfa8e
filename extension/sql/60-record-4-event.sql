-- Events and objectives.

-- One fact is one event: reported again with nothing else of its kind and set in between, it counts on.
CREATE FUNCTION dr._event_store(severity text, kind text, message text, detail jsonb, set_name text, since timestamptz)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  last dr.events;
  event_id bigint;
BEGIN
  PERFORM dr._check_event(severity, kind, message);
  -- Whatever the text of a failure is made of, it is recorded, and can be read.
  message := dr._utf8(message);
  detail := dr._utf8_json(detail);
  set_name := dr._utf8(set_name);
  SELECT * INTO last FROM dr.events AS e
  WHERE e.kind = _event_store.kind AND e.set_name IS NOT DISTINCT FROM nullif(_event_store.set_name, '')
  ORDER BY e.id DESC LIMIT 1;
  IF last.message = message AND last.severity = severity AND coalesce(coalesce(last.last_at, last.at) >= since, true) THEN
    BEGIN
      UPDATE dr.events AS e
      SET times = e.times + 1, last_at = clock_timestamp(), detail = coalesce(_event_store.detail, '{}') WHERE e.id = last.id
      RETURNING e.id INTO event_id;
    EXCEPTION WHEN serialization_failure THEN
      -- Counted by somebody else since this transaction's snapshot: better told twice than not at all.
      NULL;
    END;
  END IF;
  IF event_id IS NULL THEN
    INSERT INTO dr.events AS e (severity, kind, message, detail, set_name, given_uuid)
    VALUES (_event_store.severity, _event_store.kind, _event_store.message,
            coalesce(_event_store.detail, '{}'), nullif(_event_store.set_name, ''), gen_random_uuid())
    RETURNING e.id INTO event_id;
  END IF;
  RETURN event_id;
END
$$;
COMMENT ON FUNCTION dr._event_store(text, text, text, jsonb, text, timestamptz) IS
  'Internal: records an event, or counts the last of its kind and set where it is the same and not older than that';

CREATE FUNCTION dr.event_record(
  severity text, kind text, message text, detail jsonb DEFAULT '{}', set_name text DEFAULT NULL)
RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$ SELECT dr._event_store(severity, kind, message, detail, set_name, NULL::timestamptz) $$;
COMMENT ON FUNCTION dr.event_record(text, text, text, jsonb, text) IS
  'Records an event; returns its number. The same event again, with no other of its kind and set in between, is counted';

CREATE FUNCTION dr._check_event(severity text, kind text, message text)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM dr._check_word('severity', severity, ARRAY['info', 'warning', 'error', 'critical']);
  IF kind IS NULL OR kind !~ '^[a-z][a-z0-9_]*$' THEN
    RAISE EXCEPTION 'invalid kind of event %', coalesce('"' || kind || '"', 'NULL')
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'Lower-case letters, digits and underscores, such as backup_failed.';
  END IF;
  IF coalesce(message, '') = '' THEN
    RAISE EXCEPTION 'an event needs a message' USING ERRCODE = 'invalid_parameter_value';
  END IF;
END
$$;
COMMENT ON FUNCTION dr._check_event(text, text, text) IS 'Internal: errors unless the members of an event are valid';

CREATE FUNCTION dr.run_failed(command text, error text, set_name text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  reason text := coalesce(nullif(error, ''), 'no reason was given');
BEGIN
  -- After a run that came about, a failure is a new one.
  RETURN dr._event_store(
    'error'::text, command || '_failed',
    format('%s%s failed: %s', command, coalesce(' of set ' || nullif(set_name, ''), ''), reason),
    jsonb_build_object('run', command, 'error', reason), set_name,
    (SELECT max(b.started_at) FROM dr.backups AS b WHERE b.set_name = run_failed.set_name));
END
$$;
COMMENT ON FUNCTION dr.run_failed(text, text, text) IS
  'Records that a run of a command (backup, verify, ...) failed before or without a record of its own; returns the number of the event. dr_status() tells it until a backup of the set succeeds';

CREATE FUNCTION dr.objective_set(name text, target text)
RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  unit text;
  duration interval;
BEGIN
  PERFORM dr._check_word('objective', name, (SELECT array_agg(k.name ORDER BY k.position) FROM dr.objective_kinds AS k));
  SELECT k.unit INTO unit FROM dr.objective_kinds AS k WHERE k.name = objective_set.name;
  IF unit = 'count' AND (target !~ '^[0-9]{1,4}$' OR target::integer < 1) THEN
    RAISE EXCEPTION 'invalid target "%" for objective %', target, name
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'A whole number from 1 to 9999, or NULL to remove the objective.';
  END IF;
  IF unit = 'interval' AND target IS NOT NULL THEN
    BEGIN
      duration := target::interval;
    EXCEPTION WHEN invalid_datetime_format OR datetime_field_overflow OR interval_field_overflow THEN
      duration := NULL;
    END;
    IF duration IS NULL OR duration <= interval '0' THEN
      RAISE EXCEPTION 'invalid target "%" for objective %', target, name
        USING ERRCODE = 'invalid_parameter_value',
              HINT = 'A positive interval such as 24 hours or 35 days, or NULL to remove the objective.';
    END IF;
  END IF;
  INSERT INTO dr.objectives AS o (name, target) VALUES (objective_set.name, objective_set.target)
  ON CONFLICT ON CONSTRAINT objectives_pkey DO UPDATE
  SET target = excluded.target, set_at = excluded.set_at, set_by = excluded.set_by;
END
$$;
COMMENT ON FUNCTION dr.objective_set(text, text) IS 'Sets the target of an objective; NULL removes the objective';
