// Digest: arithmetic, text form, comparison.
#include <gtest/gtest.h>

#include <string>

#include "unit/digest_text.hpp"
#include "core/digest.hpp"
#include "core/hash.hpp"

namespace pgdr::core {
namespace {

Digest digest_of(std::initializer_list<const char*> rows) {
  Digest digest;
  for (const char* row : rows) {
    const std::string bytes = row;
    digest.add_row(hash(bytes.data(), bytes.size()), bytes.size());
  }
  return digest;
}

ParseStatus parse(const std::string& text, Digest* out) {
  return parse_digest(text.data(), text.size(), out);
}

Comparison compare(const std::string& a, const std::string& b) {
  return compare_digests(a.data(), a.size(), b.data(), b.size());
}

const std::string kHash(32, '0');

TEST(CoreDigest, NoRowsHaveTheZeroDigest) {
  EXPECT_EQ(text_of(Digest{}), "pgdr1-xxh3:0:0:" + kHash);
}

TEST(CoreDigest, LongestTextFits) {
  Digest digest;
  digest.lo = digest.hi = digest.rows = digest.bytes = ~uint64_t{0};
  EXPECT_EQ(text_of(digest),
            "pgdr1-xxh3:18446744073709551615:18446744073709551615:" + std::string(32, 'f'));
}

TEST(CoreDigest, OrderDoesNotMatterAndDuplicatesCount) {
  EXPECT_EQ(digest_of({"a", "b", "c"}), digest_of({"c", "a", "b"}));
  EXPECT_NE(digest_of({"a", "a"}), digest_of({}));
  EXPECT_NE(digest_of({"a", "a", "b"}), digest_of({"a", "b", "b"}));
}

TEST(CoreDigest, PartsAddUp) {
  Digest sum = digest_of({"a", "b"});
  sum.add(digest_of({"c"}));
  EXPECT_EQ(sum, digest_of({"a", "b", "c"}));
}

TEST(CoreDigest, SumCarriesIntoTheUpperHalf) {
  Digest digest;
  digest.lo = ~uint64_t{0};
  digest.add_row({1, 0}, 1);
  EXPECT_EQ(digest.lo, 0U);
  EXPECT_EQ(digest.hi, 1U);
  U128 number{~uint64_t{0}, ~uint64_t{0}};
  number.add({1, 0});
  EXPECT_EQ(number, U128{});
}

TEST(CoreDigest, TextFormRoundTrips) {
  const Digest digest = digest_of({"a", "b", "c"});
  Digest parsed;
  ASSERT_EQ(parse(text_of(digest), &parsed), ParseStatus::kOk);
  EXPECT_EQ(parsed, digest);
}

TEST(CoreDigest, MalformedTextIsRefused) {
  const std::string malformed[] = {"",
                                   ":",
                                   "x",
                                   "pgdr1-xxh3",
                                   "pgdr1-xxh3:",
                                   "pgdr1-xxh3:1:2",
                                   "pgdr1-xxh3:1:2:",
                                   "pgdr1-xxh3:1:2:" + kHash + "0",
                                   "pgdr1-xxh3:1:2:" + kHash.substr(1),
                                   "pgdr1-xxh3:01:2:" + kHash,
                                   "pgdr1-xxh3::2:" + kHash,
                                   "pgdr1-xxh3:-1:2:" + kHash,
                                   "pgdr1-xxh3:18446744073709551616:2:" + kHash,
                                   "pgdr1-xxh3:1:2:" + std::string(32, 'F'),
                                   "pgdr1-xxh3:1:2:" + kHash + ":",
                                   " pgdr1-xxh3:1:2:" + kHash,
                                   "PGDR1-XXH3:1:2:" + kHash};
  for (const std::string& text : malformed) {
    SCOPED_TRACE(text);
    Digest digest;
    EXPECT_EQ(parse(text, &digest), ParseStatus::kMalformed);
    EXPECT_EQ(compare(text, "pgdr1-xxh3:0:0:" + kHash), Comparison::kMalformed);
  }
}

TEST(CoreDigest, AnotherVersionIsIncomparableAndNeverDifferent) {
  const std::string here = text_of(digest_of({"a"}));
  const std::string there = "pgdr2-xxh3" + here.substr(here.find(':'));
  Digest digest;
  EXPECT_EQ(parse(there, &digest), ParseStatus::kUnknownAlgorithm);
  EXPECT_EQ(compare(here, there), Comparison::kIncomparable);
  EXPECT_EQ(compare(there, there), Comparison::kIncomparable);
  EXPECT_EQ(compare(here, here), Comparison::kEqual);
  EXPECT_EQ(compare(here, text_of(digest_of({"b"}))), Comparison::kDifferent);
}

// Row count and length are part of the digest, not only of its sum.
TEST(CoreDigest, EveryFieldCounts) {
  const std::string base = "pgdr1-xxh3:5:60:" + kHash;
  EXPECT_EQ(compare(base, "pgdr1-xxh3:6:60:" + kHash), Comparison::kDifferent);
  EXPECT_EQ(compare(base, "pgdr1-xxh3:5:61:" + kHash), Comparison::kDifferent);
  EXPECT_EQ(compare(base, "pgdr1-xxh3:5:60:" + kHash.substr(1) + "1"), Comparison::kDifferent);
}

TEST(CoreHash, StreamedEqualsOneShotAtEveryLength) {
  std::string data;
  for (int i = 0; i < 600; ++i) {
    Hasher hasher;
    hasher.reset();
    hasher.update(data.data(), data.size() / 3);
    hasher.update(data.data() + data.size() / 3, data.size() - data.size() / 3);
    EXPECT_EQ(hasher.finish(), hash(data.data(), data.size())) << i;
    data.push_back(static_cast<char>(i * 7));
  }
}

}  // namespace
}  // namespace pgdr::core
