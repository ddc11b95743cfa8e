// What every kind of object has: owner, ACL, comment, security label, tablespace.
#include "schema/schema_queries.hpp"
#include "base/schema_sql.hpp"

namespace pgdr {

namespace {

// kind, identity, catalog, oid, sub-object, owner, ACL, and acldefault's letter where the kind has
// an ACL.
#define PGDR_OWNED(kind, identity, catalog, owner, acl, letter, from)                 \
  "SELECT " kind " AS kind, " identity " AS identity, '" catalog                      \
  "'::regclass::oid AS classid, o.oid AS objid, 0 AS subid, " owner " AS owner, " acl \
  " AS acl, " letter "::\"char\" AS letter FROM " from " o"
#define PGDR_OWNERLESS(kind, catalog, from) \
  PGDR_OWNED("'" kind "'", "o.identity", catalog, "NULL::oid", "NULL::aclitem[]", "NULL", from)
#define PGDR_ACLLESS(kind, catalog, owner, from) \
  PGDR_OWNED("'" kind "'", "o.identity", catalog, owner, "NULL::aclitem[]", "NULL", from)
#define PGDR_UNION " UNION ALL "

#define PGDR_ALL_OBJECTS                                                                           \
  PGDR_OWNED("o.kind", "o.identity", "pg_class", "o.relowner", "o.relacl",                         \
             "CASE o.relkind WHEN 'S' THEN 's' WHEN 'c' THEN NULL ELSE 'r' END",                   \
             "(SELECT * FROM " PGDR_RELATIONS                                                      \
             " r WHERE r.relkind IN ('r', 'p', 'f', 'v', 'm', 'S'))")                              \
  PGDR_UNION PGDR_OWNERLESS("index", "pg_class",                                                   \
                            "(SELECT * FROM " PGDR_RELATIONS " r WHERE r.relkind IN ('i', 'I'))")  \
      PGDR_UNION                                                                                   \
      "SELECT 'column', o.identity, 'pg_class'::regclass::oid, o.attrelid, o.attnum::int,"         \
      " NULL::oid, NULL::aclitem[], NULL::\"char\" FROM " PGDR_COLUMNS " o" PGDR_UNION PGDR_OWNED( \
          "o.kind", "o.identity", "pg_proc", "o.proowner", "o.proacl", "'f'", PGDR_FUNCTIONS)      \
  PGDR_UNION PGDR_OWNED("o.kind", "o.identity", "pg_type", "o.typowner", "o.typacl", "'T'",        \
                        PGDR_TYPES)                                                                \
  PGDR_UNION PGDR_OWNED(                                                                           \
      "'schema'", "quote_ident(o.nspname)", "pg_namespace", "o.nspowner", "o.nspacl", "'n'",       \
      "(SELECT * FROM pg_namespace s WHERE s.nspname !~ '^pg_' AND"                                \
      " s.nspname <> 'information_schema' AND " PGDR_NOT_MEMBER("pg_namespace", "s.oid") ")")      \
      PGDR_UNION PGDR_OWNED("'language'", "o.identity", "pg_language", "o.lanowner", "o.lanacl",   \
                            "'l'", PGDR_GLOBAL_OBJECTS("pg_language", "lanname"))                  \
          PGDR_UNION PGDR_OWNED("'foreign data wrapper'", "o.identity", "pg_foreign_data_wrapper", \
                                "o.fdwowner", "o.fdwacl", "'F'",                                   \
                                PGDR_GLOBAL_OBJECTS("pg_foreign_data_wrapper", "fdwname"))         \
              PGDR_UNION PGDR_OWNED("'server'", "o.identity", "pg_foreign_server", "o.srvowner",   \
                                    "o.srvacl", "'S'",                                             \
                                    PGDR_GLOBAL_OBJECTS("pg_foreign_server", "srvname"))           \
                  PGDR_UNION PGDR_ACLLESS("operator", "pg_operator", "o.oprowner", PGDR_OPERATORS) \
  PGDR_UNION PGDR_ACLLESS("operator class", "pg_opclass", "o.opcowner",                            \
                          PGDR_OPCLASSES("pg_opclass", "opc", "opc"))                              \
      PGDR_UNION PGDR_ACLLESS("operator family", "pg_opfamily", "o.opfowner",                      \
                              PGDR_OPCLASSES("pg_opfamily", "opf", "opf"))                         \
          PGDR_UNION PGDR_ACLLESS("collation", "pg_collation", "o.collowner",                      \
                                  PGDR_OBJECTS("pg_collation", "coll"))                            \
              PGDR_UNION PGDR_ACLLESS("conversion", "pg_conversion", "o.conowner",                 \
                                      PGDR_OBJECTS("pg_conversion", "con"))                        \
                  PGDR_UNION PGDR_ACLLESS("statistics", "pg_statistic_ext", "o.stxowner",          \
                                          PGDR_OBJECTS("pg_statistic_ext", "stx"))                 \
                      PGDR_UNION PGDR_ACLLESS("text search dictionary", "pg_ts_dict",              \
                                              "o.dictowner", PGDR_OBJECTS("pg_ts_dict", "dict"))   \
                          PGDR_UNION PGDR_ACLLESS("text search configuration", "pg_ts_config",     \
                                                  "o.cfgowner",                                    \
                                                  PGDR_OBJECTS("pg_ts_config", "cfg"))             \
                              PGDR_UNION PGDR_OWNERLESS("text search parser", "pg_ts_parser",      \
                                                        PGDR_OBJECTS("pg_ts_parser", "prs"))       \
                                  PGDR_UNION PGDR_OWNERLESS(                                       \
                                      "text search template", "pg_ts_template",                    \
                                      PGDR_OBJECTS("pg_ts_template", "tmpl"))                      \
                                      PGDR_UNION PGDR_ACLLESS(                                     \
                                          "publication", "pg_publication", "o.pubowner",           \
                                          PGDR_GLOBAL_OBJECTS("pg_publication", "pubname"))        \
                                          PGDR_UNION PGDR_ACLLESS(                                 \
                                              "event trigger", "pg_event_trigger", "o.evtowner",   \
                                              PGDR_GLOBAL_OBJECTS("pg_event_trigger", "evtname"))  \
                                              PGDR_UNION PGDR_OWNERLESS(                           \
                                                  "constraint", "pg_constraint", PGDR_CONSTRAINTS) \
  PGDR_UNION PGDR_OWNERLESS("domain constraint", "pg_constraint", PGDR_DOMAIN_CONSTRAINTS)         \
  PGDR_UNION PGDR_OWNERLESS("trigger", "pg_trigger", PGDR_TRIGGERS)                                \
  PGDR_UNION PGDR_OWNERLESS("rule", "pg_rewrite", PGDR_RULES)                                      \
  PGDR_UNION PGDR_OWNERLESS("policy", "pg_policy", PGDR_POLICIES)                                  \
  PGDR_UNION PGDR_OWNERLESS("cast", "pg_cast", PGDR_CASTS)                                         \
  PGDR_UNION PGDR_OWNERLESS("transform", "pg_transform", PGDR_TRANSFORMS)                          \
  PGDR_UNION PGDR_OWNERLESS("access method", "pg_am", PGDR_GLOBAL_OBJECTS("pg_am", "amname"))      \
      PGDR_UNION PGDR_OWNED("'extension'", "quote_ident(o.extname)", "pg_extension", "NULL::oid",  \
                            "NULL::aclitem[]", "NULL", "pg_extension")

constexpr char kCommon[] =
    "WITH o AS MATERIALIZED (" PGDR_ALL_OBJECTS "),"
    // Most ACLs are the default of their kind, whose text does not depend on the owner.
    " standard AS MATERIALIZED (SELECT k.letter, " PGDR_ACL_TEXT("acldefault(k.letter, 10::oid)", "10::oid", "k.letter")
    "  AS text FROM unnest(ARRAY['r', 's', 'f', 'T', 'n', 'l', 'F', 'S']::\"char\"[]) k(letter))"
    " SELECT o.kind, o.identity, 'owner', 'policy', quote_ident(pg_get_userbyid(o.owner))"
    " FROM o WHERE o.owner IS NOT NULL"
    " UNION ALL SELECT o.kind, o.identity, 'acl', 'policy',"
    "  CASE WHEN o.acl IS NULL THEN s.text ELSE " PGDR_ACL_TEXT("o.acl", "o.owner", "o.letter") " END"
    " FROM o JOIN standard s ON s.letter = o.letter"
    // The comment of an extension comes from its control file.
    " UNION ALL SELECT o.kind, o.identity, 'comment',"
    "  CASE WHEN o.kind = 'extension' OR (o.kind = 'schema' AND o.identity = 'public')"
    "   THEN 'warning' ELSE 'strict' END, d.description"
    " FROM o JOIN pg_description d ON d.classoid = o.classid AND d.objoid = o.objid"
    "  AND d.objsubid = o.subid"
    " UNION ALL SELECT o.kind, o.identity, 'security label ' || l.provider, 'policy', l.label"
    " FROM o JOIN pg_seclabel l ON l.classoid = o.classid AND l.objoid = o.objid"
    "  AND l.objsubid = o.subid"
    // ALTER … DEPENDS ON EXTENSION, which a dump writes for all but aggregates.
    " UNION ALL SELECT o.kind, o.identity, 'depends on extension',"
    "  CASE o.kind WHEN 'aggregate' THEN 'warning' ELSE 'strict' END,"
    "  string_agg(quote_ident(e.extname), ', ' ORDER BY e.extname COLLATE \"C\")"
    " FROM o JOIN pg_depend d ON d.classid = o.classid AND d.objid = o.objid AND d.deptype = 'x'"
    "  AND d.refclassid = 'pg_extension'::regclass JOIN pg_extension e ON e.oid = d.refobjid"
    " WHERE o.subid = 0 GROUP BY o.kind, o.identity";

constexpr char kColumnAcls[] = "SELECT 'column', a.identity, 'acl', 'policy', " PGDR_ACL_TEXT(
    "a.attacl", "a.relowner", "'c'") " FROM " PGDR_COLUMNS " a WHERE cardinality(a.attacl) > 0";

constexpr char kTablespaces[] =
    "SELECT c.kind, c.identity, 'tablespace', 'policy', quote_ident(t.spcname)"
    " FROM " PGDR_RELATIONS " c JOIN pg_tablespace t ON t.oid = c.reltablespace";

constexpr char kDefaultAcls[] =
    "SELECT 'default privileges', quote_ident(pg_get_userbyid(d.defaclrole)) ||"
    " coalesce(' IN SCHEMA ' || quote_ident(n.nspname), '') || ' ON ' || CASE d.defaclobjtype"
    "  WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES'"
    "  WHEN 'n' THEN 'SCHEMAS' WHEN 'L' THEN 'LARGE OBJECTS' ELSE d.defaclobjtype::text END, 'acl', 'policy',"
    " " PGDR_ACL_TEXT("d.defaclacl", "d.defaclrole", "d.defaclobjtype")
    " FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace";

}  // namespace

const char* const kCommonQueries[] = {kCommon, kColumnAcls, kTablespaces, kDefaultAcls, nullptr};

}  // namespace pgdr
