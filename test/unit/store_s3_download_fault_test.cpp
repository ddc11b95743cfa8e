// Downloads from S3 against what a healthy server never does (HAZARDS 2, 18).
#include "store/limited.hpp"
#include "unit/s3_fault_fixture.hpp"

namespace pgdr::test {
namespace {

TEST_F(S3Fault, ACutDownloadGoesOnWhereItStopped) {
  const std::string content = content_of(1000000);
  fake_.put("backups/a", content);
  auto store = open();
  int cuts = 0;
  fake_.after = [&](const ServerRequest& request, ServerResponse& response) {
    if (request.method == "GET" && response.body.size() > 300000) {
      ++cuts;
      response.cut_after = 150000;
    }
  };
  const Result<std::string> back = read_back(*store, "a");
  ASSERT_TRUE(back) << to_string(back.error());
  EXPECT_TRUE(*back == content);
  EXPECT_GE(cuts, 4);
}

TEST_F(S3Fault, ADownloadThatNeverGoesOnFails) {
  fake_.put("backups/a", content_of(1000));
  auto store = open();
  fake_.after = [&](const ServerRequest& request, ServerResponse& response) {
    if (request.method == "GET") response.cut_after = 0;
  };
  const Result<std::string> back = read_back(*store, "a");
  ASSERT_FALSE(back);
  EXPECT_TRUE(back.error().retryable);
}

TEST_F(S3Fault, AStalledDownloadIsGivenUpAndGoesOn) {
  const std::string content = content_of(100000);
  fake_.put("backups/a", content);
  store::S3Options options = fake_.options();
  options.http.stall_timeout = std::chrono::milliseconds(200);
  auto store = open(options);
  int stalls = 0;
  fake_.after = [&](const ServerRequest& request, ServerResponse& response) {
    if (request.method != "GET" || stalls > 0) return;
    ++stalls;
    response.cut_after = 5000;
    response.stall = true;
  };
  const Result<std::string> back = read_back(*store, "a");
  ASSERT_TRUE(back) << to_string(back.error());
  EXPECT_TRUE(*back == content);
  EXPECT_EQ(stalls, 1);
}

TEST_F(S3Fault, AServerThatNeverAnswersIsGivenUp) {
  store::S3Options options = fake_.options();
  options.http.stall_timeout = std::chrono::milliseconds(100);
  auto store = open(options);
  fake_.instead = [](const ServerRequest&) {
    ServerResponse silence;
    silence.no_answer = true;
    silence.stall = true;
    return silence;
  };
  const auto entry = store->stat("a");
  ASSERT_FALSE(entry);
  EXPECT_TRUE(entry.error().retryable);
}

TEST_F(S3Fault, AnObjectReplacedWhileReadIsDamage) {
  fake_.put("backups/a", content_of(1000));
  auto store = open();
  fake_.after = [&](const ServerRequest& request, ServerResponse& response) {
    if (request.method != "GET" || !request.header("range").empty()) return;
    response.cut_after = 500;
    fake_.put("backups/a", content_of(1000, 2));
  };
  const Result<std::string> back = read_back(*store, "a");
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, Code::kCorrupt);
}

TEST_F(S3Fault, AServerThatIgnoresTheRangeIsNotBelieved) {
  fake_.put("backups/a", content_of(1000));
  auto store = open();
  fake_.after = [&](const ServerRequest& request, ServerResponse& response) {
    if (request.method != "GET" || request.header("range").empty()) return;
    response.status = 200;
    response.body = content_of(1000);
  };
  EXPECT_FALSE(read_back(*store, "a", 10));
}

TEST_F(S3Fault, WhatWasOpenedMayOutliveItsStore) {
  const std::string content = content_of(100000);
  fake_.put("backups/a", content);
  auto store = open();
  auto source = store->open("a");
  auto upload = store->create("b");
  auto lease = store->lock("set");
  ASSERT_TRUE(source && upload && lease);
  store.reset();
  std::vector<std::byte> buffer(content.size());
  EXPECT_EQ(*read_full(**source, buffer), content.size());
  ASSERT_TRUE((*upload)->write(bytes_of("x")));
  EXPECT_TRUE((*upload)->finish());
  lease->reset();
  EXPECT_FALSE(fake_.content("backups/.lock-set"));
}

TEST_F(S3Fault, TheBandwidthLimitHolds) {
  store::S3Options options = fake_.options();
  options.bytes_per_second = 4U << 20U;
  auto store = store::with_bandwidth_limit(open(options), 4U << 20U);
  const std::string content = content_of(4U << 20U);
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(write(*store, "a", content));
  const auto stored = std::chrono::steady_clock::now();
  EXPECT_TRUE(*read_back(*store, "a") == content);
  // A second each; half of it, as a limit is kept on average only.
  EXPECT_GE(stored - begun, std::chrono::milliseconds(500));
  EXPECT_GE(std::chrono::steady_clock::now() - stored, std::chrono::milliseconds(500));
}

}  // namespace
}  // namespace pgdr::test
