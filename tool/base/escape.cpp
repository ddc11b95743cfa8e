#include "base/escape.hpp"

#include <cstddef>

#include <fmt/format.h>

namespace pgdr {
namespace {

constexpr std::size_t kEscape = 4;  // "<E9>"

unsigned char at(std::string_view text, std::size_t i) {
  return i < text.size() ? static_cast<unsigned char>(text[i]) : 0;
}

bool continues(std::string_view text, std::size_t i) { return (at(text, i) & 0xC0U) == 0x80U; }

// Bytes of the well-formed character that begins there; 0: none does.
std::size_t character(std::string_view text, std::size_t i) {
  const unsigned char first = at(text, i);
  if (first == 0) return 0;
  if (first < 0x80) return 1;
  const unsigned char second = at(text, i + 1);
  if (first < 0xC2 || first > 0xF4 || !continues(text, i + 1)) return 0;
  if (first < 0xE0) return 2;
  if (!continues(text, i + 2)) return 0;
  if (first < 0xF0) {
    const bool overlong = first == 0xE0 && second < 0xA0;
    const bool surrogate = first == 0xED && second >= 0xA0;
    return overlong || surrogate ? 0 : 3;
  }
  if (!continues(text, i + 3)) return 0;
  const bool out_of_range = (first == 0xF0 && second < 0x90) || (first == 0xF4 && second >= 0x90);
  return out_of_range ? 0 : 4;
}

int digit(unsigned char c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// The byte of an escape that begins there; -1: none does.
int escaped(std::string_view text, std::size_t i) {
  if (i + kEscape > text.size() || text[i] != '<' || text[i + 3] != '>') return -1;
  const int high = digit(at(text, i + 1));
  const int low = digit(at(text, i + 2));
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

}  // namespace

std::string escape_bytes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = character(text, i);
    if (length == 0 || escaped(text, i) >= 0) {
      out += fmt::format("<{:02X}>", at(text, i++));
    } else {
      out += text.substr(i, length);
      i += length;
    }
  }
  return out;
}

std::string unescape_bytes(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    const int byte = escaped(text, i);
    out += byte >= 0 ? static_cast<char>(byte) : text[i];
    i += byte >= 0 ? kEscape : 1;
  }
  return out;
}

}  // namespace pgdr
