-- Documents side by side, without the extension's own comparison.
CREATE TABLE documents (name text PRIMARY KEY, document jsonb NOT NULL);

CREATE PROCEDURE collect(target text) LANGUAGE sql AS $$
INSERT INTO documents VALUES (target, dr._collect_from(target, true, true))
    ON CONFLICT (name) DO UPDATE SET document = excluded.document
$$;

CREATE VIEW records AS
SELECT d.name, r.* FROM documents d, jsonb_to_recordset(d.document -> 'objects') AS r(kind text, identity text, facet text, class text, definition text);

CREATE FUNCTION differences(a text, b text) RETURNS TABLE (line text) LANGUAGE sql AS $$
(SELECT CASE WHEN y.definition IS NULL THEN 'missing' WHEN x.definition IS NULL THEN 'extra' ELSE 'mismatch' END || ' ' || kind || ' ' ||
    identity || ' ' || facet || coalesce(': ' || translate(x.definition, E'\n', ' ') || ' -> ' || translate(y.definition, E'\n', ' '), '')
 FROM (SELECT * FROM records WHERE name = a) x FULL JOIN (SELECT * FROM records WHERE name = b) y USING (kind, identity, facet)
 WHERE x.definition IS DISTINCT FROM y.definition
 ORDER BY kind COLLATE "C", identity COLLATE "C", facet COLLATE "C")
UNION ALL
(SELECT 'rows ' || schema || '.' || relation || ': ' || coalesce(x.r ->> 'rows', 'none') || ' -> ' || coalesce(y.r ->> 'rows', 'none')
 FROM (SELECT r ->> 'schema' AS schema, r ->> 'name' AS relation, r - 'size' AS r FROM documents, jsonb_array_elements(document -> 'relations') r WHERE name = a) x
 FULL JOIN (SELECT r ->> 'schema' AS schema, r ->> 'name' AS relation, r - 'size' AS r FROM documents, jsonb_array_elements(document -> 'relations') r WHERE name = b) y
 USING (schema, relation)
 WHERE x.r IS DISTINCT FROM y.r ORDER BY schema COLLATE "C", relation COLLATE "C")
UNION ALL
(SELECT 'sequence ' || schema || '.' || sequence || ': ' || coalesce(x.r ->> 'last_value', 'none') || ' -> ' || coalesce(y.r ->> 'last_value', 'none')
 FROM (SELECT r ->> 'schema' AS schema, r ->> 'name' AS sequence, r FROM documents, jsonb_array_elements(document -> 'sequences') r WHERE name = a) x
 FULL JOIN (SELECT r ->> 'schema' AS schema, r ->> 'name' AS sequence, r FROM documents, jsonb_array_elements(document -> 'sequences') r WHERE name = b) y
 USING (schema, sequence)
 WHERE x.r IS DISTINCT FROM y.r ORDER BY schema COLLATE "C", sequence COLLATE "C")
$$;
