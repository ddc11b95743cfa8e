// libpq with errors as values. A Connection is used by one thread at a time; cancel() may be called
// from another.
//
//   PGDR_TRY(auto db, db::Connection::open("postgresql:///prompt69"));
//   PGDR_TRY(auto rows, db->query("SELECT relname FROM pg_class WHERE relkind = $1", {"r"}));
//   for (const auto& row : rows) use(row[0].value_or(""));
//
// Sessions are set up the same way everywhere (db/session.hpp): client_encoding UTF8, DateStyle
// ISO, IntervalStyle iso_8601, TimeZone UTC, search_path pg_catalog, no time limits, transactions
// that may write, application_name "pgdr". The server ends one whose client is gone within 10 s.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"

namespace pgdr::db {

// Of a server's number: 150020 is 15.20.
constexpr int major_of(int version_num) { return version_num / 10000; }
constexpr int minor_of(int version_num) { return version_num % 10000; }
inline constexpr int kHasReadAllData = 140000;  // pg_read_all_data came with PostgreSQL 14

using Value = std::optional<std::string>;  // nullopt: SQL NULL
using Row = std::vector<Value>;
using Rows = std::vector<Row>;

class Connection {
 public:
  // conninfo: libpq URI, keyword string or database name. kDatabaseUnreachable on failure, with the
  // server's words, and hints that tell "server down" from "unknown database" from "login refused".
  // kUsage through a pooler that does not give a session of our own.
  // dbname overrides the database in it.
  static Result<std::unique_ptr<Connection>> open(const std::string& conninfo,
                                                  const std::string& dbname = {});
  virtual ~Connection() = default;

  // Waits on the socket and on interrupt_fd(): an interrupt cancels the statement and gives
  // kInterrupted. A server error keeps its SQLSTATE; a lost connection is kDatabaseUnreachable.
  // NOTICEs go to log_verbose, WARNINGs to log_warning.
  virtual Result<Rows> query(const std::string& sql, const std::vector<Value>& params = {}) = 0;
  Status exec(const std::string& sql, const std::vector<Value>& params = {});
  // First column of the only row; kFailed if there is not exactly one.
  Result<Value> scalar(const std::string& sql, const std::vector<Value>& params = {});

  // Sends and returns; poll_result() waits for it later (one statement in flight).
  virtual Status send(const std::string& sql, const std::vector<Value>& params = {}) = 0;
  virtual Result<Rows> receive() = 0;

  virtual void cancel() = 0;
  [[nodiscard]] virtual int server_version() const = 0;  // 150020
  [[nodiscard]] virtual std::string database() const = 0;
  [[nodiscard]] virtual std::string user() const = 0;
  [[nodiscard]] virtual std::string server_encoding() const = 0;  // of the database
  // conninfo for child programs (pg_dump -d …), with the settings of our own sessions: without the
  // password, which child_env() carries as PGPASSWORD if one was given in the URI.
  [[nodiscard]] virtual std::string child_conninfo(const std::string& dbname = {}) const = 0;
  // The application_name of children from now on, by which the server's views tell them.
  virtual void name_children(const std::string& application_name) = 0;
  [[nodiscard]] virtual std::vector<std::pair<std::string, std::string>> child_env() const = 0;
};

std::string quote_ident(const std::string& name);
std::string quote_literal(const std::string& text);

}  // namespace pgdr::db
