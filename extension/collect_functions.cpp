// The SQL-callable functions of the collector.
#include "collect.hpp"
#include "worker.hpp"

namespace pgdr {

namespace {

// jsonb from text; not a C++ runtime's business, so the server's own input function does it.
Datum to_jsonb(char* json) {
  Datum document = DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
  pfree(json);
  return document;
}

}  // namespace

}  // namespace pgdr

extern "C" {

PG_FUNCTION_INFO_V1(dr_collect);
PG_FUNCTION_INFO_V1(dr_collect_from);
PG_FUNCTION_INFO_V1(dr_collect_sequences);

// _collect(content boolean, schema boolean) -> jsonb
PGDLLEXPORT Datum dr_collect(PG_FUNCTION_ARGS) {
  pgdr::CollectOptions options{PG_GETARG_BOOL(0), PG_GETARG_BOOL(1), false};
  return pgdr::to_jsonb(pgdr::collect_document(options));
}

// _collect_sequences() -> jsonb
PGDLLEXPORT Datum dr_collect_sequences(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  return pgdr::to_jsonb(pgdr::collect_sequences_only());
}

// _collect_from(target text, content boolean, schema boolean) -> jsonb
PGDLLEXPORT Datum dr_collect_from(PG_FUNCTION_ARGS) {
  char* target = text_to_cstring(PG_GETARG_TEXT_PP(0));
  return pgdr::to_jsonb(pgdr::collect_from(target, PG_GETARG_BOOL(1), PG_GETARG_BOOL(2)));
}
}
