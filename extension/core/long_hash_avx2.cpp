// Compiled for a processor that the caller must have found; nothing here is shared with other
// files, or the linker could give them an inline function with these instructions in it.
#include "core/long_hash.hpp"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)

#pragma GCC target("avx2")
#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

namespace pgdr::core {

void long_hash_avx2(const void* data, size_t length, uint64_t seed, uint64_t* out) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(data, length, seed);
  out[0] = hash.low64;
  out[1] = hash.high64;
}

}  // namespace pgdr::core

#else

namespace pgdr::core {

void long_hash_avx2(const void* data, size_t length, uint64_t seed, uint64_t* out) {
  long_hash_baseline(data, length, seed, out);
}

}  // namespace pgdr::core

#endif
