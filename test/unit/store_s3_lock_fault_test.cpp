// Clock, credentials, signals and locks of the S3 store (HAZARDS 8, 10, 11, 16).
#include <csignal>
#include <thread>

#include "base/interrupt.hpp"
#include "unit/s3_fault_fixture.hpp"

namespace pgdr::test {
namespace {

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

}  // namespace
}  // namespace pgdr::test
