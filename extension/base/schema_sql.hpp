// Pieces of SQL that the catalog queries share.
#pragma once

#include "base/pg.hpp"

// Text that only a server from that version on understands.
#if PG_VERSION_NUM >= 140000
#define PGDR_FROM_14(sql, otherwise) sql
#else
#define PGDR_FROM_14(sql, otherwise) otherwise
#endif
#if PG_VERSION_NUM >= 150000
#define PGDR_FROM_15(sql, otherwise) sql
#else
#define PGDR_FROM_15(sql, otherwise) otherwise
#endif
#if PG_VERSION_NUM >= 160000
#define PGDR_FROM_16(sql, otherwise) sql
#else
#define PGDR_FROM_16(sql, otherwise) otherwise
#endif
#if PG_VERSION_NUM >= 170000
#define PGDR_FROM_17(sql, otherwise) sql
#else
#define PGDR_FROM_17(sql, otherwise) otherwise
#endif
#if PG_VERSION_NUM >= 180000
#define PGDR_FROM_18(sql, otherwise) sql
#else
#define PGDR_FROM_18(sql, otherwise) otherwise
#endif

// Of the facets of an object, those that it has. A definition it always has: one that is null could
// not be made, and such a record is kept, for it never equals another.
#define PGDR_PRESENT(f) "(" f ".definition IS NOT NULL OR " f ".facet = 'definition')"

// Objects of initdb have smaller OIDs (FirstNormalObjectId).
#define PGDR_USER_OID "16384"

// Namespaces whose content a dump carries.
#define PGDR_USER_NAMESPACE(n)                                                \
  n ".nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') AND " n \
    ".nspname !~ '^pg_(toast_)?temp_'"

// Extension members come back with CREATE EXTENSION; pgdr's own objects are among them.
#define PGDR_NOT_MEMBER(catalog, oid)                                   \
  "NOT EXISTS (SELECT FROM pg_depend dep WHERE dep.classid = '" catalog \
  "'::regclass AND "                                                    \
  "dep.objid = " oid " AND dep.deptype = 'e')"

// A catalog's user objects with their qualified identity and `nsp`, for catalogs with a namespace.
#define PGDR_OBJECTS(catalog, prefix)                                             \
  "(SELECT o.*, quote_ident(n.nspname) || '.' || quote_ident(o." prefix           \
  "name) AS identity FROM " catalog " o JOIN pg_namespace n ON n.oid = o." prefix \
  "namespace "                                                                    \
  "WHERE " PGDR_USER_NAMESPACE("n") " AND " PGDR_NOT_MEMBER(catalog, "o.oid") ")"

// The same without a namespace.
#define PGDR_GLOBAL_OBJECTS(catalog, name)                         \
  "(SELECT o.*, quote_ident(o." name ") AS identity FROM " catalog \
  " o "                                                            \
  "WHERE o.oid >= " PGDR_USER_OID " AND " PGDR_NOT_MEMBER(catalog, "o.oid") ")"

#define PGDR_RELATIONS                                                                        \
  "(SELECT o.*, quote_ident(n.nspname) || '.' || quote_ident(o.relname) AS identity,"         \
  " CASE o.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'table' WHEN 'f' THEN 'foreign table'" \
  "  WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'S' THEN 'sequence'"         \
  "  WHEN 'c' THEN 'type' ELSE 'index' END AS kind"                                           \
  " FROM pg_class o JOIN pg_namespace n ON n.oid = o.relnamespace"                            \
  " WHERE o.relpersistence <> 't' AND " PGDR_USER_NAMESPACE("n") " AND " PGDR_NOT_MEMBER(     \
      "pg_class", "o.oid") " AND (o.relkind <> 'c' OR " PGDR_NOT_MEMBER("pg_type",            \
                                                                        "o.reltype") "))"

