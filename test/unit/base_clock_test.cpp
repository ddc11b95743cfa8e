#include "base/clock.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <set>

namespace pgdr {
namespace {

Time at(std::int64_t microseconds) { return Time(std::chrono::microseconds(microseconds)); }
constexpr std::int64_t kTwoOClock = 1795226400LL * 1000000;  // 2026-11-21T02:00:00Z

TEST(Clock, WritesUtcWithMicroseconds) {
  EXPECT_EQ(to_iso(at(kTwoOClock + 123456)), "2026-11-21T02:00:00.123456Z");
  EXPECT_EQ(to_iso(at(0)), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(to_iso(at(-1)), "1969-12-31T23:59:59.999999Z");
}

TEST(Clock, ReadsWhatPeopleAndServersWrite) {
  for (const char* text :
       {"2026-11-21T02:00:00Z", "2026-11-21t02:00:00z", "2026-11-21 02:00:00+00",
        "2026-11-21 03:00:00+01", "2026-11-21T03:00:00+01:00", "2026-11-20 21:30:00-0430",
        "2026-11-21 02:00:00.000000+00", "2026-11-21 07:30:00+05:30",
        "2026-11-21 02:19:32+00:19:32", "2026-11-21T02:00:00.0000009Z"}) {
    const auto parsed = parse_iso(text);
    ASSERT_TRUE(parsed) << text;
    EXPECT_EQ(parsed->time_since_epoch().count(), kTwoOClock) << text;
  }
  EXPECT_EQ(parse_iso("2026-11-21 02:00:00.5+00")->time_since_epoch().count(), kTwoOClock + 500000);
  EXPECT_EQ(parse_iso("2024-02-29T00:00:00Z")->time_since_epoch().count(), 1709164800LL * 1000000);
}

TEST(Clock, RefusesTheRest) {
  for (const char* text :
       {"", "2026-11-21", "2026-11-21T02:00:00", "2026-11-21 02:00Z", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-11-21T24:00:00Z", "2026-11-21T02:60:00Z",
        "2026-11-21T02:00:00.Z", "2026-11-21T02:00:00Zx", "infinity", "2026-11-21T02:00:00+1",
        "2026-11-21T02:00:00+01:6", " 2026-11-21T02:00:00Z", "+026-11-21T02:00:00Z"}) {
    const auto parsed = parse_iso(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code, Code::kUsage);
  }
}

TEST(Clock, RoundTrips) {
  for (const std::int64_t us : {kTwoOClock, kTwoOClock + 1, std::int64_t{0}, std::int64_t{-1},
                                std::int64_t{253402300799999999}}) {
    EXPECT_EQ(parse_iso(to_iso(at(us)))->time_since_epoch().count(), us);
  }
}

// An offset may lead out of the years that to_iso() can write.
TEST(Clock, YearsHaveFourDigits) {
  EXPECT_TRUE(parse_iso("0000-01-01T00:00:00Z"));
  EXPECT_TRUE(parse_iso("9999-12-31T23:59:59.999999Z"));
  EXPECT_FALSE(parse_iso("0000-01-01T00:00:00+01:00"));
  EXPECT_FALSE(parse_iso("9999-12-31T23:59:59-00:01"));
}

class LocalTime : public testing::Test {
 protected:
  void set(const char* zone) {
    setenv("TZ", zone, 1);
    tzset();
  }
  void TearDown() override {
    if (before_.empty()) {
      unsetenv("TZ");
    } else {
      setenv("TZ", before_.c_str(), 1);
    }
    tzset();
  }
  std::string before_ = getenv("TZ") != nullptr ? getenv("TZ") : "";
};

TEST_F(LocalTime, IsShownWithItsZone) {
  set("CET-1CEST,M3.5.0,M10.5.0/3");
  EXPECT_EQ(to_local(at(kTwoOClock)), "2026-11-21 03:00:00 CET");
  // The same wall clock twice, an hour apart: the zone tells them apart (2026-10-25).
  const std::int64_t before = parse_iso("2026-10-25T00:30:00Z")->time_since_epoch().count();
  EXPECT_EQ(to_local(at(before)), "2026-10-25 02:30:00 CEST");
  EXPECT_EQ(to_local(at(before + 3600LL * 1000000)), "2026-10-25 02:30:00 CET");
  set("UTC0");
  EXPECT_EQ(to_local(at(kTwoOClock + 999999)), "2026-11-21 02:00:00 UTC");
}

TEST(Label, IsTheUtcStartAndRandomBits) {
  EXPECT_EQ(to_label_time(at(kTwoOClock)), "20261121T020000Z");
  std::set<std::string> labels;
  for (int i = 0; i < 50; ++i) {
    const std::string label = make_label(at(kTwoOClock));
    EXPECT_TRUE(valid_label(label)) << label;
    EXPECT_TRUE(label.starts_with("20261121T020000Z-"));
    labels.insert(label);
  }
  EXPECT_GT(labels.size(), 40U);
  EXPECT_LT(make_label(at(kTwoOClock)), make_label(at(kTwoOClock + 1000000)));
}

TEST(Label, SaysItsSecond) {
  EXPECT_EQ(label_time(make_label(at(kTwoOClock))), to_label_time(at(kTwoOClock)));
}

TEST(Label, IsChecked) {
  EXPECT_TRUE(valid_label("20261121T020000Z-9f3c"));
  for (const char* label :
       {"", "20261121T020000Z", "20261121T020000Z-9f3", "20261121T020000Z-9f3c0",
        "20261121T020000Z-9F3C", "20261321T020000Z-9f3c", "20260231T020000Z-9f3c",
        "20261121T240000Z-9f3c", "20261121 020000Z-9f3c", "../../../../../etc/pass"}) {
    EXPECT_FALSE(valid_label(label)) << label;
  }
}

TEST(SystemClock, Runs) {
  const Time a = system_clock().now();
  const Time b = system_clock().now();
  EXPECT_LE(a, b);
  EXPECT_GT(a.time_since_epoch().count(), 1700000000LL * 1000000);
}

}  // namespace
}  // namespace pgdr
