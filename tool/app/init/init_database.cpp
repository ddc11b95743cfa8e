#include "app/init/init_database.hpp"

#include <fmt/format.h>

#include "base/version.hpp"
#include "db/catalog.hpp"
#include "db/connection.hpp"

namespace pgdr::app {
namespace {

struct Role {
  std::string name;
  bool superuser = false;
};

Result<Role> current_role(db::Connection& db) {
  PGDR_TRY(const db::Rows rows, db.query("SELECT rolname, rolsuper FROM pg_catalog.pg_roles "
                                         "WHERE rolname = current_user"));
  Role role;
  if (rows.size() == 1) {
    role.name = rows[0][0].value_or("");
    role.superuser = rows[0][1] == "t";
  }
  return role;
}

std::string grants_for(const std::string& role, int server_version) {
  const std::string quoted = db::quote_ident(role);
  const std::string read =
      server_version >= db::kHasReadAllData
          ? fmt::format("GRANT pg_read_all_data TO {};", quoted)
          : fmt::format("GRANT SELECT ON ALL TABLES IN SCHEMA … TO {}; -- for each schema", quoted);
  return fmt::format("    {}\n    ALTER ROLE {} BYPASSRLS;\n    SELECT dr.grant_to({}, 'backup');",
                     read, quoted, db::quote_literal(quoted));
}

// How to go on with as few rights as possible.
Status note_rights(db::Connection& db, const Role& role, InitReport& report) {
  if (role.superuser) {
    if (!report.changed()) return success();
    report.notes.push_back(fmt::format(
        "pgdr connects as the superuser {}. A role that can only read is enough; in database {}:\n"
        "    CREATE ROLE pgdr_backup LOGIN;\n{}",
        role.name, db.database(), grants_for("pgdr_backup", db.server_version())));
    return success();
  }
  PGDR_TRY(
      const db::Value may,
      db.scalar("SELECT coalesce(bool_and(pg_catalog.has_function_privilege(p.oid, 'EXECUTE')),"
                " false) FROM pg_catalog.pg_proc p "
                "JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace "
                "WHERE n.nspname = 'dr' AND p.proname IN ('backup_start', 'snapshot_counts')"));
  if (may == "t") return success();
  report.steps.push_back({StepState::kMissing, "rights",
                          fmt::format("role {} may not use the extension yet", role.name)});
  report.notes.push_back(fmt::format("As a superuser in database {}:\n{}", db.database(),
                                     grants_for(role.name, db.server_version())));
  return success();
}

void note_missing(db::Connection& db, const db::ExtensionState& state, const std::string& sql,
                  InitReport& report) {
  report.steps.push_back(
      {StepState::kMissing, "extension",
       fmt::format("{} in database {}", state.installed ? "too old" : "missing", db.database())});
  std::string note;
  if (!state.available || db::compare_versions(*state.available, std::string(kVersion)) < 0) {
    note = "Install the extension's files on the database server (\"make install\" there). ";
  }
  note += fmt::format("Then, as a superuser in database {}:\n    {}\nand run \"pgdr init\" again.",
                      db.database(), sql);
  report.notes.insert(report.notes.begin(), note);
}

}  // namespace

Status settle_database(db::Connection& db, const std::string& schema, InitReport& report) {
  PGDR_TRY(db::ExtensionState state, db::extension_state(db));
  PGDR_TRY(const Role role, current_role(db));
  const bool usable = !db::check_extension(state, db.database());
  if (usable) {
    report.steps.push_back(
        {StepState::kUnchanged, "extension",
         fmt::format("pgdr {} in database {}", *state.installed, db.database())});
    return note_rights(db, role, report);
  }
  const std::string sql =
      state.installed ? "ALTER EXTENSION pgdr UPDATE;"
                      : fmt::format("CREATE EXTENSION pgdr SCHEMA {};", db::quote_ident(schema));
  const bool have_files =
      state.available && db::compare_versions(*state.available, std::string(kVersion)) >= 0;
  if (!role.superuser || !have_files) {
    note_missing(db, state, sql, report);
    return success();
  }
  if (const Status created = db.exec(sql); !created) {
    return created.error().context(fmt::format("cannot {} the extension pgdr in database {}",
                                               state.installed ? "update" : "create",
                                               db.database()));
  }
  PGDR_TRY(state, db::extension_state(db));
  if (const auto error = db::check_extension(state, db.database())) return *error;
  report.steps.push_back({StepState::kDone, "extension",
                          fmt::format("pgdr {} in database {}", *state.installed, db.database())});
  return note_rights(db, role, report);
}

}  // namespace pgdr::app
