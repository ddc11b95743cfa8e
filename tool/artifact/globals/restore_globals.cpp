// Roles and tablespaces of a backup, by psql.
#include <span>

#include <fmt/format.h>

#include "artifact/globals/globals_script.hpp"
#include "artifact/database/pg_restore.hpp"
#include "base/process.hpp"

namespace pgdr::app {
namespace {

constexpr std::size_t kLongestGlobals = std::size_t{256} << 20;
constexpr const char* kDuplicateObject = "42710";  // SQLSTATE: the role or tablespace exists

}  // namespace

Result<std::vector<std::string>> restore_globals(
    const StoredBackup& backup, const pipe::Keys& keys, const std::string& conninfo,
    const std::vector<std::pair<std::string, std::string>>& env) {
  const Artifact* globals = backup.manifest.find("globals");
  if (globals == nullptr) {
    return Error::of(Code::kUsage, fmt::format("backup {} holds no globals", backup.manifest.label),
                     "leave out --globals");
  }
  PGDR_TRY(const std::string script, read_artifact(backup, *globals, keys, kLongestGlobals));
  PGDR_TRY(const std::string sql, plain_sql(script));
  Command command;
  PGDR_TRY(const std::string psql, find_program("psql"));
  command.argv = {psql,
                  "--no-psqlrc",
                  "--quiet",
                  "--no-password",
                  "--set=VERBOSITY=verbose",
                  "--dbname=" + conninfo,
                  "--file=-",
                  "--output=/dev/null"};
  for (const auto& [name, value] : env) command.env[name] = value;
  speak_plainly(command);
  command.want_stdin = true;
  PGDR_TRY(const auto process, Process::start(std::move(command)));
  // Notices have codes of errors ("exists already, skipping"): only errors are sent.
  const std::string text = "SET client_min_messages = error;\n" + sql;
  const auto fed = [&]() -> Status {
    PGDR_CHECK(process->in().write(std::as_bytes(std::span(text))));
    return process->in().finish();
  }();
  if (!fed && fed.error().code == Code::kInterrupted) return fed.error();
  PGDR_TRY(const ExitStatus status, process->wait());
  if (!status.ok()) return Error::of(Code::kFailed, "psql " + status.describe());
  if (!fed) return fed.error();
  return read_psql_errors(status.err, kDuplicateObject);
}

}  // namespace pgdr::app
