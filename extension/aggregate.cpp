// The aggregate dr_fingerprint(record): the digest of any query's rows, serial, parallel or in
// parts.
#include "core/digest.hpp"
#include "row_hash.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(dr_fingerprint_accum);
PG_FUNCTION_INFO_V1(dr_fingerprint_combine);
PG_FUNCTION_INFO_V1(dr_fingerprint_serial);
PG_FUNCTION_INFO_V1(dr_fingerprint_deserial);
PG_FUNCTION_INFO_V1(dr_fingerprint_final);
PG_FUNCTION_INFO_V1(dr_canonical);
}

namespace pgdr {

namespace {

using core::Digest;

// Composite values above this are hashed as they are encoded instead of being encoded into memory
// first.
constexpr Size kStreamedRow = 1 << 20;

// The serialized state: rows, bytes, lo, hi, eight bytes each, little-endian; then the algorithm's
// version byte, so that parts of different builds are never added up.
constexpr Size kSerialized = 4 * 8 + 1;

Digest* new_state(FunctionCallInfo fcinfo) {
  MemoryContext context = nullptr;
  if (AggCheckCallContext(fcinfo, &context) == 0)
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("aggregate function called outside of an aggregate"),
                    errhint("Use dr_fingerprint(record).")));
  return static_cast<Digest*>(MemoryContextAllocZero(context, sizeof(Digest)));
}

Digest* state_argument(FunctionCallInfo fcinfo, int n) {
  return PG_ARGISNULL(n) ? nullptr : reinterpret_cast<Digest*>(PG_GETARG_POINTER(n));
}

// The encoder of this call site: its plans outlive the row.
RowHasher* call_site_hasher(FunctionCallInfo fcinfo) {
  if (fcinfo->flinfo->fn_extra == nullptr) {
    auto* rows =
        static_cast<RowHasher*>(MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(RowHasher)));
    init_row_hasher(rows, fcinfo->flinfo->fn_mcxt);
    fcinfo->flinfo->fn_extra = rows;
  }
  auto* rows = static_cast<RowHasher*>(fcinfo->flinfo->fn_extra);
  // Whatever an ERROR in an earlier call left: settings were restored by the abort of its
  // (sub)transaction.
  rows->encoder.pinned = PinnedSettings{};
  rows->encoder.row_dirty = true;
  rows->buffer.clear();
  return rows;
}

void encode_record(RowHasher* rows, HeapTupleHeader record, core::Sink& sink) {
  encode_composite(&rows->encoder, record, true, sink);
  check_length(sink);
}

void add_record(RowHasher* rows, HeapTupleHeader record, Digest* state) {
  if (HeapTupleHeaderGetDatumLength(record) > kStreamedRow) {
    core::HashSink sink;
    encode_record(rows, record, sink);
    const core::U128 hash = sink.finish();
    state->add_row(hash, sink.total());
  } else {
    BufferSink& sink = rows->buffer;
    encode_record(rows, record, sink);
    state->add_row(core::hash(sink.begin, sink.total()), sink.total());
  }
  reset_row(&rows->encoder);
  rows->encoder.pinned.restore();
}

// A row that is NULL as a whole, as outer joins make them, is not a row of NULLs.
void add_null(Digest* state) {
  uint8_t bytes[4];
  core::store_u32(bytes, core::kNullLength);
  state->add_row(core::hash(bytes, sizeof bytes), sizeof bytes);
}

}  // namespace

}  // namespace pgdr

