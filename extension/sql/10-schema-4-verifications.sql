-- Verifications and restores. What was proven about a backup must not vanish with a careless DELETE; snapshots expire, and references to
-- them from here become null (58-guards.sql).

CREATE TABLE dr.verifications (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target text NOT NULL CHECK (target <> ''),
  server text CHECK (server <> ''),
  baseline text NOT NULL CHECK (baseline IN ('snapshot', 'backup', 'document', 'live')),
  backup bigint,
  snapshot bigint,
  restored boolean NOT NULL DEFAULT false,
  content boolean,
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL,
  passed boolean NOT NULL,
  problems integer NOT NULL CHECK (problems >= 0),
  warnings integer NOT NULL CHECK (warnings >= 0),
  infos integer NOT NULL CHECK (infos >= 0),
  omitted integer NOT NULL DEFAULT 0 CHECK (omitted >= 0),
  verdict text NOT NULL CHECK (verdict <> ''),
  options jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(options) = 'object'),
  triggered_by text,
  recorded_by name NOT NULL DEFAULT dr._recorder(),
  given_uuid uuid,
  uuid uuid NOT NULL GENERATED ALWAYS AS (coalesce(given_uuid, dr._derived_uuid(started_at, 'verification', target, server, baseline, passed::text, problems::text, warnings::text, infos::text, verdict))) STORED,
  CONSTRAINT verifications_time_order CHECK (finished_at >= started_at),
  CONSTRAINT verifications_passed_means_no_problem CHECK (passed = (problems = 0)),
  CONSTRAINT verifications_backup_known CHECK (baseline <> 'backup' OR backup IS NOT NULL),
  CONSTRAINT verifications_restored_from_backup CHECK (NOT restored OR backup IS NOT NULL)
);
CREATE INDEX verifications_uuid_idx ON dr.verifications (uuid);
CREATE INDEX verifications_backup_idx ON dr.verifications (backup, finished_at);
CREATE INDEX verifications_snapshot_idx ON dr.verifications (snapshot);
CREATE INDEX verifications_finished_at_idx ON dr.verifications (finished_at);
COMMENT ON TABLE dr.verifications IS 'Verifications: a database compared with a baseline';
COMMENT ON COLUMN dr.verifications.id IS 'Number of the verification in this catalog';
COMMENT ON COLUMN dr.verifications.target IS 'Name of the verified database';
COMMENT ON COLUMN dr.verifications.server IS 'Where it is, if not on the server of this catalog; never a secret';
COMMENT ON COLUMN dr.verifications.baseline IS
  'Compared with: snapshot (of this catalog), backup (its snapshot), document (given by the caller), live (this database then)';
COMMENT ON COLUMN dr.verifications.backup IS 'The backup whose snapshot was the baseline';
COMMENT ON COLUMN dr.verifications.snapshot IS 'The baseline, while this catalog still has it';
COMMENT ON COLUMN dr.verifications.restored IS 'Whether the target is known to have been restored from that backup';
COMMENT ON COLUMN dr.verifications.content IS 'Whether content was compared, not only counts; null where the recorder did not say';
COMMENT ON COLUMN dr.verifications.started_at IS 'When it began';
COMMENT ON COLUMN dr.verifications.finished_at IS 'When it ended';
COMMENT ON COLUMN dr.verifications.passed IS 'Whether no problem was found';
COMMENT ON COLUMN dr.verifications.problems IS 'Number of findings missing, extra or mismatch';
COMMENT ON COLUMN dr.verifications.warnings IS 'Number of warnings';
COMMENT ON COLUMN dr.verifications.infos IS 'Number of findings that only inform';
COMMENT ON COLUMN dr.verifications.omitted IS 'Number of findings that were not stored because there were too many';
COMMENT ON COLUMN dr.verifications.verdict IS 'The verdict in one sentence';
COMMENT ON COLUMN dr.verifications.options IS 'Options of the comparison';
COMMENT ON COLUMN dr.verifications.triggered_by IS 'Who or what asked for it';
COMMENT ON COLUMN dr.verifications.recorded_by IS 'Role that recorded it';
COMMENT ON COLUMN dr.verifications.given_uuid IS 'Identity given when it was recorded; null in rows of 0.1.0';
COMMENT ON COLUMN dr.verifications.uuid IS 'Identity in every catalog: as given, or else derived from the content';

