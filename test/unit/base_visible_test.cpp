#include "base/visible.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include <array>

#include "base/fd.hpp"
#include "base/warn.hpp"

namespace pgdr {
namespace {

using testing::Not;

TEST(Visible, OrdinaryTextStays) {
  for (const char* text : {"", "a b", "Grüße, 東京 – “ok” €", "C:\\x1B", "مرحبا", "👍🏽"}) {
    EXPECT_EQ(visible(text), text);
    EXPECT_EQ(visible_lines(text, true), text);
    EXPECT_EQ(visible_message(text), text);
  }
}

TEST(Visible, WhatDrivesATerminalIsShown) {
  EXPECT_EQ(visible("a\x1b[2J"), "a\\x1B[2J");
  EXPECT_EQ(visible("\a\b\x7f"), "\\x07\\x08\\x7F");
  EXPECT_EQ(visible(std::string("a\0b", 3)), "a\\x00b");
  EXPECT_EQ(visible("a\r\n\tb"), "a\\r\\n\\tb");
  EXPECT_EQ(visible("\u009b31m\u0085"), "\\u009B31m\\u0085");  // C1: CSI, NEL
  EXPECT_EQ(visible("\x9b"
                    "31m"),
            "\\x9B31m");  // the same as a raw byte
}

TEST(Visible, WhatReordersOrHidesIsShown) {
  EXPECT_EQ(visible("a\u202eb\u2066c\u200fd\u061ce"), "a\\u202Eb\\u2066c\\u200Fd\\u061Ce");
  EXPECT_EQ(visible("a\u200bb\ufeffc\u2060d\u00ade"), "a\\u200Bb\\uFEFFc\\u2060d\\u00ADe");
  EXPECT_EQ(visible("a\u2028b\u2029c"), "a\\u2028b\\u2029c");
  EXPECT_EQ(visible("a\U000e0041b"), "a\\U000E0041b");  // tag characters
  EXPECT_EQ(visible("\u3164\ufe0f"), "\\u3164\\uFE0F");
}

TEST(Visible, WhatIsNoUtf8IsShownByteByByte) {
  EXPECT_EQ(visible("\xff\xfe"
                    "a"),
            "\\xFF\\xFEa");
  EXPECT_EQ(visible("\xc3"), "\\xC3");  // cut short
  EXPECT_EQ(visible("\xe2\x82"), "\\xE2\\x82");
  EXPECT_EQ(visible("\xc0\x9b"), "\\xC0\\x9B");  // overlong
  EXPECT_EQ(visible("\xe0\x82\x9b"), "\\xE0\\x82\\x9B");
  EXPECT_EQ(visible("\xed\xa0\x80"), "\\xED\\xA0\\x80");  // surrogate
  EXPECT_EQ(visible("\xf4\x90\x80\x80"), "\\xF4\\x90\\x80\\x80");
}

TEST(Visible, LinesKeepTheirEndsAndOurColoursOnly) {
  EXPECT_EQ(visible_lines("a\tb\nc\n", false), "a\tb\nc\n");
  const std::string ours = ansi_colour("32", "ok");
  EXPECT_EQ(visible_lines(ours, true), ours);
  EXPECT_EQ(visible_lines(ours, false), "\\x1B[32mok\\x1B[0m");
  for (const char* theirs :
       {"\x1b[8m", "\x1b[2J", "\x1b]0;title\a", "\x1b[m", "\x1b[38;5;1m", "\x1b"}) {
    EXPECT_THAT(visible_lines(theirs, true), testing::StartsWith("\\x1B"));
  }
}

TEST(Visible, AMessageCannotForgeALine) {
  EXPECT_EQ(visible_message("no such table\npgdr: backup complete\n"),
            "no such table\n  pgdr: backup complete");
}

TEST(Visible, JsonKeepsItsMeaning) {
  const std::string name = "a\x1b\x7f\u009b\u202e\U000e0041 \"ü\" 東";
  const std::string shown = visible_json(nlohmann::json({{"name", name}}).dump());
  EXPECT_THAT(shown, Not(testing::HasSubstr("\u202e")));
  EXPECT_THAT(shown, testing::HasSubstr("\\u202E"));
  EXPECT_THAT(shown, testing::HasSubstr("東"));
  EXPECT_EQ(nlohmann::json::parse(shown)["name"], name);
  for (const unsigned char c : shown) EXPECT_TRUE(c >= 0x20 && c != 0x7f);
}

// What a function writes to standard error.
template <class F>
std::string written_by(F&& f) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  const int saved = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  f();
  dup2(saved, STDERR_FILENO);
  close(saved);
  close(ends[1]);
  std::string text(65536, '\0');
  const ssize_t n = read(ends[0], text.data(), text.size());
  close(ends[0]);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

TEST(Log, NamesOfStrangersCannotDriveTheTerminal) {
  log_setup(Verbosity::kVerbose);
  const std::string evil = "t\x1b[2J\u202e\x9b\npgdr: all is well";
  const std::string shown = "t\\x1B[2J\\u202E\\x9B\n  pgdr: all is well";
  const Error error = Error::of(Code::kFailed, evil, evil);
  EXPECT_EQ(written_by([&] { log_error(error); }),
            "pgdr: error: " + shown + "\nhint: " + shown + "\n");
  EXPECT_EQ(written_by([&] { log_warning(error); }),
            "pgdr: warning: " + shown + "\nhint: " + shown + "\n");
  EXPECT_EQ(written_by([&] { log_warning(evil); }), "pgdr: warning: " + shown + "\n");
  EXPECT_EQ(written_by([&] { log_info(evil); }), "pgdr: " + shown + "\n");
  EXPECT_EQ(written_by([&] { log_verbose(evil); }), "pgdr: " + shown + "\n");
  log_setup(Verbosity::kNormal);
}

}  // namespace
}  // namespace pgdr
