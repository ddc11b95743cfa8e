#include "config/section.hpp"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "base/file.hpp"
#include "base/format.hpp"
#include "base/quantity.hpp"

namespace pgdr {

void ConfigErrors::add(std::size_t line, const std::string& message, const std::string& hint) {
  if (first_) return;
  const std::string place = line > 0 ? fmt::format("{}:{}", file_, line) : file_;
  first_ = Error::of(Code::kUsage, place + ": " + message, hint);
}

Section::Section(const toml::table& table, std::string title, ConfigErrors& errors)
    : table_(table), title_(std::move(title)), errors_(errors) {}

void Section::error(std::string_view key, const std::string& message, const std::string& hint) {
  const toml::node* node = table_.get(key);
  errors_.add(node != nullptr ? node->source().begin.line : table_.source().begin.line, message,
              hint);
}

void Section::allow_only(std::initializer_list<std::string_view> keys) {
  allow_only(std::vector<std::string_view>(keys));
}

void Section::allow_only(const std::vector<std::string_view>& keys) {
  for (const auto& [key, node] : table_) {
    if (std::find(keys.begin(), keys.end(), key.str()) != keys.end()) continue;
    const std::vector<std::string> known(keys.begin(), keys.end());
    const std::string near = nearest(key.str(), known);
    std::string message = fmt::format("unknown key '{}' in {}", key.str(), title_);
    if (!near.empty()) message += fmt::format("; did you mean '{}'?", near);
    errors_.add(key.source().begin.line, message,
                fmt::format("keys of {}: {}", title_, fmt::join(known, ", ")));
  }
}

const toml::node* Section::typed(std::string_view key, toml::node_type type,
                                 std::string_view words) {
  const toml::node* node = table_.get(key);
  if (node == nullptr || node->type() == type) return node;
  error(key, fmt::format("'{}' in {} must be {}", key, title_, words));
  return nullptr;
}

void Section::text(std::string_view key, std::string& out) {
  const toml::node* node = typed(key, toml::node_type::string, "a text in quotes");
  if (node == nullptr) return;
  const std::string value = node->as_string()->get();
  if (value.empty()) {
    error(key, fmt::format("'{}' in {} is empty", key, title_));
    return;
  }
  if (value.find('\0') != std::string::npos) {
    error(key, fmt::format("'{}' in {} contains a zero byte", key, title_));
    return;
  }
  out = value;
}

void Section::path(std::string_view key, std::string& out) {
  std::string value;
  text(key, value);
  if (value.empty()) return;
  value = expand_home(value);
  // A file that systemd hands to a service (LoadCredential=): the name alone is fixed.
  constexpr std::string_view kCredentials = "$CREDENTIALS_DIRECTORY/";
  if (value.starts_with(kCredentials)) {
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    const bool set = folder != nullptr && *folder == '/';
    out = set ? std::string(folder) + value.substr(kCredentials.size() - 1) : value;
    return;
  }
  if (value.front() != '/') {
    error(key, fmt::format("'{}' in {} must be an absolute path, not '{}'", key, title_, value),
          "begin it with / or ~/, so that it means the same from every folder and from cron");
    return;
  }
  while (value.size() > 1 && value.back() == '/') value.pop_back();
  out = value;
}

void Section::texts(std::string_view key, std::vector<std::string>& out) {
  constexpr std::string_view kWords = "a list of texts, [\"…\", \"…\"]";
  const toml::node* node = typed(key, toml::node_type::array, kWords);
  if (node == nullptr) return;
  std::vector<std::string> values;
  for (const toml::node& item : *node->as_array()) {
    if (!item.is_string() || item.as_string()->get().empty()) {
      error(key, fmt::format("'{}' in {} must be {}", key, title_, kWords));
      return;
    }
    values.push_back(item.as_string()->get());
  }
  out = std::move(values);
}

void Section::integer(std::string_view key, int& out, int lowest, int highest) {
  const toml::node* node = typed(key, toml::node_type::integer, "a whole number");
  if (node == nullptr) return;
  const std::int64_t value = node->as_integer()->get();
  if (value < lowest || value > highest) {
    error(key, fmt::format("'{}' in {} is {}; it must be from {} to {}", key, title_, value, lowest,
                           highest));
    return;
  }
  out = static_cast<int>(value);
}

void Section::flag(std::string_view key, bool& out) {
  const toml::node* node = typed(key, toml::node_type::boolean, "true or false");
  if (node != nullptr) out = node->as_boolean()->get();
}

void Section::duration(std::string_view key, std::chrono::milliseconds& out) {
  std::string value;
  text(key, value);
  if (value.empty()) return;
  const auto parsed = parse_duration(value);
  if (parsed) {
    out = *parsed;
    return;
  }
  error(key, fmt::format("'{}' in {} is no duration: '{}'", key, title_, value),
        "write it like \"90s\", \"2min\" or \"12h\"");
}

void Section::rate(std::string_view key, std::uint64_t& out) {
  std::string value;
  text(key, value);
  if (value.empty()) return;
  const auto parsed = parse_rate(value);
  if (parsed) {
    out = *parsed;
    return;
  }
  error(key, fmt::format("'{}' in {} is no rate: '{}'", key, title_, value),
        "write it like \"20MB/s\" (megabytes, not bits) or \"1.5MiB/s\"; at least 1KiB/s");
}

const toml::table* Section::table(std::string_view key) {
  const toml::node* node = typed(key, toml::node_type::table,
                                 fmt::format("a table, written [{}] or [{}.NAME]", key, key));
  return node != nullptr ? node->as_table() : nullptr;
}

}  // namespace pgdr
