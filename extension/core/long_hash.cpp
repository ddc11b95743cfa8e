#include "core/long_hash.hpp"

#ifndef XXH_INLINE_ALL
#define XXH_INLINE_ALL
#endif
#include <xxhash.h>

#include "core/digest.hpp"

namespace pgdr::core {

namespace {

using LongHash = void (*)(const void*, size_t, uint64_t*);

static_assert(detail::kSecretBytes == XXH3_SECRET_DEFAULT_SIZE);
static_assert(kLongInput == XXH3_MIDSIZE_MAX);

struct Secret {
  Secret() { XXH3_generateSecret_fromSeed(bytes, kFormatVersion); }
  alignas(64) uint8_t bytes[detail::kSecretBytes];
};
const Secret secret;

}  // namespace

const uint8_t* const detail::kSeededSecret = secret.bytes;

void long_hash_baseline(const void* data, size_t length, uint64_t* out) {
  const XXH128_hash_t hash = XXH3_128bits_withSecretandSeed(data, length, detail::kSeededSecret,
                                                            detail::kSecretBytes, kFormatVersion);
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

void long_hash(const void* data, size_t length, uint64_t* out) {
  static const LongHash chosen = has_avx2() ? long_hash_avx2 : long_hash_baseline;
  chosen(data, length, out);
}

}  // namespace pgdr::core
