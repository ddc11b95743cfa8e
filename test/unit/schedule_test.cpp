#include "app/schedule.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgdr::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

Config config(const std::string& schedule) {
  const auto parsed = parse_config(
      "version = 1\n"
      "[repository.local]\ntype = \"local\"\npath = \"/srv/my backups/100%\"\n"
      "[defaults]\nrepositories = [\"local\"]\npassphrase_file = "
      "\"$CREDENTIALS_DIRECTORY/passphrase\"\n"
      "[set.shop]\ndatabase = \"shop\"\n[set.wiki-2]\ndatabase = \"wiki\"\n[schedule]\n" +
          schedule,
      "/etc/pgdr/pgdr.toml");
  EXPECT_TRUE(parsed) << to_string(parsed.error());
  return parsed ? *parsed : Config{};
}

const UnitFile& unit(const std::vector<UnitFile>& units, const std::string& name) {
  static const UnitFile none;
  for (const auto& one : units) {
    if (one.name == name) return one;
  }
  ADD_FAILURE() << "no unit " << name;
  return none;
}

TEST(Schedule, CronLinesOfEverySet) {
  const std::string text = cron_text(
      config("nightly = \"01:30\"\nweekly = \"Sun 03:00\"\nevery_hours = 6\njitter_minutes = 0"),
      false);
  const std::string run = " pgdr /usr/local/bin/pgdr --config /etc/pgdr/pgdr.toml --quiet ";
  for (const char* set : {"shop", "wiki-2"}) {
    EXPECT_THAT(text, HasSubstr("\n30 1 * * *" + run + "backup --set " + set + "\n"));
    EXPECT_THAT(text, HasSubstr("\n0 3 * * 0" + run + "backup --set " + set + " --class weekly\n"));
    // The night's own hour is the nightly backup's.
    EXPECT_THAT(
        text, HasSubstr("\n30 7,13,19 * * *" + run + "backup --set " + set + " --class hourly\n"));
    EXPECT_THAT(text,
                HasSubstr("\n0 6 * * 0" + run + "verify --all --percent 25 --set " + set + "\n"));
  }
  EXPECT_THAT(text, HasSubstr("\n0 5 * * *" + run + "expire\n"));
}

TEST(Schedule, CronKnowsPercentSignsAndQuotes) {
  const std::string text = cron_text(config("program = \"/opt/50% off/pgdr\""), true);
  EXPECT_THAT(text, HasSubstr("0 2 * * * sleep $((RANDOM \\% 900)); '/opt/50\\% off/pgdr' "));
}

TEST(Schedule, WhatIsOffIsNotThere) {
  const Config none = config("nightly = \"off\"\nexpire = \"off\"\nverify = \"off\"");
  EXPECT_THAT(cron_text(none, false), Not(HasSubstr("pgdr --config")));
  EXPECT_TRUE(systemd_units(none).empty());
  EXPECT_TRUE(systemd_timers(none).empty());
}

TEST(Schedule, UnitsAreTemplatesOverSets) {
  const Config all = config(
      "weekly = \"Sat 23:15\"\nevery_hours = 12\ntime_zone = \"Europe/Berlin\"\nuser = \"backup\"");
  const auto units = systemd_units(all);
  EXPECT_EQ(units.size(), 10U);
  const std::string& service = unit(units, "pgdr-weekly@.service").text;
  EXPECT_THAT(service, HasSubstr("\nExecStart=/usr/local/bin/pgdr --config /etc/pgdr/pgdr.toml "
                                 "--quiet backup --set %i --class weekly\n"));
  for (const char* line :
       {"User=backup", "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes",
        "CapabilityBoundingSet=", "ReadWritePaths=\"/srv/my backups/100%%\"",
        "LoadCredential=passphrase:/etc/pgdr/passphrase"}) {
    EXPECT_THAT(service, HasSubstr("\n" + std::string(line) + "\n"));
  }
  const std::string& timer = unit(units, "pgdr-weekly@.timer").text;
  EXPECT_THAT(timer, HasSubstr("\nOnCalendar=Sat *-*-* 23:15:00 Europe/Berlin\n"));
  EXPECT_THAT(timer, HasSubstr("\nPersistent=true\n"));
  EXPECT_THAT(timer, HasSubstr("\nRandomizedDelaySec=15min\n"));
  EXPECT_THAT(unit(units, "pgdr-hourly@.timer").text,
              HasSubstr("\nOnCalendar=*-*-* 14:00:00 Europe/Berlin\n"));
  EXPECT_THAT(
      systemd_timers(all),
      ElementsAre("pgdr-nightly@shop.timer", "pgdr-weekly@shop.timer", "pgdr-hourly@shop.timer",
                  "pgdr-verify@shop.timer", "pgdr-nightly@wiki-2.timer", "pgdr-weekly@wiki-2.timer",
                  "pgdr-hourly@wiki-2.timer", "pgdr-verify@wiki-2.timer", "pgdr-expire.timer"));
}

}  // namespace
}  // namespace pgdr::app