// The constructors of a range type depend on it internally and come with it.
#define PGDR_FUNCTIONS \
  "(SELECT o.*, quote_ident(n.nspname) || '.' || quote_ident(o.proname) ||"                     \
  " '(' || oidvectortypes(o.proargtypes) || ')' AS identity,"                                   \
  " CASE o.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END AS " \
  "kind"                                                                                        \
  " FROM pg_proc o JOIN pg_namespace n ON n.oid = o.pronamespace"                               \
  " WHERE " PGDR_USER_NAMESPACE("n") " AND NOT EXISTS (SELECT FROM pg_depend dep WHERE"         \
  " dep.classid = 'pg_proc'::regclass AND dep.objid = o.oid AND dep.deptype IN ('e', 'i')))"

// Types that are objects of their own: not array types, multiranges or the row types of relations.
#define PGDR_TYPES                                                                            \
  "(SELECT o.*, quote_ident(n.nspname) || '.' || quote_ident(o.typname) AS identity,"         \
  " CASE o.typtype WHEN 'd' THEN 'domain' ELSE 'type' END AS kind"                            \
  " FROM pg_type o JOIN pg_namespace n ON n.oid = o.typnamespace"                             \
  " LEFT JOIN pg_class rowtype ON rowtype.oid = o.typrelid"                                   \
  " WHERE (o.typtype IN ('e', 'd', 'r', 'p') OR (o.typtype = 'c' AND rowtype.relkind = 'c')"  \
  "  OR (o.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_type el WHERE el.typarray = o.oid)))" \
  " AND " PGDR_USER_NAMESPACE("n") " AND " PGDR_NOT_MEMBER("pg_type", "o.oid") ")"

#define PGDR_OPERATORS                                                                      \
  "(SELECT o.*, quote_ident(n.nspname) || '.' || o.oprname || '(' ||"                       \
  " CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END || ', ' ||"   \
  " CASE WHEN o.oprright = 0 THEN 'NONE' ELSE format_type(o.oprright, NULL) END || ')' AS " \
  "identity"                                                                                \
  " FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace"                       \
  " WHERE " PGDR_USER_NAMESPACE("n") " AND " PGDR_NOT_MEMBER("pg_operator", "o.oid") ")"

#define PGDR_OPCLASSES(catalog, prefix, method)                         \
  "(SELECT o.*, quote_ident(n.nspname) || '.' || quote_ident(o." prefix \
  "name) || ' USING ' ||"                                               \
  " quote_ident(am.amname) AS identity"                                 \
  " FROM " catalog " o JOIN pg_namespace n ON n.oid = o." prefix        \
  "namespace"                                                           \
  " JOIN pg_am am ON am.oid = o." prefix                                \
  "method"                                                              \
  " WHERE " PGDR_USER_NAMESPACE("n") " AND " PGDR_NOT_MEMBER(catalog, "o.oid") ")"

// The cast of a range to its multirange comes with the type.
#define PGDR_CASTS                                                                           \
  "(SELECT o.*, '(' || format_type(o.castsource, NULL) || ' AS ' ||"                         \
  " format_type(o.casttarget, NULL) || ')' AS identity FROM pg_cast o"                       \
  " WHERE o.oid >= " PGDR_USER_OID " AND " PGDR_NOT_MEMBER("pg_cast", "o.oid") PGDR_FROM_14( \
      " AND NOT EXISTS (SELECT FROM pg_range r WHERE r.rngtypid = o.castsource"              \
      " AND r.rngmultitypid = o.casttarget)",                                                \
      "") ")"

