-- Every damage of an object that can be done here, from the catalogs. What ALTER can say is said by ALTER; what would take a file
-- system or years is written into the catalog.
CREATE TEMP VIEW spaces AS SELECT oid, nspname FROM pg_namespace AS n
WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'dr')
  AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e');
-- Not a member of an extension, and not what CREATE TYPE makes along with a range (a dump does not carry that).
CREATE FUNCTION pg_temp.own(class regclass, object oid) RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT object >= 16384 AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.classid = class AND d.objid = object AND
     (d.deptype = 'e' OR (d.deptype = 'i' AND class IN ('pg_proc'::regclass, 'pg_cast'::regclass)))) $$;
CREATE TEMP TABLE rels AS
SELECT c.oid, c.*::pg_class AS c, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS ident, c.relkind, c.relname,
       CASE c.relkind WHEN 'f' THEN 'foreign table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'
                      WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' WHEN 'c' THEN 'type' ELSE 'table' END AS type,
       -- Partitions and heirs: what changes on the one changes on them.
       ARRAY(WITH RECURSIVE t(oid) AS (SELECT c.oid UNION SELECT i.inhrelid FROM t JOIN pg_inherits AS i ON i.inhparent = t.oid)
             SELECT quote_ident(tn.nspname) || '.' || quote_ident(tc.relname) FROM t JOIN pg_class AS tc USING (oid) JOIN pg_namespace AS tn ON tn.oid = tc.relnamespace) AS family
FROM pg_class AS c JOIN spaces AS n ON n.oid = c.relnamespace WHERE pg_temp.own('pg_class', c.oid) AND (c.relkind <> 'c' OR pg_temp.own('pg_type', c.reltype));
CREATE TEMP VIEW cols AS
SELECT r.*, a.attname, a.attnum, a.atttypid, a.atttypmod, a.attnotnull, a.atthasdef, a.attgenerated, a.attidentity, a.attcollation, a.attacl, a.attinhcount,
       r.ident || '.' || quote_ident(a.attname) AS col_ident, ARRAY(SELECT f || '.' || quote_ident(a.attname) FROM unnest(r.family) AS f) AS col_family,
       EXISTS (SELECT FROM pg_depend AS d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = r.oid AND d.refobjsubid = a.attnum
                 AND d.classid <> 'pg_attrdef'::regclass) OR EXISTS (SELECT FROM pg_constraint AS k WHERE k.conrelid = r.oid AND a.attnum = ANY (k.conkey))
         OR EXISTS (SELECT FROM pg_inherits AS i WHERE r.oid IN (i.inhparent, i.inhrelid)) AS used
FROM rels AS r JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped;
CREATE FUNCTION pg_temp.called(class regclass, object oid, sub integer DEFAULT 0) RETURNS text LANGUAGE sql STABLE AS $$
  SELECT CASE
    WHEN class IN ('pg_trigger'::regclass, 'pg_constraint'::regclass, 'pg_rewrite'::regclass, 'pg_policy'::regclass) THEN
      -- "name on owner" the other way round
      (SELECT i.identity FROM (SELECT CASE WHEN p.identity ~ '^.* on ' THEN regexp_replace(p.identity, '^(.*) on (.*)$', '\2.\1') ELSE p.identity END AS identity
       FROM pg_identify_object(class, object, sub) AS p) AS i)
    ELSE (SELECT replace(p.identity, 'pg_catalog.', '') FROM pg_identify_object(class, object, sub) AS p) END
$$;

INSERT INTO damages (name, run, type, object, check_name, near)
-- Indexes and constraints
SELECT 'index dropped', format('DROP INDEX %s', r.ident), 'index', r.ident, 'existence', '{}'::text[]
FROM rels AS r JOIN pg_index AS x ON x.indexrelid = r.oid WHERE NOT (r.c).relispartition AND r.relkind = 'i' AND NOT x.indisreplident
  AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = r.oid)
UNION ALL SELECT 'index ' || v.what, format('UPDATE pg_index SET %s WHERE indexrelid = %s', v.change, r.oid), 'index', r.ident, v.facet, '{}'
FROM rels AS r JOIN pg_index AS x ON x.indexrelid = r.oid, (VALUES
  ('invalid', 'indisvalid = false', 'state'), ('not ready', 'indisready = false', 'state'), ('not unique', 'indisunique = false', 'definition'),
  ('clustered', 'indisclustered = NOT indisclustered', 'state'), ('descending', 'indoption = ''3''', 'definition'),
  ('as replica identity', 'indisreplident = NOT indisreplident', 'state')) AS v (what, change, facet)
WHERE (v.what <> 'not unique' OR (x.indisunique AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = r.oid)))
  AND (v.what <> 'descending' OR (x.indnatts = 1 AND x.indoption = '0' AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = r.oid) AND (SELECT amname FROM pg_am WHERE oid = (r.c).relam) = 'btree'))
