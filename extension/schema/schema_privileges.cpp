// Schema records of privileges where nothing else of the object has a record, and of large objects.
#include "schema/schema_queries.hpp"
#include "base/schema_sql.hpp"

namespace pgdr {

namespace {

// A dump carries the privileges of a member of an extension, or of an object in pg_catalog, where
// they are no longer what CREATE EXTENSION or initdb left (pg_init_privs). pgdr's own members are
// no part of any document. Columns: kind, identity, owner, letter, acl, initial.
#define PGDR_CHANGED(kind, identity, catalog, object, sub, namespace, owner, acl, letter, from)  \
  "SELECT " kind " AS kind, " identity " AS identity, " owner " AS owner, " letter               \
  " AS letter,"                                                                                  \
  " coalesce(" acl ", acldefault(" letter ", " owner                                             \
  ")) AS acl,"                                                                                   \
  " coalesce(ip.initprivs, acldefault(" letter ", " owner ")) AS initial FROM " from             \
  " LEFT JOIN pg_init_privs ip ON ip.classoid = '" catalog "'::regclass AND ip.objoid = " object \
  " AND ip.objsubid = " sub " LEFT JOIN pg_depend d ON d.classid = '" catalog                    \
  "'::regclass AND d.objid = " object                                                            \
  "  AND d.objsubid = 0 AND d.deptype = 'e'"                                                     \
  " LEFT JOIN pg_extension e ON e.oid = d.refobjid WHERE " acl                                   \
  " IS DISTINCT FROM ip.initprivs AND CASE WHEN e.oid IS NULL"                                   \
  "  THEN " object " < " PGDR_USER_OID                                                           \
  " AND " namespace " = 'pg_catalog' ELSE e.extname <> 'pgdr' END"
#define PGDR_IN_NAMESPACE(catalog, prefix) \
  catalog " o JOIN pg_namespace n ON n.oid = o." prefix "namespace"
#define PGDR_QUALIFIED(name) "quote_ident(n.nspname) || '.' || quote_ident(" name ")"
#define PGDR_RELATION_KIND                                                                         \
  "CASE o.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'" \
  " WHEN 'f' THEN 'foreign table' ELSE 'table' END"
#define PGDR_CHANGED_GLOBAL(kind, catalog, name, owner, acl, letter)                            \
  PGDR_CHANGED("'" kind "'", "quote_ident(o." name ")", catalog, "o.oid", "0", "'none'", owner, \
               acl, letter, catalog " o")

constexpr char kChangedPrivileges[] =
    "SELECT c.kind, c.identity, 'acl', 'policy', c.text FROM (SELECT c.kind, c.identity,"
    " " PGDR_ACL_TEXT("c.acl", "c.owner", "c.letter") " AS text,"
    " " PGDR_ACL_TEXT("c.initial", "c.owner", "c.letter") " AS initial FROM ("
    PGDR_CHANGED(PGDR_RELATION_KIND, PGDR_QUALIFIED("o.relname"), "pg_class", "o.oid", "0", "n.nspname",
                 "o.relowner", "o.relacl", "CASE o.relkind WHEN 'S' THEN 's' ELSE 'r' END::\"char\"",
                 PGDR_IN_NAMESPACE("pg_class", "rel")) " AND o.relkind IN ('r', 'p', 'f', 'v', 'm', 'S')"
    " UNION ALL "
    PGDR_CHANGED("'column'", PGDR_QUALIFIED("o.relname") " || '.' || quote_ident(a.attname)", "pg_class",
                 "o.oid", "a.attnum", "n.nspname", "o.relowner", "a.attacl", "'c'::\"char\"",
                 PGDR_IN_NAMESPACE("pg_class", "rel")
                 " JOIN pg_attribute a ON a.attrelid = o.oid AND NOT a.attisdropped")
    " UNION ALL "
    PGDR_CHANGED("CASE o.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END",
                 PGDR_QUALIFIED("o.proname") " || '(' || oidvectortypes(o.proargtypes) || ')'", "pg_proc",
                 "o.oid", "0", "n.nspname", "o.proowner", "o.proacl", "'f'::\"char\"",
                 PGDR_IN_NAMESPACE("pg_proc", "pro"))
    " UNION ALL "
    PGDR_CHANGED("CASE o.typtype WHEN 'd' THEN 'domain' ELSE 'type' END", PGDR_QUALIFIED("o.typname"),
                 "pg_type", "o.oid", "0", "n.nspname", "o.typowner", "o.typacl", "'T'::\"char\"",
                 PGDR_IN_NAMESPACE("pg_type", "typ"))
    " UNION ALL "
    PGDR_CHANGED("'schema'", "quote_ident(o.nspname)", "pg_namespace", "o.oid", "0", "o.nspname",
                 "o.nspowner", "o.nspacl", "'n'::\"char\"", "pg_namespace o")
    " UNION ALL "
    PGDR_CHANGED_GLOBAL("language", "pg_language", "lanname", "o.lanowner", "o.lanacl", "'l'::\"char\"")
    " UNION ALL "
    PGDR_CHANGED_GLOBAL("foreign data wrapper", "pg_foreign_data_wrapper", "fdwname", "o.fdwowner",
                        "o.fdwacl", "'F'::\"char\"")
    ") c) c WHERE c.text <> c.initial";

// The OID of a large object is its name, and a dump keeps it. Of very many, each record stands for
// 4096 OIDs, so that a document stays bounded.
#define PGDR_LARGE_OBJECTS                                                                       \
  "(SELECT m.*, CASE WHEN n.count <= 10000 THEN m.oid::text"                                     \
  "  ELSE (m.oid::bigint / 4096 * 4096) || '..' || (m.oid::bigint / 4096 * 4096 + 4095) END AS " \
  "identity FROM pg_largeobject_metadata m, (SELECT count(*) FROM pg_largeobject_metadata) n)"
#define PGDR_LARGE_OBJECT_FACETS(rows)                                                       \
  "SELECT 'large object', f.identity, f.facet, f.class, CASE WHEN f.identity LIKE '%..%'"    \
  " THEN count(*) || ' objects: ' || md5(string_agg(f.oid || '=' || f.definition, ',' ORDER" \
  " BY f.oid)) ELSE min(f.definition) END FROM (" rows ") f GROUP BY f.identity, f.facet, f.class"

constexpr char kLargeObjects[] = PGDR_LARGE_OBJECT_FACETS(
    "SELECT l.oid, l.identity, v.facet, v.class, v.definition FROM " PGDR_LARGE_OBJECTS " l"
    " CROSS JOIN LATERAL (VALUES ('definition', 'strict', 'LARGE OBJECT'),"
    "  ('owner', 'policy', quote_ident(pg_get_userbyid(l.lomowner))),"
    "  ('acl', 'policy', " PGDR_ACL_TEXT("coalesce(l.lomacl, acldefault('L', l.lomowner))",
                                         "l.lomowner", "'L'") ")) v(facet, class, definition)"
    " UNION ALL SELECT l.oid, l.identity, 'comment', 'strict', d.description"
    " FROM " PGDR_LARGE_OBJECTS " l JOIN pg_description d ON d.objoid = l.oid"
    "  AND d.classoid = 'pg_largeobject'::regclass"
    " UNION ALL SELECT l.oid, l.identity, 'security label ' || s.provider, 'policy', s.label"
    " FROM " PGDR_LARGE_OBJECTS " l JOIN pg_seclabel s ON s.objoid = l.oid"
    "  AND s.classoid = 'pg_largeobject'::regclass");

}  // namespace

const char kAnyLargeObject[] = "SELECT EXISTS (SELECT FROM pg_largeobject_metadata)";

// A sum over pages, and the size, so neither order nor holes matter: a restore fills holes with
// zeros and splits pages anew.
#define PGDR_HASH(text) "('x' || left(md5(" text "), 16))::bit(64)::bigint::numeric"
const char kLargeObjectContent[] = PGDR_LARGE_OBJECT_FACETS(
    "SELECT l.oid, l.identity, 'content' AS facet, 'strict' AS class,"
    " coalesce(p.size, 0) || ' bytes: ' || coalesce(p.hash, 0) AS definition"
    " FROM " PGDR_LARGE_OBJECTS " l LEFT JOIN"
    " (SELECT l.loid, max(l.pageno::bigint * 2048 + length(l.data)) AS size,"
    "   sum(" PGDR_HASH("l.pageno || ':' || md5(d.data)") ") FILTER (WHERE length(d.data) > 0) AS hash"
    "  FROM pg_largeobject l CROSS JOIN LATERAL"
    "   (SELECT " PGDR_FROM_14("rtrim(l.data, '\\x00'::bytea)",
                             "decode(regexp_replace(encode(l.data, 'hex'), '(00)+$', ''), 'hex')") " AS data) d"
    "  GROUP BY l.loid) p ON p.loid = l.oid");

const char* const kPrivilegeQueries[] = {kChangedPrivileges, kLargeObjects, nullptr};

}  // namespace pgdr
