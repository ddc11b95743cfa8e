#include "app/doctor/doctor_trial.hpp"

#include "artifact/database/dump_commands.hpp"
#include "app/backup/preflight.hpp"
#include "db/catalog.hpp"
#include "db/snapshot.hpp"

namespace pgdr::app {
namespace {

std::optional<Error> error_of(const Status& status) {
  return status ? std::nullopt : std::optional<Error>(status.error());
}

Status try_recording(db::Connection& db, db::ExportedSnapshot& snapshot, db::Catalog& catalog) {
  PGDR_CHECK(db.exec("SET LOCAL lock_timeout = '10s'"));
  PGDR_CHECK(snapshot.apart([&] {
    return catalog.event_record({.severity = "info",
                                 .kind = "doctor_trial",
                                 .message = "written by pgdr doctor, and taken back",
                                 .set = std::nullopt});
  }));
  PGDR_CHECK(snapshot.apart([&] { return catalog.sequences(); }));
  return success();
}

// A table of pgdr's own: a member of an extension, of which a dump of its definition holds nothing.
Status try_dumping(db::Connection& db, const std::string& snapshot) {
  PGDR_TRY(const std::string program, client_program("pg_dump", db.server_version()));
  Command command = dump_command(program, db, snapshot);
  command.argv.emplace_back("--schema-only");
  command.argv.emplace_back("--lock-wait-timeout=10s");
  command.argv.emplace_back("--table=dr.backups");
  PGDR_TRY(const std::string archive, run_and_capture(std::move(command)));
  if (archive.starts_with("PGDMP")) return success();
  return Error::of(Code::kFailed, program + " reported success, but wrote no archive");
}

Status try_globals(db::Connection& db, bool passwords) {
  PGDR_TRY(const std::string program, client_program("pg_dumpall", db.server_version()));
  PGDR_TRY(const std::string script, run_and_capture(globals_command(program, db, passwords)));
  if (!script.empty()) return success();
  return Error::of(Code::kFailed, program + " reported success, but wrote nothing");
}

}  // namespace

TrialFacts try_backup(db::Connection& db, const SetConfig& set, bool passwords) {
  TrialFacts facts;
  auto catalog = db::Catalog::open(db);
  if (!catalog) return facts;  // told by a check of its own
  auto snapshot = db::ExportedSnapshot::begin(db);
  if (!snapshot) {
    facts.done = true;
    facts.record = snapshot.error();
    return facts;
  }
  if ((*snapshot)->facts().in_recovery) return facts;
  facts.done = true;
  facts.record = error_of(try_recording(db, **snapshot, *catalog));
  facts.dump = error_of(try_dumping(db, (*snapshot)->id()));
  if (set.globals) facts.globals = error_of(try_globals(db, passwords));
  return facts;
}

}  // namespace pgdr::app
