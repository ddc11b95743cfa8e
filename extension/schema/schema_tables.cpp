// Schema records of tables, columns, views and sequences.
#include "schema/schema_queries.hpp"
#include "base/schema_sql.hpp"

namespace pgdr {

namespace {

constexpr char kSchemas[] =
    // public exists in every new database: its absence in the source says nothing about a copy.
    "SELECT 'schema', quote_ident(n.nspname), 'definition',"
    " CASE WHEN n.nspname = 'public' THEN 'warning' ELSE 'strict' END, 'SCHEMA'"
    " FROM pg_namespace n WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
    " AND " PGDR_NOT_MEMBER("pg_namespace", "n.oid");

// With those of the TOAST table.
#define PGDR_STORAGE_OPTIONS \
  "nullif(concat_ws(', ', " PGDR_OPTIONS("c.reloptions") ","                   \
  " (SELECT string_agg('toast.' || opt, ', ' ORDER BY opt COLLATE \"C\")"      \
  "  FROM pg_class toast, unnest(toast.reloptions) opt WHERE toast.oid = c.reltoastrelid)), '')"
#define PGDR_REPLICA_IDENTITY                                                                     \
  "CASE c.relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' WHEN 'i' THEN 'USING INDEX' " \
  "END"

// A dump writes the columns of an inheritance child (no partition) after those of its parents,
// whatever their order was: the normal form of "columns" is the order that they come back in. Where
// they stood otherwise, a warning facet tells.
#define PGDR_COLUMN_ORDER                                                                  \
  "(SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a" \
  " WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)"
#define PGDR_IS_CHILD \
  "(NOT c.relispartition AND EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = c.oid))"
// Each column's place is the path through the parents to the table that it comes from, and its
// place there. OFFSET 0: looked up by index; a join reads all of pg_inherits for each table.
#define PGDR_RESTORED_COLUMN_ORDER                                                                \
  "(WITH RECURSIVE path AS ("                                                                     \
  "  SELECT a.attrelid AS relation, a.attname, a.attnum, a.attinhcount, '{}'::integer[] AS place" \
  "  FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"        \
  "  UNION ALL"                                                                                   \
  "  SELECT a.attrelid, a.attname, a.attnum, a.attinhcount, p.place || a.inhseqno"                \
  "  FROM path p CROSS JOIN LATERAL (SELECT a.*, i.inhseqno FROM pg_inherits i"                   \
  "   JOIN pg_attribute a ON a.attrelid = i.inhparent AND a.attname = p.attname"                  \
  "    AND NOT a.attisdropped WHERE i.inhrelid = p.relation OFFSET 0) a WHERE p.attinhcount > 0)" \
  " SELECT string_agg(quote_ident(o.attname), ', ' ORDER BY o.place) FROM ("                      \
  "  SELECT p.attname, min(p.place || 2147483647 || p.attnum::integer) AS place"                  \
  "  FROM path p WHERE p.attinhcount = 0 GROUP BY p.attname) o)"

constexpr char kTables[] =
    "SELECT c.kind, c.identity, f.facet, f.class, f.definition,"
    " CASE WHEN pt.partrelid IS NOT NULL THEN 'l'::\"char\" END, c.oid,"
    " CASE WHEN pt.partrelid IS NOT NULL THEN ARRAY[pg_get_expr(pt.partexprs, c.oid)] END"
    " FROM " PGDR_RELATIONS " c"
    " LEFT JOIN pg_am am ON am.oid = c.relam"
    " CROSS JOIN LATERAL (VALUES"
    "  ('definition', 'strict', CASE WHEN c.relkind IN ('r', 'p') THEN"
    "    CASE WHEN c.relpersistence = 'u' THEN 'UNLOGGED ' ELSE '' END ||"
    "    CASE WHEN c.relispartition THEN 'PARTITION' ELSE 'TABLE' END ||"
    "    CASE WHEN c.relkind = 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) ELSE '' END"
    "   WHEN c.relkind = 'f' THEN (SELECT 'FOREIGN TABLE SERVER ' || quote_ident(s.srvname) ||"
    "    coalesce(' OPTIONS (' || " PGDR_FOREIGN_OPTIONS("ft.ftoptions") " || ')', '')"
    "    FROM pg_foreign_table ft JOIN pg_foreign_server s ON s.oid = ft.ftserver"
    "    WHERE ft.ftrelid = c.oid) END),"
    "  ('columns', 'strict', CASE WHEN " PGDR_IS_CHILD " THEN " PGDR_RESTORED_COLUMN_ORDER
    "   ELSE " PGDR_COLUMN_ORDER " END),"
    "  ('order of columns', 'warning', CASE WHEN " PGDR_IS_CHILD
    "   THEN nullif(" PGDR_COLUMN_ORDER ", " PGDR_RESTORED_COLUMN_ORDER ") END),"
    "  ('access method', 'strict', am.amname::text),"
    "  ('options', 'strict', " PGDR_STORAGE_OPTIONS "),"
    "  ('partition of', 'strict', CASE WHEN c.relispartition THEN"
    "    (SELECT quote_ident(pn.nspname) || '.' || quote_ident(p.relname) FROM pg_inherits i"
    "     JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace"
    "     WHERE i.inhrelid = c.oid) || ' ' || pg_get_expr(c.relpartbound, c.oid) END),"
    "  ('inherits', 'strict', CASE WHEN NOT c.relispartition THEN"
    "    (SELECT string_agg(quote_ident(pn.nspname) || '.' || quote_ident(p.relname), ', '"
    "       ORDER BY i.inhseqno) FROM pg_inherits i"
    "     JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace"
    "     WHERE i.inhrelid = c.oid) END),"
    "  ('of type', 'strict', CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END),"
    "  ('replica identity', 'strict', " PGDR_REPLICA_IDENTITY "),"
    "  ('row security', 'strict', nullif(concat_ws(', ',"
    "    CASE WHEN c.relrowsecurity THEN 'ENABLE' END,"
    "    CASE WHEN c.relforcerowsecurity THEN 'FORCE' END), ''))"
    " ) f(facet, class, definition)"
    " LEFT JOIN pg_partitioned_table pt ON pt.partrelid = c.oid AND pt.partexprs IS NOT NULL"
    "  AND f.facet = 'definition'"
    " WHERE c.relkind IN ('r', 'p', 'f') AND " PGDR_PRESENT("f");

// One record as a column is written in CREATE TABLE; what is rarely set has facets of its own.
constexpr char kColumns[] =
    "SELECT 'column', a.identity, 'definition', 'strict',"
    " format_type(a.atttypid, a.atttypmod) ||"
    " CASE WHEN a.attcollation NOT IN (0, ty.typcollation) THEN ' COLLATE ' ||"
    "  (SELECT quote_ident(n.nspname) || '.' || quote_ident(co.collname) FROM pg_collation co"
    "   JOIN pg_namespace n ON n.oid = co.collnamespace WHERE co.oid = a.attcollation)"
    "  ELSE '' END ||"
    " CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END ||"
    " CASE a.attidentity WHEN 'a' THEN ' GENERATED ALWAYS AS IDENTITY'"
    "  WHEN 'd' THEN ' GENERATED BY DEFAULT AS IDENTITY' ELSE '' END ||"
    " CASE WHEN e.expression IS NULL THEN ''"
    "  WHEN a.attgenerated = 's' THEN ' GENERATED ALWAYS AS (' || e.expression || ') STORED'"
    "  WHEN a.attgenerated = 'v' THEN ' GENERATED ALWAYS AS (' || e.expression || ') VIRTUAL'"
    "  ELSE ' DEFAULT ' || e.expression END,"
    " CASE WHEN e.expression IS NOT NULL THEN 'x'::\"char\" END, a.attrelid,"
    " CASE WHEN e.expression IS NOT NULL THEN ARRAY[e.expression] END"
    " FROM " PGDR_COLUMNS
    " a JOIN pg_type ty ON ty.oid = a.atttypid"
    " LEFT JOIN (SELECT d.adrelid, d.adnum, pg_get_expr(d.adbin, d.adrelid) AS expression"
    "   FROM pg_attrdef d) e ON e.adrelid = a.attrelid AND e.adnum = a.attnum"
    " WHERE a.relkind IN ('r', 'p', 'f') OR (a.relkind = 'v' AND e.expression IS NOT NULL)";

constexpr char kColumnFacets[] =
    "SELECT 'column', a.identity, f.facet, 'strict', f.definition"
    " FROM " PGDR_COLUMNS " a JOIN pg_type ty ON ty.oid = a.atttypid"
    " CROSS JOIN LATERAL (VALUES"
    "  ('storage', CASE WHEN a.attstorage <> ty.typstorage THEN CASE a.attstorage"
    "    WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN'"
    "    ELSE 'EXTENDED' END END),"
    "  ('compression', " PGDR_FROM_14("CASE a.attcompression WHEN 'p' THEN 'pglz'"
    "    WHEN 'l' THEN 'lz4' END", "NULL") "),"
    "  ('statistics', CASE WHEN a.attstattarget >= 0 THEN a.attstattarget::text END),"
    "  ('options', " PGDR_OPTIONS("a.attoptions") "),"
    "  ('foreign options', " PGDR_FOREIGN_OPTIONS("a.attfdwoptions") "),"
    // Columns of partitions are always the parent's alone.
    "  ('inheritance', CASE WHEN a.attinhcount > 0 AND NOT a.relispartition THEN"
    "    CASE WHEN a.attislocal THEN 'inherited and local' ELSE 'inherited' END END)"
    " ) f(facet, definition)"
    " WHERE a.relkind IN ('r', 'p', 'f', 'm') AND f.definition IS NOT NULL";

#define PGDR_VIEW_COLUMNS                                                                     \
  "(SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod)," \
  " ', ' ORDER BY a.attnum) FROM pg_attribute a"                                              \
  " WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)"

constexpr char kViews[] =
    "SELECT c.kind, c.identity, 'definition', 'strict', rtrim(pg_get_viewdef(c.oid, false), ';'),"
    " 'v'::\"char\", c.oid FROM " PGDR_RELATIONS " c WHERE c.relkind IN ('v', 'm')";

constexpr char kViewFacets[] =
    "SELECT c.kind, c.identity, f.facet, f.class, f.definition FROM " PGDR_RELATIONS
    " c"
    " LEFT JOIN pg_am am ON am.oid = c.relam"
    " CROSS JOIN LATERAL (VALUES ('columns', 'strict', " PGDR_VIEW_COLUMNS
    "),"
    "  ('options', 'strict', " PGDR_STORAGE_OPTIONS
    "),"
    "  ('access method', 'strict', am.amname::text),"
    "  ('replica identity', 'strict', CASE WHEN c.relkind = 'm' THEN " PGDR_REPLICA_IDENTITY
    " END),"
    "  ('population', 'warning', CASE WHEN c.relkind = 'm' THEN"
    "    CASE WHEN c.relispopulated THEN 'populated' ELSE 'not populated' END END)"
    " ) f(facet, class, definition)"
    " WHERE c.relkind IN ('v', 'm') AND f.definition IS NOT NULL";

constexpr char kSequences[] =
    "SELECT 'sequence', c.identity, f.facet, 'strict', f.definition"
    " FROM " PGDR_RELATIONS
    " c JOIN pg_sequence s ON s.seqrelid = c.oid"
    " CROSS JOIN LATERAL (VALUES"
    "  ('persistence', CASE WHEN c.relpersistence = 'u' THEN 'UNLOGGED' END),"
    "  ('definition', format('AS %s START %s INCREMENT %s MINVALUE %s MAXVALUE %s CACHE %s%s',"
    "    format_type(s.seqtypid, NULL), s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache,"
    "    CASE WHEN s.seqcycle THEN ' CYCLE' ELSE '' END)),"
    "  ('owned by', (SELECT quote_ident(n.nspname) || '.' || quote_ident(t.relname) || '.' ||"
    "     quote_ident(a.attname) || CASE WHEN d.deptype = 'i' THEN ' (identity)' ELSE '' END"
    "    FROM pg_depend d JOIN pg_class t ON t.oid = d.refobjid"
    "    JOIN pg_namespace n ON n.oid = t.relnamespace"
    "    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = d.refobjsubid"
    "    WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0"
    "    AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')))"
    " ) f(facet, definition) WHERE " PGDR_PRESENT("f");

}  // namespace

const char* const kTableQueries[] = {kSchemas, kTables,     kColumns,   kColumnFacets,
                                     kViews,   kViewFacets, kSequences, nullptr};

}  // namespace pgdr
