#include "base/json.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace pgdr {
namespace {

struct Extent {
  std::size_t depth = 0;
  std::size_t values = 1;
};

// Of a text that need not be JSON: the parser finds that out. What is inside strings does not
// count.
Extent measure(std::string_view text) {
  Extent extent;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    switch (text[i]) {
      case '"':
        for (++i; i < text.size() && text[i] != '"'; ++i) {
          if (text[i] == '\\') ++i;
        }
        break;
      case '[':
      case '{':
        extent.depth = std::max(extent.depth, ++depth);
        ++extent.values;
        break;
      case ']':
      case '}':
        if (depth > 0) --depth;
        break;
      case ',':
        ++extent.values;
        break;
      default:
        break;
    }
  }
  return extent;
}

const nlohmann::json* member(const nlohmann::json& json, const char* key) {
  if (!json.is_object()) return nullptr;
  const auto at = json.find(key);
  return at == json.end() ? nullptr : &*at;
}

}  // namespace

Result<nlohmann::json> parse_json(std::string_view text, const JsonLimits& limits) {
  const auto bad = [](const std::string& why) { return Error::of(Code::kCorrupt, why); };
  if (text.size() > limits.bytes) {
    return bad(fmt::format("longer than the {} bytes it may have", limits.bytes));
  }
  const Extent extent = measure(text);
  if (extent.depth > limits.depth) {
    return bad(fmt::format("nested deeper than the {} levels it may have", limits.depth));
  }
  if (extent.values > limits.values) {
    return bad(fmt::format("more than the {} values it may have", limits.values));
  }
  nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded()) return bad("not a JSON document");
  return json;
}

std::optional<std::string> json_text(const nlohmann::json& json, const char* key) {
  const nlohmann::json* at = member(json, key);
  if (at == nullptr || !at->is_string()) return std::nullopt;
  return at->get<std::string>();
}

std::optional<std::uint64_t> json_number(const nlohmann::json& json, const char* key) {
  const nlohmann::json* at = member(json, key);
  if (at == nullptr || !at->is_number_unsigned()) return std::nullopt;
  return at->get<std::uint64_t>();
}

bool json_true(const nlohmann::json& json, const char* key) {
  const nlohmann::json* at = member(json, key);
  return at != nullptr && at->is_boolean() && at->get<bool>();
}

}  // namespace pgdr
