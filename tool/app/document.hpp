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
  std::string note;    // why not exact
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
  bool has_sequences = false;  // even if there are none of them
  std::uint64_t objects = 0;   // schema records

  [[nodiscard]] std::uint64_t row_count() const;  // leaves only: no partitioned parents, no views
  [[nodiscard]] std::uint64_t table_count() const;
  // What a verification could never pass: relations that a dump under the same snapshot may hold
  // otherwise, or without rows, each with its name and why; parts that are not there at all.
  [[nodiscard]] std::vector<std::string> unproven() const;
  [[nodiscard]] std::map<std::string, std::uint64_t> sizes() const;  // "schema.table" -> bytes
};

Result<Document> parse_document(const std::string& text);

// GRANT and REVOKE statements that give `database` the privileges of an acl text. Pure.
std::vector<std::string> acl_statements(const std::string& database, const std::string& acl);

}  // namespace pgdr::app
