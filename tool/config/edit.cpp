#include "config/edit.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

namespace pgdr {
namespace {

// The offset of a position in a text; both count from 1, columns in code points.
std::size_t offset_of(const std::string& text, toml::source_position at) {
  std::size_t offset = 0;
  for (toml::source_index line = 1; line < at.line; ++line) {
    offset = text.find('\n', offset);
    if (offset == std::string::npos) return text.size();
    ++offset;
  }
  for (toml::source_index column = 1; column < at.column && offset < text.size(); ++column) {
    do {
      ++offset;
    } while (offset < text.size() && (static_cast<unsigned char>(text[offset]) & 0xC0U) == 0x80U);
  }
  return offset;
}

}  // namespace

Result<RecipientsPlace> find_recipients(const std::string& text, const std::string& path,
                                        const std::string& set) {
  toml::table root;
  try {
    root = toml::parse(text, path);
  } catch (const toml::parse_error& error) {
    return Error::of(Code::kUsage, fmt::format("{}: {}", path, error.description()));
  }
  const auto own = root["set"][set]["recipients"];
  const auto shared = root["defaults"]["recipients"];
  const toml::node* list = own ? own.node() : shared.node();
  if (list == nullptr) {
    return Error::of(Code::kUsage, fmt::format("{} changed meanwhile", path), "try again");
  }
  if (!list->is_array()) {
    return Error::of(Code::kUsage, fmt::format("{}: recipients is not a list", path));
  }
  RecipientsPlace place;
  place.begin = offset_of(text, list->source().begin);
  place.end = offset_of(text, list->source().end);
  place.own = static_cast<bool>(own);
  if (const toml::table* sets = root["set"].as_table()) {
    for (const auto& [name, node] : *sets) {
      const toml::node_view one(node);
      if (one["recipients"] || one["recipients_file"]) place.with_keys.emplace(name.str());
    }
  }
  return place;
}

}  // namespace pgdr
