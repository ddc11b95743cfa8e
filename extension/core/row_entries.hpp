// Rows of two sides matched by the hashes of their keys: which are missing, extra or changed, and,
// where the sum that a backup recorded is known, which side of them the backup agrees with.
//
// Usage:  sort_entries(a, n);  n = compact_entries(a, n);          (the same for b)
//         size_t found = match_entries(a, n, b, m, out);           (room for n + m)
//
// A row is known by two hashes (FORMAT.md): of its key and of all compared columns. Without a key
// both are the row's. Nothing here allocates.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/digest.hpp"

namespace pgdr::core {

// One row, or several that are the same in key and content, and where the first of them lies.
struct RowEntry {
  U128 key;
  U128 row;
  uint64_t count;
  uint32_t leaf;  // number of the partition; 0 where there is none
  uint32_t block;
  uint32_t offset;
};

// By key hash, then by row hash, then by place.
void sort_entries(RowEntry* entries, size_t n);

// Joins neighbours of the same key and row, adding their counts up. Sorted input; returns how many
// are left, in order.
size_t compact_entries(RowEntry* entries, size_t n);

enum class Side : uint8_t { kMissing, kExtra, kChanged };  // what `b` is, compared with `a`

// Which of the two rows is that of the backup.
enum class Agrees : uint8_t { kUnknown, kA, kB };

struct RowDifference {
  Side side;
  Agrees agrees;
  const RowEntry* a;  // nullptr: extra
  const RowEntry* b;  // nullptr: missing
  uint64_t count;     // rows; more than 1 only of rows that are the same
};

// Rows of a key that are the same on both sides are paired off, as often as they occur; what is
// left of both sides is changed, of one side missing or extra. Sorted and compacted input, which
// `out` points into; out has room for n + m; returns how many differences, by key hash.
size_t match_entries(const RowEntry* a, size_t n, const RowEntry* b, size_t m, RowDifference* out);

// The most differences of one key bucket among which decide_bucket tries every combination.
inline constexpr int kDecidable = 12;

// Sets `agrees` of all differences of one key bucket. b_sum: the bucket's sum in b; backup: what
// the backup recorded for it (`bytes` is not looked at). The backup's bucket is b's with some of
// the differing rows replaced by those of a: if exactly one choice of them gives the recorded sum,
// these rows are a's, the others b's. Otherwise, or with too many differences, nothing is set but
// the case that all are a's.
void decide_bucket(RowDifference* differences, size_t n, const Digest& b_sum, const Digest& backup);

// Of all rows of a bucket, those whose removal alone makes its sum what the backup recorded: the
// rows that the backup has not. nullptr where no single content explains it.
const RowEntry* only_extra(const RowEntry* entries, size_t n, const Digest& sum,
                           const Digest& backup);

}  // namespace pgdr::core
