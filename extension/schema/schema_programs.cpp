// Schema records of functions, triggers, rules and policies.
#include "schema/schema_queries.hpp"
#include "base/schema_sql.hpp"

namespace pgdr {

namespace {

constexpr char kFunctions[] =
    "SELECT p.kind, p.identity, 'definition', 'strict', rtrim(pg_get_functiondef(p.oid), "
    "E'\\n'), CASE WHEN p.proargdefaults IS NOT NULL THEN 'A'::\"char\" END, p.oid,"
    " CASE WHEN p.proargdefaults IS NOT NULL THEN ARRAY[pg_get_expr(p.proargdefaults, 0)] "
    "END" PGDR_FROM_14(
        ", CASE WHEN p.prosqlbody IS NOT NULL THEN 'b'::\"char\" END, p.oid,"
        " CASE WHEN p.prosqlbody IS NOT NULL THEN ARRAY[pg_get_function_sqlbody(p.oid)] END",
        "") " FROM " PGDR_FUNCTIONS " p WHERE p.prokind <> 'a'";

#define PGDR_IF_FUNCTION(label, column) \
  "CASE WHEN " column "::oid <> 0 THEN '" label " = ' || " column "::text END"

constexpr char kAggregates[] =
    "SELECT p.kind, p.identity, 'definition', 'strict',"
    " 'AGGREGATE (' || pg_get_function_arguments(p.oid) || ') ' || concat_ws(', ',"
    "  'SFUNC = ' || a.aggtransfn, 'STYPE = ' || format_type(a.aggtranstype, NULL),"
    "  CASE WHEN a.aggtransspace <> 0 THEN 'SSPACE = ' || a.aggtransspace END,"
    "  'INITCOND = ' || quote_literal(a.agginitval),"
    "  " PGDR_IF_FUNCTION("FINALFUNC", "a.aggfinalfn") ","
    "  CASE WHEN a.aggfinalextra THEN 'FINALFUNC_EXTRA' END, 'FINALFUNC_MODIFY = ' || a.aggfinalmodify::text,"
    "  " PGDR_IF_FUNCTION("COMBINEFUNC", "a.aggcombinefn") ","
    "  " PGDR_IF_FUNCTION("SERIALFUNC", "a.aggserialfn") ","
    "  " PGDR_IF_FUNCTION("DESERIALFUNC", "a.aggdeserialfn") ","
    "  " PGDR_IF_FUNCTION("MSFUNC", "a.aggmtransfn") ","
    "  " PGDR_IF_FUNCTION("MINVFUNC", "a.aggminvtransfn") ","
    "  CASE WHEN a.aggmtranstype <> 0 THEN 'MSTYPE = ' || format_type(a.aggmtranstype, NULL) END,"
    "  CASE WHEN a.aggmtransspace <> 0 THEN 'MSSPACE = ' || a.aggmtransspace END,"
    "  'MINITCOND = ' || quote_literal(a.aggminitval),"
    "  " PGDR_IF_FUNCTION("MFINALFUNC", "a.aggmfinalfn") ","
    "  CASE WHEN a.aggmfinalextra THEN 'MFINALFUNC_EXTRA' END,"
    "  CASE WHEN a.aggmfinalfn::oid <> 0 THEN 'MFINALFUNC_MODIFY = ' || a.aggmfinalmodify::text END,"
    "  CASE WHEN a.aggsortop <> 0 THEN 'SORTOP = ' || a.aggsortop::regoperator END,"
    "  'KIND = ' || a.aggkind::text, 'PARALLEL = ' || p.proparallel::text)"
    " FROM " PGDR_FUNCTIONS " p JOIN pg_aggregate a ON a.aggfnoid = p.oid";

constexpr char kTriggers[] =
    "SELECT 'trigger', t.identity, 'definition', 'strict', t.definition,"
    " CASE WHEN t.condition IS NOT NULL THEN 't'::\"char\" END, t.tgrelid,"
    " CASE WHEN t.condition IS NOT NULL THEN ARRAY[t.condition] END"
    " FROM (SELECT d.*, CASE WHEN d.tgqual IS NOT NULL THEN"
    "   substring(d.definition FROM ' WHEN \\((.*)\\) EXECUTE (?:FUNCTION|PROCEDURE) ') END AS "
    "condition"
    "  FROM (SELECT o.*, pg_get_triggerdef(o.oid, false) AS definition"
    "   FROM " PGDR_TRIGGERS " o) d) t";

#define PGDR_ENABLED(column)                                                  \
  "CASE " column                                                              \
  " WHEN 'O' THEN 'enabled' WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica'" \
  " WHEN 'A' THEN 'always' END"

constexpr char kTriggerStates[] =
    "SELECT 'trigger', t.identity, 'enabled', 'strict', " PGDR_ENABLED(
        "t.tgenabled") " FROM " PGDR_TRIGGERS " t";

constexpr char kRules[] =
    "SELECT 'rule', r.identity, 'definition', 'strict', rtrim(pg_get_ruledef(r.oid, false), ';'),"
    " 'r'::\"char\", r.ev_class FROM " PGDR_RULES " r"
    " UNION ALL SELECT 'rule', r.identity, 'enabled', 'strict', " PGDR_ENABLED("r.ev_enabled") ","
    " NULL, NULL FROM " PGDR_RULES " r";

constexpr char kEventTriggers[] =
    "SELECT 'event trigger', e.identity, f.facet, 'strict', f.definition"
    " FROM " PGDR_GLOBAL_OBJECTS("pg_event_trigger", "evtname") " e"
    " CROSS JOIN LATERAL (VALUES ('definition', 'ON ' || quote_ident(e.evtevent) ||"
    "   coalesce(' WHEN TAG IN (' || (SELECT string_agg(quote_literal(tag), ', '"
    "     ORDER BY tag COLLATE \"C\") FROM unnest(e.evttags) tag) || ')', '') ||"
    "   ' EXECUTE FUNCTION ' || e.evtfoid::regprocedure),"
    "  ('enabled', " PGDR_ENABLED("e.evtenabled") ")) f(facet, definition)";

constexpr char kPolicies[] =
    "SELECT 'policy', p.identity, 'definition', 'strict',"
    " CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END || ' FOR ' ||"
    " CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'"
    "  WHEN 'd' THEN 'DELETE' ELSE 'ALL' END || ' TO ' ||"
    " (SELECT string_agg(CASE WHEN r = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END, "
    "', '"
    "   ORDER BY CASE WHEN r = 0 THEN 'PUBLIC' ELSE pg_get_userbyid(r) END::text COLLATE \"C\")"
    "  FROM unnest(p.polroles) r) ||"
    " coalesce(' USING (' || p.using_text || ')', '') ||"
    " coalesce(' WITH CHECK (' || p.check_text || ')', ''),"
    " 'x'::\"char\", p.polrelid, array_remove(ARRAY[p.using_text, p.check_text], NULL)"
    " FROM (SELECT o.*, pg_get_expr(o.polqual, o.polrelid) AS using_text,"
    "   pg_get_expr(o.polwithcheck, o.polrelid) AS check_text FROM " PGDR_POLICIES " o) p";

}  // namespace

const char* const kProgramQueries[] = {kFunctions, kAggregates,    kTriggers, kTriggerStates,
                                       kRules,     kEventTriggers, kPolicies, nullptr};

}  // namespace pgdr