// Version 18 keeps NOT NULL as constraints too. What the column does not say, a name that is not
// the usual one, NO INHERIT, NOT VALID or a comment, makes them records of their own.
// Sub-objects of tables: their identity hangs below the table's.
#define PGDR_CONSTRAINTS                                                                           \
  "(SELECT o.*, t.identity || '.' || quote_ident(o.conname) AS identity"                           \
  " FROM pg_constraint o JOIN " PGDR_RELATIONS                                                     \
  " t ON t.oid = o.conrelid"                                                                       \
  " JOIN pg_class ct ON ct.oid = o.conrelid"                                                       \
  " WHERE o.contype IN ('c', 'p', 'u', 'x') OR (o.contype = 'f' AND o.conparentid = "              \
  "0)" PGDR_FROM_18(                                                                               \
      " OR (o.contype = 'n' AND o.conislocal AND (o.connoinherit OR NOT o.convalidated"            \
      " OR o.conname <> (SELECT ct.relname || '_' || a.attname || '_not_null' FROM pg_attribute a" \
      "   WHERE a.attrelid = o.conrelid AND a.attnum = o.conkey[1])"                               \
      " OR EXISTS (SELECT FROM pg_description d WHERE d.classoid = 'pg_constraint'::regclass"      \
      "   AND d.objoid = o.oid)))",                                                                \
      "") ")"

#define PGDR_DOMAIN_CONSTRAINTS                                                               \
  "(SELECT o.*, t.identity || '.' || quote_ident(o.conname) AS identity"                      \
  " FROM pg_constraint o JOIN " PGDR_TYPES                                                    \
  " t ON t.oid = o.contypid WHERE o.contype = 'c'" PGDR_FROM_18(                              \
      " OR (o.contype = 'n' AND (o.conname <> t.typname || '_not_null'"                       \
      " OR EXISTS (SELECT FROM pg_description d WHERE d.classoid = 'pg_constraint'::regclass" \
      "   AND d.objoid = o.oid)))",                                                           \
      "") ")"

// Triggers of the user, and their clones on partitions (internal before 15), whose enabled state
// may differ. The functions of foreign keys are 1644 to 1655 (RI_FKey_*).
#define PGDR_TRIGGERS                                                   \
  "(SELECT o.*, t.identity || '.' || quote_ident(o.tgname) AS identity" \
  " FROM pg_trigger o JOIN " PGDR_RELATIONS                             \
  " t ON t.oid = o.tgrelid"                                             \
  " WHERE NOT o.tgisinternal OR (o.tgparentid <> 0 AND o.tgfoid::oid NOT BETWEEN 1644 AND 1655))"

#define PGDR_RULES                                                        \
  "(SELECT o.*, t.identity || '.' || quote_ident(o.rulename) AS identity" \
  " FROM pg_rewrite o JOIN " PGDR_RELATIONS                               \
  " t ON t.oid = o.ev_class"                                              \
  " WHERE o.rulename <> '_RETURN')"

#define PGDR_POLICIES                                                    \
  "(SELECT o.*, t.identity || '.' || quote_ident(o.polname) AS identity" \
  " FROM pg_policy o JOIN " PGDR_RELATIONS " t ON t.oid = o.polrelid)"

#define PGDR_COLUMNS                                                                 \
  "(SELECT a.*, t.identity || '.' || quote_ident(a.attname) AS identity, t.relkind," \
  " t.relowner, t.relispartition FROM pg_attribute a"                                \
  " JOIN " PGDR_RELATIONS                                                            \
  " t ON t.oid = a.attrelid"                                                         \
  " WHERE a.attnum > 0 AND NOT a.attisdropped AND t.relkind IN ('r', 'p', 'f', 'v', 'm', 'c'))"

// Transforms have no name but what they are for.
#define PGDR_TRANSFORMS                                                                     \
  "(SELECT o.*, format_type(o.trftype, NULL) || ' LANGUAGE ' || quote_ident(l.lanname) AS " \
  "identity FROM pg_transform o JOIN pg_language l ON l.oid = o.trflang"                    \
  " WHERE o.oid >= " PGDR_USER_OID " AND " PGDR_NOT_MEMBER("pg_transform", "o.oid") ")"

