#include "app/backup/dump_attempts.hpp"

#include <utility>

#include <fmt/format.h>

#include "artifact/database/dump_commands.hpp"
#include "repo/unfinished.hpp"
#include "base/interrupt.hpp"

namespace pgdr::app {
namespace {

// zstd's compressing threads for the dump; the rest of the pipeline runs beside them.
constexpr int kCompressors = 2;
constexpr int kAttempts = 3;

class Attempt {
 public:
  explicit Attempt(const DumpPlan& plan)
      : plan_(plan), prefix_(backup_prefix(plan.set.name, plan.label)) {}

  Status run();
  // After a failure: an object that the snapshot sees and that is gone, or named otherwise, by now;
  // "" if there is none.
  std::string dropped_since();
  Dumped& dumped() { return dumped_; }

 private:
  Status begin();
  Result<std::int64_t> count(DumpJob& dump, DumpJob* globals, const std::string& sequences);
  Status dump_and_count();

  const DumpPlan& plan_;
  std::string prefix_;
  Dumped dumped_;
};

Status Attempt::begin() {
  PGDR_TRY(dumped_.snapshot, db::ExportedSnapshot::begin(plan_.db));
  if (dumped_.snapshot->facts().in_recovery) {
    return Error::of(Code::kUsage,
                     "the server is a standby: fingerprints cannot be recorded in its catalog",
                     "back up from the primary");
  }
  // What dropped_since() goes back to.
  return plan_.db.exec("SAVEPOINT pgdr_begun");
}

// In the exporting transaction, once both programs need no lock any more that a stranger could
// stand before: from here on nobody waits for us whom we wait for.
Result<std::int64_t> Attempt::count(DumpJob& dump, DumpJob* globals, const std::string& sequences) {
  if (globals != nullptr) {
    const auto stored = globals->result();
    if (!stored) return stored.error();
  }
  if (!dump.await_output()) return dump.result().error();
  if (const auto error = plan_.stopper.first()) return *error;
  // pg_dump waits for a table that is locked, so the snapshot does, too: a dump of a table without
  // its fingerprint would be one that nothing can prove.
  PGDR_CHECK(plan_.db.exec("SET LOCAL pgdr.lock_timeout = 0"));
  PGDR_CHECK(plan_.catalog.send_snapshot_counts(plan_.label, true, sequences));
  return plan_.catalog.receive_id();
}

Status Attempt::dump_and_count() {
  const auto give_up = [&](const Error& error) { plan_.stopper.cancel(error); };
  const auto tell = [this](const ArtifactWriter& writer, bool done) {
    plan_.progress.update({done ? "fingerprinting" : "dumping and fingerprinting",
                           writer.original_bytes(), plan_.estimate, writer.stored_bytes()});
  };
  Sealing sealing = plan_.sealing;
  sealing.workers = kCompressors;
  sealing.original_digest = false;
  sealing.chunks = true;
  PGDR_TRY(auto dump_writer, ArtifactWriter::open(plan_.copies, prefix_, "database.dump.zst.age",
                                                  "database", sealing));
  DumpJob dump(dump_command(plan_.pg_dump, plan_.db, dumped_.snapshot->id()),
               std::move(dump_writer), true, give_up, tell);
  std::optional<DumpJob> globals;
  if (plan_.set.globals) {
    PGDR_TRY(auto writer, ArtifactWriter::open(plan_.copies, prefix_, "globals.sql.zst.age",
                                               "globals", plan_.sealing));
    globals.emplace(globals_command(plan_.pg_dumpall, plan_.db, plan_.passwords), std::move(writer),
                    false, give_up);
  }
  // Before pg_dump reads them: the dump's sequences are then the same or ahead, never behind.
  PGDR_TRY(const std::string sequences,
           dumped_.snapshot->apart([this] { return plan_.catalog.sequences(); }));
  DumpJob* const second = globals ? &*globals : nullptr;
  const Stopper::Jobs jobs(plan_.stopper, second != nullptr ? std::vector<DumpJob*>{&dump, second}
                                                            : std::vector<DumpJob*>{&dump});
  dump.start();
  if (globals) globals->start();
  const auto counted = count(dump, second, sequences);
  if (!counted) {
    // Cancelled because a program failed, or failed first: what happened first is the cause.
    plan_.stopper.note(counted.error());
    dump.stop();
    if (globals) globals->stop();
  }
  auto stored = dump.result();
  if (!stored) plan_.stopper.note(stored.error());
  std::optional<Result<Artifact>> globals_stored;
  if (globals) {
    if (!stored) globals->stop();
    globals_stored = globals->result();
    if (!*globals_stored) plan_.stopper.note(globals_stored->error());
  }
  plan_.progress.done();
  if (const auto error = plan_.stopper.first()) return *error;
  dumped_.snapshot_id = *counted;
  dumped_.artifacts.push_back(std::move(*stored));
  dumped_.chunks = dump.chunk_list();
  if (globals_stored) dumped_.artifacts.push_back(**globals_stored);
  return success();
}

Status Attempt::run() {
  PGDR_CHECK(begin());
  PGDR_CHECK(dump_and_count());
  PGDR_TRY(dumped_.document_text, plan_.catalog.snapshot_document(dumped_.snapshot_id));
  PGDR_TRY(dumped_.document, parse_document(dumped_.document_text));
  dumped_.unproven = dumped_.document.unproven();
  return success();
}

// pg_dump fails where it meets such an object. to_regclass() and the has_…_privilege() functions
// see what is there now, and give null for what is not.
std::string Attempt::dropped_since() {
  if (!dumped_.snapshot || !plan_.db.exec("ROLLBACK TO SAVEPOINT pgdr_begun")) return {};
  const auto gone = plan_.db.query(
      "SELECT name FROM ("
      "SELECT n.nspname || '.' || c.relname AS name FROM pg_catalog.pg_class c "
      "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
      "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND c.relpersistence <> 't' "
      "AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' "
      "AND pg_catalog.to_regclass(pg_catalog.format('%I.%I', n.nspname, c.relname))::oid "
      "IS DISTINCT FROM c.oid "
      "UNION ALL SELECT n.nspname || '.' || p.proname FROM pg_catalog.pg_proc p "
      "JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace "
      "WHERE pg_catalog.has_function_privilege(p.oid, 'EXECUTE') IS NULL "
      "UNION ALL SELECT n.nspname || '.' || t.typname FROM pg_catalog.pg_type t "
      "JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace "
      "WHERE n.nspname !~ '^pg_' AND pg_catalog.has_type_privilege(t.oid, 'USAGE') IS NULL"
      ") g ORDER BY 1 LIMIT 1");
  return gone && !gone->empty() ? (*gone)[0][0].value_or("") : std::string();
}

void remove_stored(const DumpPlan& plan) {
  for (std::size_t i = 0; i < plan.copies.size(); ++i) {
    if (plan.copies.error(i)) continue;
    const Status removed = remove_unfinished(plan.copies.repository(i), plan.set.name, plan.label);
    if (!removed) plan.copies.fail(i, removed.error());
  }
}

}  // namespace

void Stopper::note(const Error& error) {
  const std::lock_guard lock(mutex_);
  if (!error_) error_ = error;
}

void Stopper::cancel(const Error& error) {
  note(error);
  db_.cancel();
}

void Stopper::stop(const Error& error) {
  cancel(error);
  const std::lock_guard lock(jobs_mutex_);
  for (DumpJob* job : jobs_) job->stop();
}

std::optional<Error> Stopper::first() const {
  const std::lock_guard lock(mutex_);
  return error_;
}

void Stopper::forget() {
  const std::lock_guard lock(mutex_);
  error_.reset();
}

Stopper::Jobs::Jobs(Stopper& stopper, std::vector<DumpJob*> jobs) : stopper_(stopper) {
  const std::lock_guard lock(stopper_.jobs_mutex_);
  stopper_.jobs_ = std::move(jobs);
}

Stopper::Jobs::~Jobs() {
  const std::lock_guard lock(stopper_.jobs_mutex_);
  stopper_.jobs_.clear();
}

// TRUNCATE and its like respect no snapshot: what they change between the snapshot and the locks of
// a dump, the dump lacks and no fingerprint can tell of.
Result<Dumped> dump_until_proven(const DumpPlan& plan) {
  for (int number = 1;; ++number) {
    const bool last = number == kAttempts;
    plan.watch.attempt(!last);
    Attempt attempt(plan);
    const Status done = attempt.run();
    std::string why;
    if (done) {
      if (attempt.dumped().unproven.empty() || last) return std::move(attempt.dumped());
      why = fmt::format("{}", fmt::join(attempt.dumped().unproven, "; "));
    } else {
      if (last || interrupted() || !plan.copies.enough_left()) return done.error();
      if (const auto trouble = plan.watch.trouble()) {
        if (!trouble->retryable) return done.error();
        why = to_string(*trouble);
      } else {
        const std::string gone = attempt.dropped_since();
        if (gone.empty()) return done.error();
        why = fmt::format("{} was dropped or renamed before it was dumped", gone);
      }
    }
    log_warning(fmt::format("{}: the dump is begun anew under a new snapshot ({} of {})", why,
                            number + 1, kAttempts));
    attempt.dumped().snapshot.reset();  // rolled back
    plan.stopper.forget();
    remove_stored(plan);
  }
}

}  // namespace pgdr::app
