// Key buckets: choosing, folding, serialising, comparing.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/buckets.hpp"
#include "core/hash.hpp"

namespace pgdr::core {
namespace {

constexpr int kAll = kBucketBitsMax;

std::vector<Digest> buckets_of(uint32_t first, uint32_t last) {
  std::vector<Digest> buckets(kBucketsMax);
  for (uint32_t key = first; key < last; ++key) {
    const U128 h = hash(&key, sizeof key);
    buckets[static_cast<size_t>(bucket_of(h, kAll))].add_row(h, sizeof key);
  }
  return buckets;
}

TEST(CoreBuckets, BitsFollowTheNumberOfRows) {
  EXPECT_EQ(bucket_bits_for(0), 0);
  EXPECT_EQ(bucket_bits_for(127), 0);
  EXPECT_EQ(bucket_bits_for(128), 1);
  EXPECT_EQ(bucket_bits_for(64 * 256 - 1), 7);
  EXPECT_EQ(bucket_bits_for(64 * 256), 8);
  EXPECT_EQ(bucket_bits_for(~uint64_t{0}), 8);
}

TEST(CoreBuckets, TopBitsMakeFoldingEqualToFewerBits) {
  for (int bits = 0; bits <= kAll; ++bits) {
    std::vector<Digest> direct(size_t{1} << bits);
    for (uint32_t key = 0; key < 5000; ++key) {
      const U128 h = hash(&key, sizeof key);
      direct[static_cast<size_t>(bucket_of(h, bits))].add_row(h, sizeof key);
    }
    std::vector<Digest> folded = buckets_of(0, 5000);
    fold_buckets(folded.data(), kAll, bits);
    folded.resize(direct.size());
    EXPECT_EQ(folded, direct) << bits;
    EXPECT_EQ(sum_buckets(folded.data(), bits), sum_buckets(buckets_of(0, 5000).data(), kAll));
  }
}

TEST(CoreBuckets, SerialisedFormRoundTrips) {
  const std::vector<Digest> buckets = buckets_of(0, 1000);
  uint8_t raw[kBucketBytesMax];
  const size_t n = serialize_buckets(buckets.data(), kAll, raw);
  ASSERT_EQ(n, kBucketBytes << kAll);
  std::vector<Digest> parsed(kBucketsMax);
  ASSERT_TRUE(parse_buckets(raw, n, kAll, parsed.data()));
  for (size_t i = 0; i < parsed.size(); ++i) {
    EXPECT_EQ(parsed[i].rows, buckets[i].rows);
    EXPECT_EQ(parsed[i].lo, buckets[i].lo);
    EXPECT_EQ(parsed[i].hi, buckets[i].hi);
  }
  EXPECT_FALSE(parse_buckets(raw, n - 1, kAll, parsed.data()));
  EXPECT_FALSE(parse_buckets(raw, n, kAll - 1, parsed.data()));
  EXPECT_FALSE(parse_buckets(raw, n, -1, parsed.data()));
  EXPECT_FALSE(parse_buckets(raw, kBucketBytes << 9, 9, parsed.data()));
}

TEST(CoreBuckets, ComparisonNamesTheDamagedBucket) {
  for (const int b_bits : {8, 5, 0}) {
    std::vector<Digest> a = buckets_of(0, 4000);
    std::vector<Digest> b = a;
    const uint32_t key = 4711;
    const U128 h = hash(&key, sizeof key);
    b[static_cast<size_t>(bucket_of(h, kAll))].add_row(h, sizeof key);
    fold_buckets(b.data(), kAll, b_bits);
    int bits = -1;
    BucketDifference found[kBucketsMax];
    ASSERT_EQ(compare_buckets(a.data(), kAll, b.data(), b_bits, &bits, found), 1);
    EXPECT_EQ(bits, b_bits);
    EXPECT_EQ(found[0].bucket, bucket_of(h, b_bits));
    EXPECT_EQ(found[0].b_rows, found[0].a_rows + 1);
  }
}

TEST(CoreBuckets, EqualBucketsHaveNoDifferences) {
  std::vector<Digest> a = buckets_of(0, 100);
  std::vector<Digest> b = a;
  int bits = -1;
  BucketDifference found[kBucketsMax];
  EXPECT_EQ(compare_buckets(a.data(), kAll, b.data(), kAll, &bits, found), 0);
  EXPECT_EQ(bits, kAll);
}

std::string base64(const std::string& data) {
  std::string out((data.size() + 2) / 3 * 4, '?');
  const size_t n =
      encode_base64(reinterpret_cast<const uint8_t*>(data.data()), data.size(), out.data());
  EXPECT_EQ(n, out.size());
  return out;
}

bool decode(const std::string& text, std::string* out, size_t capacity = 64) {
  std::vector<uint8_t> raw(capacity);
  size_t n = 0;
  if (!decode_base64(text.data(), text.size(), raw.data(), capacity, &n)) return false;
  out->assign(reinterpret_cast<const char*>(raw.data()), n);
  return true;
}

// RFC 4648, section 10.
TEST(CoreBase64, RfcVectors) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(base64(plain), encoded);
    std::string decoded;
    ASSERT_TRUE(decode(encoded, &decoded)) << encoded;
    EXPECT_EQ(decoded, plain);
  }
}

TEST(CoreBase64, MalformedIsRefused) {
  std::string out;
  for (const char* text :
       {"Zg", "Zg=", "Zh==", "Zm9=", "Z===", "====", "Zg==Zg==", "Zm 9v", "Zm9v\n", "Zm-_"})
    EXPECT_FALSE(decode(text, &out)) << text;
  EXPECT_FALSE(decode("Zm9vYmFy", &out, 5));
  EXPECT_TRUE(decode("Zm9vYmFy", &out, 6));
}

}  // namespace
}  // namespace pgdr::core
