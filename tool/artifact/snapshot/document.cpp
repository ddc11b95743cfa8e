#include "artifact/snapshot/document.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "db/connection.hpp"

namespace pgdr::app {
namespace {

// PostgreSQL has no text with a zero byte: where a document has one, it is none of pgdr's, and a
// statement made of it would end there.
bool is_text(const nlohmann::json& json) {
  return json.is_string() && json.get_ref<const std::string&>().find('\0') == std::string::npos;
}

std::string text_of(const nlohmann::json& json, const char* key) {
  const auto at = json.find(key);
  return at != json.end() && is_text(*at) ? at->get<std::string>() : std::string();
}

std::optional<std::uint64_t> number_of(const nlohmann::json& json, const char* key) {
  const auto at = json.find(key);
  if (at == json.end() || !at->is_number_unsigned()) return std::nullopt;
  return at->get<std::uint64_t>();
}

DocumentTable table_of(const nlohmann::json& json) {
  DocumentTable t;
  t.schema = text_of(json, "schema");
  t.name = text_of(json, "name");
  t.kind = text_of(json, "kind");
  t.rows = number_of(json, "rows");
  t.size = number_of(json, "size").value_or(0);
  t.digest = text_of(json, "digest");
  t.state = text_of(json, "state");
  t.note = text_of(json, "note");
  return t;
}

std::vector<std::string> texts_of(const nlohmann::json& json, const char* key) {
  std::vector<std::string> texts;
  const auto at = json.find(key);
  if (at == json.end() || !at->is_array()) return texts;
  for (const auto& one : *at) {
    if (is_text(one)) texts.push_back(one);
  }
  return texts;
}

void read_database(const nlohmann::json& json, Document& d) {
  d.locale.encoding = text_of(json, "encoding");
  d.locale.collate = text_of(json, "collate");
  d.locale.ctype = text_of(json, "ctype");
  d.locale.provider = text_of(json, "provider");
  d.locale.icu_locale = text_of(json, "icu_locale");
  d.locale.icu_rules = text_of(json, "icu_rules");
  d.database.tablespace = text_of(json, "tablespace");
  d.database.owner = text_of(json, "owner");
  d.database.comment = text_of(json, "comment");
  d.database.acl = text_of(json, "acl");
  const auto limit = json.find("connection_limit");
  if (limit != json.end() && limit->is_number_unsigned() &&
      limit->get<std::uint64_t>() <= INT32_MAX) {
    d.database.connection_limit = static_cast<int>(limit->get<std::uint64_t>());
  }
  d.database.settings = texts_of(json, "settings");
  d.database.role_settings = texts_of(json, "role_settings");
  d.database.security_labels = texts_of(json, "security_labels");
}

std::string name_of(const std::string& text) {
  std::string_view rest;
  return take_name(text, rest);
}

// Grantees and grantors of "alice=SELECT/bob; PUBLIC=SELECT; <owner>=ALL".
void add_grantees(std::string_view acl, std::set<std::string>& roles) {
  if (acl == "none") return;
  while (!acl.empty()) {
    const std::string grantee = take_name(acl, acl);
    if (!grantee.empty()) roles.insert(grantee);
    // Privileges are words, commas and stars: the next slash or semicolon is outside of names.
    const std::size_t end = acl.find_first_of("/;");
    if (end == std::string_view::npos) return;
    const bool grantor = acl[end] == '/';
    acl.remove_prefix(end + 1);
    if (grantor) {
      const std::string name = take_name(acl, acl);
      if (!name.empty()) roles.insert(name);
      const std::size_t next = acl.find(';');
      if (next == std::string_view::npos) return;
      acl.remove_prefix(next + 1);
    }
    while (acl.starts_with(' ')) acl.remove_prefix(1);
  }
}

void read_need(const nlohmann::json& json, ServerNeeds& needs) {
  static const std::set<std::string> kSuperusers = {
      "event trigger",  "subscription",    "access method",      "foreign data wrapper",
      "operator class", "operator family", "text search parser", "text search template"};
  const std::string kind = text_of(json, "kind");
  const std::string facet = text_of(json, "facet");
  const std::string definition = text_of(json, "definition");
  if (facet == "owner") needs.owners.insert(name_of(definition));
  if (facet == "acl") add_grantees(definition, needs.grantees);
  if (facet == "tablespace") needs.tablespaces.insert(name_of(definition));
  if (kind == "extension" && facet == "version") {
    needs.extensions[name_of(text_of(json, "identity"))] = definition;
  } else if (kind == "extension") {
    needs.extensions.try_emplace(name_of(text_of(json, "identity")));
  } else if (facet == "definition" && kSuperusers.contains(kind)) {
    needs.privileged.try_emplace(kind, text_of(json, "identity"));
  }
}

// Splits at `mark` outside double quotes.
std::vector<std::string> split_outside_quotes(const std::string& text, char mark) {
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (const char c : text) {
    if (c == '"') quoted = !quoted;
    if (c == mark && !quoted) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  for (auto& part : parts) {
    const std::size_t start = part.find_first_not_of(' ');
    part = start == std::string::npos ? "" : part.substr(start);
  }
  std::erase(parts, "");
  return parts;
}

}  // namespace

std::uint64_t Document::row_count() const {
  std::uint64_t sum = 0;
  for (const auto& t : tables) {
    if (t.kind == "r") sum += t.rows.value_or(0);
  }
  return sum;
}

std::uint64_t Document::table_count() const {
  std::uint64_t n = 0;
  for (const auto& t : tables) n += t.kind == "r" ? 1 : 0;
  return n;
}

std::vector<std::string> Document::unproven() const {
  // Dropped between the snapshot and the reading: the dump may have it.
  constexpr std::string_view kDropped = "dropped meanwhile";
  std::vector<std::string> names;
  for (const auto& t : tables) {
    const bool skipped = t.state == "skipped" && t.note != kDropped;
    const bool exact = t.state == "exact" && t.rows && (!content || !t.digest.empty());
    if (skipped || exact) continue;
    const std::string why = !t.note.empty() ? t.note : "it was not counted";
    names.push_back(fmt::format("table {}.{}: {}", t.schema, t.name, why));
  }
  if (!content) names.emplace_back("the tables were counted, but not fingerprinted");
  if (!has_sequences) names.emplace_back("the sequences were not read");
  if (objects == 0) names.emplace_back("the definitions were not read");
  return names;
}

std::map<std::string, std::uint64_t> Document::sizes() const {
  std::map<std::string, std::uint64_t> sizes;
  for (const auto& t : tables) sizes[t.schema + "." + t.name] = t.size;
  return sizes;
}

Result<Document> parse_document(const std::string& text) {
  PGDR_TRY(const nlohmann::json json, parse_json(text));
  if (!json.is_object() || text_of(json, "format") != "pgdr-snapshot") {
    return Error::of(Code::kCorrupt, "not a snapshot document");
  }
  Document d;
  d.uuid = text_of(json, "uuid");
  d.taken_at = text_of(json, "taken_at");
  const auto content = json.find("content");
  d.content = content != json.end() && content->is_boolean() && content->get<bool>();
  if (const auto database = json.find("database");
      database != json.end() && database->is_object()) {
    read_database(*database, d);
  }
  if (const auto relations = json.find("relations");
      relations != json.end() && relations->is_array()) {
    for (const auto& one : *relations) {
      if (one.is_object()) d.tables.push_back(table_of(one));
    }
  }
  if (const auto sequences = json.find("sequences"); sequences != json.end()) {
    d.has_sequences = sequences->is_array();
  }
  if (const auto objects = json.find("objects"); objects != json.end() && objects->is_array()) {
    d.objects = objects->size();
    for (const auto& one : *objects) {
      if (one.is_object()) read_need(one, d.needs);
    }
  }
  return d;
}

std::string take_name(std::string_view text, std::string_view& rest) {
  std::string name;
  std::size_t at = 0;
  if (text.starts_with('"')) {
    for (at = 1; at < text.size(); ++at) {
      if (text[at] == '"' && (at + 1 == text.size() || text[at + 1] != '"')) break;
      if (text[at] == '"') ++at;
      name += text[at];
    }
    at = std::min(at + 1, text.size());
  } else {
    // quote_ident() quotes everything else; PUBLIC and <owner> are no names.
    const auto plain = [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    };
    while (at < text.size() && plain(text[at])) name += text[at++];
  }
  rest = text.substr(at);
  return name;
}

std::vector<std::string> acl_statements(const std::string& database, const std::string& acl) {
  std::vector<std::string> statements;
  if (acl.empty() || acl.find('\0') != std::string::npos) return statements;
  const std::string on = "ON DATABASE " + db::quote_ident(database);
  statements.push_back(fmt::format("REVOKE ALL {} FROM PUBLIC", on));
  for (const auto& item : split_outside_quotes(acl, ';')) {
    const auto sides = split_outside_quotes(item, '=');
    if (sides.size() != 2 || sides[0] == "<owner>") continue;
    for (std::string privilege : split_outside_quotes(sides[1], ',')) {
      const bool grantable = privilege.back() == '*';
      if (grantable) privilege.pop_back();
      // Only words: nothing of a document may become a statement of its own.
      if (privilege != "CREATE" && privilege != "CONNECT" && privilege != "TEMPORARY") continue;
      std::string grantee = sides[0];
      if (grantee != "PUBLIC") {
        if (grantee.size() >= 2 && grantee.front() == '"' && grantee.back() == '"') {
          grantee = grantee.substr(1, grantee.size() - 2);
          for (std::size_t at = 0; (at = grantee.find("\"\"", at)) != std::string::npos; ++at) {
            grantee.erase(at, 1);
          }
        }
        grantee = db::quote_ident(grantee);
      }
      statements.push_back(fmt::format("GRANT {} {} TO {}{}", privilege, on, grantee,
                                       grantable ? " WITH GRANT OPTION" : ""));
    }
  }
  return statements;
}

}  // namespace pgdr::app
