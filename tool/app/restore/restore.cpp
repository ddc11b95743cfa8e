#include "app/restore/restore.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "app/copy/bring_copy.hpp"
#include "repo/copy_reader.hpp"
#include "artifact/snapshot/document.hpp"
#include "app/catalog/lost.hpp"
#include "repo/marks.hpp"
#include "app/backup/preflight.hpp"
#include "app/restore/proof.hpp"
#include "repo/read_lease.hpp"
#include "app/restore/restore_check.hpp"
#include "app/restore/target.hpp"
#include "base/interrupt.hpp"
#include "base/warn.hpp"

namespace pgdr::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kNoPrivilege = "42501";  // SQLSTATE

class RestoreRun {
 public:
  explicit RestoreRun(const RestoreRequest& request) : request_(request) {}
  Result<RestoreResult> run();

 private:
  Status choose();
  Status is_newest();
  Status open_source();
  std::vector<const StoredBackup*> in_order();
  Result<std::vector<const StoredBackup*>> trusted_copies();
  Result<std::vector<const StoredBackup*>> hold_copies(
      const std::vector<const StoredBackup*>& copies);
  Status check_copy(const StoredBackup& backup);
  Status read_texts(const StoredBackup& copy);
  Status check_copies();
  void record_damage();
  Status open_target();
  Status check_needs();
  Status fill();
  void mark();
  void start_record();
  void finish_record(const std::string& state, const std::string& error,
                     std::optional<std::int64_t> verification);
  void undo(const Error& error);

  const RestoreRequest& request_;
  OpenRepositories repositories_;
  Backup backup_;
  std::vector<std::unique_ptr<ReadLease>> leases_;  // gone before the repositories
  std::optional<CopyReader> reader_;                // of the copies that can be trusted
  std::optional<ChunkList> chunks_;
  bool prepared_ = false;  // chunks_ and the document have been read
  pipe::Keys keys_;
  std::string document_text_;
  Document document_;
  std::unique_ptr<db::Connection> source_;
  std::optional<db::Catalog> catalog_;
  std::optional<FingerprintKey> fingerprint_key_;
  std::unique_ptr<Target> target_;
  bool same_server_ = false;
  bool existed_ = false;
  std::vector<LeftOut> leave_out_;
  std::optional<std::int64_t> record_;
  std::size_t damage_told_ = 0;  // so many of the reader's findings are recorded
  Time started_{};
  RestoreResult result_;
};

Status RestoreRun::choose() {
  std::vector<std::string> names = request_.set.repositories;
  if (!request_.repository.empty()) names = {request_.repository};
  PGDR_TRY(repositories_, open_repositories(request_.config, names));
  for (const auto& [name, error] : repositories_.failed) log_warning(error);
  PGDR_TRY(History history, read_history(repositories_.open, request_.set.name));
  for (const auto& error : history.unlisted) log_warning(error);
  const std::vector<BrokenBackup> broken = history.broken;
  PGDR_TRY(backup_, choose_backup(std::move(history), request_.label));
  result_.label = backup_.manifest().label;
  for (const auto& one : broken) {
    const bool newer = one.label > result_.label || one.label == result_.label;
    if (newer && one.error.code != Code::kRepositoryMissing) log_warning(one.error);
  }
  PGDR_TRY(keys_, load_keys(with_defaults(request_.keys, request_.config, &request_.set)));
  if (keys_.identities.empty() && keys_.passphrase.empty()) {
    return Error::of(Code::kNoKey, "no key to open the backup was given",
                     "--identity FILE with the private key (AGE-SECRET-KEY-1…), or "
                     "--passphrase-file FILE");
  }
  return success();
}

// "latest" is the newest that the repositories show; whoever can delete there could make an older
// one of it. So the catalog is asked whether it knows a newer one.
Status RestoreRun::is_newest() {
  if (request_.label != "latest") return success();
  if (!catalog_) {
    log_warning(fmt::format("that {} is the newest backup is known from the repositories alone",
                            result_.label));
    return success();
  }
  PGDR_TRY(const auto newer, newer_than(*source_, backup_.manifest(), request_.repository));
  if (!newer) return success();
  Error error = Error::of(
      Code::kRepositoryMissing,
      fmt::format("the newest backup that the catalog knows, {} of {}, is not to be had: recorded "
                  "in repository {}; the newest that is there is {}",
                  newer->label, newer->finished_at, newer->repositories, result_.label),
      fmt::format(
          "find out who deleted it, or bring the repository back; to restore the older one, "
          "name it: pgdr restore {}, or add --accept-older",
          result_.label));
  if (!request_.accept_older) return error;
  error.hint.clear();
  log_warning(error);
  return success();
}

