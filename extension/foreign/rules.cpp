#include "foreign/rules.hpp"

#include "base/schema_sql.hpp"

namespace pgdr {

namespace {

// SQL for the key of a row for messages: its primary key, else its place.
#define PGDR_ROW_KEY(relation, alias)                                                              \
  "coalesce((SELECT format('concat(''('', concat_ws('', '', %s), '')'')',"                         \
  "   string_agg(format('%L || coalesce(" alias                                                    \
  ".%I::text, ''NULL'')', a.attname || ' = ', a.attname),"                                         \
  "    ', ' ORDER BY key.n))"                                                                      \
  "  FROM pg_index i CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY key (attnum, n)"  \
  "  JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = key.attnum"                     \
  "  WHERE i.indrelid = " relation                                                                 \
  " AND i.indisprimary AND key.n <= i.indnkeyatts HAVING count(*) > 0),"                           \
  " (SELECT CASE p.relkind WHEN 'p' THEN 'concat(" alias ".tableoid::regclass, '' ctid '', " alias \
  ".ctid)' ELSE 'concat(''ctid '', " alias ".ctid)' END FROM pg_class p WHERE p.oid = " relation   \
  "))"

// Rows of a partitioned table are all in its leaves; a plain table's children carry constraints of
// their own.
#define PGDR_ONLY(relation)                                                 \
  "(SELECT CASE p.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || " PGDR_NAME( \
      "p") " FROM pg_class p WHERE p.oid = " relation ")"
#define PGDR_NAME(class)                                                       \
  "(SELECT quote_ident(ns.nspname) FROM pg_namespace ns WHERE ns.oid = " class \
      ".relnamespace) || '.' || quote_ident(" class ".relname)"
#define PGDR_OPERATOR(oid)                                                          \
  "(SELECT format('OPERATOR(%I.%s)', ns.nspname, opr.oprname) FROM pg_operator opr" \
  "  JOIN pg_namespace ns ON ns.oid = opr.oprnamespace WHERE opr.oid = " oid ")"

// As ATRewriteTable looks for them.
constexpr char kCheck[] =
    "SELECT format('SELECT %s AS key FROM %s t WHERE (%s) IS FALSE', " PGDR_ROW_KEY(
        "k.conrelid", "t") ", " PGDR_ONLY("k.conrelid") ", pg_get_expr(k.conbin, k.conrelid))"
    " FROM pg_constraint k WHERE k.oid = $1";

// As RI_Initial_Check looks for them.
constexpr char kForeignKey[] =
    "SELECT format('SELECT %s AS key FROM %s t LEFT JOIN %s r ON %s WHERE r.%I IS NULL AND (%s)',"
    "  " PGDR_ROW_KEY("k.conrelid", "t") ", " PGDR_ONLY("k.conrelid") ", " PGDR_ONLY(
        "k.confrelid") ","
    "  string_agg(format('r.%I %s t.%I', ra.attname, " PGDR_OPERATOR("k.conpfeqop[x.i]") ","
    "    ta.attname), ' AND ' ORDER BY x.i),"
    "  (array_agg(ra.attname ORDER BY x.i))[1],"
    "  string_agg(format('t.%I IS NOT NULL', ta.attname),"
    "    CASE k.confmatchtype WHEN 'f' THEN ' OR ' ELSE ' AND ' END ORDER BY x.i))"
    " FROM pg_constraint k CROSS JOIN LATERAL generate_subscripts(k.conkey, 1) x (i)"
    "  JOIN pg_attribute ta ON ta.attrelid = k.conrelid AND ta.attnum = k.conkey[x.i]"
    "  JOIN pg_attribute ra ON ra.attrelid = k.confrelid AND ra.attnum = k.confkey[x.i]"
    " WHERE k.oid = $1 GROUP BY k.oid, k.conrelid, k.confrelid, k.confmatchtype";

// Pairs of rows for which every operator says yes; NULL excludes nothing. Here the index helps: to
// compare every row with every other one takes too long.
#define PGDR_EXCLUDED_SIDE                                                                   \
  "format('SELECT t.*, t.ctid, %s FROM ONLY %s t%s',"                                        \
  " (SELECT string_agg(format('(%s) AS pgdr_%s', pg_get_indexdef(x.indexrelid, i.n, false)," \
  "   i.n), ', ' ORDER BY i.n) FROM generate_series(1, x.indnkeyatts::int) i (n)),"          \
  " " PGDR_NAME("c") ", coalesce(' WHERE ' || pg_get_expr(x.indpred, x.indrelid), ''))"
constexpr char kExclusion[] =
    "SELECT format('SELECT %s AS key FROM (%s) t JOIN (%s) r ON t.ctid < r.ctid AND %s',"
    "  " PGDR_ROW_KEY("k.conrelid", "t") ", side.text, side.text,"
    "  (SELECT string_agg(format('t.pgdr_%s %s r.pgdr_%s', o.n, " PGDR_OPERATOR("o.op") ", o.n),"
    "     ' AND ' ORDER BY o.n) FROM unnest(k.conexclop) WITH ORDINALITY o (op, n)))"
    " FROM pg_constraint k JOIN pg_index x ON x.indexrelid = k.conindid"
    "  JOIN pg_class c ON c.oid = k.conrelid"
    "  CROSS JOIN LATERAL (SELECT " PGDR_EXCLUDED_SIDE ") side (text)"
    " WHERE k.oid = $1 AND k.conexclop IS NOT NULL";

// NULL is impossible from the planner's point of view, and it would fold IS NULL to false: it does
// not look into num_nulls(). That takes no more than 100 arguments.
constexpr char kNotNull[] =
    "SELECT format('SELECT concat(''ctid '', t.ctid) AS key FROM ONLY %s t WHERE %s',"
    "  min(" PGDR_NAME("c") "),"
    "  string_agg(format('num_nulls(%s) > 0', g.names), ' OR '))"
    " FROM pg_class c CROSS JOIN LATERAL ("
    "  SELECT string_agg('t.' || quote_ident(a.attname), ', ' ORDER BY a.attnum) AS names"
    "  FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped"
    "   AND a.attnotnull GROUP BY a.attnum / 90) g"
    " WHERE c.oid = $1 HAVING count(*) > 0";

// The columns whose type is a domain, and the rules of all domains that it is made of. The value is
// taken out of the domain, under the name by which its checks know it.
constexpr char kDomain[] =
    "WITH RECURSIVE d AS ("
    "  SELECT a.attnum, a.attname, a.atttypid AS type FROM pg_attribute a"
    "  WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped"
    "  UNION ALL SELECT d.attnum, d.attname, t.typbasetype FROM d JOIN pg_type t ON t.oid = d.type"
    "  WHERE t.typtype = 'd'),"
    " base AS (SELECT d.attnum, d.type FROM d JOIN pg_type t ON t.oid = d.type"
    "  WHERE t.typtype <> 'd'),"
    " rule AS ("
    "  SELECT d.attnum, d.attname, format('(%s) IS FALSE', pg_get_expr(k.conbin, 0)) AS broken"
    "  FROM d JOIN pg_constraint k ON k.contypid = d.type AND k.contype = 'c'"
    "  UNION ALL SELECT d.attnum, d.attname, 'num_nulls(value) > 0'"
    "  FROM d JOIN pg_type t ON t.oid = d.type WHERE t.typtype = 'd' AND t.typnotnull)"
    " SELECT string_agg(format('SELECT v.key FROM (SELECT concat(%L, %s) AS key,"
    "   t.%I::%s AS value FROM ONLY %s t) v WHERE %s', r.attname || ' of ', " PGDR_ROW_KEY(
        "c.oid", "t") ", r.attname, format_type(b.type, NULL), " PGDR_NAME(
        "c") ", r.broken), ' UNION ALL ')"
    " FROM rule r JOIN base b ON b.attnum = r.attnum JOIN pg_class c ON c.oid = $1"
    " HAVING count(*) > 0";

constexpr char kPartition[] =
    "SELECT format('SELECT %s AS key FROM ONLY %s t WHERE (%s) IS FALSE', " PGDR_ROW_KEY(
        "c.oid", "t") ", " PGDR_NAME("c") ", pg_get_partition_constraintdef(c.oid))"
    " FROM pg_class c WHERE c.oid = $1 AND c.relispartition"
    " AND pg_get_partition_constraintdef(c.oid) IS NOT NULL";

constexpr char kUnique[] =
    "SELECT format('SELECT concat(''('', concat_ws('', '', %s), '') '', count(*), '' times'') AS "
    "key"
    "  FROM ONLY %s WHERE %s%s GROUP BY %s HAVING count(*) > 1',"
    "  i.keys, i.name, coalesce('(' || i.predicate || ')', 'true'),"
    "  CASE WHEN i.nulls_equal THEN '' ELSE format(' AND num_nulls(%s) = 0', i.keys) END, i.keys)"
    " FROM (SELECT " PGDR_NAME("c") " AS name, pg_get_expr(x.indpred, x.indrelid) AS predicate,"
    "   " PGDR_FROM_15("x.indnullsnotdistinct", "false") " AS nulls_equal,"
    "   (SELECT string_agg(format('(%s)%s', pg_get_indexdef(x.indexrelid, k, false),"
    "      CASE WHEN x.indcollation[k - 1] <> 0"
    "       THEN ' COLLATE ' || x.indcollation[k - 1]::regcollation ELSE '' END), ', ' ORDER BY k)"
    "    FROM generate_series(1, x.indnkeyatts::int) k) AS keys"
    "  FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid WHERE x.indexrelid = $1) i";

// The largest value of the column that it feeds, in the sequence's direction.
constexpr char kSequence[] =
    "SELECT format('SELECT %s(t.%I)::text AS key FROM %s t',"
    "  CASE WHEN q.seqincrement > 0 THEN 'max' ELSE 'min' END, a.attname, " PGDR_NAME("c") ")"
    " FROM pg_depend d JOIN pg_sequence q ON q.seqrelid = d.objid"
    "  JOIN pg_class c ON c.oid = d.refobjid"
    "  JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid"
    " WHERE d.classid = 'pg_class'::regclass AND d.objid = $1"
    "  AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0";

void use(Rule* rule, const char* query, Oid relation, Oid other = InvalidOid) {
  rule->catalog_query = query;
  rule->relations[0] = relation;
  rule->relations[1] = other;
  rule->count = OidIsValid(relation) ? (OidIsValid(other) ? 2 : 1) : 0;
}

void use_constraint(Rule* rule) {
  HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(rule->object));
  if (!HeapTupleIsValid(tuple)) return;
  auto* constraint = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
  switch (constraint->contype) {
    case CONSTRAINT_CHECK:
      use(rule, kCheck, constraint->conrelid);
      break;
    case CONSTRAINT_FOREIGN:
      use(rule, kForeignKey, constraint->conrelid, constraint->confrelid);
      break;
    default:
      use(rule, kExclusion, constraint->conrelid);
      break;
  }
  ReleaseSysCache(tuple);
}

Oid table_of_sequence(Oid sequence) {
  Oid table = InvalidOid;
  int32 column = 0;
  if (!sequenceIsOwned(sequence, DEPENDENCY_AUTO, &table, &column))
    (void)sequenceIsOwned(sequence, DEPENDENCY_INTERNAL, &table, &column);
  return table;
}

}  // namespace

Rule find_rule(const char* what, Oid object) {
  Rule rule{nullptr, object, {InvalidOid, InvalidOid}, 0};
  if (strcmp(what, "constraint") == 0)
    use_constraint(&rule);
  else if (strcmp(what, "not null") == 0)
    use(&rule, kNotNull, object);
  else if (strcmp(what, "domain") == 0)
    use(&rule, kDomain, object);
  else if (strcmp(what, "partition") == 0)
    use(&rule, kPartition, object);
  else if (strcmp(what, "unique") == 0)
    use(&rule, kUnique, IndexGetRelation(object, true));
  else if (strcmp(what, "sequence") == 0)
    use(&rule, kSequence, table_of_sequence(object));
  else
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("unknown kind of rule: %s", what)));
  return rule;
}

}  // namespace pgdr
