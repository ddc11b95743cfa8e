// XXH3-128 with the format version as its seed: the row hash of FORMAT.md.
//
// Usage:  U128 h = hash(bytes, length);
//         Hasher hasher; hasher.reset(); hasher.update(a, n); hasher.update(b, m); h =
//         hasher.finish();
// Both give the same hash for the same bytes. No allocation; a Hasher is trivially destructible.
#pragma once

#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

#include "core/digest.hpp"
#include "core/long_hash.hpp"

namespace pgdr::core {

inline U128 hash(const void* data, size_t length) {
  if (length > kLongInput) {
    uint64_t halves[2];
    long_hash(data, length, halves);
    return {halves[0], halves[1]};
  }
  const XXH128_hash_t h = XXH3_128bits_withSeed(data, length, kFormatVersion);
  return {h.low64, h.high64};
}

// The same for a length that is known to the compiler: only that length's way of XXH3 is left, and
// it is not called but part of the caller's loop.
template <size_t kLength>
[[gnu::flatten]] inline U128 hash_of(const void* data) {
  static_assert(kLength <= kLongInput);
  const XXH128_hash_t h = XXH3_128bits_withSeed(data, kLength, kFormatVersion);
  return {h.low64, h.high64};
}

class Hasher {
 public:
  void reset() { XXH3_128bits_reset_withSeed(&state_, kFormatVersion); }
  void update(const void* data, size_t length) { XXH3_128bits_update(&state_, data, length); }
  U128 finish() const {
    const XXH128_hash_t h = XXH3_128bits_digest(&state_);
    return {h.low64, h.high64};
  }

 private:
  XXH3_state_t state_{};  // 64-byte aligned by its own declaration
};

}  // namespace pgdr::core
