// What can be known to go wrong before a backup starts, each with its own message.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "repo/repository.hpp"
#include "config/config.hpp"
#include "db/connection.hpp"

namespace pgdr::app {

// The major version in "pg_dump (PostgreSQL) 15.20 (Debian …)"; nullopt when there is none. Pure.
std::optional<int> client_major(const std::string& version_line);

// The program, as found in PATH; kUsage when its major version is older than the server's.
Result<std::string> client_program(const std::string& name, int server_version);

// kFailed naming the first tables, sequences and large objects that this role may not read, or
// whose rows a row-security policy would hide from it (pg_dump would fail on the former half-way,
// and refuses the latter).
Status check_readable(db::Connection& db);

// Whether pg_dumpall may read the roles' passwords.
Result<bool> may_read_passwords(db::Connection& db);

// kNoSpace when the repository certainly has less room than the newest backup of the set takes;
// a warning when a first backup may not fit.
Status check_room(Repository& repository, const std::string& set, std::uint64_t database_bytes);

}  // namespace pgdr::app
