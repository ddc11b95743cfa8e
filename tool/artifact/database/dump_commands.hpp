// The command lines of pg_dump and pg_dumpall, as a backup runs them and doctor tries them.
#pragma once

#include <string>

#include "base/process.hpp"
#include "db/connection.hpp"

namespace pgdr::app {

// Connects as `db` does, to its database.
Command dump_command(const std::string& program, const db::Connection& db,
                     const std::string& snapshot_id);
Command globals_command(const std::string& program, const db::Connection& db, bool passwords);

}  // namespace pgdr::app
