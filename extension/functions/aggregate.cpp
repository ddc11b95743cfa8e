// The aggregate dr_fingerprint(record): the digest of any query's rows, serial, parallel or in
// parts.
#include "core/digest.hpp"
#include "base/digest_key.hpp"
#include "engine/row_hash.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(dr_fingerprint_accum);
PG_FUNCTION_INFO_V1(dr_fingerprint_combine);
PG_FUNCTION_INFO_V1(dr_fingerprint_serial);
PG_FUNCTION_INFO_V1(dr_fingerprint_deserial);
PG_FUNCTION_INFO_V1(dr_fingerprint_final);
PG_FUNCTION_INFO_V1(dr_fingerprint_keyed_final);
PG_FUNCTION_INFO_V1(dr_canonical);
}

namespace pgdr {

namespace {

using core::Digest;

// Composite values above this are hashed as they are encoded instead of being encoded into memory
// first.
constexpr Size kStreamedRow = 1 << 20;

// The serialized state: rows, bytes, the four words of the sum, eight bytes each, little-endian;
// then a byte each for the format's version and the algorithm, so that parts of different builds
// are never added up.
constexpr Size kSerialized = 6 * 8 + 2;

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

// The aggregate's key is taken from its first row, so it must be the same for all.
void check_key_is_constant(FunctionCallInfo fcinfo) {
  const Aggref* aggregate = AggGetAggref(fcinfo);
  if (aggregate == nullptr || list_length(aggregate->args) < 2) return;
  const auto* argument = static_cast<const TargetEntry*>(list_nth(aggregate->args, 1));
  if (!IsA(argument->expr, Const) && !IsA(argument->expr, Param))
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("the fingerprint key must be a constant or a parameter")));
}

// The encoder of this call site: its plans outlive the row. So does the key, argument 2 if there is
// one, which is the same in every call.
RowHasher* call_site_hasher(FunctionCallInfo fcinfo, bool keyed) {
  if (fcinfo->flinfo->fn_extra == nullptr) {
    auto* rows =
        static_cast<RowHasher*>(MemoryContextAllocZero(fcinfo->flinfo->fn_mcxt, sizeof(RowHasher)));
    init_row_hasher(rows, fcinfo->flinfo->fn_mcxt);
    MemoryContext old = MemoryContextSwitchTo(fcinfo->flinfo->fn_mcxt);
    if (keyed) check_key_is_constant(fcinfo);
    rows->key = keyed ? key_argument(fcinfo, 2) : nullptr;
    MemoryContextSwitchTo(old);
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

void add_keyed_record(RowHasher* rows, HeapTupleHeader record, Digest* state) {
  if (HeapTupleHeaderGetDatumLength(record) > kStreamedRow) {
    core::BasicHashSink<core::KeyedHash> sink(&rows->key->hash);
    encode_record(rows, record, sink);
    const core::U256 hash = sink.finish();
    state->add_keyed_row(hash, sink.total());
  } else {
    BufferSink& sink = rows->buffer;
    encode_record(rows, record, sink);
    state->add_keyed_row(rows->key->hash.hash(sink.begin, sink.total()), sink.total());
  }
  check_digest_key(rows->key);
}

void add_unkeyed_record(RowHasher* rows, HeapTupleHeader record, Digest* state) {
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
}

void add_record(RowHasher* rows, HeapTupleHeader record, Digest* state) {
  if (rows->key != nullptr) {
    add_keyed_record(rows, record, state);
  } else {
    add_unkeyed_record(rows, record, state);
  }
  reset_row(&rows->encoder);
  rows->encoder.pinned.restore();
}

// A row that is NULL as a whole, as outer joins make them, is not a row of NULLs.
void add_null(RowHasher* rows, Digest* state) {
  uint8_t bytes[4];
  core::store_u32(bytes, core::kNullLength);
  if (rows->key != nullptr) {
    state->add_keyed_row(rows->key->hash.hash(bytes, sizeof bytes), sizeof bytes);
  } else {
    state->add_row(core::hash(bytes, sizeof bytes), sizeof bytes);
  }
}

Datum digest_text(const Digest& digest) {
  char text[core::kDigestTextMax];
  core::format_digest(digest, text);
  return PointerGetDatum(cstring_to_text(text));
}

}  // namespace

}  // namespace pgdr