UNION ALL SELECT 'index option', format('ALTER INDEX %s SET (fillfactor = 51)', r.ident), 'index', r.ident, 'definition', '{}'
FROM rels AS r JOIN pg_am AS m ON m.oid = (r.c).relam AND m.amname = 'btree' WHERE r.relkind = 'i' AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = r.oid)
UNION ALL SELECT 'index of a constraint, option', format('ALTER INDEX %s SET (fillfactor = 51)', r.ident), 'index', r.ident, 'definition', ARRAY[t.ident]
FROM rels AS r JOIN pg_am AS m ON m.oid = (r.c).relam AND m.amname = 'btree' JOIN pg_index AS x ON x.indexrelid = r.oid JOIN rels AS t ON t.oid = x.indrelid
WHERE r.relkind = 'i' AND EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = r.oid)
UNION ALL SELECT 'constraint dropped', format('ALTER TABLE %s DROP CONSTRAINT %I', t.ident, k.conname), 'constraint', t.ident || '.' || quote_ident(k.conname), 'existence', t.family
FROM pg_constraint AS k JOIN rels AS t ON t.oid = k.conrelid
WHERE k.contype IN ('c', 'f', 'u', 'x') AND k.coninhcount = 0 AND NOT EXISTS (SELECT FROM pg_constraint AS f WHERE f.contype = 'f' AND f.conindid = k.conindid AND f.oid <> k.oid)
UNION ALL SELECT 'constraint not validated', format('UPDATE pg_constraint SET convalidated = false WHERE oid = %s', k.oid), 'constraint', t.ident || '.' || quote_ident(k.conname), 'definition', '{}'
FROM pg_constraint AS k JOIN rels AS t ON t.oid = k.conrelid WHERE k.contype IN ('c', 'f') AND k.convalidated AND k.conparentid = 0
UNION ALL SELECT 'constraint deferrable', format('UPDATE pg_constraint SET condeferrable = NOT condeferrable, condeferred = false WHERE oid = %s', k.oid), 'constraint', t.ident || '.' || quote_ident(k.conname), 'definition', '{}'
FROM pg_constraint AS k JOIN rels AS t ON t.oid = k.conrelid WHERE k.contype IN ('f', 'u', 'p') AND k.conparentid = 0
UNION ALL SELECT 'foreign key action', format('UPDATE pg_constraint SET confdeltype = CASE confdeltype WHEN ''c'' THEN ''n'' ELSE ''c'' END WHERE oid = %s', k.oid), 'constraint', t.ident || '.' || quote_ident(k.conname), 'definition', '{}'
FROM pg_constraint AS k JOIN rels AS t ON t.oid = k.conrelid WHERE k.contype = 'f' AND k.conparentid = 0
UNION ALL SELECT 'constraint renamed', format('ALTER TABLE %s RENAME CONSTRAINT %I TO other_name', t.ident, k.conname), 'constraint', t.ident || '.' || quote_ident(k.conname), 'existence', t.family
FROM pg_constraint AS k JOIN rels AS t ON t.oid = k.conrelid WHERE k.contype = 'c' AND k.coninhcount = 0
UNION ALL SELECT 'constraint condition', format('ALTER TABLE %s DROP CONSTRAINT %I; ALTER TABLE %1$s ADD CONSTRAINT %2$I %s', t.ident, k.conname, replace(pg_get_constraintdef(k.oid), 'CHECK (', 'CHECK (true AND ')), 'constraint', t.ident || '.' || quote_ident(k.conname), 'definition', t.family
FROM pg_constraint AS k JOIN rels AS t ON t.oid = k.conrelid WHERE k.contype = 'c' AND k.coninhcount = 0
UNION ALL SELECT 'index condition', format('DROP INDEX %s; %s WHERE (1 > 0)', r.ident, pg_get_indexdef(r.oid)), 'index', r.ident, 'definition', '{}'
FROM rels AS r JOIN pg_index AS x ON x.indexrelid = r.oid WHERE NOT (r.c).relispartition AND r.relkind = 'i' AND x.indpred IS NULL AND NOT x.indisreplident AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = r.oid)
UNION ALL SELECT 'domain constraint dropped', format('ALTER DOMAIN %s DROP CONSTRAINT %I', k.contypid::regtype, k.conname), 'domain constraint', format('%s.%I', k.contypid::regtype, k.conname), 'existence', '{}'
FROM pg_constraint AS k JOIN pg_type AS t ON t.oid = k.contypid JOIN spaces AS s ON s.oid = t.typnamespace
UNION ALL SELECT 'domain constraint not validated', format('UPDATE pg_constraint SET convalidated = false WHERE oid = %s', k.oid), 'domain constraint', format('%s.%I', k.contypid::regtype, k.conname), 'definition', '{}'
FROM pg_constraint AS k JOIN pg_type AS t ON t.oid = k.contypid JOIN spaces AS s ON s.oid = t.typnamespace
UNION ALL SELECT 'statistics dropped', format('DROP STATISTICS %s', pg_temp.called('pg_statistic_ext', s.oid)), 'statistics', pg_temp.called('pg_statistic_ext', s.oid), 'existence', '{}'
FROM pg_statistic_ext AS s
UNION ALL SELECT 'statistics kinds', format('UPDATE pg_statistic_ext SET stxkind = ''{d}'' WHERE oid = %s', s.oid), 'statistics', pg_temp.called('pg_statistic_ext', s.oid), 'definition', '{}'
FROM pg_statistic_ext AS s
UNION ALL SELECT 'statistics target', format('UPDATE pg_statistic_ext SET stxstattarget = 9 WHERE oid = %s', s.oid), 'statistics', pg_temp.called('pg_statistic_ext', s.oid), 'target', '{}'
FROM pg_statistic_ext AS s

-- Triggers, rules, policies
UNION ALL SELECT 'trigger ' || v.what, format('ALTER TABLE %s %s TRIGGER %I', t.ident, v.what, g.tgname), 'trigger', t.ident || '.' || quote_ident(g.tgname), 'enabled', ARRAY(SELECT f || '.' || quote_ident(g.tgname) FROM unnest(t.family) AS f)
FROM pg_trigger AS g JOIN rels AS t ON t.oid = g.tgrelid, (VALUES ('DISABLE', 'D'), ('ENABLE REPLICA', 'R'), ('ENABLE ALWAYS', 'A')) AS v (what, state)
WHERE NOT g.tgisinternal AND g.tgenabled::text <> v.state
UNION ALL SELECT 'trigger dropped', format('DROP TRIGGER %I ON %s', g.tgname, t.ident), 'trigger', t.ident || '.' || quote_ident(g.tgname), 'existence', ARRAY(SELECT f || '.' || quote_ident(g.tgname) FROM unnest(t.family) AS f)
FROM pg_trigger AS g JOIN rels AS t ON t.oid = g.tgrelid WHERE NOT g.tgisinternal AND g.tgparentid = 0
UNION ALL SELECT 'trigger arguments', format('UPDATE pg_trigger SET tgargs = ''\x7a00'', tgnargs = 1 WHERE oid = %s', g.oid), 'trigger', t.ident || '.' || quote_ident(g.tgname), 'definition', '{}'
FROM pg_trigger AS g JOIN rels AS t ON t.oid = g.tgrelid WHERE NOT g.tgisinternal
UNION ALL SELECT 'trigger event', format('UPDATE pg_trigger SET tgtype = tgtype | 8 WHERE oid = %s', g.oid), 'trigger', t.ident || '.' || quote_ident(g.tgname), 'definition', '{}'
FROM pg_trigger AS g JOIN rels AS t ON t.oid = g.tgrelid WHERE NOT g.tgisinternal AND g.tgtype & 8 = 0
UNION ALL SELECT 'rule ' || v.what, format(v.change, t.ident, u.rulename), 'rule', t.ident || '.' || quote_ident(u.rulename), v.facet, '{}'
FROM pg_rewrite AS u JOIN rels AS t ON t.oid = u.ev_class, (VALUES ('dropped', 'DROP RULE %2$I ON %1$s', 'existence'), ('always', 'ALTER TABLE %s ENABLE ALWAYS RULE %I', 'enabled')) AS v (what, change, facet)
WHERE u.rulename <> '_RETURN'
UNION ALL SELECT 'policy ' || v.what, format(v.change, p.polname, t.ident), 'policy', t.ident || '.' || quote_ident(p.polname), v.facet, '{}'
FROM pg_policy AS p JOIN rels AS t ON t.oid = p.polrelid, (VALUES ('dropped', 'DROP POLICY %I ON %s', 'existence'),
  ('condition', 'ALTER POLICY %I ON %s USING (true)', 'definition'), ('roles', 'ALTER POLICY %I ON %s TO postgres', 'definition'),
  ('permissive', 'UPDATE pg_policy SET polpermissive = NOT polpermissive WHERE polname = %L', 'definition')) AS v (what, change, facet)
