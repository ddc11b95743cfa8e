// The SQL-callable functions of the collector.
#include "collect/collect.hpp"
#include "collect/collect_relations.hpp"
#include "base/digest_key.hpp"
#include "worker/worker.hpp"

namespace pgdr {

namespace {

// jsonb from text; not a C++ runtime's business, so the server's own input function does it.
Datum to_jsonb(char* json) {
  // foreign: none, because jsonb_in is the server's own.
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
PG_FUNCTION_INFO_V1(dr_sequence_state);

// _collect(content boolean, schema boolean, key bytea) -> jsonb
PGDLLEXPORT Datum dr_collect(PG_FUNCTION_ARGS) {
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1)) PG_RETURN_NULL();
  pgdr::CollectOptions options{PG_GETARG_BOOL(0), PG_GETARG_BOOL(1), false};
  pgdr::use_digest_key(pgdr::key_argument(fcinfo, 2));
  char* document = pgdr::collect_document(options);
  pgdr::drop_digest_key();
  return pgdr::to_jsonb(document);
}

// _collect_sequences() -> jsonb
PGDLLEXPORT Datum dr_collect_sequences(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  return pgdr::to_jsonb(pgdr::collect_sequences_only());
}

// _sequence_state(sequence oid) -> (last_value bigint, is_called boolean)
PGDLLEXPORT Datum dr_sequence_state(PG_FUNCTION_ARGS) {
  TupleDesc desc = nullptr;
  if (get_call_result_type(fcinfo, nullptr, &desc) != TYPEFUNC_COMPOSITE)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("function returning record called in context that cannot accept it")));
  pgdr::SequenceState state{};
  const bool readable = pgdr::read_sequence_state(PG_GETARG_OID(0), &state);
  Datum values[2] = {Int64GetDatum(state.last_value), BoolGetDatum(state.is_called)};
  bool nulls[2] = {!readable, !readable};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}

// _collect_from(target text, content boolean, schema boolean, key bytea) -> jsonb
PGDLLEXPORT Datum dr_collect_from(PG_FUNCTION_ARGS) {
  if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2)) PG_RETURN_NULL();
  char* target = text_to_cstring(PG_GETARG_TEXT_PP(0));
  pgdr::use_digest_key(pgdr::key_argument(fcinfo, 3));
  char* document = pgdr::collect_from(target, PG_GETARG_BOOL(1), PG_GETARG_BOOL(2));
  pgdr::drop_digest_key();
  return pgdr::to_jsonb(document);
}
}
