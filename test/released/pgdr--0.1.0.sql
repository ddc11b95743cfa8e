\echo Use "CREATE EXTENSION pgdr" to load this file. \quit
-- Whoever may create operators in the schema of the extension must not have them called here: an unqualified one with a
-- better match would win. Every object below is created under its schema's name.
SET LOCAL search_path = pg_catalog, pg_temp;
-- The catalog. It travels with a dump of the database it lives in (10-schema-9-dump.sql) and can be rebuilt from the
-- manifests of a repository, so it holds nothing that exists nowhere else except verifications and events.
CREATE SCHEMA dr;
COMMENT ON SCHEMA dr IS 'pgdr: catalog of backups, copies, snapshots, restores and verifications, and internal functions';
REVOKE ALL ON SCHEMA dr FROM PUBLIC;

CREATE TYPE dr.finding AS (
  status text,
  object_type text,
  object text,
  check_name text,
  expected text,
  actual text,
  detail text
);
COMMENT ON TYPE dr.finding IS 'One line of a verification: what was compared and what came out';
COMMENT ON COLUMN dr.finding.status IS
  'missing, extra, mismatch (problems), warning, info; the last line of a verification is passed or failed';
COMMENT ON COLUMN dr.finding.object_type IS 'Kind of the object: database, table, sequence, index, function, ...';
COMMENT ON COLUMN dr.finding.object IS 'Qualified name of the object';
COMMENT ON COLUMN dr.finding.check_name IS 'What was compared: rows, content, existence, value, definition facet, ...';
COMMENT ON COLUMN dr.finding.expected IS 'What the baseline has, shortened around the first difference';
COMMENT ON COLUMN dr.finding.actual IS 'What the verified database has, shortened around the first difference';
COMMENT ON COLUMN dr.finding.detail IS 'The difference in words';
-- Snapshots: counts, and optionally fingerprints and schema records, of one database at one MVCC snapshot.
-- Texts that repeat from snapshot to snapshot (definitions, key buckets) are stored once, under their SHA-256.

CREATE TABLE dr.snapshots (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  uuid uuid NOT NULL UNIQUE,
  label text CHECK (label <> ''),
  database text NOT NULL,
  content boolean NOT NULL,
  digest text CHECK (digest <> ''),
  taken_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  header jsonb NOT NULL,
  CONSTRAINT snapshots_header_is_document CHECK (
    header ->> 'format' = 'pgdr-snapshot' AND header ? 'version'
    AND NOT header ?| ARRAY['relations', 'sequences', 'objects'])
);
CREATE INDEX snapshots_taken_at_idx ON dr.snapshots (taken_at);
COMMENT ON TABLE dr.snapshots IS 'Counts, and optionally content, of one database at one moment';
COMMENT ON COLUMN dr.snapshots.id IS 'Number of the snapshot in this catalog';
COMMENT ON COLUMN dr.snapshots.uuid IS 'Identity of the snapshot document everywhere, kept on import';
COMMENT ON COLUMN dr.snapshots.label IS 'Free text given by whoever took it';
COMMENT ON COLUMN dr.snapshots.database IS 'Name of the database at that moment';
COMMENT ON COLUMN dr.snapshots.content IS 'Whether fingerprints and schema records were taken, not only counts';
COMMENT ON COLUMN dr.snapshots.digest IS 'Algorithm and format version of the fingerprints';
COMMENT ON COLUMN dr.snapshots.taken_at IS 'Moment of the MVCC snapshot';
COMMENT ON COLUMN dr.snapshots.recorded_at IS 'When this row was written';
COMMENT ON COLUMN dr.snapshots.header IS 'The document without its relations, sequences and objects';

-- Not unique by sha256 on purpose. A backup stores its snapshot in a REPEATABLE READ transaction, where a row that
-- somebody else committed meanwhile can neither be seen nor be inserted again under a unique key. Two rows with the same
-- text cost a little room; a backup that fails because an hourly snapshot ran at the same moment would cost a backup.
CREATE TABLE dr.definitions (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  sha256 bytea NOT NULL CHECK (pg_catalog.octet_length(sha256) = 32),
  definition text NOT NULL
);
CREATE INDEX definitions_sha256_idx ON dr.definitions (sha256);
COMMENT ON TABLE dr.definitions IS 'Texts of snapshots, shared by all snapshots in which they are the same';
COMMENT ON COLUMN dr.definitions.id IS 'Number of the text in this catalog';
COMMENT ON COLUMN dr.definitions.sha256 IS 'SHA-256 of the text in UTF-8';
COMMENT ON COLUMN dr.definitions.definition IS 'The text: a canonical definition of an object, or a relation''s key buckets';

CREATE TABLE dr.snapshot_relations (
  snapshot bigint NOT NULL REFERENCES dr.snapshots ON DELETE CASCADE,
  position integer NOT NULL CHECK (position > 0),
  schema text NOT NULL CHECK (schema <> ''),
  name text NOT NULL CHECK (name <> ''),
  kind text NOT NULL CHECK (kind IN ('r', 'p', 'm', 'f')),
  persistence text NOT NULL CHECK (persistence IN ('p', 'u')),
  rows bigint CHECK (rows >= 0),
  digest text CHECK (digest <> ''),
  generated text CHECK (generated <> ''),
  size bigint CHECK (size >= 0),
  key jsonb CHECK (pg_catalog.jsonb_typeof(key) = 'array'),
  bucket_bits integer CHECK (bucket_bits BETWEEN 0 AND 24),
  buckets bigint REFERENCES dr.definitions ON DELETE RESTRICT,
  state text NOT NULL CHECK (state IN ('exact', 'skipped', 'failed')),
  note text,
  extra jsonb,
  PRIMARY KEY (snapshot, position),
  UNIQUE (snapshot, schema, name),
  CONSTRAINT snapshot_relations_exact_has_rows CHECK (state <> 'exact' OR rows IS NOT NULL),
  CONSTRAINT snapshot_relations_digest_has_rows CHECK (digest IS NULL OR rows IS NOT NULL)
);
CREATE INDEX snapshot_relations_buckets_idx ON dr.snapshot_relations (buckets);
COMMENT ON TABLE dr.snapshot_relations IS 'Tables, partitioned tables, materialized views and foreign tables of a snapshot';
COMMENT ON COLUMN dr.snapshot_relations.snapshot IS 'The snapshot it belongs to';
COMMENT ON COLUMN dr.snapshot_relations.position IS 'Place in the document';
COMMENT ON COLUMN dr.snapshot_relations.schema IS 'Schema of the relation';
COMMENT ON COLUMN dr.snapshot_relations.name IS 'Name of the relation';
COMMENT ON COLUMN dr.snapshot_relations.kind IS 'r table, p partitioned table, m materialized view, f foreign table';
COMMENT ON COLUMN dr.snapshot_relations.persistence IS 'p permanent, u unlogged';
COMMENT ON COLUMN dr.snapshot_relations.rows IS 'Exact number of rows; null where they were not counted';
COMMENT ON COLUMN dr.snapshot_relations.digest IS 'Fingerprint of the rows without stored generated columns';
COMMENT ON COLUMN dr.snapshot_relations.generated IS 'Fingerprint of the stored generated columns';
COMMENT ON COLUMN dr.snapshot_relations.size IS 'Size on disk in bytes, TOAST included, indexes not';
COMMENT ON COLUMN dr.snapshot_relations.key IS 'Columns of the key that the buckets go by; null: the whole row';
COMMENT ON COLUMN dr.snapshot_relations.bucket_bits IS 'There are 2^bucket_bits key buckets';
COMMENT ON COLUMN dr.snapshot_relations.buckets IS 'Digests of the key buckets, in dr.definitions as base64';
COMMENT ON COLUMN dr.snapshot_relations.state IS 'exact: counted row by row; skipped: on purpose; failed: could not be read';
COMMENT ON COLUMN dr.snapshot_relations.note IS 'Why it was skipped or failed';
COMMENT ON COLUMN dr.snapshot_relations.extra IS 'Members of the document that this version of the catalog has no column for';

CREATE TABLE dr.snapshot_sequences (
  snapshot bigint NOT NULL REFERENCES dr.snapshots ON DELETE CASCADE,
  position integer NOT NULL CHECK (position > 0),
  schema text NOT NULL CHECK (schema <> ''),
  name text NOT NULL CHECK (name <> ''),
  last_value bigint,
  is_called boolean,
  increment bigint CHECK (increment <> 0),
  extra jsonb,
  PRIMARY KEY (snapshot, position),
  UNIQUE (snapshot, schema, name)
);
COMMENT ON TABLE dr.snapshot_sequences IS 'Sequences of a snapshot';
COMMENT ON COLUMN dr.snapshot_sequences.snapshot IS 'The snapshot it belongs to';
COMMENT ON COLUMN dr.snapshot_sequences.position IS 'Place in the document';
COMMENT ON COLUMN dr.snapshot_sequences.schema IS 'Schema of the sequence';
COMMENT ON COLUMN dr.snapshot_sequences.name IS 'Name of the sequence';
COMMENT ON COLUMN dr.snapshot_sequences.last_value IS 'Last value written to disk; null where it could not be read';
COMMENT ON COLUMN dr.snapshot_sequences.is_called IS 'Whether last_value was handed out already';
COMMENT ON COLUMN dr.snapshot_sequences.increment IS 'Increment: its sign says which direction is ahead';
COMMENT ON COLUMN dr.snapshot_sequences.extra IS 'Members of the document that this version of the catalog has no column for';

CREATE TABLE dr.snapshot_objects (
  snapshot bigint NOT NULL REFERENCES dr.snapshots ON DELETE CASCADE,
  position integer NOT NULL CHECK (position > 0),
  kind text NOT NULL CHECK (kind <> ''),
  identity text NOT NULL CHECK (identity <> ''),
  facet text NOT NULL,
  class text NOT NULL CHECK (class IN ('strict', 'policy', 'warning')),
  definition bigint REFERENCES dr.definitions ON DELETE RESTRICT,
  extra jsonb,
  PRIMARY KEY (snapshot, position),
  UNIQUE (snapshot, kind, identity, facet)
);
CREATE INDEX snapshot_objects_definition_idx ON dr.snapshot_objects (definition);
COMMENT ON TABLE dr.snapshot_objects IS 'Schema records of a snapshot: one per object and facet';
COMMENT ON COLUMN dr.snapshot_objects.snapshot IS 'The snapshot it belongs to';
COMMENT ON COLUMN dr.snapshot_objects.position IS 'Place in the document';
COMMENT ON COLUMN dr.snapshot_objects.kind IS 'Kind of the object';
COMMENT ON COLUMN dr.snapshot_objects.identity IS 'Qualified name of the object; no OID, no attribute number';
COMMENT ON COLUMN dr.snapshot_objects.facet IS 'Which part of the object the record describes';
COMMENT ON COLUMN dr.snapshot_objects.class IS
  'strict: a difference is a problem; policy: a problem unless owners or privileges were left out; warning: reported only';
COMMENT ON COLUMN dr.snapshot_objects.definition IS 'Canonical text of the facet, in dr.definitions';
COMMENT ON COLUMN dr.snapshot_objects.extra IS 'Members of the document that this version of the catalog has no column for';
-- Backups, their copies in repositories, and restores.

CREATE TABLE dr.backups (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- A UTC start time that exists on a calendar (days per month aside) and 16 random bits: sorts by time.
  label text NOT NULL UNIQUE CONSTRAINT backups_label_format CHECK (
    label ~ '^[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]Z-[0-9a-f]{4}$'),
  set_name text NOT NULL CHECK (set_name <> ''),
  kind text NOT NULL CHECK (kind IN ('full')),
  state text NOT NULL CHECK (state IN ('running', 'complete', 'partial', 'failed')),
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  recovery_point timestamptz,
  recovery_lsn pg_lsn,
  snapshot bigint REFERENCES dr.snapshots ON DELETE RESTRICT,
  original_bytes bigint CHECK (original_bytes >= 0),
  stored_bytes bigint CHECK (stored_bytes >= 0),
  tool_version text,
  manifest jsonb CHECK (pg_catalog.jsonb_typeof(manifest) = 'object'),
  detail jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(detail) = 'object'),
  error text CHECK (error <> ''),
  imported boolean NOT NULL DEFAULT false,
  recorded_by name NOT NULL DEFAULT current_user,
  CONSTRAINT backups_time_order CHECK (finished_at >= started_at),
  CONSTRAINT backups_running_is_open CHECK (
    (state = 'running') = (finished_at IS NULL)
    AND (state <> 'running' OR (recovery_point IS NULL AND manifest IS NULL))),
  CONSTRAINT backups_failed_has_error CHECK ((state = 'failed') = (error IS NOT NULL)),
  CONSTRAINT backups_done_has_recovery_point CHECK (
    state NOT IN ('complete', 'partial') OR (recovery_point IS NOT NULL AND manifest IS NOT NULL)),
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
  'running; complete; partial (usable, but a copy or a part is missing); failed (does not exist as a backup)';
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
  backup bigint NOT NULL REFERENCES dr.backups ON DELETE CASCADE,
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
-- Verifications and restores. They refer to backups with RESTRICT: what was proven about a backup must not vanish
-- with a careless DELETE. Snapshots expire, so references to them from here become null.

CREATE TABLE dr.verifications (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  target text NOT NULL CHECK (target <> ''),
  server text CHECK (server <> ''),
  baseline text NOT NULL CHECK (baseline IN ('snapshot', 'backup', 'document', 'live')),
  backup bigint REFERENCES dr.backups ON DELETE RESTRICT,
  snapshot bigint REFERENCES dr.snapshots ON DELETE SET NULL,
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
  recorded_by name NOT NULL DEFAULT current_user,
  CONSTRAINT verifications_time_order CHECK (finished_at >= started_at),
  CONSTRAINT verifications_passed_means_no_problem CHECK (passed = (problems = 0)),
  CONSTRAINT verifications_backup_known CHECK (baseline <> 'backup' OR backup IS NOT NULL),
  CONSTRAINT verifications_restored_from_backup CHECK (NOT restored OR backup IS NOT NULL)
);
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

CREATE TABLE dr.verification_findings (
  verification bigint NOT NULL REFERENCES dr.verifications ON DELETE CASCADE,
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
  backup bigint NOT NULL REFERENCES dr.backups ON DELETE RESTRICT,
  target text NOT NULL CHECK (target <> ''),
  server text CHECK (server <> ''),
  state text NOT NULL CHECK (state IN ('running', 'complete', 'complete_with_errors', 'failed', 'interrupted')),
  started_at timestamptz NOT NULL,
  finished_at timestamptz,
  verification bigint REFERENCES dr.verifications ON DELETE SET NULL,
  options jsonb NOT NULL DEFAULT '{}' CHECK (pg_catalog.jsonb_typeof(options) = 'object'),
  error text CHECK (error <> ''),
  recorded_by name NOT NULL DEFAULT current_user,
  CONSTRAINT restores_time_order CHECK (finished_at >= started_at),
  CONSTRAINT restores_running_is_open CHECK ((state = 'running') = (finished_at IS NULL)),
  CONSTRAINT restores_complete_has_no_error CHECK (state NOT IN ('running', 'complete') OR error IS NULL),
  CONSTRAINT restores_failed_has_error CHECK (state NOT IN ('failed', 'complete_with_errors') OR error IS NOT NULL)
);
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
  (5, 'snapshot_age', 'interval', NULL, 'greatest age of the newest snapshot');

CREATE TABLE dr.objectives (
  name text PRIMARY KEY REFERENCES dr.objective_kinds ON DELETE RESTRICT,
  target text CHECK (target <> ''),
  set_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  set_by name NOT NULL DEFAULT current_user
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
  recorded_by name NOT NULL DEFAULT current_user
);
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
-- The history travels with a dump of its database: rows and the identity sequences behind them.
-- dr.objective_kinds does not: its rows come with the extension.
DO $$
DECLARE
  relation oid;
BEGIN
  FOR relation IN
    SELECT c.oid FROM pg_catalog.pg_class AS c
    WHERE c.relnamespace = 'dr'::pg_catalog.regnamespace AND c.relkind IN ('r', 'S')
      AND c.relname <> 'objective_kinds'
    ORDER BY c.oid
  LOOP
    PERFORM pg_catalog.pg_extension_config_dump(relation, '');
  END LOOP;
END
$$;
-- The engine: counts and fingerprints.

CREATE FUNCTION @extschema@.dr_table_fingerprint(relation regclass, OUT rows bigint, OUT digest text)
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'dr_table_fingerprint';
COMMENT ON FUNCTION @extschema@.dr_table_fingerprint(regclass) IS
    'exact number of rows and content digest of a table, partitioned table or materialized view';

CREATE FUNCTION @extschema@.dr_table_fingerprint(relation regclass, key bytea, OUT rows bigint, OUT digest text)
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'dr_table_fingerprint';
COMMENT ON FUNCTION @extschema@.dr_table_fingerprint(regclass, bytea) IS
    'the same with a keyed digest, which nobody without the key can forge';

CREATE FUNCTION @extschema@.dr_table_count(relation regclass) RETURNS bigint
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'dr_table_count';
COMMENT ON FUNCTION @extschema@.dr_table_count(regclass) IS
    'exact number of rows of a table, partitioned table or materialized view';

CREATE FUNCTION dr._fingerprint_accum(internal, record) RETURNS internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_fingerprint_accum';
CREATE FUNCTION dr._fingerprint_combine(internal, internal) RETURNS internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_fingerprint_combine';
CREATE FUNCTION dr._fingerprint_serial(internal) RETURNS bytea
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_fingerprint_serial';
CREATE FUNCTION dr._fingerprint_deserial(bytea, internal) RETURNS internal
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_fingerprint_deserial';
CREATE FUNCTION dr._fingerprint_final(internal) RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_fingerprint_final';

