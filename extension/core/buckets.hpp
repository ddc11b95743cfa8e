// Key buckets: 2^k partial sums of a table's digest, by the top k bits of the hash of each row's
// key. When the source is gone they still tell which part of the keys is damaged (FORMAT.md,
// "Buckets").
//
// Usage:  uint8_t raw[kBucketBytesMax];  size_t n = serialize_buckets(buckets, bits, raw);
//         char text[kBucketTextMax];     n = encode_base64(raw, n, text);
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/digest.hpp"

namespace pgdr::core {

inline constexpr int kBucketBitsMax = 8;
inline constexpr int kBucketsMax = 1 << kBucketBitsMax;
inline constexpr size_t kBucketBytes = 24;       // u64 rows, u64 lo, u64 hi
inline constexpr size_t kKeyedBucketBytes = 40;  // and the upper half, two u64
inline constexpr size_t kBucketBytesMax = kBucketsMax * kKeyedBucketBytes;
inline constexpr size_t kBucketTextMax = (kBucketBytesMax + 2) / 3 * 4;

// Rows per bucket below which a finer division is not worth its space in the document.
inline constexpr uint64_t kRowsPerBucket = 64;

// The bucket of a key's hash when there are 2^bits buckets.
inline int bucket_of(const U128& key_hash, int bits) {
  return bits == 0 ? 0 : static_cast<int>(key_hash.hi >> (64 - bits));
}

// k for a table of so many rows: the largest at which buckets hold kRowsPerBucket rows on average,
// 0..kBucketBitsMax.
int bucket_bits_for(uint64_t rows);

// Adds neighbours up until 2^to remain, in place. to <= from.
void fold_buckets(Digest* buckets, int from, int to);

// The digest of all rows: the sum of the buckets.
Digest sum_buckets(const Digest* buckets, int bits);

// Writes kBucketBytes << bits bytes, or kKeyedBucketBytes << bits of keyed buckets, and returns
// that number. The buckets' canonical lengths are not kept.
size_t serialize_buckets(const Digest* buckets, int bits, uint8_t* out);

// False unless bits is 0..kBucketBitsMax and length exactly what serialize_buckets writes, which
// also tells the algorithm. out: 2^bits, their `bytes` zero.
bool parse_buckets(const uint8_t* data, size_t length, int bits, Digest* out);

// Standard base64 with padding, no NUL. Returns the number of characters.
size_t encode_base64(const uint8_t* data, size_t length, char* out);

// Strict: padding required, no white space, no stray bits. Returns false on anything else or when
// more than `capacity` bytes would result.
bool decode_base64(const char* text, size_t length, uint8_t* out, size_t capacity,
                   size_t* out_length);

// One bucket that differs. Rows are those of the two sides; equal numbers mean changed rows.
struct BucketDifference {
  int bucket;
  uint64_t a_rows;
  uint64_t b_rows;
};

// Compares what two tables have in common: the coarser of the two divisions, returned in *bits.
// Folds the finer one in place. `out` has room for kBucketsMax; returns how many differ, in order
// of bucket.
int compare_buckets(Digest* a, int a_bits, Digest* b, int b_bits, int* bits, BucketDifference* out);

}  // namespace pgdr::core
