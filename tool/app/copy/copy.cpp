#include "app/copy/copy.hpp"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "repo/artifact.hpp"
#include "repo/marks.hpp"
#include "repo/read_lease.hpp"
#include "base/interrupt.hpp"
#include "base/warn.hpp"

namespace pgdr::app {
namespace {

struct Wanted {
  std::string label;
  std::string to;
  bool suspect = false;
  bool missing = false;  // as far as the catalog knows
};

// (label, repository) -> state
using Recorded = std::map<std::pair<std::string, std::string>, std::string>;

Result<std::vector<Wanted>> ask_missing(db::Connection& db, const std::string& set) {
  PGDR_TRY(const db::Rows rows,
           db.query("SELECT b.label, c.repository, c.state "
                    "FROM dr.backups b JOIN dr.copies c ON c.backup = b.id "
                    "WHERE b.set_name = $1 AND b.state IN ('complete', 'partial') "
                    "AND c.state IN ('missing', 'damaged') ORDER BY b.finished_at DESC, c.id",
                    {set}));
  std::vector<Wanted> wanted;
  for (const auto& row : rows) {
    wanted.push_back(
        {row[0].value_or(""), row[1].value_or(""), row[2] == "damaged", row[2] == "missing"});
  }
  return wanted;
}

Result<Recorded> ask_recorded(db::Connection& db, const std::string& set) {
  PGDR_TRY(const db::Rows rows,
           db.query("SELECT b.label, c.repository, c.state "
                    "FROM dr.backups b JOIN dr.copies c ON c.backup = b.id WHERE b.set_name = $1",
                    {set}));
  Recorded recorded;
  for (const auto& row : rows) {
    recorded[{row[0].value_or(""), row[1].value_or("")}] = row[2].value_or("");
  }
  return recorded;
}

// What one step needs to know of the whole.
struct Context {
  const Config& config;
  const SetConfig& set;
  Progress& progress;
  bool accept_unsigned;
  bool hold;                         // the sources are not locked: keep expire away from them
  std::vector<Repository*> sources;  // nearest first
  db::Catalog* catalog;              // may be null
};

// The backup's copies other than the target's, whose manifests are readable and signed.
Result<std::vector<StoredBackup>> find_sources(const Context& context, const Wanted& wanted) {
  std::vector<StoredBackup> found;
  std::optional<Error> why;
  for (Repository* repository : context.sources) {
    if (repository->name == wanted.to) continue;
    auto stored = read_backup(*repository, context.set.name, wanted.label);
    Status good = stored ? success() : Status(stored.error());
    if (good) {
      const auto trust = check_signature(*stored, context.config.signing, context.accept_unsigned);
      if (!trust) good = trust.error();
    }
    if (good && !found.empty() && !same_artifacts(found.front().manifest, stored->manifest)) {
      good = Error::of(Code::kCorrupt,
                       fmt::format("backup {} in repository {} is another one than in repository "
                                   "{}: the same name, but other content",
                                   wanted.label, repository->name, found.front().repository->name));
    }
    if (good) {
      found.push_back(std::move(*stored));
      continue;
    }
    if (good.error().code == Code::kInterrupted) return good.error();
    if (good.error().code != Code::kRepositoryMissing) log_warning(good.error());
    if (!why || why->code == Code::kRepositoryMissing) why = good.error();
  }
  if (!found.empty()) return found;
  Error error =
      Error::of(Code::kRepositoryMissing,
                fmt::format("there is no other copy of backup {} to take it from", wanted.label),
                "if no repository holds it any more, it is lost: pgdr list shows what there is");
  return why ? why->context(error.message) : error;
}

// Whether the target holds the backup as the listing tells it: then nothing is missing, although
// there is nothing to copy from.
Result<bool> has_it(const Context& context, const Wanted& wanted, Repository& target) {
  if (wanted.suspect) return false;
  const auto stored = read_backup(target, context.set.name, wanted.label);
  if (!stored)
    return stored.error().code == Code::kInterrupted ? Result<bool>(stored.error()) : false;
  Status good = check_signature(*stored, context.config.signing, context.accept_unsigned).ok()
                    ? success()
                    : Status(Error::of(Code::kCorrupt, "not signed"));
  for (const auto& artifact : stored->manifest.artifacts) {
    if (good) good = check_size(*stored, artifact);
  }
  if (!good && good.error().code == Code::kInterrupted) return good.error();
  return good.ok();
}

// What the repository itself remembers of its copy, where the catalog does not.
bool known_damaged(const StoredBackup& stored) {
  const auto entries = stored.repository->store->list(stored.manifest.set + "/proofs/");
  if (!entries) return false;
  Marks marks;
  for (const auto& entry : *entries) sort_mark(entry, stored.manifest.set, marks);
  const auto proof = newest_proof(marks, stored);
  return proof && proof->kind == ProofKind::kDamaged;
}

// Interrupted: an error; anything else that fails: in the step.
Status do_step(const Context& context, Wanted wanted, const CopyTarget& target, CopyStep& step) {
  step.label = wanted.label;
  step.to = wanted.to;
  step.location = target.repository->location();
  const auto attempt = [&]() -> Status {
    const auto before = read_backup(*target.repository, context.set.name, wanted.label);
    // What the catalog calls missing and is there all the same came from somewhere.
    wanted.suspect = wanted.suspect || (before && (wanted.missing || known_damaged(*before)));
    const auto found = find_sources(context, wanted);
    if (!found && found.error().code != Code::kInterrupted) {
      PGDR_TRY(const bool there, has_it(context, wanted, *target.repository));
      if (there) return success();
    }
    if (!found) return found.error();
    const std::vector<StoredBackup>& sources = *found;
    std::vector<std::unique_ptr<ReadLease>> leases;
    for (const auto& source : sources) {
      if (!context.hold) break;
      PGDR_TRY(auto lease, hold_copy(source, "copy"));
      leases.push_back(std::move(lease));
    }
    ProgressState state{fmt::format("copying {} to {}", wanted.label, wanted.to), 0,
                        sources.front().manifest.stored_bytes(), 0};
    BringRequest request{{}, *target.repository, *target.lease, wanted.suspect, [&](auto n) {
                           state.bytes += n;
                           context.progress.update(state);
                         }};
    for (const auto& source : sources) request.sources.push_back(&source);
    auto brought = bring_copy(request);
    context.progress.done();
    if (!brought) return brought.error();
    step.brought = *brought;
    if (wanted.suspect) {  // every byte of it was read
      const auto now = read_backup(*target.repository, context.set.name, wanted.label);
      if (now) record_proof(*now, ProofKind::kBytes, system_clock().now());
    }
    if (context.catalog == nullptr) return success();
    db::CopyRecord record;
    record.label = wanted.label;
    record.repository = wanted.to;
    record.location = step.location;
    record.stored_bytes = sources.front().manifest.stored_bytes();
    if (step.brought.how != Brought::kPresent) {
      record.manifest_sha256 = sources.front().manifest_sha256;
      record.brought = true;
    }
    if (wanted.suspect) record.checked_at = system_clock().now();
    const auto recorded = context.catalog->copy_record(record);
    if (!recorded) log_warning(recorded.error());
    return success();
  };
  Status done = attempt();
  if (done) return success();
  if (done.error().code == Code::kInterrupted) return done;
  step.error = done.error();
  // That there is nothing to copy from is no news: the missing copy itself was.
  if (context.catalog == nullptr || done.error().code == Code::kRepositoryMissing) return success();
  const auto told = context.catalog->event_record_once(
      {.severity = done.error().code == Code::kExists ? "critical" : "error",
       .kind = "copy_failed",
       .message = fmt::format("backup {} could not be copied to repository {}: {}", wanted.label,
                              wanted.to, to_string(done.error())),
       .set = context.set.name});
  if (!told) log_warning(told.error());
  return success();
}

std::vector<Repository*> nearest_first(std::vector<Repository*> repositories) {
  std::stable_partition(repositories.begin(), repositories.end(),
                        [](const Repository* r) { return !r->remote; });
  return repositories;
}

class CopyRun {
 public:
  explicit CopyRun(const CopyRequest& request) : request_(request) {}
  Result<CopySummary> run();

