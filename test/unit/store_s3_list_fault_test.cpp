// Listings and absence on S3 against what a healthy server never does (HAZARDS 6), and what is left
// over of uploads (HAZARDS 17).
#include <vector>

#include "unit/s3_fault_fixture.hpp"

namespace pgdr::test {
namespace {

TEST_F(S3Fault, ListsManyPages) {
  fake_.page_size = 7;
  for (int i = 0; i < 30; ++i) fake_.put("backups/a/" + std::to_string(100 + i), "x");
  fake_.put("backups-of-others/a/1", "x");
  fake_.put("backups/.lock-a", "x");
  fake_.put("backups/a/", "");
  auto store = open();
  const auto listed = store->list("a/");
  ASSERT_TRUE(listed) << to_string(listed.error());
  EXPECT_EQ(listed->size(), 30U);
  EXPECT_EQ(store->list("")->size(), 30U);
  EXPECT_GE(fake_.count("GET /bucket"), 5U);
}

TEST_F(S3Fault, AListingThatBreaksOnPageTwoIsNoListing) {
  fake_.page_size = 3;
  for (int i = 0; i < 9; ++i) fake_.put("backups/a/" + std::to_string(i), "x");
  const std::string page = "<ListBucketResult><IsTruncated>false</IsTruncated>";
  for (const ServerResponse& answer : std::vector<ServerResponse>{
           S3Fake::error(403, "AccessDenied"),
           S3Fake::error(503, "SlowDown"),
           {200, {}, ""},
           {200, {}, "<html></html>"},
           {200, {}, page},
           {200, {}, "<ListBucketResult></ListBucketResult>"},
           {200, {}, page + "<Contents><Key>backups/a/9</Key></Contents></ListBucketResult>"},
           {200, {}, page + "<KeyCount>2</KeyCount></ListBucketResult>"},
           S3Fake::error(200, "InternalError"),
           {200, {}, "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>"},
           {200,
            {},
            "<ListBucketResult><IsTruncated>true</IsTruncated><NextContinuationToken>t"
            "</NextContinuationToken></ListBucketResult>"},
           {200,
            {},
            page + "<Contents><Key>other/1</Key><Size>1</Size><LastModified>2026-01-01T"
                   "00:00:00.000Z</LastModified></Contents></ListBucketResult>"},
           {200,
            {},
            page + "<Contents><Key>backups/a/0</Key><Size>1</Size><LastModified>2026-01-01"
                   "T00:00:00.000Z</LastModified></Contents></ListBucketResult>"}}) {
    auto store = open();
    instead_of("GET", "continuation-token", kAlways, answer);
    const auto listed = store->list("");
    EXPECT_FALSE(listed) << answer.status << answer.body;
  }
}

TEST_F(S3Fault, ABriefTroubleOnPageTwoPasses) {
  fake_.page_size = 3;
  for (int i = 0; i < 9; ++i) fake_.put("backups/a/" + std::to_string(i), "x");
  auto store = open();
  instead_of("GET", "continuation-token", 2, {200, {}, "<ListBucketResult><Contents>"});
  const auto listed = store->list("");
  ASSERT_TRUE(listed) << to_string(listed.error());
  EXPECT_EQ(listed->size(), 9U);
}

TEST_F(S3Fault, KeysOfOthersArriveIntact) {
  const std::string odd = "odd +=:@()&<>\"'%41 caf\xC3\xA9 \x01";
  fake_.put("backups/" + odd, "x");
  const auto listed = open()->list("");
  ASSERT_TRUE(listed) << to_string(listed.error());
  ASSERT_EQ(listed->size(), 1U);
  EXPECT_EQ(listed->front().key, odd);
}

TEST_F(S3Fault, AMissingBucketIsNotAnAbsentObject) {
  store::S3Options options = fake_.options();
  options.config.bucket = "elsewhere";
  auto store = open(options);
  const auto entry = store->stat("a");
  ASSERT_FALSE(entry);
  EXPECT_EQ(entry.error().code, Code::kRepositoryMissing);
  EXPECT_EQ(store->open("a").error().code, Code::kRepositoryMissing);
  EXPECT_EQ(store->list("").error().code, Code::kRepositoryMissing);
  EXPECT_EQ(write(*store, "a", "x").error().code, Code::kRepositoryMissing);
}

TEST_F(S3Fault, AnAbsentObjectIsAskedForOnce) {
  auto store = open();
  EXPECT_EQ(store->open("a").error().code, Code::kNotFound);
  EXPECT_EQ(fake_.count("GET /bucket/backups/a"), 1U);
}

TEST_F(S3Fault, LeftoversAreTheUnfinishedUploadsUnderThePrefix) {
  auto store = open();
  bool dead = false;
  fake_.instead = [&](const ServerRequest& request) -> std::optional<ServerResponse> {
    if (dead && request.method == "DELETE") return S3Fake::error(503, "SlowDown");
    return std::nullopt;
  };
  {
    auto upload = store->create("set/label/dump");
    ASSERT_TRUE((*upload)->write(bytes_of(content_of(kPart + 1))));
    dead = true;  // what a killed process leaves
  }
  dead = false;
  const auto leftovers = store->leftovers("set/");
  ASSERT_TRUE(leftovers) << to_string(leftovers.error());
  ASSERT_EQ(leftovers->size(), 1U);
  EXPECT_TRUE(leftovers->front().key.starts_with("set/label/dump"));
  EXPECT_TRUE(store->leftovers("other/")->empty());
  EXPECT_TRUE(store->remove_leftover(leftovers->front()));
  EXPECT_TRUE(store->remove_leftover(leftovers->front()));  // gone is gone
  EXPECT_EQ(fake_.unfinished(), 0U);
}

}  // namespace
}  // namespace pgdr::test