UNION ALL SELECT 'row security ' || v.what, format('ALTER TABLE %s %s ROW LEVEL SECURITY', t.ident, v.what), 'table', t.ident, 'row security', '{}'
FROM rels AS t, (VALUES ('DISABLE'), ('ENABLE'), ('FORCE'), ('NO FORCE')) AS v (what)
WHERE t.relkind IN ('r', 'p') AND CASE v.what WHEN 'DISABLE' THEN (t.c).relrowsecurity WHEN 'ENABLE' THEN NOT (t.c).relrowsecurity
                                       WHEN 'FORCE' THEN NOT (t.c).relforcerowsecurity ELSE (t.c).relforcerowsecurity END
UNION ALL SELECT 'event trigger ' || v.what, format(v.change, e.evtname), 'event trigger', quote_ident(e.evtname), v.facet, '{}'
FROM pg_event_trigger AS e, (VALUES ('dropped', 'DROP EVENT TRIGGER %I', 'existence'), ('always', 'ALTER EVENT TRIGGER %I ENABLE ALWAYS', 'enabled'),
  ('tags', 'UPDATE pg_event_trigger SET evttags = ''{"CREATE VIEW"}'' WHERE evtname = %L', 'definition')) AS v (what, change, facet)

-- Columns
UNION ALL SELECT 'default dropped', format('ALTER TABLE ONLY %s ALTER %I DROP DEFAULT', c.ident, c.attname), CASE WHEN c.type = 'view' THEN 'column' ELSE 'column' END, c.col_ident, 'definition|existence', '{}'
FROM cols AS c WHERE c.atthasdef AND c.attgenerated = '' AND c.relkind IN ('r', 'p', 'f', 'v')
UNION ALL SELECT 'default changed', format('ALTER TABLE ONLY %s ALTER %I SET DEFAULT ''another''', c.ident, c.attname), 'column', c.col_ident, 'definition', '{}'
FROM cols AS c WHERE c.atthasdef AND c.attgenerated = '' AND c.atttypid IN ('text'::regtype, 'varchar'::regtype) AND c.relkind IN ('r', 'p')
UNION ALL SELECT 'NOT NULL dropped', format('UPDATE pg_attribute SET attnotnull = false WHERE attrelid = %s AND attnum = %s', c.oid, c.attnum), 'column', c.col_ident, 'definition', '{}'
FROM cols AS c WHERE c.attnotnull AND c.relkind IN ('r', 'p', 'f')
UNION ALL SELECT 'NOT NULL added', format('UPDATE pg_attribute SET attnotnull = true WHERE attrelid = %s AND attnum = %s', c.oid, c.attnum), 'column', c.col_ident, 'definition', '{}'
FROM cols AS c WHERE NOT c.attnotnull AND c.relkind IN ('r', 'p', 'f')
UNION ALL SELECT 'column length', format('UPDATE pg_attribute SET atttypmod = atttypmod + 1 WHERE attrelid = %s AND attnum = %s', c.oid, c.attnum), 'column', c.col_ident, 'definition', '{}'
FROM cols AS c WHERE c.atttypmod > 4 AND c.atttypid IN ('varchar'::regtype, 'numeric'::regtype) AND c.relkind IN ('r', 'p', 'f')
UNION ALL SELECT 'column type', format('ALTER TABLE %s ALTER %I TYPE bigint', c.ident, c.attname), 'column', c.col_ident, 'definition', c.family
FROM cols AS c WHERE c.atttypid = 'integer'::regtype AND c.relkind = 'r' AND NOT c.used AND c.col_ident <> 'data.loose.id' AND c.attidentity = '' AND c.attgenerated = '' AND (c.c).reloftype = 0
UNION ALL SELECT 'column collation', format('UPDATE pg_attribute SET attcollation = ''pg_catalog."POSIX"''::regcollation WHERE attrelid = %s AND attnum = %s', c.oid, c.attnum), 'column', c.col_ident, 'definition', ARRAY(SELECT i.ident FROM rels AS i JOIN pg_index AS x ON x.indexrelid = i.oid WHERE x.indrelid = c.oid)
FROM cols AS c WHERE c.attcollation <> 0 AND c.relkind IN ('r', 'p')
UNION ALL SELECT 'column storage', format('UPDATE pg_attribute SET attstorage = CASE attstorage WHEN ''m'' THEN ''e'' ELSE ''m'' END WHERE attrelid = %s AND attnum = %s', c.oid, c.attnum), 'column', c.col_ident, 'storage', '{}'
FROM cols AS c JOIN pg_type AS y ON y.oid = c.atttypid AND y.typlen = -1 AND y.typstorage = 'x' WHERE c.relkind IN ('r', 'p', 'm')
UNION ALL SELECT 'column statistics', format('UPDATE pg_attribute SET attstattarget = 17 WHERE attrelid = %s AND attnum = %s', c.oid, c.attnum), 'column', c.col_ident, 'statistics', '{}'
FROM cols AS c WHERE c.relkind IN ('r', 'p', 'm', 'f')
UNION ALL SELECT 'column options', format('ALTER TABLE ONLY %s ALTER %I SET (n_distinct = 3)', c.ident, c.attname), 'column', c.col_ident, 'options', '{}'
FROM cols AS c WHERE c.relkind IN ('r', 'p')
UNION ALL SELECT 'identity', format('UPDATE pg_attribute SET attidentity = ''d'' WHERE attrelid = %s AND attnum = %s', c.oid, c.attnum), 'column', c.col_ident, 'definition', '{}'
FROM cols AS c WHERE c.attidentity = 'a'
UNION ALL SELECT 'generated column made plain', format('ALTER TABLE %s ALTER %I DROP EXPRESSION', c.ident, c.attname), 'column', c.col_ident, 'definition', c.family
FROM cols AS c WHERE c.attgenerated = 's' AND c.relkind = 'r' AND NOT (c.c).relispartition
UNION ALL SELECT 'column dropped', format('ALTER TABLE %s DROP %I', c.ident, c.attname), 'column', c.col_ident, 'existence', c.family
FROM cols AS c WHERE c.relkind IN ('r', 'f') AND NOT c.used AND c.col_ident <> 'data.loose.id' AND (c.c).reloftype = 0
UNION ALL SELECT 'column added', format('ALTER TABLE %s ADD another integer', t.ident), 'column', t.ident || '.another', 'existence', t.family
FROM rels AS t WHERE t.relkind IN ('r', 'p', 'f') AND NOT (t.c).relispartition AND (t.c).reloftype = 0
UNION ALL SELECT 'column renamed', format('ALTER TABLE %s RENAME %I TO another', c.ident, c.attname), 'column', c.col_ident, 'existence', c.family
FROM cols AS c WHERE c.relkind IN ('r', 'f') AND NOT c.used AND c.col_ident <> 'data.loose.id' AND (c.c).reloftype = 0
UNION ALL SELECT 'column order', format('ALTER TABLE %1$s ADD another %3$s; UPDATE ONLY %1$s SET another = %2$I; ALTER TABLE %1$s DROP %2$I; ALTER TABLE %1$s RENAME another TO %2$I', c.ident, c.attname, format_type(c.atttypid, c.atttypmod)), 'table', c.ident, 'columns', '{}'
FROM cols AS c WHERE c.ident IN ('data.later', 'data.types', 'data.toasted', 'data.loose') AND NOT c.used AND NOT c.atthasdef AND c.attname NOT IN ('added', 'plain', 'lz')
  AND c.attnum < (SELECT max(a.attnum) FROM pg_attribute AS a WHERE a.attrelid = c.oid)

