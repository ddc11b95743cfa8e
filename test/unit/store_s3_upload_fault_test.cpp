// Uploads to S3 against what a healthy server never does (HAZARDS 1, 2, 12, 18).
#include <map>

#include "unit/s3_fault_fixture.hpp"

namespace pgdr::test {
namespace {

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

}  // namespace
}  // namespace pgdr::test
