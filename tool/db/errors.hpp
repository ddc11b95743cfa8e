// From libpq's words to an Error: the class of a failure and what to do about it. Pure.
#pragma once

#include <string>

#include "base/result.hpp"

namespace pgdr::db {

// A connection that could not be made. `message` is libpq's, in verbose form ("…: FATAL:  3D000:
// database … does not exist"), from which the SQLSTATE is taken, for libpq gives it in no other
// way.
Error connect_error(const std::string& message, const std::string& target);

struct ServerMessage {
  std::string sqlstate;
  std::string primary;
  std::string detail;
  std::string hint;
  std::string context;
};
// A statement that the server refused.
Error statement_error(const ServerMessage& message);
// A connection that broke while in use.
Error lost_connection(const std::string& message);

}  // namespace pgdr::db
