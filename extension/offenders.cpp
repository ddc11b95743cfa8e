// dr._integrity_offenders(what, object, samples): rows that break a rule of their own table.
//
// Conditions of constraints, expressions of indexes and casts of key columns are code of the
// table's owner, and planning any query on the table may run some of it. The query therefore runs
// as that owner (restricted.hpp); the caller's right to read the rows is checked first. It is not
// an argument: whoever may call this could otherwise run anything as anybody.
#include "engine.hpp"
#include "restricted.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(dr_integrity_offenders);
}

namespace pgdr {

namespace {

struct Inquiry {
  Oid* tables;  // the first one's owner asks
  int count;
  char* query;  // nullptr: there is nothing to ask
};

void execute(const char* sql, int count, Oid* types, Datum* values) {
  const int status = SPI_execute_with_args(sql, count, types, values, nullptr, true, 0);
  if (status != SPI_OK_SELECT)
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not run an integrity query"),
                    errdetail("%s", SPI_result_code_string(status))));
}

Datum value(int column, bool* is_null) {
  return SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column, is_null);
}

// What the catalog says is to be asked, by SQL of this extension.
Inquiry inquire(Datum what, Oid object) {
  Oid types[] = {TEXTOID, OIDOID};
  Datum values[] = {what, ObjectIdGetDatum(object)};
  execute("SELECT q.tables, q.query FROM dr._integrity_query($1, $2) AS q", 2, types, values);
  Inquiry inquiry{nullptr, 0, nullptr};
  bool no_tables = true;
  bool no_query = true;
  if (SPI_processed == 0) return inquiry;
  const Datum tables = value(1, &no_tables);
  const Datum query = value(2, &no_query);
  if (no_tables || no_query) return inquiry;
  Datum* oids = nullptr;
  deconstruct_array(DatumGetArrayTypeP(tables), OIDOID, sizeof(Oid), true, TYPALIGN_INT, &oids,
                    nullptr, &inquiry.count);
  inquiry.tables = static_cast<Oid*>(palloc(sizeof(Oid) * static_cast<Size>(inquiry.count + 1)));
  for (int i = 0; i < inquiry.count; ++i) inquiry.tables[i] = DatumGetObjectId(oids[i]);
  inquiry.query = TextDatumGetCString(query);
  return inquiry;
}

// Why the owner cannot see what has to be seen, or nullptr.
const char* obstacle(const Inquiry& inquiry, Oid owner) {
  for (int i = 0; i < inquiry.count; ++i) {
    const char* name = get_rel_name(inquiry.tables[i]);
    if (pg_class_aclcheck(inquiry.tables[i], owner, ACL_SELECT) != ACLCHECK_OK)
      return psprintf("the owner, %s, may not read %s", GetUserNameFromId(owner, false), name);
    if (check_enable_rls(inquiry.tables[i], owner, true) == RLS_ENABLED)
      return psprintf("row security hides rows of %s from its owner", name);
  }
  return nullptr;
}

void ask_as_owner(const char* query, Oid owner) {
  const int nest_level = NewGUCNestLevel();
  const FormerUser former = act_as_owner(owner);
  (void)set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
                          GUC_ACTION_SAVE, true, 0, false);
  (void)set_config_option("row_security", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true,
                          0, false);
  execute(query, 0, nullptr, nullptr);
  AtEOXact_GUC(false, nest_level);
  act_as_before(former);
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
  MemoryContext caller = CurrentMemoryContext;
  Datum results[3] = {Int64GetDatum(0), Datum{0}, Datum{0}};  // offenders, sample, problem
  bool nulls[3] = {false, true, true};

  if (SPI_connect() != SPI_OK_CONNECT)
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not connect to SPI")));
  const Inquiry inquiry = inquire(PG_GETARG_DATUM(0), PG_GETARG_OID(1));
  if (inquiry.query != nullptr && inquiry.count > 0) {
    Oid owner = InvalidOid;
    for (int i = 0; i < inquiry.count; ++i) {
      Relation rel = open_for_reading(inquiry.tables[i]);
      check_readable(rel);
      if (i == 0) owner = rel->rd_rel->relowner;
      relation_close(rel, NoLock);
    }
    const char* problem = obstacle(inquiry, owner);
    if (problem != nullptr) {
      MemoryContext inner = MemoryContextSwitchTo(caller);
      results[2] = CStringGetTextDatum(problem);
      MemoryContextSwitchTo(inner);
      nulls[2] = false;
    } else {
      ask_as_owner(psprintf("SELECT max(n), string_agg(key, ', ') FROM (SELECT key, count(*) OVER "
                            "() AS n FROM (%s) offender LIMIT %d) first_few",
                            inquiry.query, PG_GETARG_INT32(2)),
                   owner);
      bool none = true;
      const Datum offenders = value(1, &none);
      if (!none) {
        results[0] = offenders;
        MemoryContext inner = MemoryContextSwitchTo(caller);
        const char* sample = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2);
        if (sample != nullptr) results[1] = CStringGetTextDatum(sample);
        nulls[1] = sample == nullptr;
        MemoryContextSwitchTo(inner);
      }
    }
  }
  SPI_finish();
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, results, nulls)));
}

}  // extern "C"
