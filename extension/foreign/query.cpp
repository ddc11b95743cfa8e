#include "foreign/query.hpp"

namespace pgdr {

namespace {

// However slow the disk is: a second for each megabyte.
constexpr int64 kPerBlockMs = 1000 / ((1024 * 1024) / BLCKSZ);

// The query whose FROM names the relations: the innermost of subqueries and of the parts of a
// UNION, each the first range table entry of the one around it.
const Query* innermost(const Query* query) {
  while (query->rtable != NIL) {
    auto* first = linitial_node(RangeTblEntry, query->rtable);
    if (first->rtekind != RTE_SUBQUERY || first->subquery == nullptr ||
        OidIsValid(first->relid))  // a view's query is its own
      break;
    query = first->subquery;
  }
  return query;
}

bool names_are_right(const Query* query, const Oid* relations, int count) {
  int found = 0;
  ListCell* cell;
  foreach (cell, innermost(query)->rtable) {
    auto* entry = lfirst_node(RangeTblEntry, cell);
    if (entry->rtekind != RTE_RELATION && !OidIsValid(entry->relid)) continue;
    if (found < count && (entry->relid != relations[found] || entry->rtekind != RTE_RELATION))
      return false;
    found++;
  }
  return found >= count;
}

// What a cursor runs is the plan's latest analysis; getting it took the locks.
void check_names(SPIPlanPtr plan, const Oid* relations, int count) {
  List* sources = SPI_plan_get_plan_sources(plan);
  if (list_length(sources) == 1) {
    auto* source = static_cast<CachedPlanSource*>(linitial(sources));
    if (list_length(source->query_list) == 1 &&
        names_are_right(linitial_node(Query, source->query_list), relations, count))
      return;
  }
  ereport(ERROR, (errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
                  errmsg("a relation or its schema was renamed while it was looked at"),
                  errhint("Try again.")));
}

}  // namespace

Portal open_foreign_query(const char* sql, Oid role, const Oid* relations, int count,
                          ForeignBudget* budget) {
  Portal portal = nullptr;
  // From parsing on: a literal may run the checks of a domain, planning functions over constants.
  run_foreign(role, budget, [&] {
    SPIPlanPtr plan = SPI_prepare_cursor(sql, 0, nullptr, CURSOR_OPT_NO_SCROLL);
    if (plan == nullptr)
      ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not prepare a query"),
                      errdetail("%s", SPI_result_code_string(SPI_result))));
    // Before it is planned, which may run code already, and after.
    check_names(plan, relations, count);
    portal = SPI_cursor_open(nullptr, plan, nullptr, nullptr, true);
    check_names(plan, relations, count);
  });
  return portal;
}

uint64 fetch_foreign_rows(Portal portal, long most, Oid role, ForeignBudget* budget) {
  CHECK_FOR_INTERRUPTS();
  run_foreign(role, budget, [&] { SPI_cursor_fetch(portal, true, most); });
  return SPI_processed;
}

ForeignBudget budget_for(const Oid* relations, int count) {
  int64 blocks = 0;
  for (int i = 0; i < count; ++i) {
    const int64 bytes =
        DatumGetInt64(DirectFunctionCall1(pg_table_size, ObjectIdGetDatum(relations[i])));
    blocks += bytes / BLCKSZ;
  }
  return foreign_budget(blocks * kPerBlockMs);
}

}  // namespace pgdr
