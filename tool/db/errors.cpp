#include "db/errors.hpp"

#include <algorithm>
#include <array>
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

// No std::regex: it recurses for every character, and a server's message may be long enough to end
// the program.

// Takes the SQLSTATE out of "FATAL:  3D000: text", all of them; the first. The severity may be in
// the server's language: a word with a colon, and two blanks.
std::string take_state(std::string& words) {
  constexpr std::string_view kBefore = ":  ";
  constexpr std::size_t kState = 5;
  std::string first;
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = words.find(kBefore); at != std::string::npos;
       at = words.find(kBefore, at + 1)) {
    const std::size_t begin = at + kBefore.size();
    const std::string_view state = std::string_view(words).substr(begin, kState);
    const bool fits = at > done && words[at - 1] != ' ' && words[at - 1] != '\n' &&
                      words[at - 1] != '\t' &&
                      words.compare(begin + std::min(kState, state.size()), 2, ": ") == 0 &&
                      state.size() == kState && std::all_of(state.begin(), state.end(), [](char c) {
                        return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
                      });
    if (!fits) continue;
    if (first.empty()) first = state;
    out.append(words, done, at + 1 - done);
    done = begin + kState + 1;  // the blank behind the state stays
  }
  words = out.append(words, done);
  return first;
}

// The lines that say where in the server's source.
void remove_locations(std::string& words) {
  constexpr std::string_view kLocation = "\nLOCATION:";
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = words.find(kLocation); at != std::string::npos;
       at = words.find(kLocation, done)) {
    out.append(words, done, at - done);
    done = std::min(words.find('\n', at + 1), words.size());
  }
  words = out.append(words, done);
}

// The length of "connection to server at \"…\", port … failed: " at the beginning; 0: it is not.
std::size_t place_length(std::string_view words) {
  const std::string_view line = words.substr(0, words.find('\n'));
  for (const std::string_view begin :
       {"connection to server on socket \"", "connection to server at \""}) {
    if (!line.starts_with(begin)) continue;
    constexpr std::string_view kEnd = " failed: ";
    const std::size_t quote = line.find('"', begin.size());
    const std::size_t end = quote == std::string_view::npos ? quote : line.find(kEnd, quote);
    return end == std::string_view::npos ? 0 : end + kEnd.size();
  }
  return 0;
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
  error.sqlstate = take_state(words);
  remove_locations(words);
  words = trimmed(words);
  // One address tried: it is in `target` already.
  if (words.find("connection to server", 1) == std::string::npos) {
    words.erase(0, place_length(words));
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
