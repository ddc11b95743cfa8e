// Rows of one page that are laid out one after the other and then hashed together, into a digest or
// into key buckets.
//
//   RowBatch batch;  init_batch(&batch, cache, plan);  batch.digest = …
//   lay_row<kBuckets>(&batch, &rows, tuple, length, limit);  …
//   hash_batch<kBuckets>(&batch, &rows);     while the tuples are still there
//
// Why not row by row: bytes from several narrow stores reach a wide load only by way of the cache,
// so a hash that follows the writing of its input waits; and hashes that follow each other are
// computed at the same time, which they are not if columns are found and moved in between. Digests
// are sums, so the order of rows does not matter.
#pragma once

#include <type_traits>

#include "core/buckets.hpp"
#include "engine/fixed_row.hpp"
#include "engine/plain_row.hpp"
#include "engine/row_hash.hpp"

namespace pgdr {

// A place in the row hasher's buffer.
struct Laid {
  Size place;
  Size length;
};

// Tuples that are moved or laid out just before they are hashed, all at once.
struct NotedRows {
  int count;
  const char* data[kBatchRows];  // data_of() the tuples
  Size stored[kBatchRows];       // bytes of the tuples; of plain rows
};

// Rows and keys in the row hasher's buffer.
struct LaidRows {
  int count;
  Laid rows[kBatchRows];
  Laid keys[kBatchRows];
};

// Where the hash of a row's key comes from.
enum class KeyHash : uint8 {
  kNone,      // not wanted
  kRow,       // the row's: there is no primary key
  kInteger4,  // an image of fixed_key, of one integer
  kInteger8,
  kImage,  // an image of fixed_key
  kLaid    // the row hasher's buffer
};

// Canonical bytes of a row of one integer that precede the integer: number of columns, length.
inline constexpr Size kIntegerRow = 8;

struct RowBatch {
  RowPlan* plan;
  KeyHash key_hash;     // of rows in `images` and `plains`; the others have kLaid or kRow
  FixedRow* fixed;      // nullptr where the columns' lengths vary
  FixedRow* fixed_key;  // nullptr where those of the key vary, or there is none
  PlainRow* plain;      // nullptr where there are stored generated columns
  core::Digest* digest;
  core::Digest* generated;  // of stored generated columns
  core::Digest* buckets;    // kBucketsMax, or nullptr
  NotedRows images;         // all columns have a fixed length
  NotedRows plains;         // without NULLs
  LaidRows laid;            // rows of `plains` while they are hashed, and all others
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

// Hash of one of the images.
inline core::U128 hash_image(const FixedRow& fixed, int i) {
  return core::hash(fixed.images + fixed.stride * static_cast<Size>(i), fixed.size);
}

constexpr bool is_image(KeyHash key) {
  return key == KeyHash::kInteger4 || key == KeyHash::kInteger8 || key == KeyHash::kImage;
}

template <KeyHash kKey>
inline core::U128 hash_of_key(const RowBatch& batch, int i, const core::U128& row) {
  if constexpr (!is_image(kKey)) return row;
  const FixedRow& key = *batch.fixed_key;
  if constexpr (kKey == KeyHash::kImage) return hash_image(key, i);
  const uint8* image = key.images + key.stride * static_cast<Size>(i);
  if constexpr (kKey == KeyHash::kInteger4) return core::hash_of<kIntegerRow + 4>(image);
  return core::hash_of<kIntegerRow + 8>(image);
}

template <KeyHash kKey>
pg_noinline void hash_fixed(RowBatch* batch) {
  NotedRows* noted = &batch->images;
  const FixedRow& fixed = *batch->fixed;
  move_rows(fixed, noted->data, noted->count);
  if (is_image(kKey)) move_rows(*batch->fixed_key, noted->data, noted->count);
  for (int i = 0; i < noted->count; ++i) {
    const core::U128 hash = hash_image(fixed, i);
    add_hash<kKey != KeyHash::kNone>(batch, hash, hash_of_key<kKey>(*batch, i, hash), fixed.size);
  }
  noted->count = 0;
}

template <KeyHash kKey>
pg_noinline void hash_laid(RowBatch* batch, RowHasher* rows) {
  LaidRows* laid = &batch->laid;
  const uint8* const buffer = rows->buffer.begin;
  for (int i = 0; i < laid->count; ++i) {
    const Laid row = laid->rows[i];
    const core::U128 hash = core::hash(buffer + row.place, row.length);
    core::U128 key;
    if constexpr (kKey == KeyHash::kLaid)
      key = core::hash(buffer + laid->keys[i].place, laid->keys[i].length);
    else
      key = hash_of_key<kKey>(*batch, i, hash);
    add_hash<kKey != KeyHash::kNone>(batch, hash, key, row.length);
  }
  laid->count = 0;
  rows->buffer.clear();
}

template <KeyHash kKey>
pg_noinline void lay_plains(RowBatch* batch, RowHasher* rows) {
  const RowPlan& plan = *batch->plan;
  const PlainRow& plain = *batch->plain;
  const NotedRows& noted = batch->plains;
  LaidRows* laid = &batch->laid;
  const int count = noted.count;
  Size place = 0;
  for (int i = 0; i < count; ++i) {
    const char* const data = noted.data[i];
    rows->place->at = data;
    locate_plain(plain, plan, data, noted.stored[i] - kPlainHeader, rows->where);
    collect_plain(rows, plain, plan.columns, data, noted.stored[i]);
    const Size end = rows->buffer.used();
    laid->rows[i] = {place, end - place};
    place = end;
    if constexpr (kKey == KeyHash::kLaid) {
      collect_row(rows, plan.key, noted.stored[i]);
      place = rows->buffer.used();
      laid->keys[i] = {end, place - end};
    }
    reset_row(&rows->encoder);
  }
  laid->count = count;
}

template <KeyHash kKey>
inline void hash_plains(RowBatch* batch, RowHasher* rows) {
  lay_plains<kKey>(batch, rows);
  if (is_image(kKey)) move_rows(*batch->fixed_key, batch->plains.data, batch->plains.count);
  hash_laid<kKey>(batch, rows);
  batch->plains.count = 0;
}

// Calls hash(std::integral_constant of the KeyHash of `images` and `plains`).
template <bool kBuckets, typename Hash>
inline void by_key(const RowBatch& batch, Hash&& hash) {
  using Key = KeyHash;
  if constexpr (!kBuckets) return hash(std::integral_constant<Key, Key::kNone>{});
  switch (batch.key_hash) {
    case Key::kInteger4:
      return hash(std::integral_constant<Key, Key::kInteger4>{});
    case Key::kInteger8:
      return hash(std::integral_constant<Key, Key::kInteger8>{});
    case Key::kImage:
      return hash(std::integral_constant<Key, Key::kImage>{});
    case Key::kLaid:
      return hash(std::integral_constant<Key, Key::kLaid>{});
    default:
      return hash(std::integral_constant<Key, Key::kRow>{});
  }
}

template <bool kBuckets>
inline void hash_all_images(RowBatch* batch) {
  by_key<kBuckets>(*batch, [batch](auto key) { hash_fixed<key()>(batch); });
}

template <bool kBuckets>
inline void hash_all_laid(RowBatch* batch, RowHasher* rows) {
  if (kBuckets && batch->plan->key.count > 0)
    hash_laid<KeyHash::kLaid>(batch, rows);
  else
    hash_laid<kBuckets ? KeyHash::kRow : KeyHash::kNone>(batch, rows);
}

template <bool kBuckets>
inline void hash_all_plains(RowBatch* batch, RowHasher* rows) {
  if (batch->laid.count > 0) hash_all_laid<kBuckets>(batch, rows);
  by_key<kBuckets>(*batch, [batch, rows](auto key) { hash_plains<key()>(batch, rows); });
}

template <bool kBuckets>
inline void hash_batch(RowBatch* batch, RowHasher* rows) {
  if (batch->images.count > 0) hash_all_images<kBuckets>(batch);
  if (batch->plains.count > 0) hash_all_plains<kBuckets>(batch, rows);
  if (batch->laid.count > 0) hash_all_laid<kBuckets>(batch, rows);
}

// A row of any kind. One that is too large for the buffer is hashed at once.
template <bool kBuckets>
pg_noinline void lay_varied(RowBatch* batch, RowHasher* rows, HeapTupleHeader tuple, Size stored) {
  const RowPlan& plan = *batch->plan;
  uint64 length = 0;
  locate_row(rows, plan, tuple, stored);
  if (unlikely(rows->streamed)) {
    const core::U128 hash = hash_streamed(rows, plan.columns, &length);
    uint64 key_length = 0;
    core::U128 key = hash;
    if (kBuckets && plan.key.count > 0) key = hash_streamed(rows, plan.key, &key_length);
    add_hash<kBuckets>(batch, hash, key, length);
  } else {
    LaidRows* laid = &batch->laid;
    const Size place = rows->buffer.used();
    collect_row(rows, plan.columns, stored);
    const Size end = rows->buffer.used();
    laid->rows[laid->count] = {place, end - place};
    if (kBuckets && plan.key.count > 0) {
      collect_row(rows, plan.key, stored);
      laid->keys[laid->count] = {end, rows->buffer.used() - end};
    }
    ++laid->count;
  }
  if (unlikely(plan.generated.count > 0)) {
    const core::U128 hash = hash_located(rows, plan.generated, stored, &length);
    batch->generated->add_row(hash, length);
  }
  reset_row(&rows->encoder);
  if (batch->laid.count == kBatchRows || rows->buffer.used() >= kBatchBytes)
    hash_all_laid<kBuckets>(batch, rows);
}

// stored: bytes of the tuple, at least a header's; limit: end of the memory that it lies in. The
// tuple stays where it is until hash_batch.
template <bool kBuckets>
inline void lay_row(RowBatch* batch, RowHasher* rows, HeapTupleHeader tuple, Size stored,
                    const char* limit) {
  if (batch->fixed != nullptr && fits(*batch->fixed, tuple, stored)) {
    NotedRows* noted = &batch->images;
    noted->data[noted->count++] = data_of(tuple);
    if (noted->count == batch->fixed->capacity) hash_all_images<kBuckets>(batch);
  } else if (batch->plain != nullptr && fits(*batch->plain, tuple, stored, limit)) {
    NotedRows* noted = &batch->plains;
    noted->data[noted->count] = data_of(tuple);
    noted->stored[noted->count++] = stored;
    if (noted->count == kBatchRows) hash_all_plains<kBuckets>(batch, rows);
  } else {
    lay_varied<kBuckets>(batch, rows, tuple, stored);
  }
}

}  // namespace pgdr
