#include "base/json.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace pgdr {
namespace {

std::string repeat(const char* text, std::size_t n) {
  std::string out;
  while (n-- > 0) out += text;
  return out;
}

std::string why(std::string_view text, const JsonLimits& limits = {}) {
  const auto json = parse_json(text, limits);
  return json ? "" : json.error().message;
}

TEST(Json, ReadsMembersOfTheTypeThatIsWanted) {
  const auto json = parse_json(R"({"a": "text", "n": 7, "minus": -7, "b": true, "z": null})");
  ASSERT_TRUE(json);
  EXPECT_EQ(json_text(*json, "a"), "text");
  EXPECT_EQ(json_number(*json, "n"), 7U);
  EXPECT_TRUE(json_true(*json, "b"));
  // Another type is as good as none, and nothing throws.
  EXPECT_EQ(json_text(*json, "n"), std::nullopt);
  EXPECT_EQ(json_text(*json, "z"), std::nullopt);
  EXPECT_EQ(json_text(*json, "missing"), std::nullopt);
  EXPECT_EQ(json_number(*json, "a"), std::nullopt);
  EXPECT_EQ(json_number(*json, "minus"), std::nullopt);
  EXPECT_FALSE(json_true(*json, "a"));
  for (const char* text : {"[]", "7", "\"a\"", "null"}) {
    const auto other = parse_json(text);
    ASSERT_TRUE(other);
    EXPECT_EQ(json_text(*other, "a"), std::nullopt);
    EXPECT_EQ(json_number(*other, "n"), std::nullopt);
    EXPECT_FALSE(json_true(*other, "b"));
  }
}

TEST(Json, RefusesWhatIsNone) {
  for (const char* text :
       {"", "{", "[1,]", "{} x", "\x01", "\"\xff\"", "1e999999", "nul", "{\"a\"}"}) {
    EXPECT_EQ(why(text), "not a JSON document") << text;
    EXPECT_EQ(parse_json(text, {}).error().code, Code::kCorrupt);
  }
}

TEST(Json, MeasuresBeforeItParses) {
  EXPECT_EQ(why(repeat("[", 32) + repeat("]", 32)), "");
  EXPECT_EQ(why(repeat("[", 33) + repeat("]", 33)), "nested deeper than the 32 levels it may have");
  EXPECT_EQ(why(repeat("{\"a\":", 33) + "1" + repeat("}", 33)),
            "nested deeper than the 32 levels it may have");
  // Six million of them, as somebody may put them into a repository: refused at once.
  EXPECT_EQ(why(repeat("[", 6'000'000)), "nested deeper than the 32 levels it may have");
  EXPECT_EQ(why("[1,2,3]", {.values = 5}), "");
  EXPECT_EQ(why("[1,2,3,4,5]", {.values = 5}), "more than the 5 values it may have");
  EXPECT_EQ(why("[{},[],{}]", {.values = 5}), "more than the 5 values it may have");
  EXPECT_EQ(why("\"abc\"", {.bytes = 4}), "longer than the 4 bytes it may have");
  EXPECT_EQ(why("\"ab\"", {.bytes = 4}), "");
}

TEST(Json, BracketsInStringsAreText) {
  EXPECT_EQ(why("\"" + repeat("[{,", 1000) + "\"", {.values = 5}), "");
  EXPECT_EQ(why(R"(["\"[[[[[[", "\\", "[[[["])", {.depth = 1}), "");
  // A quote that only looks escaped ends the string.
  EXPECT_EQ(why(R"(["\\", [[[1]]]])", {.depth = 3}), "nested deeper than the 3 levels it may have");
}

}  // namespace
}  // namespace pgdr
