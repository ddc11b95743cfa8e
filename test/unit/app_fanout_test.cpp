#include "repo/fanout.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>

#include "base/abandoned.hpp"
#include "streams.hpp"

namespace pgdr::app {
namespace {

using std::chrono::milliseconds;

class Owner : public FanoutOwner {
 public:
  Owner(std::size_t count, std::size_t required) : errors_(count), required_(required) {}
  [[nodiscard]] std::optional<Error> error(std::size_t i) const override { return errors_[i]; }
  void fail(std::size_t i, const Error& error) override {
    if (!errors_[i]) errors_[i] = error;
  }
  [[nodiscard]] bool may_drop(std::size_t) const override { return working() > required_; }
  [[nodiscard]] Status enough_left() const override {
    if (working() >= required_) return success();
    return Error::of(Code::kFailed, "too few");
  }

 private:
  [[nodiscard]] std::size_t working() const {
    std::size_t n = 0;
    for (const auto& error : errors_) n += error ? 0 : 1;
    return n;
  }
  std::vector<std::optional<Error>> errors_;
  std::size_t required_;
};

struct Received {
  std::mutex mutex;
  std::string text;
  bool finished = false;
  std::atomic<bool> destroyed{false};
};

class Collect final : public Sink {
 public:
  explicit Collect(std::shared_ptr<Received> to) : to_(std::move(to)) {}
  ~Collect() override { to_->destroyed = true; }
  Status write(Bytes data) override {
    const std::lock_guard lock(to_->mutex);
    to_->text.append(text_of(data));
    return success();
  }
  Status finish() override {
    const std::lock_guard lock(to_->mutex);
    to_->finished = true;
    return success();
  }

 private:
  std::shared_ptr<Received> to_;
};

OpenSink collect(const std::shared_ptr<Received>& to) {
  return [to] { return Result<std::unique_ptr<Sink>>(std::make_unique<Collect>(to)); };
}

// Takes `good` bytes, then waits in write() or finish() until it is let go.
class Stuck final : public Sink {
 public:
  Stuck(std::size_t good, std::shared_future<void> release)
      : left_(good), release_(std::move(release)) {}
  Status write(Bytes data) override {
    if (data.size() > left_) release_.wait();
    left_ -= std::min(left_, data.size());
    return success();
  }
  Status finish() override {
    release_.wait();
    return success();
  }

