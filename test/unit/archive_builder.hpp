// Builds archives in pg_dump's custom format, as pg_dump writes them into a pipe: for the tests of
// whoever reads them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace pgdr::test {

struct BuiltEntry {
  int id = 0;
  std::string kind;
  std::string schema;
  std::string tag;
  int section = 2;
  std::vector<int> dependencies;
  bool has_data = false;
};

class ArchiveBuilder {
 public:
  explicit ArchiveBuilder(int version = 14) : version_(version) {}

  std::string head(const std::vector<BuiltEntry>& entries) {
    out_ = "PGDMP";
    byte(1), byte(version_), byte(0);
    byte(4), byte(8), byte(1);
    if (version_ >= 15) {
      byte(0);
    } else {
      number(0);
    }
    for (int i = 0; i < 7; ++i) number(i);
    text("shop"), text("15.20"), text("15.20");
    number(static_cast<int>(entries.size()));
    for (const auto& e : entries) entry(e);
    return out_;
  }
  // A table's block; every element is one chunk.
  std::string data(int id, const std::vector<std::string>& chunks) {
    out_.clear();
    byte(1), number(id);
    put(chunks);
    return out_;
  }
  std::string blobs(int id, const std::vector<std::vector<std::string>>& objects) {
    out_.clear();
    byte(3), number(id);
    int oid = 16384;
    for (const auto& chunks : objects) number(oid++), put(chunks);
    number(0);
    return out_;
  }

 private:
  void byte(int b) { out_ += static_cast<char>(b); }
  void number(int n) {
    byte(n < 0 ? 1 : 0);
    const auto u = static_cast<std::uint32_t>(n < 0 ? -n : n);
    for (int i = 0; i < 4; ++i) byte(static_cast<int>((u >> (8 * i)) & 0xff));
  }
  void text(const std::string& t) { number(static_cast<int>(t.size())), out_ += t; }
  void null() { number(-1); }
  void put(const std::vector<std::string>& chunks) {
    for (const auto& chunk : chunks) text(chunk);
    number(0);
  }
  void entry(const BuiltEntry& e) {
    number(e.id), number(e.has_data ? 1 : 0);
    text("1259"), text("16385");
    text(e.tag), text(e.kind), number(e.section);
    text("CREATE …"), text("DROP …"), null();
    text(e.schema), null();
    if (version_ >= 14) text("heap");
    if (version_ >= 16) number('r');
    text("postgres"), text("false");
    for (const int d : e.dependencies) text(std::to_string(d));
    null();
    byte(e.has_data ? 1 : 3);
    for (int i = 0; i < 8; ++i) byte(0);
  }

  int version_;
  std::string out_;
};

}  // namespace pgdr::test