CREATE AGGREGATE @extschema@.dr_fingerprint(record) (
    SFUNC = dr._fingerprint_accum,
    STYPE = internal,
    SSPACE = 64,
    COMBINEFUNC = dr._fingerprint_combine,
    SERIALFUNC = dr._fingerprint_serial,
    DESERIALFUNC = dr._fingerprint_deserial,
    FINALFUNC = dr._fingerprint_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.dr_fingerprint(record) IS
    'content digest of a set of rows, the same as dr_table_fingerprint gives for a table';

CREATE FUNCTION dr._fingerprint_accum(internal, record, bytea) RETURNS internal
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_fingerprint_accum';
CREATE FUNCTION dr._fingerprint_keyed_final(internal) RETURNS text
    LANGUAGE c IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_fingerprint_keyed_final';

CREATE AGGREGATE @extschema@.dr_fingerprint(record, key bytea) (
    SFUNC = dr._fingerprint_accum,
    STYPE = internal,
    SSPACE = 64,
    COMBINEFUNC = dr._fingerprint_combine,
    SERIALFUNC = dr._fingerprint_serial,
    DESERIALFUNC = dr._fingerprint_deserial,
    FINALFUNC = dr._fingerprint_keyed_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE @extschema@.dr_fingerprint(record, bytea) IS
    'keyed content digest of a set of rows; the key is the same for all rows';

CREATE FUNCTION dr._canonical(record) RETURNS bytea
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_canonical';
COMMENT ON FUNCTION dr._canonical(record) IS
    'canonical bytes of a row, which its fingerprint is the hash of';

CREATE FUNCTION dr._table_buckets(relation regclass, dump_condition text DEFAULT NULL, key bytea DEFAULT NULL,
                                  OUT rows bigint, OUT digest text, OUT generated text,
                                  OUT bucket_bits integer, OUT buckets text)
    LANGUAGE c STABLE PARALLEL RESTRICTED
    AS 'MODULE_PATHNAME', 'dr_table_buckets';
COMMENT ON FUNCTION dr._table_buckets(regclass, text, bytea) IS
    'fingerprint of one table with the digest of its stored generated columns and its key buckets';

CREATE FUNCTION dr._algorithm() RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_algorithm';
COMMENT ON FUNCTION dr._algorithm() IS
    'version and algorithm that this library computes digests with; calling it loads the library, and with it the setting pgdr.origin';

CREATE FUNCTION dr._key_check(key bytea) RETURNS text
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_key_check';
COMMENT ON FUNCTION dr._key_check(bytea) IS
    'what a document with keyed digests says about its key: tells one key from another and nothing else';

CREATE FUNCTION dr._seal_bytes(data bytea, key bytea) RETURNS text
    LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_seal_bytes';
COMMENT ON FUNCTION dr._seal_bytes(bytea, bytea) IS
    'HMAC-SHA-256 under the key derived for seals';

CREATE FUNCTION dr._digest_equal(a text, b text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_digest_equal';
COMMENT ON FUNCTION dr._digest_equal(text, text) IS
    'whether two digests are equal; an error where they cannot be compared';

CREATE FUNCTION dr._digest_add(a text, b text) RETURNS text
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_digest_add';
COMMENT ON FUNCTION dr._digest_add(text, text) IS
    'digest of two sets of rows together';

CREATE AGGREGATE dr._digest_sum(text) (SFUNC = dr._digest_add, STYPE = text, PARALLEL = SAFE);
COMMENT ON AGGREGATE dr._digest_sum(text) IS
    'digest of many sets of rows together; NULL without any';

CREATE FUNCTION dr._bucket_differences(a text, a_bits integer, b text, b_bits integer,
                                       OUT bucket integer, OUT buckets integer,
                                       OUT a_rows bigint, OUT b_rows bigint)
    RETURNS SETOF record
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'dr_bucket_differences';
COMMENT ON FUNCTION dr._bucket_differences(text, integer, text, integer) IS
    'key buckets that differ between two tables, with the number of rows on each side';

-- The snapshot document of a database (doc/snapshot-document.md); dr_snapshot_counts and dr_verify_against are built on them.

CREATE FUNCTION dr._collect(content boolean, schema boolean) RETURNS jsonb
    LANGUAGE c STRICT VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'dr_collect';
COMMENT ON FUNCTION dr._collect(boolean, boolean) IS
    'snapshot document of this database under the calling statement''s snapshot: row counts; with content, fingerprints; with schema, schema records';
REVOKE ALL ON FUNCTION dr._collect(boolean, boolean) FROM PUBLIC;

CREATE FUNCTION dr._collect_sequences() RETURNS jsonb
    LANGUAGE c STRICT VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'dr_collect_sequences';
COMMENT ON FUNCTION dr._collect_sequences() IS
    'an object with the snapshot document''s "sequences" alone, as they are now: no snapshot applies to a sequence';

CREATE FUNCTION dr._collect_from(target text, content boolean, schema boolean) RETURNS jsonb
    LANGUAGE c STRICT VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'dr_collect_from';
COMMENT ON FUNCTION dr._collect_from(text, boolean, boolean) IS
    'the same document of another database of this cluster, read by a background worker as the calling role';
REVOKE ALL ON FUNCTION dr._collect_from(text, boolean, boolean) FROM PUBLIC;

-- Both with keyed fingerprints; a null key is none.
CREATE FUNCTION dr._collect(content boolean, schema boolean, key bytea) RETURNS jsonb
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'dr_collect';
COMMENT ON FUNCTION dr._collect(boolean, boolean, bytea) IS
    'snapshot document of this database with keyed fingerprints';
REVOKE ALL ON FUNCTION dr._collect(boolean, boolean, bytea) FROM PUBLIC;

CREATE FUNCTION dr._collect_from(target text, content boolean, schema boolean, key bytea) RETURNS jsonb
    LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'dr_collect_from';
COMMENT ON FUNCTION dr._collect_from(text, boolean, boolean, bytea) IS
    'snapshot document of another database of this cluster with keyed fingerprints';
REVOKE ALL ON FUNCTION dr._collect_from(text, boolean, boolean, bytea) FROM PUBLIC;
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
-- The snapshot document <-> the catalog. jsonb in, tables inside, the same jsonb out.

-- Errors unless the argument is a snapshot document of a version this extension understands.
CREATE FUNCTION dr._check_document(document jsonb, what text)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  part text;
BEGIN
  IF document IS NULL OR jsonb_typeof(document) <> 'object'
     OR document ->> 'format' IS DISTINCT FROM 'pgdr-snapshot' THEN
    RAISE EXCEPTION '% is not a snapshot document', what
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'A snapshot document is what dr_snapshot_document() returns and what a backup carries as snapshot.json.';
  END IF;
  IF document ->> 'version' IS DISTINCT FROM '1' THEN
    RAISE EXCEPTION '% is a snapshot document of version %, this extension reads version 1',
        what, coalesce(document ->> 'version', 'unknown')
      USING ERRCODE = 'feature_not_supported',
            HINT = 'Use the version of pgdr that wrote it, or a newer one.';
  END IF;
  FOREACH part IN ARRAY ARRAY['relations', 'sequences', 'objects'] LOOP
    IF jsonb_typeof(document -> part) IS DISTINCT FROM 'array' THEN
      RAISE EXCEPTION '% is damaged: it has no list of %', what, part
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
  END LOOP;
  IF document ->> 'uuid' IS NULL OR document ->> 'taken_at' IS NULL OR document #>> '{database,name}' IS NULL
     OR jsonb_typeof(document -> 'content') IS DISTINCT FROM 'boolean' THEN
    RAISE EXCEPTION '% is damaged: it lacks uuid, taken_at, content or the name of its database', what
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
END
$$;
COMMENT ON FUNCTION dr._check_document(jsonb, text) IS 'Internal: errors unless the argument is a readable snapshot document';

-- What is sealed: everything but the seal, and the label, which the catalog may not have.
CREATE FUNCTION dr._seal(document jsonb, key bytea)
RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT dr._seal_bytes(convert_to((document - ARRAY['seal', 'label'])::text, 'UTF8'), key) $$;
COMMENT ON FUNCTION dr._seal(jsonb, bytea) IS 'Internal: the seal of a snapshot document under a key';

-- Errors unless the document can be compared with this key, or without one.
CREATE FUNCTION dr._check_key(document jsonb, key bytea, what text)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF NOT document ? 'key_check' THEN
    IF key IS NOT NULL THEN
      RAISE EXCEPTION '% carries no keyed fingerprints', what
        USING ERRCODE = 'feature_not_supported',
              HINT = 'Leave the key out to compare unkeyed: that detects damage, but no forgery.';
    END IF;
    RETURN;
  END IF;
  IF key IS NULL THEN
    RAISE EXCEPTION '% carries keyed fingerprints: they cannot be compared without their key', what
      USING ERRCODE = 'feature_not_supported',
            DETAIL = format('The check value of the key is %s.', document ->> 'key_check'),
            HINT = 'Pass the key as the last argument, or to the tool as key_file in [fingerprint].';
  END IF;
  IF document ->> 'key_check' <> dr._key_check(key) THEN
    RAISE EXCEPTION 'this is not the fingerprint key of %', what
      USING ERRCODE = 'invalid_parameter_value',
            DETAIL = format('The check value of its key is %s, that of this key %s.',
                            document ->> 'key_check', dr._key_check(key));
  END IF;
  IF document ->> 'seal' IS DISTINCT FROM dr._seal(document, key) THEN
    RAISE EXCEPTION '% was altered after it was taken', what
      USING ERRCODE = 'data_exception',
            DETAIL = 'Its seal, which only the fingerprint key can make, does not fit its content.',
            HINT = 'Use the document from a repository, and find out who changed this one.';
  END IF;
END
$$;
COMMENT ON FUNCTION dr._check_key(jsonb, bytea, text) IS
  'Internal: errors unless a snapshot document is keyed and sealed with the key, or neither keyed nor a key given';

-- Texts that are not stored yet, or all of them if fresh.
CREATE FUNCTION dr._snapshot_store_texts(document jsonb, fresh boolean)
RETURNS void
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
  INSERT INTO dr.definitions (sha256, definition)
  SELECT t.sha256, t.text
  FROM (
    SELECT DISTINCT sha256(convert_to(s.text, 'UTF8')) AS sha256, s.text
    FROM (
      SELECT r.value ->> 'buckets' AS text FROM jsonb_array_elements(document -> 'relations') AS r
      UNION ALL
      SELECT o.value ->> 'definition' FROM jsonb_array_elements(document -> 'objects') AS o
    ) AS s
    WHERE s.text IS NOT NULL
  ) AS t
  WHERE fresh OR NOT EXISTS (SELECT FROM dr.definitions AS d WHERE d.sha256 = t.sha256)
$$;
COMMENT ON FUNCTION dr._snapshot_store_texts(jsonb, boolean) IS 'Internal: stores the texts of a snapshot document';

-- Relations, sequences and objects of a snapshot whose texts are stored. Of several rows with a text the newest counts:
-- after a fresh store that is our own, which nobody can delete under us.
CREATE FUNCTION dr._snapshot_store_parts(snapshot_id bigint, document jsonb)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  INSERT INTO dr.snapshot_relations (snapshot, position, schema, name, kind, persistence, rows, digest, generated, size,
                                     key, bucket_bits, buckets, state, note, extra)
  SELECT snapshot_id, e.position, e.value ->> 'schema', e.value ->> 'name', e.value ->> 'kind',
         e.value ->> 'persistence', (e.value ->> 'rows')::bigint, e.value ->> 'digest', e.value ->> 'generated',
         (e.value ->> 'size')::bigint, nullif(e.value -> 'key', 'null'), (e.value ->> 'bucket_bits')::integer,
         (SELECT max(d.id) FROM dr.definitions AS d
          WHERE d.sha256 = sha256(convert_to(e.value ->> 'buckets', 'UTF8'))),
         e.value ->> 'state', e.value ->> 'note',
         nullif(e.value - ARRAY['schema', 'name', 'kind', 'persistence', 'rows', 'digest', 'generated', 'size', 'key',
                                'bucket_bits', 'buckets', 'state', 'note'], '{}')
  FROM jsonb_array_elements(document -> 'relations') WITH ORDINALITY AS e (value, position);

  INSERT INTO dr.snapshot_sequences (snapshot, position, schema, name, last_value, is_called, increment, extra)
  SELECT snapshot_id, e.position, e.value ->> 'schema', e.value ->> 'name', (e.value ->> 'last_value')::bigint,
         (e.value ->> 'is_called')::boolean, (e.value ->> 'increment')::bigint,
         nullif(e.value - ARRAY['schema', 'name', 'last_value', 'is_called', 'increment'], '{}')
  FROM jsonb_array_elements(document -> 'sequences') WITH ORDINALITY AS e (value, position);

  INSERT INTO dr.snapshot_objects (snapshot, position, kind, identity, facet, class, definition, extra)
  SELECT snapshot_id, e.position, e.value ->> 'kind', e.value ->> 'identity', e.value ->> 'facet', e.value ->> 'class',
         (SELECT max(d.id) FROM dr.definitions AS d
          WHERE d.sha256 = sha256(convert_to(e.value ->> 'definition', 'UTF8'))),
         nullif(e.value - ARRAY['kind', 'identity', 'facet', 'class', 'definition'], '{}')
  FROM jsonb_array_elements(document -> 'objects') WITH ORDINALITY AS e (value, position);
END
$$;
COMMENT ON FUNCTION dr._snapshot_store_parts(bigint, jsonb) IS 'Internal: stores the lists of a snapshot document';

-- Stores a document under a new number. A text that exists is reused; should it be deleted by dr_snapshot_expire() at
-- this very moment, or be out of sight of a REPEATABLE READ transaction, everything is stored afresh instead.
CREATE FUNCTION dr._snapshot_store(document jsonb)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  snapshot_id bigint;
BEGIN
  INSERT INTO dr.snapshots (uuid, label, database, content, digest, taken_at, header)
  VALUES ((document ->> 'uuid')::uuid, document ->> 'label', document #>> '{database,name}',
          (document ->> 'content')::boolean, document ->> 'digest', (document ->> 'taken_at')::timestamptz,
          document - ARRAY['relations', 'sequences', 'objects'])
  RETURNING id INTO snapshot_id;
  BEGIN
    PERFORM dr._snapshot_store_texts(document, false);
    PERFORM dr._snapshot_store_parts(snapshot_id, document);
  EXCEPTION WHEN foreign_key_violation OR serialization_failure THEN
    PERFORM dr._snapshot_store_texts(document, true);
    PERFORM dr._snapshot_store_parts(snapshot_id, document);
  END;
  RETURN snapshot_id;
END
$$;
COMMENT ON FUNCTION dr._snapshot_store(jsonb) IS 'Internal: stores a checked snapshot document';
-- Taking, reading, importing and expiring snapshots.

CREATE FUNCTION @extschema@.dr_snapshot_counts(label text DEFAULT NULL, content boolean DEFAULT false,
                                              sequences jsonb DEFAULT NULL, key bytea DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  document jsonb;
BEGIN
  IF content IS NULL THEN
    RAISE EXCEPTION 'content must be true or false' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  document := dr._collect(content, content, key);
  IF dr_snapshot_counts.label IS NOT NULL THEN
    document := jsonb_set(document, '{label}', to_jsonb(dr_snapshot_counts.label));
  END IF;
  IF dr_snapshot_counts.sequences IS NOT NULL THEN
    document := document || jsonb_build_object('sequences', dr_snapshot_counts.sequences -> 'sequences');
  END IF;
  PERFORM dr._check_document(document, 'the new snapshot');
  IF key IS NOT NULL THEN
    document := document || jsonb_build_object('seal', dr._seal(document, key));
  END IF;
  RETURN dr._snapshot_store(document);
END
$$;
COMMENT ON FUNCTION @extschema@.dr_snapshot_counts(text, boolean, jsonb, bytea) IS
  'Takes a snapshot of this database: exact row counts, with content also fingerprints and schema records; returns its number. sequences: as dr._collect_sequences() read them before a dump that uses the same snapshot. key: makes the fingerprints keyed and seals the document; it is not stored';

CREATE FUNCTION @extschema@.dr_snapshot_document(snapshot bigint)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  document jsonb;
BEGIN
  SELECT s.header INTO document FROM dr._snapshot_known(snapshot) AS s;
  RETURN document || jsonb_build_object(
    'relations', coalesce((
      SELECT jsonb_agg(
        jsonb_build_object(
          'schema', r.schema, 'name', r.name, 'kind', r.kind, 'persistence', r.persistence, 'rows', r.rows,
          'digest', r.digest, 'generated', r.generated, 'size', r.size, 'key', r.key, 'bucket_bits', r.bucket_bits,
          'buckets', d.definition, 'state', r.state, 'note', r.note) || coalesce(r.extra, '{}')
        ORDER BY r.position)
      FROM dr.snapshot_relations AS r LEFT JOIN dr.definitions AS d ON d.id = r.buckets
      WHERE r.snapshot = dr_snapshot_document.snapshot), '[]'),
    'sequences', coalesce((
      SELECT jsonb_agg(
        jsonb_build_object(
          'schema', q.schema, 'name', q.name, 'last_value', q.last_value, 'is_called', q.is_called,
          'increment', q.increment) || coalesce(q.extra, '{}')
        ORDER BY q.position)
      FROM dr.snapshot_sequences AS q
      WHERE q.snapshot = dr_snapshot_document.snapshot), '[]'),
    'objects', coalesce((
      SELECT jsonb_agg(
        jsonb_build_object(
          'kind', o.kind, 'identity', o.identity, 'facet', o.facet, 'class', o.class,
          'definition', d.definition) || coalesce(o.extra, '{}')
        ORDER BY o.position)
      FROM dr.snapshot_objects AS o LEFT JOIN dr.definitions AS d ON d.id = o.definition
      WHERE o.snapshot = dr_snapshot_document.snapshot), '[]'));
END
$$;
COMMENT ON FUNCTION @extschema@.dr_snapshot_document(bigint) IS 'A snapshot as one self-contained document';

CREATE FUNCTION @extschema@.dr_snapshot_import(document jsonb)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known bigint;
BEGIN
  PERFORM dr._check_document(document, 'the argument');
  SELECT s.id INTO known FROM dr.snapshots AS s WHERE s.uuid = (document ->> 'uuid')::uuid;
  IF known IS NULL THEN
    RETURN dr._snapshot_store(document);
  END IF;
  IF @extschema@.dr_snapshot_document(known) - 'label' <> document - 'label' THEN
    RAISE EXCEPTION 'snapshot % is in the catalog with other content', document ->> 'uuid'
      USING ERRCODE = 'data_exception',
            DETAIL = format('It is snapshot %s. A snapshot never changes, so one of the two documents was altered.', known);
  END IF;
  RETURN known;
END
$$;
COMMENT ON FUNCTION @extschema@.dr_snapshot_import(jsonb) IS
  'Stores a snapshot document, once per uuid; returns the number of the snapshot';

CREATE FUNCTION @extschema@.dr_snapshot_expire(older_than interval)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  deleted bigint;
BEGIN
  IF older_than IS NULL OR older_than < interval '0' THEN
    RAISE EXCEPTION 'older_than must be an interval of zero or more'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: dr_snapshot_expire(interval ''30 days'').';
  END IF;
  DELETE FROM dr.snapshots AS s
  WHERE s.taken_at < clock_timestamp() - older_than
    AND NOT EXISTS (SELECT FROM dr.backups AS b WHERE b.snapshot = s.id);
  GET DIAGNOSTICS deleted = ROW_COUNT;
  BEGIN
    DELETE FROM dr.definitions AS d
    WHERE NOT EXISTS (SELECT FROM dr.snapshot_objects AS o WHERE o.definition = d.id)
      AND NOT EXISTS (SELECT FROM dr.snapshot_relations AS r WHERE r.buckets = d.id);
  EXCEPTION WHEN foreign_key_violation OR serialization_failure THEN
    -- Somebody took a snapshot with one of them just now. The next expiry cleans up.
    NULL;
  END;
  RETURN deleted;
END
$$;
COMMENT ON FUNCTION @extschema@.dr_snapshot_expire(interval) IS
  'Deletes snapshots older than that to which no backup refers; returns how many';
-- Options of a comparison, and what names mean in it.

-- Errors for an unknown key or a value of the wrong type.
CREATE FUNCTION dr._check_options(options jsonb)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  key text;
  wanted text;
BEGIN
  IF options IS NULL OR jsonb_typeof(options) <> 'object' THEN
    RAISE EXCEPTION 'options must be a JSON object' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  FOR key IN SELECT k FROM jsonb_object_keys(options) AS k LOOP
    wanted := CASE WHEN key IN ('no_owner', 'no_acl', 'no_tablespaces', 'no_security_labels') THEN 'boolean'
                   WHEN key = 'only' THEN 'array'
                   WHEN key IN ('triggered_by', 'backup') THEN 'string' END;
    IF wanted IS NULL THEN
      RAISE EXCEPTION 'unknown option "%"', key
        USING ERRCODE = 'invalid_parameter_value',
              HINT = 'Valid options: no_owner, no_acl, no_tablespaces, no_security_labels, only, triggered_by, backup.';
    END IF;
    IF jsonb_typeof(options -> key) NOT IN (wanted, 'null') THEN
      RAISE EXCEPTION 'option "%" must be of type %', key, wanted USING ERRCODE = 'invalid_parameter_value';
    END IF;
  END LOOP;
  IF jsonb_typeof(options -> 'only') = 'array' AND EXISTS (
       SELECT FROM jsonb_array_elements(options -> 'only') AS e WHERE jsonb_typeof(e.value) <> 'string') THEN
    RAISE EXCEPTION 'option "only" must be an array of names'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: {"only": ["public.users", "public.prompts"]}.';
  END IF;
END
$$;
COMMENT ON FUNCTION dr._check_options(jsonb) IS 'Internal: errors unless the options of a comparison are valid';

-- The names of option "only" as an array; null: no such option. They may be quoted as in SQL or not at all.
CREATE FUNCTION dr._only(options jsonb)
RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN jsonb_typeof(options -> 'only') = 'array'
              THEN ARRAY(SELECT jsonb_array_elements_text(options -> 'only')) END
$$;
COMMENT ON FUNCTION dr._only(jsonb) IS 'Internal: the relations to which a comparison is limited';

CREATE FUNCTION dr._named(schema text, name text, names text[])
RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT names IS NULL OR format('%I.%I', schema, name) = ANY (names) OR schema || '.' || name = ANY (names)
$$;
COMMENT ON FUNCTION dr._named(text, text, text[]) IS 'Internal: whether a list of names has a relation; null: all';

-- The relation that a record belongs to, as "schema.name": sub-objects hang their name below it, an index names it in its
-- definition. For other objects it is the first two parts of the identity.
CREATE FUNCTION dr._object_relation(kind text, identity text, definition text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE
    WHEN kind IN ('index', 'statistics') THEN
      substring(definition FROM '(?:^|\s)(?:ON|FROM) (?:ONLY )?((?:"(?:[^"]|"")+"|[^".\s(]+)\.(?:"(?:[^"]|"")+"|[^".\s(]+))')
    ELSE substring(identity FROM '^((?:"(?:[^"]|"")+"|[^".\s]+)\.(?:"(?:[^"]|"")+"|[^".\s]+))') END
$$;
COMMENT ON FUNCTION dr._object_relation(text, text, text) IS 'Internal: the relation that a schema record belongs to';
-- Comparing the relations of two snapshot documents.

CREATE FUNCTION dr._relations(document jsonb, names text[])
RETURNS TABLE (object text, schema text, name text, kind text, persistence text, rows bigint, digest text,
               generated text, key jsonb, bucket_bits integer, buckets text, state text, note text, parent text)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('%I.%I', r.schema, r.name), r.*, p.parent
  FROM jsonb_to_recordset(document -> 'relations') AS r (
    schema text, name text, kind text, persistence text, rows bigint, digest text, generated text, key jsonb,
    bucket_bits integer, buckets text, state text, note text)
  LEFT JOIN (
    -- The schema records know which partitioned table a partition belongs to.
    SELECT o.identity, dr._object_relation('table', o.definition, NULL) AS parent
    FROM jsonb_to_recordset(document -> 'objects') AS o (identity text, facet text, definition text)
    WHERE o.facet = 'partition of'
  ) AS p ON p.identity = format('%I.%I', r.schema, r.name)
  WHERE dr._named(r.schema, r.name, names)
$$;
COMMENT ON FUNCTION dr._relations(jsonb, text[]) IS 'Internal: the relations of a snapshot document';

-- In words: which part of the rows differs, by the key buckets of both sides. Null where they cannot be compared.
CREATE FUNCTION dr._bucket_text(expected text, actual text, bits integer, key jsonb)
RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  expected_bytes bytea := decode(expected, 'base64');
  actual_bytes bytea := decode(actual, 'base64');
  buckets integer := 1 << bits;
  width integer := octet_length(expected_bytes) / buckets;
  differing integer;
BEGIN
  IF bits IS NULL OR bits < 1 OR octet_length(expected_bytes) <> octet_length(actual_bytes) THEN
    RETURN NULL;
  END IF;
  SELECT count(*) INTO differing FROM generate_series(0, buckets - 1) AS i
  WHERE substr(expected_bytes, i * width + 1, width) <> substr(actual_bytes, i * width + 1, width);
  RETURN format('in %s of %s %s', differing, buckets,
                CASE WHEN jsonb_typeof(key) = 'array' AND key <> '[]'
                     THEN format('key buckets by (%s)',
                                 (SELECT string_agg(quote_ident(k.value), ', ' ORDER BY k.position)
                                  FROM jsonb_array_elements_text(key) WITH ORDINALITY AS k (value, position)))
                     ELSE 'buckets by whole rows (there is no key)' END);
END
$$;
COMMENT ON FUNCTION dr._bucket_text(text, text, integer, jsonb) IS 'Internal: in how many key buckets two relations differ';

-- Each relation gives at most one finding. The order of the WHENs is the order of what matters.
CREATE FUNCTION dr._compare_relations(baseline jsonb, actual jsonb, content boolean, names text[])
RETURNS SETOF dr.finding
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH RECURSIVE pair AS (
    SELECT coalesce(b.object, a.object) AS object, coalesce(b.kind, a.kind) AS kind,
           b.object IS NULL AS extra, a.object IS NULL AS missing,
           coalesce(b.parent, a.parent) AS parent,
           b.kind AS b_kind, b.persistence AS b_persistence, b.rows AS b_rows, b.digest AS b_digest,
           b.generated AS b_generated, b.key AS b_key, b.bucket_bits AS b_bits, b.buckets AS b_buckets,
           b.state AS b_state, b.note AS b_note,
           a.kind AS a_kind, a.persistence AS a_persistence, a.rows AS a_rows, a.digest AS a_digest,
           a.generated AS a_generated, a.key AS a_key, a.bucket_bits AS a_bits, a.buckets AS a_buckets,
           a.state AS a_state, a.note AS a_note
    FROM dr._relations(baseline, names) AS b
    FULL JOIN dr._relations(actual, names) AS a ON a.schema = b.schema AND a.name = b.name
  ), judged AS (
    SELECT p.*,
      CASE
        WHEN p.missing THEN 'missing'
        WHEN p.extra THEN 'extra'
        WHEN p.b_kind <> p.a_kind THEN 'kind'
        WHEN p.kind = 'f' THEN 'foreign'
        WHEN p.a_state = 'failed' THEN 'unread'
        WHEN p.b_state = 'failed' THEN 'unknown'
        WHEN p.b_state = 'skipped' THEN 'skipped'
        WHEN p.a_state = 'skipped' AND p.a_persistence = 'u' AND (actual #>> '{server,in_recovery}')::boolean THEN 'standby'
        WHEN p.a_state = 'skipped' THEN 'unread'
        WHEN p.b_rows IS DISTINCT FROM p.a_rows THEN
          CASE WHEN p.kind = 'm' THEN 'matview'
               WHEN p.b_persistence = 'u' AND p.a_rows = 0 THEN 'unlogged' ELSE 'rows' END
        WHEN NOT content THEN CASE WHEN p.b_persistence <> p.a_persistence THEN 'persistence' END
        WHEN p.b_digest IS NULL OR p.a_digest IS NULL THEN 'undigested'
        WHEN p.b_digest <> p.a_digest THEN CASE WHEN p.kind = 'm' THEN 'matview' ELSE 'content' END
        WHEN p.b_generated IS DISTINCT FROM p.a_generated THEN 'generated'
      END AS verdict
    FROM pair AS p
  ), ancestor AS (
    -- Partitioned tables above each relation.
    SELECT j.object, p.object AS root, p.parent AS next, p.verdict AS root_verdict, 1 AS depth
    FROM judged AS j JOIN judged AS p ON p.object = j.parent
    UNION ALL
    SELECT n.object, p.object, p.parent, p.verdict, n.depth + 1
    FROM ancestor AS n JOIN judged AS p ON p.object = n.next
    WHERE n.depth < 100
  ), damaged AS (
    -- A partitioned table is the sum of its partitions: where a partition is named the sum need not be.
    SELECT DISTINCT n.root FROM ancestor AS n JOIN judged AS j ON j.object = n.object
    WHERE j.kind <> 'p' AND j.verdict IN ('missing', 'extra', 'kind', 'unread', 'unknown', 'rows', 'content', 'undigested',
                                          'generated', 'standby')
  ), final AS (
    SELECT j.*,
      CASE WHEN j.verdict IN ('rows', 'content', 'generated') AND EXISTS (
                  SELECT FROM ancestor AS n WHERE n.object = j.object AND n.root_verdict IS NULL) THEN 'moved'
           ELSE j.verdict END AS outcome,
      CASE WHEN j.verdict IN ('rows', 'content') AND j.b_bits = j.a_bits AND j.b_key IS NOT DISTINCT FROM j.a_key
           THEN dr._bucket_text(j.b_buckets, j.a_buckets, j.b_bits, j.b_key) END AS place
    FROM judged AS j
    WHERE NOT (j.kind = 'p' AND j.verdict IN ('rows', 'content', 'generated', 'unread', 'unknown')
               AND j.object IN (SELECT d.root FROM damaged AS d))
  )
  SELECT CASE WHEN f.outcome IN ('missing', 'extra') THEN f.outcome
              WHEN f.outcome IN ('matview', 'unlogged', 'standby', 'persistence') THEN 'warning'
              WHEN f.outcome IN ('foreign', 'moved') THEN 'info'
              -- Its rows follow the tables, whether or not a REFRESH came between snapshot and reading.
              WHEN f.kind = 'm' AND f.outcome IN ('unread', 'unknown') THEN 'warning'
              WHEN f.outcome = 'skipped' THEN CASE WHEN f.a_state = 'skipped' THEN 'info' ELSE 'warning' END
              ELSE 'mismatch' END,
         dr._relation_type(f.kind), f.object,
         CASE WHEN f.outcome IN ('missing', 'extra') THEN 'existence'
              WHEN f.outcome IN ('kind', 'persistence') THEN f.outcome
              WHEN f.outcome = 'generated' THEN 'generated columns'
              WHEN f.b_rows IS DISTINCT FROM f.a_rows OR NOT content THEN 'rows'
              ELSE 'content' END,
         CASE f.outcome WHEN 'kind' THEN dr._relation_type(f.b_kind)
              WHEN 'persistence' THEN dr._persistence_text(f.b_persistence)
              WHEN 'generated' THEN f.b_generated
              ELSE CASE WHEN f.b_rows IS NOT DISTINCT FROM f.a_rows AND f.b_digest IS DISTINCT FROM f.a_digest
                        THEN f.b_digest ELSE dr._rows_text(f.b_rows) END END,
         CASE f.outcome WHEN 'kind' THEN dr._relation_type(f.a_kind)
              WHEN 'persistence' THEN dr._persistence_text(f.a_persistence)
              WHEN 'generated' THEN f.a_generated
              ELSE CASE WHEN f.b_rows IS NOT DISTINCT FROM f.a_rows AND f.b_digest IS DISTINCT FROM f.a_digest
                        THEN f.a_digest ELSE dr._rows_text(f.a_rows) END END,
         CASE f.outcome
           WHEN 'missing' THEN format('the whole %s is missing', dr._relation_type(f.kind))
           WHEN 'extra' THEN format('the baseline has no such %s', dr._relation_type(f.kind))
           WHEN 'kind' THEN 'it is another kind of relation'
           WHEN 'persistence' THEN 'an unlogged table does not survive a crash, a permanent one does'
           WHEN 'foreign' THEN 'not compared: its rows are in another server'
           WHEN 'unread' THEN 'not proven, it could not be read: ' || coalesce(f.a_note, 'no reason was given')
           WHEN 'unknown' THEN 'not proven, the baseline could not read it: ' || coalesce(f.b_note, 'no reason was given')
           WHEN 'skipped' THEN 'not compared, the baseline left it out: ' || coalesce(f.b_note, 'no reason was given')
           WHEN 'undigested' THEN 'not proven: there is no fingerprint of '
             || CASE WHEN f.b_digest IS NULL THEN 'the baseline' ELSE 'this relation' END
           WHEN 'matview' THEN 'a restore refreshes materialized views, so their rows follow the tables'
           WHEN 'unlogged' THEN 'an unlogged table is empty after a crash or a physical restore'
           WHEN 'standby' THEN 'not compared: a standby cannot read unlogged tables'
           WHEN 'moved' THEN 'rows are in another partition; the partitioned table as a whole is identical'
           WHEN 'generated' THEN 'same rows, but the stored generated columns were computed differently'
           WHEN 'rows' THEN concat_ws(', ', dr._loss_text(f.b_rows, f.a_rows), 'different ' || f.place)
           WHEN 'content' THEN concat_ws(' ', 'same number of rows, different content', f.place)
         END
  FROM final AS f
  WHERE f.outcome IS NOT NULL
$$;
COMMENT ON FUNCTION dr._compare_relations(jsonb, jsonb, boolean, text[]) IS
  'Internal: compares the relations of two snapshot documents';
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
           b.last_value AS b_value, b.is_called AS b_called, a.last_value AS a_value, a.is_called AS a_called,
           -- How far ahead, in the direction in which it counts.
           ((a.last_value::numeric + CASE WHEN a.is_called THEN b.increment ELSE 0 END)
            - (b.last_value::numeric + CASE WHEN b.is_called THEN b.increment ELSE 0 END))
           * sign(b.increment::numeric) AS ahead
    FROM dr._sequences(baseline, names) AS b
    FULL JOIN dr._sequences(actual, names) AS a ON a.schema = b.schema AND a.name = b.name
  )
  SELECT CASE WHEN p.unreadable THEN 'warning' WHEN p.missing THEN 'missing' WHEN p.extra THEN 'extra' WHEN p.b_value IS NULL THEN 'warning'
              WHEN p.ahead > 0 THEN 'info' ELSE 'mismatch' END,
         'sequence', p.object, CASE WHEN (p.missing AND NOT coalesce(p.unreadable, false)) OR p.extra THEN 'existence' ELSE 'value' END,
         dr._sequence_text(p.b_value, p.b_called), dr._sequence_text(p.a_value, p.a_called),
         CASE WHEN p.unreadable THEN 'not compared: a standby cannot read unlogged sequences'
              WHEN p.missing THEN 'the sequence is missing'
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
-- Comparing the schema records of two snapshot documents: one finding per object that is missing or extra, one per facet
-- that differs. What belongs to a missing table is not listed again; the table's finding counts it.

-- A text in which every version spells names alike: what became a keyword after version 13, and so is quoted from then on.
CREATE FUNCTION dr._spelled_alike(text text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN position('"' IN text) = 0 THEN text ELSE
    regexp_replace(text, '"(json|json_(?:array|arrayagg|exists|object|objectagg|query|scalar|serialize|table|value)|merge_action|system_user)"',
                   '\1', 'g') END
$$;
COMMENT ON FUNCTION dr._spelled_alike(text) IS 'Internal: names that every version quotes alike';

-- All facets of an object share its relation. Facets of policy are left out where the options say so, and the content of
-- large objects where one of the documents has none.
CREATE FUNCTION dr._objects(document jsonb, options jsonb)
RETURNS TABLE (kind text, identity text, facet text, class text, definition text, relation text)
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT o.kind, o.identity, o.facet, o.class, coalesce(o.definition, ''),
         max(CASE WHEN o.facet = 'definition' OR o.kind NOT IN ('index', 'statistics')
                  THEN dr._object_relation(o.kind, o.identity, o.definition) END)
           OVER (PARTITION BY o.kind, o.identity)
  FROM (SELECT r.kind, dr._spelled_alike(r.identity) AS identity, r.facet, r.class, r.definition
        FROM jsonb_to_recordset(document -> 'objects') AS r (
          kind text, identity text, facet text, class text, definition text)) AS o
  -- dr._compare_database() compares these.
  WHERE o.kind <> 'database'
    AND NOT (coalesce((options ->> 'no_owner')::boolean, false) AND o.facet ILIKE '%owner%')
    AND NOT (coalesce((options ->> 'no_acl')::boolean, false) AND (o.facet ILIKE '%acl%' OR o.kind ILIKE '%acl%'
                                                                   OR o.kind ILIKE '%privileges%'))
    AND NOT (coalesce((options ->> 'no_tablespaces')::boolean, false) AND o.facet = 'tablespace')
    AND NOT (coalesce((options ->> 'no_security_labels')::boolean, false) AND o.facet LIKE 'security label %')
$$;
COMMENT ON FUNCTION dr._objects(jsonb, jsonb) IS 'Internal: the schema records of a snapshot document';

-- Line per object or facet that differs, before folding.
CREATE FUNCTION dr._object_differences(baseline jsonb, actual jsonb, options jsonb)
RETURNS TABLE (kind text, identity text, relation text, outcome text, class text, facet text, expected text,
               actual_definition text)
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH pair AS (
    SELECT coalesce(b.kind, a.kind) AS kind, coalesce(b.identity, a.identity) AS identity,
           coalesce(b.relation, a.relation) AS relation, coalesce(b.facet, a.facet) AS facet,
           coalesce(b.class, a.class) AS class, b.definition AS b_definition, a.definition AS a_definition
    FROM dr._objects(baseline, options) AS b
    FULL JOIN dr._objects(actual, options) AS a
      ON a.kind = b.kind AND a.identity = b.identity AND a.facet = b.facet
  ), object AS (
    -- A comment on a view's column, or privileges of a system object, come and go without the object itself.
    SELECT p.kind, p.identity, count(p.b_definition) = 0 AND whole AS extra, count(p.a_definition) = 0 AND whole AS missing,
           -- An operator without a function has an owner, too.
           CASE WHEN p.kind = 'operator' AND bool_or(p.facet = 'definition' AND p.class = 'warning') THEN 'warning'
                WHEN bool_or(p.class = 'strict') THEN 'strict'
                WHEN bool_or(p.class = 'policy') THEN 'policy' ELSE 'warning' END AS class,
           max(p.relation) AS relation,
           coalesce(max(coalesce(p.b_definition, p.a_definition)) FILTER (WHERE p.facet = 'definition'),
                    min(coalesce(p.b_definition, p.a_definition))) AS definition
    FROM (SELECT p.*, bool_or(CASE p.kind WHEN 'default privileges' THEN true WHEN 'column' THEN p.facet = 'definition'
                                ELSE p.facet NOT IN ('acl', 'comment') AND p.facet NOT LIKE 'security label %' END)
                        OVER (PARTITION BY p.kind, p.identity) AS whole FROM pair AS p) AS p
    GROUP BY p.kind, p.identity, whole
  )
  SELECT o.kind, o.identity, o.relation, CASE WHEN o.missing THEN 'missing' ELSE 'extra' END, o.class, 'existence',
         CASE WHEN o.missing THEN o.definition END, CASE WHEN o.extra THEN o.definition END
  FROM object AS o WHERE o.missing OR o.extra
  UNION ALL
  SELECT p.kind, p.identity, o.relation, 'mismatch',
         -- Whoever took one of the documents may not have been allowed to see the options.
         CASE WHEN p.kind = 'user mapping' AND (p.b_definition IS NULL OR p.a_definition IS NULL) THEN 'warning' ELSE p.class END,
         p.facet, p.b_definition, p.a_definition
  FROM pair AS p JOIN object AS o ON o.kind = p.kind AND o.identity = p.identity
  WHERE NOT o.missing AND NOT o.extra AND p.b_definition IS DISTINCT FROM p.a_definition
    AND NOT (p.kind = 'large object' AND p.facet = 'content'
             AND NOT ((baseline -> 'content')::boolean AND (actual -> 'content')::boolean))
$$;
COMMENT ON FUNCTION dr._object_differences(jsonb, jsonb, jsonb) IS 'Internal: differing schema records of two snapshot documents';

-- ALL as what it was before version 17.
CREATE FUNCTION dr._without_maintain(acl text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT replace(replace(acl, '=ALL*', '=DELETE*,INSERT*,REFERENCES*,SELECT*,TRIGGER*,TRUNCATE*,UPDATE*'),
                 '=ALL', '=DELETE,INSERT,REFERENCES,SELECT,TRIGGER,TRUNCATE,UPDATE')
$$;
COMMENT ON FUNCTION dr._without_maintain(text) IS 'Internal: the privileges on a table that versions before 17 have';

-- UPDATE t AS x as UPDATE t x.
CREATE FUNCTION dr._without_alias_as(text text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT regexp_replace(text, '\m(UPDATE|DELETE FROM|INSERT INTO|MERGE INTO) ((?:ONLY )?(?:"(?:[^"]|"")+"|\w+)(?:\.(?:"(?:[^"]|"")+"|\w+))?) AS ',
                        '\1 \2 ', 'g')
$$;
COMMENT ON FUNCTION dr._without_alias_as(text) IS 'Internal: a statement without the optional AS before the alias of its target';

-- What a newer version makes of the same dump, in words; null: a difference that no version explains.
CREATE FUNCTION dr._version_change(from_version integer, to_version integer, kind text, facet text, expected text, actual text)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE
    WHEN kind = 'type' AND facet = 'multirange' AND expected IS NULL AND from_version < 140000 AND to_version >= 140000
      THEN 'from version 14 on a range type has a multirange type'
    WHEN kind = 'sequence' AND facet = 'persistence' AND from_version < 150000 AND to_version >= 150000
      THEN 'from version 15 on the sequence of an unlogged table is unlogged'
    WHEN kind = 'collation' AND facet = 'definition' AND from_version < 160000 AND to_version >= 160000
      AND regexp_replace(expected, ' LOCALE = ''[^'']*''', '') = regexp_replace(actual, ' LOCALE = ''[^'']*''', '')
      THEN 'from version 16 on the name of an ICU locale is kept in its standard form'
    WHEN facet = 'acl' AND from_version < 170000 AND to_version >= 170000
      AND dr._without_maintain(expected) = dr._without_maintain(
        -- The owner, from whom something was revoked, keeps what nobody could revoke then.
        replace(regexp_replace(actual, '(<owner>=[A-Z*,]*?),?MAINTAIN\*?', '\1'), '=,', '='))
      THEN 'from version 17 on MAINTAIN is one of all privileges'
    WHEN from_version < 160000 AND to_version >= 160000 AND position('XMLSERIALIZE(' IN expected) > 0
      AND dr._spelled_alike(expected) = dr._spelled_alike(replace(actual, ' NO INDENT)', ')'))
      THEN 'from version 16 on XMLSERIALIZE says NO INDENT'
    WHEN from_version / 10000 <> to_version / 10000 AND dr._spelled_alike(expected) = dr._spelled_alike(actual)
      THEN 'one of the versions quotes a name that is a keyword in it'
    WHEN kind IN ('rule', 'function', 'procedure') AND dr._without_alias_as(expected) = dr._without_alias_as(actual)
      THEN 'some releases write AS before the alias of a table that is written to'
    WHEN kind = 'subscription' AND facet = 'definition' AND from_version < 160000 AND to_version >= 160000
      AND expected = replace(actual, ', run_as_owner', '')
      THEN 'from version 16 on only run_as_owner means what it did before'
    WHEN kind = 'subscription' AND from_version < 140000 AND to_version >= 140000
      AND (facet = 'comment' AND expected IS NULL
           OR facet = 'definition' AND actual ~ '(synchronous_commit|run_as_owner)'
              AND expected = regexp_replace(replace(actual, ', run_as_owner', ''), ', synchronous_commit = \w+', ''))
      THEN 'before version 14 not everyone may read all of a subscription'
    -- Aliases that the server made up end in _1, _2 and so on, and versions need different ones.
    WHEN from_version / 10000 <> to_version / 10000 AND facet = 'definition' AND kind IN ('view', 'materialized view', 'rule', 'policy', 'function', 'procedure')
      AND regexp_replace(regexp_replace(expected, '(\w+) \1_\d+\M', '\1', 'g'), '\m([a-z_]\w*?)_\d+\.', '\1.', 'g')
        = regexp_replace(regexp_replace(actual, '(\w+) \1_\d+\M', '\1', 'g'), '\m([a-z_]\w*?)_\d+\.', '\1.', 'g')
      THEN 'major versions make up different aliases'
    WHEN kind IN ('constraint', 'domain constraint') AND facet = 'existence' AND expected IS NULL AND actual LIKE 'NOT NULL%'
      AND from_version < 180000 AND to_version >= 180000
      THEN 'from version 18 on NOT NULL is a constraint with a name'
  END
$$;
COMMENT ON FUNCTION dr._version_change(integer, integer, text, text, text, text) IS
  'Internal: why a schema record may differ between two major versions';

-- Findings about objects. `known` has the findings about relations and sequences; it comes back with what was folded
-- into it. Under option "only" a restore brings tables without what hangs on them, so that is a warning then.
CREATE FUNCTION dr._compare_objects(baseline jsonb, actual jsonb, options jsonb, known dr.finding[])
RETURNS SETOF dr.finding
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  names text[] := dr._only(options);
  from_version integer := (baseline #>> '{server,version_num}')::integer;
  to_version integer := (actual #>> '{server,version_num}')::integer;
BEGIN
  RETURN QUERY
  WITH difference AS MATERIALIZED (
    SELECT d.*, v.change,
      CASE WHEN v.change IS NOT NULL THEN 'info'
           WHEN d.class = 'warning'
             OR (names IS NOT NULL AND d.kind NOT IN ('table', 'column', 'foreign table', 'materialized view', 'view'))
           THEN 'warning' ELSE d.outcome END AS status
    FROM dr._object_differences(baseline, actual, options) AS d
    CROSS JOIN LATERAL (SELECT dr._version_change(from_version, to_version, d.kind, d.facet, d.expected, d.actual_definition)) AS v (change)
    WHERE names IS NULL OR d.relation = ANY (names) OR replace(d.relation, '"', '') = ANY (names)
  ), existence AS (
    -- Every finding that says that something as a whole is missing or extra.
    SELECT k.object AS relation, k.status AS outcome, true AS reported
    FROM unnest(known) AS k
    WHERE k.check_name = 'existence'
    UNION
    SELECT d.identity, d.outcome, false FROM difference AS d
    WHERE d.facet = 'existence' AND d.kind IN ('table', 'foreign table', 'view', 'materialized view', 'type', 'sequence')
      AND NOT EXISTS (SELECT FROM unnest(known) AS k WHERE k.check_name = 'existence' AND k.object = d.identity)
  ), folded AS (
    SELECT d.*, e.relation IS NOT NULL AND (e.reported OR d.identity <> e.relation)
             AND d.facet = 'existence' AND d.outcome = e.outcome AS fold
    FROM difference AS d
    LEFT JOIN existence AS e ON e.relation = d.relation AND e.outcome = d.outcome
  ), part AS (
    SELECT c.relation, c.outcome, string_agg(dr._count_text(c.n, c.kind, dr._plural(c.kind)), ', '
                                             ORDER BY c.kind COLLATE "C") AS text
    FROM (SELECT f.relation, f.outcome, f.kind, count(*) AS n FROM folded AS f
          WHERE f.fold AND f.identity <> f.relation GROUP BY 1, 2, 3) AS c
    GROUP BY c.relation, c.outcome
  )
  SELECT k.status, k.object_type, k.object, k.check_name, k.expected, k.actual,
         concat_ws(', with ', k.detail, CASE WHEN k.check_name = 'existence' THEN p.text END)
  FROM unnest(known) AS k LEFT JOIN part AS p ON p.relation = k.object AND p.outcome = k.status
  UNION ALL
  SELECT f.status, f.kind, f.identity, f.facet, dr._shorten(f.expected, f.actual_definition),
         dr._shorten(f.actual_definition, f.expected),
         nullif(concat_ws(', with ', CASE WHEN f.outcome = 'missing' THEN format('the %s is missing', f.kind)
                                   WHEN f.outcome = 'extra' THEN format('the baseline has no such %s', f.kind)
                                   WHEN f.actual_definition IS NULL THEN format('%s is missing', f.facet)
                                   WHEN f.expected IS NULL THEN format('%s was added', f.facet)
                                   ELSE format('%s differs', f.facet) END || coalesce(': ' || f.change, ''), p.text), '')
  FROM folded AS f
  LEFT JOIN part AS p ON p.relation = f.identity AND p.outcome = f.outcome AND f.facet = 'existence'
  WHERE NOT f.fold
    -- The index of a missing constraint goes without saying.
    AND NOT (f.kind = 'index' AND f.facet = 'existence' AND EXISTS (
      SELECT FROM difference AS c
      WHERE c.kind = 'constraint' AND c.facet = 'existence' AND c.outcome = f.outcome
        AND c.identity = f.relation || '.' || substring(f.identity FROM '^(?:"(?:[^"]|"")+"|[^".]+)\.(.*)$')));
END
$$;
COMMENT ON FUNCTION dr._compare_objects(jsonb, jsonb, jsonb, dr.finding[]) IS
  'Internal: compares the schema records of two snapshot documents';
-- Comparing two snapshot documents: a function of the two and nothing else, so that it is the same wherever it runs.

-- Properties of the database itself. A dump without --create does not carry them. In another encoding no text can be
-- the same; another locale sorts differently and settings change what queries mean; the rest is for information.
CREATE FUNCTION dr._compare_database(baseline jsonb, actual jsonb, options jsonb)
RETURNS SETOF dr.finding
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT CASE WHEN p.name = 'encoding' THEN 'mismatch'
              WHEN p.name IN ('connection_limit', 'is_template', 'tablespace', 'owner', 'acl', 'comment', 'role_settings', 'security_labels') THEN 'info' ELSE 'warning' END,
         'database', actual #>> '{database,name}', replace(p.name, '_', ' '),
         dr._shorten(p.b, p.a), dr._shorten(p.a, p.b), 'a property of the database, not of its content'
  FROM (
    SELECT n.name, nullif(baseline -> 'database' ->> n.name, '[]') AS b, nullif(actual -> 'database' ->> n.name, '[]') AS a
    FROM unnest(ARRAY['encoding', 'collate', 'ctype', 'provider', 'icu_locale', 'icu_rules', 'connection_limit', 'is_template', 'tablespace',
                      'settings', 'role_settings', 'security_labels',
                      'owner', 'acl', 'comment']) AS n (name)
    WHERE dr._only(options) IS NULL OR n.name IN ('encoding', 'collate', 'ctype', 'provider', 'icu_locale', 'icu_rules')
  ) AS p
  WHERE p.b IS DISTINCT FROM p.a
    AND NOT (p.name = 'owner' AND coalesce((options ->> 'no_owner')::boolean, false))
    AND NOT (p.name = 'security_labels' AND coalesce((options ->> 'no_security_labels')::boolean, false))
    AND NOT (p.name = 'tablespace' AND coalesce((options ->> 'no_tablespaces')::boolean, false))
    -- A document without the key says nothing about them.
    AND NOT (p.name IN ('icu_rules', 'role_settings', 'security_labels') AND NOT baseline -> 'database' ? p.name)
    AND NOT (p.name = 'acl' AND coalesce((options ->> 'no_acl')::boolean, false))
$$;
COMMENT ON FUNCTION dr._compare_database(jsonb, jsonb, jsonb) IS
  'Internal: compares the database properties of two snapshot documents';

-- What was left out of the comparison, said plainly.
CREATE FUNCTION dr._compare_limits(baseline jsonb, actual jsonb, options jsonb)
RETURNS SETOF dr.finding
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT 'info', 'database', actual #>> '{database,name}', l.check_name, NULL, NULL, l.detail
  FROM (VALUES
    ('content', NOT ((baseline -> 'content')::boolean AND (actual -> 'content')::boolean),
     'not compared, only row counts were: '
       || CASE WHEN (baseline -> 'content')::boolean THEN 'this database was counted without fingerprints'
               ELSE 'the baseline has no fingerprints' END),
    ('schema', jsonb_array_length(baseline -> 'objects') = 0 OR jsonb_array_length(actual -> 'objects') = 0,
     'not compared: '
       || CASE WHEN jsonb_array_length(baseline -> 'objects') = 0 THEN 'the baseline has no schema records'
               ELSE 'no schema records were taken' END),
    ('owner', (options ->> 'no_owner')::boolean, 'owners were left out of the comparison'),
    ('acl', (options ->> 'no_acl')::boolean, 'privileges were left out of the comparison'),
    ('only', dr._only(options) IS NOT NULL,
     'only these relations were compared: ' || array_to_string(dr._only(options), ', '))
  ) AS l (check_name, applies, detail)
  WHERE l.applies
$$;
COMMENT ON FUNCTION dr._compare_limits(jsonb, jsonb, jsonb) IS 'Internal: what a comparison of two documents leaves out';

CREATE FUNCTION dr._compare(baseline jsonb, actual jsonb, options jsonb DEFAULT '{}')
RETURNS SETOF dr.finding
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off  -- the planner cannot know that documents are small: compiling took seconds
AS $$
DECLARE
  content boolean;
  names text[];
  unknown text;
  known dr.finding[];
BEGIN
  PERFORM dr._check_options(options);
  PERFORM dr._check_document(baseline, 'the baseline');
  PERFORM dr._check_document(actual, 'the actual document');
  content := (baseline -> 'content')::boolean AND (actual -> 'content')::boolean;
  IF content AND baseline ->> 'digest' IS DISTINCT FROM actual ->> 'digest' THEN
    RAISE EXCEPTION 'the two snapshots were taken with different fingerprint algorithms'
      USING ERRCODE = 'feature_not_supported',
            DETAIL = format('The baseline has %s, the actual document %s.', coalesce(baseline ->> 'digest', 'none'),
                            coalesce(actual ->> 'digest', 'none')),
            HINT = 'Verify with the version of pgdr that took the baseline.';
  END IF;
  IF content AND baseline ->> 'key_check' IS DISTINCT FROM actual ->> 'key_check' THEN
    RAISE EXCEPTION 'the two snapshots were taken with different fingerprint keys'
      USING ERRCODE = 'feature_not_supported',
            DETAIL = format('The check values of the keys are %s and %s.', baseline ->> 'key_check', actual ->> 'key_check');
  END IF;
  names := dr._only(options);
  SELECT n INTO unknown FROM unnest(names) AS n
  WHERE NOT EXISTS (
    SELECT FROM jsonb_to_recordset((baseline -> 'relations') || (baseline -> 'sequences')) AS r (schema text, name text)
    WHERE dr._named(r.schema, r.name, ARRAY[n]))
  LIMIT 1;
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION 'option "only" names "%", which the baseline does not have', unknown
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Write "schema.table".';
  END IF;

  SELECT array_agg(f) INTO known FROM (
    SELECT * FROM dr._compare_relations(baseline, actual, content, names)
    UNION ALL SELECT * FROM dr._compare_sequences(baseline, actual, names)) AS f;
  RETURN QUERY
  WITH line AS (
    SELECT 1 AS part, f.* FROM dr._compare_limits(baseline, actual, options) AS f
    UNION ALL SELECT 1, f.* FROM dr._compare_database(baseline, actual, options) AS f
    UNION ALL SELECT CASE WHEN f.object_type LIKE '%table' OR f.object_type = 'materialized view' THEN 2 ELSE 3 END, f.*
    FROM dr._compare_objects(
      CASE WHEN jsonb_array_length(actual -> 'objects') = 0 THEN baseline || '{"objects": []}' ELSE baseline END,
      CASE WHEN jsonb_array_length(baseline -> 'objects') = 0 THEN actual || '{"objects": []}' ELSE actual END,
      options, known) AS f
  )
  SELECT l.status, l.object_type, l.object, l.check_name, l.expected, l.actual, l.detail
  FROM line AS l
  ORDER BY CASE l.status WHEN 'warning' THEN 2 WHEN 'info' THEN 3 ELSE 1 END, l.part,
           l.object_type COLLATE "C", l.object COLLATE "C", l.check_name COLLATE "C";
END
$$;
COMMENT ON FUNCTION dr._compare(jsonb, jsonb, jsonb) IS
  'Internal: findings of comparing two snapshot documents, problems first, without a verdict';
-- What changed between two snapshots. It is found as a verification finds it, but it judges nothing.

-- Relations and sequences.
CREATE FUNCTION dr._snapshot_data_changes(old jsonb, new jsonb)
RETURNS TABLE (part integer, change text, object_type text, object text, check_name text, before text, after text,
               detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT 1, CASE WHEN o.object IS NULL THEN 'added' WHEN n.object IS NULL THEN 'removed'
                 WHEN (o.rows IS NULL) <> (n.rows IS NULL) THEN 'unknown' ELSE 'changed' END,
         dr._relation_type(coalesce(n.kind, o.kind)), coalesce(n.object, o.object),
         CASE WHEN o.object IS NULL OR n.object IS NULL THEN 'existence' WHEN o.kind <> n.kind THEN 'kind'
              WHEN o.rows IS DISTINCT FROM n.rows THEN 'rows' ELSE 'content' END,
         CASE WHEN o.kind <> n.kind THEN dr._relation_type(o.kind) ELSE dr._rows_text(o.rows) END,
         CASE WHEN o.kind <> n.kind THEN dr._relation_type(n.kind) ELSE dr._rows_text(n.rows) END,
         CASE WHEN o.object IS NULL OR n.object IS NULL THEN NULL
              WHEN o.kind <> n.kind THEN 'it is another kind of relation'
              WHEN o.rows IS NULL AND n.rows IS NOT NULL THEN 'not read then' || coalesce(': ' || o.note, '')
              WHEN n.rows IS NULL AND o.rows IS NOT NULL THEN 'not read now' || coalesce(': ' || n.note, '')
              WHEN o.rows IS DISTINCT FROM n.rows THEN dr._difference_text(o.rows, n.rows)
              ELSE 'same number of rows, different content' END
  FROM dr._relations(old, NULL) AS o
  FULL JOIN dr._relations(new, NULL) AS n ON n.schema = o.schema AND n.name = o.name
  WHERE o.object IS NULL OR n.object IS NULL OR o.kind <> n.kind OR o.rows IS DISTINCT FROM n.rows
     OR o.digest <> n.digest OR o.generated <> n.generated
  UNION ALL
  SELECT 2, CASE WHEN o.object IS NULL THEN 'added' WHEN n.object IS NULL THEN 'removed' ELSE 'changed' END,
         'sequence', coalesce(n.object, o.object),
         CASE WHEN o.object IS NULL OR n.object IS NULL THEN 'existence' ELSE 'value' END,
         dr._sequence_text(o.last_value, o.is_called), dr._sequence_text(n.last_value, n.is_called),
         CASE WHEN n.last_value > o.last_value
              THEN format('up by %s', dr._number_text(n.last_value::numeric - o.last_value))
              WHEN n.last_value < o.last_value
              THEN format('down by %s', dr._number_text(o.last_value::numeric - n.last_value)) END
  FROM dr._sequences(old, NULL) AS o
  FULL JOIN dr._sequences(new, NULL) AS n ON n.schema = o.schema AND n.name = o.name
  WHERE o.object IS NULL OR n.object IS NULL OR o.last_value IS DISTINCT FROM n.last_value
     OR o.is_called IS DISTINCT FROM n.is_called
$$;
COMMENT ON FUNCTION dr._snapshot_data_changes(jsonb, jsonb) IS
  'Internal: relations and sequences that differ between two snapshot documents';

CREATE FUNCTION @extschema@.dr_snapshot_changes("from" bigint, "to" bigint)
RETURNS TABLE (change text, object_type text, object text, check_name text, before text, after text, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off
AS $$
DECLARE
  old jsonb := @extschema@.dr_snapshot_document("from");
  new jsonb := @extschema@.dr_snapshot_document("to");
  old_has_objects CONSTANT boolean := jsonb_array_length(old -> 'objects') > 0;
  new_has_objects CONSTANT boolean := jsonb_array_length(new -> 'objects') > 0;
  existence dr.finding[];
BEGIN
  IF old ->> 'digest' <> new ->> 'digest' THEN
    RAISE EXCEPTION 'the two snapshots were taken with different fingerprint algorithms'
      USING ERRCODE = 'feature_not_supported',
            DETAIL = format('Snapshot %s has %s, snapshot %s has %s.', "from", old ->> 'digest', "to", new ->> 'digest');
  END IF;
  IF old ->> 'key_check' <> new ->> 'key_check' THEN
    RAISE EXCEPTION 'the two snapshots were taken with different fingerprint keys'
      USING ERRCODE = 'feature_not_supported';
  END IF;
  -- As findings, so that what belongs to an added or removed table is counted there and not listed.
  SELECT array_agg(ROW(CASE d.change WHEN 'added' THEN 'extra' ELSE 'missing' END, d.object_type, d.object, 'existence',
                       d.before, d.after, NULL)::dr.finding)
  INTO existence
  FROM dr._snapshot_data_changes(old, new) AS d WHERE d.check_name = 'existence';

  RETURN QUERY
  SELECT l.change, l.object_type, l.object, l.check_name, l.before, l.after, l.detail
  FROM (
    SELECT d.* FROM dr._snapshot_data_changes(old, new) AS d
    WHERE d.check_name <> 'existence' OR NOT (old_has_objects AND new_has_objects)
    UNION ALL
    SELECT CASE WHEN f.object_type LIKE '%table' OR f.object_type = 'materialized view' THEN 1
                WHEN f.object_type = 'sequence' THEN 2 ELSE 3 END,
           CASE WHEN f.check_name <> 'existence' THEN 'changed' WHEN f.actual IS NULL THEN 'removed' ELSE 'added' END,
           f.object_type, f.object, f.check_name, f.expected, f.actual,
           CASE WHEN f.check_name = 'existence' THEN substring(f.detail FROM '(?:^|with )(\d+ .*)$') END
    FROM dr._compare_objects(old, new, '{}', existence) AS f
    WHERE old_has_objects AND new_has_objects
    UNION ALL
    SELECT 4, 'unknown', 'schema', 'all objects', 'definition', NULL, NULL,
           'not compared: one of the snapshots has counts only'
    WHERE old_has_objects <> new_has_objects
  ) AS l (part, change, object_type, object, check_name, before, after, detail)
  ORDER BY l.part, l.object_type COLLATE "C", l.object COLLATE "C", l.check_name COLLATE "C";
END
$$;
COMMENT ON FUNCTION @extschema@.dr_snapshot_changes(bigint, bigint) IS
  'What changed between two snapshots: tables, counts, content, sequences, schema';
-- Which baseline a database is to be compared with.

-- The mark that "pgdr restore" leaves on a database: a setting, so that it is readable from other databases.
CREATE FUNCTION dr._origin(target name)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  mark text;
BEGIN
  SELECT substr(c.setting, length('pgdr.origin=') + 1) INTO mark
  FROM pg_db_role_setting AS s, pg_database AS d, unnest(s.setconfig) AS c (setting)
  WHERE d.datname = target AND s.setdatabase = d.oid AND s.setrole = 0 AND c.setting LIKE 'pgdr.origin=%';
  IF coalesce(mark, '') = '' THEN
    RETURN NULL;
  END IF;
  IF jsonb_typeof(mark::jsonb) <> 'object' OR mark::jsonb ->> 'label' IS NULL THEN
    RAISE invalid_text_representation;
  END IF;
  RETURN mark::jsonb;
EXCEPTION WHEN invalid_text_representation OR untranslatable_character THEN
  RAISE EXCEPTION 'the origin mark of database "%" is not readable', target
    USING ERRCODE = 'data_exception', DETAIL = format('pgdr.origin is %s.', quote_literal(mark)),
          HINT = format('ALTER DATABASE %I RESET pgdr.origin removes it.', target);
END
$$;
COMMENT ON FUNCTION dr._origin(name) IS 'Internal: from which backup a database was restored; null: unknown';

-- The options of the caller over those of the restore: what a restore left out cannot be there.
CREATE FUNCTION dr._options_with_origin(options jsonb, origin jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce((SELECT jsonb_object_agg(m.key, m.value) FROM jsonb_each(origin) AS m
                   WHERE m.key IN ('no_owner', 'no_acl', 'only') AND m.value <> 'null'), '{}') || options
$$;
COMMENT ON FUNCTION dr._options_with_origin(jsonb, jsonb) IS 'Internal: options of a comparison with those of the restore';

-- The backup with this label and the number of its snapshot, or an error that says what to do.
CREATE FUNCTION dr._backup_baseline(label text, reason text)
RETURNS dr.backups
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source dr.backups;
BEGIN
  PERFORM dr._check_label(label);
  SELECT * INTO source FROM dr.backups AS b WHERE b.label = _backup_baseline.label;
  IF source.snapshot IS NULL THEN
    RAISE EXCEPTION 'there is no baseline: backup "%" %', label,
        CASE WHEN source.id IS NULL THEN 'is not in the catalog' ELSE 'has no snapshot' END
      USING ERRCODE = 'undefined_object', DETAIL = coalesce(reason, 'The caller named this backup.'),
            HINT = 'Read the backup in from its repository with "pgdr catalog rebuild", or give its snapshot document to '
                   'dr_verify_snapshot() inside the restored database.';
  END IF;
  RETURN source;
END
$$;
COMMENT ON FUNCTION dr._backup_baseline(text, text) IS 'Internal: a backup that has a snapshot, or an error';
-- Verdict and record of a verification.

-- How much there was to compare: "42 tables with 1,234,567 rows and 310 schema objects".
CREATE FUNCTION dr._extent_text(document jsonb, options jsonb, with_objects boolean)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT dr._count_text(r.n, 'table') || ' with ' || dr._rows_text(r.rows)
    || CASE WHEN with_objects AND dr._only(options) IS NULL
            THEN ' and ' || dr._count_text(
              (SELECT count(DISTINCT (o.kind, o.identity)) FROM dr._objects(document, options) AS o), 'schema object')
            ELSE '' END
  FROM (SELECT count(*) AS n, coalesce(sum(t.rows), 0)::bigint AS rows
        FROM dr._relations(document, dr._only(options)) AS t WHERE t.kind = 'r') AS r
$$;
COMMENT ON FUNCTION dr._extent_text(jsonb, jsonb, boolean) IS 'Internal: the size of a snapshot document in words';

CREATE FUNCTION dr._verdict(baseline jsonb, actual jsonb, options jsonb, findings dr.finding[], baseline_name text)
RETURNS dr.finding
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
SET jit = off  -- the planner cannot know that documents are small: compiling took seconds
AS $$
DECLARE
  content boolean := (baseline -> 'content')::boolean AND (actual -> 'content')::boolean;
  problems integer;
  warnings integer;
  words text;
  verdict dr.finding;
BEGIN
  SELECT count(*) FILTER (WHERE f.status IN ('missing', 'extra', 'mismatch')),
         count(*) FILTER (WHERE f.status = 'warning')
  INTO problems, warnings
  FROM unnest(findings) AS f;
  IF problems = 0 THEN
    words := dr._extent_text(baseline, options, jsonb_array_length(baseline -> 'objects') > 0
                                                AND jsonb_array_length(actual -> 'objects') > 0)
      || CASE WHEN content THEN ' are identical to ' ELSE ' have the same row counts as ' END || baseline_name
      || CASE WHEN content THEN '' ELSE '; content was not compared' END
      || CASE WHEN warnings > 0 THEN '; ' || dr._count_text(warnings, 'warning') ELSE '' END;
  ELSE
    SELECT format('%s compared with %s: %s', dr._count_text(problems, 'problem'), baseline_name, string_agg(
             format('%s %s: %s', f.object_type, f.object, f.detail), '; ' ORDER BY f.n))
           || CASE WHEN problems > 3 THEN format('; and %s more', dr._number_text(problems - 3)) ELSE '' END
    INTO words
    FROM unnest(findings) WITH ORDINALITY
      AS f (status, object_type, object, check_name, expected, actual, detail, n)
    WHERE f.status IN ('missing', 'extra', 'mismatch') AND f.n <= 3;
  END IF;
  verdict.status := CASE WHEN problems = 0 THEN 'passed' ELSE 'failed' END;
  verdict.object_type := 'database';
  verdict.object := actual #>> '{database,name}';
  verdict.check_name := 'verdict';
  verdict.expected := baseline_name;
  verdict.detail := words;
  RETURN verdict;
END
$$;
COMMENT ON FUNCTION dr._verdict(jsonb, jsonb, jsonb, dr.finding[], text) IS 'Internal: the last line of a verification';

-- Whether results can be recorded here and now.
CREATE FUNCTION dr._recordable()
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT NOT pg_is_in_recovery() AND NOT current_setting('transaction_read_only')::boolean
$$;
COMMENT ON FUNCTION dr._recordable() IS 'Internal: false on a standby and in a read-only transaction';

-- Stores a verification and its findings; of very many findings the first 10,000, problems first as they are.
CREATE FUNCTION dr._verification_store(
  target text, server text, baseline text, backup bigint, snapshot bigint, restored boolean, content boolean,
  started_at timestamptz, finished_at timestamptz, findings dr.finding[], verdict dr.finding, options jsonb,
  triggered_by text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  keep CONSTANT integer := 10000;
  counted record;
  verification_id bigint;
BEGIN
  SELECT count(*) AS total, count(*) FILTER (WHERE f.status IN ('missing', 'extra', 'mismatch')) AS problems,
         count(*) FILTER (WHERE f.status = 'warning') AS warnings,
         count(*) FILTER (WHERE f.status = 'info') AS infos
  INTO counted
  FROM unnest(findings) AS f;
  IF counted.total <> counted.problems + counted.warnings + counted.infos THEN
    RAISE EXCEPTION 'a finding has an unknown status'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'Valid values: missing, extra, mismatch, warning, info.';
  END IF;
  IF (verdict.status = 'passed') <> (counted.problems = 0) THEN
    RAISE EXCEPTION 'the verdict "%" contradicts the findings, which have %', verdict.status,
        dr._count_text(counted.problems, 'problem')
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  INSERT INTO dr.verifications AS v (
    target, server, baseline, backup, snapshot, restored, content, started_at, finished_at, passed, problems, warnings,
    infos, omitted, verdict, options, triggered_by)
  VALUES (
    _verification_store.target, nullif(_verification_store.server, ''), _verification_store.baseline,
    _verification_store.backup, _verification_store.snapshot, _verification_store.restored,
    _verification_store.content, _verification_store.started_at,
    greatest(_verification_store.finished_at, _verification_store.started_at), verdict.status = 'passed',
    counted.problems, counted.warnings, counted.infos, greatest(counted.total - keep, 0),
    coalesce(verdict.detail, verdict.status), _verification_store.options, _verification_store.triggered_by)
  RETURNING v.id INTO verification_id;
  INSERT INTO dr.verification_findings (verification, position, status, object_type, object, check_name, expected,
                                        actual, detail)
  SELECT verification_id, f.n, f.status, coalesce(f.object_type, ''), coalesce(f.object, ''),
         coalesce(f.check_name, ''), f.expected, f.actual, f.detail
  FROM unnest(findings) WITH ORDINALITY
    AS f (status, object_type, object, check_name, expected, actual, detail, n)
  WHERE f.n <= keep;
  IF verdict.status = 'failed' THEN
    PERFORM @extschema@.dr_event_record(
      'error'::text, 'verification_failed'::text, format('verification of %s failed: %s', target, verdict.detail),
      jsonb_build_object('verification', verification_id, 'target', target, 'problems', counted.problems), NULL::text);
  END IF;
  RETURN verification_id;
END
$$;
COMMENT ON FUNCTION dr._verification_store(text, text, text, bigint, bigint, boolean, boolean, timestamptz, timestamptz,
                                           dr.finding[], dr.finding, jsonb, text) IS
  'Internal: records a verification with its findings';
-- Verifying a database of this cluster, and this database.

CREATE FUNCTION @extschema@.dr_verify_against(
  target text, snapshot bigint DEFAULT NULL, backup text DEFAULT NULL, options jsonb DEFAULT '{}',
  key bytea DEFAULT NULL)
RETURNS SETOF dr.finding
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  started CONSTANT timestamptz := clock_timestamp();
  origin jsonb;
  all_options jsonb;
  source dr.backups;
  baseline_id bigint := dr_verify_against.snapshot;
  baseline_kind text;
  baseline_name text;
  baseline jsonb;
  actual jsonb;
  content boolean;
  with_schema boolean;
  findings dr.finding[];
  verdict dr.finding;
BEGIN
  PERFORM dr._check_options(options);
  IF NOT EXISTS (SELECT FROM pg_database AS d WHERE d.datname = target) THEN
    RAISE EXCEPTION 'database "%" does not exist', coalesce(target, '')
      USING ERRCODE = 'invalid_catalog_name',
            HINT = 'The target is a database of this cluster; use dr_verify_snapshot() inside a database elsewhere.';
  END IF;
  origin := dr._origin(target);
  all_options := dr._options_with_origin(options, origin);

  IF snapshot IS NOT NULL THEN
    -- With both, the snapshot is the baseline and the label says whose it is: a snapshot document imported for this
    -- verification belongs to a backup that the catalog may not know, or not with its snapshot.
    PERFORM dr._snapshot_known(snapshot);
    IF backup IS NOT NULL THEN
      PERFORM dr._check_label(backup);
    END IF;
    SELECT b.* INTO source FROM dr.backups AS b
    WHERE b.label = dr_verify_against.backup OR (dr_verify_against.backup IS NULL AND b.snapshot = baseline_id)
    ORDER BY b.label LIMIT 1;
    IF source.snapshot <> snapshot THEN
      RAISE EXCEPTION 'snapshot % is not the snapshot of backup "%"', snapshot, backup
        USING ERRCODE = 'invalid_parameter_value', DETAIL = format('That is snapshot %s.', source.snapshot);
    END IF;
    baseline_kind := CASE WHEN backup IS NULL OR source.id IS NULL THEN 'snapshot' ELSE 'backup' END;
    baseline_name := coalesce('backup ' || backup, format('snapshot %s', snapshot));
  ELSIF backup IS NOT NULL OR origin IS NOT NULL THEN
    source := dr._backup_baseline(
      coalesce(backup, origin ->> 'label'),
      CASE WHEN backup IS NULL THEN format('Database "%s" carries the mark of a restore from this backup.', target) END);
    baseline_kind := 'backup';
    baseline_name := 'backup ' || source.label;
    baseline_id := source.snapshot;
  ELSE
    baseline_kind := 'live';
    baseline_name := format('the live database %s', current_database());
  END IF;

  IF baseline_kind = 'live' THEN
    baseline := dr._collect(true, true, key);
  ELSE
    baseline := @extschema@.dr_snapshot_document(baseline_id);
    PERFORM dr._check_key(baseline, key, baseline_name);
  END IF;
  -- No more is read of the target than there is to compare with.
  content := (baseline -> 'content')::boolean;
  with_schema := content OR jsonb_array_length(baseline -> 'objects') > 0;
  IF target = current_database() THEN
    actual := dr._collect(content, with_schema, key);
  ELSE
    actual := dr._collect_from(target, content, with_schema, key);
  END IF;

  SELECT array_agg(f ORDER BY n) INTO findings FROM (
    SELECT c.f, c.n FROM (SELECT ROW(f.*)::dr.finding AS f, row_number() OVER () AS n
                          FROM dr._compare(baseline, actual, all_options) AS f) AS c
    UNION ALL
    SELECT ROW('info', 'database', target, 'baseline', NULL, NULL,
               'compared with the live source, which may have changed since the target was made')::dr.finding, NULL
    WHERE baseline_kind = 'live') AS l;
  verdict := dr._verdict(baseline, actual, all_options, findings, baseline_name);
  IF dr._recordable() THEN
    PERFORM dr._verification_store(
      target, NULL, baseline_kind, source.id, baseline_id,
      coalesce(source.label = origin ->> 'label', false), content, started, clock_timestamp(), findings, verdict,
      all_options - 'triggered_by', options ->> 'triggered_by');
  END IF;
  RETURN QUERY SELECT * FROM unnest(findings);
  RETURN NEXT verdict;
END
$$;
COMMENT ON FUNCTION @extschema@.dr_verify_against(text, bigint, text, jsonb, bytea) IS
  'Compares a database of this cluster with a snapshot, a backup, the backup it was restored from, or this database: '
  'findings, then a verdict';

CREATE FUNCTION @extschema@.dr_verify_snapshot(document jsonb, options jsonb DEFAULT '{}',
                                              key bytea DEFAULT NULL)
RETURNS SETOF dr.finding
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  started CONSTANT timestamptz := clock_timestamp();
  origin jsonb;
  all_options jsonb;
  label text;
  source dr.backups;
  known_snapshot bigint;
  actual jsonb;
  content boolean;
  findings dr.finding[];
  verdict dr.finding;
BEGIN
  PERFORM dr._check_options(options);
  PERFORM dr._check_document(document, 'the argument');
  PERFORM dr._check_key(document, key, 'the snapshot document');
  label := options ->> 'backup';
  IF label IS NOT NULL THEN
    PERFORM dr._check_label(label);
  END IF;
  origin := dr._origin(current_database());
  all_options := dr._options_with_origin(options, origin);
  content := (document -> 'content')::boolean;
  actual := dr._collect(content, content OR jsonb_array_length(document -> 'objects') > 0, key);
  SELECT array_agg(ROW(f.*)::dr.finding) INTO findings FROM dr._compare(document, actual, all_options) AS f;
  verdict := dr._verdict(document, actual, all_options, findings,
                         coalesce('backup ' || label, 'snapshot document ' || (document ->> 'uuid')));
  IF dr._recordable() THEN
    -- The catalog of a restored database may know neither the snapshot nor the backup: recorded without, then.
    SELECT s.id INTO known_snapshot FROM dr.snapshots AS s WHERE s.uuid = (document ->> 'uuid')::uuid;
    SELECT b.* INTO source FROM dr.backups AS b
    WHERE b.label = dr_verify_snapshot.options ->> 'backup'
       OR (dr_verify_snapshot.options ->> 'backup' IS NULL AND b.snapshot = known_snapshot)
    ORDER BY b.label LIMIT 1;
    PERFORM dr._verification_store(
      current_database(), NULL, 'document', source.id, known_snapshot,
      coalesce(source.label = origin ->> 'label', false), content, started, clock_timestamp(), findings, verdict,
      all_options - 'triggered_by', options ->> 'triggered_by');
  END IF;
  RETURN QUERY SELECT * FROM unnest(findings);
  RETURN NEXT verdict;
END
$$;
COMMENT ON FUNCTION @extschema@.dr_verify_snapshot(jsonb, jsonb, bytea) IS
  'Compares this database with a snapshot document: findings, then a verdict';
-- What the snapshots in the catalog say about each table, from one to the next. dr_detect_loss() judges it.

-- The snapshots of a database that count: those of the window, and as many days before it as it takes to know what is usual.
-- `judged`: whether what happened since the snapshot before it lies in the window.
CREATE FUNCTION dr._loss_snapshots(database text, since interval)
RETURNS TABLE (snapshot bigint, n bigint, taken_at timestamptz, judged boolean, with_objects boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT s.id, row_number() OVER (ORDER BY s.taken_at, s.id), s.taken_at, s.taken_at >= clock_timestamp() - since,
         EXISTS (SELECT FROM dr.snapshot_objects AS o WHERE o.snapshot = s.id)
  FROM dr.snapshots AS s
  WHERE s.database = _loss_snapshots.database
    AND s.taken_at >= clock_timestamp() - since - greatest(since, interval '30 days')
$$;
COMMENT ON FUNCTION dr._loss_snapshots(text, interval) IS 'Internal: snapshots from which losses are read';

-- Which tables are partitions, as far as snapshots with schema records or the database as it is know.
CREATE FUNCTION dr._loss_parents(database text, since interval)
RETURNS TABLE (object text, parent text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT o.identity, dr._object_relation('table', d.definition, NULL)
  FROM dr._loss_snapshots(database, since) AS s
  JOIN dr.snapshot_objects AS o ON o.snapshot = s.snapshot AND o.kind = 'table' AND o.facet = 'partition of'
  JOIN dr.definitions AS d ON d.id = o.definition
  UNION
  SELECT format('%I.%I', n.nspname, c.relname), format('%I.%I', pn.nspname, p.relname)
  FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid AND c.relispartition JOIN pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_class AS p ON p.oid = i.inhparent JOIN pg_namespace AS pn ON pn.oid = p.relnamespace
  WHERE database = current_database()
$$;
COMMENT ON FUNCTION dr._loss_parents(text, interval) IS 'Internal: partitions and their partitioned tables';

-- From one exact count of a table to the next: one line each.
CREATE FUNCTION dr._loss_steps(database text, since interval)
RETURNS TABLE (object text, kind text, n bigint, from_snapshot bigint, from_at timestamptz, to_snapshot bigint,
               to_at timestamptz, rows_before bigint, rows_after bigint, judged boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT t.*
  FROM (
    SELECT format('%I.%I', r.schema, r.name) COLLATE "C", r.kind, s.n, lag(s.snapshot) OVER w, lag(s.taken_at) OVER w, s.snapshot,
           s.taken_at, lag(r.rows) OVER w AS rows_before, r.rows, s.judged
    FROM dr._loss_snapshots(database, since) AS s JOIN dr.snapshot_relations AS r ON r.snapshot = s.snapshot
    WHERE r.state = 'exact' AND r.kind IN ('r', 'p')
    WINDOW w AS (PARTITION BY r.schema COLLATE "C", r.name COLLATE "C" ORDER BY s.n)
  ) AS t
  WHERE t.rows_before IS NOT NULL
$$;
COMMENT ON FUNCTION dr._loss_steps(text, interval) IS 'Internal: how the row counts of tables went, snapshot by snapshot';

-- Tables that one snapshot has and the next has not.
CREATE FUNCTION dr._loss_disappeared(database text, since interval)
RETURNS TABLE (object text, kind text, from_snapshot bigint, from_at timestamptz, to_snapshot bigint, to_at timestamptz,
               rows_before bigint, detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH snapshot AS MATERIALIZED (SELECT * FROM dr._loss_snapshots(database, since)),
  gone AS (
    SELECT r.schema, r.name, r.kind, r.rows, r.digest, a.snapshot AS from_snapshot, a.taken_at AS from_at, b.snapshot AS to_snapshot,
           b.taken_at AS to_at, b.judged, count(*) OVER (PARTITION BY r.schema, r.name ORDER BY b.n) AS times
    FROM snapshot AS a JOIN snapshot AS b ON b.n = a.n + 1 JOIN dr.snapshot_relations AS r ON r.snapshot = a.snapshot
    WHERE r.kind IN ('r', 'p')
      AND NOT EXISTS (SELECT FROM dr.snapshot_relations AS o WHERE o.snapshot = b.snapshot AND o.schema = r.schema AND o.name = r.name)
  ), parent AS (SELECT DISTINCT ON (p.object) p.object, p.parent FROM dr._loss_parents(database, since) AS p ORDER BY p.object)
  SELECT format('%I.%I', g.schema, g.name), g.kind, g.from_snapshot, g.from_at, g.to_snapshot, g.to_at, g.rows,
         'the table is gone' || coalesce((
           SELECT format('; perhaps it was renamed: %I.%I appeared with the same %s', o.schema, o.name,
                         CASE WHEN g.digest IS NULL OR o.digest IS NULL THEN 'number of rows' ELSE 'content' END)
           FROM dr.snapshot_relations AS o
           WHERE o.snapshot = g.to_snapshot AND o.kind = g.kind AND o.rows = g.rows AND o.rows > 0
             AND coalesce(o.digest = g.digest, true)
             AND NOT EXISTS (SELECT FROM dr.snapshot_relations AS e
                             WHERE e.snapshot = g.from_snapshot AND e.schema = o.schema AND e.name = o.name)
           ORDER BY o.position LIMIT 1), '')
  FROM gone AS g
  WHERE g.judged
    -- A table that came and went before does so again.
    AND g.times = 1
    -- Old partitions are dropped on purpose, so their partitioned table is judged; if that is gone it says it all.
    AND NOT EXISTS (SELECT FROM parent AS p WHERE p.object = format('%I.%I', g.schema, g.name))
$$;
COMMENT ON FUNCTION dr._loss_disappeared(text, interval) IS 'Internal: tables that disappeared between two snapshots';

-- Columns that one snapshot's schema records have and the next one's have not, of tables that both have.
CREATE FUNCTION dr._loss_columns(database text, since interval)
RETURNS TABLE (object text, from_snapshot bigint, from_at timestamptz, to_snapshot bigint, to_at timestamptz, detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH snapshot AS MATERIALIZED (
    SELECT s.*, row_number() OVER (ORDER BY s.n) AS m FROM dr._loss_snapshots(database, since) AS s WHERE s.with_objects
  ), column_record AS MATERIALIZED (
    SELECT s.m, o.identity, o.definition FROM snapshot AS s JOIN dr.snapshot_objects AS o ON o.snapshot = s.snapshot
    WHERE o.kind = 'column' AND o.facet = 'definition'
  ), lost AS (
    SELECT a.*, b.snapshot AS to_snapshot, b.taken_at AS to_at, b.m AS to_m, b.judged AS to_judged, c.identity,
           dr._object_relation('column', c.identity, NULL) AS object
    FROM snapshot AS a JOIN snapshot AS b ON b.m = a.m + 1 JOIN column_record AS c ON c.m = a.m
    WHERE b.judged AND NOT EXISTS (SELECT FROM column_record AS d WHERE d.m = b.m AND d.identity = c.identity)
  )
  SELECT l.object, l.snapshot, l.taken_at, l.to_snapshot, l.to_at,
         format('without %s %s', CASE count(*) WHEN 1 THEN 'column' ELSE 'columns' END,
                string_agg(substr(l.identity, length(l.object) + 2), ', ' ORDER BY l.identity COLLATE "C"))
         || coalesce(', but with the new ' || (
              SELECT string_agg(substr(c.identity, length(l.object) + 2), ', ' ORDER BY c.identity COLLATE "C") FROM column_record AS c
              WHERE c.m = l.to_m AND starts_with(c.identity, l.object || '.')
                AND dr._object_relation('column', c.identity, NULL) = l.object
                AND NOT EXISTS (SELECT FROM column_record AS d WHERE d.m = l.m AND d.identity = c.identity)), '')
  FROM lost AS l
  WHERE EXISTS (SELECT FROM dr.snapshot_relations AS r
                WHERE r.snapshot = l.to_snapshot AND r.kind IN ('r', 'p') AND format('%I.%I', r.schema, r.name) = l.object)
    AND NOT EXISTS (SELECT FROM dr._loss_parents(database, since) AS p WHERE p.object = l.object)
  GROUP BY l.object, l.snapshot, l.taken_at, l.m, l.to_snapshot, l.to_at, l.to_m
$$;
COMMENT ON FUNCTION dr._loss_columns(text, interval) IS 'Internal: columns that disappeared between two snapshots';
-- What is abnormal in the history of the row counts.

-- Tables that lost rows. `factor` times the usual daily variation of a table is what it may lose in a day (and more over more days):
-- the median, over the days before, of all that was added and removed on a day. A first fill is nobody's habit: steps that start
-- from an empty table do not count. A loss may come in one step or in several with none up between them.
CREATE FUNCTION dr._loss_rows(database text, since interval, share numeric, factor numeric, min_rows bigint)
RETURNS TABLE (loss text, object text, kind text, from_snapshot bigint, from_at timestamptz, to_snapshot bigint,
               to_at timestamptz, rows_before bigint, rows_after bigint, usual numeric)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  WITH step AS MATERIALIZED (
    SELECT s.*, count(*) FILTER (WHERE s.rows_after > s.rows_before) OVER (PARTITION BY s.object COLLATE "C" ORDER BY s.n) AS run
    FROM dr._loss_steps(database, since) AS s
  ), candidate AS (
    SELECT 1 AS priority, s.object, s.kind, s.n AS first_n, s.from_snapshot, s.from_at, s.to_snapshot, s.to_at, s.rows_before,
           s.rows_after, s.run
    FROM step AS s WHERE s.judged AND s.rows_after < s.rows_before
    UNION ALL
    SELECT 2, f.object, f.kind, f.n, f.from_snapshot, f.from_at, l.to_snapshot, l.to_at, f.rows_before, l.rows_after, f.run
    FROM (SELECT DISTINCT ON (s.object COLLATE "C", s.run) s.* FROM step AS s
          WHERE s.judged AND s.rows_after < s.rows_before ORDER BY s.object COLLATE "C", s.run, s.n) AS f
    JOIN (SELECT DISTINCT ON (s.object COLLATE "C", s.run) s.* FROM step AS s
          WHERE s.judged AND s.rows_after < s.rows_before ORDER BY s.object COLLATE "C", s.run, s.n DESC) AS l
      ON l.object = f.object AND l.run = f.run AND l.n > f.n
  ), measured AS (
    SELECT c.*,
      coalesce((
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY d.changed)::numeric
        FROM (SELECT sum(abs(s.rows_after - s.rows_before)) AS changed
              FROM step AS s
              WHERE s.object = c.object AND s.n < c.first_n AND s.rows_before > 0
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
  )
  SELECT a.loss, a.object, a.kind, a.from_snapshot, a.from_at, a.to_snapshot, a.to_at, a.rows_before, a.rows_after, a.usual
  FROM abnormal AS a
  -- Several steps together only where none of them stands out.
  WHERE a.priority = 1
     OR NOT EXISTS (SELECT FROM abnormal AS s WHERE s.priority = 1 AND s.object = a.object AND s.run = a.run)
$$;
COMMENT ON FUNCTION dr._loss_rows(text, interval, numeric, numeric, bigint) IS 'Internal: tables that lost rows abnormally';

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

CREATE FUNCTION @extschema@.dr_detect_loss(
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
BEGIN
  IF since IS NULL OR since <= interval '0' OR share IS NULL OR share NOT BETWEEN 0 AND 1 OR factor IS NULL OR factor < 0
     OR min_rows IS NULL OR min_rows < 0 OR dr_detect_loss.database IS NULL THEN
    RAISE EXCEPTION 'since must be longer than nothing, share between 0 and 1, factor and min_rows not negative'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: dr_detect_loss(interval ''7 days'').';
  END IF;
  SELECT count(*) AS snapshots, count(*) FILTER (WHERE s.judged) AS judged, min(s.taken_at) AS first, max(s.taken_at) AS last,
         (array_agg(s.snapshot ORDER BY s.n DESC))[1] AS newest
  INTO history
  FROM dr._loss_snapshots(dr_detect_loss.database, since) AS s;

  FOR line IN
    WITH parent AS MATERIALIZED (
      SELECT DISTINCT ON (p.object) p.object, p.parent FROM dr._loss_parents(dr_detect_loss.database, since) AS p ORDER BY p.object
    ), row_loss AS MATERIALIZED (
      SELECT r.* FROM dr._loss_rows(dr_detect_loss.database, since, share, factor, min_rows) AS r
    ), found AS (
      SELECT r.loss, r.object, r.kind, r.from_snapshot, r.from_at, r.to_at, r.rows_before, r.rows_after,
             CASE r.loss WHEN 'shrank' THEN
               format('%s of %s (%s %%) are gone%s', dr._number_text(r.rows_before - r.rows_after), dr._rows_text(r.rows_before),
                      round(100.0 * (r.rows_before - r.rows_after) / r.rows_before),
                      CASE WHEN r.usual > 0 THEN format('; usually %s change in a day', dr._rows_text(round(r.usual)::bigint)) ELSE '' END)
             ELSE format('all %s are gone', dr._rows_text(r.rows_before)) END AS what
      FROM row_loss AS r
      -- Where a partition is named its partitioned table need not be.
      WHERE NOT (r.kind = 'p' AND EXISTS (SELECT FROM row_loss AS l JOIN parent AS p ON p.object = l.object
                                          WHERE p.parent = r.object AND l.to_snapshot = r.to_snapshot))
      UNION ALL
      SELECT 'disappeared', d.object, d.kind, d.from_snapshot, d.from_at, d.to_at, d.rows_before, NULL, d.detail
      FROM dr._loss_disappeared(dr_detect_loss.database, since) AS d
      UNION ALL
      SELECT 'lost columns', c.object, 'r', c.from_snapshot, c.from_at, c.to_at, NULL, NULL, c.detail
      FROM dr._loss_columns(dr_detect_loss.database, since) AS c
      UNION ALL
      SELECT 'stopped growing', s.object, s.kind, s.from_snapshot, s.from_at, s.to_at, s.rows_before, s.rows_before,
             format('it grew in nearly every interval before, and not in the last %s (%s)', s.steps, dr._duration_text(s.to_at - s.from_at))
      FROM dr._loss_standstill(dr_detect_loss.database, since) AS s
      WHERE NOT EXISTS (SELECT FROM parent AS p WHERE p.object = s.object)
    )
    SELECT f.loss, dr._relation_type(f.kind) AS object_type, f.object, f.from_snapshot, f.from_at, f.to_at,
           coalesce(f.rows_before, was.rows) AS rows_before, f.rows_after, now.rows AS rows_now, b.label, b.recovery_point,
           concat_ws('; ', f.what,
             CASE WHEN now.rows >= f.rows_before AND f.loss IN ('shrank', 'lost all rows', 'disappeared')
                  THEN format('meanwhile it has %s again', dr._rows_text(now.rows)) END,
             CASE WHEN f.loss = 'stopped growing' THEN 'nothing is lost, but what writes to it may be broken'
                  WHEN b.label IS NULL THEN 'no usable backup holds it'
                  WHEN b.rows IS NULL THEN format('backup %s is the newest from before', b.label)
                  ELSE format('backup %s is the newest that holds it, with %s', b.label, dr._rows_text(b.rows)) END) AS detail
    FROM found AS f
    LEFT JOIN LATERAL (SELECT * FROM dr._loss_backup(f.object, f.from_at) AS b WHERE f.loss <> 'stopped growing') AS b ON true
    LEFT JOIN dr.snapshot_relations AS was ON was.snapshot = f.from_snapshot AND format('%I.%I', was.schema, was.name) = f.object
    LEFT JOIN dr.snapshot_relations AS now ON now.snapshot = history.newest AND format('%I.%I', now.schema, now.name) = f.object
    ORDER BY f.loss = 'stopped growing', f.from_at, f.object COLLATE "C", f.loss
  LOOP
    IF line.loss <> 'stopped growing' THEN
      losses := losses + 1;
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
    'verdict', 'database', dr_detect_loss.database, NULL::bigint, NULL::timestamptz, NULL::timestamptz, NULL::bigint, NULL::bigint,
    NULL::bigint, oldest_label, oldest_point,
    CASE
      WHEN history.snapshots < 2 OR history.judged < 1 THEN
        format('unknown: %s of this database in the last %s; dr_schedule_snapshots() takes them regularly',
               dr._count_text(history.snapshots, 'snapshot'), dr._duration_text(since))
      WHEN losses = 0 THEN
        format('no loss in %s from %s to %s', dr._count_text(history.judged, 'snapshot'),
               to_char(greatest(history.first, clock_timestamp() - since), 'YYYY-MM-DD HH24:MI'), to_char(history.last, 'YYYY-MM-DD HH24:MI TZ'))
      ELSE concat_ws('; ', dr._count_text(losses, 'loss', 'losses'),
        CASE WHEN unsaved > 0 THEN format('%s in no usable backup', dr._number_text(unsaved)) END,
        CASE WHEN oldest_label IS NOT NULL THEN
          format('each line names the backup it needs, the oldest of them is %s (recovery point %s): "pgdr restore %1$s --to '
                 'NEW_DATABASE" brings it back beside this database, to copy from', oldest_label,
                 to_char(oldest_point, 'YYYY-MM-DD HH24:MI:SS TZ')) END)
    END;
END
$$;
COMMENT ON FUNCTION @extschema@.dr_detect_loss(interval, text, numeric, numeric, bigint) IS
  'Tables that shrank abnormally, lost all rows or columns, disappeared or stopped growing between snapshots, and the newest backup that still holds the data; then a verdict';
-- The rows that differ, named.

-- The schemas and names of what holds a relation's rows: its partitions, or itself.
CREATE FUNCTION dr._leaves(relation regclass)
RETURNS TABLE (schema text, name text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT c.relnamespace::regnamespace::text, c.relname::text
  FROM pg_class AS c
  WHERE c.relkind <> 'p' AND (c.oid = relation OR c.oid IN (SELECT t.relid FROM pg_partition_tree(relation) AS t))
$$;
COMMENT ON FUNCTION dr._leaves(regclass) IS 'Internal: the partitions of a relation that hold rows, or the relation itself';

-- relations: of a snapshot document, at least those of the relation and its partitions. keyed: the key of keyed fingerprints is at
-- hand, and the document has been checked with it.
CREATE FUNCTION dr._relation_baseline(snapshot_name text, relations jsonb, relation regclass, keyed boolean)
RETURNS TABLE (name text, problem text, key text[], bucket_bits integer, buckets text, digest text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  known CONSTANT jsonb := coalesce((
    SELECT jsonb_object_agg(format('%I.%I', r ->> 'schema', r ->> 'name'), r) FROM jsonb_array_elements(relations) AS r), '{}');
  root CONSTANT jsonb := known -> (SELECT format('%I.%I', n.nspname, c.relname)
                                   FROM pg_class AS c, pg_namespace AS n
                                   WHERE c.oid = relation AND n.oid = c.relnamespace);
  leaves jsonb[];
  unusable text;
BEGIN
  SELECT array_agg(known -> format('%s.%I', l.schema, l.name)) INTO leaves FROM dr._leaves(relation) AS l;
  unusable := CASE
    WHEN root IS NULL THEN 'it does not have this relation'
    WHEN root ->> 'digest' IS NULL THEN coalesce('it has no fingerprint of it: ' || (root ->> 'note'), 'it has no fingerprint of it')
    WHEN NOT keyed AND root ->> 'digest' LIKE 'pgdr_-hmac-%' THEN 'its fingerprints are keyed'
    WHEN EXISTS (SELECT FROM pg_extension AS e, unnest(e.extconfig, e.extcondition) AS c (oid, condition)
                 WHERE c.oid = relation AND c.condition <> '') THEN 'it has only those rows of it that a dump has'
    WHEN EXISTS (SELECT FROM unnest(leaves) AS l WHERE l IS NULL)
      OR NOT dr._digest_equal(root ->> 'digest', coalesce(
           (SELECT dr._digest_sum(l ->> 'digest') FROM unnest(leaves) AS l), split_part(root ->> 'digest', ':', 1)
             || ':0:0:' || repeat('0', length(split_part(root ->> 'digest', ':', 4)))))
      THEN 'the partitions have changed since' END;
  IF unusable IS NOT NULL THEN
    RETURN QUERY SELECT snapshot_name, unusable, NULL::text[], NULL::integer, NULL::text, NULL::text;
    RETURN;
  END IF;
  -- Empty partitions would only make the division coarser.
  RETURN QUERY
    SELECT snapshot_name, NULL::text, k.key, (l ->> 'bucket_bits')::integer, l ->> 'buckets', l ->> 'digest'
    FROM unnest(leaves) WITH ORDINALITY AS l (l, n),
         (SELECT array_agg(c.name ORDER BY c.n) AS key
          FROM jsonb_array_elements_text(CASE jsonb_typeof(root -> 'key') WHEN 'array' THEN root -> 'key' ELSE '[]' END)
            WITH ORDINALITY AS c (name, n)) AS k
    WHERE (l ->> 'rows')::bigint > 0
       OR (l.n = 1 AND NOT EXISTS (SELECT FROM unnest(leaves) AS o (o) WHERE (o ->> 'rows')::bigint > 0));
END
$$;
COMMENT ON FUNCTION dr._relation_baseline(text, jsonb, regclass, boolean) IS
  'Internal: key buckets of a relation in a snapshot document''s relations';

-- The backup that a database of this cluster was restored from; nothing without its mark.
CREATE FUNCTION dr._target_baseline(target text, relation regclass, secret bytea)
RETURNS TABLE (name text, problem text, key text[], bucket_bits integer, buckets text, digest text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
  origin CONSTANT jsonb := dr._origin(target::name);
  source dr.backups;
  relations jsonb;
  keyed boolean := false;
BEGIN
  IF origin IS NULL THEN
    RETURN;
  END IF;
  SELECT * INTO source FROM dr.backups AS b WHERE b.label = origin ->> 'label';
  IF source.snapshot IS NULL THEN
    RETURN QUERY SELECT 'backup ' || (origin ->> 'label'), 'it is not in this catalog, or without its snapshot',
                        NULL::text[], NULL::integer, NULL::text, NULL::text;
    RETURN;
  END IF;
  IF secret IS NOT NULL THEN
    keyed := EXISTS (SELECT FROM dr.snapshots AS s WHERE s.id = source.snapshot AND s.header ? 'key_check');
    IF keyed THEN
      PERFORM dr._check_key(@extschema@.dr_snapshot_document(source.snapshot), secret, 'backup ' || source.label);
    END IF;
  END IF;
  SELECT jsonb_agg(jsonb_build_object(
    'schema', r.schema, 'name', r.name, 'rows', r.rows, 'digest', r.digest, 'key', r.key, 'note', r.note,
    'bucket_bits', r.bucket_bits, 'buckets', d.definition))
  INTO relations
  FROM (SELECT n.nspname AS schema, c.relname AS name FROM pg_class AS c, pg_namespace AS n
        WHERE c.oid = relation AND n.oid = c.relnamespace
        UNION
        SELECT n.nspname, c.relname FROM pg_partition_tree(relation) AS t, pg_class AS c, pg_namespace AS n
        WHERE c.oid = t.relid AND n.oid = c.relnamespace) AS w
    JOIN dr.snapshot_relations AS r ON r.snapshot = source.snapshot AND r.schema = w.schema AND r.name = w.name
    LEFT JOIN dr.definitions AS d ON d.id = r.buckets;
  RETURN QUERY SELECT * FROM dr._relation_baseline('backup ' || source.label, coalesce(relations, '[]'), relation, keyed);
END
$$;
COMMENT ON FUNCTION dr._target_baseline(text, regclass, bytea) IS
  'Internal: key buckets of a relation in the snapshot of the backup that a database was restored from';

CREATE FUNCTION dr._document_baseline(document jsonb, relation regclass, secret bytea)
RETURNS TABLE (name text, problem text, key text[], bucket_bits integer, buckets text, digest text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
  PERFORM dr._check_document(document, 'the argument');
  PERFORM dr._check_key(document, secret, 'the snapshot document');
  RETURN QUERY SELECT * FROM dr._relation_baseline(
    'snapshot document ' || (document ->> 'uuid'), document -> 'relations', relation, secret IS NOT NULL);
END
$$;
COMMENT ON FUNCTION dr._document_baseline(jsonb, regclass, bytea) IS 'Internal: key buckets of a relation in a snapshot document';

CREATE FUNCTION @extschema@.dr_differences(target text, relation text, max_rows integer DEFAULT 20, fingerprint_key bytea DEFAULT NULL)
RETURNS TABLE (side text, key text, column_name text, expected text, actual text, detail text)
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dr_differences';
COMMENT ON FUNCTION @extschema@.dr_differences(text, text, integer, bytea) IS
  'Rows of a relation that are missing, extra or changed in another database of this cluster, by key and column';

CREATE FUNCTION @extschema@.dr_differences_snapshot(document jsonb, relation text, max_rows integer DEFAULT 20, fingerprint_key bytea DEFAULT NULL)
RETURNS TABLE (side text, key text, column_name text, expected text, actual text, detail text)
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dr_differences_snapshot';
COMMENT ON FUNCTION @extschema@.dr_differences_snapshot(jsonb, text, integer, bytea) IS
  'Key buckets of a relation of this database that differ from a snapshot document, and the rows in them';
-- Recording backups and copies. The tool calls these; psql may too.

-- The backup with this label, locked, or an error that tells a malformed label from an unknown one.
CREATE FUNCTION dr._backup_by_label(label text)
RETURNS dr.backups
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found dr.backups;
BEGIN
  PERFORM dr._check_label(label);
  SELECT * INTO found FROM dr.backups AS b WHERE b.label = _backup_by_label.label;
  IF found.id IS NULL THEN
    RAISE EXCEPTION 'backup "%" is not in the catalog', label
      USING ERRCODE = 'undefined_object',
            HINT = 'SELECT label FROM dr.backups lists what is; "pgdr catalog rebuild" reads a repository''s backups in.';
  END IF;
  RETURN found;
END
$$;
COMMENT ON FUNCTION dr._backup_by_label(text) IS 'Internal: a backup''s row, or an error';

CREATE FUNCTION dr._check_label(label text)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- The same expression as the constraint on dr.backups.label.
  IF label IS NULL OR label !~
     '^[0-9]{4}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]Z-[0-9a-f]{4}$' THEN
    RAISE EXCEPTION 'malformed backup label %', coalesce('"' || label || '"', 'NULL')
      USING ERRCODE = 'invalid_parameter_value',
            HINT = 'A label is the UTC start time and four hexadecimal digits, such as 20261121T020000Z-9f3c.';
  END IF;
END
$$;
COMMENT ON FUNCTION dr._check_label(text) IS 'Internal: errors unless the text is a backup label';

-- Errors unless the value is one of the valid ones, and lists them.
CREATE FUNCTION dr._check_word(what text, value text, valid text[])
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  IF value IS NULL OR value <> ALL (valid) THEN
    RAISE EXCEPTION 'invalid % %', what, coalesce('"' || value || '"', 'NULL')
      USING ERRCODE = 'invalid_parameter_value', HINT = format('Valid values: %s.', array_to_string(valid, ', '));
  END IF;
END
$$;
COMMENT ON FUNCTION dr._check_word(text, text, text[]) IS 'Internal: errors unless the value is one of a list';

CREATE FUNCTION @extschema@.dr_backup_start(
  label text, set_name text, kind text DEFAULT 'full', started_at timestamptz DEFAULT now(),
  tool_version text DEFAULT NULL, detail jsonb DEFAULT '{}')
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  stale record;
  backup_id bigint;
BEGIN
  PERFORM dr._check_label(label);
  PERFORM dr._check_word('kind of backup', kind, ARRAY['full']);
  IF set_name IS NULL OR set_name = '' THEN
    RAISE EXCEPTION 'a backup needs the name of its set' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF started_at IS NULL THEN
    RAISE EXCEPTION 'a backup needs its start time' USING ERRCODE = 'null_value_not_allowed';
  END IF;
  IF EXISTS (SELECT FROM dr.backups AS b WHERE b.label = dr_backup_start.label) THEN
    RAISE EXCEPTION 'backup "%" is in the catalog already', label
      USING ERRCODE = 'duplicate_object', HINT = 'Every run needs a label of its own.';
  END IF;
  -- Whoever starts a backup holds the lock of the set, so a run that is still open here died without saying so.
  FOR stale IN
    UPDATE dr.backups AS b
    SET state = 'failed', error = 'abandoned: it was still running when the next backup started',
        finished_at = greatest(b.started_at, dr_backup_start.started_at)
    WHERE b.set_name = dr_backup_start.set_name AND b.state = 'running'
    RETURNING b.label, b.started_at
  LOOP
    PERFORM @extschema@.dr_event_record(
      'error'::text, 'backup_abandoned'::text,
      format('backup %s was abandoned: it was still running when backup %s started', stale.label, label),
      jsonb_build_object('label', stale.label, 'next_label', label), set_name);
  END LOOP;
  INSERT INTO dr.backups AS b (label, set_name, kind, state, started_at, tool_version, detail)
  VALUES (dr_backup_start.label, dr_backup_start.set_name, dr_backup_start.kind, 'running',
          dr_backup_start.started_at, dr_backup_start.tool_version, coalesce(dr_backup_start.detail, '{}'))
  RETURNING b.id INTO backup_id;
  RETURN backup_id;
EXCEPTION WHEN unique_violation THEN
  RAISE EXCEPTION 'another backup of set "%" started at this moment', set_name
    USING ERRCODE = 'lock_not_available', HINT = 'One backup of a set runs at a time.';
END
$$;
COMMENT ON FUNCTION @extschema@.dr_backup_start(text, text, text, timestamptz, text, jsonb) IS
  'Records that a backup runs; open runs of the same set are marked failed as abandoned; returns its number';

-- The running backup with this label, or an error that says what became of it.
CREATE FUNCTION dr._backup_running(label text)
RETURNS dr.backups
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found dr.backups := dr._backup_by_label(label);
BEGIN
  IF found.state <> 'running' THEN
    RAISE EXCEPTION 'backup "%" is not running but %', label, found.state
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = coalesce(found.error, 'There is no error on record.'),
            HINT = CASE WHEN found.state = 'failed'
                        THEN 'If its manifest is in the repository it is good: record it with dr_backup_import() '
                             'or "pgdr catalog rebuild".' ELSE 'A backup is finished once.' END;
  END IF;
  RETURN found;
END
$$;
COMMENT ON FUNCTION dr._backup_running(text) IS 'Internal: a running backup''s row, or an error';

CREATE FUNCTION @extschema@.dr_backup_finish(
  label text, snapshot bigint, finished_at timestamptz, recovery_point timestamptz, manifest jsonb,
  state text DEFAULT 'complete')
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source dr.backups := dr._backup_running(label);
BEGIN
  PERFORM dr._check_word('final state of a backup', state, ARRAY['complete', 'partial']);
  IF finished_at IS NULL OR recovery_point IS NULL THEN
    RAISE EXCEPTION 'backup "%" cannot be finished without its end and its recovery point', label
      USING ERRCODE = 'null_value_not_allowed';
  END IF;
  IF manifest IS NULL OR jsonb_typeof(manifest) <> 'object' OR manifest ->> 'label' IS DISTINCT FROM label THEN
    RAISE EXCEPTION 'the manifest is not that of backup "%"', label
      USING ERRCODE = 'invalid_parameter_value',
            DETAIL = format('Its label is %s.', coalesce('"' || (manifest ->> 'label') || '"', 'missing'));
  END IF;
  IF snapshot IS NOT NULL THEN
    PERFORM dr._snapshot_known(snapshot);
  END IF;
  -- The two times may come from the clocks of two hosts: a good backup is not refused for a second's difference.
  UPDATE dr.backups AS b
  SET state = dr_backup_finish.state, finished_at = greatest(dr_backup_finish.finished_at, b.started_at),
      recovery_point = dr_backup_finish.recovery_point, snapshot = dr_backup_finish.snapshot,
      manifest = dr_backup_finish.manifest,
      recovery_lsn = (dr_backup_finish.manifest ->> 'recovery_lsn')::pg_lsn,
      original_bytes = (dr_backup_finish.manifest ->> 'original_bytes')::bigint,
      stored_bytes = (dr_backup_finish.manifest ->> 'stored_bytes')::bigint,
      tool_version = coalesce(dr_backup_finish.manifest ->> 'tool_version', b.tool_version)
  WHERE b.id = source.id;
  IF state = 'partial' THEN
    PERFORM @extschema@.dr_event_record(
      'warning'::text, 'backup_partial'::text, format('backup %s is done, but a copy or a part is missing', label),
      jsonb_build_object('label', label), source.set_name);
  END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.dr_backup_finish(text, bigint, timestamptz, timestamptz, jsonb, text) IS
  'Records that a running backup is complete or partial';

CREATE FUNCTION @extschema@.dr_backup_fail(
  label text, error text, finished_at timestamptz DEFAULT clock_timestamp())
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source dr.backups := dr._backup_running(label);
  reason text := coalesce(nullif(error, ''), 'no reason was given');
BEGIN
  UPDATE dr.backups AS b
  SET state = 'failed', error = reason,
      finished_at = greatest(coalesce(dr_backup_fail.finished_at, clock_timestamp()), b.started_at)
  WHERE b.id = source.id;
  PERFORM @extschema@.dr_event_record(
    'error'::text, 'backup_failed'::text, format('backup %s failed: %s', label, reason),
    jsonb_build_object('label', label, 'error', reason), source.set_name);
END
$$;
COMMENT ON FUNCTION @extschema@.dr_backup_fail(text, text, timestamptz) IS 'Records that a running backup failed, with an event';
-- Copies, and backups rebuilt from the manifests of a repository.

CREATE FUNCTION @extschema@.dr_copy_record(
  label text, repository text, location text, state text, stored_bytes bigint DEFAULT NULL,
  manifest_sha256 text DEFAULT NULL, checked_at timestamptz DEFAULT NULL, error text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source dr.backups := dr._backup_by_label(label);
  old_state text;
  copy_id bigint;
BEGIN
  PERFORM dr._check_word('state of a copy', state, ARRAY['complete', 'missing', 'damaged', 'deleted']);
  IF coalesce(repository, '') = '' OR coalesce(location, '') = '' THEN
    RAISE EXCEPTION 'a copy needs its repository and its location' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF state = 'complete' AND error IS NOT NULL THEN
    RAISE EXCEPTION 'a complete copy has no error' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF manifest_sha256 !~ '^[0-9a-f]{64}$' THEN
    RAISE EXCEPTION 'malformed SHA-256 "%"', manifest_sha256
      USING ERRCODE = 'invalid_parameter_value', HINT = '64 hexadecimal digits in lower case.';
  END IF;
  SELECT c.state INTO old_state FROM dr.copies AS c
  WHERE c.backup = source.id AND c.repository = dr_copy_record.repository;
  -- What a later, shorter report does not say stays as it was.
  INSERT INTO dr.copies AS c (backup, repository, location, state, stored_bytes, manifest_sha256, checked_at, error)
  VALUES (source.id, dr_copy_record.repository, dr_copy_record.location, dr_copy_record.state,
          dr_copy_record.stored_bytes, dr_copy_record.manifest_sha256, dr_copy_record.checked_at,
          nullif(dr_copy_record.error, ''))
  ON CONFLICT ON CONSTRAINT copies_backup_repository_key DO UPDATE
  SET location = excluded.location, state = excluded.state, error = excluded.error,
      stored_bytes = coalesce(excluded.stored_bytes, c.stored_bytes),
      manifest_sha256 = coalesce(excluded.manifest_sha256, c.manifest_sha256),
      checked_at = coalesce(excluded.checked_at, c.checked_at), recorded_at = clock_timestamp()
  RETURNING c.id INTO copy_id;
  IF state IN ('missing', 'damaged') AND state IS DISTINCT FROM old_state THEN
    PERFORM @extschema@.dr_event_record(
      'error'::text, 'copy_' || state,
      format('the copy of backup %s in repository %s is %s%s', label, repository, state, coalesce(': ' || error, '')),
      jsonb_build_object('label', label, 'repository', repository, 'location', location), source.set_name);
  END IF;
  -- The last of the missing copies has been brought: nothing is lacking any more.
  IF state = 'complete' AND old_state IN ('missing', 'damaged') AND source.state = 'partial'
     AND NOT EXISTS (SELECT FROM dr.copies AS c WHERE c.backup = source.id AND c.state IN ('missing', 'damaged')) THEN
    UPDATE dr.backups AS b SET state = 'complete' WHERE b.id = source.id;
  END IF;
  RETURN copy_id;
END
$$;
COMMENT ON FUNCTION @extschema@.dr_copy_record(text, text, text, text, bigint, text, timestamptz, text) IS
  'Records the state of a backup''s copy in a repository, once per repository; returns its number';

-- Name and digest of every stored artifact: what makes two manifests the manifests of the same bytes.
CREATE FUNCTION dr._manifest_artifacts(manifest jsonb)
RETURNS jsonb
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT jsonb_object_agg(a.value ->> 'name', a.value -> 'stored_sha256')
  FROM jsonb_array_elements(CASE WHEN jsonb_typeof(manifest -> 'artifacts') = 'array'
                                 THEN manifest -> 'artifacts' ELSE '[]' END) AS a
  WHERE a.value ->> 'name' IS NOT NULL
$$;
COMMENT ON FUNCTION dr._manifest_artifacts(jsonb) IS 'Internal: name and digest of the artifacts of a manifest';

CREATE FUNCTION @extschema@.dr_backup_import(manifest jsonb, repository text, location text)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  known dr.backups;
  backup_id bigint;
  member text;
BEGIN
  IF manifest IS NULL OR manifest ->> 'format' IS DISTINCT FROM 'pgdr-manifest' THEN
    RAISE EXCEPTION 'the argument is not a backup manifest' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF manifest ->> 'version' IS DISTINCT FROM '1' THEN
    RAISE EXCEPTION 'the manifest has version %, this extension reads version 1',
        coalesce(manifest ->> 'version', 'unknown')
      USING ERRCODE = 'feature_not_supported', HINT = 'Use the version of pgdr that wrote it, or a newer one.';
  END IF;
  FOREACH member IN ARRAY ARRAY['label', 'set', 'kind', 'started_at', 'finished_at', 'recovery_point'] LOOP
    IF manifest ->> member IS NULL THEN
      RAISE EXCEPTION 'the manifest is damaged: it has no %', member USING ERRCODE = 'invalid_parameter_value';
    END IF;
  END LOOP;
  PERFORM dr._check_label(manifest ->> 'label');
  PERFORM dr._check_word('kind of backup', manifest ->> 'kind', ARRAY['full']);

  SELECT * INTO known FROM dr.backups AS b WHERE b.label = dr_backup_import.manifest ->> 'label';
  -- A rewrapped copy is stored in other bytes; its snapshot says that it is the same backup.
  IF (CASE WHEN known.manifest ? 'rewrapped_at' OR manifest ? 'rewrapped_at'
           THEN known.manifest ->> 'snapshot_uuid' <> manifest ->> 'snapshot_uuid'
           ELSE dr._manifest_artifacts(known.manifest) <> dr._manifest_artifacts(manifest) END) THEN
    RAISE EXCEPTION 'backup "%" is in the catalog with other artifacts', known.label
      USING ERRCODE = 'data_exception',
            DETAIL = format('Two different backups under one name, the second in repository %s at %s.', repository, location),
            HINT = 'Find out which one is genuine before anything else: one of them was altered.';
  END IF;
  -- The manifest is written last: where there is one the backup is good, whatever this catalog last heard of it.
  INSERT INTO dr.backups AS b (label, set_name, kind, state, started_at, finished_at, recovery_point, recovery_lsn,
                               snapshot, original_bytes, stored_bytes, tool_version, manifest, imported)
  VALUES (manifest ->> 'label', manifest ->> 'set', manifest ->> 'kind', 'complete',
          (manifest ->> 'started_at')::timestamptz,
          greatest((manifest ->> 'finished_at')::timestamptz, (manifest ->> 'started_at')::timestamptz),
          (manifest ->> 'recovery_point')::timestamptz, (manifest ->> 'recovery_lsn')::pg_lsn,
          (SELECT s.id FROM dr.snapshots AS s WHERE s.uuid = (dr_backup_import.manifest ->> 'snapshot_uuid')::uuid),
          (manifest ->> 'original_bytes')::bigint, (manifest ->> 'stored_bytes')::bigint,
          manifest ->> 'tool_version', dr_backup_import.manifest, true)
  ON CONFLICT ON CONSTRAINT backups_label_key DO UPDATE
  SET state = 'complete', started_at = excluded.started_at, finished_at = excluded.finished_at,
      recovery_point = excluded.recovery_point, recovery_lsn = excluded.recovery_lsn,
      snapshot = coalesce(b.snapshot, excluded.snapshot), original_bytes = excluded.original_bytes,
      stored_bytes = excluded.stored_bytes, tool_version = excluded.tool_version, manifest = excluded.manifest,
      error = NULL, imported = true
  WHERE b.state IN ('running', 'failed')
  RETURNING b.id INTO backup_id;
  -- A backup already known as good keeps its row; it may have lacked its snapshot, imported since.
  IF backup_id IS NULL THEN
    backup_id := known.id;
    UPDATE dr.backups AS b
    SET snapshot = (SELECT s.id FROM dr.snapshots AS s WHERE s.uuid = (dr_backup_import.manifest ->> 'snapshot_uuid')::uuid)
    WHERE b.id = known.id AND b.snapshot IS NULL;
  END IF;
  PERFORM @extschema@.dr_copy_record(manifest ->> 'label', repository, location, 'complete'::text,
                                     (manifest ->> 'stored_bytes')::bigint, NULL::text, NULL::timestamptz, NULL::text);
  RETURN backup_id;
END
$$;
COMMENT ON FUNCTION @extschema@.dr_backup_import(jsonb, text, text) IS
  'Records a backup found in a repository from its manifest, once per label; returns its number';
-- Recording restores and verifications done elsewhere.

CREATE FUNCTION @extschema@.dr_restore_start(
  label text, target text, server text DEFAULT NULL, options jsonb DEFAULT '{}', started_at timestamptz DEFAULT now())
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source dr.backups := dr._backup_by_label(label);
  restore_id bigint;
BEGIN
  IF source.state NOT IN ('complete', 'partial') THEN
    RAISE EXCEPTION 'backup "%" cannot be restored: it is %', label, source.state
      USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = coalesce(source.error, 'There is no error on record.');
  END IF;
  IF coalesce(target, '') = '' THEN
    RAISE EXCEPTION 'a restore needs its target database' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  INSERT INTO dr.restores AS r (backup, target, server, state, options, started_at)
  VALUES (source.id, dr_restore_start.target, nullif(dr_restore_start.server, ''), 'running',
          coalesce(dr_restore_start.options, '{}'), coalesce(dr_restore_start.started_at, now()))
  RETURNING r.id INTO restore_id;
  RETURN restore_id;
END
$$;
COMMENT ON FUNCTION @extschema@.dr_restore_start(text, text, text, jsonb, timestamptz) IS
  'Records that a restore of a backup runs; returns its number';

CREATE FUNCTION @extschema@.dr_restore_finish(
  restore bigint, state text, finished_at timestamptz DEFAULT clock_timestamp(), verification bigint DEFAULT NULL,
  error text DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  found dr.restores;
  proof dr.verifications;
  reason text := nullif(error, '');
BEGIN
  PERFORM dr._check_word('final state of a restore', state,
                         ARRAY['complete', 'complete_with_errors', 'failed', 'interrupted']);
  SELECT * INTO found FROM dr.restores AS r WHERE r.id = restore FOR UPDATE;
  IF found.id IS NULL THEN
    RAISE EXCEPTION 'restore % does not exist', coalesce(restore::text, 'NULL') USING ERRCODE = 'undefined_object';
  END IF;
  IF found.state <> 'running' THEN
    RAISE EXCEPTION 'restore % is not running but %', restore, found.state
      USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'A restore is finished once.';
  END IF;
  IF state = 'complete' AND reason IS NOT NULL THEN
    RAISE EXCEPTION 'a complete restore has no error'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'The state for this is complete_with_errors.';
  END IF;
  IF verification IS NOT NULL THEN
    SELECT * INTO proof FROM dr.verifications AS v WHERE v.id = verification;
    IF proof.id IS NULL THEN
      RAISE EXCEPTION 'verification % does not exist', verification USING ERRCODE = 'undefined_object';
    END IF;
    IF proof.backup IS DISTINCT FROM found.backup THEN
      RAISE EXCEPTION 'verification % did not compare with the backup of restore %', verification, restore
        USING ERRCODE = 'invalid_parameter_value';
    END IF;
  END IF;
  IF state IN ('failed', 'complete_with_errors') THEN
    reason := coalesce(reason, 'no reason was given');
  END IF;
  UPDATE dr.restores AS r
  SET state = dr_restore_finish.state, error = reason, verification = dr_restore_finish.verification,
      finished_at = greatest(coalesce(dr_restore_finish.finished_at, clock_timestamp()), r.started_at)
  WHERE r.id = restore;
  IF state IN ('failed', 'complete_with_errors') THEN
    PERFORM @extschema@.dr_event_record(
      'error'::text, CASE dr_restore_finish.state WHEN 'failed' THEN 'restore_failed' ELSE 'restore_errors' END,
      format('the restore of backup %s to %s %s: %s', b.label, found.target,
             CASE dr_restore_finish.state WHEN 'failed' THEN 'failed' ELSE 'had errors' END, reason),
      jsonb_build_object('restore', restore, 'label', b.label, 'target', found.target), b.set_name)
    FROM dr.backups AS b WHERE b.id = found.backup;
  END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.dr_restore_finish(bigint, text, timestamptz, bigint, text) IS
  'Records how a running restore ended';

CREATE FUNCTION @extschema@.dr_verification_record(
  label text, target text, started_at timestamptz, finished_at timestamptz, findings jsonb, server text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  source dr.backups := dr._backup_by_label(label);
  lines dr.finding[];
  last dr.finding;
BEGIN
  IF coalesce(target, '') = '' OR started_at IS NULL OR finished_at IS NULL THEN
    RAISE EXCEPTION 'a verification needs its target, its start and its end' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  IF jsonb_typeof(findings) IS DISTINCT FROM 'array' THEN
    RAISE EXCEPTION 'findings must be an array of what dr_verify_snapshot() returned'
      USING ERRCODE = 'invalid_parameter_value';
  END IF;
  SELECT array_agg(jsonb_populate_record(NULL::dr.finding, e.value) ORDER BY e.position) INTO lines
  FROM jsonb_array_elements(findings) WITH ORDINALITY AS e (value, position);
  last := lines[cardinality(lines)];
  IF last.check_name IS DISTINCT FROM 'verdict' OR coalesce(last.status, '') NOT IN ('passed', 'failed') THEN
    RAISE EXCEPTION 'the findings do not end with a verdict' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  RETURN dr._verification_store(
    target, server, 'document', source.id, source.snapshot, true, NULL, started_at, finished_at,
    lines[:cardinality(lines) - 1], last, '{}', NULL);
END
$$;
COMMENT ON FUNCTION @extschema@.dr_verification_record(text, text, timestamptz, timestamptz, jsonb, text) IS
  'Records a verification of a restored backup that was done elsewhere by dr_verify_snapshot(); returns its number';
-- Events and objectives.

CREATE FUNCTION @extschema@.dr_event_record(
  severity text, kind text, message text, detail jsonb DEFAULT '{}', set_name text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  event_id bigint;
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
  INSERT INTO dr.events AS e (severity, kind, message, detail, set_name)
  VALUES (dr_event_record.severity, dr_event_record.kind, dr_event_record.message,
          coalesce(dr_event_record.detail, '{}'), nullif(dr_event_record.set_name, ''))
  RETURNING e.id INTO event_id;
  RETURN event_id;
END
$$;
COMMENT ON FUNCTION @extschema@.dr_event_record(text, text, text, jsonb, text) IS 'Records an event; returns its number';

CREATE FUNCTION @extschema@.dr_objective_set(name text, target text)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  unit text;
  duration interval;
BEGIN
  PERFORM dr._check_word('objective', name, (SELECT array_agg(k.name ORDER BY k.position) FROM dr.objective_kinds AS k));
  SELECT k.unit INTO unit FROM dr.objective_kinds AS k WHERE k.name = dr_objective_set.name;
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
  INSERT INTO dr.objectives AS o (name, target) VALUES (dr_objective_set.name, dr_objective_set.target)
  ON CONFLICT ON CONSTRAINT objectives_pkey DO UPDATE
  SET target = excluded.target, set_at = excluded.set_at, set_by = excluded.set_by;
END
$$;
COMMENT ON FUNCTION @extschema@.dr_objective_set(text, text) IS 'Sets the target of an objective; NULL removes the objective';
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
      WHEN 'failed' THEN CASE WHEN p.state IN ('complete', 'partial') THEN 'warning' ELSE 'critical' END END,
    CASE r.state
      WHEN 'complete' THEN format('The last backup (%s) finished %s ago.', r.label,
                                  dr._duration_text(clock_timestamp() - r.finished_at))
      WHEN 'partial' THEN format('The last backup (%s) is usable, but a copy or a part of it is missing.', r.label)
      WHEN 'running' THEN format('Backup %s has been running for %s%s', r.label, dr._duration_text(r.age),
        CASE WHEN r.age > u.longest THEN ', much longer than usual: it may be stuck, or have died without a word.'
             ELSE '.' END)
      WHEN 'failed' THEN format('The last backup (%s) failed%s: %s', r.label,
        CASE WHEN p.state = 'failed' THEN ', and so did the one before' ELSE '' END, r.error) END
  FROM run AS r JOIN usual AS u ON u.set_name = r.set_name
  LEFT JOIN run AS p ON p.set_name = r.set_name AND p.n = 2
  WHERE r.n = 1
$$;
COMMENT ON FUNCTION dr._status_runs() IS 'Internal: state of the last run of each set';

-- Of several sets the one that is worst off speaks.
CREATE FUNCTION dr._status_backup()
RETURNS TABLE (actual text, state text, explanation text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(r.actual, 'never'), coalesce(r.state, 'critical'),
    coalesce(CASE WHEN r.sets > 1 THEN format('Set %s: ', r.set_name) ELSE '' END || r.explanation,
             'No backup was ever made.')
  FROM (VALUES (1)) AS one
  LEFT JOIN (SELECT s.*, count(*) OVER () AS sets FROM dr._status_runs() AS s
             ORDER BY array_position(ARRAY['critical', 'warning', 'ok'], s.state), s.started_at DESC
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

-- Only a verification of a database that was restored from a backup proves that backup.
CREATE FUNCTION dr._restore_verifications()
RETURNS SETOF dr.verifications
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT v.* FROM dr.verifications AS v
  WHERE v.backup IS NOT NULL
    AND (v.restored OR EXISTS (SELECT FROM dr.restores AS r WHERE r.verification = v.id))
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
              WHERE r.state = 'complete' ORDER BY r.finished_at DESC LIMIT 5) AS d) AS n
$$;
COMMENT ON FUNCTION dr._status_rto(interval) IS 'Internal: duration of the last successful restores';

CREATE FUNCTION @extschema@.dr_status()
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
      WHEN 'rto' THEN
        RETURN QUERY SELECT goal.name, goal.target, s.* FROM dr._status_rto(goal.target::interval) AS s;
      WHEN 'snapshot_age' THEN
        RETURN QUERY SELECT goal.name, goal.target, s.* FROM dr._status_snapshot_age(goal.target::interval) AS s;
    END CASE;
  END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@.dr_status() IS
  'Every objective with its target, what was measured now, its state (ok, warning, critical, unknown) and an explanation';
-- dr_check_integrity(), the cheap part: what catalogs and statistics already know.

CREATE FUNCTION dr._integrity_catalog()
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  -- page checksums: the statistics count failures since they were last reset
  SELECT 'error', 'database', quote_ident(d.datname), 'page checksums', '0 failures',
    format('%s failures', s.checksum_failures),
    format('last at %s; the pages are named in the server log', s.checksum_last_failure)
  FROM pg_stat_database s JOIN pg_database d ON d.oid = s.datid
  WHERE d.datname = current_database() AND s.checksum_failures > 0
  UNION ALL
  SELECT 'info', 'database', quote_ident(current_database()::text), 'page checksums', 'on', 'off',
    'this cluster was made without data checksums: damaged pages are noticed only by accident'
  WHERE current_setting('data_checksums') = 'off'
  UNION ALL
  -- indexes that a failed CREATE INDEX CONCURRENTLY left behind, or that are not in use
  SELECT CASE WHEN i.indisunique THEN 'error' ELSE 'warning' END, 'index', i.indexrelid::regclass::text, 'index state', 'valid and ready',
    concat_ws(', ', CASE WHEN NOT i.indisvalid THEN 'not valid' END, CASE WHEN NOT i.indisready THEN 'not ready' END,
      CASE WHEN NOT i.indislive THEN 'being dropped' END),
    'queries do not use it; a dump creates it anew, which fails if the data does not allow it: REINDEX or drop it'
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
  WHERE c.relkind = 'i' AND c.relpersistence <> 't' AND NOT (i.indisvalid AND i.indisready AND i.indislive)
  UNION ALL
  SELECT 'warning', 'constraint', format('%s on %s', quote_ident(k.conname), k.conrelid::regclass), 'constraint validated',
    'validated', 'NOT VALID', 'existing rows were never checked: ALTER TABLE … VALIDATE CONSTRAINT'
  FROM pg_constraint k
  WHERE NOT k.convalidated AND k.conrelid <> 0
  UNION ALL
  -- transaction ids: beyond autovacuum_freeze_max_age something holds vacuum back; near 2^31 the server stops
  SELECT CASE WHEN x.age > 1500000000 THEN 'error' ELSE 'warning' END, 'database', quote_ident(x.datname), x.what || ' age',
    format('below %s', x.allowed), x.age::text,
    'autovacuum does not keep up: look for old transactions, replication slots and prepared transactions'
  FROM (
    SELECT datname, 'transaction id' AS what, age(datfrozenxid) AS age, current_setting('autovacuum_freeze_max_age')::int AS allowed
    FROM pg_database WHERE datname = current_database()
    UNION ALL
    SELECT datname, 'multixact id', mxid_age(datminmxid), current_setting('autovacuum_multixact_freeze_max_age')::int
    FROM pg_database WHERE datname = current_database()) x
  WHERE x.age > x.allowed * 1.25
  UNION ALL
  -- prepared transactions are in no dump and hold back vacuum
  SELECT 'warning', 'prepared transaction', p.gid, 'prepared transaction', 'none older than an hour',
    format('prepared %s', p.prepared), 'its changes are in no backup until it is committed'
  FROM pg_prepared_xacts p
  WHERE p.database = current_database() AND p.prepared < now() - interval '1 hour'
  UNION ALL
  -- the available-extensions view knows control files only; a missing one makes CREATE EXTENSION in a restore fail
  SELECT 'error', 'extension', quote_ident(e.extname), 'extension installable', 'available on this server',
    'control file missing', 'a restore on this server would fail at CREATE EXTENSION: reinstall its package'
  FROM pg_extension e
  WHERE NOT EXISTS (SELECT FROM pg_available_extensions a WHERE a.name = e.extname)
$$;
COMMENT ON FUNCTION dr._integrity_catalog() IS 'integrity findings from catalogs and statistics alone';

-- C functions name their library; one that is gone makes the functions fail, and CREATE EXTENSION in a restore with them.
CREATE FUNCTION dr._integrity_libraries()
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  libdir text;
  lib record;
  path text;
BEGIN
  BEGIN
    SELECT setting INTO libdir FROM pg_config WHERE name = 'PKGLIBDIR';
    PERFORM pg_stat_file(libdir);
  EXCEPTION WHEN insufficient_privilege THEN
    RETURN QUERY SELECT 'info'::text, 'database'::text, quote_ident(current_database()), 'libraries'::text, NULL::text, NULL::text,
      'not checked: looking at the server''s files takes a superuser'::text;
    RETURN;
  END;
  FOR lib IN
    SELECT p.probin, min(p.oid::regprocedure::text) AS sample, count(*) AS functions
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
    WHERE l.lanname = 'c' AND p.probin IS NOT NULL
    GROUP BY p.probin
  LOOP
    -- Where dynamic_library_path has been changed, a bare name may be anywhere on it: only the plain case is decided here.
    IF lib.probin LIKE '$libdir/%' THEN
      path := libdir || substr(lib.probin, 8);
    ELSIF lib.probin LIKE '/%' THEN
      path := lib.probin;
    ELSIF current_setting('dynamic_library_path') = '$libdir' THEN
      path := libdir || '/' || lib.probin;
    ELSE
      CONTINUE;
    END IF;
    IF pg_stat_file(path, true) IS NULL AND pg_stat_file(path || '.so', true) IS NULL THEN
      status := 'error'; object_type := 'library'; object := lib.probin; check_name := 'library present';
      expected := 'present'; actual := 'missing';
      detail := format('needed by %s', CASE lib.functions WHEN 1 THEN lib.sample ELSE format('%s functions, %s for one', lib.functions, lib.sample) END);
      RETURN NEXT;
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr._integrity_libraries() IS 'integrity findings about shared libraries that functions need';

-- A sequence behind its column: the next insert fails, or the one after a restore does.
CREATE FUNCTION dr._integrity_sequences(every_column boolean)
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  seq record;
  column_value record;
  extreme numeric;
  next_value numeric;
BEGIN
  FOR seq IN
    SELECT s.oid, s.oid::regclass AS name, c.oid AS relid, c.oid::regclass AS tbl, a.attname, q.seqincrement, q.seqcycle, c.relkind,
      -- an index that starts with the column makes max() a single descent
      every_column OR c.relpages < 1000 OR EXISTS (
        SELECT FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_am am ON am.oid = ic.relam
        WHERE i.indrelid = c.oid AND i.indisvalid AND i.indkey[0] = a.attnum AND i.indpred IS NULL AND am.amname = 'btree') AS cheap
    FROM pg_depend d
      JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
      JOIN pg_sequence q ON q.seqrelid = s.oid
      JOIN pg_class c ON c.oid = d.refobjid AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't'
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
      AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
    ORDER BY s.oid::regclass
  LOOP
    CONTINUE WHEN NOT seq.cheap OR seq.seqcycle;
    SELECT * INTO column_value FROM dr._integrity_ask('sequence', seq.oid, 1);
    IF column_value.problem IS NOT NULL THEN
      status := 'warning'; object_type := 'sequence'; object := seq.name::text; check_name := 'sequence ahead of its column';
      expected := NULL; actual := 'not checked'; detail := column_value.problem;
      RETURN NEXT;
      CONTINUE;
    END IF;
    extreme := column_value.sample::numeric;
    EXECUTE format('SELECT last_value + CASE WHEN is_called THEN %s ELSE 0 END FROM %s', seq.seqincrement, seq.name)
      INTO next_value;
    IF extreme IS NOT NULL AND (extreme - next_value) * sign(seq.seqincrement) >= 0 THEN
      status := 'error'; object_type := 'sequence'; object := seq.name::text; check_name := 'sequence ahead of its column';
      expected := format('beyond %s', extreme); actual := format('next value %s', next_value);
      detail := format('%s.%I already holds %s: SELECT setval(%L, %s)', seq.tbl, seq.attname, extreme, seq.name, extreme);
      RETURN NEXT;
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr._integrity_sequences(boolean) IS 'integrity findings about sequences behind the columns they feed';
-- dr_check_integrity(), level data: rules that the rows themselves break. They hold by construction until an index is
-- damaged, a trigger was disabled, a collation changed or session_replication_role was set; then nothing says so
-- until the restore fails.

-- The key of a row for messages: primary key columns if there are any, else ctid.
CREATE FUNCTION dr._integrity_key_expression(relation oid, alias text)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT coalesce(
    (SELECT format('concat(''('', concat_ws('', '', %s), '')'')',
        string_agg(format('%L || coalesce(%s.%I::text, ''NULL'')', a.attname || ' = ', alias, a.attname), ', ' ORDER BY k.position))
     FROM pg_index i
      CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, position)
      JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
     WHERE i.indrelid = relation AND i.indisprimary AND k.position <= i.indnkeyatts),
    format('concat(''ctid '', %s.ctid)', alias))
$$;
COMMENT ON FUNCTION dr._integrity_key_expression(oid, text) IS 'SQL expression that shows the key of a row of the relation';

-- The query that finds the rows which break a constraint, as RI_Initial_Check and ATRewriteTable would look for them.
-- NULL where the kind of constraint has no such query.
CREATE FUNCTION dr._integrity_constraint_query(constraint_oid oid)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  k pg_constraint;
  only_word text;
  joined text;
  some_null text;
  referenced_only text;
  first_key text;
BEGIN
  SELECT * INTO STRICT k FROM pg_constraint WHERE oid = constraint_oid;
  -- rows of a partitioned table are all in its leaves; a plain table's children carry constraints of their own
  SELECT CASE relkind WHEN 'p' THEN '' ELSE 'ONLY' END INTO STRICT only_word FROM pg_class WHERE oid = k.conrelid;
  IF k.contype = 'c' THEN
    RETURN format('SELECT %s AS key FROM %s %s t WHERE (%s) IS FALSE', dr._integrity_key_expression(k.conrelid, 't'),
      only_word, k.conrelid::regclass, pg_get_expr(k.conbin, k.conrelid));
  ELSIF k.contype = 'f' THEN
    SELECT CASE relkind WHEN 'p' THEN '' ELSE 'ONLY' END INTO STRICT referenced_only FROM pg_class WHERE oid = k.confrelid;
    SELECT string_agg(format('r.%I OPERATOR(%I.%s) t.%I', ra.attname, n.nspname, o.oprname, ta.attname), ' AND ' ORDER BY x.i),
      string_agg(format('t.%I IS NOT NULL', ta.attname), CASE k.confmatchtype WHEN 'f' THEN ' OR ' ELSE ' AND ' END ORDER BY x.i),
      (array_agg(ra.attname::text ORDER BY x.i))[1]
    INTO joined, some_null, first_key
    FROM generate_subscripts(k.conkey, 1) AS x (i)
      JOIN pg_attribute ta ON ta.attrelid = k.conrelid AND ta.attnum = k.conkey[x.i]
      JOIN pg_attribute ra ON ra.attrelid = k.confrelid AND ra.attnum = k.confkey[x.i]
      JOIN pg_operator o ON o.oid = k.conpfeqop[x.i]
      JOIN pg_namespace n ON n.oid = o.oprnamespace;
    RETURN format('SELECT %s AS key FROM %s %s t LEFT JOIN %s %s r ON %s WHERE r.%I IS NULL AND (%s)',
      dr._integrity_key_expression(k.conrelid, 't'), only_word, k.conrelid::regclass, referenced_only, k.confrelid::regclass,
      joined, first_key, some_null);
  END IF;
  RETURN NULL;
END
$$;
COMMENT ON FUNCTION dr._integrity_constraint_query(oid) IS 'query for the rows that break a foreign key or check constraint';

-- What is asked of the rows: a query that gives the keys of offending rows as "key", and the tables that it reads, first the one as whose
-- owner it runs. `what` is constraint, not null, unique or sequence; `object` its OID (of the table, for not null).
CREATE FUNCTION dr._integrity_query(what text, object oid, OUT tables oid[], OUT query text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  CASE what
    WHEN 'constraint' THEN
      SELECT array_remove(ARRAY[k.conrelid, k.confrelid], 0::oid), dr._integrity_constraint_query(k.oid)
      INTO tables, query FROM pg_constraint AS k WHERE k.oid = object;
    WHEN 'not null' THEN
      -- NULL from the catalog's point of view is impossible here, so the planner would fold "IS NULL" to false: the
      -- expression hides behind num_nulls(), which it does not look into
      SELECT ARRAY[object], format('SELECT concat(''ctid '', t.ctid) AS key FROM ONLY %s t WHERE num_nulls(%s) > 0', object::regclass,
                                   string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum))
      INTO tables, query FROM pg_attribute AS a
      WHERE a.attrelid = object AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull;
    WHEN 'unique' THEN
      SELECT ARRAY[i.indrelid], format(
        'SELECT concat(''('', concat_ws('', '', %s), '') '', count(*), '' times'') AS key FROM ONLY %s WHERE %s%s GROUP BY %s HAVING count(*) > 1',
        i.keys, i.indrelid::regclass, coalesce('(' || i.predicate || ')', 'true'),
        CASE WHEN i.nulls_equal THEN '' ELSE format(' AND num_nulls(%s) = 0', i.keys) END, i.keys)
      INTO tables, query
      FROM (
        SELECT x.indrelid, pg_get_expr(x.indpred, x.indrelid) AS predicate,
          coalesce((to_jsonb(x) ->> 'indnullsnotdistinct')::boolean, false) AS nulls_equal,
          (SELECT string_agg(format('(%s)%s', pg_get_indexdef(x.indexrelid, k, false),
              CASE WHEN x.indcollation[k - 1] <> 0 THEN ' COLLATE ' || x.indcollation[k - 1]::regcollation ELSE '' END), ', ' ORDER BY k)
            FROM generate_series(1, x.indnkeyatts) AS k) AS keys
        FROM pg_index AS x WHERE x.indexrelid = object) AS i;
    WHEN 'sequence' THEN
      -- the largest value of the column that it feeds, in the sequence's direction
      SELECT ARRAY[d.refobjid], format('SELECT %s(%I)::text AS key FROM %s', CASE WHEN q.seqincrement > 0 THEN 'max' ELSE 'min' END,
                                       a.attname, d.refobjid::regclass)
      INTO tables, query
      FROM pg_depend AS d JOIN pg_sequence AS q ON q.seqrelid = d.objid
        JOIN pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_class'::regclass AND d.objid = object AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i');
  END CASE;
END
$$;
COMMENT ON FUNCTION dr._integrity_query(text, oid) IS 'query for the rows that break a rule, and the tables that it reads';

-- Runs it as the table's owner in a security-restricted operation: conditions, index expressions and casts are the owner's code.
-- `problem`: why it could not be asked.
CREATE FUNCTION dr._integrity_offenders(what text, object oid, samples int, OUT offenders bigint, OUT sample text, OUT problem text)
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'dr_integrity_offenders';
COMMENT ON FUNCTION dr._integrity_offenders(text, oid, int) IS 'how many rows break a rule, the first few keys, or why nobody knows';

-- The same where an error of the owner's code, or a missing right, is a problem and not the end of the check.
CREATE FUNCTION dr._integrity_ask(what text, object oid, samples int, OUT offenders bigint, OUT sample text, OUT problem text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  SELECT o.offenders, o.sample, o.problem INTO offenders, sample, problem FROM dr._integrity_offenders(what, object, samples) AS o;
EXCEPTION WHEN OTHERS THEN
  offenders := 0;
  problem := SQLERRM;
END
$$;
COMMENT ON FUNCTION dr._integrity_ask(text, oid, int) IS 'dr._integrity_offenders(), with an error as a problem';

CREATE FUNCTION dr._integrity_constraints(samples int)
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  k record;
  found_rows record;
BEGIN
  FOR k IN
    SELECT c.oid, c.conname, c.conrelid::regclass AS tbl, c.contype,
      -- a temporal foreign key (PostgreSQL 18, commit 89f908a6d0) is no equality join
      coalesce((to_jsonb(c) ->> 'conperiod')::boolean, false) AS temporal,
      coalesce((to_jsonb(c) ->> 'conenforced')::boolean, true) AS enforced
    FROM pg_constraint c JOIN pg_class r ON r.oid = c.conrelid
    WHERE c.contype IN ('c', 'f') AND c.conparentid = 0 AND r.relpersistence <> 't'
      AND (c.contype = 'f' OR r.relkind <> 'p') AND r.relkind <> 'f'
    ORDER BY c.conrelid::regclass::text, c.conname
  LOOP
    CONTINUE WHEN k.temporal OR NOT k.enforced;
    SELECT * INTO found_rows FROM dr._integrity_ask('constraint', k.oid, samples);
    object_type := 'constraint'; object := format('%I on %s', k.conname, k.tbl); expected := 'no row breaks it';
    check_name := CASE k.contype WHEN 'f' THEN 'foreign key holds' ELSE 'check holds' END;
    IF found_rows.problem IS NOT NULL THEN
      status := 'warning'; actual := 'not checked'; detail := found_rows.problem;
      RETURN NEXT;
    ELSIF found_rows.offenders > 0 THEN
      status := 'error'; actual := CASE found_rows.offenders WHEN 1 THEN '1 row breaks it' ELSE format('%s rows break it', found_rows.offenders) END;
      detail := format('a restore fails when it adds the constraint; rows: %s', found_rows.sample);
      RETURN NEXT;
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr._integrity_constraints(int) IS 'integrity findings about violated foreign keys and checks';

CREATE FUNCTION dr._integrity_not_null(samples int)
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  t record;
  found_rows record;
BEGIN
  FOR t IN
    SELECT c.oid, c.oid::regclass AS tbl, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull
      AND c.relnamespace <> 'pg_catalog'::regnamespace AND c.relnamespace <> 'information_schema'::regnamespace
    GROUP BY c.oid
    ORDER BY 2
  LOOP
    SELECT * INTO found_rows FROM dr._integrity_ask('not null', t.oid, samples);
    object_type := 'table'; object := t.tbl::text; check_name := 'not-null holds'; expected := 'no row breaks it';
    IF found_rows.problem IS NOT NULL THEN
      status := 'warning'; actual := 'not checked'; detail := found_rows.problem;
      RETURN NEXT;
    ELSIF found_rows.offenders > 0 THEN
      status := 'error'; actual := CASE found_rows.offenders WHEN 1 THEN '1 row breaks it' ELSE format('%s rows break it', found_rows.offenders) END;
      detail := format('NULL in one of %s; rows: %s', t.columns, found_rows.sample);
      RETURN NEXT;
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr._integrity_not_null(int) IS 'integrity findings about NULL in not-null columns';

CREATE FUNCTION dr._integrity_duplicates(samples int)
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
-- the heap is to be asked, not the index that may be the damaged one
SET enable_indexscan = off
SET enable_indexonlyscan = off
SET enable_bitmapscan = off
AS $$
DECLARE
  i record;
  found_rows record;
BEGIN
  FOR i IN
    SELECT x.indexrelid, x.indexrelid::regclass AS idx, x.indrelid::regclass AS tbl
    FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
    WHERE x.indisunique AND x.indisvalid AND NOT x.indisexclusion AND c.relkind = 'i' AND t.relpersistence <> 't'
      AND t.relkind IN ('r', 'm')
      AND t.relnamespace <> 'pg_catalog'::regnamespace AND t.relnamespace <> 'information_schema'::regnamespace
      AND t.relnamespace <> 'pg_toast'::regnamespace
    ORDER BY x.indexrelid::regclass::text
  LOOP
    SELECT * INTO found_rows FROM dr._integrity_ask('unique', i.indexrelid, samples);
    object_type := 'index'; object := i.idx::text; check_name := 'unique holds'; expected := 'no key twice';
    IF found_rows.problem IS NOT NULL THEN
      status := 'warning'; actual := 'not checked'; detail := found_rows.problem;
      RETURN NEXT;
    ELSIF found_rows.offenders > 0 THEN
      status := 'error'; actual := CASE found_rows.offenders WHEN 1 THEN '1 key more than once' ELSE format('%s keys more than once', found_rows.offenders) END;
      detail := format('a restore fails when it creates the index on %s; keys: %s', i.tbl, found_rows.sample);
      RETURN NEXT;
    END IF;
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr._integrity_duplicates(int) IS 'integrity findings about duplicate keys under unique indexes';
-- dr_check_integrity(), levels amcheck and full: the structure of heaps and B-trees, through PostgreSQL's own amcheck.

CREATE FUNCTION dr._integrity_amcheck(thorough boolean, samples int)
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  home text;
  has_heap_check boolean;
  rel record;
  damage record;
BEGIN
  SELECT quote_ident(n.nspname) INTO home
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck';
  IF home IS NULL THEN
    RETURN QUERY SELECT 'warning'::text, 'database'::text, quote_ident(current_database()), 'structure'::text, 'checked'::text,
      'not checked'::text, 'the extension amcheck is not installed here: CREATE EXTENSION amcheck'::text;
    RETURN;
  END IF;
  -- verify_heapam came with PostgreSQL 14 and amcheck 1.3
  has_heap_check := to_regproc(home || '.verify_heapam') IS NOT NULL;
  IF NOT has_heap_check THEN
    RETURN QUERY SELECT 'info'::text, 'database'::text, quote_ident(current_database()), 'structure'::text, 'heaps and indexes checked'::text,
      'indexes only'::text, 'this version of amcheck has no verify_heapam'::text;
  END IF;
  IF has_heap_check THEN
    FOR rel IN
      SELECT c.oid::regclass AS name
      FROM pg_class c
        JOIN pg_am am ON am.oid = c.relam AND am.amname = 'heap'
      WHERE c.relkind IN ('r', 'm', 't') AND c.relpersistence <> 't'
        AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery())
        AND (c.relkind <> 't' OR thorough)
      ORDER BY c.relkind = 't', c.oid
    LOOP
      EXECUTE format('SELECT count(*) AS n, min(blkno) AS block,
          string_agg(format(''block %%s%%s: %%s'', blkno, '' item '' || offnum, msg), ''; '') FILTER (WHERE r <= %s) AS text
        FROM (SELECT *, row_number() OVER () AS r FROM %s.verify_heapam(%L::pg_catalog.regclass, false, %L::boolean, ''none''::text, NULL::bigint, NULL::bigint)) v',
        samples, home, rel.name, thorough)
      INTO damage;
      IF damage.n > 0 THEN
        status := 'error'; object_type := 'table'; object := rel.name::text; check_name := 'heap structure';
        expected := 'sound'; actual := CASE damage.n WHEN 1 THEN '1 corruption' ELSE format('%s corruptions', damage.n) END; detail := damage.text;
        RETURN NEXT;
      END IF;
    END LOOP;
  END IF;
  FOR rel IN
    SELECT i.indexrelid::regclass AS name, i.indrelid::regclass AS tbl
    FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i' AND c.relpersistence <> 't'
      JOIN pg_am am ON am.oid = c.relam AND am.amname = 'btree'
    WHERE i.indisvalid AND i.indisready
      AND NOT (c.relpersistence = 'u' AND pg_is_in_recovery())
    ORDER BY i.indexrelid
  LOOP
    BEGIN
      -- Every argument with its type: nobody can put a function of the same signature beside it.
      EXECUTE format('SELECT %s.bt_index_check(%L::pg_catalog.regclass, %L::boolean)', home, rel.name, thorough);
    EXCEPTION
      WHEN index_corrupted OR data_corrupted OR undefined_function OR object_not_in_prerequisite_state THEN
        status := 'error'; object_type := 'index'; object := rel.name::text; check_name := 'B-tree structure';
        expected := 'sound'; actual := SQLERRM;
        detail := format('REINDEX INDEX CONCURRENTLY %s, then check the rows of %s', rel.name, rel.tbl);
        RETURN NEXT;
    END;
  END LOOP;
END
$$;
COMMENT ON FUNCTION dr._integrity_amcheck(boolean, int) IS 'integrity findings of amcheck';

CREATE FUNCTION @extschema@.dr_check_integrity(level text DEFAULT 'quick', samples int DEFAULT 5)
RETURNS TABLE (status text, object_type text, object text, check_name text, expected text, actual text, detail text)
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
-- a policy would hide the very rows that are asked for: fail instead
SET row_security = off
AS $$
DECLARE
  depth int := array_position(ARRAY['quick', 'data', 'amcheck', 'full'], level);
BEGIN
  IF depth IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value',
      MESSAGE = format('unknown level of integrity check: %s', coalesce(quote_literal(level), 'NULL')),
      HINT = 'Valid levels are quick, data, amcheck and full.';
  END IF;
  IF samples IS NULL OR samples NOT BETWEEN 1 AND 1000 THEN
    RAISE EXCEPTION USING ERRCODE = 'invalid_parameter_value', MESSAGE = 'samples must be between 1 and 1000';
  END IF;
  RETURN QUERY
    SELECT f.* FROM (
      SELECT * FROM dr._integrity_catalog()
      UNION ALL SELECT * FROM dr._integrity_libraries()
      UNION ALL SELECT * FROM dr._integrity_sequences(depth > 1)) f
    ORDER BY array_position(ARRAY['error', 'warning', 'info'], f.status), f.object_type, f.object;
  IF depth >= 2 THEN
    RETURN QUERY SELECT * FROM dr._integrity_constraints(samples);
    RETURN QUERY SELECT * FROM dr._integrity_not_null(samples);
    RETURN QUERY SELECT * FROM dr._integrity_duplicates(samples);
  END IF;
  IF depth >= 3 THEN
    RETURN QUERY SELECT * FROM dr._integrity_amcheck(depth >= 4, samples);
  END IF;
END
$$;
COMMENT ON FUNCTION @extschema@.dr_check_integrity(text, int) IS
  'what is wrong with this database before it is dumped: levels quick, data, amcheck, full';
-- Snapshots on a schedule, by pg_cron. Everything of pg_cron is reached by dynamic statements: pgdr does not need it.

-- Errors unless pg_cron can run jobs in this database.
CREATE FUNCTION dr._check_pg_cron()
RETURNS void
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  cron_database text := current_setting('cron.database_name', true);
BEGIN
  IF EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = 'pg_cron') THEN
    RETURN;
  END IF;
  IF cron_database IS NOT NULL AND cron_database <> current_database() THEN
    RAISE EXCEPTION 'pg_cron lives in database "%", not in this one', cron_database
      USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = format(
              'Connect to database %s and run: SELECT cron.schedule_in_database(%L, ''0 * * * *'', %L, %L)',
              quote_ident(cron_database), dr._cron_job_name(), dr._cron_command(false), current_database());
  END IF;
  RAISE EXCEPTION 'pg_cron is not installed in this database'
    USING ERRCODE = 'object_not_in_prerequisite_state',
          HINT = format('Set shared_preload_libraries = ''pg_cron'' and cron.database_name = %L in postgresql.conf, '
                        'restart the server, then CREATE EXTENSION pg_cron.', current_database());
END
$$;
COMMENT ON FUNCTION dr._check_pg_cron() IS 'Internal: errors unless pg_cron is installed here';

CREATE FUNCTION dr._cron_job_name()
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT 'pgdr snapshots of ' || current_database()
$$;
COMMENT ON FUNCTION dr._cron_job_name() IS 'Internal: name of this database''s job';

CREATE FUNCTION dr._cron_command(content boolean)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
  SELECT format('SELECT @extschema@.dr_snapshot_counts(%L::text, %s::boolean, NULL::jsonb, NULL::bytea)', 'scheduled',
                CASE WHEN content THEN 'true' ELSE 'false' END)
$$;
COMMENT ON FUNCTION dr._cron_command(boolean) IS 'Internal: what the job runs';

CREATE FUNCTION @extschema@.dr_schedule_snapshots(schedule text, content boolean DEFAULT false)
RETURNS bigint
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  job bigint;
  message text;
  state text;
BEGIN
  IF coalesce(schedule, '') = '' OR content IS NULL THEN
    RAISE EXCEPTION 'a schedule is needed, and content must be true or false'
      USING ERRCODE = 'invalid_parameter_value', HINT = 'For example: dr_schedule_snapshots(''0 * * * *'') for every hour.';
  END IF;
  PERFORM dr._check_pg_cron();
  -- By name: scheduling again changes the job instead of adding another.
  BEGIN
    EXECUTE 'SELECT cron.schedule($1, $2, $3)' INTO job
      USING dr._cron_job_name(), schedule, dr._cron_command(content);
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, state = RETURNED_SQLSTATE;
    RAISE EXCEPTION 'pg_cron refused the schedule "%": %', schedule, message
      USING ERRCODE = state,
            HINT = 'Five fields (minute hour day month weekday), such as 0 * * * *, and the right to use schema cron.';
  END;
  RETURN job;
END
$$;
COMMENT ON FUNCTION @extschema@.dr_schedule_snapshots(text, boolean) IS
  'Schedules snapshots of this database with pg_cron, one job per database; returns the number of the job';

CREATE FUNCTION @extschema@.dr_unschedule_snapshots()
RETURNS boolean
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  job bigint;
  removed boolean := false;
BEGIN
  PERFORM dr._check_pg_cron();
  -- By number, and every role's: pg_cron shows a role only the jobs that it may remove.
  FOR job IN EXECUTE 'SELECT jobid FROM cron.job WHERE jobname = $1 AND database = current_database()'
             USING dr._cron_job_name() LOOP
    EXECUTE 'SELECT cron.unschedule($1)' USING job;
    removed := true;
  END LOOP;
  RETURN removed;
END
$$;
COMMENT ON FUNCTION @extschema@.dr_unschedule_snapshots() IS
  'Removes the job of dr_schedule_snapshots(); false if there was none';
-- Who may do what. Nothing is PUBLIC's; dr_grant() hands out exactly what a role's task needs.

CREATE FUNCTION @extschema@.dr_grant(role regrole, kind text)
RETURNS void
LANGUAGE plpgsql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  grantee text := role::text;
  readers CONSTANT text[] := ARRAY['dr_status', 'dr_snapshot_document', 'dr_snapshot_changes', 'dr_detect_loss'];
  changed CONSTANT text[] := ARRAY['backups', 'copies', 'restores', 'objectives'];
  added CONSTANT text[] := ARRAY['snapshots', 'definitions', 'snapshot_relations', 'snapshot_sequences',
                                 'snapshot_objects', 'verifications', 'verification_findings', 'events'];
  item text;
BEGIN
  PERFORM dr._check_word('kind of rights', kind, ARRAY['backup', 'monitor']);
  IF role IS NULL OR role = 0::oid THEN
    RAISE EXCEPTION 'a role is needed' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  EXECUTE format('GRANT USAGE ON SCHEMA dr TO %s', grantee);
  IF NOT has_schema_privilege(role, '@extschema@'::regnamespace, 'USAGE') THEN
    EXECUTE format('GRANT USAGE ON SCHEMA @extschema@ TO %s', grantee);
  END IF;
  EXECUTE format('GRANT SELECT ON ALL TABLES IN SCHEMA dr TO %s', grantee);
  IF kind = 'backup' THEN
    FOREACH item IN ARRAY changed LOOP
      EXECUTE format('GRANT INSERT, UPDATE ON dr.%I TO %s', item, grantee);
    END LOOP;
    FOREACH item IN ARRAY added LOOP
      EXECUTE format('GRANT INSERT ON dr.%I TO %s', item, grantee);
    END LOOP;
    -- dr_snapshot_expire(). Foreign keys keep what a backup or another snapshot still refers to.
    EXECUTE format('GRANT DELETE ON dr.snapshots, dr.definitions TO %s', grantee);
    -- SELECT for pg_dump, which carries their values.
    EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA dr TO %s', grantee);
  END IF;
  FOR item IN
    SELECT p.oid::regprocedure::text
    FROM pg_depend AS d JOIN pg_proc AS p ON p.oid = d.objid
    WHERE d.classid = 'pg_proc'::regclass AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
      AND d.refobjid = (SELECT e.oid FROM pg_extension AS e WHERE e.extname = 'pgdr')
      AND p.proname <> 'dr_grant'
      AND (kind = 'backup' OR p.proname = ANY (readers)
           -- Internal functions of the readable kind: nothing that collects, stores or records.
           OR (p.pronamespace = 'dr'::regnamespace AND p.provolatile <> 'v' AND p.prolang <> (
                 SELECT l.oid FROM pg_language AS l WHERE l.lanname = 'c')))
  LOOP
    EXECUTE format('GRANT EXECUTE ON ROUTINE %s TO %s', item, grantee);
  END LOOP;
END
$$;
COMMENT ON FUNCTION @extschema@.dr_grant(regrole, text) IS
  'Grants a role what a backup or monitor role needs in this database: schema, tables, functions';

-- The last part, so that it covers the functions of every other one. The fingerprint functions are harmless: they give a
-- role nothing that it could not count itself, since they check that it may read every column and row of the table.
DO $$
DECLARE
  routine text;
BEGIN
  FOR routine IN
    SELECT p.oid::pg_catalog.regprocedure::text
    FROM pg_catalog.pg_depend AS d JOIN pg_catalog.pg_proc AS p ON p.oid = d.objid
    WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
      AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'
      AND d.refobjid = (SELECT e.oid FROM pg_catalog.pg_extension AS e WHERE e.extname = 'pgdr')
      AND p.proname NOT IN ('dr_table_fingerprint', 'dr_table_count', 'dr_fingerprint')
  LOOP
    EXECUTE pg_catalog.format('REVOKE ALL ON ROUTINE %s FROM PUBLIC', routine);
  END LOOP;
END
$$;
