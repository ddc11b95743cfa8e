#include <gtest/gtest.h>

#include <deque>

#include "store/retry.hpp"

namespace pgdr::store {
namespace {

using std::chrono::milliseconds;

Error failing(bool retryable, Code code = Code::kFailed) {
  Error error = Error::of(code, "trouble");
  error.retryable = retryable;
  return error;
}

struct Waits {
  std::vector<milliseconds::rep> list;
  RetryPolicy policy(double share, int attempts = 7) {
    RetryPolicy policy;
    policy.attempts = attempts;
    policy.first = milliseconds(100);
    policy.ceiling = milliseconds(1000);
    policy.sleep = [this](milliseconds time) {
      list.push_back(time.count());
      return success();
    };
    policy.random = [share] { return share; };
    return policy;
  }
};

TEST(Backoff, DoublesUpToTheCeilingBetweenHalfAndWhole) {
  Waits low;
  Waits high;
  const RetryPolicy lowest = low.policy(0.0);
  const RetryPolicy highest = high.policy(1.0);
  Backoff a(lowest);
  Backoff b(highest);
  while (a.next(failing(true))) {
  }
  while (b.next(failing(true))) {
  }
  EXPECT_EQ(low.list, (std::vector<milliseconds::rep>{50, 100, 200, 400, 500, 500}));
  EXPECT_EQ(high.list, (std::vector<milliseconds::rep>{100, 200, 400, 800, 1000, 1000}));
}

TEST(Backoff, ReportsAFinalErrorAtOnce) {
  Waits waits;
  const RetryPolicy policy = waits.policy(0.5);
  Backoff backoff(policy);
  const Status status = backoff.next(failing(false, Code::kNotFound));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kNotFound);
  EXPECT_TRUE(waits.list.empty());
}

TEST(Backoff, HeedsTheServerAndStartsAnewAfterProgress) {
  Waits waits;
  const RetryPolicy policy = waits.policy(1.0, 3);
  Backoff backoff(policy);
  EXPECT_TRUE(backoff.next(failing(true), milliseconds(5000)));
  EXPECT_TRUE(backoff.next(failing(true)));
  backoff.reset();
  EXPECT_TRUE(backoff.next(failing(true)));
  EXPECT_TRUE(backoff.next(failing(true)));
  EXPECT_FALSE(backoff.next(failing(true)));
  EXPECT_EQ(waits.list, (std::vector<milliseconds::rep>{5000, 200, 100, 200}));
}

TEST(Backoff, ACancelledWaitEndsWithTheError) {
  Waits waits;
  std::atomic<bool> cancelled{false};
  RetryPolicy policy = waits.policy(1.0);
  policy.first = milliseconds(1000);
  policy.sleep = [&](milliseconds) {
    cancelled = true;
    return success();
  };
  Backoff backoff(policy, &cancelled);
  const Status status = backoff.next(failing(true));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "trouble");
}

TEST(Backoff, ASignalDuringAWaitIsReported) {
  Waits waits;
  RetryPolicy policy = waits.policy(0.5);
  policy.sleep = [](milliseconds) { return Status(Error::of(Code::kInterrupted, "stop")); };
  Backoff backoff(policy);
  EXPECT_EQ(backoff.next(failing(true)).error().code, Code::kInterrupted);
}

// --- the decorator

// Answers from a script; an empty one means success.
struct Script {
  std::deque<Error> errors;
  int calls = 0;
  Status next() {
    ++calls;
    if (errors.empty()) return success();
    Error error = errors.front();
    errors.pop_front();
    return error;
  }
};

class ScriptedSource : public Source {
 public:
  ScriptedSource(std::string content, std::size_t fail_at)
      : content_(std::move(content)), fail_at_(fail_at) {}
  Result<std::size_t> read(MutableBytes buffer) override {
    if (at_ >= fail_at_ && at_ < content_.size()) return failing(true);
    const std::size_t n = std::min({buffer.size(), content_.size() - at_, std::size_t{3}});
    std::copy_n(bytes_of(content_).begin() + static_cast<std::ptrdiff_t>(at_), n, buffer.begin());
    at_ += n;
    return n;
  }

 private:
  std::string content_;
  std::size_t fail_at_;
  std::size_t at_ = 0;
};

class ScriptedStore : public Store {
 public:
  explicit ScriptedStore(Script& script) : script_(script) {}
  std::string content = "0123456789";
  Time modified{};
  [[nodiscard]] std::string location() const override { return "scripted"; }
  Result<std::unique_ptr<Upload>> create(const std::string&) override {
    PGDR_CHECK(script_.next());
    return std::unique_ptr<Upload>();
  }
  Result<std::unique_ptr<Source>> open(const std::string&, std::uint64_t offset) override {
    PGDR_CHECK(script_.next());
    opened_at.push_back(offset);
    return std::unique_ptr<Source>(
        std::make_unique<ScriptedSource>(content.substr(offset), fail_at));
  }
  Result<std::optional<Entry>> stat(const std::string& key) override {
    PGDR_CHECK(script_.next());
    if (absent) return std::optional<Entry>();
    return std::optional<Entry>({key, content.size(), modified});
  }
  Result<std::vector<Entry>> list(const std::string&) override {
    PGDR_CHECK(script_.next());
    return std::vector<Entry>{{"a", 1, {}}};
  }
  Status remove(const std::string&) override { return script_.next(); }
  Result<std::vector<Entry>> leftovers(const std::string&) override {
    PGDR_CHECK(script_.next());
    return std::vector<Entry>();
  }
  Status remove_leftover(const Entry&) override { return script_.next(); }
  Result<std::unique_ptr<Lease>> lock(const std::string&) override {
    PGDR_CHECK(script_.next());
    return std::make_unique<Lease>();
  }
  Result<std::optional<std::uint64_t>> free_space() override {
    PGDR_CHECK(script_.next());
    return std::optional<std::uint64_t>(7);
  }

