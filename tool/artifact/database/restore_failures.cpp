#include "artifact/database/restore_failures.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

namespace pgdr::app {
namespace {

constexpr std::size_t kCommandShown = 200;

bool take_start(std::string_view& text, std::string_view start) {
  if (!text.starts_with(start)) return false;
  text.remove_prefix(start.size());
  return true;
}

template <class Each>
void each_line(std::string_view text, Each each) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    each(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

template <class Number>
bool number_at(std::string_view text, Number& out) {
  return std::from_chars(text.data(), text.data() + text.size(), out).ec == std::errc();
}

bool is_drop(const FailedStatement& f) {
  return f.command.starts_with("DROP ") ||
         (f.command.starts_with("ALTER ") && f.command.find(" DROP ") != std::string::npos);
}

// Records of these may only be warnings (doc/schema-records.md), so that a comparison passes
// without them. Everything else that is missing is a mismatch.
bool only_warned_of(const FailedStatement& f) {
  static constexpr std::array<std::string_view, 4> kKinds = {"ACL", "DEFAULT ACL", "COMMENT",
                                                             "SECURITY LABEL"};
  return std::find(kKinds.begin(), kKinds.end(), f.kind) != kKinds.end() ||
         f.kind == "SUBSCRIPTION";
}

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

// Whether text has the name as a whole, quoted or not.
bool names(const std::string& text, const std::string& name) {
  if (name.empty()) return false;
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if ((at == 0 || !is_word(text[at - 1])) && (end == text.size() || !is_word(text[end]))) {
      return true;
    }
  }
  return false;
}

// A tag of COMMENT and ACL starts with the kind of object: "EXTENSION hstore", "TABLE users",
// "COLUMN users.id". What follows is its name in the schema.
bool is_about(const db::Finding& finding, const FailedStatement& f) {
  std::string name = f.tag;
  if (only_warned_of(f) && f.kind != "SUBSCRIPTION") {
    std::size_t at = 0;
    while (at < name.size() && ((name[at] >= 'A' && name[at] <= 'Z') || name[at] == ' ')) ++at;
    if (at > 0 && at < name.size()) name = name.substr(at);
  }
  return names(finding.object, name);
}

// pg_restore names the entry only with --verbose (and does not keep to one line then); the
// statement tells its kind as well, for it is the archive's SQL and the same in every language.
void name_by_command(FailedStatement& f) {
  struct Start {
    std::string_view command;
    const char* kind;
  };
  static constexpr std::array<Start, 8> kStarts = {
      Start{"REFRESH MATERIALIZED VIEW ", "MATERIALIZED VIEW DATA"},
      Start{"GRANT ", "ACL"},
      Start{"REVOKE ", "ACL"},
      Start{"ALTER DEFAULT PRIVILEGES ", "DEFAULT ACL"},
      Start{"COMMENT ON ", "COMMENT"},
      Start{"SECURITY LABEL ", "SECURITY LABEL"},
      Start{"CREATE SUBSCRIPTION ", "SUBSCRIPTION"},
      Start{"SELECT * FROM pg_catalog.pg_restore_", "STATISTICS DATA"}};
  for (const auto& [start, kind] : kStarts) {
    std::string_view rest = f.command;
    if (!take_start(rest, start)) continue;
    f.kind = kind;
    if (f.kind == "COMMENT") rest = rest.substr(0, rest.find(" IS "));
    if (rest.ends_with(';')) rest.remove_suffix(1);
    f.tag = rest;
    return;
  }
  if (f.command == "CREATE SCHEMA public;" || f.command.starts_with("ALTER SCHEMA public ")) {
    f.kind = "SCHEMA";
    f.tag = "public";
  }
}

}  // namespace

RestoreMessages read_restore_messages(const std::string& err) {
  RestoreMessages said;
  int entry = 0;
  enum class In { kNothing, kMessage, kCommand } in = In::kNothing;
  each_line(err, [&](std::string_view line) {
    if (line.empty()) return;
    // Only as the very last thing: names in a message may look like it.
    said.finished = false;
    if (take_start(line, "pg_restore: error: ")) {
      take_start(line, "could not execute query: ");
      FailedStatement failed;
      failed.entry = entry;
      failed.message = line;
      said.failed.push_back(std::move(failed));
      in = In::kMessage;
    } else if (take_start(line, "pg_restore: from TOC entry ")) {
      entry = 0;
      number_at(line, entry);
      in = In::kNothing;
    } else if (take_start(line, "pg_restore: warning: errors ignored on restore: ")) {
      said.finished = number_at(line, said.ignored);
      in = In::kNothing;
    } else if (in == In::kMessage && take_start(line, "Command was: ")) {
      said.failed.back().command = line.substr(0, kCommandShown);
      in = In::kCommand;
    }
  });
  if (!said.finished) said.ignored = 0;
  return said;
}

void name_entries(std::vector<FailedStatement>& failed, const Toc& toc) {
  std::unordered_map<int, const TocEntry*> by_id;
  for (const auto& e : toc.entries) by_id.emplace(e.id, &e);
  for (auto& f : failed) {
    const auto at = by_id.find(f.entry);
    if (at == by_id.end()) {
      name_by_command(f);
      continue;
    }
    f.kind = at->second->kind;
    f.schema = at->second->schema;
    f.tag = at->second->tag;
  }
}

bool harmless(const FailedStatement& f, bool clean) {
  if (f.kind == "SCHEMA" && f.tag == "public") return true;
  if (f.kind == "COMMENT") return f.tag == "SCHEMA public" || f.tag.starts_with("EXTENSION ");
  if (f.kind == "STATISTICS DATA") return true;
  return clean && f.command.starts_with("ALTER ") &&
         f.command.find(" DROP CONSTRAINT ") != std::string::npos;
}

std::vector<FailedStatement> unexplained(const std::vector<FailedStatement>& failed,
                                         const std::vector<db::Finding>& findings, bool clean) {
  std::vector<FailedStatement> left;
  for (const auto& f : failed) {
    if (harmless(f, clean) || (clean && is_drop(f))) continue;
    const bool named = std::any_of(findings.begin(), findings.end(), [&](const db::Finding& one) {
      if (one.status == "info" || one.check_name == "verdict" || !is_about(one, f)) return false;
      return one.status != "warning" || only_warned_of(f);
    });
    if (!named) left.push_back(f);
  }
  return left;
}

std::string failure_text(const FailedStatement& f) {
  std::string text;
  if (!f.kind.empty()) {
    text = fmt::format("{} {}{}{}: ", f.kind, f.schema, f.schema.empty() ? "" : ".", f.tag);
  }
  text += f.message;
  if (!f.command.empty()) text += fmt::format(" [{}]", f.command);
  return text;
}

std::vector<std::string> read_psql_errors(const std::string& err, const std::string& expected) {
  std::vector<std::string> errors;
  each_line(err, [&](std::string_view line) {
    if (!take_start(line, "psql:<stdin>:")) {
      // psql itself, outside of a statement.
      if (take_start(line, "psql: ")) errors.emplace_back(line);
      return;
    }
    const std::size_t number = line.find(": ");
    if (number == std::string_view::npos) return;
    line.remove_prefix(number + 2);
    // "FEHLER:  42710: …": the word is the server's, the five characters are not.
    const std::size_t word = line.find(":  ");
    const bool has_state =
        word != std::string_view::npos && line.size() >= word + 9 &&
        line.substr(word + 8, 1) == ":" &&
        std::all_of(line.begin() + static_cast<std::ptrdiff_t>(word + 3),
                    line.begin() + static_cast<std::ptrdiff_t>(word + 8),
                    [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); });
    if (has_state) {
      const std::string_view state = line.substr(word + 3, 5);
      if (state == expected) return;
      line.remove_prefix(word + 3);
    }
    errors.emplace_back(line);
  });
  return errors;
}

}  // namespace pgdr::app
