// Keyed digests: the hash itself against published vectors, what is derived from a key, sums of 256
// bits, text form, buckets.
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "unit/digest_text.hpp"
#include "core/buckets.hpp"
#include "core/hash.hpp"
#include "core/keyed_hash.hpp"
#include "core/sink.hpp"

namespace pgdr::core {
namespace {

std::string hex(const uint8_t* bytes, size_t length) {
  std::string out;
  char two[3];
  for (size_t i = 0; i < length; ++i) {
    std::snprintf(two, sizeof two, "%02x", bytes[i]);
    out += two;
  }
  return out;
}

std::string hex(const U256& number) {
  char text[65];
  std::snprintf(
      text, sizeof text, "%016lx%016lx%016lx%016lx", static_cast<unsigned long>(number.words[3]),
      static_cast<unsigned long>(number.words[2]), static_cast<unsigned long>(number.words[1]),
      static_cast<unsigned long>(number.words[0]));
  return text;
}

// An opened hash that a test cannot forget to close.
class Keyed {
 public:
  explicit Keyed(uint8_t fill) {
    uint8_t key[kDerivedKey];
    std::memset(key, fill, sizeof key);
    EXPECT_TRUE(hash_.open(key));
  }
  ~Keyed() { hash_.close(); }
  Keyed(const Keyed&) = delete;
  Keyed& operator=(const Keyed&) = delete;
  KeyedHash* operator->() { return &hash_; }
  KeyedHash* get() { return &hash_; }
  U256 of(const std::string& bytes) { return hash_.hash(bytes.data(), bytes.size()); }