 private:
  std::size_t left_;
  std::shared_future<void> release_;
};

OpenSink stuck(std::size_t good, const std::shared_future<void>& release) {
  return [=] { return Result<std::unique_ptr<Sink>>(std::make_unique<Stuck>(good, release)); };
}

OpenSink failing(std::size_t good, bool at_finish = false) {
  return [=] {
    return Result<std::unique_ptr<Sink>>(std::make_unique<test::FailingSink>(good, at_finish));
  };
}

FanoutLimits limits() {
  FanoutLimits limits;
  limits.queue = std::size_t{1} << 20U;
  limits.stall = milliseconds(200);
  limits.finish = milliseconds(200);
  limits.grace = milliseconds(50);
  return limits;
}

Status send(Fanout& fanout, const std::string& text) {
  for (std::size_t at = 0; at < text.size(); at += 70000) {
    PGDR_CHECK(fanout.write(bytes_of(std::string_view(text).substr(at, 70000))));
  }
  return fanout.finish();
}

TEST(Fanout, EveryDestinationGetsTheSameBytes) {
  const std::string text = test::random_text(3'000'001, 1);
  for (const std::string& sent : {text, std::string(), std::string("x")}) {
    Owner owner(3, 3);
    std::vector<std::shared_ptr<Received>> all;
    std::vector<OpenSink> open;
    for (int i = 0; i < 3; ++i) {
      all.push_back(std::make_shared<Received>());
      open.push_back(collect(all.back()));
    }
    Fanout fanout(owner, open, limits());
    ASSERT_TRUE(send(fanout, sent));
    for (const auto& one : all) {
      EXPECT_EQ(one->text, sent);
      EXPECT_TRUE(one->finished);
    }
  }
}

TEST(Fanout, OneThatFailsDropsOutWhateverTheMoment) {
  const std::string text = test::random_text(3'000'000, 2);
  for (const std::size_t good : {std::size_t{0}, std::size_t{1'000'000}, text.size()}) {
    Owner owner(2, 1);
    const auto kept = std::make_shared<Received>();
    Fanout fanout(owner, {failing(good, good == text.size()), collect(kept)}, limits());
    ASSERT_TRUE(send(fanout, text)) << good;
    EXPECT_EQ(kept->text, text);
    EXPECT_TRUE(kept->finished);
    ASSERT_TRUE(owner.error(0)) << good;
    EXPECT_EQ(owner.error(0)->code, Code::kNoSpace);
    EXPECT_FALSE(owner.error(1));
  }
}

TEST(Fanout, OneThatCannotBeOpenedDropsOut) {
  Owner owner(2, 1);
  const auto kept = std::make_shared<Received>();
  const OpenSink broken = [] {
    return Result<std::unique_ptr<Sink>>(Error::of(Code::kFailed, "no"));
  };
  Fanout fanout(owner, {broken, collect(kept)}, limits());
  ASSERT_TRUE(send(fanout, "text"));
  EXPECT_EQ(kept->text, "text");
  EXPECT_TRUE(owner.error(0));
}

TEST(Fanout, FailsOnceTooFewAreLeftAndFinishesNothing) {
  Owner owner(2, 2);
  const auto other = std::make_shared<Received>();
  {
    Fanout fanout(owner, {collect(other), failing(1'000'000)}, limits());
    const Status sent = send(fanout, test::random_text(8'000'000, 3));
    ASSERT_FALSE(sent);
    EXPECT_EQ(sent.error().message, "too few");
  }
  EXPECT_FALSE(other->finished);
  EXPECT_TRUE(other->destroyed) << "by its own thread, before the fanout is gone";
}

TEST(Fanout, OneThatStallsIsDroppedAndTheOthersGoOn) {
  std::promise<void> release;
  const auto future = release.get_future().share();
  const std::string text = test::random_text(4'000'000, 4);
  Owner owner(2, 1);
  const auto kept = std::make_shared<Received>();
  {
    Fanout fanout(owner, {stuck(300'000, future), collect(kept)}, limits());
    ASSERT_TRUE(send(fanout, text));
    EXPECT_EQ(kept->text, text);
    ASSERT_TRUE(owner.error(0));
    EXPECT_NE(owner.error(0)->message.find("took nothing"), std::string::npos);
  }
  EXPECT_TRUE(any_abandoned()) << "its thread was left behind";
  release.set_value();
}

TEST(Fanout, OneThatNeverFinishesIsDropped) {
  std::promise<void> release;
  const auto future = release.get_future().share();
  Owner owner(2, 1);
  const auto kept = std::make_shared<Received>();
  Fanout fanout(owner, {stuck(1'000'000, future), collect(kept)}, limits());
  ASSERT_TRUE(send(fanout, "text"));
  EXPECT_TRUE(kept->finished);
  ASSERT_TRUE(owner.error(0));
  EXPECT_NE(owner.error(0)->message.find("did not finish"), std::string::npos);
  release.set_value();
}

TEST(Fanout, OneThatIsNeededIsWaitedFor) {
  std::promise<void> release;
  const auto future = release.get_future().share();
  Owner owner(2, 2);
  const auto kept = std::make_shared<Received>();
  Fanout fanout(owner, {stuck(300'000, future), collect(kept)}, limits());
  auto sent =
      std::async(std::launch::async, [&] { return send(fanout, test::random_text(4'000'000, 5)); });
  EXPECT_EQ(sent.wait_for(milliseconds(600)), std::future_status::timeout)
      << "three times the limit";
  release.set_value();
  ASSERT_TRUE(sent.get());
  EXPECT_FALSE(owner.error(0));
}

// Slow, but never stalled.
class Slow final : public Sink {
 public:
  Status write(Bytes) override {
    std::this_thread::sleep_for(milliseconds(20));
    return success();
  }
  Status finish() override { return success(); }
};

TEST(Fanout, OneThatHoldsTheOthersBackTooLongInAllIsDropped) {
  const OpenSink slow = [] { return Result<std::unique_ptr<Sink>>(std::make_unique<Slow>()); };
  const std::string text = test::random_text(16'000'000, 6);
  Owner patient(2, 1);
  const auto first = std::make_shared<Received>();
  {
    Fanout fanout(patient, {slow, collect(first)}, limits());
    ASSERT_TRUE(send(fanout, text));
  }
  EXPECT_FALSE(patient.error(0)) << "without a limit it is waited for";
  Owner hasty(2, 1);
  const auto second = std::make_shared<Received>();
  FanoutLimits limited = limits();
  limited.delay = milliseconds(150);
  Fanout fanout(hasty, {slow, collect(second)}, limited);
  ASSERT_TRUE(send(fanout, text));
  EXPECT_EQ(second->text, text);
  ASSERT_TRUE(hasty.error(0));
  EXPECT_NE(hasty.error(0)->message.find("held the other copies back"), std::string::npos);
}

TEST(Fanout, TheQueueBoundsWhatIsInMemory) {
  std::promise<void> release;
  const auto future = release.get_future().share();
  Owner owner(1, 1);
  FanoutLimits waiting = limits();
  waiting.stall = milliseconds(60000);
  Fanout fanout(owner, {stuck(0, future)}, waiting);
  std::atomic<std::size_t> taken{0};
  const std::string piece = test::random_text(100'000, 7);
  auto writer = std::async(std::launch::async, [&]() -> Status {
    for (int i = 0; i < 100; ++i) {
      PGDR_CHECK(fanout.write(bytes_of(piece)));
      taken += piece.size();
    }
    return fanout.finish();
  });
  EXPECT_EQ(writer.wait_for(milliseconds(300)), std::future_status::timeout);
  EXPECT_LE(taken, waiting.queue + (std::size_t{512} << 10U));
  release.set_value();
  EXPECT_TRUE(writer.get());
}

}  // namespace
}  // namespace pgdr::app
