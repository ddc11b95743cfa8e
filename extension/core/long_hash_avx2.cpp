// Compiled for a processor that the caller must have found; nothing here is shared with other
// files, or the linker could give them an inline function with these instructions in it.
#include "core/long_hash.hpp"

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)

#include <immintrin.h>

// The pragma lets the compiler use the instructions, but g++ does not define __AVX2__ by it, which
// xxhash.h goes by.
#pragma GCC target("avx2")
#define XXH_VECTOR 2
#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>
static_assert(XXH_VECTOR == XXH_AVX2);

#include "core/digest.hpp"

namespace pgdr::core {

void long_hash_avx2(const void* data, size_t length, uint64_t* out) {
  const XXH128_hash_t hash = XXH3_128bits_withSecretandSeed(data, length, detail::kSeededSecret,
                                                            detail::kSecretBytes, kFormatVersion);
  out[0] = hash.low64;
  out[1] = hash.high64;
}

}  // namespace pgdr::core

#else

namespace pgdr::core {

void long_hash_avx2(const void* data, size_t length, uint64_t* out) {
  long_hash_baseline(data, length, out);
}

}  // namespace pgdr::core

#endif
