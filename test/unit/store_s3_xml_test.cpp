#include <gtest/gtest.h>

#include "store/part_plan.hpp"
#include "store/s3/s3_xml.hpp"

namespace pgdr::store {
namespace {

TEST(S3Xml, ReadsAPage) {
  const auto page = parse_page(
      "<?xml version=\"1.0\"?>\n<ListBucketResult "
      "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<Name>b</Name><Prefix>p/</Prefix><KeyCount>2</KeyCount><MaxKeys>2</MaxKeys>"
      "<IsTruncated>true</IsTruncated><NextContinuationToken>a b+/=</NextContinuationToken>"
      "<Contents><Key>p/a&amp;b%20</Key><LastModified>2026-11-21T02:00:00.123Z</LastModified>"
      "<ETag>&quot;x&quot;</ETag><Size>5497558138880</Size></Contents>"
      "<Contents><Key>p/c</Key><LastModified>2026-11-21T02:00:00Z</LastModified><Size>0</Size>"
      "</Contents></ListBucketResult>");
  ASSERT_TRUE(page);
  ASSERT_EQ(page->objects.size(), 2U);
  EXPECT_EQ(page->objects[0].key, "p/a&b%20");  // not encoded, as nothing says so
  EXPECT_EQ(page->objects[0].size, 5497558138880U);
  EXPECT_EQ(to_iso(page->objects[0].modified), "2026-11-21T02:00:00.123000Z");
  EXPECT_EQ(page->next, "a b+/=");
}

TEST(S3Xml, DecodesKeysOnlyWhenTheyAreEncoded) {
  const std::string head =
      "<ListBucketResult><IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>";
  const auto with_key = [&](const std::string& key) {
    return parse_page(head + "<Contents><Key>" + key +
                      "</Key><Size>1</Size><LastModified>2026-11-21T"
                      "02:00:00Z</LastModified></Contents></ListBucketResult>");
  };
  EXPECT_EQ(with_key("a%2Bb+c%01%C3%A9")->objects[0].key, "a+b c\x01\xC3\xA9");
  EXPECT_FALSE(with_key("a%2"));
  EXPECT_FALSE(with_key("a%zz"));
}

TEST(S3Xml, RefusesWhatIsNotWhole) {
  const std::string good =
      "<ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a</Key><Size>1</Size>"
      "<LastModified>2026-11-21T02:00:00Z</LastModified></Contents></ListBucketResult>";
  ASSERT_TRUE(parse_page(good));
  for (std::size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(parse_page(good.substr(0, n))) << n;
  const auto without = [&](const std::string& part, const std::string& other) {
    std::string text = good;
    text.replace(text.find(part), part.size(), other);
    return text;
  };
  EXPECT_FALSE(parse_page(without("<Size>1</Size>", "")));
  EXPECT_FALSE(parse_page(without("<Size>1</Size>", "<Size>-1</Size>")));
  EXPECT_FALSE(parse_page(without("<Size>1</Size>", "<Size>1x</Size>")));
  EXPECT_FALSE(parse_page(without("<Key>a</Key>", "<Key></Key>")));
  EXPECT_FALSE(parse_page(without("2026-11-21T", "yesterday")));
  EXPECT_FALSE(parse_page(without("false", "maybe")));
  EXPECT_FALSE(parse_page(without("false", "true")));  // and no token
  EXPECT_FALSE(parse_page(good + good));
}

TEST(S3Xml, ExpandsNoEntityOfADocument) {
  const auto fault = parse_fault(
      "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><Error><Code>&e;</Code></Error>");
  EXPECT_TRUE(!fault || fault->code == "&e;");
}

TEST(S3Xml, ReadsFaults) {
  const auto fault = parse_fault(
      "<Error><Code>AuthorizationHeaderMalformed</Code><Message>m</Message><Region>eu-west-1</"
      "Region>"
      "</Error>");
  ASSERT_TRUE(fault);
  EXPECT_EQ(fault->code, "AuthorizationHeaderMalformed");
  EXPECT_EQ(fault->region, "eu-west-1");
  EXPECT_FALSE(parse_fault("<html>Error</html>"));
  EXPECT_FALSE(parse_fault(""));
}

TEST(S3Xml, WritesTheListOfParts) {
  EXPECT_EQ(complete_document({"\"a\"", "<&>"}),
            "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
            "<Part><PartNumber>1</PartNumber><ETag>\"a\"</ETag></Part>"
            "<Part><PartNumber>2</PartNumber><ETag>&lt;&amp;&gt;</ETag></Part>"
            "</CompleteMultipartUpload>");
}

TEST(PartPlan, TenThousandPartsSufficeForFiveTerabytes) {
  for (const std::size_t first : {5U << 20U, 8U << 20U, 1U << 30U}) {
    std::uint64_t total = 0;
    for (std::size_t n = 1; n <= kMostParts; ++n) {
      const std::size_t size = part_size(n, first);
      ASSERT_LE(size, std::uint64_t{5} << 30U);
      ASSERT_GE(size, 5U << 20U);
      total += size;
    }
    EXPECT_GE(total, 5000000000000ULL) << first;
  }
}

TEST(PartPlan, MemoryOnTheWayIsBounded) {
  constexpr std::size_t kFirst = 8U << 20U;
  EXPECT_EQ(part_size(1, kFirst), kFirst);
  EXPECT_EQ(part_size(1000, kFirst), kFirst);
  EXPECT_EQ(part_size(1001, kFirst), 2 * kFirst);
  for (std::size_t n = 1; n <= kMostParts; n += 100) {
    const std::size_t size = part_size(n, kFirst);
    const std::size_t most = parts_at_once(size, kFirst, 4);
    EXPECT_GE(most, 1U);
    EXPECT_LE(most, 4U);
    EXPECT_LE(most * size, std::max(kFlightBudget, size));
  }
  EXPECT_EQ(parts_at_once(kFirst, kFirst, 4), 4U);
  EXPECT_EQ(parts_at_once(kFirst, kFirst, 32), 32U);
}

}  // namespace
}  // namespace pgdr::store
