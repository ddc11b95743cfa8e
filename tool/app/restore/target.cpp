#include "app/restore/target.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "db/conninfo.hpp"

namespace pgdr::app {
namespace {

std::string create_statement(const std::string& database, const Locale& locale,
                             const std::string& tablespace, int version) {
  std::string sql = "CREATE DATABASE " + db::quote_ident(database) + " TEMPLATE template0";
  const auto add = [&](const char* option, const std::string& value) {
    if (!value.empty()) sql += fmt::format(" {} {}", option, db::quote_literal(value));
  };
  add("ENCODING", locale.encoding);
  add("LC_COLLATE", locale.collate);
  add("LC_CTYPE", locale.ctype);
  if (version >= 150000 && locale.provider == "icu") {
    sql += " LOCALE_PROVIDER icu";
    add("ICU_LOCALE", locale.icu_locale);
    if (version >= 160000) add("ICU_RULES", locale.icu_rules);
  } else if (version >= 170000 && locale.provider == "builtin") {
    sql += " LOCALE_PROVIDER builtin";
    add("BUILTIN_LOCALE", locale.icu_locale);
  }
  if (!tablespace.empty()) sql += " TABLESPACE " + db::quote_ident(tablespace);
  return sql;
}

// The pieces of a stored list of names: "$user", public.
std::vector<std::string> list_pieces(const std::string& value) {
  std::vector<std::string> pieces(1);
  bool quoted = false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    const char c = value[i];
    if (c == '"') {
      if (quoted && i + 1 < value.size() && value[i + 1] == '"') {
        pieces.back() += '"';
        ++i;
      } else {
        quoted = !quoted;
      }
    } else if (c == ',' && !quoted) {
      pieces.emplace_back();
    } else if (c != ' ' || quoted) {
      pieces.back() += c;
    }
  }
  return pieces;
}

}  // namespace

Result<TargetName> parse_target(const std::string& to, const SetConfig& set) {
  TargetName target;
  if (to.empty()) return Error::of(Code::kUsage, "--to is empty: name the database to restore to");
  target.by_name = to.find("://") == std::string::npos && to.find('=') == std::string::npos;
  target.conninfo = target.by_name ? set.database : to;
  PGDR_TRY(auto info, db::Conninfo::parse(target.conninfo));
  if (target.by_name) {
    target.database = to;
    info.set("dbname", to);
  } else {
    target.database = info.get("dbname");
    if (target.database.empty()) {
      return Error::of(Code::kUsage, "--to names no database",
                       "for instance postgresql://host/prompt69_restore");
    }
  }
  // The server would cut it off without a word.
  constexpr std::size_t kLongestName = 63;
  if (target.database.size() > kLongestName) {
    return Error::of(Code::kUsage,
                     fmt::format("\"{}\" is too long for the name of a database", target.database),
                     "PostgreSQL's names have at most 63 bytes");
  }
  target.shown = target.by_name ? target.database : info.without_secrets();
  return target;
}

namespace {

// name TO value, from "name=value".
std::string assignment(const std::string& setting) {
  // GUC_LIST_QUOTE in the server's guc_tables.c: stored as a list of names, not as one value.
  static constexpr std::array<std::string_view, 6> kLists = {"search_path",
                                                             "temp_tablespaces",
                                                             "session_preload_libraries",
                                                             "shared_preload_libraries",
                                                             "local_preload_libraries",
                                                             "unix_socket_directories"};
  const std::size_t at = setting.find('=');
  const std::string name = setting.substr(0, at);
  const std::string value = at == std::string::npos ? "" : setting.substr(at + 1);
  std::string quoted_name;
  std::string_view rest(name);
  for (;;) {  // a parameter of an extension has two parts
    const std::size_t dot = rest.find('.');
    quoted_name += db::quote_ident(std::string(rest.substr(0, dot)));
    if (dot == std::string_view::npos) break;
    quoted_name += '.';
    rest.remove_prefix(dot + 1);
  }
  std::string quoted_value;
  if (std::find(kLists.begin(), kLists.end(), name) != kLists.end()) {
    for (const auto& piece : list_pieces(value)) {
      quoted_value += (quoted_value.empty() ? "" : ", ") + db::quote_literal(piece);
    }
  } else {
    quoted_value = db::quote_literal(value);
  }
  return quoted_name + " TO " + quoted_value;
}

}  // namespace

std::string setting_statement(const std::string& database, const std::string& setting) {
  return fmt::format("ALTER DATABASE {} SET {}", db::quote_ident(database), assignment(setting));
}

