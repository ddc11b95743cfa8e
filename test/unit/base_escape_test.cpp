#include "base/escape.hpp"

#include <random>

#include <gtest/gtest.h>

namespace pgdr {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

TEST(EscapeTest, WellFormedTextStays) {
  for (const auto text : {"", "plain", "Größe → 漢字 🐘", "a < b > c", "<EG>", "<e9>", "<E9"}) {
    EXPECT_EQ(escape_bytes(text), text);
    EXPECT_EQ(unescape_bytes(text), text);
  }
}

TEST(EscapeTest, OtherBytesAreNamed) {
  EXPECT_EQ(escape_bytes("caf\xE9"), "caf<E9>");
  EXPECT_EQ(escape_bytes("\xA4\xA2"), "<A4><A2>");
  EXPECT_EQ(escape_bytes("\xC3"), "<C3>") << "cut in the middle";
  EXPECT_EQ(escape_bytes("\xC0\xAF"), "<C0><AF>") << "overlong";
  EXPECT_EQ(escape_bytes("\xED\xA0\x80"), "<ED><A0><80>") << "half of a surrogate pair";
  EXPECT_EQ(escape_bytes("\xF4\x90\x80\x80"), "<F4><90><80><80>") << "beyond U+10FFFF";
  EXPECT_EQ(escape_bytes("a\0b"sv), "a<00>b");
}

TEST(EscapeTest, WhatLooksLikeAnEscapeComesBack) {
  for (const auto text : {"<E9>", "<3C>E9>", "<<E9>>", "<3C>3C>E9>", "\xE9<E9>\xE9"}) {
    EXPECT_EQ(unescape_bytes(escape_bytes(text)), text);
  }
}

TEST(EscapeTest, AnyBytesComeBackAndTheEscapeIsUtf8) {
  std::mt19937 random(1);
  const std::string alphabet = "<>0123E9AF\xC3\xA9\xE2\x82\xAC\xF0\x9F\xED\xA0\xFF a"s + '\0';
  for (int i = 0; i < 20000; ++i) {
    std::string text;
    for (auto n = random() % 12; n > 0; --n) text += alphabet[random() % alphabet.size()];
    const std::string escape = escape_bytes(text);
    ASSERT_EQ(unescape_bytes(escape), text);
    // All of it is well-formed: nothing but what looks like an escape is escaped again.
    for (const char c : escape_bytes(escape)) ASSERT_NE(c, '\0');
    ASSERT_EQ(unescape_bytes(escape_bytes(escape)), escape);
  }
}

}  // namespace
}  // namespace pgdr
