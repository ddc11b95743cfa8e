// XXH3-128, seeded with the format version, of inputs beyond 240 bytes, by the widest instructions
// that the processor has.
//
// Longer inputs go through XXH3's vector loop, whose result does not depend on the vectors' width
// (xxhash.h, XXH_VECTOR); a compiler's baseline is 128 bits, AVX2 is twice as fast. A seed turns
// into a secret of 192 bytes, which XXH3_128bits_withSeed derives anew for every input; ours is
// derived once.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pgdr::core {

// XXH3_MIDSIZE_MAX: up to here there is no such loop.
inline constexpr size_t kLongInput = 240;

// Sets out[0] to the lower half of the hash and out[1] to the upper.
void long_hash(const void* data, size_t length, uint64_t* out);

// The variants, for tests; an AVX2 one that the build or the processor has not is the baseline.
void long_hash_baseline(const void* data, size_t length, uint64_t* out);
void long_hash_avx2(const void* data, size_t length, uint64_t* out);
bool has_avx2();

namespace detail {

// What XXH3 makes of the seed; as long as it says, aligned for every vector.
inline constexpr size_t kSecretBytes = 192;
extern const uint8_t* const kSeededSecret;

}  // namespace detail

}  // namespace pgdr::core
