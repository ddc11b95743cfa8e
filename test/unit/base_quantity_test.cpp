#include "base/quantity.hpp"

#include <gtest/gtest.h>

namespace pgdr {
namespace {

using std::chrono::milliseconds;

TEST(Quantity, ReadsDurations) {
  EXPECT_EQ(parse_duration("0s"), milliseconds(0));
  EXPECT_EQ(parse_duration("250ms"), milliseconds(250));
  EXPECT_EQ(parse_duration("90s"), milliseconds(90000));
  EXPECT_EQ(parse_duration("2 min"), milliseconds(120000));
  EXPECT_EQ(parse_duration("3h"), milliseconds(3 * 3600000));
  EXPECT_EQ(parse_duration("35d"), milliseconds(35LL * 86400000));
}

TEST(Quantity, RefusesWhatIsNoDuration) {
  for (const char* text : {"", "s", "10", "-1s", "+1s", "1.5h", "10 m", "10  s", "10s ", " 10s",
                           "1e3s", "99999d", "10seconds"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Quantity, ReadsRates) {
  EXPECT_EQ(parse_rate("20MB/s"), 20'000'000U);
  EXPECT_EQ(parse_rate("1.5 MiB/s"), 1'572'864U);
  EXPECT_EQ(parse_rate("800kB/s"), 800'000U);
  EXPECT_EQ(parse_rate("64KiB/s"), 65'536U);
  EXPECT_EQ(parse_rate("2048B/s"), 2048U);
  EXPECT_EQ(parse_rate("1GiB/s"), 1U << 30U);
}

TEST(Quantity, RefusesWhatIsNoRate) {
  for (const char* text : {"", "20", "20MB", "20Mb/s", "20Mbit/s", "0MB/s", "1000B/s", "-1MB/s",
                           ".MB/s", "1.2.3MB/s", "MB/s", "1e99GB/s", "20 MB /s"}) {
    EXPECT_EQ(parse_rate(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace pgdr
