#include "db/errors.hpp"

#include <array>
#include <regex>
#include <string_view>

#include <fmt/format.h>

namespace pgdr::db {
namespace {

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

// Several lines (one per address tried) become one sentence.
std::string one_line(const std::string& text) {
  std::string out;
  for (const char c : trimmed(text)) {
    if (c == '\n') {
      out += "; ";
    } else if (c != '\t' || out.empty() || out.back() != ' ') {
      out += c == '\t' ? ' ' : c;
    }
  }
  return out;
}

struct ConnectRule {
  std::string_view sqlstate;  // prefix; empty: look for `words`
  std::string_view words;
  std::string_view hint;
  bool retryable;
};

constexpr std::string_view kLoginHint =
    "the server is up but refuses this login: check the user name, the password file (~/.pgpass, "
    "0600, or $PGPASSFILE) and the server's pg_hba.conf";
constexpr std::string_view kDownHint =
    "is the server running, and there? Check host and port; on the server, \"pg_lsclusters\" and "
    "\"systemctl status postgresql\" tell more";

constexpr std::array kConnectRules = {
    ConnectRule{"3D000", "", "the server is up but has no such database: \"psql -l\" lists them",
                false},
    ConnectRule{"28", "", kLoginHint, false},
    ConnectRule{"42501", "", "let this role connect: GRANT CONNECT ON DATABASE … TO …", false},
    ConnectRule{"53300", "",
                "the server has no free connection: close some, or raise max_connections (or the "
                "limit of the role or database)",
                true},
    ConnectRule{"55000", "", "the database does not accept connections", false},
    ConnectRule{"57P03", "", "the server is starting up or shutting down: try again in a moment",
                true},
    ConnectRule{"57P", "", "the server is shutting down: try again when it is back", true},
    ConnectRule{"", "no password supplied",
                "the server asks for a password and pgdr never prompts: put it into ~/.pgpass "
                "(0600) or name another file with $PGPASSFILE",
                false},
    ConnectRule{"", "could not translate host name", "check the name of the host, and DNS", true},
    ConnectRule{"", "SSL", "check sslmode and the certificates of client and server", false},
    ConnectRule{"", "certificate", "check sslmode and the certificates of client and server",
                false},
    ConnectRule{"", "definition of service", "check the service name and pg_service.conf", false},
    ConnectRule{"", "Permission denied", "this user may not use the server's socket folder", false},
};

}  // namespace

Error connect_error(const std::string& message, const std::string& target) {
  Error error;
  error.code = Code::kDatabaseUnreachable;
  std::string words = message;
  // "FATAL:  3D000: text"; the severity may be in the server's language.
  static const std::regex kState("(\\S+:)  ([0-9A-Z]{5}): ");
  static const std::regex kLocation("\nLOCATION:[^\n]*");
  std::smatch match;
  if (std::regex_search(words, match, kState)) {
    error.sqlstate = match[2];
    words = std::regex_replace(words, kState, "$1 ");
  }
  words = trimmed(std::regex_replace(words, kLocation, ""));
  // One address tried: it is in `target` already.
  static const std::regex kPlace(
      "^connection to server (on socket|at) \"[^\n]*?\"[^\n]*? failed: ");
  if (std::smatch place; std::regex_search(words, place, kPlace) &&
                         words.find("connection to server", 1) == std::string::npos) {
    words = place.suffix();
  }
  error.message = fmt::format("cannot connect to {}: {}", target, one_line(words));
  for (const ConnectRule& rule : kConnectRules) {
    const bool fits = rule.words.empty()
                          ? error.sqlstate.starts_with(rule.sqlstate)
                          : error.sqlstate.empty() && words.find(rule.words) != std::string::npos;
    if (!fits) continue;
    error.hint = rule.hint;
    error.retryable = rule.retryable;
    return error;
  }
  if (error.sqlstate.empty()) {
    error.hint = kDownHint;
    error.retryable = true;
  }
  return error;
}

Error statement_error(const ServerMessage& message) {
  Error error;
  error.sqlstate = message.sqlstate;
  error.message = one_line(message.primary);
  if (!message.detail.empty()) error.message += " (" + one_line(message.detail) + ")";
  error.hint = one_line(message.hint);
  const std::string_view state = message.sqlstate;
  if (state.starts_with("57P")) {  // admin_shutdown, crash_shutdown, cannot_connect_now
    error.code = Code::kDatabaseUnreachable;
    error.retryable = true;
  } else if (state == "40001" || state == "40P01" || state == "55P03" || state == "53300") {
    error.retryable = true;
  } else if (state == "53100" && error.hint.empty()) {
    error.hint = "the database server's own disk is full: make room there";
  } else if (state == "42501" && error.hint.empty()) {
    error.hint =
        "the role pgdr connects as lacks this right; \"pgdr doctor\" lists what a backup "
        "needs";
  }
  return error;
}

Error lost_connection(const std::string& message) {
  Error error = Error::of(Code::kDatabaseUnreachable,
                          "the connection to the server was lost: " + one_line(message),
                          "see the server's log for the reason, then run the command again");
  error.retryable = true;
  return error;
}

}  // namespace pgdr::db
