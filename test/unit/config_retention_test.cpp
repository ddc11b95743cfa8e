#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/config.hpp"

namespace pgdr {
namespace {

using ::testing::HasSubstr;

Result<Config> parse_retention(const std::string& more) {
  return parse_config(
      "version = 1\n"
      "[repository.local]\ntype = \"local\"\npath = \"/a\"\n"
      "[repository.offsite]\ntype = \"local\"\npath = \"/b\"\n"
      "[set.shop]\ndatabase = \"shop\"\nrepositories = [\"local\"]\npassphrase_file = \"/p\"\n" +
          more,
      "/etc/pgdr.toml");
}

std::string refusal_of(const std::string& more) {
  const auto config = parse_retention(more);
  EXPECT_FALSE(config) << more;
  return config ? "" : to_string(config.error());
}

TEST(ConfigRetention, NothingSaidKeepsEverything) {
  const auto config = parse_retention("");
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->repositories.at("local").retention.any());
  EXPECT_EQ(config->repositories.at("local").retention.keep_verified_min, 1);
}

TEST(ConfigRetention, ARepositoryChangesSingleKeys) {
  const auto config = parse_retention(
      "[retention]\nkeep_nightly = 14\nkeep_weekly = 8\ntime_zone = \"Europe/Berlin\"\n"
      "[retention.offsite]\nkeep_weekly = 52\nkeep_yearly = 7\n");
  ASSERT_TRUE(config) << to_string(config.error());
  const RetentionConfig& local = config->repositories.at("local").retention;
  const RetentionConfig& offsite = config->repositories.at("offsite").retention;
  EXPECT_EQ(local.keep_nightly, 14);
  EXPECT_EQ(local.keep_weekly, 8);
  EXPECT_EQ(local.keep_yearly, 0);
  EXPECT_EQ(offsite.keep_nightly, 14);
  EXPECT_EQ(offsite.keep_weekly, 52);
  EXPECT_EQ(offsite.keep_yearly, 7);
  EXPECT_EQ(offsite.time_zone, "Europe/Berlin");
}

TEST(ConfigRetention, DailyIsAnotherWordForNightly) {
  const auto config = parse_retention("[retention]\nkeep_daily = 3\n");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->repositories.at("local").retention.keep_nightly, 3);
}

TEST(ConfigRetention, RefusesWhatCannotBeMeant) {
  EXPECT_THAT(refusal_of("[retention]\nkeep_dayly = 3\n"), HasSubstr("did you mean 'keep_daily'?"));
  EXPECT_THAT(refusal_of("[retention]\nkeep_daily = 3\nkeep_nightly = 3\n"), HasSubstr("both"));
  EXPECT_THAT(refusal_of("[retention]\nkeep_verified_min = 0\n"), HasSubstr("from 1"));
  EXPECT_THAT(refusal_of("[retention]\nkeep_days = -1\n"), HasSubstr("from 0"));
  EXPECT_THAT(refusal_of("[retention.ofsite]\nkeep_last = 1\n"),
              HasSubstr("did you mean 'offsite'?"));
  EXPECT_THAT(refusal_of("[retention.offsite]\nkeep_lost = 1\n"), HasSubstr("'keep_last'"));
}

TEST(ConfigSchedule, ReadsMoments) {
  ScheduleTime time;
  EXPECT_TRUE(parse_schedule_time("Sun 03:05", time));
  EXPECT_EQ(time.weekday, 0);
  EXPECT_EQ(time.hour, 3);
  EXPECT_EQ(time.minute, 5);
  EXPECT_TRUE(parse_schedule_time("23:59", time));
  EXPECT_EQ(time.weekday, -1);
  for (const char* bad : {"", "24:00", "3:00", "12:60", "sun 03:00", "Son 03:00", "Sun", "12-00"}) {
    EXPECT_FALSE(parse_schedule_time(bad, time)) << bad;
  }
}

TEST(ConfigSchedule, RefusesWhatCannotBeMeant) {
  EXPECT_THAT(refusal_of("[schedule]\nnightly = \"2am\"\n"), HasSubstr("no moment"));
  EXPECT_THAT(refusal_of("[schedule]\nweekly = \"03:00\"\n"), HasSubstr("no moment"));
  EXPECT_THAT(refusal_of("[schedule]\nevery_hours = 5\n"), HasSubstr("would differ"));
  EXPECT_THAT(refusal_of("[schedule]\nuser = \"a b\"\n"), HasSubstr("no name of a user"));
}

}  // namespace
}  // namespace pgdr
