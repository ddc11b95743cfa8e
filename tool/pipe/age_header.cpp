#include "pipe/age_header.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/base64.hpp"

namespace pgdr::pipe {

namespace {

constexpr std::size_t kMacSize = 32;

// Takes the next line without its line feed; nullopt when none is complete.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t newline = rest.find('\n');
  if (newline == std::string_view::npos) return std::nullopt;
  const std::string_view line = rest.substr(0, newline);
  rest.remove_prefix(newline + 1);
  return line;
}

// One or more arguments of visible ASCII characters, one space between them.
std::optional<std::vector<std::string>> parse_arguments(std::string_view line) {
  std::vector<std::string> args;
  for (;;) {
    const std::size_t space = line.find(' ');
    const std::string_view arg = line.substr(0, space);
    const bool visible =
        std::all_of(arg.begin(), arg.end(), [](char c) { return c >= 33 && c <= 126; });
    if (arg.empty() || !visible) return std::nullopt;
    args.emplace_back(arg);
    if (space == std::string_view::npos) return args;
    line.remove_prefix(space + 1);
  }
}

// Lines of exactly 64 columns, then one shorter, perhaps empty.
Result<std::string> parse_body(std::string_view& rest) {
  std::string body;
  for (;;) {
    const auto line = take_line(rest);
    if (!line) return header_error("it ends inside a recipient");
    if (line->size() > kBase64Columns)
      return header_error("a recipient has a line that is too long");
    const auto part = base64_decode(*line, false);
    if (!part) return header_error("a recipient is not canonical base64");
    body += *part;
    if (line->size() < kBase64Columns) return body;
  }
}

}  // namespace

Error header_error(std::string_view why) {
  return Error::of(Code::kCorrupt, fmt::format("the age file is damaged: header: {}", why));
}

std::string header_text(const std::vector<Stanza>& stanzas) {
  std::string text(kAgeVersionLine);
  for (const Stanza& stanza : stanzas) {
    text += "->";
    for (const std::string& arg : stanza.args) text += " " + arg;
    text += '\n';
    const std::string body = base64_encode(bytes_of(stanza.body), false);
    std::size_t at = 0;
    for (; body.size() - at >= kBase64Columns; at += kBase64Columns)
      text += body.substr(at, kBase64Columns) + "\n";
    text += body.substr(at) + "\n";
  }
  return text + "---";
}

std::string header_end(std::string_view mac) {
  return " " + base64_encode(bytes_of(mac), false) + "\n";
}

Result<Header> parse_header(std::string_view text) {
  std::string_view rest = text;
  if (!rest.starts_with(kAgeVersionLine)) return header_error("it has no version line");
  rest.remove_prefix(kAgeVersionLine.size());
  Header header;
  for (;;) {
    const std::size_t at = text.size() - rest.size();
    const auto line = take_line(rest);
    if (!line) return header_error("it is cut short");
    if (line->starts_with("-> ")) {
      auto args = parse_arguments(line->substr(3));
      if (!args) return header_error("a recipient has invalid arguments");
      PGDR_TRY(std::string body, parse_body(rest));
      header.stanzas.push_back({std::move(*args), std::move(body)});
      continue;
    }
    if (!line->starts_with("--- ")) return header_error("a line is neither recipient nor MAC");
    auto mac = base64_decode(line->substr(4), false);
    if (!mac || mac->size() != kMacSize) return header_error("the MAC line is malformed");
    if (!rest.empty()) return header_error("something follows the MAC line");
    if (header.stanzas.empty()) return header_error("it has no recipient");
    header.mac = std::move(*mac);
    header.authenticated = std::string(text.substr(0, at + 3));
    return header;
  }
}

}  // namespace pgdr::pipe
