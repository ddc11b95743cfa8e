// The S3 store against what a healthy server never does (HAZARDS 1, 2, 6, 12, 17, 18).
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "base/interrupt.hpp"
#include "fault/s3_fake.hpp"
#include "store/s3.hpp"
#include "unit/store_content.hpp"
#include "unit/store_contract.hpp"

namespace pgdr::test {
namespace {

using store::Store;

constexpr std::size_t kPart = 5U << 20U;

class S3Fault : public testing::Test {
 protected:
  std::unique_ptr<Store> open(store::S3Options options) {
    options.config.part_size_mib = 5;
    auto opened = store::open_s3(std::move(options));
    EXPECT_TRUE(opened) << to_string(opened.error());
    return std::move(*opened);
  }
  std::unique_ptr<Store> open() { return open(fake_.options()); }

  Status write(Store& store, const std::string& key, const std::string& content) {
    return store::write_text(store, key, content);
  }
  // Answers `times` requests of this method that carry this query name ("" for none) with `answer`.
  void instead_of(const std::string& method, const std::string& name, int times,
                  ServerResponse answer) {
    fake_.instead =
        [=, left = times](const ServerRequest& request) mutable -> std::optional<ServerResponse> {
      const bool matches = name.empty() ? request.query.empty() : request.asks(name);
      if (request.method != method || !matches || left == 0) return std::nullopt;
      --left;
      return answer;
    };
  }
  static constexpr int kAlways = 1000000;

  S3Fake fake_;
};

bool says(const Error& error, const std::string& word) {
  return to_string(error).find(word) != std::string::npos;
}

// --- uploads

TEST_F(S3Fault, StoresSmallByOnePutAndLargeInParts) {
  auto store = open();
  ASSERT_TRUE(write(*store, "small", content_of(kPart)));
  EXPECT_EQ(fake_.count("POST"), 0U);
  const std::string large = content_of(3 * kPart + 7);
  const Status status = write(*store, "large", large);
  ASSERT_TRUE(status) << to_string(status.error());
  EXPECT_EQ(fake_.count("PUT /bucket/backups/large partNumber uploadId"), 4U);
  EXPECT_TRUE(*fake_.content("backups/large") == large);
  EXPECT_EQ(fake_.unfinished(), 0U);
}

TEST_F(S3Fault, AnErrorInsideA200DoesNotCompleteAnUpload) {
  auto store = open();
  ServerResponse lie = S3Fake::error(200, "InternalError", "We encountered an internal error");
  instead_of("POST", "uploadId", kAlways, lie);
  const Status status = write(*store, "a", content_of(kPart + 1));
  ASSERT_FALSE(status);
  EXPECT_TRUE(says(status.error(), "InternalError"));
  EXPECT_FALSE(fake_.content("backups/a"));
  EXPECT_EQ(fake_.unfinished(), 0U);  // aborted
}

TEST_F(S3Fault, AnErrorInsideA200IsTriedAgain) {
  auto store = open();
  instead_of("POST", "uploadId", 2, S3Fake::error(200, "InternalError"));
  const Status status = write(*store, "a", content_of(kPart + 1));
  ASSERT_TRUE(status) << to_string(status.error());
  EXPECT_TRUE(fake_.content("backups/a"));
}

TEST_F(S3Fault, AFinalErrorInsideA200IsFinal) {
  auto store = open();
  instead_of("POST", "uploadId", kAlways, S3Fake::error(200, "InvalidPart"));
  ASSERT_FALSE(write(*store, "a", content_of(kPart + 1)));
  EXPECT_EQ(fake_.count("POST /bucket/backups/a uploadId"), 1U);
}

TEST_F(S3Fault, OnlyTheWholeExpectedDocumentCompletesAnUpload) {
  for (const char* body :
       {"", "<html><body>Welcome</body></html>", "<CompleteMultipartUploadResult><ETag>\"x",
        "<CompleteMultipartUploadResult></CompleteMultipartUploadResult>", "{\"ok\":true}"}) {
    auto store = open();
    instead_of("POST", "uploadId", kAlways, {200, {}, body});
    EXPECT_FALSE(write(*store, "a", content_of(kPart + 1))) << body;
    EXPECT_EQ(fake_.unfinished(), 0U) << body;
  }
}

TEST_F(S3Fault, ALostAnswerToCompleteIsFoundOut) {
  auto store = open();
  bool lost = false;
  fake_.after = [&](const ServerRequest& request, ServerResponse& response) {
    if (request.method == "POST" && request.asks("uploadId") && !lost) {
      lost = true;
      response.no_answer = true;
    }
  };
  const std::string content = content_of(kPart + 1);
  const Status status = write(*store, "a", content);
  ASSERT_TRUE(status) << to_string(status.error());
  EXPECT_TRUE(lost);
}

TEST_F(S3Fault, ALostAnswerToPutIsFoundOut) {
  auto store = open();
  int lost = 0;
  fake_.after = [&](const ServerRequest& request, ServerResponse& response) {
    if (request.method == "PUT" && lost++ == 0) response.no_answer = true;
  };
  const Status status = write(*store, "a", "content");
  ASSERT_TRUE(status) << to_string(status.error());
  EXPECT_EQ(fake_.count("PUT"), 2U);  // the second was refused, and what is there is the same
}

TEST_F(S3Fault, ACompletedUploadOfAnotherSizeIsDamage) {
  auto store = open();
  fake_.after = [&](const ServerRequest& request, ServerResponse&) {
    if (request.method == "POST" && request.asks("uploadId")) fake_.put("backups/a", "short");
  };
  const Status status = write(*store, "a", content_of(kPart + 1));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kCorrupt);
}

TEST_F(S3Fault, AWrongEntityTagOfAPartIsSentAgain) {
  auto store = open();
  int parts = 0;
  fake_.after = [&](const ServerRequest& request, ServerResponse& response) {
    if (request.asks("partNumber") && ++parts == 2) {
      response.headers["ETag"] = "\"00000000000000000000000000000000\"";
    }
  };
  store::S3Options options = fake_.options();
  options.config.parts_in_flight = 1;
  auto one_by_one = open(options);
  const Status status = write(*one_by_one, "a", content_of(2 * kPart + 1));
  ASSERT_TRUE(status) << to_string(status.error());
  EXPECT_EQ(parts, 4);
}

TEST_F(S3Fault, AWrongEntityTagOfASmallObjectIsReadBack) {
  auto store = open();
  fake_.after = [&](const ServerRequest& request, ServerResponse& response) {
    if (request.method != "PUT") return;
    fake_.put("backups/a", "c0ntent");
    response.headers["ETag"] = "\"00000000000000000000000000000000\"";
  };
  const Status status = write(*store, "a", "content");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kCorrupt);
}

