-- What a dump does not keep is a warning: the order of an inheritance child's columns, an operator without a function.
SET client_min_messages = warning;
CREATE DATABASE restored_form TEMPLATE template0;
\c restored_form
SET client_min_messages = warning;
CREATE EXTENSION pgdr;
CREATE SCHEMA app;

-- Columns that reached the child later stand last in it; a dump puts the parents' first. Nor do two parents keep their order.
CREATE TABLE app.grandparent (a integer);
CREATE TABLE app.parent (b integer) INHERITS (app.grandparent);
CREATE TABLE app.other (z integer, a integer, y integer);
CREATE TABLE app.child (own integer, "C" integer) INHERITS (app.parent, app.other);
CREATE TABLE app.attached (y integer, own integer, a integer, z integer);
ALTER TABLE app.attached INHERIT app.other;
ALTER TABLE app.grandparent ADD later integer;
CREATE TABLE app.plain (b integer, a integer);
CREATE TABLE app.parted (b integer, a integer) PARTITION BY LIST (a);
CREATE TABLE app.part (a integer, b integer);
ALTER TABLE app.parted ATTACH PARTITION app.part FOR VALUES IN (1);
-- The negator is a mere name once the operator that gave it is gone.
CREATE FUNCTION app.same(boolean, boolean) RETURNS boolean LANGUAGE sql AS 'SELECT $1 = $2';
CREATE OPERATOR app.=== (FUNCTION = app.same, LEFTARG = boolean, RIGHTARG = boolean, NEGATOR = OPERATOR(app.!==));
DROP OPERATOR app.=== (boolean, boolean);

CREATE VIEW records AS
  SELECT r.identity, r.facet, r.class, r.definition
  FROM jsonb_to_recordset(dr._collect(false, true) -> 'objects') AS r (kind text, identity text, facet text, class text, definition text)
  WHERE r.facet IN ('columns', 'order of columns') AND r.kind = 'table' OR r.kind = 'operator' AND r.facet = 'definition';
SELECT * FROM records ORDER BY identity COLLATE "C", facet COLLATE "C";

-- The same tables as a dump makes them
SELECT dr._collect(false, true) AS before \gset
DROP TABLE app.child, app.attached, app.parent, app.grandparent;
DROP OPERATOR app.!== (boolean, boolean);
CREATE TABLE app.grandparent (a integer, later integer);
CREATE TABLE app.parent (b integer) INHERITS (app.grandparent);
CREATE TABLE app.child (own integer, "C" integer) INHERITS (app.parent, app.other);
CREATE TABLE app.attached (y integer, own integer, a integer, z integer) INHERITS (app.other);
SELECT status, object_type, object, check_name, expected, actual FROM dr._compare(:'before', dr._collect(false, true));
SELECT * FROM records WHERE facet = 'order of columns';

-- Columns that really stand otherwise
ALTER TABLE app.child DROP own, ADD own integer;
SELECT status, object_type, object, check_name, expected, actual FROM dr._compare(:'before', dr._collect(false, true))
WHERE status <> 'warning';
\c contrib_regression
DROP DATABASE restored_form;
