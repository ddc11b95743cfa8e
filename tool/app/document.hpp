// What the tool itself reads of a snapshot document (the extension writes and compares them).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/manifest.hpp"

namespace pgdr::app {

struct DocumentTable {
  std::string schema;
  std::string name;
  std::string kind;  // r, p, m, f
  std::optional<std::uint64_t> rows;
  std::uint64_t size = 0;
  std::string digest;  // "" where there is none
  std::string state;   // exact, skipped, failed
};

struct DatabaseProperties {
  std::string owner;
  std::string comment;
  int connection_limit = -1;
  std::vector<std::string> settings;  // "name=value"
  // The shape of the document's "acl": "PUBLIC=CONNECT,TEMPORARY; <owner>=…; role=CONNECT*".
  std::string acl;
};

struct Document {
  std::string uuid;
  bool content = false;
  std::string taken_at;
  Locale locale;
  DatabaseProperties database;
  std::vector<DocumentTable> tables;

  [[nodiscard]] std::uint64_t row_count() const;  // leaves only: no partitioned parents, no views
  [[nodiscard]] std::uint64_t table_count() const;
  [[nodiscard]] std::map<std::string, std::uint64_t> sizes() const;  // "schema.table" -> bytes
};

Result<Document> parse_document(const std::string& text);

// GRANT and REVOKE statements that give `database` the privileges of an acl text. Pure.
std::vector<std::string> acl_statements(const std::string& database, const std::string& acl);

}  // namespace pgdr::app
