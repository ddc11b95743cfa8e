// What the tool itself reads of a snapshot document (the extension writes and compares them).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "repo/manifest.hpp"

namespace pgdr::app {

inline constexpr std::size_t kLongestDocument = std::size_t{1} << 30U;  // bytes; longer is refused

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
  std::string tablespace;
  int connection_limit = -1;
  std::vector<std::string> settings;         // "name=value"
  std::vector<std::string> role_settings;    // "role: name=value", the role quoted as in SQL
  std::vector<std::string> security_labels;  // "provider: label"
  // The shape of the document's "acl": "PUBLIC=CONNECT,TEMPORARY; <owner>=…; role=CONNECT*".
  std::string acl;
};

// What the objects of a database need of the server that it is restored to. Names are unquoted.
struct ServerNeeds {
  std::set<std::string> owners;
  std::set<std::string> grantees;  // of privileges, and who granted them
  std::set<std::string> tablespaces;
  std::map<std::string, std::string> extensions;  // name -> version
  // Kinds of objects that only superusers may make, with one of each: "event trigger" -> its name.
  std::map<std::string, std::string> privileged;
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
  ServerNeeds needs;

  [[nodiscard]] std::uint64_t row_count() const;  // leaves only: no partitioned parents, no views
  [[nodiscard]] std::uint64_t table_count() const;
  // What a verification could never pass: relations that a dump under the same snapshot may hold
  // otherwise, or without rows, each with its name and why; parts that are not there at all.
  [[nodiscard]] std::vector<std::string> unproven() const;
  [[nodiscard]] std::map<std::string, std::uint64_t> sizes() const;  // "schema.table" -> bytes
};

Result<Document> parse_document(const std::string& text);

// A name as SQL's quote_ident() writes it, at the start of text, without its quotes; what is left
// of the text in `rest`. "" where there is none. Pure.
std::string take_name(std::string_view text, std::string_view& rest);

// GRANT and REVOKE statements that give `database` the privileges of an acl text. Pure.
std::vector<std::string> acl_statements(const std::string& database, const std::string& acl);

}  // namespace pgdr::app
