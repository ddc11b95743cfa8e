// Schema records of extensions, publications, foreign data, text search, languages and the
// database itself.
#include "schema/schema_queries.hpp"
#include "base/schema_sql.hpp"

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
    PGDR_FROM_18(", CASE p.pubgencols WHEN 's' THEN 'publish_generated_columns = stored' END", "")
    "))"
    PGDR_FROM_15(", ('schemas', (SELECT string_agg(quote_ident(n.nspname), ', '"
    "    ORDER BY n.nspname COLLATE \"C\") FROM pg_publication_namespace pn"
    "    JOIN pg_namespace n ON n.oid = pn.pnnspid WHERE pn.pnpubid = p.oid))", "")
    " ) f(facet, definition) WHERE " PGDR_PRESENT("f");

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

// What is not as CREATE SUBSCRIPTION has it by default. A dump by a role that is no superuser
// leaves subscriptions out, and they come back disabled: all of it is a warning. Connection strings
// are secret; before 14 (3590680b85a8) so were oid and subsynccommit.
constexpr char kSubscriptions[] =
    "SELECT 'subscription', quote_ident(s.subname), f.facet, 'warning', f.definition"
    " FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid CROSS JOIN LATERAL (VALUES"
    "  ('definition', concat_ws(', ', 'PUBLICATION ' || (SELECT string_agg(quote_ident(p), ', '"
    "     ORDER BY p COLLATE \"C\") FROM unnest(s.subpublications) p),"
    "    'slot_name = ' || coalesce(quote_literal(s.subslotname), 'NONE')"
    PGDR_FROM_14(", 'synchronous_commit = ' || nullif(s.subsynccommit, 'off'), CASE WHEN s.subbinary THEN 'binary' END,"
      " 'streaming = ' || nullif(" PGDR_FROM_16("s.substream", "CASE WHEN s.substream THEN 't' ELSE 'f' END")
      "::text, 'f')", "")
    PGDR_FROM_15(", CASE WHEN s.subtwophasestate <> 'd' THEN 'two_phase' END,"
      " CASE WHEN s.subdisableonerr THEN 'disable_on_error' END", "")
    PGDR_FROM_16(", CASE WHEN NOT s.subpasswordrequired THEN 'password_required = false' END,"
      " CASE WHEN s.subrunasowner THEN 'run_as_owner' END, 'origin = ' || nullif(s.suborigin, 'any')", "")
    PGDR_FROM_17(", CASE WHEN s.subfailover THEN 'failover' END", "") ")),"
    "  ('owner', quote_ident(pg_get_userbyid(s.subowner))),"
    "  ('comment', " PGDR_FROM_14("obj_description(s.oid, 'pg_subscription')", "NULL") ")) f(facet, definition)"
    " WHERE d.datname = current_database() AND " PGDR_PRESENT("f")
    PGDR_FROM_14(" UNION ALL SELECT 'subscription', quote_ident(s.subname), 'security label ' || l.provider,"
      " 'warning', l.label FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid"
      " JOIN pg_shseclabel l ON l.classoid = 'pg_subscription'::regclass AND l.objoid = s.oid"
      " WHERE d.datname = current_database()", "");

constexpr char kForeignWrappers[] =
    "SELECT 'foreign data wrapper', w.identity, 'definition', 'strict', concat_ws(' ',"
    " CASE WHEN w.fdwhandler::oid <> 0 THEN 'HANDLER ' || w.fdwhandler::regproc END,"
    " CASE WHEN w.fdwvalidator::oid <> 0 THEN 'VALIDATOR ' || w.fdwvalidator::regproc END,"
    " 'OPTIONS (' || " PGDR_FOREIGN_OPTIONS("w.fdwoptions") " || ')')"
    " FROM " PGDR_GLOBAL_OBJECTS("pg_foreign_data_wrapper", "fdwname") " w";

constexpr char kForeignServers[] =
    "SELECT 'server', s.identity, 'definition', 'strict', concat_ws(' ',"
    " 'TYPE ' || quote_literal(s.srvtype), 'VERSION ' || quote_literal(s.srvversion),"
    " 'FOREIGN DATA WRAPPER ' || quote_ident(w.fdwname),"
    " 'OPTIONS (' || " PGDR_FOREIGN_OPTIONS("s.srvoptions") " || ')')"
    " FROM " PGDR_GLOBAL_OBJECTS("pg_foreign_server", "srvname") " s"
    " JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw";

// Options of user mappings hold secrets under any name: only who logs in is recorded, of everything
// else the name.
// Who may not see the options (pg_user_mappings decides) has no record of them.
constexpr char kUserMappings[] =
    "SELECT 'user mapping', quote_ident(m.srvname) || '.' || quote_ident(m.usename), f.facet,"
    " 'strict', f.definition FROM pg_user_mappings m CROSS JOIN LATERAL (VALUES"
    "  ('definition', 'USER MAPPING'),"
    "  ('options', (SELECT string_agg(CASE WHEN o ~* "
    "'^(user|username|user_name|password_required)=' THEN o"
    "     ELSE split_part(o, '=', 1) || ' (secret)' END, ', ' ORDER BY o COLLATE \"C\")"
    "    FROM unnest(m.umoptions) o))) f(facet, definition) WHERE " PGDR_PRESENT("f");

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
    " UNION ALL SELECT 'transform', t.identity, 'definition', 'strict', concat_ws(' ',"
    " CASE WHEN t.trffromsql::oid <> 0 THEN 'FROM ' || t.trffromsql::oid::regprocedure END,"
    " CASE WHEN t.trftosql::oid <> 0 THEN 'TO ' || t.trftosql::oid::regprocedure END)"
    " FROM " PGDR_TRANSFORMS " t";

constexpr char kDatabase[] =
    "SELECT 'database', 'current', f.facet, f.class, f.definition FROM pg_database d"
    " CROSS JOIN LATERAL (VALUES ('encoding', 'warning', pg_encoding_to_char(d.encoding)::text),"
    "  ('collate', 'warning', d.datcollate::text), ('ctype', 'warning', d.datctype::text),"
    "  ('settings', 'warning', (SELECT string_agg(c, E'\\n' ORDER BY c COLLATE \"C\")"
    "    FROM pg_db_role_setting s, unnest(s.setconfig) c"
    "    WHERE s.setdatabase = d.oid AND s.setrole = 0 AND c NOT LIKE 'pgdr.origin=%')))"
    " f(facet, class, definition)"
    " WHERE d.datname = current_database() AND f.definition IS NOT NULL";

}  // namespace

const char* const kOtherQueries[] = {kExtensions,    kPublications,    kPublicationTables,
                                     kSubscriptions, kForeignWrappers, kForeignServers,
                                     kUserMappings,  kTextSearch,      kLanguages,
                                     kDatabase,      nullptr};

}  // namespace pgdr