-- Tables
UNION ALL SELECT 'table dropped', format('DROP TABLE %s', t.ident), 'table', t.ident, 'existence', t.family
FROM rels AS t WHERE t.relkind = 'r' AND t.ident <> 'data.types' AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid AND d.deptype = 'n'
                AND d.classid IN ('pg_class'::regclass, 'pg_constraint'::regclass, 'pg_rewrite'::regclass, 'pg_policy'::regclass) AND NOT (d.classid = 'pg_constraint'::regclass AND d.objid IN (SELECT k.oid FROM pg_constraint AS k WHERE k.conrelid = t.oid)))
               AND NOT EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhparent = t.oid OR i.inhrelid = t.oid)
UNION ALL SELECT 'table renamed', format('ALTER TABLE %s RENAME TO another', t.ident), 'table', t.ident, 'existence', t.family || regexp_replace(t.ident, '^(".*?"|[^".]*)\..*$', '\1.another')
FROM rels AS t WHERE t.ident IN ('data.later', 'data.twins', 'data.toasted', 'app.of_type')
UNION ALL SELECT 'table emptied', format('DELETE FROM ONLY %s', t.ident), 'table', t.ident, 'rows', t.family || CASE WHEN t.ident LIKE 'data.parts%' THEN ARRAY['data.parts'] WHEN t.ident LIKE 'app.hashed%' THEN ARRAY['app.hashed'] ELSE '{}' END
FROM rels AS t WHERE t.ident ~ '^(data\.[a-z_]+|app\.(hashed_.|child))$' AND t.relkind = 'r'
UNION ALL SELECT 'table options', format('ALTER TABLE %s SET (fillfactor = 41)', t.ident), 'table', t.ident, 'options', '{}'
FROM rels AS t WHERE t.relkind = 'r'
UNION ALL SELECT 'options of the TOAST table', format('ALTER TABLE %s SET (toast.autovacuum_vacuum_threshold = 41)', t.ident), 'table', t.ident, 'options', '{}'
FROM rels AS t WHERE t.relkind = 'r' AND (t.c).reltoastrelid <> 0
UNION ALL SELECT 'unlogged', format('ALTER TABLE %s SET UNLOGGED', t.ident), 'table', t.ident, 'definition|persistence', '{}'
FROM rels AS t WHERE t.relkind = 'r' AND t.ident IN ('data.types', 'data.loose', 'data.twins', 'data.later', 'app.child')
UNION ALL SELECT 'replica identity', format('ALTER TABLE %s REPLICA IDENTITY NOTHING', t.ident), 'table', t.ident, 'replica identity', t.family
FROM rels AS t WHERE t.relkind IN ('r', 'p') AND (t.c).relreplident <> 'n'
UNION ALL SELECT 'no longer inherits', format('ALTER TABLE %s NO INHERIT %s', t.ident, i.inhparent::regclass), 'table', t.ident, 'inherits', ARRAY[t.ident]
FROM rels AS t JOIN pg_inherits AS i ON i.inhrelid = t.oid WHERE t.relkind = 'r' AND NOT (t.c).relispartition
UNION ALL SELECT 'partition detached', format('ALTER TABLE %s DETACH PARTITION %s', p.ident, t.ident), 'table', t.ident, 'partition of', p.family || ARRAY(SELECT a.relid::regclass::text FROM pg_partition_ancestors(p.oid) AS a (relid))
FROM rels AS t JOIN pg_inherits AS i ON i.inhrelid = t.oid JOIN rels AS p ON p.oid = i.inhparent WHERE t.relkind = 'r' AND (t.c).relispartition
UNION ALL SELECT 'partition bound', format('ALTER TABLE data.parts DETACH PARTITION %s; ALTER TABLE data.parts ATTACH PARTITION %1$s FOR VALUES FROM %s', t.ident, v.bound), 'table', t.ident, 'partition of', '{}'
FROM rels AS t JOIN (VALUES ('data.parts_low', '(-1000000) TO (10)'), ('data.parts_high', '(10) TO (1000000)')) AS v (ident, bound) USING (ident)
UNION ALL SELECT 'no longer of a type', format('ALTER TABLE %s NOT OF', t.ident), 'table', t.ident, 'of type', '{}'
FROM rels AS t WHERE (t.c).reloftype <> 0
UNION ALL SELECT 'foreign table options', format('UPDATE pg_foreign_table SET ftoptions = ''{t=w}'' WHERE ftrelid = %s', t.oid), 'foreign table', t.ident, 'definition', '{}'
FROM rels AS t WHERE t.relkind = 'f'

