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

// How rows are hashed. kXxh3 detects damage; kHmacSha256, under a key, also malice.
enum class Algorithm : uint64_t { kXxh3, kHmacSha256 };

// What precedes the first colon of a digest's text form: encoding version and hash algorithm.
inline constexpr char kAlgorithm[] = "pgdr1-xxh3";
inline constexpr char kKeyedAlgorithm[] = "pgdr1-hmac-sha256";

inline constexpr const char* algorithm_name(Algorithm algorithm) {
  return algorithm == Algorithm::kXxh3 ? kAlgorithm : kKeyedAlgorithm;
}

// Longest text form with its terminating NUL: algorithm, two 20-digit numbers, 64 hex digits, three
// colons.
inline constexpr size_t kDigestTextMax = sizeof kKeyedAlgorithm + 20 + 20 + 64 + 3;

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

// A 256-bit number; words from the least to the most significant.
struct U256 {
  uint64_t words[4] = {0, 0, 0, 0};
  bool operator==(const U256&) const = default;
};

// Zero bytes are the digest of no rows under kXxh3.
struct Digest {
  uint64_t lo = 0, hi = 0;  // sum of the row hashes modulo 2^128; keyed: the lower half
  uint64_t rows = 0;
  uint64_t bytes = 0;          // sum of the rows' canonical lengths modulo 2^64
  uint64_t upper[2] = {0, 0};  // keyed: the upper half of the sum modulo 2^256
  Algorithm algorithm = Algorithm::kXxh3;

  // Of a digest that is kXxh3.
  void add_row(const U128& hash, uint64_t length) {
    lo += hash.lo;
    hi += hash.hi + (lo < hash.lo ? 1 : 0);
    rows += 1;
    bytes += length;
  }
  // Of a digest that is keyed.
  void add_keyed_row(const U256& hash, uint64_t length) {
    add_sum(hash);
    rows += 1;
    bytes += length;
  }
  // Both of one algorithm, or one of them without rows and kXxh3: that is how an accumulator
  // begins.
  void add(const Digest& other) {
    if (other.algorithm != Algorithm::kXxh3) algorithm = other.algorithm;
    if (algorithm == Algorithm::kXxh3) {
      lo += other.lo;
      hi += other.hi + (lo < other.lo ? 1 : 0);
    } else {
      add_sum({{other.lo, other.hi, other.upper[0], other.upper[1]}});
    }
    rows += other.rows;
    bytes += other.bytes;
  }
  // Same rows as far as the sum tells; `bytes` is not looked at, which buckets do not have.
  bool same_sum(const Digest& other) const {
    return rows == other.rows && lo == other.lo && hi == other.hi && upper[0] == other.upper[0] &&
           upper[1] == other.upper[1];
  }
  bool operator==(const Digest&) const = default;

 private:
  void add_sum(const U256& number) {
    uint64_t* const sum[4] = {&lo, &hi, &upper[0], &upper[1]};
    uint64_t carry = 0;
    for (int i = 0; i < 4; ++i) {
      const uint64_t with_carry = number.words[i] + carry;
      carry = with_carry < carry ? 1 : 0;
      *sum[i] += with_carry;
      carry += *sum[i] < with_carry ? 1 : 0;
    }
  }
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