// The nearest copy first; those that the catalog knows to be damaged last.
std::vector<const StoredBackup*> RestoreRun::in_order() {
  std::vector<const StoredBackup*> copies;
  for (const auto& copy : backup_.copies) copies.push_back(&copy);
  std::stable_partition(copies.begin(), copies.end(),
                        [](const StoredBackup* c) { return !c->repository->remote; });
  if (!catalog_) return copies;
  const auto damaged = source_->query(
      "SELECT c.repository FROM dr.copies c JOIN dr.backups b ON b.id = c.backup "
      "WHERE b.label = $1 AND c.state = 'damaged'",
      {result_.label});
  if (!damaged) return copies;
  std::stable_partition(copies.begin(), copies.end(), [&](const StoredBackup* c) {
    return std::none_of(damaged->begin(), damaged->end(), [&](const auto& row) {
      return row[0].value_or("") == c->repository->name;
    });
  });
  return copies;
}

// Signed, and the same backup as the first: whichever of them is read, the bytes are the same.
Result<std::vector<const StoredBackup*>> RestoreRun::trusted_copies() {
  std::vector<const StoredBackup*> good;
  std::optional<Error> first;
  const auto refuse = [&](const Error& error) {
    if (backup_.copies.size() > 1) log_warning(error);
    if (!first) first = error;
  };
  for (const StoredBackup* copy : in_order()) {
    const auto trust = check_signature(*copy, request_.config.signing, request_.accept_unsigned);
    if (!trust) {
      if (trust.error().code == Code::kInterrupted) return trust.error();
      refuse(trust.error());
    } else if (!good.empty() && !same_artifacts(good.front()->manifest, copy->manifest)) {
      refuse(Error::of(Code::kCorrupt,
                       fmt::format("the copy in repository {} has other stored bytes than the one "
                                   "in {}: it cannot stand in for it",
                                   copy->repository->name, good.front()->repository->name)));
    } else {
      good.push_back(copy);
    }
  }
  if (good.empty()) return *first;
  return good;
}

// All of them, not only the one that is read first: where that fails, another must still be there.
Result<std::vector<const StoredBackup*>> RestoreRun::hold_copies(
    const std::vector<const StoredBackup*>& copies) {
  std::vector<const StoredBackup*> held;
  std::optional<Error> first;
  for (const StoredBackup* copy : copies) {
    auto lease = hold_copy(*copy, "restore");
    if (lease) {
      if (*lease) leases_.push_back(std::move(*lease));
      held.push_back(copy);
      continue;
    }
    if (lease.error().code == Code::kInterrupted) return lease.error();
    if (copies.size() > 1) log_warning(lease.error());
    if (!first) first = lease.error();
  }
  if (held.empty()) return *first;
  return held;
}

// Before a copy is used. What has a list of chunks is compared with it while it is read; everything
// else as a whole now, and so is the dump before it goes into an existing database.
Status RestoreRun::check_copy(const StoredBackup& backup) {
  const Manifest& m = backup.manifest;
  // The smallest first: a wrong key shows before gigabytes are read.
  if (const Artifact* snapshot = m.find("snapshot")) {
    PGDR_CHECK(check_stored(backup, *snapshot, {}));
    PGDR_CHECK(ArtifactReader::open(backup, *snapshot, keys_, false));
  }
  const bool streamed =
      request_.plan || (m.find(kChunksKind) != nullptr && !request_.options.clean);
  ProgressState state{"checking the stored files", 0, m.stored_bytes(), 0};
  for (const auto& artifact : m.artifacts) {
    if (streamed && artifact.kind == "database") {
      PGDR_CHECK(check_size(backup, artifact));
      continue;
    }
    if (artifact.kind == "snapshot") continue;  // above
    PGDR_CHECK(check_stored(backup, artifact, [&](std::uint64_t n) {
      state.bytes += n;
      request_.progress.update(state);
    }));
  }
  return prepared_ ? success() : read_texts(backup);
}

