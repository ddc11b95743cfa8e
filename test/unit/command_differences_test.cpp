// What `pgdr differences` prints.
#include <gtest/gtest.h>

#include "command/differences.hpp"

namespace pgdr::command {
namespace {

app::Differences some() {
  return {"shop",
          {{"missing", "(id)=(42)", std::nullopt, "id=42, name=x", std::nullopt, std::nullopt},
           {"changed", "(id)=(43)", "name", std::nullopt, "a\x1b[2J", "first difference"},
           {"info", std::nullopt, std::nullopt, std::nullopt, std::nullopt, "7 rows differ"}}};
}

TEST(Differences, TextHasALineForEachAndNotesBelow) {
  EXPECT_EQ(differences_text(some(), false),
            "SIDE     KEY        COLUMN  EXPECTED       ACTUAL    DETAIL\n"
            "missing  (id)=(42)          id=42, name=x\n"
            "changed  (id)=(43)  name    NULL           a\\x1B[2J  first difference\n"
            "7 rows differ\n");
}

TEST(Differences, WhatTheSourceLostSinceIsShown) {
  const app::Differences lost{
      "shop",
      {{"gone", "(id)=(1)", std::nullopt, std::nullopt, "id=1, name=x", std::nullopt},
       {"changed since", "(id)=(2)", "name", std::nullopt, "NULL", std::nullopt}}};
  EXPECT_TRUE(app::any_difference(lost));
  EXPECT_EQ(differences_text(lost, false),
            "SIDE           KEY       COLUMN  EXPECTED  ACTUAL        DETAIL\n"
            "gone           (id)=(1)                    id=1, name=x\n"
            "changed since  (id)=(2)  name    NULL      'NULL'\n");
}

TEST(Differences, NothingDiffers) {
  const app::Differences none{"shop", {}};
  EXPECT_FALSE(app::any_difference(none));
  EXPECT_EQ(differences_text(none, false), "no row differs\n");
}

TEST(Differences, RemarksAloneAreNoDifference) {
  app::Differences remarks = some();
  remarks.lines.erase(remarks.lines.begin(), remarks.lines.begin() + 2);
  EXPECT_FALSE(app::any_difference(remarks));
  EXPECT_EQ(differences_text(remarks, false), "7 rows differ\n");
  EXPECT_TRUE(app::any_difference(some()));
}

TEST(Differences, JsonKeepsNullsAndTheAnswer) {
  const Json json = differences_json(some(), {"copy", "public.t", 20, "both"});
  EXPECT_EQ(json["target"], "copy");
  EXPECT_EQ(json["equal"], false);
  ASSERT_EQ(json["differences"].size(), 3U);
  EXPECT_TRUE(json["differences"][0]["actual"].is_null());
  EXPECT_EQ(json["differences"][1]["column"], "name");
}

}  // namespace
}  // namespace pgdr::command