  std::vector<std::uint64_t> opened_at;
  std::size_t fail_at = 100;
  bool absent = false;

 private:
  Script& script_;
};

class Retry : public testing::Test {
 protected:
  Retry() {
    auto inner = std::make_unique<ScriptedStore>(script_);
    inner_ = inner.get();
    store_ = with_retry(std::move(inner), waits_.policy(0.5, 3));
  }
  void fail(int times, bool retryable = true, Code code = Code::kFailed) {
    script_.calls = 0;
    script_.errors.assign(static_cast<std::size_t>(times), failing(retryable, code));
  }
  Waits waits_;
  Script script_;
  ScriptedStore* inner_;
  std::unique_ptr<Store> store_;
};

TEST_F(Retry, TriesEveryCallAgain) {
  const std::vector<std::function<bool()>> calls = {
      [&] { return store_->create("a").ok(); },   [&] { return store_->stat("a").ok(); },
      [&] { return store_->list("").ok(); },      [&] { return store_->remove("a").ok(); },
      [&] { return store_->leftovers("").ok(); }, [&] { return store_->remove_leftover({}).ok(); },
      [&] { return store_->lock("a").ok(); },     [&] { return store_->free_space().ok(); }};
  for (const auto& call : calls) {
    fail(2);
    EXPECT_TRUE(call());
    EXPECT_EQ(script_.calls, 3);
    fail(3);
    EXPECT_FALSE(call());
    fail(1, false);
    EXPECT_FALSE(call());
    EXPECT_EQ(script_.calls, 1);
  }
}

TEST_F(Retry, AMissingObjectIsFinal) {
  inner_->absent = true;
  EXPECT_FALSE(*store_->stat("a"));
  EXPECT_EQ(script_.calls, 1);
  EXPECT_TRUE(waits_.list.empty());
}

TEST_F(Retry, ALockOfAnotherIsFinal) {
  fail(1, false, Code::kLocked);
  EXPECT_EQ(store_->lock("a").error().code, Code::kLocked);
  EXPECT_EQ(script_.calls, 1);
}

TEST_F(Retry, ADownloadGoesOnFromWhereItBroke) {
  inner_->fail_at = 4;
  auto source = store_->open("a", 1);
  ASSERT_TRUE(source);
  std::string text;
  std::array<std::byte, 8> buffer{};
  for (;;) {
    const Result<std::size_t> n = (*source)->read(buffer);
    ASSERT_TRUE(n) << n.error().message;
    if (*n == 0) break;
    text += text_of(Bytes(buffer.data(), *n));
  }
  EXPECT_EQ(text, "123456789");
  EXPECT_EQ(inner_->opened_at, (std::vector<std::uint64_t>{1, 7}));
}

TEST_F(Retry, ARangeGoesOnAndEndsWhereItShould) {
  inner_->fail_at = 1;
  std::string text;
  for (const std::uint64_t offset : {1U, 7U}) {
    const auto source = store_->open_range("a", offset, 6);
    ASSERT_TRUE(source);
    std::array<std::byte, 4> buffer{};
    for (;;) {
      const Result<std::size_t> n = (*source)->read(buffer);
      ASSERT_TRUE(n) << n.error().message;
      if (*n == 0) break;
      text += text_of(Bytes(buffer.data(), *n));
    }
    text += '|';
  }
  EXPECT_EQ(text, "123456|789|");
  EXPECT_EQ(inner_->opened_at, (std::vector<std::uint64_t>{1, 4, 7}));
}

TEST_F(Retry, ManyRangesOfAnObjectLookAtItOnce) {
  for (const std::uint64_t offset : {0U, 2U, 4U}) ASSERT_TRUE(store_->open_range("a", offset, 2));
  EXPECT_EQ(script_.calls, 4) << "one look, three ranges";
  ASSERT_TRUE(store_->remove("a"));
  inner_->absent = true;
  fail(0);
  ASSERT_TRUE(store_->open_range("a", 6, 2));
  EXPECT_EQ(script_.calls, 2) << "what was removed is looked at again";
}

TEST_F(Retry, ADownloadOfAReplacedObjectFails) {
  inner_->fail_at = 4;
  auto source = store_->open("a");
  ASSERT_TRUE(source);
  std::array<std::byte, 8> buffer{};
  ASSERT_TRUE((*source)->read(buffer));
  ASSERT_TRUE((*source)->read(buffer));
  inner_->modified += std::chrono::seconds(1);
  const Result<std::size_t> n = (*source)->read(buffer);
  ASSERT_FALSE(n);
  EXPECT_EQ(n.error().code, Code::kCorrupt);
}

}  // namespace
}  // namespace pgdr::store
