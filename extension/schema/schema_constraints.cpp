// Schema records of constraints, indexes and extended statistics.
#include "schema/schema_queries.hpp"
#include "base/schema_sql.hpp"

namespace pgdr {

namespace {

// Expressions of an index in the order in which pg_get_indexdef shows them.
#define PGDR_INDEX_EXPRESSIONS(x)                                                 \
  "CASE WHEN " x ".indexprs IS NOT NULL OR " x                                    \
  ".indpred IS NOT NULL THEN"                                                     \
  " ARRAY(SELECT pg_get_indexdef(" x                                              \
  ".indexrelid, k, false)"                                                        \
  "  FROM generate_series(1, " x ".indnkeyatts::int) k WHERE " x                  \
  ".indkey[k - 1] = 0 ORDER BY k) ||"                                             \
  " CASE WHEN " x ".indpred IS NOT NULL THEN ARRAY[pg_get_expr(" x ".indpred, " x \
  ".indrelid)]"                                                                   \
  "  ELSE '{}'::text[] END END"

constexpr char kConstraints[] =
    "SELECT 'constraint', c.identity, 'definition', 'strict', pg_get_constraintdef(c.oid),"
    " CASE WHEN c.contype IN ('c', 'x') THEN 'x'::\"char\" END, c.conrelid,"
    " CASE c.contype WHEN 'c' THEN ARRAY[pg_get_expr(c.conbin, c.conrelid)] WHEN 'x' THEN"
    "  (SELECT " PGDR_INDEX_EXPRESSIONS("x") " FROM pg_index x WHERE x.indexrelid = c.conindid) END"
    " FROM " PGDR_CONSTRAINTS " c";

// Whether dropping it from the parent drops it here.
constexpr char kConstraintInheritance[] =
    "SELECT 'constraint', c.identity, 'inheritance', 'strict',"
    " CASE WHEN c.conislocal THEN 'inherited and local' ELSE 'inherited' END"
    " FROM " PGDR_CONSTRAINTS
    " c JOIN pg_class t ON t.oid = c.conrelid"
    " WHERE c.contype = 'c' AND c.coninhcount > 0 AND NOT t.relispartition";

// ALTER TABLE … DISABLE TRIGGER ALL also stops foreign keys and deferrable constraints from being
// checked, and so does ENABLE REPLICA TRIGGER, on a table or on one partition of it. A dump does
// not carry that state, so it is recorded where it is not the usual one, with the tables that it is
// limited to.
// The triggers that check new rows never fire on a partitioned table itself. Foreign keys have
// triggers there only since 15 (f4566345cf40), so whether a constraint is still checked is asked of
// its partitions.
constexpr char kEnforcement[] =
    "WITH RECURSIVE off AS MATERIALIZED (SELECT t.tgrelid, k.oid, k.conparentid"
    "  FROM pg_trigger t JOIN pg_constraint k ON k.oid = t.tgconstraint"
    "  JOIN pg_class r ON r.oid = t.tgrelid"
    "  WHERE t.tgisinternal AND t.tgenabled IN ('D', 'R')"
    "   AND NOT (r.relkind = 'p' AND t.tgfoid IN ('\"RI_FKey_check_ins\"'::regproc,"
    "    '\"RI_FKey_check_upd\"'::regproc, 'unique_key_recheck'::regproc))),"
    " up AS (SELECT o.tgrelid, o.oid, o.conparentid FROM off o"
    "  UNION SELECT u.tgrelid, k.oid, k.conparentid FROM up u JOIN pg_constraint k ON k.oid = "
    "u.conparentid),"
    " down AS (SELECT u.oid AS root, u.oid FROM up u"
    "  UNION SELECT d.root, k.oid FROM down d JOIN pg_constraint k ON k.conparentid = d.oid),"
    " limited AS MATERIALIZED (SELECT DISTINCT d.root FROM down d JOIN pg_trigger t ON "
    "t.tgconstraint = d.oid JOIN pg_class r ON r.oid = t.tgrelid"
    "  WHERE t.tgisinternal AND t.tgenabled NOT IN ('D', 'R') AND r.relkind <> 'p')"
    " SELECT 'constraint', c.identity, 'enforcement', 'warning',"
    "  'triggers of the constraint are disabled' || CASE WHEN EXISTS (SELECT FROM limited l WHERE "
    "l.root = c.oid)"
    "   THEN ' on ' || string_agg(DISTINCT quote_ident(n.nspname) || '.' || "
    "quote_ident(r.relname), ', ') ELSE '' END"
    " FROM " PGDR_CONSTRAINTS
    " c JOIN up u ON u.oid = c.oid JOIN pg_class r ON r.oid = u.tgrelid"
    " JOIN pg_namespace n ON n.oid = r.relnamespace GROUP BY c.oid, c.identity";

constexpr char kDomainConstraints[] =
    "SELECT 'domain constraint', c.identity, 'definition', 'strict', pg_get_constraintdef(c.oid),"
    " 'd'::\"char\", c.contypid, ARRAY[pg_get_expr(c.conbin, 0)]"
    " FROM " PGDR_DOMAIN_CONSTRAINTS " c";

// Indexes of an extension's tables are no members of it themselves, but come and go with it. A dump
// leaves out invalid indexes, so their absence in a copy is no damage.
#define PGDR_INDEXES                                                                 \
  PGDR_RELATIONS                                                                     \
  " i JOIN pg_index x ON x.indexrelid = i.oid JOIN pg_class t ON t.oid = x.indrelid" \
  " WHERE t.relkind IN ('r', 'p', 'm') AND " PGDR_NOT_MEMBER("pg_class", "t.oid")
#define PGDR_INDEX_CLASS \
  "CASE WHEN x.indisvalid OR t.relkind = 'p' THEN 'strict' ELSE 'warning' END"

constexpr char kIndexes[] =
    "SELECT 'index', i.identity, 'definition', " PGDR_INDEX_CLASS
    ","
    " pg_get_indexdef(i.oid), 'x'::\"char\", x.indrelid, " PGDR_INDEX_EXPRESSIONS(
        "x") " FROM " PGDR_INDEXES;

constexpr char kIndexFacets[] =
    "SELECT 'index', i.identity, f.facet, " PGDR_INDEX_CLASS
    ", f.definition"
    " FROM (SELECT i.oid, i.identity, x.indisvalid, x.indisready, x.indisclustered,"
    "   x.indisreplident, t.relkind, i.relispartition FROM " PGDR_INDEXES
    ") x"
    " CROSS JOIN LATERAL (SELECT x.identity) i"
    " CROSS JOIN LATERAL (SELECT x.relkind) t"
    " CROSS JOIN LATERAL (VALUES"
    "  ('state', concat_ws(', ', CASE WHEN x.indisvalid THEN 'valid' ELSE 'invalid' END,"
    "    CASE WHEN NOT x.indisready THEN 'not ready' END,"
    "    CASE WHEN x.indisclustered THEN 'clustered' END,"
    "    CASE WHEN x.indisreplident THEN 'replica identity' END)),"
    "  ('attached to', CASE WHEN x.relispartition THEN (SELECT quote_ident(pn.nspname) || '.' ||"
    "     quote_ident(p.relname) FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent"
    "     JOIN pg_namespace pn ON pn.oid = p.relnamespace WHERE h.inhrelid = x.oid) END),"
    "  ('statistics', (SELECT string_agg(a.attnum || '=' || a.attstattarget, ', ' ORDER BY "
    "a.attnum)"
    "     FROM pg_attribute a WHERE a.attrelid = x.oid AND a.attstattarget >= 0))"
    " ) f(facet, definition) WHERE f.definition IS NOT NULL";

// pg_get_statisticsobjdef shows expressions with fewer parentheses than any other function does, so
// the definition is put together here. 'e' goes without saying where there are expressions.
constexpr char kStatistics[] =
    "SELECT 'statistics', s.identity, f.facet, 'strict', f.definition"
    PGDR_FROM_14(", CASE WHEN f.facet = 'definition' AND s.stxexprs IS NOT NULL THEN 'x'::\"char\" END,"
      " s.stxrelid, CASE WHEN s.stxexprs IS NOT NULL THEN"
      " pg_get_statisticsobjdef_expressions(s.oid) END", "")
    " FROM " PGDR_OBJECTS("pg_statistic_ext", "stx") " s"
    " JOIN pg_class t ON t.oid = s.stxrelid JOIN pg_namespace n ON n.oid = t.relnamespace"
    // An expression alone has no other kind.
    " CROSS JOIN LATERAL (VALUES ('definition', 'STATISTICS ' || coalesce('(' || (SELECT string_agg("
    "    CASE k WHEN 'd' THEN 'ndistinct' WHEN 'f' THEN 'dependencies' WHEN 'm' THEN 'mcv'"
    "     WHEN 'e' THEN NULL ELSE k::text END, ', '"
    "     ORDER BY k) FROM unnest(s.stxkind) k) || ') ', '') || 'ON ' || concat_ws(', ',"
    "   (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY k.n)"
    "    FROM unnest(s.stxkeys::smallint[]) WITH ORDINALITY k(attnum, n)"
    "    JOIN pg_attribute a ON a.attrelid = s.stxrelid AND a.attnum = k.attnum)"
    PGDR_FROM_14(", (SELECT string_agg('(' || e || ')', ', ' ORDER BY e.n) FROM"
      "    unnest(pg_get_statisticsobjdef_expressions(s.oid)) WITH ORDINALITY e(e, n))", "") ")"
    "   || ' FROM ' || quote_ident(n.nspname) || '.' || quote_ident(t.relname)),"
    "  ('target', CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget::text END)"
    " ) f(facet, definition) WHERE " PGDR_PRESENT("f");

}  // namespace

const char* const kConstraintQueries[] = {
    kConstraints, kConstraintInheritance, kEnforcement, kDomainConstraints,
    kIndexes,     kIndexFacets,           kStatistics,  nullptr};

}  // namespace pgdr
