#include "base/timezone.hpp"

#include <ctime>
#include <random>

#include <gtest/gtest.h>

#include "base/file.hpp"

namespace pgdr {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

Time at(const char* iso) { return *parse_iso(iso); }

TimeZone zone(const char* name) {
  auto loaded = TimeZone::load(name);
  EXPECT_TRUE(loaded) << name;
  return *loaded;
}

// Puts $TZ back.
class SystemZone {
 public:
  explicit SystemZone(const char* name) {
    const char* old = std::getenv("TZ");
    if (old != nullptr) old_ = old;
    had_ = old != nullptr;
    setenv("TZ", name, 1);
    tzset();
  }
  ~SystemZone() {
    if (had_) {
      setenv("TZ", old_.c_str(), 1);
    } else {
      unsetenv("TZ");
    }
    tzset();
  }

 private:
  std::string old_;
  bool had_ = false;
};

TEST(TimeZone, KnowsTheChangesOfBothHemispheres) {
  const TimeZone berlin = zone("Europe/Berlin");
  EXPECT_EQ(berlin.offset(at("2026-03-29T00:59:59Z")), hours(1));
  EXPECT_EQ(berlin.offset(at("2026-03-29T01:00:00Z")), hours(2));
  EXPECT_EQ(berlin.offset(at("2026-10-25T00:59:59Z")), hours(2));
  EXPECT_EQ(berlin.offset(at("2026-10-25T01:00:00Z")), hours(1));
  const TimeZone sydney = zone("Australia/Sydney");
  EXPECT_EQ(sydney.offset(at("2026-01-01T00:00:00Z")), hours(11));
  EXPECT_EQ(sydney.offset(at("2026-07-01T00:00:00Z")), hours(10));
  EXPECT_EQ(zone("Asia/Kolkata").offset(at("2026-07-01T00:00:00Z")), minutes(330));
  EXPECT_EQ(zone("UTC").offset(at("2026-07-01T00:00:00Z")), seconds(0));
}

TEST(TimeZone, DaysAreThoseOfItsCalendar) {
  const TimeZone auckland = zone("Pacific/Auckland");
  EXPECT_EQ(auckland.day(at("2026-06-30T11:59:59Z")),
            std::chrono::local_days(std::chrono::year(2026) / 6 / 30));
  EXPECT_EQ(auckland.day(at("2026-06-30T12:00:00Z")),
            std::chrono::local_days(std::chrono::year(2026) / 7 / 1));
}

TEST(TimeZone, GivesTheInstantOfALocalTime) {
  const TimeZone berlin = zone("Europe/Berlin");
  const auto local = [](int month, int day, int hour, int minute) {
    return std::chrono::local_days(std::chrono::year(2026) / month / day) + hours(hour) +
           minutes(minute);
  };
  EXPECT_EQ(berlin.instant(local(7, 1, 12, 0)), at("2026-07-01T10:00:00Z"));
  EXPECT_EQ(berlin.instant(local(12, 1, 12, 0)), at("2026-12-01T11:00:00Z"));
  EXPECT_EQ(berlin.instant(local(10, 25, 2, 30)), at("2026-10-25T00:30:00Z"));  // the first
  EXPECT_EQ(berlin.instant(local(3, 29, 2, 30)), at("2026-03-29T01:00:00Z"));   // there is none
}

// The C library reads the same files by code of its own.
TEST(TimeZone, AgreesWithTheSystem) {
  std::mt19937_64 random(20261122);
  // Lord Howe moves by half an hour, Dublin's summer time is its standard, Gaza's rules are odd,
  // St. John's changed at one minute past midnight, Casablanca's rules go on in the table.
  for (const char* name :
       {"Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Europe/Dublin", "Asia/Gaza",
        "America/St_Johns", "Africa/Casablanca", "America/Sao_Paulo", "Pacific/Apia",
        "Asia/Kathmandu", "Antarctica/Troll", "Asia/Tehran"}) {
    const TimeZone one = zone(name);
    const SystemZone system(name);
    std::uniform_int_distribution<std::time_t> moments(-1'000'000'000, 4'000'000'000);
    for (int i = 0; i < 3000; ++i) {
      const std::time_t t = moments(random);
      std::tm local{};
      ASSERT_NE(localtime_r(&t, &local), nullptr);
      ASSERT_EQ(one.offset(Time(seconds(t))).count(), local.tm_gmtoff) << name << " at " << t;
    }
  }
}

TEST(TimeZone, RefusesWhatIsNone) {
  for (const char* name : {"", "Europe/Berlino", "../../etc/passwd", "/etc/passwd", "Europe"}) {
    const auto loaded = TimeZone::load(name);
    ASSERT_FALSE(loaded) << name;
    EXPECT_EQ(loaded.error().code, Code::kUsage);
  }
}

TEST(TimeZone, SurvivesDamagedFiles) {
  const auto good = read_file("/usr/share/zoneinfo/Europe/Berlin");
  ASSERT_TRUE(good);
  EXPECT_TRUE(TimeZone::parse(*good, "x"));
  for (std::size_t n = 0; n < good->size(); n += 7) {
    EXPECT_FALSE(TimeZone::parse(good->substr(0, n), "x")) << n;
  }
  std::mt19937 random(7);
  for (int i = 0; i < 2000; ++i) {
    std::string bad = *good;
    for (int j = 0; j < 3; ++j) bad[random() % bad.size()] = static_cast<char>(random());
    const auto parsed = TimeZone::parse(bad, "x");  // an error or some zone: no crash
    EXPECT_TRUE(!parsed || parsed->offset(at("2026-07-01T00:00:00Z")) < hours(27));
  }
}

}  // namespace
}  // namespace pgdr
