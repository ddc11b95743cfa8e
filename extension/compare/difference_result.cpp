#include "compare/difference_result.hpp"

#include "base/legacy_bytes.hpp"

namespace pgdr {

namespace {

// Names and values as any client can read them, two that differ as two.
const char* readable_text(const char* value) {
  return GetDatabaseEncoding() == PG_UTF8 ? value : escape_bytes(value, strlen(value));
}

}  // namespace

void Results::put(const ResultLine& line) {
  const char* texts[6] = {line.side,     line.key,    line.column,
                          line.expected, line.actual, line.detail};
  Datum values[6] = {};
  bool nulls[6] = {};
  for (int i = 0; i < 6; ++i) {
    nulls[i] = texts[i] == nullptr;
    if (!nulls[i]) values[i] = CStringGetTextDatum(readable_text(texts[i]));
  }
  tuplestore_putvalues(store, desc, values, nulls);
}

Results start_results(FunctionCallInfo fcinfo) {
  auto* info = reinterpret_cast<ReturnSetInfo*>(fcinfo->resultinfo);
  if (info == nullptr || !IsA(info, ReturnSetInfo) || (info->allowedModes & SFRM_Materialize) == 0)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("set-valued function called in context that cannot accept a set")));
  MemoryContext outer = MemoryContextSwitchTo(info->econtext->ecxt_per_query_memory);
  Results results{};
  if (get_call_result_type(fcinfo, nullptr, &results.desc) != TYPEFUNC_COMPOSITE ||
      results.desc->natts != 6)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("function returning record called in context that cannot accept it")));
  results.store =
      tuplestore_begin_heap((info->allowedModes & SFRM_Materialize_Random) != 0, false, work_mem);
  info->returnMode = SFRM_Materialize;
  info->setResult = results.store;
  info->setDesc = results.desc;
  MemoryContextSwitchTo(outer);
  return results;
}

}  // namespace pgdr
