// The variants of the hash of long inputs give the same hash, which is XXH3's own.
#include <gtest/gtest.h>

#include <vector>

#include "core/hash.hpp"
#include "core/long_hash.hpp"

namespace pgdr::core {
namespace {

std::vector<uint8_t> bytes(size_t length) {
  std::vector<uint8_t> data(length);
  uint64_t state = 88172645463325252ULL;
  for (auto& byte : data) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    byte = static_cast<uint8_t>(state);
  }
  return data;
}

void expect_equal(const uint8_t* data, size_t length) {
  const XXH128_hash_t expected = XXH3_128bits_withSeed(data, length, kFormatVersion);
  const U128 hashed = hash(data, length);
  EXPECT_EQ(hashed.lo, expected.low64) << length;
  EXPECT_EQ(hashed.hi, expected.high64) << length;
  uint64_t baseline[2];
  uint64_t wide[2];
  long_hash_baseline(data, length, baseline);
  EXPECT_EQ(baseline[0], expected.low64) << length;
  EXPECT_EQ(baseline[1], expected.high64) << length;
  if (!has_avx2()) return;
  long_hash_avx2(data, length, wide);
  EXPECT_EQ(wide[0], expected.low64) << length;
  EXPECT_EQ(wide[1], expected.high64) << length;
}

TEST(LongHash, EveryVariantIsXxh3AtEveryLengthAndAlignment) {
  const auto data = bytes(5000);
  for (size_t length = 0; length < 3000; ++length) expect_equal(data.data() + length % 7, length);
}

TEST(LongHash, AroundTheBlocksOfTheVectorLoop) {
  const auto data = bytes(size_t{1} << 20);
  for (const size_t block : {size_t{1024}, size_t{2048}, size_t{65536}, size_t{1000000}})
    for (size_t length = block - 65; length <= block + 65; ++length)
      expect_equal(data.data(), length);
}

TEST(LongHash, AgreesWithTheStreamedHash) {
  const auto data = bytes(100000);
  Hasher hasher;
  hasher.reset();
  hasher.update(data.data(), 777);
  hasher.update(data.data() + 777, data.size() - 777);
  EXPECT_EQ(hasher.finish(), hash(data.data(), data.size()));
}

}  // namespace
}  // namespace pgdr::core
