#include "core/long_hash.hpp"

#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

namespace pgdr::core {

namespace {

using LongHash = void (*)(const void*, size_t, uint64_t, uint64_t*);

}  // namespace

void long_hash_baseline(const void* data, size_t length, uint64_t seed, uint64_t* out) {
  const XXH128_hash_t hash = XXH3_128bits_withSeed(data, length, seed);
  out[0] = hash.low64;
  out[1] = hash.high64;
}

bool has_avx2() {
#if defined(__x86_64__)
  return __builtin_cpu_supports("avx2") != 0;
#else
  return false;
#endif
}

void long_hash(const void* data, size_t length, uint64_t seed, uint64_t* out) {
  static const LongHash chosen = has_avx2() ? long_hash_avx2 : long_hash_baseline;
  chosen(data, length, seed, out);
}

}  // namespace pgdr::core
