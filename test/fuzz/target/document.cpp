// What the tool reads of a snapshot document, and the statements it makes of its privileges.

#include "artifact/snapshot/document.hpp"
#include "fuzz/fuzz.hpp"

namespace pgdr {

namespace {

// Outside of double quotes: words, '*' never, nothing that ends a statement.
void check_statement(const std::string& statement) {
  bool quoted = false;
  for (const char c : statement) {
    if (c == '"') quoted = !quoted;
    fuzz::require(quoted || c == '"' || c == ' ' || (c >= 'A' && c <= 'Z'),
                  "a statement with foreign text outside quotes");
    fuzz::require(c != '\0', "a statement with a zero byte");
  }
  fuzz::require(!quoted, "a quote that is not closed");
}

}  // namespace

PGDR_FUZZ_TARGET(document, input) {
  const auto document = app::parse_document(std::string(input));
  if (!document) return;
  fuzz::require(document->table_count() <= document->tables.size() &&
                    document->sizes().size() <= document->tables.size(),
                "more tables than it has");
  static_cast<void>(document->row_count());
  for (const auto& one : app::acl_statements("db", document->database.acl)) check_statement(one);
}

PGDR_FUZZ_TARGET(acl, input) {
  for (const auto& one : app::acl_statements("db", std::string(input))) check_statement(one);
}

}  // namespace pgdr
