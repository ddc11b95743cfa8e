#include "compare/difference_baseline.hpp"

#include "core/buckets.hpp"
#include "engine/digest_text.hpp"

namespace pgdr {

namespace {

// Columns of dr._relation_baseline(), one row for each leaf that has rows.
enum Column { kName = 1, kProblem, kKey, kBits, kBucketText, kDigest };

struct Leaf {
  int bits;
  core::Digest* sums;
};

Datum value(HeapTuple tuple, int column, bool* is_null) {
  return SPI_getbinval(tuple, SPI_tuptable->tupdesc, column, is_null);
}

NameList read_key(HeapTuple tuple, MemoryContext keep) {
  bool is_null = false;
  const Datum key = value(tuple, kKey, &is_null);
  MemoryContext outer = MemoryContextSwitchTo(keep);
  NameList list{0, nullptr};
  if (!is_null) {
    Datum* names = nullptr;
    bool* nulls = nullptr;
    deconstruct_array(DatumGetArrayTypeP(key), TEXTOID, -1, false, TYPALIGN_INT, &names, &nulls,
                      &list.count);
    list.names =
        static_cast<const char**>(palloc(sizeof(char*) * static_cast<Size>(list.count + 1)));
    for (int i = 0; i < list.count; ++i) {
      if (nulls[i])
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("the snapshot's key has a column without a name")));
      list.names[i] = TextDatumGetCString(names[i]);
    }
  }
  MemoryContextSwitchTo(outer);
  return list;
}

// A leaf with too few rows for buckets has its digest.
Leaf read_leaf(HeapTuple tuple) {
  bool is_null = false;
  const Datum bits = value(tuple, kBits, &is_null);
  Leaf leaf{is_null ? 0 : DatumGetInt32(bits), nullptr};
  const Datum buckets = value(tuple, kBucketText, &is_null);
  if (!is_null) {
    leaf.sums = parse_buckets_text(DatumGetTextPP(buckets), leaf.bits);
    return leaf;
  }
  leaf.bits = 0;
  leaf.sums = static_cast<core::Digest*>(palloc0(sizeof(core::Digest)));
  const Datum digest = value(tuple, kDigest, &is_null);
  if (!is_null) *leaf.sums = parse_digest_text(DatumGetTextPP(digest));
  return leaf;
}

// The sum of all leaves, at the coarsest of their divisions.
void add_leaves(Baseline* baseline, MemoryContext keep) {
  const uint64 count = SPI_processed;
  auto* leaves = static_cast<Leaf*>(palloc(sizeof(Leaf) * count));
  baseline->bits = core::kBucketBitsMax;
  for (uint64 i = 0; i < count; ++i) {
    leaves[i] = read_leaf(SPI_tuptable->vals[i]);
    if (leaves[i].bits < baseline->bits) baseline->bits = leaves[i].bits;
    baseline->keyed = leaves[i].sums[0].algorithm == core::Algorithm::kHmacSha256;
  }
  const Size bytes = sizeof(core::Digest) << baseline->bits;
  baseline->sums = static_cast<core::Digest*>(MemoryContextAllocZero(keep, bytes));
  for (uint64 i = 0; i < count; ++i) {
    core::fold_buckets(leaves[i].sums, leaves[i].bits, baseline->bits);
    for (int j = 0; j < 1 << baseline->bits; ++j) baseline->sums[j].add(leaves[i].sums[j]);
  }
}

Baseline* read_baseline(const char* sql, Oid first_type, Datum first, Oid relation,
                        const Datum* secret) {
  MemoryContext keep = CurrentMemoryContext;
  if (SPI_connect() != SPI_OK_CONNECT)
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not connect to SPI")));
  Oid types[3] = {first_type, REGCLASSOID, BYTEAOID};
  Datum values[3] = {first, ObjectIdGetDatum(relation), secret != nullptr ? *secret : Datum{0}};
  const char* nulls = secret != nullptr ? "   " : "  n";
  // foreign: none, because the statement calls functions of schema dr on documents of the catalog.
  if (SPI_execute_with_args(sql, 3, types, values, nulls, true, 0) != SPI_OK_SELECT)
    ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not read the snapshot")));
  Baseline* baseline = nullptr;
  if (SPI_processed > 0) {
    baseline = static_cast<Baseline*>(MemoryContextAllocZero(keep, sizeof(Baseline)));
    HeapTuple tuple = SPI_tuptable->vals[0];
    const char* name = SPI_getvalue(tuple, SPI_tuptable->tupdesc, kName);
    const char* problem = SPI_getvalue(tuple, SPI_tuptable->tupdesc, kProblem);
    baseline->name = MemoryContextStrdup(keep, name != nullptr ? name : "the snapshot");
    if (problem != nullptr) {
      baseline->problem = MemoryContextStrdup(keep, problem);
    } else {
      baseline->key = read_key(tuple, keep);
      add_leaves(baseline, keep);
    }
  }
  SPI_finish();
  return baseline;
}

}  // namespace

Baseline* baseline_of_target(const char* target, Oid relation, const Datum* key) {
  return read_baseline("SELECT * FROM dr._target_baseline($1, $2, $3)", TEXTOID,
                       CStringGetTextDatum(target), relation, key);
}

Baseline* baseline_of_document(Datum document, Oid relation, const Datum* key) {
  return read_baseline("SELECT * FROM dr._document_baseline($1, $2, $3)", JSONBOID, document,
                       relation, key);
}

}  // namespace pgdr
