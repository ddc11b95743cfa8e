// Connection strings: taken apart, put together, and never shown with their secrets.
//
//   PGDR_TRY(auto info, db::Conninfo::parse("postgresql://backup:secret@db/prompt69"));
//   info.get("host");  info.without_secrets();  info.password();
#pragma once

#include <map>
#include <string>

#include "base/result.hpp"

namespace pgdr::db {

class Conninfo {
 public:
  // A libpq URI, a keyword=value string, or the name of a database. kUsage when malformed; the
  // message never repeats what may be a password. An `sslpassword` is refused: pg_dump could get it
  // only through its argument list (put it into a service file).
  static Result<Conninfo> parse(const std::string& text);

  // What the string itself says, without defaults and environment; empty when it does not.
  [[nodiscard]] std::string get(const std::string& keyword) const;
  void set(const std::string& keyword, const std::string& value);
  [[nodiscard]] const std::string& password() const { return password_; }
  // keyword='value' …, in the order of the keywords, no password.
  [[nodiscard]] std::string without_secrets() const;
  // All settings but the password.
  [[nodiscard]] const std::map<std::string, std::string>& settings() const { return settings_; }

 private:
  std::map<std::string, std::string> settings_;
  std::string password_;
};

}  // namespace pgdr::db
