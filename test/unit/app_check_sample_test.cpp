#include "app/verify/check_sample.hpp"

#include <gtest/gtest.h>

#include <set>

namespace pgdr::app {
namespace {

TEST(CheckSample, TakesTheLeastRecentlyReadFirst) {
  const Time t = *parse_iso("2026-11-21T02:00:00Z");
  const std::vector<SampleItem> items = {
      {100, t + std::chrono::hours(2)}, {100, std::nullopt}, {100, t}, {100, std::nullopt}};
  EXPECT_EQ(sample_by_age(items, 1), (std::vector<std::size_t>{1}));
  EXPECT_EQ(sample_by_age(items, 50), (std::vector<std::size_t>{1, 3}));
  EXPECT_EQ(sample_by_age(items, 51), (std::vector<std::size_t>{1, 3, 2}));
  EXPECT_EQ(sample_by_age(items, 100).size(), 4U);
  EXPECT_TRUE(sample_by_age({}, 50).empty());
}

TEST(CheckSample, EverythingIsReadOverTime) {
  std::vector<SampleItem> items;
  for (std::uint64_t i = 0; i < 37; ++i) items.push_back({1 + i * i % 1000, std::nullopt});
  Time now = *parse_iso("2026-11-21T02:00:00Z");
  std::set<std::size_t> read;
  int runs = 0;
  while (read.size() < items.size()) {
    ASSERT_LE(++runs, 11);
    now += std::chrono::hours(24);
    for (const std::size_t i : sample_by_age(items, 10)) {
      read.insert(i);
      items[i].checked_at = now;
    }
  }
}

TEST(CheckSample, RandomIsTheSameForTheSameSeed) {
  std::vector<SampleItem> items(50, {100, std::nullopt});
  const auto one = sample_at_random(items, 20, 7);
  EXPECT_EQ(one.size(), 10U);
  EXPECT_EQ(one, sample_at_random(items, 20, 7));
  EXPECT_NE(one, sample_at_random(items, 20, 8));
  EXPECT_EQ(std::set(one.begin(), one.end()).size(), one.size());
}

}  // namespace
}  // namespace pgdr::app