TEST_F(S3Fault, EntityTagsNeedNotBeDigests) {
  fake_.opaque_etags = true;
  auto store = open();
  ASSERT_TRUE(write(*store, "small", "content"));
  const Status status = write(*store, "large", content_of(2 * kPart));
  EXPECT_TRUE(status) << to_string(status.error());
}

TEST_F(S3Fault, AWebPageInsteadOfAStoredObjectIsNoSuccess) {
  auto store = open();
  instead_of("PUT", "", kAlways, {200, {{"Content-Type", "text/html"}}, "<html>Log in</html>"});
  const Status status = write(*store, "a", "content");
  ASSERT_FALSE(status);
}

TEST_F(S3Fault, BurstsOfOverloadPass) {
  for (const int code : {500, 503, 429}) {
    auto store = open();
    // Counted by request: parts are sent side by side, and one must not use up the turns of
    // another.
    fake_.instead = [code, tries = std::map<std::string, int>()](
                        const ServerRequest& request) mutable -> std::optional<ServerResponse> {
      std::string id = request.method + request.path;
      for (const auto& [name, value] : request.query) id.append("&").append(name).append(value);
      if (++tries[id] % 3 != 0)
        return S3Fake::error(code, code == 500 ? "InternalError" : "SlowDown");
      return std::nullopt;
    };
    const std::string key = "burst" + std::to_string(code);
    const Status status = write(*store, key, content_of(kPart + 10));
    ASSERT_TRUE(status) << to_string(status.error());
    EXPECT_TRUE(*read_back(*store, key) == content_of(kPart + 10));
    EXPECT_EQ(fake_.unfinished(), 0U);
  }
}

TEST_F(S3Fault, OverloadForEverIsARetryableError) {
  auto store = open();
  fake_.instead = [](const ServerRequest&) { return S3Fake::error(503, "SlowDown"); };
  const Status status = write(*store, "a", "content");
  ASSERT_FALSE(status);
  EXPECT_TRUE(status.error().retryable);
  EXPECT_EQ(fake_.log().size(), 4U);  // the policy's number of tries
}

TEST_F(S3Fault, APartThatFailsForGoodAbortsTheUpload) {
  auto store = open();
  instead_of("PUT", "partNumber", kAlways, S3Fake::error(403, "AccessDenied", "no more"));
  const Status status = write(*store, "a", content_of(8 * kPart));
  ASSERT_FALSE(status);
  EXPECT_TRUE(says(status.error(), "AccessDenied"));
  EXPECT_EQ(fake_.unfinished(), 0U);
}

TEST_F(S3Fault, AFullStoreSaysSo) {
  auto store = open();
  instead_of("PUT", "", kAlways, S3Fake::error(403, "QuotaExceeded"));
  const Status status = write(*store, "a", "content");
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kNoSpace);
}