std::vector<std::string> property_statements(const std::string& name,
                                             const DatabaseProperties& properties, bool no_owner,
                                             bool no_acl) {
  const std::string database = "DATABASE " + db::quote_ident(name);
  std::vector<std::string> statements;
  for (const auto& setting : properties.settings) {
    statements.push_back(setting_statement(name, setting));
  }
  for (const auto& one : properties.role_settings) {
    std::string_view setting;
    const std::string role = take_name(one, setting);
    if (role.empty() || !setting.starts_with(": ")) continue;
    statements.push_back(fmt::format("ALTER ROLE {} IN {} SET {}", db::quote_ident(role), database,
                                     assignment(std::string(setting.substr(2)))));
  }
  if (!properties.comment.empty()) {
    statements.push_back(
        fmt::format("COMMENT ON {} IS {}", database, db::quote_literal(properties.comment)));
  }
  for (const auto& one : properties.security_labels) {
    const std::size_t colon = one.find(": ");
    if (colon == std::string::npos) continue;
    statements.push_back(fmt::format("SECURITY LABEL FOR {} ON {} IS {}",
                                     db::quote_ident(one.substr(0, colon)), database,
                                     db::quote_literal(one.substr(colon + 2))));
  }
  if (properties.connection_limit >= 0) {
    statements.push_back(
        fmt::format("ALTER {} CONNECTION LIMIT {}", database, properties.connection_limit));
  }
  if (!no_acl) {
    for (auto& one : acl_statements(name, properties.acl)) statements.push_back(std::move(one));
  }
  // Last: afterwards we may not be allowed the rest.
  if (!no_owner && !properties.owner.empty()) {
    statements.push_back(
        fmt::format("ALTER {} OWNER TO {}", database, db::quote_ident(properties.owner)));
  }
  return statements;
}

Result<std::unique_ptr<Target>> Target::open(const TargetName& name,
                                             const std::string& maintenance_database) {
  PGDR_TRY(auto server, db::Connection::open(name.conninfo, maintenance_database));
  return std::unique_ptr<Target>(new Target(name, maintenance_database, std::move(server)));
}

Result<bool> Target::exists() {
  PGDR_TRY(const auto rows, server_->query("SELECT FROM pg_catalog.pg_database WHERE datname = $1",
                                           {name_.database}));
  return !rows.empty();
}

Status Target::create(const Locale& locale, const std::string& wanted_tablespace,
                      std::vector<std::string>& warnings) {
  const int version = server_->server_version();
  std::string tablespace;
  if (!wanted_tablespace.empty() && wanted_tablespace != "pg_default") {
    PGDR_TRY(const auto usable,
             server_->query("SELECT FROM pg_catalog.pg_tablespace WHERE spcname = $1 AND "
                            "pg_catalog.has_tablespace_privilege(oid, 'CREATE')",
                            {wanted_tablespace}));
    if (!usable.empty()) tablespace = wanted_tablespace;
    if (usable.empty()) {
      warnings.push_back(fmt::format(
          "the database was in tablespace \"{0}\", which is not here or not for role {1}: it is in "
          "the default one now; to move it: ALTER DATABASE {2} SET TABLESPACE {3};",
          wanted_tablespace, server_->user(), db::quote_ident(name_.database),
          db::quote_ident(wanted_tablespace)));
    }
  }
  Status made = server_->exec(create_statement(name_.database, locale, tablespace, version));
  // 42809, 22023: a locale or provider that this server does not have.
  if (!made && (made.error().sqlstate == "42809" || made.error().sqlstate == "22023")) {
    warnings.push_back(
        fmt::format("the server does not know the database's locale ({}): its own "
                    "default is used, and texts may sort differently",
                    to_string(made.error())));
    Locale plain;
    plain.encoding = locale.encoding;
    made = server_->exec(create_statement(name_.database, plain, tablespace, version));
  }
  if (made) {
    created_ = true;
    return success();
  }
  // 23505: another run made it in the meantime.
  if (made.error().sqlstate == "42P04" || made.error().sqlstate == "23505") {
    return Error::of(
        Code::kProtected,
        fmt::format("database \"{}\" exists already: nothing was changed", name_.database),
        "choose another name with --to");
  }
  Error error = made.error().context(fmt::format("cannot create database \"{}\"", name_.database));
  if (error.sqlstate == "42501") {
    error.hint =
        "a restore makes a database and gives objects to their owners, which a role for backups "
        "may not: connect as a superuser, --to postgresql://postgres@HOST/NAME";
  }
  return error;
}

void Target::give_properties(const DatabaseProperties& properties, bool no_owner, bool no_acl,
                             std::vector<std::string>& warnings) {
  const bool ours = properties.owner == server_->user();
  for (const auto& sql :
       property_statements(name_.database, properties, no_owner || ours, no_acl)) {
    const Status done = server_->exec(sql);
    if (!done) {
      warnings.push_back(fmt::format(
          "a property of the database was not restored: {}; to set it, as a superuser: {};",
          done.error().message, sql));
    }
  }
}

Status Target::drop() {
  if (!created_) return success();
  PGDR_TRY(const auto fresh, db::Connection::open(name_.conninfo, maintenance_));
  PGDR_CHECK(fresh->exec(
      fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", db::quote_ident(name_.database))));
  created_ = false;
  return success();
}

Result<std::unique_ptr<db::Connection>> Target::connect() {
  return db::Connection::open(name_.conninfo, name_.database);
}

Result<bool> same_server(db::Connection& a, db::Connection& b) {
  const char* const who =
      "SELECT system_identifier, extract(epoch FROM pg_catalog.pg_postmaster_start_time()) "
      "FROM pg_catalog.pg_control_system()";
  PGDR_TRY(const auto one, a.query(who));
  PGDR_TRY(const auto other, b.query(who));
  return one.front() == other.front();
}

}  // namespace pgdr::app