extern "C" {

// (state internal, row record [, key bytea])
PGDLLEXPORT Datum dr_fingerprint_accum(PG_FUNCTION_ARGS) {
  const bool keyed = PG_NARGS() > 2;
  if (keyed) pgdr::refuse_null_key(PG_ARGISNULL(2));
  pgdr::Digest* state = pgdr::state_argument(fcinfo, 0);
  if (state == nullptr) state = pgdr::new_state(fcinfo);
  if (keyed) state->algorithm = pgdr::core::Algorithm::kHmacSha256;
  pgdr::RowHasher* rows = pgdr::call_site_hasher(fcinfo, keyed);
  if (PG_ARGISNULL(1)) {
    pgdr::add_null(rows, state);
  } else {
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
  p = pgdr::core::store_u64(p, state->upper[0]);
  p = pgdr::core::store_u64(p, state->upper[1]);
  p = pgdr::core::store_u8(p, static_cast<uint8_t>(pgdr::core::kFormatVersion));
  pgdr::core::store_u8(p, static_cast<uint8_t>(state->algorithm));
  PG_RETURN_BYTEA_P(result);
}

PGDLLEXPORT Datum dr_fingerprint_deserial(PG_FUNCTION_ARGS) {
  bytea* serialized = PG_GETARG_BYTEA_PP(0);
  const auto* p = reinterpret_cast<const uint8_t*>(VARDATA_ANY(serialized));
  if (VARSIZE_ANY_EXHDR(serialized) != pgdr::kSerialized || p[48] != pgdr::core::kFormatVersion ||
      p[49] > static_cast<uint8_t>(pgdr::core::Algorithm::kHmacSha256))
    ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
                    errmsg("invalid state of a fingerprint"),
                    errhint("All servers that compute parts of it need the same pgdr version.")));
  pgdr::Digest* state = pgdr::new_state(fcinfo);
  state->rows = pgdr::core::load_le<uint64_t>(p);
  state->bytes = pgdr::core::load_le<uint64_t>(p + 8);
  state->lo = pgdr::core::load_le<uint64_t>(p + 16);
  state->hi = pgdr::core::load_le<uint64_t>(p + 24);
  state->upper[0] = pgdr::core::load_le<uint64_t>(p + 32);
  state->upper[1] = pgdr::core::load_le<uint64_t>(p + 40);
  state->algorithm = static_cast<pgdr::core::Algorithm>(p[49]);
  PG_RETURN_POINTER(state);
}

PGDLLEXPORT Datum dr_fingerprint_final(PG_FUNCTION_ARGS) {
  const pgdr::Digest* state = pgdr::state_argument(fcinfo, 0);
  return pgdr::digest_text(state != nullptr ? *state : pgdr::Digest{});
}

// The same of an aggregate with a key, which of no rows has a keyed digest, too.
PGDLLEXPORT Datum dr_fingerprint_keyed_final(PG_FUNCTION_ARGS) {
  const pgdr::Digest* state = pgdr::state_argument(fcinfo, 0);
  pgdr::Digest digest;
  if (state != nullptr) digest = *state;
  digest.algorithm = pgdr::core::Algorithm::kHmacSha256;
  return pgdr::digest_text(digest);
}

// The canonical bytes of one row, for tests and for people.
PGDLLEXPORT Datum dr_canonical(PG_FUNCTION_ARGS) {
  pgdr::RowHasher* rows = pgdr::call_site_hasher(fcinfo, false);
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
