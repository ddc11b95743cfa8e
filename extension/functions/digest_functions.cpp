// Digests and key buckets in SQL, for comparisons that are written there.
#include "core/buckets.hpp"
#include "core/digest.hpp"
#include "engine/digest_text.hpp"
#include "engine/engine.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(dr_algorithm);
PG_FUNCTION_INFO_V1(dr_digest_equal);
PG_FUNCTION_INFO_V1(dr_digest_add);
PG_FUNCTION_INFO_V1(dr_bucket_differences);
}

namespace pgdr {

namespace {

using core::Digest;

void malformed(text* value) {
  ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
                  errmsg("\"%s\" is not a digest", text_to_cstring(value)),
                  errhint("A digest reads %s:rows:bytes:hash or %s:rows:bytes:hash.",
                          core::kAlgorithm, core::kKeyedAlgorithm)));
}

void incomparable(const char* what) {
  ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                  errmsg("digests of different algorithms or versions cannot be %s", what),
                  errdetail("This pgdr computes %s, and with a key %s.", core::kAlgorithm,
                            core::kKeyedAlgorithm),
                  errhint("Take a new snapshot with this version, or verify with the version that "
                          "took the old one.")));
}

}  // namespace

Digest parse_digest_text(text* value) {
  Digest digest;
  switch (core::parse_digest(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), &digest)) {
    case core::ParseStatus::kOk:
      break;
    case core::ParseStatus::kMalformed:
      malformed(value);
      break;
    case core::ParseStatus::kUnknownAlgorithm:
      incomparable("added");
      break;
  }
  return digest;
}

Digest* parse_buckets_text(text* value, int32 bits) {
  if (bits < 0 || bits > core::kBucketBitsMax)
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
             errmsg("number of bucket bits must be between 0 and %d", core::kBucketBitsMax)));
  auto* raw = static_cast<uint8*>(palloc(core::kBucketBytesMax));
  auto* buckets = static_cast<Digest*>(palloc0(sizeof(Digest) * core::kBucketsMax));
  size_t length = 0;
  if (!core::decode_base64(VARDATA_ANY(value), VARSIZE_ANY_EXHDR(value), raw, core::kBucketBytesMax,
                           &length) ||
      !core::parse_buckets(raw, length, bits, buckets))
    ereport(ERROR, (errcode(ERRCODE_INVALID_TEXT_REPRESENTATION), errmsg("invalid key buckets"),
                    errdetail("Expected the base64 form of %d buckets.", 1 << bits)));
  pfree(raw);
  return buckets;
}

}  // namespace pgdr

extern "C" {

PGDLLEXPORT Datum dr_algorithm(PG_FUNCTION_ARGS) {
  (void)fcinfo;
  PG_RETURN_TEXT_P(cstring_to_text(pgdr::core::kAlgorithm));
}

PGDLLEXPORT Datum dr_digest_equal(PG_FUNCTION_ARGS) {
  text* a = PG_GETARG_TEXT_PP(0);
  text* b = PG_GETARG_TEXT_PP(1);
  switch (pgdr::core::compare_digests(VARDATA_ANY(a), VARSIZE_ANY_EXHDR(a), VARDATA_ANY(b),
                                      VARSIZE_ANY_EXHDR(b))) {
    case pgdr::core::Comparison::kEqual:
      PG_RETURN_BOOL(true);
    case pgdr::core::Comparison::kDifferent:
      break;
    case pgdr::core::Comparison::kMalformed: {
      pgdr::Digest ignored;
      const bool first = pgdr::core::parse_digest(VARDATA_ANY(a), VARSIZE_ANY_EXHDR(a), &ignored) ==
                         pgdr::core::ParseStatus::kMalformed;
      pgdr::malformed(first ? a : b);
      break;
    }
    case pgdr::core::Comparison::kIncomparable:
      pgdr::incomparable("compared");
      break;
  }
  PG_RETURN_BOOL(false);
}

PGDLLEXPORT Datum dr_digest_add(PG_FUNCTION_ARGS) {
  pgdr::Digest sum = pgdr::parse_digest_text(PG_GETARG_TEXT_PP(0));
  const pgdr::Digest other = pgdr::parse_digest_text(PG_GETARG_TEXT_PP(1));
  if (sum.algorithm != other.algorithm) pgdr::incomparable("added");
  sum.add(other);
  char text[pgdr::core::kDigestTextMax];
  pgdr::core::format_digest(sum, text);
  PG_RETURN_TEXT_P(cstring_to_text(text));
}

PGDLLEXPORT Datum dr_bucket_differences(PG_FUNCTION_ARGS) {
  struct Found {
    int bits;
    pgdr::core::BucketDifference differences[pgdr::core::kBucketsMax];
  };
  FuncCallContext* call = nullptr;
  if (SRF_IS_FIRSTCALL()) {
    call = SRF_FIRSTCALL_INIT();
    MemoryContext old = MemoryContextSwitchTo(call->multi_call_memory_ctx);
    TupleDesc desc = nullptr;
    if (get_call_result_type(fcinfo, nullptr, &desc) != TYPEFUNC_COMPOSITE)
      ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                      errmsg("function returning record called in context that cannot accept it")));
    call->tuple_desc = BlessTupleDesc(desc);
    auto* found = static_cast<Found*>(palloc0(sizeof(Found)));
    const int32 a_bits = PG_GETARG_INT32(1);
    const int32 b_bits = PG_GETARG_INT32(3);
    pgdr::Digest* a = pgdr::parse_buckets_text(PG_GETARG_TEXT_PP(0), a_bits);
    pgdr::Digest* b = pgdr::parse_buckets_text(PG_GETARG_TEXT_PP(2), b_bits);
    if (a[0].algorithm != b[0].algorithm) pgdr::incomparable("compared");
    call->max_calls = static_cast<uint64>(
        pgdr::core::compare_buckets(a, a_bits, b, b_bits, &found->bits, found->differences));
    call->user_fctx = found;
    MemoryContextSwitchTo(old);
  }
  call = SRF_PERCALL_SETUP();
  const auto* found = static_cast<const Found*>(call->user_fctx);
  if (call->call_cntr >= call->max_calls) SRF_RETURN_DONE(call);
  const pgdr::core::BucketDifference& difference = found->differences[call->call_cntr];
  Datum values[4] = {Int32GetDatum(difference.bucket), Int32GetDatum(1 << found->bits),
                     Int64GetDatum(static_cast<int64>(difference.a_rows)),
                     Int64GetDatum(static_cast<int64>(difference.b_rows))};
  bool nulls[4] = {};
  HeapTuple tuple = heap_form_tuple(call->tuple_desc, values, nulls);
  SRF_RETURN_NEXT(call, HeapTupleGetDatum(tuple));
}

}  // extern "C"
