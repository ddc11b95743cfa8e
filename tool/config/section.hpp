// One table of a TOML file, read strictly: used by config.cpp alone.
//
// The first thing wrong is kept in a shared slot and every later call is a no-op for its output, so
// that reading code is a plain list of keys; the caller looks at the slot once at the end. Messages
// begin with "file:line: ".
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <toml++/toml.h>

#include "base/result.hpp"

namespace pgdr {

class ConfigErrors {
 public:
  explicit ConfigErrors(std::string file) : file_(std::move(file)) {}
  // Keeps the first. line 0: none known.
  void add(std::size_t line, const std::string& message, const std::string& hint = {});
  [[nodiscard]] const std::optional<Error>& first() const { return first_; }

 private:
  std::string file_;
  std::optional<Error> first_;
};

class Section {
 public:
  // title as the operator wrote it, e.g. "[set.prompt69]".
  Section(const toml::table& table, std::string title, ConfigErrors& errors);

  // Any other key is an error that names the nearest of these.
  void allow_only(std::initializer_list<std::string_view> keys);
  void allow_only(const std::vector<std::string_view>& keys);
  [[nodiscard]] const toml::table& contents() const { return table_; }
  [[nodiscard]] bool has(std::string_view key) const { return table_.contains(key); }

  // Each leaves out as it was when the key is absent.
  void text(std::string_view key, std::string& out);  // not empty
  void path(std::string_view key, std::string& out);  // absolute, or beginning with ~/
  void texts(std::string_view key, std::vector<std::string>& out);  // replaces out
  void integer(std::string_view key, int& out, int lowest, int highest);
  void flag(std::string_view key, bool& out);
  void duration(std::string_view key, std::chrono::milliseconds& out);  // "90s", "2min"
  void rate(std::string_view key, std::uint64_t& out);                  // "20MB/s"
  // A sub-table; nullptr when absent or not a table (then an error).
  const toml::table* table(std::string_view key);

  // An error at this key's line (or the section's own when the key is absent).
  void error(std::string_view key, const std::string& message, const std::string& hint = {});
  [[nodiscard]] const std::string& title() const { return title_; }

 private:
  const toml::node* typed(std::string_view key, toml::node_type type, std::string_view words);

  const toml::table& table_;
  std::string title_;
  ConfigErrors& errors_;
};

}  // namespace pgdr
