-- Objectives and events.

-- What can be an objective, and its target as long as nobody set one. These rows belong to the extension's version and
-- are not dumped; dr.objectives has only what somebody decided, so restoring a dump never collides with this INSERT.
CREATE TABLE dr.objective_kinds (
  name text PRIMARY KEY,
  unit text NOT NULL CHECK (unit IN ('interval', 'count')),
  default_target text,
  position integer NOT NULL UNIQUE,
  meaning text NOT NULL
);
COMMENT ON TABLE dr.objective_kinds IS 'What can be an objective; belongs to the extension''s version, do not change';
COMMENT ON COLUMN dr.objective_kinds.name IS 'Name of the objective';
COMMENT ON COLUMN dr.objective_kinds.unit IS 'interval: a duration such as 24 hours; count: a whole number';
COMMENT ON COLUMN dr.objective_kinds.default_target IS 'Target while none is set; null: not an objective unless set';
COMMENT ON COLUMN dr.objective_kinds.position IS 'Place in dr_status()';
COMMENT ON COLUMN dr.objective_kinds.meaning IS 'What is measured';

INSERT INTO dr.objective_kinds (position, name, unit, default_target, meaning) VALUES
  (1, 'rpo', 'interval', '24 hours', 'greatest age of the recovery point of the newest usable backup'),
  (2, 'copies', 'count', '1', 'least number of complete copies of the newest backup'),
  (3, 'verified_age', 'interval', '35 days', 'greatest age of the last passed verification of a restored backup'),
  (4, 'rto', 'interval', NULL, 'greatest duration of a restore, measured on the last five successful ones'),
  (5, 'snapshot_age', 'interval', NULL, 'greatest age of the newest snapshot'),
  (6, 'checked_age', 'interval', '35 days', 'greatest age of the last check of every byte of a copy');

CREATE TABLE dr.objectives (
  name text PRIMARY KEY,
  target text CHECK (target <> ''),
  set_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  set_by name NOT NULL DEFAULT dr._recorder()
);
COMMENT ON TABLE dr.objectives IS 'Objectives somebody set or removed; the others have the default of dr.objective_kinds';
COMMENT ON COLUMN dr.objectives.name IS 'Name of the objective';
COMMENT ON COLUMN dr.objectives.target IS 'Target; null: removed, not evaluated';
COMMENT ON COLUMN dr.objectives.set_at IS 'When it was set';
COMMENT ON COLUMN dr.objectives.set_by IS 'Role that set it';

CREATE TABLE dr.events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  severity text NOT NULL CHECK (severity IN ('info', 'warning', 'error', 'critical')),
  kind text NOT NULL CHECK (kind ~ '^[a-z][a-z0-9_]*$'),
  message text NOT NULL CHECK (message <> ''),
  detail jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(detail) = 'object'),
  set_name text CHECK (set_name <> ''),
  recorded_by name NOT NULL DEFAULT dr._recorder(),
  given_uuid uuid,
  uuid uuid NOT NULL GENERATED ALWAYS AS (coalesce(given_uuid, dr._derived_uuid(at, 'event', severity, kind, message, detail::text, set_name))) STORED,
  times integer NOT NULL DEFAULT 1 CHECK (times > 0),
  last_at timestamptz
);
CREATE INDEX events_uuid_idx ON dr.events (uuid);
CREATE INDEX events_kind_idx ON dr.events (kind, id);
CREATE INDEX events_at_idx ON dr.events (at);
COMMENT ON TABLE dr.events IS 'What happened: failures, abandoned runs, lost copies, and what the tool reports';
COMMENT ON COLUMN dr.events.id IS 'Number of the event';
COMMENT ON COLUMN dr.events.at IS 'When it was recorded';
COMMENT ON COLUMN dr.events.severity IS 'info, warning, error, critical';
COMMENT ON COLUMN dr.events.kind IS 'What kind of event, in lower case with underscores';
COMMENT ON COLUMN dr.events.message IS 'One sentence for a person';
COMMENT ON COLUMN dr.events.detail IS 'Facts for a program; never a secret';
COMMENT ON COLUMN dr.events.set_name IS 'Backup set it is about';
COMMENT ON COLUMN dr.events.recorded_by IS 'Role that recorded it';
COMMENT ON COLUMN dr.events.given_uuid IS 'Identity given when it was recorded; null in rows of 0.1.0';
COMMENT ON COLUMN dr.events.uuid IS 'Identity in every catalog: as given, or else derived from the content';
COMMENT ON COLUMN dr.events.times IS 'How often it was reported without anything else of its kind and set in between';
COMMENT ON COLUMN dr.events.last_at IS 'When it was last reported again';
