// dr._integrity_offenders(what, object, samples): rows that break a rule of their own table.
//
// Conditions of constraints, expressions of indexes and casts of key columns are code of the
// table's owner, planning any query on the table may run some of it, and showing a condition calls
// output functions of its constants. All of it is done as that owner in the foreign place; the
// caller's right to read the rows is checked first. The query is not an argument: whoever may call
// this could otherwise run anything as anybody.
#include "engine/engine.hpp"
#include "foreign/query.hpp"
#include "foreign/rules.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(dr_integrity_offenders);
}

namespace pgdr {

namespace {

// The text of the query, or nullptr: the object is gone.
char* write_query(const Rule& rule, Oid owner, ForeignBudget* budget) {
  char* query = nullptr;
  run_foreign(owner, budget, [&] {
    Oid types[] = {OIDOID};
    Datum values[] = {ObjectIdGetDatum(rule.object)};
    const int status =
        SPI_execute_with_args(rule.catalog_query, 1, types, values, nullptr, true, 1);
    if (status != SPI_OK_SELECT)
      ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not run a catalog query"),
                      errdetail("%s", SPI_result_code_string(status))));
    if (SPI_processed > 0) query = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
  });
  return query;
}

// Why the owner cannot see what has to be seen, or nullptr.
const char* obstacle(const Rule& rule, Oid owner) {
  for (int i = 0; i < rule.count; ++i) {
    const char* name = get_rel_name(rule.relations[i]);
    if (pg_class_aclcheck(rule.relations[i], owner, ACL_SELECT) != ACLCHECK_OK)
      return psprintf("the owner, %s, may not read %s", GetUserNameFromId(owner, false), name);
    if (check_enable_rls(rule.relations[i], owner, true) == RLS_ENABLED)
      return psprintf("row security hides rows of %s from its owner", name);
  }
  return nullptr;
}

// Locks the relations, the first one's owner's rights in mind; InvalidOid if one is gone.
Oid lock_relations(const Rule& rule) {
  Oid owner = InvalidOid;
  for (int i = 0; i < rule.count; ++i) {
    Relation rel = try_relation_open(rule.relations[i], AccessShareLock);
    if (rel == nullptr) return InvalidOid;
    check_readable(rel);
    if (i == 0) owner = rel->rd_rel->relowner;
    relation_close(rel, NoLock);
  }
  return owner;
}

struct Offenders {
  int64 count;
  char* sample;         // the first few keys, nullptr for none; in the caller's memory
  const char* problem;  // why nobody knows
};

void ask(const Rule& rule, Oid owner, int samples, MemoryContext keep, Offenders* out) {
  ForeignBudget budget = budget_for(rule.relations, rule.count);
  char* offender = write_query(rule, owner, &budget);
  if (offender == nullptr) return;
  Portal portal = open_foreign_query(
      psprintf("SELECT max(n), string_agg(key, ', ') FROM (SELECT key, count(*) OVER () AS n"
               " FROM (%s) offender LIMIT %d) first_few",
               offender, samples),
      owner, rule.relations, rule.count, &budget);
  if (fetch_foreign_rows(portal, 1, owner, &budget) == 1) {
    HeapTuple row = SPI_tuptable->vals[0];
    TupleDesc desc = SPI_tuptable->tupdesc;
    bool none = true;
    const Datum count = SPI_getbinval(row, desc, 1, &none);
    if (!none) {
      out->count = DatumGetInt64(count);
      const char* sample = SPI_getvalue(row, desc, 2);
      if (sample != nullptr) out->sample = MemoryContextStrdup(keep, sample);
    }
  }
  SPI_cursor_close(portal);
}

}  // namespace

}  // namespace pgdr

extern "C" {

PGDLLEXPORT Datum dr_integrity_offenders(PG_FUNCTION_ARGS) {
  using namespace pgdr;
  TupleDesc desc = nullptr;
  if (get_call_result_type(fcinfo, nullptr, &desc) != TYPEFUNC_COMPOSITE)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("function returning record called in context that cannot accept it")));
  desc = BlessTupleDesc(desc);
  MemoryContext keep = CurrentMemoryContext;
  char* what = text_to_cstring(PG_GETARG_TEXT_PP(0));
  const Rule rule = find_rule(what, PG_GETARG_OID(1));
  const Oid owner = lock_relations(rule);
  Offenders found{0, nullptr, nullptr};
  if (OidIsValid(owner)) {
    found.problem = obstacle(rule, owner);
    if (found.problem == nullptr) {
      if (SPI_connect() != SPI_OK_CONNECT)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not connect to SPI")));
      ask(rule, owner, PG_GETARG_INT32(2), keep, &found);
      SPI_finish();
    }
  }
  Datum results[3] = {Int64GetDatum(found.count), Datum{0}, Datum{0}};
  bool nulls[3] = {false, found.sample == nullptr, found.problem == nullptr};
  if (!nulls[1]) results[1] = CStringGetTextDatum(found.sample);
  if (!nulls[2]) results[2] = CStringGetTextDatum(found.problem);
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, results, nulls)));
}

}  // extern "C"
