-- Backups, their copies in repositories, and restores.

CREATE TABLE dr.backups (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- A UTC start time that exists on a calendar (days per month aside) and 16 random bits: sorts by time.
  label text NOT NULL UNIQUE CONSTRAINT backups_label_format CHECK (
    label ~ '^[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]Z-[0-9a-f]{4}$'),
  set_name text NOT NULL CHECK (set_name <> ''),
  kind text NOT NULL CHECK (kind IN ('full')),
  state text NOT NULL CHECK (state IN ('running', 'complete', 'partial', 'failed', 'incomplete')),
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  recovery_point timestamptz,
  recovery_lsn pg_lsn,
  snapshot bigint,
  original_bytes bigint CHECK (original_bytes >= 0),
  stored_bytes bigint CHECK (stored_bytes >= 0),
  tool_version text,
  manifest jsonb CHECK (pg_catalog.jsonb_typeof(manifest) = 'object'),
  detail jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(detail) = 'object'),
  error text CHECK (error <> ''),
  imported boolean NOT NULL DEFAULT false,
  recorded_by name NOT NULL DEFAULT dr._recorder(),
  CONSTRAINT backups_time_order CHECK (finished_at >= started_at),
  CONSTRAINT backups_running_is_open CHECK (
    (state = 'running') = (finished_at IS NULL)
    AND (state <> 'running' OR (recovery_point IS NULL AND manifest IS NULL))),
  CONSTRAINT backups_failed_has_error CHECK ((state = 'failed') = (error IS NOT NULL)),
  CONSTRAINT backups_done_has_recovery_point CHECK (
    state NOT IN ('complete', 'partial', 'incomplete') OR (recovery_point IS NOT NULL AND manifest IS NOT NULL)),
  CONSTRAINT backups_failed_recovers_nothing CHECK (state <> 'failed' OR recovery_point IS NULL)
);
-- One writer per set: the repository's lock says so too, this is the catalog's own guard.
CREATE UNIQUE INDEX backups_one_running_per_set ON dr.backups (set_name) WHERE state = 'running';
CREATE INDEX backups_started_at_idx ON dr.backups (started_at);
CREATE INDEX backups_snapshot_idx ON dr.backups (snapshot);
COMMENT ON TABLE dr.backups IS 'Backups: one row per run, failed ones included';
COMMENT ON COLUMN dr.backups.id IS 'Number of the backup in this catalog';
COMMENT ON COLUMN dr.backups.label IS 'Name of the backup everywhere: UTC start time and four random hexadecimal digits';
COMMENT ON COLUMN dr.backups.set_name IS 'Backup set (one database with its repositories and options) in the tool''s configuration';
COMMENT ON COLUMN dr.backups.kind IS 'full: a logical dump of the whole database';
COMMENT ON COLUMN dr.backups.state IS
  'running; complete; partial (usable, but a copy or a part is missing); incomplete (its files are there, but it can never be proven in full, so it counts as no backup); failed (does not exist as a backup)';
COMMENT ON COLUMN dr.backups.started_at IS 'When the run began';
COMMENT ON COLUMN dr.backups.finished_at IS 'When the run ended, successful or not';
COMMENT ON COLUMN dr.backups.recovery_point IS 'Moment up to which this backup brings the data back';
COMMENT ON COLUMN dr.backups.recovery_lsn IS 'Write-ahead log position of the recovery point';
COMMENT ON COLUMN dr.backups.snapshot IS 'Counts and fingerprints taken in the same MVCC snapshot as the dump';
COMMENT ON COLUMN dr.backups.original_bytes IS 'Bytes before compression and encryption';
COMMENT ON COLUMN dr.backups.stored_bytes IS 'Bytes of one copy as stored';
COMMENT ON COLUMN dr.backups.tool_version IS 'Version of the pgdr tool that made it';
COMMENT ON COLUMN dr.backups.manifest IS 'The manifest as stored in the repository';
COMMENT ON COLUMN dr.backups.detail IS 'Anything else that the caller wanted to keep';
COMMENT ON COLUMN dr.backups.error IS 'Why it failed';
COMMENT ON COLUMN dr.backups.imported IS 'Whether the row was rebuilt from a manifest';
COMMENT ON COLUMN dr.backups.recorded_by IS 'Role that recorded it';

CREATE TABLE dr.copies (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  backup bigint NOT NULL,
  repository text NOT NULL CHECK (repository <> ''),
  location text NOT NULL CHECK (location <> ''),
  state text NOT NULL CHECK (state IN ('complete', 'missing', 'damaged', 'deleted')),
  stored_bytes bigint CHECK (stored_bytes >= 0),
  manifest_sha256 text CHECK (manifest_sha256 ~ '^[0-9a-f]{64}$'),
  recorded_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  checked_at timestamptz,
  error text CHECK (error <> ''),
  UNIQUE (backup, repository),
  CONSTRAINT copies_complete_has_no_error CHECK (state <> 'complete' OR error IS NULL)
);
COMMENT ON TABLE dr.copies IS 'Copies: a backup in one repository';
COMMENT ON COLUMN dr.copies.id IS 'Number of the copy in this catalog';
COMMENT ON COLUMN dr.copies.backup IS 'The backup';
COMMENT ON COLUMN dr.copies.repository IS 'Name of the repository in the tool''s configuration';
COMMENT ON COLUMN dr.copies.location IS 'Where it is inside the repository, or its full address; never a secret';
COMMENT ON COLUMN dr.copies.state IS 'complete; missing (never arrived or vanished); damaged (bytes differ); deleted (on purpose)';
COMMENT ON COLUMN dr.copies.stored_bytes IS 'Bytes in this repository';
COMMENT ON COLUMN dr.copies.manifest_sha256 IS 'SHA-256 of the manifest''s bytes, in hexadecimal';
COMMENT ON COLUMN dr.copies.recorded_at IS 'When this row was last written';
COMMENT ON COLUMN dr.copies.checked_at IS 'When every stored byte was last read again and compared';
COMMENT ON COLUMN dr.copies.error IS 'What is wrong with it';