// What is read whole before anything is restored, from the first copy that has it: a store that
// gives it no more after the check is one more reason to take another copy.
Status RestoreRun::read_texts(const StoredBackup& copy) {
  if (const Artifact* list = copy.manifest.find(kChunksKind)) {
    PGDR_TRY(const std::string text, read_stored_text(copy, *list, kLongestDocument));
    PGDR_TRY(chunks_, parse_chunks(text, copy.manifest.find("database")->stored_bytes, list->name));
  }
  if (const Artifact* snapshot = copy.manifest.find("snapshot")) {
    PGDR_TRY(document_text_, read_artifact(copy, *snapshot, keys_, kLongestDocument));
    PGDR_TRY(document_, parse_document(document_text_));
  }
  prepared_ = true;
  return success();
}

Status RestoreRun::check_copies() {
  PGDR_TRY(const std::vector<const StoredBackup*> trusted, trusted_copies());
  PGDR_TRY(std::vector<const StoredBackup*> good, hold_copies(trusted));
  reader_.emplace(std::move(good));
  reader_->check_with([this](const StoredBackup& copy) { return check_copy(copy); });
  PGDR_CHECK(reader_->begin());
  result_.repository = reader_->copy().repository->name;
  return success();
}

// What turned out to be damaged while it was read, once: in the repository, where expire finds it
// without a catalog, and in the catalog.
void RestoreRun::record_damage() {
  if (!reader_) return;
  const auto given_up = reader_->given_up();
  for (; damage_told_ < given_up.size(); ++damage_told_) {
    const auto& [copy, error] = given_up[damage_told_];
    if (error.code != Code::kCorrupt) continue;
    record_proof(*copy, ProofKind::kDamaged, system_clock().now());
    if (!catalog_) continue;
    db::CopyRecord record;
    record.label = result_.label;
    record.repository = copy->repository->name;
    record.location = copy->repository->location();
    record.state = "damaged";
    record.checked_at = system_clock().now();
    record.error = to_string(error);
    const auto done = catalog_->copy_record(record);
    if (!done) log_verbose(to_string(done.error()));
  }
}

// The catalog is wanted, not needed: the source may be what was lost.
Status RestoreRun::open_source() {
  auto source = db::Connection::open(request_.set.database);
  if (!source) {
    if (source.error().code == Code::kInterrupted) return source.error();
    log_warning("the restore cannot be recorded in the catalog: " + to_string(source.error()));
    return success();
  }
  auto catalog = db::Catalog::open(**source);
  if (!catalog) {
    log_warning("the restore cannot be recorded in the catalog: " + to_string(catalog.error()));
    return success();
  }
  source_ = std::move(*source);
  catalog_ = std::move(*catalog);
  return success();
}

Status RestoreRun::open_target() {
  PGDR_TRY(const TargetName name, parse_target(request_.to, request_.set));
  result_.database = name.database;
  result_.target = name.shown;
  PGDR_TRY(target_, Target::open(name, request_.set.maintenance_database));
  PGDR_TRY(existed_, target_->exists());
  if (existed_) {
    if (!request_.options.clean) {
      return Error::of(
          Code::kProtected,
          fmt::format("database \"{}\" exists already: nothing was changed", name.database),
          "choose another name with --to" +
              (source_ ? unfinished_restore(*source_, name.database) : ""));
    }
    if (request_.confirm != name.database) {
      return Error::of(
          Code::kProtected,
          fmt::format("--clean would replace what is in database \"{}\": nothing was changed",
                      name.database),
          fmt::format("to do that, type its name: --clean --confirm {}", name.database));
    }
  }
  if (source_) {
    PGDR_TRY(same_server_, same_server(*source_, target_->server()));
  }
  return success();
}

// What the target lacks, before anything is made there.
Status RestoreRun::check_needs() {
  const Manifest& manifest = reader_->manifest();
  NeedOptions options;
  options.database = result_.database;
  options.existed = existed_;
  options.no_owner = request_.options.no_owner;
  options.no_acl = request_.options.no_acl;
  options.globals = request_.globals && manifest.find("globals") != nullptr;
  options.only = !request_.options.only.empty();
  options.verify = request_.verify && !request_.options.schema_only;
  options.jobs = request_.options.jobs;
  PGDR_TRY(NeedsVerdict verdict, check_target(*target_, manifest, document_, options));
  leave_out_ = std::move(verdict.leave_out);
  result_.blocked = verdict.has(LackLevel::kBlocks) && !request_.accept_missing;
  result_.lacks = std::move(verdict.lacks);
  if (request_.plan) return success();
  return warn_or_refuse(result_.lacks, result_.blocked);
}