-- Views
UNION ALL SELECT 'view changed', format('CREATE OR REPLACE VIEW %s AS SELECT * FROM (%s) AS z LIMIT 7', t.ident, rtrim(pg_get_viewdef(t.oid), ';')), 'view', t.ident, 'definition', '{}'
FROM rels AS t WHERE t.relkind = 'v' AND (t.c).reloptions IS NULL
UNION ALL SELECT 'view dropped', format('DROP VIEW %s', t.ident), 'view', t.ident, 'existence', t.family FROM rels AS t WHERE t.relkind = 'v'
UNION ALL SELECT 'view options', format('ALTER VIEW %s SET (security_barrier = %s)', t.ident, coalesce(NOT 'security_barrier=true' = ANY ((t.c).reloptions), true)), 'view', t.ident, 'options', '{}'
FROM rels AS t WHERE t.relkind = 'v'
UNION ALL SELECT 'materialized view dropped', format('DROP MATERIALIZED VIEW %s', t.ident), 'materialized view', t.ident, 'existence', t.family FROM rels AS t WHERE t.relkind = 'm'

-- Functions
UNION ALL SELECT 'function ' || v.what, format('UPDATE pg_proc SET %s WHERE oid = %s', v.change, p.oid), 'function|procedure', pg_temp.called('pg_proc', p.oid), 'definition', '{}'
FROM pg_proc AS p JOIN spaces AS s ON s.oid = p.pronamespace, (VALUES
  ('argument names', 'proargnames[1] = ''zz'''), ('body', $q$prosrc = prosrc || ' '$q$), ('volatility', $q$provolatile = CASE provolatile WHEN 's' THEN 'v' ELSE 's' END$q$), ('strictness', 'proisstrict = NOT proisstrict'),
  ('security', 'prosecdef = NOT prosecdef'), ('cost', 'procost = procost + 1'), ('settings', 'proconfig = ''{work_mem=1MB}'''), ('leakproof', 'proleakproof = NOT proleakproof'),
  ('parallel', $q$proparallel = CASE proparallel WHEN 'r' THEN 's' ELSE 'r' END$q$)) AS v (what, change)
WHERE pg_temp.own('pg_proc', p.oid) AND p.prokind IN ('f', 'p') AND (p.prokind = 'f' OR v.what IN ('body', 'security', 'settings'))
  AND NOT (v.what = 'body' AND p.prosqlbody IS NOT NULL) AND (v.what <> 'argument names' OR (p.prosqlbody IS NULL AND p.proargnames[1] <> ''))
UNION ALL SELECT 'aggregate initial value', format('UPDATE pg_aggregate SET agginitval = ''1'' WHERE aggfnoid = %s::oid', p.oid), 'aggregate', pg_temp.called('pg_proc', p.oid), 'definition', '{}'
FROM pg_proc AS p JOIN spaces AS s ON s.oid = p.pronamespace WHERE p.prokind = 'a' AND pg_temp.own('pg_proc', p.oid)

-- Types and their like
UNION ALL SELECT 'enum ' || v.what, format(v.change, e.enumtypid::regtype, e.enumlabel, e.oid), 'type', e.enumtypid::regtype::text, 'definition', ARRAY['data.', 'app.users']
FROM pg_enum AS e, (VALUES ('order', 'UPDATE pg_enum SET enumsortorder = enumsortorder + 100 WHERE oid = %3$s'), ('label added', 'ALTER TYPE %s ADD VALUE ''another''')) AS v (what, change)
WHERE v.what <> 'order' OR e.enumsortorder < (SELECT max(o.enumsortorder) FROM pg_enum AS o WHERE o.enumtypid = e.enumtypid)
UNION ALL SELECT 'enum label renamed', format('ALTER TYPE %s RENAME VALUE %L TO ''renamed''', e.enumtypid::regtype, e.enumlabel), 'type', e.enumtypid::regtype::text, 'definition', ARRAY['data.', 'app.']
FROM pg_enum AS e
UNION ALL SELECT 'attribute of a type renamed', format('ALTER TYPE %s RENAME ATTRIBUTE %I TO another', c.ident, c.attname), 'type', c.ident, 'definition', ARRAY['data.', 'app.']
FROM cols AS c WHERE c.relkind = 'c' AND c.ident <> 'app.point3'
UNION ALL SELECT 'range difference', format('UPDATE pg_range SET rngsubdiff = 0 WHERE rngtypid = %s', r.rngtypid), 'type', r.rngtypid::regtype::text, 'definition', '{}'
FROM pg_range AS r JOIN pg_type AS t ON t.oid = r.rngtypid JOIN spaces AS s ON s.oid = t.typnamespace WHERE r.rngsubdiff <> 0
UNION ALL SELECT 'domain not null', format('UPDATE pg_type SET typnotnull = NOT typnotnull WHERE oid = %s', t.oid), 'domain', t.oid::regtype::text, 'definition', '{}'
FROM pg_type AS t JOIN spaces AS s ON s.oid = t.typnamespace WHERE t.typtype = 'd'
UNION ALL SELECT 'domain default', format('ALTER DOMAIN %s SET DEFAULT ''{}''', t.oid::regtype), 'domain', t.oid::regtype::text, 'definition', '{}'
FROM pg_type AS t JOIN spaces AS s ON s.oid = t.typnamespace WHERE t.typtype = 'd'
UNION ALL SELECT 'cast context', format('UPDATE pg_cast SET castcontext = ''i'' WHERE oid = %s', k.oid), 'cast', pg_temp.called('pg_cast', k.oid), 'definition', '{}'
FROM pg_cast AS k WHERE pg_temp.own('pg_cast', k.oid)
UNION ALL SELECT 'operator ' || v.what, format('UPDATE pg_operator SET %s WHERE oid = %s', v.change, o.oid), 'operator', pg_temp.called('pg_operator', o.oid), 'definition', '{}'
FROM pg_operator AS o JOIN spaces AS s ON s.oid = o.oprnamespace, (VALUES ('commutator', 'oprcom = 0'), ('estimator', 'oprrest = ''eqsel''::regproc'), ('hashes', 'oprcanhash = NOT oprcanhash')) AS v (what, change) WHERE pg_temp.own('pg_operator', o.oid)
UNION ALL SELECT 'operator family member lost', format('DELETE FROM pg_amop WHERE oid = (SELECT min(oid) FROM pg_amop WHERE amopfamily = %s)', o.oid), 'operator family', pg_temp.called('pg_opfamily', o.oid), 'definition', ARRAY['app.']
FROM pg_opfamily AS o JOIN spaces AS s ON s.oid = o.opfnamespace WHERE pg_temp.own('pg_opfamily', o.oid)
UNION ALL SELECT 'operator class ' || v.what, format(v.change, o.oid, o.opcfamily), 'operator class', pg_temp.called('pg_opclass', o.oid), 'members', ARRAY['app.']
FROM pg_opclass AS o JOIN spaces AS s ON s.oid = o.opcnamespace, (VALUES
  ('member lost', 'DELETE FROM pg_amproc WHERE amprocnum = 1 AND oid IN (SELECT objid FROM pg_depend WHERE classid = ''pg_amproc''::regclass AND refclassid = ''pg_opclass''::regclass AND refobjid = %1$s)'),
  ('member made loose', 'UPDATE pg_depend SET refclassid = ''pg_opfamily''::regclass, refobjid = %2$s WHERE classid = ''pg_amproc''::regclass AND refclassid = ''pg_opclass''::regclass AND refobjid = %1$s')) AS v (what, change)