TEST_F(S3Fault, OverwritingIsPreventedWithoutConditionalWrites) {
  for (const bool refuses : {false, true}) {
    fake_.conditional_writes = false;
    fake_.refuses_conditions = refuses;
    auto store = open();
    const std::string key = refuses ? "refuses" : "ignores";
    ASSERT_TRUE(write(*store, key, "one"));
    ASSERT_TRUE(write(*store, key, "one"));
    const Status other = write(*store, key, "two");
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().code, Code::kExists);
    ASSERT_TRUE(write(*store, key + "-large", content_of(2 * kPart)));
    EXPECT_EQ(write(*store, key + "-large", content_of(2 * kPart, 7)).error().code, Code::kExists);
    EXPECT_EQ(fake_.unfinished(), 0U);
  }
}

// Between the look and the write another process stores the same name.
TEST_F(S3Fault, TheConditionCatchesARace) {
  for (const std::size_t size : {std::size_t{10}, 2 * kPart}) {
    auto store = open();
    fake_.forget("backups/a");
    fake_.after = [&](const ServerRequest& request, ServerResponse& response) {
      if (request.method == "HEAD" && response.status == 404) fake_.put("backups/a", "theirs");
    };
    const Status status = write(*store, "a", content_of(size));
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::kExists);
    EXPECT_EQ(*fake_.content("backups/a"), "theirs");
    EXPECT_EQ(fake_.unfinished(), 0U);
  }
}

TEST_F(S3Fault, SendsTheConfiguredHeaders) {
  store::S3Options options = fake_.options();
  options.config.storage_class = "STANDARD_IA";
  options.config.server_side_encryption = "aws:kms";
  options.config.kms_key_id = "key-1";
  options.config.object_lock_mode = "GOVERNANCE";
  options.config.object_lock_days = 10;
  auto store = open(options);
  for (const std::size_t size : {std::size_t{3}, kPart + 1}) {
    const std::string key = "k" + std::to_string(size);
    ASSERT_TRUE(write(*store, key, content_of(size)));
    auto headers = fake_.headers_of("backups/" + key);
    EXPECT_EQ(headers["x-amz-storage-class"], "STANDARD_IA");
    EXPECT_EQ(headers["x-amz-server-side-encryption"], "aws:kms");
    EXPECT_EQ(headers["x-amz-server-side-encryption-aws-kms-key-id"], "key-1");
    EXPECT_EQ(headers["x-amz-object-lock-mode"], "GOVERNANCE");
    const Result<Time> until = parse_iso(headers["x-amz-object-lock-retain-until-date"]);
    ASSERT_TRUE(until);
    EXPECT_NEAR(std::chrono::duration<double>(*until - system_clock().now()).count(), 864000, 60);
  }
}

// --- downloads

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
  options.config.bandwidth_limit_mib = 4;
  auto store = open(options);
  const std::string content = content_of(4U << 20U);
  const auto begun = std::chrono::steady_clock::now();
  ASSERT_TRUE(write(*store, "a", content));
  const auto stored = std::chrono::steady_clock::now();
  EXPECT_TRUE(*read_back(*store, "a") == content);
  // A second each; half of it, as a limit is kept on average only.
  EXPECT_GE(stored - begun, std::chrono::milliseconds(500));
  EXPECT_GE(std::chrono::steady_clock::now() - stored, std::chrono::milliseconds(500));
}

// --- listings

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

// --- absence

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

// --- clock, credentials, signals

TEST_F(S3Fault, AWrongClockIsAllowedFor) {
  fake_.clock_ahead = std::chrono::hours(3);
  auto store = open();
  const Status status = write(*store, "a", "content");
  ASSERT_TRUE(status) << to_string(status.error());
  // Learnt at the first refusal, which a HEAD cannot explain: asked of the bucket instead.
  EXPECT_TRUE(fake_.content("backups/a"));
}

TEST_F(S3Fault, AnExpiredTokenIsReadAgain) {
  store::S3Options options = fake_.options();
  const auto environment = options.credentials.environment;
  int asked = 0;
  options.credentials.environment = [&asked, environment](const char* name) -> std::string {
    if (std::string(name) == "AWS_SESSION_TOKEN") return "token-" + std::to_string(++asked);
    return environment(name);
  };
  auto store = open(options);
  fake_.instead = [](const ServerRequest& request) -> std::optional<ServerResponse> {
    if (request.header("x-amz-security-token") != "token-1") return std::nullopt;
    return S3Fake::error(400, "ExpiredToken");
  };
  EXPECT_TRUE(store->list(""));
}

TEST_F(S3Fault, NoMessageHoldsAKey) {
  auto store = open();
  fake_.instead = [](const ServerRequest& request) {
    return S3Fake::error(403, "SignatureDoesNotMatch",
                         "key TESTKEY secret test+secret/key " + request.header("authorization"));
  };
  const auto listed = store->list("");
  ASSERT_FALSE(listed);
  EXPECT_FALSE(says(listed.error(), "TESTKEY")) << to_string(listed.error());
  EXPECT_FALSE(says(listed.error(), "test+secret"));
}

