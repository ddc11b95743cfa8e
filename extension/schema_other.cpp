// Schema records of extensions, publications, foreign data, text search, languages, large objects
// and the database itself.
#include "schema_queries.hpp"
#include "schema_sql.hpp"

namespace pgdr {

namespace {

constexpr char kExtensions[] =
    "SELECT 'extension', quote_ident(e.extname), f.facet, f.class, f.definition"
    " FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace"
    " CROSS JOIN LATERAL (VALUES"
    // plpgsql is in every new database, whether the source kept it or not.
    "  ('schema', CASE WHEN e.extname = 'plpgsql' THEN 'warning' ELSE 'strict' END,"
    "   quote_ident(n.nspname)),"
    "  ('version', 'warning', e.extversion)) f(facet, class, definition)";

constexpr char kPublications[] =
    "SELECT 'publication', p.identity, f.facet, 'strict', f.definition"
    " FROM " PGDR_GLOBAL_OBJECTS("pg_publication", "pubname") " p"
    " CROSS JOIN LATERAL (VALUES ('definition', concat_ws(', ',"
    "   CASE WHEN p.puballtables THEN 'FOR ALL TABLES' END, CASE WHEN p.pubinsert THEN 'insert' END,"
    "   CASE WHEN p.pubupdate THEN 'update' END, CASE WHEN p.pubdelete THEN 'delete' END,"
    "   CASE WHEN p.pubtruncate THEN 'truncate' END,"
    "   CASE WHEN p.pubviaroot THEN 'publish_via_partition_root' END"
    PGDR_FROM_18(", 'generated columns = ' || p.pubgencols::text", "") "))"
    PGDR_FROM_15(", ('schemas', (SELECT string_agg(quote_ident(n.nspname), ', '"
    "    ORDER BY n.nspname COLLATE \"C\") FROM pg_publication_namespace pn"
    "    JOIN pg_namespace n ON n.oid = pn.pnnspid WHERE pn.pnpubid = p.oid))", "")
    " ) f(facet, definition) WHERE f.definition IS NOT NULL";

constexpr char kPublicationTables[] =
    "SELECT 'publication table', p.identity || '.' || c.identity, 'definition', 'strict',"
    PGDR_FROM_15(
        " 'TABLE' || coalesce(' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY"
        "   a.attname COLLATE \"C\") FROM unnest(r.prattrs::smallint[]) k JOIN pg_attribute a"
        "   ON a.attrelid = r.prrelid AND a.attnum = k) || ')', '') ||"
        "  coalesce(' WHERE ' || pg_get_expr(r.prqual, r.prrelid), ''),"
        " 'x'::\"char\", r.prrelid, CASE WHEN r.prqual IS NOT NULL THEN"
        "  ARRAY[pg_get_expr(r.prqual, r.prrelid)] END", " 'TABLE'")
    " FROM pg_publication_rel r"
    " JOIN " PGDR_GLOBAL_OBJECTS("pg_publication", "pubname") " p ON p.oid = r.prpubid"
    " JOIN " PGDR_RELATIONS " c ON c.oid = r.prrelid";

// Subscriptions come back disabled, and their connection strings are secret.
constexpr char kSubscriptions[] =
    "SELECT 'subscription', quote_ident(s.subname), 'definition', 'warning',"
    " 'PUBLICATION ' || (SELECT string_agg(quote_ident(p), ', ' ORDER BY p COLLATE \"C\")"
    "  FROM unnest(s.subpublications) p)"
    " FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid"
    " WHERE d.datname = current_database()";

constexpr char kForeignWrappers[] =
    "SELECT 'foreign data wrapper', w.identity, 'definition', 'strict', concat_ws(' ',"
    " CASE WHEN w.fdwhandler::oid <> 0 THEN 'HANDLER ' || w.fdwhandler::regproc END,"
    " CASE WHEN w.fdwvalidator::oid <> 0 THEN 'VALIDATOR ' || w.fdwvalidator::regproc END,"
    " 'OPTIONS (' || " PGDR_OPTIONS("w.fdwoptions") " || ')')"
    " FROM " PGDR_GLOBAL_OBJECTS("pg_foreign_data_wrapper", "fdwname") " w";

constexpr char kForeignServers[] =
    "SELECT 'server', s.identity, 'definition', 'strict', concat_ws(' ',"
    " 'TYPE ' || quote_literal(s.srvtype), 'VERSION ' || quote_literal(s.srvversion),"
    " 'FOREIGN DATA WRAPPER ' || quote_ident(w.fdwname),"
    " 'OPTIONS (' || " PGDR_OPTIONS("s.srvoptions") " || ')')"
    " FROM " PGDR_GLOBAL_OBJECTS("pg_foreign_server", "srvname") " s"
    " JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw";

// Options of user mappings hold passwords: only their existence is recorded.
constexpr char kUserMappings[] =
    "SELECT 'user mapping', quote_ident(m.srvname) || '.' || quote_ident(m.usename), 'definition',"
    " 'strict', 'USER MAPPING' FROM pg_user_mappings m";

constexpr char kTextSearch[] =
    "SELECT 'text search parser', p.identity, 'definition', 'strict', concat_ws(', ',"
    " p.prsstart, p.prstoken, p.prsend, p.prsheadline, p.prslextype)"
    " FROM " PGDR_OBJECTS("pg_ts_parser", "prs") " p"
    " UNION ALL SELECT 'text search template', t.identity, 'definition', 'strict',"
    " concat_ws(', ', t.tmplinit, t.tmpllexize) FROM " PGDR_OBJECTS("pg_ts_template", "tmpl") " t"
    " UNION ALL SELECT 'text search dictionary', d.identity, 'definition', 'strict',"
    " (SELECT quote_ident(n.nspname) || '.' || quote_ident(t.tmplname) FROM pg_ts_template t"
    "  JOIN pg_namespace n ON n.oid = t.tmplnamespace WHERE t.oid = d.dicttemplate) ||"
    " coalesce(' ' || d.dictinitoption, '') FROM " PGDR_OBJECTS("pg_ts_dict", "dict") " d"
    " UNION ALL SELECT 'text search configuration', c.identity, 'definition', 'strict',"
    " (SELECT quote_ident(n.nspname) || '.' || quote_ident(p.prsname) FROM pg_ts_parser p"
    "  JOIN pg_namespace n ON n.oid = p.prsnamespace WHERE p.oid = c.cfgparser) ||"
    " coalesce((SELECT string_agg(format(' %s: %s', m.maptokentype, m.mapdict::regdictionary), ','"
    "  ORDER BY m.maptokentype, m.mapseqno) FROM pg_ts_config_map m WHERE m.mapcfg = c.oid), '')"
    " FROM " PGDR_OBJECTS("pg_ts_config", "cfg") " c";

constexpr char kLanguages[] =
    "SELECT 'language', l.identity, 'definition', 'strict', concat_ws(' ',"
    " CASE WHEN l.lanpltrusted THEN 'TRUSTED' END, 'HANDLER ' || l.lanplcallfoid::regproc,"
    " CASE WHEN l.laninline <> 0 THEN 'INLINE ' || l.laninline::regproc END,"
    " CASE WHEN l.lanvalidator <> 0 THEN 'VALIDATOR ' || l.lanvalidator::regproc END)"
    " FROM " PGDR_GLOBAL_OBJECTS("pg_language", "lanname") " l WHERE l.lanispl"
    " UNION ALL SELECT 'access method', a.identity, 'definition', 'strict',"
    " 'TYPE ' || a.amtype::text || ' HANDLER ' || a.amhandler"
    " FROM " PGDR_GLOBAL_OBJECTS("pg_am", "amname") " a"
    " UNION ALL SELECT 'transform', format_type(t.trftype, NULL) || ' LANGUAGE ' ||"
    " quote_ident(l.lanname), 'definition', 'strict', 'FROM ' || t.trffromsql || ' TO ' || t.trftosql"
    " FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang"
    " WHERE t.oid >= " PGDR_USER_OID " AND " PGDR_NOT_MEMBER("pg_transform", "t.oid");

constexpr char kDatabase[] =
    "SELECT 'database', 'current', f.facet, f.class, f.definition FROM pg_database d"
    " CROSS JOIN LATERAL (VALUES ('encoding', 'warning', pg_encoding_to_char(d.encoding)::text),"
    "  ('collate', 'warning', d.datcollate::text), ('ctype', 'warning', d.datctype::text),"
    "  ('settings', 'warning', (SELECT string_agg(c, E'\\n' ORDER BY c COLLATE \"C\")"
    "    FROM pg_db_role_setting s, unnest(s.setconfig) c"
    "    WHERE s.setdatabase = d.oid AND s.setrole = 0 AND c NOT LIKE 'pgdr.origin=%')))"
    " f(facet, class, definition)"
    " WHERE d.datname = current_database() AND f.definition IS NOT NULL";

// The OID of a large object is its name, and a dump keeps it.
constexpr char kLargeObjects[] =
    "SELECT 'large object', 'all', f.facet, f.class, f.definition FROM"
    " (SELECT count(*)::text AS count, md5(string_agg(m.oid::text, ',' ORDER BY m.oid)) AS oids,"
    "   md5(string_agg(m.oid::text || '=' || quote_ident(pg_get_userbyid(m.lomowner)), ','"
    "     ORDER BY m.oid)) AS owners FROM pg_largeobject_metadata m) l"
    " CROSS JOIN LATERAL (VALUES ('count', 'strict', l.count), ('oids', 'strict', l.oids),"
    "  ('owner', 'policy', l.owners)) f(facet, class, definition) WHERE f.definition IS NOT NULL";

}  // namespace

const char kAnyLargeObject[] = "SELECT EXISTS (SELECT FROM pg_largeobject_metadata)";

// A sum over pages and sizes, so neither order nor holes matter: a restore fills holes with zeros
// and splits pages anew.
#define PGDR_HASH(text) "('x' || left(md5(" text "), 16))::bit(64)::bigint::numeric"
const char kLargeObjectContent[] =
    "SELECT 'large object', 'all', 'content', 'strict', (p.hash + s.hash)::text FROM"
    " (SELECT coalesce(sum(" PGDR_HASH("l.loid || ':' || l.pageno || ':' || md5(d.data)") "), 0) AS hash"
    "  FROM pg_largeobject l CROSS JOIN LATERAL"
    "   (SELECT " PGDR_FROM_14("rtrim(l.data, '\\x00'::bytea)",
                             "decode(regexp_replace(encode(l.data, 'hex'), '(00)+$', ''), 'hex')") " AS data) d"
    "  WHERE length(d.data) > 0) p,"
    " (SELECT coalesce(sum(" PGDR_HASH("o.loid || '=' || o.size") "), 0) AS hash FROM"
    "  (SELECT l.loid, max(l.pageno::bigint * 2048 + length(l.data)) AS size FROM pg_largeobject l"
    "   GROUP BY l.loid) o) s";

const char* const kOtherQueries[] = {kExtensions,    kPublications,    kPublicationTables,
                                     kSubscriptions, kForeignWrappers, kForeignServers,
                                     kUserMappings,  kTextSearch,      kLanguages,
                                     kDatabase,      kLargeObjects,    nullptr};

}  // namespace pgdr