extern "C" {

PGDLLEXPORT Datum dr_fingerprint_accum(PG_FUNCTION_ARGS) {
  pgdr::Digest* state = pgdr::state_argument(fcinfo, 0);
  if (state == nullptr) state = pgdr::new_state(fcinfo);
  if (PG_ARGISNULL(1)) {
    pgdr::add_null(state);
  } else {
    pgdr::RowHasher* rows = pgdr::call_site_hasher(fcinfo);
    Datum value = PG_GETARG_DATUM(1);
    auto* record = DatumGetHeapTupleHeader(value);
    pgdr::add_record(rows, record, state);
    if (reinterpret_cast<Pointer>(record) != DatumGetPointer(value)) pfree(record);
  }
  PG_RETURN_POINTER(state);
}

PGDLLEXPORT Datum dr_fingerprint_combine(PG_FUNCTION_ARGS) {
  pgdr::Digest* state = pgdr::state_argument(fcinfo, 0);
  pgdr::Digest* other = pgdr::state_argument(fcinfo, 1);
  if (state == nullptr) state = pgdr::new_state(fcinfo);
  if (other != nullptr) state->add(*other);
  PG_RETURN_POINTER(state);
}

PGDLLEXPORT Datum dr_fingerprint_serial(PG_FUNCTION_ARGS) {
  const auto* state = reinterpret_cast<pgdr::Digest*>(PG_GETARG_POINTER(0));
  auto* result = static_cast<bytea*>(palloc(VARHDRSZ + pgdr::kSerialized));
  SET_VARSIZE(result, VARHDRSZ + pgdr::kSerialized);
  auto* p = reinterpret_cast<uint8_t*>(VARDATA(result));
  p = pgdr::core::store_u64(p, state->rows);
  p = pgdr::core::store_u64(p, state->bytes);
  p = pgdr::core::store_u64(p, state->lo);
  p = pgdr::core::store_u64(p, state->hi);
  pgdr::core::store_u8(p, static_cast<uint8_t>(pgdr::core::kFormatVersion));
  PG_RETURN_BYTEA_P(result);
}

PGDLLEXPORT Datum dr_fingerprint_deserial(PG_FUNCTION_ARGS) {
  bytea* serialized = PG_GETARG_BYTEA_PP(0);
  const auto* p = reinterpret_cast<const uint8_t*>(VARDATA_ANY(serialized));
  if (VARSIZE_ANY_EXHDR(serialized) != pgdr::kSerialized || p[32] != pgdr::core::kFormatVersion)
    ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
                    errmsg("invalid state of a fingerprint"),
                    errhint("All servers that compute parts of it need the same pgdr version.")));
  pgdr::Digest* state = pgdr::new_state(fcinfo);
  state->rows = pgdr::core::load_le<uint64_t>(p);
  state->bytes = pgdr::core::load_le<uint64_t>(p + 8);
  state->lo = pgdr::core::load_le<uint64_t>(p + 16);
  state->hi = pgdr::core::load_le<uint64_t>(p + 24);
  PG_RETURN_POINTER(state);
}

PGDLLEXPORT Datum dr_fingerprint_final(PG_FUNCTION_ARGS) {
  const pgdr::Digest* state = pgdr::state_argument(fcinfo, 0);
  char text[pgdr::core::kDigestTextMax];
  pgdr::core::format_digest(state != nullptr ? *state : pgdr::Digest{}, text);
  PG_RETURN_TEXT_P(cstring_to_text(text));
}

// The canonical bytes of one row, for tests and for people.
PGDLLEXPORT Datum dr_canonical(PG_FUNCTION_ARGS) {
  pgdr::RowHasher* rows = pgdr::call_site_hasher(fcinfo);
  pgdr::BufferSink& sink = rows->buffer;
  pgdr::encode_record(rows, PG_GETARG_HEAPTUPLEHEADER(0), sink);
  const Size length = sink.total();
  if (length > MaxAllocSize - VARHDRSZ)
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED), errmsg("row is too large")));
  auto* result = static_cast<bytea*>(palloc(VARHDRSZ + length));
  SET_VARSIZE(result, VARHDRSZ + length);
  memcpy(VARDATA(result), sink.begin, length);
  pgdr::reset_row(&rows->encoder);
  rows->encoder.pinned.restore();
  PG_RETURN_BYTEA_P(result);
}

}  // extern "C"
