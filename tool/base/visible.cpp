#include "base/visible.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

#include <fmt/format.h>

namespace pgdr {
namespace {

struct Range {
  std::uint32_t first;
  std::uint32_t last;
};

// Code points that show nothing by themselves, or change what others look like: C1 controls,
// Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties, Unicode 15) with the bidirectional
// controls among them, line and paragraph separators, interlinear annotations.
constexpr std::array kHidden = {
    Range{0x80, 0x9f},       Range{0xad, 0xad},       Range{0x34f, 0x34f},
    Range{0x61c, 0x61c},     Range{0x115f, 0x1160},   Range{0x17b4, 0x17b5},
    Range{0x180b, 0x180f},   Range{0x200b, 0x200f},   Range{0x2028, 0x202e},
    Range{0x2060, 0x206f},   Range{0x3164, 0x3164},   Range{0xfe00, 0xfe0f},
    Range{0xfeff, 0xfeff},   Range{0xffa0, 0xffa0},   Range{0xfff0, 0xfffb},
    Range{0x1bca0, 0x1bca3}, Range{0x1d173, 0x1d17a}, Range{0xe0000, 0xe0fff},
};

bool hidden(std::uint32_t c) {
  return std::any_of(kHidden.begin(), kHidden.end(),
                     [c](const Range& r) { return c >= r.first && c <= r.last; });
}

constexpr std::array<std::string_view, 8> kPalette = {"0",    "1",  "2",  "31;1",
                                                      "1;31", "32", "33", "1;33"};

// The bytes of the well-formed UTF-8 sequence at the beginning, 0 if there is none (RFC 3629: no
// surrogates, nothing overlong, nothing beyond U+10FFFF).
std::size_t sequence(std::string_view text, std::uint32_t& c) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  c = lead;
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return 0;
  c = lead & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0U) != 0x80U) return 0;
    c = c << 6U | (byte(i) & 0x3fU);
  }
  static constexpr std::array<std::uint32_t, 5> kLeast = {0, 0, 0x80, 0x800, 0x10000};
  if (c < kLeast.at(length) || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return 0;
  return length;
}

// A colour of ours, ESC [ code m: its length, else 0.
std::size_t colour(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const std::size_t end = text.find('m');
  if (end == std::string_view::npos) return 0;
  const std::string_view code = text.substr(2, end - 2);
  const bool ours = std::find(kPalette.begin(), kPalette.end(), code) != kPalette.end();
  return ours ? end + 1 : 0;
}

std::string code_point(std::uint32_t c) {
  return c > 0xffff ? fmt::format("\\U{:08X}", c) : fmt::format("\\u{:04X}", c);
}

// line_end: what stands for "\n"; tab: for "\t".
std::string escape(std::string_view text, std::string_view line_end, std::string_view tab,
                   bool colours) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    std::uint32_t c = 0;
    std::size_t length = sequence(text, c);
    if (length == 0) {
      length = 1;
      out += fmt::format("\\x{:02X}", static_cast<unsigned char>(text.front()));
    } else if (c == '\n') {
      out += line_end;
    } else if (c == '\t') {
      out += tab;
    } else if (c == '\r') {
      out += "\\r";
    } else if (const std::size_t painted = colours ? colour(text) : 0; painted > 0) {
      length = painted;
      out += text.substr(0, length);
    } else if (c < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02X}", c);
    } else if (hidden(c)) {
      out += code_point(c);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out;
}

}  // namespace

std::string visible(std::string_view text) { return escape(text, "\\n", "\\t", false); }

std::string visible_lines(std::string_view text, bool colours) {
  return escape(text, "\n", "\t", colours);
}

std::string visible_message(std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  return escape(text, "\n  ", "\t", false);
}

std::string visible_json(std::string_view document) {
  std::string out;
  out.reserve(document.size());
  while (!document.empty()) {
    std::uint32_t c = 0;
    std::size_t length = sequence(document, c);
    if (length == 0) {
      length = 1;
      out += "\\uFFFD";
    } else if (c == 0x7f || hidden(c)) {
      out += c > 0xffff ? fmt::format("\\u{:04X}\\u{:04X}", 0xd800 + ((c - 0x10000) >> 10U),
                                      0xdc00 + ((c - 0x10000) & 0x3ffU))
                        : fmt::format("\\u{:04X}", c);
    } else {
      out += document.substr(0, length);
    }
    document.remove_prefix(length);
  }
  return out;
}

std::string ansi_colour(std::string_view code, std::string_view text) {
  return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

}  // namespace pgdr