WHERE pg_temp.own('pg_opclass', o.oid)
UNION ALL SELECT 'collation deterministic', format('UPDATE pg_collation SET collisdeterministic = NOT collisdeterministic WHERE oid = %s', o.oid), 'collation', pg_temp.called('pg_collation', o.oid), 'definition', '{}'
FROM pg_collation AS o JOIN spaces AS s ON s.oid = o.collnamespace WHERE pg_temp.own('pg_collation', o.oid)
UNION ALL SELECT 'dictionary options', format('UPDATE pg_ts_dict SET dictinitoption = NULL WHERE oid = %s', o.oid), 'text search dictionary', pg_temp.called('pg_ts_dict', o.oid), 'definition', '{}'
FROM pg_ts_dict AS o JOIN spaces AS s ON s.oid = o.dictnamespace WHERE pg_temp.own('pg_ts_dict', o.oid)
UNION ALL SELECT 'text search mapping lost', format('ALTER TEXT SEARCH CONFIGURATION %s DROP MAPPING FOR asciiword', pg_temp.called('pg_ts_config', o.oid)), 'text search configuration', pg_temp.called('pg_ts_config', o.oid), 'definition', '{}'
FROM pg_ts_config AS o JOIN spaces AS s ON s.oid = o.cfgnamespace WHERE pg_temp.own('pg_ts_config', o.oid)

-- Foreign data, publications, default privileges, extensions, schemas
UNION ALL SELECT 'server options', format('UPDATE pg_foreign_server SET srvoptions = ''{host=i}'' WHERE oid = %s', o.oid), 'server', quote_ident(o.srvname), 'definition', '{}' FROM pg_foreign_server AS o
UNION ALL SELECT 'server version', format('UPDATE pg_foreign_server SET srvversion = ''2'' WHERE oid = %s', o.oid), 'server', quote_ident(o.srvname), 'definition', '{}' FROM pg_foreign_server AS o
UNION ALL SELECT 'wrapper options', format('UPDATE pg_foreign_data_wrapper SET fdwoptions = NULL WHERE oid = %s', o.oid), 'foreign data wrapper', quote_ident(o.fdwname), 'definition', '{}' FROM pg_foreign_data_wrapper AS o WHERE o.fdwoptions IS NOT NULL
UNION ALL SELECT 'user mapping lost', format('DROP USER MAPPING FOR %I SERVER %I', m.usename, m.srvname), 'user mapping', format('%I.%I', m.srvname, m.usename), 'existence', '{}' FROM pg_user_mappings AS m
UNION ALL SELECT 'publication ' || v.what, format('UPDATE pg_publication SET %s = NOT %1$s WHERE oid = %s', v.change, p.oid), 'publication', quote_ident(p.pubname), 'definition', '{}'
FROM pg_publication AS p, (VALUES ('of inserts', 'pubinsert'), ('of truncation', 'pubtruncate'), ('by root', 'pubviaroot')) AS v (what, change)
UNION ALL SELECT 'table left a publication', format('ALTER PUBLICATION %I DROP TABLE %s', p.pubname, r.prrelid::regclass), 'publication table', format('%I.%s', p.pubname, r.prrelid::regclass), 'existence', '{}'
FROM pg_publication_rel AS r JOIN pg_publication AS p ON p.oid = r.prpubid
UNION ALL SELECT 'publication columns', format('UPDATE pg_publication_rel SET prattrs = NULL WHERE oid = %s', r.oid), 'publication table', format('%I.%s', p.pubname, r.prrelid::regclass), 'definition', '{}'
FROM pg_publication_rel AS r JOIN pg_publication AS p ON p.oid = r.prpubid WHERE r.prattrs IS NOT NULL
UNION ALL SELECT 'publication condition', format('UPDATE pg_publication_rel SET prqual = NULL WHERE oid = %s', r.oid), 'publication table', format('%I.%s', p.pubname, r.prrelid::regclass), 'definition', '{}'
FROM pg_publication_rel AS r JOIN pg_publication AS p ON p.oid = r.prpubid WHERE r.prqual IS NOT NULL
UNION ALL SELECT 'schema left a publication', format('DELETE FROM pg_publication_namespace WHERE oid = %s', r.oid), 'publication', quote_ident(p.pubname), 'schemas', '{}'
FROM pg_publication_namespace AS r JOIN pg_publication AS p ON p.oid = r.pnpubid
UNION ALL SELECT 'publication dropped', format('DROP PUBLICATION %I', p.pubname), 'publication', quote_ident(p.pubname), 'existence', ARRAY[quote_ident(p.pubname)] FROM pg_publication AS p
UNION ALL SELECT 'default privileges lost', format('DELETE FROM pg_default_acl WHERE oid = %s', d.oid), 'default privileges', quote_ident(pg_get_userbyid(d.defaclrole)) || coalesce(' IN SCHEMA ' || quote_ident(n.nspname), '') || ' ON ' || CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' ELSE 'FUNCTIONS' END, 'existence|acl', '{}'
FROM pg_default_acl AS d LEFT JOIN pg_namespace AS n ON n.oid = d.defaclnamespace WHERE d.defaclnamespace = 0 OR n.oid IS NOT NULL
UNION ALL SELECT 'extension in another schema', 'ALTER EXTENSION dblink SET SCHEMA app', 'extension', 'dblink', 'schema', '{}'
UNION ALL SELECT 'extension lost', 'DROP EXTENSION dblink', 'extension', 'dblink', 'existence', '{}'
UNION ALL SELECT 'extension added', 'CREATE EXTENSION tcn SCHEMA app', 'extension', 'tcn', 'existence', '{}'
UNION ALL SELECT 'schema added', 'CREATE SCHEMA another', 'schema', 'another', 'existence', '{}'
UNION ALL SELECT 'function added', 'CREATE FUNCTION data.another() RETURNS integer LANGUAGE sql RETURN 1', 'function', 'data.another()', 'existence', '{}'

