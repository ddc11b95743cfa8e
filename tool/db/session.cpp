#include "db/session.hpp"

#include <fmt/format.h>

namespace pgdr::db {
namespace {

// Transactions that write, see one another's work and end when we end them; values that are
// written and read in one way only.
constexpr Pin kBoth[] = {
    {"default_transaction_read_only", "off"},
    {"default_transaction_isolation", "read committed"},
    {"default_transaction_deferrable", "off"},
    {"statement_timeout", "0"},
    {"lock_timeout", "0"},
    {"idle_in_transaction_session_timeout", "0"},
    {"idle_session_timeout", "0", 140000},
    {"transaction_timeout", "0", 170000},
    {"standard_conforming_strings", "on"},
    {"backslash_quote", "safe_encoding"},
    {"array_nulls", "on"},
    {"transform_null_equals", "off"},
    {"bytea_output", "hex"},
    {"client_min_messages", "notice"},
    {"exit_on_error", "off"},  // an error that is handled would end the session
};

constexpr Pin kSession[] = {
    {"DateStyle", "ISO, YMD"},   {"IntervalStyle", "iso_8601"},          {"TimeZone", "UTC"},
    {"extra_float_digits", "1"}, {"search_path", "pg_catalog, pg_temp"},
};

template <std::size_t N>
std::vector<Pin> with_common(const Pin (&own)[N]) {
  std::vector<Pin> pins(std::begin(own), std::end(own));
  pins.insert(pins.end(), std::begin(kBoth), std::end(kBoth));
  return pins;
}

// "-c name=value" of the server's command line: a space within is escaped.
std::string option(std::string_view name, std::string_view value) {
  std::string text = fmt::format("-c {}=", name);
  for (const char c : value) {
    if (c == ' ' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

}  // namespace

const std::vector<Pin>& session_pins() {
  static const std::vector<Pin> pins = with_common(kSession);
  return pins;
}

const std::vector<Pin>& child_pins() {
  static const std::vector<Pin> pins(std::begin(kBoth), std::end(kBoth));
  return pins;
}

std::string session_settings(int server_version) {
  std::string sql = "SELECT ";
  for (const Pin& pin : session_pins()) {
    if (server_version < pin.since) continue;
    if (sql.back() == ')') sql += ", ";
    sql += fmt::format("pg_catalog.set_config('{}', '{}', false)", pin.name, pin.value);
  }
  return sql;
}

std::string child_settings_query() {
  std::string sql = "SELECT pg_catalog.pg_backend_pid()";
  for (const Pin& pin : child_pins()) {
    sql += fmt::format(", pg_catalog.current_setting('{}', true)", pin.name);
  }
  return sql;
}

std::string child_options(const std::string& given, const std::vector<std::string>& present,
                          int server_version, bool only_different, bool check_client) {
  std::string options = given;
  const auto add = [&](const std::string& one) { options += (options.empty() ? "" : " ") + one; };
  for (std::size_t i = 0; i < child_pins().size(); ++i) {
    const Pin& pin = child_pins()[i];
    if (server_version < pin.since) continue;
    if (only_different && i < present.size() && present[i] == pin.value) continue;
    add(option(pin.name, pin.value));
  }
  if (check_client) add(option("client_connection_check_interval", "10s"));
  return options;
}

}  // namespace pgdr::db
