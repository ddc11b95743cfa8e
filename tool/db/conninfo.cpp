#include "db/conninfo.hpp"

#include <memory>

#include <fmt/format.h>
#include <libpq-fe.h>

namespace pgdr::db {
namespace {

bool is_uri(const std::string& text) {
  return text.starts_with("postgresql://") || text.starts_with("postgres://");
}

// libpq's words about a malformed string quote parts of it.
bool may_hold_password(const std::string& text) {
  return text.find("pass") != std::string::npos ||
         (is_uri(text) && text.find('@') != std::string::npos);
}

std::string quoted(const std::string& value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

}  // namespace

Result<Conninfo> Conninfo::parse(const std::string& text) {
  Conninfo info;
  if (text.find('\0') != std::string::npos) {
    return Error::of(Code::kUsage, "the connection string contains a zero byte");
  }
  if (!is_uri(text) && text.find('=') == std::string::npos) {
    if (!text.empty()) info.settings_["dbname"] = text;
    return info;
  }
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(text.c_str(), &message), PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> owned(message, PQfreemem);
  if (!options) {
    std::string why = message != nullptr ? message : "out of memory";
    while (!why.empty() && why.back() == '\n') why.pop_back();
    if (may_hold_password(text)) why = "it is not shown here, for it may hold a password";
    return Error::of(Code::kUsage, "malformed connection string: " + why,
                     "write a URI (postgresql://user@host:5432/name), a keyword string (host=… "
                     "dbname=…) or the name of a database; in a URI, special characters are "
                     "written %XX");
  }
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr || *option->val == '\0') continue;
    const std::string keyword = option->keyword;
    if (keyword == "password") {
      info.password_ = option->val;
    } else if (keyword == "sslpassword") {
      return Error::of(Code::kUsage, "the connection string holds an sslpassword",
                       "put it into a service file (pg_service.conf, 0600) and use service=NAME: "
                       "on the command line of pg_dump everyone on this host could read it");
    } else {
      info.settings_[keyword] = option->val;
    }
  }
  return info;
}

std::string Conninfo::get(const std::string& keyword) const {
  const auto found = settings_.find(keyword);
  return found != settings_.end() ? found->second : std::string();
}

void Conninfo::set(const std::string& keyword, const std::string& value) {
  if (value.empty()) {
    settings_.erase(keyword);
  } else {
    settings_[keyword] = value;
  }
}

std::string Conninfo::without_secrets() const {
  std::string out;
  for (const auto& [keyword, value] : settings_) {
    if (!out.empty()) out += ' ';
    out += keyword + "=" + quoted(value);
  }
  return out;
}

}  // namespace pgdr::db