-- Large objects
UNION ALL SELECT 'large object byte', format('UPDATE pg_largeobject SET data = set_byte(data, %s %% length(data), (get_byte(data, %1$s %% length(data)) + 1) %% 256) WHERE loid = %s AND pageno = %s', k.n, l.loid, l.pageno), 'large object', l.loid::text, 'content', '{}'
FROM pg_largeobject AS l, (VALUES (0), (7), (1234)) AS k (n) WHERE length(l.data) > 0
UNION ALL SELECT 'large object longer', format('SELECT lo_put(%s, 1000000, ''\x00'')', m.oid), 'large object', m.oid::text, 'content', '{}' FROM pg_largeobject_metadata AS m
UNION ALL SELECT 'large object lost', format('SELECT lo_unlink(%s)', m.oid), 'large object', m.oid::text, 'existence', '{}' FROM pg_largeobject_metadata AS m
UNION ALL SELECT 'large object owner', format('ALTER LARGE OBJECT %s OWNER TO schema_reader', m.oid), 'large object', m.oid::text, 'owner', '{}' FROM pg_largeobject_metadata AS m
UNION ALL SELECT 'large object privileges', format('GRANT SELECT ON LARGE OBJECT %s TO schema_reader', m.oid), 'large object', m.oid::text, 'acl', '{}' FROM pg_largeobject_metadata AS m;

-- Owners, comments, privileges: wherever there are any.
INSERT INTO damages (name, run, type, object, check_name)
SELECT 'owner of a ' || i.type, format('UPDATE %s SET %s = %s WHERE oid = %s', o.class, o.col, (SELECT oid FROM pg_roles WHERE rolname = CASE WHEN o.owner = 'schema_reader'::regrole THEN 'schema_owner' ELSE 'schema_reader' END), o.oid),
       '.', pg_temp.called(o.class, o.oid), 'owner'
FROM (
  SELECT 'pg_class'::regclass AS class, 'relowner' AS col, oid, relowner AS owner FROM pg_class WHERE relnamespace IN (SELECT oid FROM spaces) AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
  UNION ALL SELECT 'pg_proc', 'proowner', oid, proowner FROM pg_proc WHERE pronamespace IN (SELECT oid FROM spaces)
  UNION ALL SELECT 'pg_type', 'typowner', t.oid, typowner FROM pg_type AS t WHERE typnamespace IN (SELECT oid FROM spaces) AND typtype IN ('e', 'd', 'r')
  UNION ALL SELECT 'pg_namespace', 'nspowner', oid, nspowner FROM pg_namespace WHERE oid IN (SELECT oid FROM spaces) AND nspname <> 'public'
  UNION ALL SELECT 'pg_operator', 'oprowner', oid, oprowner FROM pg_operator WHERE oprnamespace IN (SELECT oid FROM spaces)
  UNION ALL SELECT 'pg_opclass', 'opcowner', oid, opcowner FROM pg_opclass WHERE opcnamespace IN (SELECT oid FROM spaces)
  UNION ALL SELECT 'pg_opfamily', 'opfowner', oid, opfowner FROM pg_opfamily WHERE opfnamespace IN (SELECT oid FROM spaces)
  UNION ALL SELECT 'pg_collation', 'collowner', oid, collowner FROM pg_collation WHERE collnamespace IN (SELECT oid FROM spaces)
  UNION ALL SELECT 'pg_ts_dict', 'dictowner', oid, dictowner FROM pg_ts_dict WHERE dictnamespace IN (SELECT oid FROM spaces)
  UNION ALL SELECT 'pg_ts_config', 'cfgowner', oid, cfgowner FROM pg_ts_config WHERE cfgnamespace IN (SELECT oid FROM spaces)
  UNION ALL SELECT 'pg_statistic_ext', 'stxowner', oid, stxowner FROM pg_statistic_ext WHERE stxnamespace IN (SELECT oid FROM spaces)
  UNION ALL SELECT 'pg_foreign_server', 'srvowner', oid, srvowner FROM pg_foreign_server
  UNION ALL SELECT 'pg_foreign_data_wrapper', 'fdwowner', oid, fdwowner FROM pg_foreign_data_wrapper
  UNION ALL SELECT 'pg_publication', 'pubowner', oid, pubowner FROM pg_publication
  UNION ALL SELECT 'pg_event_trigger', 'evtowner', oid, evtowner FROM pg_event_trigger) AS o,
  LATERAL pg_identify_object(o.class, o.oid, 0) AS i
WHERE pg_temp.own(o.class, o.oid) OR o.class = 'pg_namespace'::regclass;

INSERT INTO damages (name, run, type, object, check_name)
SELECT 'comment ' || v.what, format(v.change, d.objoid, d.classoid, d.objsubid), '.', pg_temp.called(d.classoid, d.objoid, d.objsubid), 'comment'
FROM pg_description AS d, (VALUES ('lost', 'DELETE FROM pg_description WHERE objoid = %s AND classoid = %s AND objsubid = %s'),
  ('changed', 'UPDATE pg_description SET description = description || ''!'' WHERE objoid = %s AND classoid = %s AND objsubid = %s')) AS v (what, change)
WHERE pg_temp.own(d.classoid, d.objoid) AND NOT (d.classoid = 'pg_class'::regclass AND d.objoid NOT IN (SELECT oid FROM rels)) AND d.classoid NOT IN ('pg_extension'::regclass, 'pg_largeobject'::regclass)
  AND NOT (d.classoid = 'pg_namespace'::regclass AND d.objoid NOT IN (SELECT oid FROM spaces));
