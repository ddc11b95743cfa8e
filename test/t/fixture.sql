-- The small database of make_db: one of each thing that a dump carries, with :rows rows where there is data.
\set ON_ERROR_STOP on
SET client_min_messages = warning;
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TYPE point3 AS (x integer, y numeric(8, 2), label text);
CREATE DOMAIN email AS text CHECK (VALUE ~ '^[^@]+@[^@]+$');

CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  mail email NOT NULL UNIQUE,
  name text COLLATE "C" NOT NULL,
  mood mood NOT NULL DEFAULT 'ok',
  tags text[] NOT NULL DEFAULT '{}',
  balance numeric(12, 4) NOT NULL DEFAULT 0 CHECK (balance > -1000),
  born date,
  profile jsonb,
  initials text GENERATED ALWAYS AS (left(mail, 2)) STORED,
  created_at timestamptz NOT NULL DEFAULT '2026-01-01 00:00:00Z'
);
COMMENT ON TABLE users IS 'people';
COMMENT ON COLUMN users.mail IS 'unique';
INSERT INTO users (mail, name, mood, tags, balance, born, profile, created_at)
SELECT format('user%s@example.org', i), 'Name ' || i, (ARRAY['sad', 'ok', 'happy']::mood[])[1 + i % 3],
       CASE WHEN i % 4 = 0 THEN '{}' ELSE ARRAY['a' || i % 7, NULL, 'ü' || i % 3] END, i * 1.2500,
       CASE WHEN i % 5 > 0 THEN date '1970-01-01' + i END,
       CASE WHEN i % 3 > 0 THEN jsonb_build_object('n', i, 'deep', jsonb_build_array(i / 2.0, NULL, 'x' || i)) END,
       timestamptz '2026-01-01 00:00:00Z' + i * interval '1 minute'
FROM generate_series(1, :rows) i;

CREATE TABLE documents (
  id uuid PRIMARY KEY,
  owner bigint NOT NULL REFERENCES users ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  place point3,
  body text,
  raw bytea,
  score double precision,
  valid tstzrange,
  note char(12)
);
INSERT INTO documents
SELECT md5(i::text)::uuid, i, ROW(i, i / 3.0, 'p' || i)::point3, repeat(md5(i::text) || E' Grüße\n', i % 40),
       decode(md5(i::text), 'hex'), CASE WHEN i % 11 = 0 THEN 'NaN' ELSE sqrt(i) END,
       tstzrange('2026-01-01Z', timestamptz '2026-01-01Z' + i * interval '1 hour'), 'n' || i
FROM generate_series(1, :rows) i;
-- One value out of line and incompressible, one that compresses well.
INSERT INTO documents (id, owner, body) VALUES
  ('00000000-0000-0000-0000-000000000001', 1, (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 2000) i)),
  ('00000000-0000-0000-0000-000000000002', 1, repeat('compressible ', 20000));
CREATE INDEX documents_owner_idx ON documents (owner) WHERE score > 1;

CREATE TABLE events (id bigint, at date NOT NULL, kind text NOT NULL, data jsonb, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE events_2025 PARTITION OF events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE events_rest PARTITION OF events DEFAULT;
INSERT INTO events
SELECT i, date '2024-11-01' + i % 900, 'k' || i % 5, jsonb_build_object('i', i) FROM generate_series(1, :rows) i;

CREATE SCHEMA "Odd Schema";
CREATE TABLE "Odd Schema"."Table; with -- a ""name""" ("select" integer, "Ünïcode" text);
INSERT INTO "Odd Schema"."Table; with -- a ""name""" SELECT i % 3, 'dup' FROM generate_series(1, 9) i; -- no key, duplicates
CREATE TABLE empty_table (id integer PRIMARY KEY, v text);
CREATE TABLE no_columns ();
CREATE UNLOGGED TABLE cache (k text PRIMARY KEY, v text);
INSERT INTO cache VALUES ('a', 'b');

CREATE SEQUENCE ticket_number START 1000 INCREMENT 5;
SELECT nextval('ticket_number'), nextval('ticket_number') \g /dev/null

CREATE VIEW happy_users AS SELECT id, name FROM users WHERE mood = 'happy' AND name IN ('Name 1', 'Name 2', 'Name 5');
CREATE MATERIALIZED VIEW mood_counts AS SELECT mood, count(*) AS n FROM users GROUP BY mood;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := btrim(NEW.name); RETURN NEW; END $$;
CREATE TRIGGER users_touch BEFORE INSERT OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch();
CREATE POLICY own_rows ON documents FOR SELECT TO PUBLIC USING (owner = 1);
SELECT lo_from_bytea(0, decode(repeat('5047', 3000), 'hex')) \g /dev/null
ANALYZE;
