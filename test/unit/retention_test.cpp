#include "app/retention/retention.hpp"

#include <algorithm>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgdr::app {
namespace {

using std::chrono::days;
using std::chrono::hours;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const TimeZone& utc() {
  static const TimeZone zone = *TimeZone::load("UTC");
  return zone;
}
Time at(const char* iso) { return *parse_iso(iso); }

RetainedBackup backup(Time stopped_at) {
  RetainedBackup one;
  one.label = to_label_time(stopped_at) + "-0000";
  one.stopped_at = stopped_at;
  one.system_identifier = "1";
  one.verified = true;
  one.bytes = 10;
  return one;
}

// One each night, the newest on Saturday 2026-11-21.
RetentionInput nights(int n) {
  RetentionInput input;
  for (int i = 0; i < n; ++i) input.backups.push_back(backup(at("2026-11-21T02:00:00Z") - days(i)));
  input.now = at("2026-11-21T05:00:00Z");
  return input;
}

std::vector<std::string> kept(const RetentionPlan& plan) {
  std::vector<std::string> dates;
  for (const auto& d : plan.decisions) {
    if (d.keep) dates.push_back(d.backup.label.substr(4, 4));
  }
  return dates;
}

std::string reasons(const RetentionPlan& plan, const std::string& label) {
  std::string text;
  for (const auto& d : plan.decisions) {
    if (d.backup.label != label) continue;
    for (const auto& reason : d.reasons) text += reason + "\n";
  }
  return text;
}

TEST(Retention, KeepsTheLast) {
  RetentionInput input = nights(10);
  input.policy.keep_last = 3;
  const RetentionPlan plan = plan_retention(input, utc());
  EXPECT_THAT(kept(plan), ElementsAre("1121", "1120", "1119"));
  EXPECT_EQ(plan.deletions(), 7U);
  EXPECT_EQ(plan.bytes_freed(), 70U);
  EXPECT_THAT(reasons(plan, "20261119T020000Z-0000"), HasSubstr("number 3 of the last 3"));
  EXPECT_THAT(reasons(plan, "20261118T020000Z-0000"), HasSubstr("no rule keeps it"));
}

TEST(Retention, KeepsDaysBeforeTheNewest) {
  RetentionInput input = nights(10);
  input.policy.keep_days = 2;
  input.now += days(300);  // backups stopped; nothing more may go for that
  EXPECT_THAT(kept(plan_retention(input, utc())), ElementsAre("1121", "1120", "1119"));
}

TEST(Retention, PromotesWeekliesFromNightlies) {
  RetentionInput input = nights(40);
  input.policy.keep_nightly = 2;
  input.policy.keep_weekly = 4;
  // weeks end on Sunday: 15 and 8 November and 1 November
  EXPECT_THAT(kept(plan_retention(input, utc())),
              ElementsAre("1121", "1120", "1115", "1108", "1101"));
}

TEST(Retention, PrefersWhatWasMadeForTheSlot) {
  RetentionInput input = nights(20);
  RetainedBackup weekly = backup(at("2026-11-11T04:00:00Z"));
  weekly.klass = "weekly";
  input.backups.push_back(weekly);
  input.policy.keep_weekly = 3;
  const RetentionPlan plan = plan_retention(input, utc());
  // Of the week from 9 November the Wednesday's, though 15 November is newer.
  EXPECT_THAT(kept(plan), ElementsAre("1121", "1111", "1108"));
  EXPECT_THAT(reasons(plan, weekly.label), HasSubstr("made for it"));
}

TEST(Retention, OfSeveralMadeForASlotTheNewestStays) {
  RetentionInput input = nights(20);
  for (const char* time : {"2026-11-10T04:00:00Z", "2026-11-12T04:00:00Z"}) {
    RetainedBackup weekly = backup(at(time));
    weekly.klass = "weekly";
    input.backups.push_back(weekly);
  }
  input.policy.keep_weekly = 2;
  EXPECT_THAT(kept(plan_retention(input, utc())), ElementsAre("1121", "1112"));
}

TEST(Retention, TheNewestStaysThoughASlotIsAnothers) {
  RetentionInput input = nights(20);
  RetainedBackup weekly = backup(at("2026-11-18T04:00:00Z"));
  weekly.klass = "weekly";
  input.backups.push_back(weekly);
  input.policy.keep_weekly = 1;
  const RetentionPlan plan = plan_retention(input, utc());
  EXPECT_THAT(kept(plan), ElementsAre("1121", "1118"));
  EXPECT_THAT(reasons(plan, plan.decisions.front().backup.label), HasSubstr("the newest"));
}

TEST(Retention, MonthsAndYearsKeepTheirLast) {
  RetentionInput input = nights(800);
  input.policy.keep_monthly = 3;
  input.policy.keep_yearly = 2;
  EXPECT_THAT(kept(plan_retention(input, utc())), ElementsAre("1121", "1031", "0930", "1231"));
}

TEST(Retention, AnHourShownTwiceIsTwoHours) {
  const TimeZone berlin = *TimeZone::load("Europe/Berlin");
  RetentionInput input;
  for (const char* iso : {"2026-10-24T23:30:00Z", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z",
                          "2026-10-25T02:30:00Z"}) {
    input.backups.push_back(backup(at(iso)));  // 01:30, 02:30, 02:30 again, 03:30 there
  }
  input.now = at("2026-10-26T00:00:00Z");
  input.policy.keep_hourly = 4;
  EXPECT_EQ(plan_retention(input, berlin).deletions(), 0U);
}

TEST(Retention, DaysAreThoseOfTheZone) {
  RetentionInput input;
  input.backups = {backup(at("2026-07-01T11:00:00Z")), backup(at("2026-07-01T13:00:00Z"))};
  input.now = at("2026-07-02T00:00:00Z");
  input.policy.keep_nightly = 2;
  EXPECT_EQ(plan_retention(input, utc()).deletions(), 1U);
  EXPECT_EQ(plan_retention(input, *TimeZone::load("Pacific/Auckland")).deletions(), 0U);
}

TEST(Retention, GapsDoNotUseSlotsUp) {
  RetentionInput input = nights(3);
  for (int i = 0; i < 3; ++i) input.backups.push_back(backup(at("2025-01-03T02:00:00Z") - days(i)));
  input.policy.keep_nightly = 5;
  EXPECT_THAT(kept(plan_retention(input, utc())),
              ElementsAre("1121", "1120", "1119", "0103", "0102"));
}

TEST(Retention, DamagedOnesCountAsNone) {
  RetentionInput input = nights(5);
  input.backups[0].good = false;
  input.backups[1].good = false;
  input.policy.keep_last = 2;
  const RetentionPlan plan = plan_retention(input, utc());
  EXPECT_THAT(kept(plan), ElementsAre("1121", "1120", "1119", "1118"));
  EXPECT_THAT(reasons(plan, "20261121T020000Z-0000"), HasSubstr("damaged, and counts as none"));
}

TEST(Retention, TheFloorIsCountedInVerifiedBackups) {
  RetentionInput input = nights(10);
  for (auto& one : input.backups) one.verified = false;
  input.backups[7].verified = true;
  input.backups[9].verified = true;
  input.policy.keep_last = 1;
  RetentionPlan plan = plan_retention(input, utc());
  EXPECT_THAT(kept(plan), ElementsAre("1121", "1114"));
  EXPECT_FALSE(plan.floor_unmet);
  input.policy.keep_verified_min = 3;
  plan = plan_retention(input, utc());
  EXPECT_EQ(plan.deletions(), 0U);
  EXPECT_TRUE(plan.floor_unmet);
  EXPECT_EQ(plan.verified, 2U);
  // A damaged one was verified once: that is over.
  input.policy.keep_verified_min = 1;
  input.backups[7].good = false;
  EXPECT_THAT(kept(plan_retention(input, utc())), ElementsAre("1121", "1112"));
}

TEST(Retention, PinsAndLeasesKeep) {
  RetentionInput input = nights(10);
  input.policy.keep_last = 1;
  input.pins = {{"20261115T020000Z-0000", std::nullopt, "before the migration"},
                {"20261114T020000Z-0000", input.now + hours(1), ""},
                {"20261113T020000Z-0000", input.now, "over"},
                {"20200101T000000Z-0000", std::nullopt, "not here"}};
  input.leased = {"20261112T020000Z-0000"};
  const RetentionPlan plan = plan_retention(input, utc());
  EXPECT_THAT(kept(plan), ElementsAre("1121", "1115", "1114", "1112"));
  EXPECT_THAT(reasons(plan, "20261115T020000Z-0000"),
              HasSubstr("pinned for ever (before the migration)"));
}

TEST(Retention, WhatIsNeededStays) {
  RetentionInput input = nights(10);
  input.policy.keep_last = 1;
  input.backups[0].needs = {input.backups[3].label};
  input.backups[3].needs = {input.backups[6].label};
  EXPECT_THAT(kept(plan_retention(input, utc())), ElementsAre("1121", "1118", "1115"));
  // With the chain broken it is no good backup, and the next takes its place.
  input.backups[6].good = false;
  EXPECT_THAT(kept(plan_retention(input, utc())), Contains("1120"));
}

RetentionPlan refused(const RetentionInput& input) {
  RetentionPlan plan = plan_retention(input, utc());
  EXPECT_THAT(plan.refusals, ::testing::SizeIs(1));
  EXPECT_EQ(plan.deletions(), 0U);
  EXPECT_EQ(plan.bytes_freed(), 0U);
  if (plan.refusals.empty()) plan.refusals.emplace_back();
  return plan;
}

TEST(Retention, RefusesOnDoubt) {
  RetentionInput good = nights(10);
  good.policy.keep_last = 1;
  EXPECT_THAT(plan_retention(good, utc()).refusals, IsEmpty());

  RetentionInput input = good;
  input.policy = {};
  EXPECT_THAT(refused(input).refusals[0], HasSubstr("no rule"));
  input = good;
  input.now = at("2026-11-21T01:59:59Z");
  EXPECT_THAT(refused(input).refusals[0], HasSubstr("clock is behind the newest backup"));
  input = good;
  input.newest_object = input.now + std::chrono::minutes(6);
  EXPECT_THAT(refused(input).refusals[0], HasSubstr("clock is behind the repository's"));
  input = good;
  input.doubts = {"the listing broke off"};
  EXPECT_THAT(refused(input).refusals[0], HasSubstr("broke off"));
  input = good;
  input.unknown = {"a", "b", "c", "d", "e"};
  EXPECT_THAT(refused(input).refusals[0], HasSubstr("5 files of unknown origin"));
  EXPECT_THAT(refused(input).refusals[0], HasSubstr("a, b, c and 2 more"));
  input = good;
  input.backups[5].label = input.backups[4].label;
  EXPECT_THAT(refused(input).refusals[0], HasSubstr("two backups have the label"));
}

TEST(Retention, AnUpgradeIsNoForeignSystemTwoClustersInTurnAre) {
  RetentionInput input = nights(10);
  input.policy.keep_last = 1;
  for (int i = 5; i < 10; ++i) input.backups[i].system_identifier = "2";
  EXPECT_THAT(plan_retention(input, utc()).refusals, IsEmpty());
  input.backups[9].system_identifier = "1";
  EXPECT_THAT(refused(input).refusals[0], HasSubstr("alternate"));
  input.several_systems = true;
  EXPECT_THAT(plan_retention(input, utc()).refusals, IsEmpty());
}

}  // namespace
}  // namespace pgdr::app
