#include "command/render.hpp"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/version.hpp"
#include "command/commands.hpp"
#include "command/status.hpp"
#include "command/version.hpp"

namespace pgdr::command {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Table, AlignsColumnsWithoutTrailingBlanks) {
  Table table({{"LABEL"}, {"SIZE", Align::kRight}, {"NOTE"}});
  table.add({"a", "9 B", "x"});
  table.add({"longer-label", "1023 B"});
  EXPECT_EQ(table.text(false),
            "LABEL           SIZE  NOTE\n"
            "a                9 B  x\n"
            "longer-label  1023 B\n");
}

TEST(Table, CountsLettersNotBytes) {
  Table table({{"A"}, {"B"}});
  table.add({"für", "x"});
  table.add({"abcd", "y"});
  EXPECT_EQ(table.text(false), "A     B\nfür   x\nabcd  y\n");
}

TEST(Table, ColorsOnlyWhenAskedAndKeepsAlignment) {
  Table table({{"A"}, {"B"}});
  table.add({Cell("ok", Tone::kGood), "x"});
  EXPECT_THAT(table.text(false), Not(HasSubstr("\033")));
  EXPECT_THAT(table.text(true), HasSubstr("\033[32mok\033[0m  x\n"));
}

TEST(Table, ControlCharactersCannotDriveTheTerminal) {
  Table table({{"A"}});
  table.add({"x\033[2Jy\n"});
  table.add({"\u202egpj.exe"});
  EXPECT_EQ(table.text(false), "A\nx\\x1B[2Jy\\n\n\\u202Egpj.exe\n");
}

TEST(Fields, AlignsValues) {
  Fields fields;
  fields.add("Label", "a");
  fields.add("Recovery point", "b");
  EXPECT_EQ(fields.text(false), "Label:           a\nRecovery point:  b\n");
}

TEST(StateCell, TonesByMeaning) {
  EXPECT_EQ(state_cell("passed").tone, Tone::kGood);
  EXPECT_EQ(state_cell("warning").tone, Tone::kWarn);
  EXPECT_EQ(state_cell("critical").tone, Tone::kBad);
  EXPECT_EQ(state_cell("whatever").tone, Tone::kPlain);
}

TEST(RenderAge, BothDirections) {
  const Time now{std::chrono::hours(1000)};
  EXPECT_EQ(age(now, now), "just now");
  EXPECT_THAT(age(now - std::chrono::minutes(5), now), HasSubstr("5 min"));
  EXPECT_THAT(age(now - std::chrono::minutes(5), now), HasSubstr("ago"));
  EXPECT_THAT(age(now + std::chrono::minutes(5), now), HasSubstr("in 5 min"));
}

TEST(JsonValues, NullWhereThereIsNothing) {
  EXPECT_EQ(json_text(std::nullopt).dump(), "null");
  EXPECT_EQ(json_text("x").dump(), "\"x\"");
  EXPECT_EQ(json_time(std::nullopt).dump(), "null");
  EXPECT_THAT(json_time(Time{}).dump(), HasSubstr("1970-01-01T00:00:00"));
}

TEST(Version, NamesToolAndExitCodes) {
  EXPECT_THAT(version_text(), HasSubstr(std::string(kVersion)));
  const std::string codes = exit_code_text();
  for (const Code code :
       {Code::kFailed, Code::kUsage, Code::kPartial, Code::kDatabaseUnreachable, Code::kProtected,
        Code::kMismatch, Code::kRepositoryMissing, Code::kLocked, Code::kNoKey, Code::kInterrupted,
        Code::kNotFound, Code::kExists, Code::kCorrupt, Code::kNoSpace}) {
    EXPECT_THAT(codes, HasSubstr(" " + std::to_string(exit_code(code)) + "  "));
  }
}

TEST(Runner, RunsTheChosenSubcommandOnly) {
  CLI::App app;
  Runner run;
  run.on(app.add_subcommand("a"), [] { return Result<int>(7); });
  run.on(app.add_subcommand("b"), [] { return Result<int>(8); });
  EXPECT_EQ(run.run().error().code, Code::kUsage);
  const char* argv[] = {"x", "b"};
  app.parse(2, argv);
  EXPECT_EQ(run.run().value(), 8);
}

TEST(StatusText, RendersEveryObjective) {
  app::SetStatus status;
  status.set = "shop";
  status.database = "shop";
  status.objectives = {{"rpo", "24 hours", "3 hours", "ok", "fine"},
                       {"copies", std::nullopt, std::nullopt, "unknown", std::nullopt}};
  const std::string text = status_text(status, false);
  EXPECT_THAT(text, HasSubstr("rpo        24 hours  3 hours  ok"));
  EXPECT_THAT(text, HasSubstr("copies     -         -        unknown"));
  const Json json = status_json(status);
  EXPECT_EQ(json["state"], "unknown");
  EXPECT_TRUE(json["objectives"][1]["target"].is_null());
}

TEST(WorstState, OrdersThem) {
  const auto worst = [](std::vector<std::string> states) {
    std::vector<db::Objective> objectives;
    for (auto& state : states) objectives.push_back({"x", {}, {}, state, {}});
    return app::worst_state(objectives);
  };
  EXPECT_EQ(worst({"ok", "critical", "warning"}), "critical");
  EXPECT_EQ(worst({"ok", "warning", "unknown"}), "warning");
  EXPECT_EQ(worst({"ok", "unknown"}), "unknown");
  EXPECT_EQ(worst({"ok"}), "ok");
  EXPECT_EQ(worst({}), "unknown");
}

}  // namespace
}  // namespace pgdr::command
