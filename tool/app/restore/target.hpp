// The database that a restore fills: made by us, refused when it exists, removed again when the
// restore fails.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "artifact/snapshot/document.hpp"
#include "config/config.hpp"
#include "db/connection.hpp"

namespace pgdr::app {

struct TargetName {
  std::string conninfo;  // of its server, as given (may carry a password)
  std::string database;
  bool by_name = false;  // a plain name: on the server of the set's database
  std::string shown;     // for messages and records: no secrets
};
// to: a database name, or a libpq URI or conninfo with a database in it (kUsage without).
Result<TargetName> parse_target(const std::string& to, const SetConfig& set);

class Target {
 public:
  // Connects to the server's maintenance database. kDatabaseUnreachable.
  static Result<std::unique_ptr<Target>> open(const TargetName& name,
                                              const std::string& maintenance_database);

  Result<bool> exists();
  // Makes the database from template0. kProtected when it exists. Where the server does not know
  // the locale or lacks the tablespace, its own default is taken, with a warning.
  Status create(const Locale& locale, const std::string& tablespace,
                std::vector<std::string>& warnings);
  // What pg_restore sets only if it creates the database itself. What the server refuses becomes a
  // warning with the statement to run.
  void give_properties(const DatabaseProperties& properties, bool no_owner, bool no_acl,
                       std::vector<std::string>& warnings);
  // Only what create() made; over a fresh connection, for ours may be the one that broke.
  Status drop();

  Result<std::unique_ptr<db::Connection>> connect();  // to the database itself
  [[nodiscard]] const TargetName& name() const { return name_; }
  [[nodiscard]] db::Connection& server() { return *server_; }
  [[nodiscard]] bool created() const { return created_; }

 private:
  Target(TargetName name, std::string maintenance, std::unique_ptr<db::Connection> server)
      : name_(std::move(name)), maintenance_(std::move(maintenance)), server_(std::move(server)) {}

  TargetName name_;
  std::string maintenance_;
  std::unique_ptr<db::Connection> server_;
  bool created_ = false;
};

// Owner, settings (of roles in it, too), privileges, comment, connection limit and labels. Pure.
std::vector<std::string> property_statements(const std::string& database,
                                             const DatabaseProperties& properties, bool no_owner,
                                             bool no_acl);
// ALTER DATABASE … SET name TO value, from "name=value" as the server stores it. Pure.
std::string setting_statement(const std::string& database, const std::string& setting);

// Whether both are sessions of one running server. The system identifier alone does not tell: a
// standby and every clone has the same one; so it is compared with when the server was started.
Result<bool> same_server(db::Connection& a, db::Connection& b);

}  // namespace pgdr::app
