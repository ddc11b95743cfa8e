// Rows that are laid out one after the other and then hashed together, into digests or key buckets.
//
//   RowBatch batch;  init_batch(&batch, plan, fixed, digest, buckets);
//   lay_row<kBuckets>(&batch, &rows, tuple, length);  …
//   hash_batch<kBuckets>(&batch, &rows);
//
// Why not row by row: bytes from several narrow stores reach a wide load only by way of the cache,
// so a hash that follows the writing of its input waits; and hashes that follow each other are
// computed at the same time, which they are not if columns are found and moved in between. Digests
// are sums, so the order of rows does not matter.
#pragma once

#include "core/buckets.hpp"
#include "fixed_row.hpp"
#include "plain_row.hpp"
#include "row_hash.hpp"

namespace pgdr {

// What key buckets go by.
enum class KeyForm : uint8 {
  kRow,       // the row: there is no primary key
  kInteger4,  // one integer, which needs no more than a move
  kInteger8,
  kColumns
};

// A place in the row hasher's buffer.
struct Laid {
  Size place;
  Size length;
};

// Key and, unless they lie in a FixedRow's images, bytes of some rows.
struct LaidRows {
  int count;
  Laid rows[kBatchRows];
  Laid keys[kBatchRows];                  // KeyForm::kColumns
  uint8 integers[kBatchRows][4 + 4 + 8];  // canonical rows of one integer
};

struct RowBatch {
  RowPlan* plan;
  FixedRow* fixed;  // nullptr where the columns' lengths vary
  PlainRow* plain;  // nullptr where there are stored generated columns
  KeyForm key_form;
  core::Digest* digest;
  core::Digest* generated;  // of stored generated columns
  core::Digest* buckets;    // kBucketsMax, or nullptr
  LaidRows varied;
  LaidRows images;
};

void init_batch(RowBatch* batch, PlanCache* cache, RowPlan* plan);

// A row at its place in the sums.
template <bool kBuckets>
inline void add_hash(RowBatch* batch, const core::U128& row, const core::U128& key, Size length) {
  if constexpr (kBuckets)
    batch->buckets[core::bucket_of(key, core::kBucketBitsMax)].add_row(row, length);
  else
    batch->digest->add_row(row, length);
}

template <bool kBuckets, bool kFixed>
inline void hash_laid(RowBatch* batch, const RowHasher& rows, LaidRows* laid) {
  const uint8* const buffer = rows.buffer.begin;
  for (int i = 0; i < laid->count; ++i) {
    const uint8* row = nullptr;
    Size length = 0;
    if constexpr (kFixed) {
      row = batch->fixed->images + batch->fixed->stride * static_cast<Size>(i);
      length = batch->fixed->size;
    } else {
      row = buffer + laid->rows[i].place;
      length = laid->rows[i].length;
    }
    const core::U128 hash = core::hash(row, length);
    core::U128 key = hash;
    if constexpr (kBuckets) {
      if (batch->key_form == KeyForm::kInteger4)
        key = core::hash(laid->integers[i], 4 + 4 + 4);
      else if (batch->key_form == KeyForm::kInteger8)
        key = core::hash(laid->integers[i], 4 + 4 + 8);
      else if (batch->key_form == KeyForm::kColumns)
        key = core::hash(buffer + laid->keys[i].place, laid->keys[i].length);
    }
    add_hash<kBuckets>(batch, hash, key, length);
  }
  laid->count = 0;
}

template <bool kBuckets>
void hash_batch(RowBatch* batch, RowHasher* rows) {
  hash_laid<kBuckets, true>(batch, *rows, &batch->images);
  hash_laid<kBuckets, false>(batch, *rows, &batch->varied);
  rows->buffer.clear();
}

// Of the row that comes next in `laid`. Its columns have been located, and an integer is not NULL.
inline void lay_key(const RowBatch& batch, RowHasher* rows, LaidRows* laid, Size stored) {
  const Projection& key = batch.plan->key;
  const int i = laid->count;
  switch (batch.key_form) {
    case KeyForm::kRow:
      break;
    case KeyForm::kInteger4:
      core::store_u32(laid->integers[i] + 8,
                      core::load_native<uint32>(rows->where[key.fields[0].attribute]));
      break;
    case KeyForm::kInteger8:
      core::store_u64(laid->integers[i] + 8,
                      core::load_native<uint64>(rows->where[key.fields[0].attribute]));
      break;
    case KeyForm::kColumns: {
      const Size place = rows->buffer.used();
      collect_row(rows, key, stored);
      laid->keys[i] = {place, rows->buffer.used() - place};
    }
  }
}

// A located row that does not go into the batch.
template <bool kBuckets>
void add_at_once(RowBatch* batch, RowHasher* rows, Size stored) {
  uint64 length = 0;
  const core::U128 hash = hash_located(rows, batch->plan->columns, stored, &length);
  core::U128 key = hash;
  if (kBuckets && batch->key_form != KeyForm::kRow) key = hash_key(rows, batch->plan->key, stored);
  add_hash<kBuckets>(batch, hash, key, length);
}

template <bool kBuckets>
inline void lay_fixed(RowBatch* batch, RowHasher* rows, HeapTupleHeader tuple, Size stored) {
  const FixedRow& fixed = *batch->fixed;
  LaidRows* laid = &batch->images;
  move_row(fixed, tuple, fixed.images + fixed.stride * static_cast<Size>(laid->count));
  if constexpr (kBuckets) {
    const RowPlan& plan = *batch->plan;
    const char* data = reinterpret_cast<const char*>(tuple) + tuple->t_hoff;
    for (int i = 0; i < plan.key.count; ++i) {
      const int attribute = plan.key.fields[i].attribute;
      rows->where[attribute] = data + plan.fixed_offsets[attribute];
    }
    lay_key(*batch, rows, laid, stored);
  }
  ++laid->count;
}

template <bool kBuckets>
inline void lay_plain(RowBatch* batch, RowHasher* rows, HeapTupleHeader tuple, Size stored) {
  const RowPlan& plan = *batch->plan;
  LaidRows* laid = &batch->varied;
  locate_plain(*batch->plain, plan, tuple, rows->where);
  const Size place = rows->buffer.used();
  collect_plain(rows, *batch->plain, plan.columns, tuple, stored);
  laid->rows[laid->count] = {place, rows->buffer.used() - place};
  if constexpr (kBuckets) lay_key(*batch, rows, laid, stored);
  ++laid->count;
  reset_row(&rows->encoder);
}

template <bool kBuckets>
inline void lay_varied(RowBatch* batch, RowHasher* rows, HeapTupleHeader tuple, Size stored) {
  const RowPlan& plan = *batch->plan;
  locate_row(rows, plan, tuple);
  const bool no_key =
      kBuckets && plan.key.count == 1 && rows->where[plan.key.fields[0].attribute] == nullptr;
  if (unlikely(rows->streamed) || unlikely(no_key)) {
    add_at_once<kBuckets>(batch, rows, stored);
  } else {
    LaidRows* laid = &batch->varied;
    const Size place = rows->buffer.used();
    collect_row(rows, plan.columns, stored);
    laid->rows[laid->count] = {place, rows->buffer.used() - place};
    if constexpr (kBuckets) lay_key(*batch, rows, laid, stored);
    ++laid->count;
  }
  if (unlikely(plan.generated.count > 0)) {
    uint64 length = 0;
    const core::U128 hash = hash_located(rows, plan.generated, stored, &length);
    batch->generated->add_row(hash, length);
  }
  reset_row(&rows->encoder);
}

// stored: bytes of the tuple; limit: end of the memory that it lies in.
template <bool kBuckets>
inline void lay_row(RowBatch* batch, RowHasher* rows, HeapTupleHeader tuple, Size stored,
                    const char* limit) {
  if (batch->fixed != nullptr && fits(*batch->fixed, tuple)) {
    lay_fixed<kBuckets>(batch, rows, tuple, stored);
    if (batch->images.count < batch->fixed->capacity && rows->buffer.used() < kBatchBytes) return;
  } else {
    if (batch->plain != nullptr && fits(*batch->plain, tuple, stored, limit))
      lay_plain<kBuckets>(batch, rows, tuple, stored);
    else
      lay_varied<kBuckets>(batch, rows, tuple, stored);
    if (batch->varied.count < kBatchRows && rows->buffer.used() < kBatchBytes) return;
  }
  hash_batch<kBuckets>(batch, rows);
}

}  // namespace pgdr
