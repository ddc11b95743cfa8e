#include "artifact/database/dump_commands.hpp"

namespace pgdr::app {
namespace {

void give_environment(Command& command, const db::Connection& db) {
  for (const auto& [name, value] : db.child_env()) command.env[name] = value;
  command.env["LC_MESSAGES"] = "C";
}

}  // namespace

Command dump_command(const std::string& program, const db::Connection& db,
                     const std::string& snapshot_id) {
  Command command;
  command.argv = {program,
                  "--format=custom",
                  "--compress=0",
                  "--no-password",
                  "--encoding=" + db.server_encoding(),
                  "--snapshot=" + snapshot_id,
                  "--dbname=" + db.child_conninfo()};
  give_environment(command, db);
  return command;
}

Command globals_command(const std::string& program, const db::Connection& db, bool passwords) {
  Command command;
  // Names of roles are bytes to the server, the same in every database whatever its encoding: as
  // SQL_ASCII nobody converts them, neither here nor at a restore.
  command.argv = {program,
                  "--globals-only",
                  "--no-password",
                  "--encoding=SQL_ASCII",
                  "--database=" + db.database(),
                  "--dbname=" + db.child_conninfo()};
  if (!passwords) command.argv.emplace_back("--no-role-passwords");
  give_environment(command, db);
  return command;
}

}  // namespace pgdr::app