void RestoreRun::start_record() {
  if (!catalog_) return;
  const Json options{{"jobs", request_.options.jobs},
                     {"no_owner", request_.options.no_owner},
                     {"no_acl", request_.options.no_acl},
                     {"clean", request_.options.clean},
                     {"schema_only", request_.options.schema_only},
                     {"only", request_.options.only},
                     {"repository", result_.repository}};
  db::RestoreStart start;
  start.label = result_.label;
  start.target = result_.database;
  if (!same_server_) start.server = result_.target;
  start.options = options.dump();
  start.started_at = started_;
  const auto id = catalog_->restore_start(start);
  if (id) {
    record_ = *id;
  } else {
    if (id.error().sqlstate == kNoPrivilege) {
      log_warning(id.error());
    } else {
      log_warning(to_string(id.error()) +
                  "; pgdr catalog rebuild makes the catalog know the backup");
    }
  }
}

void RestoreRun::finish_record(const std::string& state, const std::string& error,
                               std::optional<std::int64_t> verification) {
  if (!record_) return;
  db::RestoreFinish finish;
  finish.restore = *record_;
  finish.state = state;
  finish.finished_at = system_clock().now();
  finish.verification = verification;
  if (!error.empty()) finish.error = error;
  Status done = catalog_->restore_finish(finish);
  if (!done) {  // the connection may have broken with what failed
    const auto again = [&]() -> Status {
      PGDR_TRY(const auto fresh, db::Connection::open(request_.set.database));
      PGDR_TRY(auto catalog, db::Catalog::open(*fresh));
      return catalog.restore_finish(finish);
    };
    done = again();
  }
  result_.recorded = done.ok();
  if (!done) log_warning(done.error());
}

Status RestoreRun::fill() {
  RestoreWhere where;
  PGDR_TRY(where.program, client_program("pg_restore", reader_->manifest().server_version_num));
  if (request_.globals) {
    PGDR_TRY(const auto errors,
             restore_globals(reader_->copy(), keys_, target_->server().child_conninfo(),
                             target_->server().child_env()));
    for (const auto& error : errors) result_.warnings.push_back("globals: " + error);
  }
  if (!existed_) {
    const Locale& locale =
        document_.locale.encoding.empty() ? reader_->manifest().locale : document_.locale;
    PGDR_CHECK(target_->create(locale, document_.database.tablespace, result_.warnings));
  }
  where.conninfo = target_->server().child_conninfo(target_->name().database);
  where.env = target_->server().child_env();
  where.leave_out = leave_out_;
  PGDR_TRY(result_.outcome,
           restore_archive(*reader_, chunks_ ? &*chunks_ : nullptr, keys_, where, request_.options,
                           document_.sizes(), request_.progress));
  // Only what the snapshot counted can be compared: no views, no sequences.
  if (!document_.tables.empty()) {
    const auto counted = document_.sizes();
    std::erase_if(result_.outcome.tables,
                  [&](const std::string& table) { return !counted.contains(table); });
  }
  for (const auto& failed : result_.outcome.failed) {
    if (!harmless(failed, request_.options.clean)) ++result_.serious_errors;
  }
  // Only some are seen: the others count as serious.
  result_.serious_errors += result_.outcome.error_count - result_.outcome.failed.size();
  if (!existed_) {
    target_->give_properties(document_.database, request_.options.no_owner, request_.options.no_acl,
                             result_.warnings);
  }
  mark();
  return success();
}

// Leaves in the target which backup it was restored from.
void RestoreRun::mark() {
  const bool all = request_.options.only.empty();
  const auto& without = result_.outcome.left_out;
  const Json origin{{"label", result_.label},
                    {"system_identifier", reader_->manifest().system_identifier},
                    {"no_owner", request_.options.no_owner},
                    {"no_acl", request_.options.no_acl},
                    {"only", all ? Json(nullptr) : Json(result_.outcome.tables)},
                    {"without", without.empty() ? Json(nullptr) : Json(without)},
                    {"restored_at", to_iso(system_clock().now())}};
  const std::string sql =
      setting_statement(target_->name().database, "pgdr.origin=" + origin.dump());
  Status done = Error::of(Code::kFailed, "no session knows the setting pgdr.origin");
  if (same_server_) {
    // In a session that has loaded the library, the setting is known, and the owner may set it.
    const auto loaded =
        source_->query(fmt::format("SELECT {}('pg_catalog.pg_am')", catalog_->name("table_count")));
    if (!loaded) log_verbose(to_string(loaded.error()));
    done = source_->exec(sql);
  } else {
    done = target_->server().exec(sql);
  }
  if (!done) {
    result_.warnings.push_back("the mark of origin could not be left in the copy: " +
                               to_string(done.error()));
  }
}

