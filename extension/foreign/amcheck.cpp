// amcheck's functions, called as what they are: C functions of its library that belong to its
// extension. By their names whoever owns their schema could put others in their place.
#include "base/pg.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(dr_amcheck_heap);
PG_FUNCTION_INFO_V1(dr_amcheck_index);
}

namespace pgdr {

namespace {

constexpr char kFunction[] =
    "SELECT p.oid FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang"
    " JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'"
    "  AND d.refclassid = 'pg_extension'::regclass"
    " JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'amcheck'"
    " WHERE l.lanname = 'c' AND p.probin = '$libdir/amcheck' AND p.prosrc = $1"
    "  AND p.pronargs = $2 AND NOT p.prosecdef";

constexpr int kHeapArguments = 6;
constexpr int kIndexArguments = 2;

// Errors (undefined_function) if amcheck is not there, or its version has no such function.
void find_function(const char* symbol, int arguments, FmgrInfo* out) {
  Oid types[] = {TEXTOID, INT2OID};
  Datum values[] = {CStringGetTextDatum(symbol), Int16GetDatum(static_cast<int16>(arguments))};
  if (SPI_connect() != SPI_OK_CONNECT)
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not connect to SPI")));
  (void)SPI_execute_with_args(kFunction, 2, types, values, nullptr, true, 1);
  bool none = SPI_processed == 0;
  const Oid function =
      none
          ? InvalidOid
          : DatumGetObjectId(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &none));
  SPI_finish();
  if (none)
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
                    errmsg("the extension amcheck has no %s here", symbol)));
  if (!may_execute(function, GetUserId()))
    ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                    errmsg("permission denied for function %s", symbol)));
  fmgr_info(function, out);
}

struct Corruptions {
  int64 count;
  StringInfoData text;
};

void describe(Corruptions* found, TupleTableSlot* row, int samples) {
  if (found->count++ >= samples) return;
  bool no_block = true;
  bool no_item = true;
  bool no_message = true;
  const Datum block = slot_getattr(row, 1, &no_block);
  const Datum item = slot_getattr(row, 2, &no_item);
  const Datum message = slot_getattr(row, 4, &no_message);
  if (found->text.len > 0) appendStringInfoString(&found->text, "; ");
  if (!no_block) appendStringInfo(&found->text, "block " INT64_FORMAT, DatumGetInt64(block));
  if (!no_item) appendStringInfo(&found->text, " item %d", DatumGetInt32(item));
  if (!no_message) appendStringInfo(&found->text, ": %s", TextDatumGetCString(message));
}

// verify_heapam(relation, on_error_stop, check_toast, skip, startblock, endblock).
void verify_heap(Oid relation, bool thorough, int samples, Corruptions* found) {
  FmgrInfo function;
  find_function("verify_heapam", kHeapArguments, &function);
  ReturnSetInfo result{};
  result.type = T_ReturnSetInfo;
  result.econtext = CreateStandaloneExprContext();
  result.allowedModes = SFRM_Materialize | SFRM_Materialize_Random;
  result.returnMode = SFRM_ValuePerCall;
  LOCAL_FCINFO(call, kHeapArguments);
  InitFunctionCallInfoData(*call, &function, kHeapArguments, InvalidOid, nullptr,
                           reinterpret_cast<Node*>(&result));
  call->args[0].value = ObjectIdGetDatum(relation);
  call->args[1].value = BoolGetDatum(false);
  call->args[2].value = BoolGetDatum(thorough);
  call->args[3].value = CStringGetTextDatum("none");
  for (int i = 0; i < kHeapArguments; ++i) call->args[i].isnull = i > 3;
  // foreign: none, because it is amcheck's own, and reads pages without the table's functions.
  (void)FunctionCallInvoke(call);
  if (result.setResult != nullptr) {
    TupleTableSlot* row = MakeSingleTupleTableSlot(result.setDesc, &TTSOpsMinimalTuple);
    while (tuplestore_gettupleslot(result.setResult, true, false, row))
      describe(found, row, samples);
    ExecDropSingleTupleTableSlot(row);
  }
  FreeExprContext(result.econtext, true);
}

}  // namespace

}  // namespace pgdr

extern "C" {

// (relation oid, thorough boolean, samples integer) → (n bigint, text text)
PGDLLEXPORT Datum dr_amcheck_heap(PG_FUNCTION_ARGS) {
  TupleDesc desc = nullptr;
  if (get_call_result_type(fcinfo, nullptr, &desc) != TYPEFUNC_COMPOSITE)
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("function returning record called in context that cannot accept it")));
  desc = BlessTupleDesc(desc);
  pgdr::Corruptions found{};
  initStringInfo(&found.text);
  pgdr::verify_heap(PG_GETARG_OID(0), PG_GETARG_BOOL(1), PG_GETARG_INT32(2), &found);
  Datum values[2] = {Int64GetDatum(found.count), CStringGetTextDatum(found.text.data)};
  bool nulls[2] = {};
  PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(desc, values, nulls)));
}

// (index oid, heapallindexed boolean): errors as bt_index_check() does.
PGDLLEXPORT Datum dr_amcheck_index(PG_FUNCTION_ARGS) {
  FmgrInfo function;
  pgdr::find_function("bt_index_check", pgdr::kIndexArguments, &function);
  // foreign: none of ours, because amcheck calls the index's functions as the owner of its table.
  (void)FunctionCall2(&function, ObjectIdGetDatum(PG_GETARG_OID(0)),
                      BoolGetDatum(PG_GETARG_BOOL(1)));
  PG_RETURN_VOID();
}

}  // extern "C"
