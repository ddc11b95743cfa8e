#include "base/format.hpp"

#include <gtest/gtest.h>

namespace pgdr {
namespace {

using std::chrono::milliseconds;

TEST(Format, Bytes) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1024), "1.0 KiB");
  EXPECT_EQ(format_bytes(203ULL << 20U), "203 MiB");
  EXPECT_EQ(format_bytes(3ULL << 29U), "1.5 GiB");
  EXPECT_EQ(format_bytes(102348), "99.9 KiB");
  EXPECT_EQ(format_bytes(102400), "100 KiB");
  EXPECT_EQ(format_bytes((1ULL << 20U) - 1), "1.0 MiB");  // not 1024 KiB
  EXPECT_EQ(format_bytes((1ULL << 30U) - 1), "1.0 GiB");
  EXPECT_EQ(format_bytes(~0ULL), "16.0 EiB");
}

TEST(Format, Count) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(1000), "1,000");
  EXPECT_EQ(format_count(1234567), "1,234,567");
  EXPECT_EQ(format_count(~0ULL), "18,446,744,073,709,551,615");
}

TEST(Format, Duration) {
  EXPECT_EQ(format_duration(milliseconds(0)), "0 ms");
  EXPECT_EQ(format_duration(milliseconds(850)), "850 ms");
  EXPECT_EQ(format_duration(milliseconds(4200)), "4.2 s");
  EXPECT_EQ(format_duration(milliseconds(59949)), "59.9 s");
  EXPECT_EQ(format_duration(milliseconds(59950)), "1 min 00 s");  // not 60.0 s
  EXPECT_EQ(format_duration(milliseconds(200000)), "3 min 20 s");
  EXPECT_EQ(format_duration(milliseconds(3599499)), "59 min 59 s");
  EXPECT_EQ(format_duration(milliseconds(3599500)), "1 h 00 min");  // not 59 min 60 s
  EXPECT_EQ(format_duration(milliseconds(7500000)), "2 h 05 min");
  EXPECT_EQ(format_duration(std::chrono::hours(76)), "3 d 4 h");
  EXPECT_EQ(format_duration(std::chrono::hours(24)), "1 d 0 h");
  EXPECT_EQ(format_duration(milliseconds(-4200)), "-4.2 s");
}

TEST(Format, Plural) {
  EXPECT_EQ(plural(1, "table"), "1 table");
  EXPECT_EQ(plural(0, "table"), "0 tables");
  EXPECT_EQ(plural(2000, "table"), "2,000 tables");
  EXPECT_EQ(plural(2, "copy", "copies"), "2 copies");
}

TEST(Format, Nearest) {
  const std::vector<std::string> keys{"recipients", "recipients_file", "repositories", "jobs"};
  EXPECT_EQ(nearest("recipents", keys), "recipients");
  EXPECT_EQ(nearest("recipient", keys), "recipients");
  EXPECT_EQ(nearest("jobs", keys), "jobs");
  EXPECT_EQ(nearest("job", keys), "jobs");
  EXPECT_EQ(nearest("repositroies", keys), "repositories");
  EXPECT_EQ(nearest("password", keys), "");
  EXPECT_EQ(nearest("", keys), "");
  EXPECT_EQ(nearest("x", {}), "");
}

}  // namespace
}  // namespace pgdr