TEST_F(S3Fault, ASignalEndsAWaitAtOnceAndTheUploadIsStillAborted) {
  auto store = open();
  auto upload = store->create("a");
  ASSERT_TRUE(upload);
  ASSERT_TRUE((*upload)->write(bytes_of(content_of(kPart + 1))));
  ASSERT_EQ(fake_.unfinished(), 1U);
  fake_.instead = [](const ServerRequest& request) -> std::optional<ServerResponse> {
    if (request.method == "DELETE") return std::nullopt;
    raise(SIGTERM);  // while the client waits for an answer that never comes
    ServerResponse silence;
    silence.no_answer = true;
    silence.stall = true;
    return silence;
  };
  install_signal_handlers();
  const auto begun = std::chrono::steady_clock::now();
  const Status status = (*upload)->finish();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kInterrupted);
  upload->reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(10));
  EXPECT_EQ(fake_.unfinished(), 0U);
  clear_interrupt();
}

// --- locks

TEST_F(S3Fault, ALockOfADeadProcessIsTakenOver) {
  auto store = open();
  fake_.age_of_objects = std::chrono::minutes(9);
  fake_.put("backups/.lock-set",
            "{\"format\":\"pgdr-lock\",\"token\":\"t\",\"owner\":\"process 1 on elsewhere\"}");
  const auto held = store->lock("set");
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().code, Code::kLocked);
  EXPECT_TRUE(says(held.error(), "process 1 on elsewhere")) << to_string(held.error());
  fake_.age_of_objects = std::chrono::minutes(11);
  fake_.put("backups/.lock-set",
            "{\"format\":\"pgdr-lock\",\"token\":\"t\",\"owner\":\"process 1 on elsewhere\"}");
  fake_.age_of_objects = {};
  const auto taken = store->lock("set");
  ASSERT_TRUE(taken) << to_string(taken.error());
  EXPECT_EQ(open()->lock("set").error().code, Code::kLocked);
}

TEST_F(S3Fault, WithoutConditionalWritesALockIsWatchedAndReadBack) {
  fake_.conditional_writes = false;
  store::S3Options options = fake_.options();
  int watched = 0;
  options.retry.sleep = [&](std::chrono::milliseconds) {
    ++watched;
    // Meanwhile a rival, who had looked before we wrote, writes too.
    if (watched == 1) {
      fake_.put("backups/.lock-set",
                "{\"format\":\"pgdr-lock\",\"token\":\"rival\",\"owner\":\"the rival\"}");
    }
    return success();
  };
  auto store = open(options);
  const auto lease = store->lock("set");
  ASSERT_FALSE(lease);
  EXPECT_EQ(lease.error().code, Code::kLocked);
  EXPECT_TRUE(says(lease.error(), "the rival"));
  fake_.forget("backups/.lock-set");
  EXPECT_TRUE(store->lock("set"));
  EXPECT_EQ(watched, 2);
}

TEST_F(S3Fault, ALockIsRenewedAndItsLossIsKnown) {
  store::S3Options options = fake_.options();
  options.lock_lifetime = std::chrono::milliseconds(150);
  auto store = open(options);
  auto lease = store->lock("set");
  ASSERT_TRUE(lease) << to_string(lease.error());
  const auto renewals = [&] { return fake_.count("PUT /bucket/backups/.lock-set"); };
  const std::size_t before = renewals();
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (renewals() < before + 2 && std::chrono::steady_clock::now() < end)
    std::this_thread::yield();
  EXPECT_GE(renewals(), before + 2);
  EXPECT_TRUE((*lease)->held());
  fake_.put("backups/.lock-set",
            "{\"format\":\"pgdr-lock\",\"token\":\"x\",\"owner\":\"a thief\"}");
  while ((*lease)->held() && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_EQ((*lease)->held().error().code, Code::kLocked);
  lease->reset();
  EXPECT_TRUE(fake_.content("backups/.lock-set"));  // the thief's, so it stays
}

// --- leftovers

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

class FakePlace : public store::StoreFixture {
 public:
  std::unique_ptr<Store> open() override {
    store::S3Options options = fake_.options();
    options.config.part_size_mib = 5;
    return store::open_s3(std::move(options)).value();
  }

 private:
  S3Fake fake_;
};

using store::StoreContract;
INSTANTIATE_TEST_SUITE_P(S3Fake, StoreContract,
                         testing::Values(store::StoreMaker{
                             "fake", [] { return std::make_unique<FakePlace>(); }}),
                         [](const auto& test) { return std::string(test.param.name); });

}  // namespace
}  // namespace pgdr::test
