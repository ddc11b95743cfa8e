// The digest of a set of rows, its text form, and the rule for comparing two of them (FORMAT.md,
// "Digest").
//
// Usage:  Digest d; d.add_row(hash, length);  char text[kDigestTextMax];  format_digest(d, text);
// Digests add up: digest(A) + digest(B) = digest of the union with duplicates kept.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pgdr::core {

// Version of the canonical row encoding, and the seed of its hash. A change of a single canonical
// byte is a new version.
inline constexpr uint64_t kFormatVersion = 1;

// What precedes the first colon of a digest's text form: encoding version and hash algorithm.
inline constexpr char kAlgorithm[] = "pgdr1-xxh3";

// Longest text form with its terminating NUL: algorithm, two 20-digit numbers, 32 hex digits, three
// colons.
inline constexpr size_t kDigestTextMax = sizeof kAlgorithm + 20 + 20 + 32 + 3;

// A 128-bit number modulo 2^128; lo is the less significant half.
struct U128 {
  uint64_t lo = 0;
  uint64_t hi = 0;

  void add(const U128& other) {
    lo += other.lo;
    hi += other.hi + (lo < other.lo ? 1 : 0);
  }
  bool operator==(const U128&) const = default;
};

struct Digest {
  uint64_t lo = 0, hi = 0;  // sum of the row hashes modulo 2^128
  uint64_t rows = 0;
  uint64_t bytes = 0;  // sum of the rows' canonical lengths modulo 2^64

  void add_row(const U128& hash, uint64_t length) {
    lo += hash.lo;
    hi += hash.hi + (lo < hash.lo ? 1 : 0);
    rows += 1;
    bytes += length;
  }
  void add(const Digest& other) {
    lo += other.lo;
    hi += other.hi + (lo < other.lo ? 1 : 0);
    rows += other.rows;
    bytes += other.bytes;
  }
  bool operator==(const Digest&) const = default;
};

// Writes the text form with its NUL; returns its length without the NUL.
size_t format_digest(const Digest& digest, char (&out)[kDigestTextMax]);

enum class ParseStatus {
  kOk,
  kMalformed,         // not a digest at all
  kUnknownAlgorithm,  // a digest by its shape, but of another algorithm or format version
};

// Accepts exactly what format_digest writes; *out is set only on kOk.
ParseStatus parse_digest(const char* text, size_t length, Digest* out);

enum class Comparison { kEqual, kDifferent, kMalformed, kIncomparable };

// kIncomparable when the two are of different algorithms or versions, or both of one that this
// build does not know: nothing can be said about the rows then, so callers must report an error and
// never a mismatch.
Comparison compare_digests(const char* a, size_t a_length, const char* b, size_t b_length);

}  // namespace pgdr::core