void RestoreRun::undo(const Error& error) {
  request_.progress.done();
  if (error.code == Code::kInterrupted) clear_interrupt();
  if (target_ && target_->created()) {
    const Status dropped = target_->drop();
    if (!dropped) {
      log_warning(fmt::format("database \"{}\" is left behind half-restored: {}",
                              target_->name().database, to_string(dropped.error())));
    }
  }
  finish_record(error.code == Code::kInterrupted ? "interrupted" : "failed", to_string(error),
                std::nullopt);
}

Result<RestoreResult> RestoreRun::run() {
  started_ = system_clock().now();
  if (request_.verify) {
    PGDR_TRY(fingerprint_key_, load_fingerprint_key(request_.config));
  }
  PGDR_CHECK(choose());
  PGDR_CHECK(open_source());
  PGDR_CHECK(is_newest());
  PGDR_CHECK(open_target());
  const Status checked = check_copies();
  request_.progress.done();
  if (!checked) record_damage();
  PGDR_CHECK(checked);
  PGDR_CHECK(check_needs());
  if (request_.plan) return std::move(result_);
  start_record();
  const Status filled = fill();
  record_damage();
  result_.repository = reader_->copy().repository->name;
  if (!filled) {
    undo(filled.error());
    return filled.error();
  }
  std::optional<std::int64_t> verification;
  if (request_.verify && !request_.options.schema_only) {
    request_.progress.update({"verifying", 0, 0, 0});
    ProofRequest proof{result_.label,
                       result_.database,
                       document_text_,
                       result_.outcome.tables,
                       !request_.options.only.empty(),
                       request_.options.no_owner,
                       request_.options.no_acl,
                       same_server_ ? std::nullopt : std::optional(result_.target),
                       std::move(fingerprint_key_),
                       result_.outcome.left_out,
                       result_.outcome.failed,
                       result_.outcome.error_count - result_.outcome.failed.size(),
                       request_.options.clean};
    Result<ProofResult> proven =
        prove(proof, catalog_ ? &*catalog_ : nullptr, source_.get(), same_server_, *target_);
    request_.progress.done();
    if (!proven) {
      // The copy is complete and stays; whether it is right is not known.
      if (proven.error().code == Code::kInterrupted) {
        clear_interrupt();
        finish_record("interrupted", "interrupted during verification", std::nullopt);
        return proven.error().context(
            fmt::format("database \"{}\" is restored, but not verified", result_.database));
      }
      result_.proof = Proof::kUnproven;
      result_.proof_detail = to_string(proven.error());
    } else {
      result_.proof = proven->passed   ? Proof::kPassed
                      : proven->denied ? Proof::kUnproven
                                       : Proof::kFailed;
      result_.findings = std::move(proven->findings);
      if (proven->denied) result_.proof_detail = result_.findings.back().detail.value_or("");
      verification = proven->verification;
      if (proven->passed && request_.options.only.empty()) {
        // Of a copy that was read from beginning to end; not where another one helped out.
        if (reader_->given_up().empty()) {
          record_proof(reader_->copy(), ProofKind::kRestored, system_clock().now());
        }
      }
    }
  }
  if (result_.proof == Proof::kPassed && result_.serious_errors == 0) {
    finish_record("complete", "", verification);
  } else {
    const bool errors = result_.outcome.error_count > 0;
    finish_record(errors ? "complete_with_errors" : "complete",
                  errors ? fmt::format("{} statements failed: {}", result_.outcome.error_count,
                                       result_.outcome.failed.empty()
                                           ? "?"
                                           : failure_text(result_.outcome.failed.front()))
                         : "",
                  verification);
  }
  result_.took =
      std::chrono::duration_cast<std::chrono::milliseconds>(system_clock().now() - started_);
  return std::move(result_);
}

}  // namespace

Result<RestoreResult> run_restore(const RestoreRequest& request) {
  return RestoreRun(request).run();
}

}  // namespace pgdr::app