CREATE TABLE dr.verification_findings (
  verification bigint NOT NULL,
  position integer NOT NULL CHECK (position > 0),
  status text NOT NULL CHECK (status IN ('missing', 'extra', 'mismatch', 'warning', 'info')),
  object_type text NOT NULL,
  object text NOT NULL,
  check_name text NOT NULL,
  expected text,
  actual text,
  detail text,
  PRIMARY KEY (verification, position)
);
COMMENT ON TABLE dr.verification_findings IS 'Findings of a verification, problems first; the verdict is in dr.verifications';
COMMENT ON COLUMN dr.verification_findings.verification IS 'The verification';
COMMENT ON COLUMN dr.verification_findings.position IS 'Place in the list';
COMMENT ON COLUMN dr.verification_findings.status IS 'missing, extra, mismatch: problems; warning and info never fail a verification';
COMMENT ON COLUMN dr.verification_findings.object_type IS 'Kind of the object';
COMMENT ON COLUMN dr.verification_findings.object IS 'Qualified name of the object';
COMMENT ON COLUMN dr.verification_findings.check_name IS 'What was compared';
COMMENT ON COLUMN dr.verification_findings.expected IS 'What the baseline has';
COMMENT ON COLUMN dr.verification_findings.actual IS 'What the target has';
COMMENT ON COLUMN dr.verification_findings.detail IS 'The difference in words';

CREATE TABLE dr.restores (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  backup bigint NOT NULL,
  target text NOT NULL CHECK (target <> ''),
  server text CHECK (server <> ''),
  state text NOT NULL CHECK (state IN ('running', 'complete', 'complete_with_errors', 'failed', 'interrupted')),
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  verification bigint,
  options jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(options) = 'object'),
  error text CHECK (error <> ''),
  recorded_by name NOT NULL DEFAULT dr._recorder(),
  given_uuid uuid,
  uuid uuid NOT NULL GENERATED ALWAYS AS (coalesce(given_uuid, dr._derived_uuid(started_at, 'restore', target, server, options::text))) STORED,
  CONSTRAINT restores_time_order CHECK (finished_at >= started_at),
  CONSTRAINT restores_running_is_open CHECK ((state = 'running') = (finished_at IS NULL)),
  CONSTRAINT restores_complete_has_no_error CHECK (state NOT IN ('running', 'complete') OR error IS NULL),
  CONSTRAINT restores_failed_has_error CHECK (state NOT IN ('failed', 'complete_with_errors') OR error IS NOT NULL)
);
CREATE INDEX restores_uuid_idx ON dr.restores (uuid);
CREATE INDEX restores_backup_idx ON dr.restores (backup);
CREATE INDEX restores_verification_idx ON dr.restores (verification);
CREATE INDEX restores_started_at_idx ON dr.restores (started_at);
COMMENT ON TABLE dr.restores IS 'Restores: a backup brought back into a database';
COMMENT ON COLUMN dr.restores.id IS 'Number of the restore in this catalog';
COMMENT ON COLUMN dr.restores.backup IS 'The backup';
COMMENT ON COLUMN dr.restores.target IS 'Name of the database it went to';
COMMENT ON COLUMN dr.restores.server IS 'Where that is, if not on the server of this catalog; never a secret';
COMMENT ON COLUMN dr.restores.state IS 'running, complete, complete_with_errors (pg_restore went on after errors), failed, interrupted';
COMMENT ON COLUMN dr.restores.started_at IS 'When it began';
COMMENT ON COLUMN dr.restores.finished_at IS 'When it ended, successful or not';
COMMENT ON COLUMN dr.restores.verification IS 'The verification of its result';
COMMENT ON COLUMN dr.restores.options IS 'Options of the restore';
COMMENT ON COLUMN dr.restores.error IS 'What went wrong';
COMMENT ON COLUMN dr.restores.recorded_by IS 'Role that recorded it';
COMMENT ON COLUMN dr.restores.given_uuid IS 'Identity given when it was recorded; null in rows of 0.1.0';
COMMENT ON COLUMN dr.restores.uuid IS 'Identity in every catalog: as given, or else derived from the content';
