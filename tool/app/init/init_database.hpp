// The part of init inside the database: the extension, and the rights to use it.
#pragma once

#include <string>

#include "app/init/init.hpp"
#include "db/connection.hpp"

namespace pgdr::app {

// Creates the extension (functions in `schema`) or updates an old one where the role may; else
// leaves a step kMissing and a note with the exact SQL for a superuser.
Status settle_database(db::Connection& db, const std::string& schema, InitReport& report);

}  // namespace pgdr::app