INSERT INTO damages (name, run, type, object, check_name)
SELECT 'comment on a large object lost', format('DELETE FROM pg_description WHERE objoid = %s', d.objoid), 'large object', d.objoid::text, 'comment'
FROM pg_description AS d WHERE d.classoid = 'pg_largeobject'::regclass
  AND jsonb_path_exists((SELECT document FROM baseline), '$.objects[*] ? (@.kind == "large object" && @.facet == "comment")');

INSERT INTO damages (name, run, type, object, check_name)
SELECT 'privilege ' || v.what, format(v.change, a.class, a.col, a.item, a.oid), '.', pg_temp.called(a.class, a.oid), 'acl'
FROM (
  SELECT 'pg_class'::regclass AS class, 'relacl' AS col, oid, unnest(relacl) AS item FROM pg_class WHERE relnamespace IN (SELECT oid FROM spaces)
  UNION ALL SELECT 'pg_proc', 'proacl', oid, unnest(proacl) FROM pg_proc WHERE pronamespace IN (SELECT oid FROM spaces)
  UNION ALL SELECT 'pg_namespace', 'nspacl', oid, unnest(nspacl) FROM pg_namespace WHERE oid IN (SELECT oid FROM spaces)) AS a,
  (VALUES ('lost', 'UPDATE %s SET %s = array_remove(%2$s, %L) WHERE oid = %s'), ('gained', 'UPDATE %s SET %s = %2$s || (''"Löser 1"=a/'' || quote_ident(pg_get_userbyid(10)))::aclitem WHERE oid = %4$s'))
    AS v (what, change)
WHERE (v.what = 'lost' OR a.class = 'pg_class'::regclass) AND pg_temp.own(a.class, a.oid);
INSERT INTO damages (name, run, type, object, check_name)
SELECT 'column privilege lost', format('UPDATE pg_attribute SET attacl = NULL WHERE attrelid = %s AND attnum = %s', c.oid, c.attnum), 'column', c.col_ident, 'acl'
FROM cols AS c WHERE c.attacl IS NOT NULL
UNION ALL SELECT 'first privilege', format('GRANT INSERT ON %s TO schema_reader', t.ident), t.type, t.ident, 'acl' FROM rels AS t WHERE t.relkind IN ('r', 'p', 'v', 'm', 'f') AND (t.c).relacl IS NULL
UNION ALL SELECT 'privilege of PUBLIC lost', format('REVOKE USAGE ON TYPE %s FROM PUBLIC', t.oid::regtype), 'type|domain', t.oid::regtype::text, 'acl' FROM pg_type AS t JOIN spaces AS s ON s.oid = t.typnamespace WHERE t.typtype IN ('e', 'd', 'r') AND t.typacl IS NULL AND pg_temp.own('pg_type', t.oid);

-- Sequences: not transactional, so with their undo.
INSERT INTO damages (name, run, undo, type, object, check_name)
SELECT 'sequence back by one', format('SELECT setval(%L, %s, %s)', r.ident, CASE WHEN s.last_value = q.seqmin OR s.last_value IS NULL THEN q.seqmin ELSE s.last_value - q.seqincrement END, CASE WHEN coalesce(s.last_value, q.seqmin) <> q.seqmin THEN 'true' ELSE 'false' END),
       format('SELECT setval(%L, %s, %s)', r.ident, s.last_value, 'true'), 'sequence', r.ident, 'value'
FROM rels AS r JOIN pg_sequence AS q ON q.seqrelid = r.oid JOIN pg_sequences AS s ON format('%I.%I', s.schemaname, s.sequencename) = r.ident WHERE s.last_value IS NOT NULL;
INSERT INTO damages (name, run, type, object, check_name)
SELECT 'sequence ' || v.what, format('UPDATE pg_sequence SET %s WHERE seqrelid = %s', v.change, r.oid), 'sequence', r.ident, 'definition'
FROM rels AS r, (VALUES ('increment', 'seqincrement = seqincrement + 1'), ('maximum', 'seqmax = seqmax - 1'), ('cycle', 'seqcycle = NOT seqcycle'), ('cache', 'seqcache = seqcache + 1'), ('start', 'seqstart = seqstart + 1')) AS v (what, change)
WHERE r.relkind = 'S' UNION ALL
SELECT 'sequence without owner', format('ALTER SEQUENCE %s OWNED BY NONE', r.ident), 'sequence', r.ident, 'owned by'
FROM rels AS r JOIN pg_depend AS d ON d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype = 'a' AND d.refobjsubid > 0 WHERE r.relkind = 'S' UNION ALL
SELECT 'sequence dropped', format('DROP SEQUENCE %s', r.ident), 'sequence', r.ident, 'existence' FROM rels AS r
WHERE r.relkind = 'S' AND NOT EXISTS (SELECT FROM pg_depend AS d WHERE (d.classid = 'pg_class'::regclass AND d.objid = r.oid AND d.deptype IN ('a', 'i')) OR (d.refclassid = 'pg_class'::regclass AND d.refobjid = r.oid AND d.deptype = 'n'));

-- What a dump does not carry, so a warning.
INSERT INTO damages (name, run, type, object, check_name, near, mild)
SELECT 'foreign keys not enforced', format('ALTER TABLE %s DISABLE TRIGGER ALL', t.ident), 'constraint', t.ident || '.' || quote_ident(k.conname), 'existence|enforcement', t.family, true
FROM pg_constraint AS k JOIN rels AS t ON t.oid = k.conrelid WHERE k.contype = 'f' AND k.conparentid = 0 AND t.relkind = 'r'
UNION ALL SELECT 'materialized view not populated', format('REFRESH MATERIALIZED VIEW %s WITH NO DATA', t.ident), 'materialized view', t.ident, 'population|rows', '{}', true FROM rels AS t WHERE t.relkind = 'm' AND (t.c).relispopulated
UNION ALL SELECT 'setting of the database', format('ALTER DATABASE %I SET work_mem = ''5MB''', current_database()), 'database', current_database(), 'settings', '{}', true
UNION ALL SELECT 'index renamed', format('ALTER INDEX %s RENAME TO another', r.ident), 'index', r.ident, 'existence', ARRAY[regexp_replace(r.ident, '^(".*?"|[^".]*)\..*$', '\1.another')], false FROM rels AS r WHERE r.relkind = 'i' AND NOT EXISTS (SELECT FROM pg_constraint AS k WHERE k.conindid = r.oid);