 private:
  KeyedHash hash_;
};

Digest keyed_digest(Keyed* keyed, std::initializer_list<const char*> rows) {
  Digest digest;
  digest.algorithm = Algorithm::kHmacSha256;
  for (const char* row : rows) {
    const std::string bytes = row;
    digest.add_keyed_row(keyed->of(bytes), bytes.size());
  }
  return digest;
}

const std::string kZero(64, '0');

// RFC 4231, test case 1 and 2; a key is padded with zeros, so a shorter one is one of 32 bytes.
TEST(CoreKeyed, IsHmacSha256AsPublished) {
  uint8_t key[kDerivedKey] = {};
  std::memset(key, 0x0b, 20);
  uint8_t out[32];
  ASSERT_TRUE(hmac_sha256(key, "Hi There", 8, out));
  EXPECT_EQ(hex(out, 32), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  KeyedHash hash;
  ASSERT_TRUE(hash.open(key));
  EXPECT_EQ(hex(hash.hash("Hi There", 8)), hex(out, 32));
  hash.close();
  uint8_t jefe[kDerivedKey] = {'J', 'e', 'f', 'e'};
  ASSERT_TRUE(hmac_sha256(jefe, "what do ya want for nothing?", 28, out));
  EXPECT_EQ(hex(out, 32), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

// Frozen: FORMAT.md, "Keyed digests". Computed with openssl dgst -mac HMAC.
TEST(CoreKeyed, DerivedKeysAreFrozen) {
  std::string secret;
  for (int i = 0; i < 32; ++i) secret.push_back(static_cast<char>(i));
  DerivedKeys keys;
  ASSERT_TRUE(derive_keys(secret.data(), secret.size(), &keys));
  EXPECT_EQ(hex(keys.rows, sizeof keys.rows),
            "56dd76b2d54e26dbe7983a7e8acd18bbca0e1b157e39f0ec5b1171cbf85198d6");
  EXPECT_EQ(hex(keys.seal, sizeof keys.seal),
            "a092c6488cfb1cba984585e4e9b78df5814afe1379eee4f7e23f43de40d13071");
  EXPECT_EQ(hex(keys.check, sizeof keys.check), "899f8908e9b117383ab7c640e7619c22");
}

TEST(CoreKeyed, StreamedEqualsOneShot) {
  Keyed keyed(7);
  std::string data;
  for (int i = 0; i < 10000; i += 7) {
    data.append(7, static_cast<char>(i));
    BasicHashSink<KeyedHash> sink(keyed.get());
    sink.bytes(data.data(), data.size() / 3);
    sink.bytes(data.data() + data.size() / 3, data.size() - data.size() / 3);
    const U256 streamed = sink.finish();
    ASSERT_EQ(streamed, keyed.of(data)) << i;
  }
  EXPECT_FALSE(keyed->failed());
}

TEST(CoreKeyed, AnotherKeyGivesAnotherHash) {
  Keyed one(1), two(2);
  EXPECT_NE(one.of("row"), two.of("row"));
  EXPECT_EQ(one.of("row"), one.of("row"));
}

TEST(CoreKeyed, SumCarriesThroughAllWords) {
  Digest digest;
  digest.algorithm = Algorithm::kHmacSha256;
  const uint64_t all = ~uint64_t{0};
  digest.add_keyed_row(U256{{all, all, all, all}}, 1);
  digest.add_keyed_row(U256{{1, 0, 0, 0}}, 1);
  EXPECT_EQ(text_of(digest), "pgdr1-hmac-sha256:2:2:" + kZero);
  digest.add_keyed_row(U256{{all, all, 0, 0}}, 1);
  digest.add_keyed_row(U256{{all, all, 0, 0}}, 1);
  EXPECT_EQ(digest.upper[0], 1U);
  EXPECT_EQ(digest.lo, all - 1);
  EXPECT_EQ(digest.hi, all);
}

TEST(CoreKeyed, PartsAddUpInAnyOrderFromNothing) {
  Keyed keyed(3);
  Digest sum;  // as an accumulator begins
  sum.add(keyed_digest(&keyed, {"c"}));
  sum.add(keyed_digest(&keyed, {"a", "b"}));
  EXPECT_EQ(sum, keyed_digest(&keyed, {"b", "c", "a"}));
  sum.add(Digest{});
  EXPECT_EQ(sum, keyed_digest(&keyed, {"b", "c", "a"}));
}

TEST(CoreKeyed, TextFormRoundTrips) {
  Keyed keyed(3);
  const Digest digest = keyed_digest(&keyed, {"a", "b"});
  const std::string text = text_of(digest);
  Digest parsed;
  ASSERT_EQ(parse_digest(text.data(), text.size(), &parsed), ParseStatus::kOk);
  EXPECT_EQ(parsed, digest);
  Digest largest;
  largest.algorithm = Algorithm::kHmacSha256;
  largest.lo = largest.hi = largest.rows = largest.bytes = ~uint64_t{0};
  largest.upper[0] = largest.upper[1] = ~uint64_t{0};
  EXPECT_EQ(text_of(largest),
            "pgdr1-hmac-sha256:18446744073709551615:18446744073709551615:" + std::string(64, 'f'));
  for (const std::string& bad :
       {text.substr(0, text.size() - 1), text + "0",
        "pgdr1-hmac-sha256:2:2:" + std::string(32, '0'), "pgdr1-xxh3:2:2:" + kZero})
    EXPECT_EQ(parse_digest(bad.data(), bad.size(), &parsed), ParseStatus::kMalformed) << bad;
}

TEST(CoreKeyed, KeyedAndUnkeyedAreIncomparableNotDifferent) {
  const std::string keyed = "pgdr1-hmac-sha256:0:0:" + kZero;
  const std::string unkeyed = "pgdr1-xxh3:0:0:" + std::string(32, '0');
  EXPECT_EQ(compare_digests(keyed.data(), keyed.size(), unkeyed.data(), unkeyed.size()),
            Comparison::kIncomparable);
  EXPECT_EQ(compare_digests(keyed.data(), keyed.size(), keyed.data(), keyed.size()),
            Comparison::kEqual);
}

TEST(CoreKeyed, BucketsRoundTripWithTheirUpperHalves) {
  Keyed keyed(9);
  std::vector<Digest> buckets(kBucketsMax);
  for (Digest& bucket : buckets) bucket.algorithm = Algorithm::kHmacSha256;
  for (int i = 0; i < 5000; ++i) {
    const std::string row = std::to_string(i);
    const U128 key = hash(row.data(), row.size());
    buckets[static_cast<size_t>(bucket_of(key, kBucketBitsMax))].add_keyed_row(keyed.of(row),
                                                                               row.size());
  }
  std::vector<uint8_t> raw(kBucketBytesMax);
  ASSERT_EQ(serialize_buckets(buckets.data(), kBucketBitsMax, raw.data()), raw.size());
  std::vector<Digest> parsed(kBucketsMax);
  ASSERT_TRUE(parse_buckets(raw.data(), raw.size(), kBucketBitsMax, parsed.data()));
  for (int i = 0; i < kBucketsMax; ++i) {
    EXPECT_TRUE(parsed[static_cast<size_t>(i)].same_sum(buckets[static_cast<size_t>(i)]));
    EXPECT_EQ(parsed[static_cast<size_t>(i)].algorithm, Algorithm::kHmacSha256);
  }
  EXPECT_FALSE(parse_buckets(raw.data(), raw.size() - 1, kBucketBitsMax, parsed.data()));
  // A change above the lower 128 bits is a difference.
  std::vector<Digest> changed = buckets;
  changed[17].upper[1] ^= 1;
  int bits = 0;
  BucketDifference found[kBucketsMax];
  EXPECT_EQ(
      compare_buckets(changed.data(), kBucketBitsMax, buckets.data(), kBucketBitsMax, &bits, found),
      1);
  EXPECT_EQ(found[0].bucket, 17);
  const Digest sum = sum_buckets(buckets.data(), kBucketBitsMax);
  fold_buckets(buckets.data(), kBucketBitsMax, 3);
  EXPECT_EQ(sum_buckets(buckets.data(), 3), sum);
}

}  // namespace
}  // namespace pgdr::core