 private:
  Status open();
  Status open_catalog();
  Result<std::vector<Wanted>> choose();
  Result<std::vector<Wanted>> choose_from_repositories();
  [[nodiscard]] bool is_target(const std::string& name) const;
  [[nodiscard]] Repository* find(const std::string& name);

  const CopyRequest& request_;
  std::vector<std::string> targets_;  // names
  OpenRepositories repositories_;
  std::unique_ptr<db::Connection> db_;
  std::optional<db::Catalog> catalog_;
};

Status CopyRun::open() {
  std::vector<std::string> names = request_.set.repositories;
  for (const std::string& extra : {request_.to, request_.from}) {
    if (extra.empty() || std::find(names.begin(), names.end(), extra) != names.end()) continue;
    names.push_back(extra);
  }
  if (!request_.to.empty() && request_.to == request_.from) {
    return Error::of(Code::kUsage, "--to and --from name the same repository");
  }
  targets_ = request_.to.empty() ? request_.set.repositories : std::vector{request_.to};
  PGDR_TRY(repositories_, open_repositories(request_.config, names));
  for (const auto& [name, error] : repositories_.failed) log_warning(error);
  for (const std::string& needed : {request_.to, request_.from}) {
    for (const auto& [name, error] : repositories_.failed) {
      if (name == needed) return error;
    }
  }
  return success();
}

Status CopyRun::open_catalog() {
  const auto attempt = [&]() -> Status {
    PGDR_TRY(db_, db::Connection::open(request_.set.database));
    PGDR_TRY(catalog_, db::Catalog::open(*db_));
    return success();
  };
  Status opened = attempt();
  if (opened) return success();
  if (opened.error().code == Code::kInterrupted) return opened;
  if (request_.which == CopyWhich::kMissing) {
    Error error = opened.error().context("which copies are missing is in the catalog");
    error.hint = "name the backup: pgdr copy LABEL; pgdr list shows what there is";
    return error;
  }
  log_warning("the catalog does not learn of it: " + to_string(opened.error()));
  return success();
}

bool CopyRun::is_target(const std::string& name) const {
  return std::find(targets_.begin(), targets_.end(), name) != targets_.end();
}

Repository* CopyRun::find(const std::string& name) {
  for (auto& repository : repositories_.open) {
    if (repository.name == name) return &repository;
  }
  return nullptr;
}

Result<std::vector<Wanted>> CopyRun::choose_from_repositories() {
  Recorded recorded;
  if (catalog_) {
    PGDR_TRY(recorded, ask_recorded(*db_, request_.set.name));
  }
  PGDR_TRY(History history, read_history(repositories_.open, request_.set.name));
  for (const auto& error : history.unlisted) log_warning(error);
  std::vector<std::string> labels;
  if (request_.which == CopyWhich::kLabel) {
    PGDR_TRY(const Backup backup, choose_backup(std::move(history), request_.label));
    labels.push_back(backup.manifest().label);
  } else {
    for (const auto& backup : history.backups) labels.push_back(backup.manifest().label);
  }
  std::vector<Wanted> wanted;
  for (const auto& label : labels) {
    for (const auto& name : targets_) {
      const auto known = recorded.find({label, name});
      const std::string state = known == recorded.end() ? "" : known->second;
      // Deleted on purpose: brought back only when it is asked for by both names.
      if (state == "deleted" && (request_.which == CopyWhich::kAll || request_.to.empty())) {
        continue;
      }
      wanted.push_back({label, name, state == "damaged", state == "missing"});
    }
  }
  return wanted;
}

Result<std::vector<Wanted>> CopyRun::choose() {
  if (request_.which != CopyWhich::kMissing) return choose_from_repositories();
  PGDR_TRY(std::vector<Wanted> wanted, ask_missing(*db_, request_.set.name));
  std::erase_if(wanted, [&](const Wanted& one) { return !is_target(one.to); });
  return wanted;
}

Result<CopySummary> CopyRun::run() {
  PGDR_CHECK(open());
  PGDR_CHECK(open_catalog());
  PGDR_TRY(const std::vector<Wanted> wanted, choose());
  std::map<std::string, std::unique_ptr<store::Lease>> leases;
  for (const auto& one : wanted) {
    Repository* to = find(one.to);
    if (to == nullptr || leases.contains(one.to)) continue;
    auto lease = to->store->lock(request_.set.name);
    if (!lease) return lease.error().context("repository " + one.to);
    leases[one.to] = std::move(*lease);
  }
  Context context{request_.config,
                  request_.set,
                  request_.progress,
                  request_.accept_unsigned,
                  true,
                  {},
                  catalog_ ? &*catalog_ : nullptr};
  for (auto& repository : repositories_.open) {
    if (request_.from.empty() || repository.name == request_.from) {
      context.sources.push_back(&repository);
    }
  }
  context.sources = nearest_first(std::move(context.sources));
  CopySummary summary;
  summary.recorded = catalog_.has_value();
  for (const auto& one : wanted) {
    CopyStep step;
    Repository* to = find(one.to);
    if (to == nullptr) {  // not open: the reason has been told
      step.label = one.label;
      step.to = one.to;
      step.location = configured_location(request_.config.repositories.at(one.to));
      step.error = Error::of(Code::kRepositoryMissing,
                             fmt::format("repository {} cannot be opened", one.to));
    } else {
      PGDR_CHECK(do_step(context, one, {to, leases.at(one.to).get()}, step));
    }
    summary.steps.push_back(std::move(step));
  }
  return summary;
}

}  // namespace

bool CopySummary::good() const {
  return std::none_of(steps.begin(), steps.end(), [](const CopyStep& s) { return s.error; });
}

Result<CopySummary> run_copy(const CopyRequest& request) { return CopyRun(request).run(); }

Status bring_missing(const Config& config, const SetConfig& set, Progress& progress,
                     std::vector<CopyTarget> targets, db::Connection& db, db::Catalog& catalog,
                     const std::string& except_label, std::vector<CopyStep>& steps) {
  PGDR_TRY(const std::vector<Wanted> wanted, ask_missing(db, set.name));
  Context context{config, set, progress, false, false, {}, &catalog};
  for (const auto& target : targets) context.sources.push_back(target.repository);
  context.sources = nearest_first(std::move(context.sources));
  for (const auto& one : wanted) {
    if (one.label == except_label) continue;
    const auto target = std::find_if(targets.begin(), targets.end(), [&](const CopyTarget& t) {
      return t.repository->name == one.to;
    });
    if (target == targets.end()) continue;
    CopyStep step;
    PGDR_CHECK(do_step(context, one, *target, step));
    steps.push_back(std::move(step));
  }
  return success();
}

}  // namespace pgdr::app