// An ACL as sorted text in which the owner has no name, so that it means the same under another
// owner: "<owner>=ALL; PUBLIC=SELECT; alice=INSERT*/bob" (* with grant option, /bob granted by
// bob). On tables (`letter` of acldefault) all privileges together are ALL, because pg_dump writes
// them so and versions differ in what that is (MAINTAIN came with 17, ecb0fd33720f).
#define PGDR_TABLE_PRIVILEGES PGDR_FROM_17("8", "7")
#define PGDR_ACL_TEXT(acl, owner, letter)                                                      \
  "(SELECT coalesce(string_agg(g.item, '; ' ORDER BY g.item COLLATE \"C\"), 'none') FROM"      \
  " (SELECT CASE WHEN e.grantee = 0 THEN 'PUBLIC' WHEN e.grantee = " owner                     \
  " THEN '<owner>'"                                                                            \
  "   ELSE quote_ident(pg_get_userbyid(e.grantee)) END || '=' ||"                              \
  "   CASE WHEN " letter " = 'r' AND count(*) = " PGDR_TABLE_PRIVILEGES                        \
  "     AND count(*) FILTER (WHERE e.is_grantable) IN (0, count(*))"                           \
  "    THEN 'ALL' || CASE WHEN bool_and(e.is_grantable) THEN '*' ELSE '' END"                  \
  "    ELSE string_agg(e.privilege_type || CASE WHEN e.is_grantable THEN '*' ELSE '' END, ','" \
  "     ORDER BY e.privilege_type COLLATE \"C\") END || CASE WHEN e.grantor = " owner          \
  " THEN ''"                                                                                   \
  "    ELSE '/' || quote_ident(pg_get_userbyid(e.grantor)) END AS item"                        \
  "  FROM aclexplode(" acl ") e GROUP BY e.grantee, e.grantor) g)"

// A list of options, sorted, as text. Servers patched for composite values that outlive an ALTER
// TYPE (15.20 and its siblings) stamp each column with the option pg_attver, an LSN: bookkeeping
// that a dump leaves out.
#define PGDR_OPTIONS(list)                                                     \
  "(SELECT string_agg(opt, ', ' ORDER BY opt COLLATE \"C\") FROM unnest(" list \
  ") opt"                                                                      \
  " WHERE opt NOT LIKE 'pg_attver=%')"

// Options of foreign data wrappers, servers, tables and columns, of which every wrapper has its
// own: any may hold a password (odbc's PWD), so only the values of these are recorded. Of another
// one a piece of its SHA-256 stands for the value, so short (16 bits) that a changed value is
// noticed and a secret one cannot be searched for; in the server any role may see them all.
#define PGDR_HARMLESS_OPTIONS                                                                  \
  "'^(host|hostaddr|hostname|address|servername|server|port|dbname|database|dbserver|driver|"  \
  "schema|schema_name|table|table_name|column|column_name|collection|format|header|delimiter|" \
  "quote|escape|null|encoding|default|filename|force_not_null|force_null|key|readonly|remote|" \
  "updatable|truncatable|async_capable|batch_size|fetch_size|prefetch|max_long|"               \
  "use_remote_estimate|fdw_startup_cost|fdw_tuple_cost|extensions|analyze_sampling|"           \
  "parallel_commit|parallel_abort|keep_connections|password_required|use_scram_passthrough|"   \
  "sslmode|sslrootcert|sslcert|connect_timeout|application_name|client_encoding|"              \
  "tds_version|msg_handler|row_estimate_method|local_tuple_estimate|user|username|user_name)='"
// Byte for byte, whatever the encoding: a cast reads backslashes, so they are doubled.
#define PGDR_FOREIGN_OPTIONS(list)                                                \
  "(SELECT string_agg(CASE WHEN opt ~* " PGDR_HARMLESS_OPTIONS                    \
  " THEN opt ELSE split_part(opt, '=', 1) || '=(hidden, ' || left(encode(sha256(" \
  "   replace(opt, chr(92), chr(92) || chr(92))::bytea), 'hex'), 4) || ')' END,"  \
  "   ', ' ORDER BY opt COLLATE \"C\") FROM unnest(" list ") opt)"
