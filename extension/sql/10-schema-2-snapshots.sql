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
  snapshot bigint NOT NULL,
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
  buckets bigint,
  state text NOT NULL CHECK (state IN ('exact', 'skipped', 'failed')),
  note text,
  extra jsonb,
  PRIMARY KEY (snapshot, position),
  UNIQUE (snapshot, schema, name),
  CONSTRAINT snapshot_relations_exact_has_rows CHECK (state <> 'exact' OR rows IS NOT NULL),
  CONSTRAINT snapshot_relations_digest_has_rows CHECK (digest IS NULL OR rows IS NOT NULL),
  CONSTRAINT snapshot_relations_buckets_have_digest CHECK (buckets IS NULL OR (digest IS NOT NULL AND bucket_bits IS NOT NULL)),
  CONSTRAINT snapshot_relations_key_has_names CHECK (
    CASE WHEN pg_catalog.jsonb_typeof(key) = 'array'
         THEN pg_catalog.jsonb_array_length(key) > 0
              AND NOT pg_catalog.jsonb_path_exists(key, 'strict $[*] ? (@.type() != "string" || @ == "")') END)
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
  snapshot bigint NOT NULL,
  position integer NOT NULL CHECK (position > 0),
  schema text NOT NULL CHECK (schema <> ''),
  name text NOT NULL CHECK (name <> ''),
  last_value bigint,
  is_called boolean,
  increment bigint CHECK (increment <> 0),
  extra jsonb,
  PRIMARY KEY (snapshot, position),
  UNIQUE (snapshot, schema, name),
  CONSTRAINT snapshot_sequences_value_is_whole CHECK (last_value IS NULL OR (is_called IS NOT NULL AND increment IS NOT NULL))
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
  snapshot bigint NOT NULL,
  position integer NOT NULL CHECK (position > 0),
  kind text NOT NULL CHECK (kind <> ''),
  identity text NOT NULL CHECK (identity <> ''),
  facet text NOT NULL,
  class text NOT NULL CHECK (class IN ('strict', 'policy', 'warning')),
  definition bigint,
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
