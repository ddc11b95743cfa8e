// The textual header of an age v1 file (C2SP age.md, "Header"): pure text, no keys.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace pgdr::pipe {

inline constexpr std::size_t kBase64Columns = 64;  // of a line, in headers and armor alike

inline constexpr std::string_view kAgeVersionLine = "age-encryption.org/v1\n";

struct Stanza {
  std::vector<std::string> args;  // args[0] is the type
  std::string body;               // raw bytes
};

struct Header {
  std::vector<Stanza> stanzas;
  std::string mac;            // 32 raw bytes
  std::string authenticated;  // what the MAC covers: the text up to and including "---"
};

// The text that the MAC covers.
std::string header_text(const std::vector<Stanza>& stanzas);
// " <base64 of mac>\n": what follows header_text() in the file.
std::string header_end(std::string_view mac);

// text is the whole header, from the version line to the line feed of the MAC line. kCorrupt unless
// it is exactly what header_text() and header_end() would write for the result.
Result<Header> parse_header(std::string_view text);

// kCorrupt, "header: <why>".
Error header_error(std::string_view why);

}  // namespace pgdr::pipe
