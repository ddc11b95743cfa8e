#include "store/limited.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/token_bucket.hpp"
#include "store_contract.hpp"
#include "streams.hpp"

namespace pgdr::store {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using Tick = std::chrono::steady_clock::time_point;

TEST(TokenBucket, GivesABurstThenTheRate) {
  TokenBucket bucket(1000, 500);
  const Tick start{};
  EXPECT_EQ(bucket.reserve(500, start).count(), 0);
  EXPECT_EQ(bucket.reserve(1000, start), seconds(1));
  EXPECT_EQ(bucket.reserve(1000, start), seconds(2)) << "behind the one before";
  EXPECT_EQ(bucket.reserve(1000, start + seconds(2)), seconds(1));
}

TEST(TokenBucket, SavesNoMoreThanTheBurst) {
  TokenBucket bucket(1000, 500);
  const Tick start{};
  EXPECT_EQ(bucket.reserve(500, start).count(), 0);
  EXPECT_EQ(bucket.reserve(500, start + seconds(3600)).count(), 0);
  EXPECT_EQ(bucket.reserve(100, start + seconds(3600)), milliseconds(100));
}

TEST(TokenBucket, TimeThatGoesBackwardsGivesNothing) {
  TokenBucket bucket(1000, 0);
  const Tick start{};
  EXPECT_EQ(bucket.reserve(1000, start + seconds(10)), seconds(1));
  EXPECT_EQ(bucket.reserve(1000, start), seconds(2));
  EXPECT_EQ(bucket.reserve(0, start + seconds(12)).count(), 0);
}

// A clock that only sleeping moves.
struct FakeClock {
  std::shared_ptr<milliseconds> slept = std::make_shared<milliseconds>(0);
  [[nodiscard]] BandwidthClock clock() const {
    return {[slept = slept] { return Tick() + *slept; },
            [slept = slept](milliseconds time) {
              *slept += time;
              return success();
            }};
  }
};

class LimitedStoreTest : public ::testing::Test {
 protected:
  LimitedStoreTest() {
    std::string pattern = (fs::temp_directory_path() / "pgdr-unit.XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~LimitedStoreTest() override { fs::remove_all(folder_); }
  std::string folder_;
  FakeClock time_;
};

class LimitedFixture : public StoreFixture {
 public:
  LimitedFixture() {
    std::string pattern = (fs::temp_directory_path() / "pgdr-unit.XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~LimitedFixture() override { fs::remove_all(folder_); }
  std::unique_ptr<Store> open() override {
    return with_bandwidth_limit(std::move(*open_local(folder_)), std::uint64_t{1} << 30U);
  }

 private:
  std::string folder_;
};

INSTANTIATE_TEST_SUITE_P(Limited, StoreContract,
                         ::testing::Values(StoreMaker{
                             "limited", [] { return std::make_unique<LimitedFixture>(); }}));

TEST_F(LimitedStoreTest, BothDirectionsKeepTheRateAndTheBytes) {
  const auto store =
      with_bandwidth_limit(std::move(*open_local(folder_)), 1'000'000, time_.clock());
  const std::string text = test::random_text(5'000'000, 1);
  ASSERT_TRUE(write_text(*store, "a/b", text));
  // Five seconds' worth, less the burst of a quarter.
  EXPECT_GE(*time_.slept, milliseconds(4700));
  EXPECT_LE(*time_.slept, milliseconds(4900));
  *time_.slept = milliseconds(0);
  const auto read = read_text(*store, "a/b");
  ASSERT_TRUE(read);
  EXPECT_TRUE(*read == text);
  EXPECT_GE(*time_.slept, milliseconds(4700));
  EXPECT_LE(*time_.slept, milliseconds(4900));
}

TEST_F(LimitedStoreTest, TransfersShareTheRate) {
  const auto store = with_bandwidth_limit(std::move(*open_local(folder_)), 100'000, time_.clock());
  const std::string text = test::random_text(100'000, 1);
  auto one = store->create("one");
  auto two = store->create("two");
  for (std::size_t at = 0; at < text.size(); at += 1000) {
    ASSERT_TRUE((*one)->write(bytes_of(std::string_view(text).substr(at, 1000))));
    ASSERT_TRUE((*two)->write(bytes_of(std::string_view(text).substr(at, 1000))));
  }
  EXPECT_GE(*time_.slept, milliseconds(1700));
  EXPECT_LE(*time_.slept, milliseconds(1900));
}

TEST_F(LimitedStoreTest, ASignalEndsTheWait) {
  BandwidthClock clock = time_.clock();
  clock.sleep = [](milliseconds) { return Status(Error::of(Code::kInterrupted, "signal")); };
  const auto store = with_bandwidth_limit(std::move(*open_local(folder_)), 10'000, clock);
  const Status written = write_text(*store, "a", test::random_text(100'000, 1));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::kInterrupted);
  EXPECT_FALSE(*store->stat("a"));
}

}  // namespace
}  // namespace pgdr::store
