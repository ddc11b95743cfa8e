#include "app/backup/backup.hpp"

#include <algorithm>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "app/catalog/adopt.hpp"
#include "repo/copies.hpp"
#include "app/backup/dump_attempts.hpp"
#include "app/failure.hpp"
#include "repo/keys.hpp"
#include "app/backup/lock_watch.hpp"
#include "app/backup/preflight.hpp"
#include "repo/restore_text.hpp"
#include "repo/unfinished.hpp"
#include "base/format.hpp"
#include "base/interrupt.hpp"
#include "base/warn.hpp"
#include "base/signing.hpp"
#include "base/version.hpp"
#include "db/catalog.hpp"

namespace pgdr::app {
namespace {

class BackupRun {
 public:
  explicit BackupRun(const BackupRequest& request)
      : config_(request.config), set_(request.set), progress_(request.progress) {
    manifest_.klass = request.klass;
  }

  Result<BackupResult> run();

 private:
  Status begin();
  Status prepare();
  Status check_database();
  Status follow_newest();
  void check_integrity();
  Status start_watch();
  Status dump();
  Status store_document();
  Status write_manifests();
  Status revoke(const Status& why);
  Status record();
  Status record_missing_copies();
  void bring_earlier_copies();
  void clean_up(const Error& error);
  [[nodiscard]] std::string prefix() const { return backup_prefix(set_.name, manifest_.label); }

  const Config& config_;
  const SetConfig& set_;
  Progress& progress_;

  OpenRepositories repositories_;
  std::optional<CopySet> copies_;
  Sealing sealing_;
  std::optional<SigningKey> signing_key_;
  std::unique_ptr<db::Connection> db_;
  std::optional<db::Catalog> catalog_;
  std::string pg_dump_;
  std::string pg_dumpall_;
  bool passwords_ = true;
  std::uint64_t estimate_ = 0;  // bytes of the dump, roughly
  bool started_ = false;        // the catalog holds a row "running"
  Manifest manifest_;
  Dumped dumped_;
  std::optional<Stopper> stopper_;
  std::unique_ptr<LockWatch> watch_;
  std::vector<bool> tried_;             // by repository: its manifest may have been written
  std::vector<std::string> manifests_;  // by repository; "" where there is none
  BackupResult result_;
};

Status BackupRun::prepare() {
  PGDR_TRY(sealing_.lock, load_lock(set_));
  sealing_.level = set_.compression_level;
  if (!config_.signing.key_file.empty()) {
    PGDR_TRY(signing_key_, SigningKey::load(config_.signing.key_file));
  }
  PGDR_TRY(repositories_, open_repositories(config_, set_.repositories));
  for (const auto& [name, error] : repositories_.failed) log_warning(error);
  copies_.emplace(repositories_.open, set_.copies.required, fanout_limits(set_.copies));
  return copies_->lock(set_.name);
}

Status BackupRun::check_database() {
  PGDR_TRY(db_, db::Connection::open(set_.database));
  PGDR_TRY(catalog_, db::Catalog::open(*db_));
  PGDR_TRY(auto fingerprint_key, load_fingerprint_key(config_));
  if (fingerprint_key) catalog_->use_key(std::move(*fingerprint_key));
  PGDR_CHECK(follow_newest());
  PGDR_CHECK(start_watch());
  PGDR_TRY(pg_dump_, client_program("pg_dump", db_->server_version()));
  if (set_.globals) {
    PGDR_TRY(pg_dumpall_, client_program("pg_dumpall", db_->server_version()));
    PGDR_TRY(passwords_, may_read_passwords(*db_));
  }
  PGDR_CHECK(check_readable(*db_));
  PGDR_TRY(const db::Value size,
           db_->scalar("SELECT pg_catalog.pg_database_size(pg_catalog.current_database())"));
  PGDR_TRY(const db::Value tables,
           db_->scalar("SELECT pg_catalog.sum(pg_catalog.pg_table_size(oid))::bigint "
                       "FROM pg_catalog.pg_class WHERE relkind = 'r'"));
  estimate_ = std::stoull(tables.value_or("0"));
  PGDR_TRY(const db::Rows over, db_->query("SELECT label FROM dr.backups WHERE set_name = $1 "
                                           "AND state IN ('running', 'failed')",
                                           {set_.name}));
  std::vector<std::string> ours;
  for (const auto& row : over) ours.push_back(row[0].value_or(""));
  // Theirs are still among the labels whose unfinished copies go, to be brought anew.
  PGDR_CHECK(adopt_unrecorded({*db_, *catalog_, *copies_, set_.name, config_.signing}));
  for (std::size_t i = 0; i < copies_->size(); ++i) {
    if (copies_->error(i)) continue;  // without its lock nothing is touched
    Repository& repository = copies_->repository(i);
    remove_leftovers(repository, set_.name, ours);
    const Status room = check_room(repository, set_.name, std::stoull(size.value_or("0")));
    if (!room) copies_->fail(i, room.error());
  }
  return success();
}

// Labels sort as the backups were begun, which is what "newest" means everywhere. Within the second
// of the one before, the random half would decide: then the next second is waited for. We hold the
// set's locks, so nobody comes between.
Status BackupRun::follow_newest() {
  PGDR_TRY(const db::Value newest,
           db_->scalar("SELECT pg_catalog.max(label COLLATE \"C\") FROM dr.backups "
                       "WHERE set_name = $1",
                       {set_.name}));
  if (!newest || *newest < manifest_.label) return success();
  const std::string_view second = label_time(*newest);
  while (label_time(manifest_.label) == second) {
    const auto next = std::chrono::ceil<std::chrono::seconds>(manifest_.started_at +
                                                              std::chrono::microseconds(1));
    PGDR_CHECK(sleep_until_signal(
        std::chrono::ceil<std::chrono::milliseconds>(next - system_clock().now())));
    manifest_.started_at = system_clock().now();
    manifest_.label = make_label(manifest_.started_at);
  }
  if (*newest < manifest_.label) return success();
  const std::string message = fmt::format(
      "this host's clock is behind backup {}: until it has passed that time, \"latest\" means that "
      "one, not what is made now",
      *newest);
  log_warning(message);
  return catalog_->event_record_once(
      {.severity = "warning", .kind = "clock_behind", .message = message, .set = set_.name});
}

// A damaged database is dumped all the same: the backup may be the last chance to save what is
// left. But the operator hears of it while older, sound backups still exist.
void BackupRun::check_integrity() {
  const auto findings = catalog_->check_integrity();
  if (!findings) {
    log_warning(findings.error());
    return;
  }
  for (const auto& finding : *findings) {
    if (finding.status == "info") continue;
    const std::string message =
        fmt::format("{} {}: {}: {}, expected {}; {}", finding.object_type, finding.object,
                    finding.check_name, finding.actual.value_or("unknown"),
                    finding.expected.value_or("unknown"), finding.detail.value_or(""));
    log_warning(message);
    const auto recorded = catalog_->event_record_once(
        {.severity = finding.status, .kind = "integrity", .message = message, .set = set_.name});
    if (!recorded) log_warning(recorded.error());
  }
}

Status BackupRun::start_watch() {
  const std::string name = "pgdr " + manifest_.label;
  db_->name_children(name);
  stopper_.emplace(*db_);
  auto watch = LockWatch::start(set_.database, *db_, name, set_.lock_wait_timeout,
                                [this](const Error& why) { stopper_->stop(why); });
  if (!watch) return watch.error().context("cannot watch what the backup waits for");
  watch_ = std::move(*watch);
  return success();
}

Status BackupRun::dump() {
  stopper_->forget();
  PGDR_TRY(dumped_, dump_until_proven({.db = *db_,
                                       .catalog = *catalog_,
                                       .copies = *copies_,
                                       .set = set_,
                                       .watch = *watch_,
                                       .stopper = *stopper_,
                                       .progress = progress_,
                                       .sealing = sealing_,
                                       .label = manifest_.label,
                                       .pg_dump = pg_dump_,
                                       .pg_dumpall = pg_dumpall_,
                                       .passwords = passwords_,
                                       .estimate = estimate_}));
  const db::SnapshotFacts& facts = dumped_.snapshot->facts();
  manifest_.recovery_point = facts.recovery_point;
  manifest_.recovery_lsn = facts.lsn;
  manifest_.system_identifier = facts.system_identifier;
  manifest_.server_version = facts.version;
  manifest_.server_version_num = facts.version_num;
  manifest_.artifacts = dumped_.artifacts;
  manifest_.snapshot_uuid = dumped_.document.uuid;
  manifest_.content = dumped_.document.content;
  manifest_.locale = dumped_.document.locale;
  result_.tables = dumped_.document.table_count();
  result_.rows = dumped_.document.row_count();
  return success();
}

Status BackupRun::store_document() {
  const Artifact& dump = *manifest_.find("database");
  const std::string chunks = chunks_text(dumped_.chunks);
  const std::string digest = sha256_hex(chunks);
  PGDR_CHECK(copies_->write_text(prefix() + chunks_name(dump.name), chunks));
  manifest_.artifacts.push_back(
      {chunks_name(dump.name), kChunksKind, chunks.size(), digest, chunks.size(), digest});
  for (const auto& part : dumped_.unproven) {
    log_warning(part + ": this backup cannot be proven, and does not count as one");
  }
  // Names stay in the encrypted document.
  if (!dumped_.unproven.empty()) {
    manifest_.incomplete = true;
    manifest_.warnings.push_back(
        fmt::format("{} of it cannot be proven", plural(dumped_.unproven.size(), "part")));
  }
  PGDR_TRY(const auto writer,
           ArtifactWriter::open(*copies_, prefix(), "snapshot.json.zst.age", "snapshot", sealing_));
  PGDR_CHECK(writer->write(std::as_bytes(std::span(dumped_.document_text))));
  PGDR_CHECK(writer->finish());
  manifest_.artifacts.push_back(writer->artifact());
  return success();
}

Status BackupRun::write_manifests() {
  for (const auto& recipient : sealing_.lock.recipients) {
    manifest_.recipients.push_back(recipient.text);
  }
  manifest_.compression_level = set_.compression_level;
  manifest_.finished_at = system_clock().now();
  PGDR_CHECK(copies_->write_text(prefix() + kSumsFile, sums_text(manifest_)));
  PGDR_CHECK(copies_->write_text(prefix() + kRestoreTextFile, restore_text(manifest_)));
  std::vector<std::string> texts(copies_->size());
  std::vector<std::string> signatures(copies_->size());
  for (std::size_t i = 0; i < copies_->size(); ++i) {
    manifest_.repository_id = copies_->repository(i).id;
    texts[i] = manifest_text(manifest_);
    if (!signing_key_) continue;
    PGDR_TRY(const std::string signature, signing_key_->sign(texts[i]));
    signatures[i] = signature + "\n";
  }
  if (signing_key_) PGDR_CHECK(copies_->write_texts(prefix() + kSignatureFile, signatures));
  if (interrupted()) return interrupted_error();
  // From here on the backup exists as soon as one repository has its manifest.
  for (std::size_t i = 0; i < copies_->size(); ++i) tried_.push_back(!copies_->error(i));
  const Status written = copies_->write_texts(prefix() + kManifestFile, texts);
  manifests_.resize(copies_->size());
  for (std::size_t i = 0; i < copies_->size(); ++i) {
    if (!copies_->error(i)) manifests_[i] = texts[i];
  }
  // A signal that came in between found enough copies complete, or not.
  const Status enough = copies_->enough_left();
  if (written || (enough && written.error().code != Code::kInterrupted)) return success();
  return revoke(written);
}

// Fewer copies than required are complete: none of them may count.
Status BackupRun::revoke(const Status& why) {
  if (why.error().code == Code::kInterrupted) clear_interrupt();
  for (std::size_t i = 0; i < copies_->size(); ++i) {
    // Where none was written, a manifest of that name would be another run's.
    if (!tried_[i]) continue;
    const auto error = copies_->error(i);
    if (error && error->code == Code::kExists) continue;
    const Status removed = copies_->repository(i).store->remove(prefix() + kManifestFile);
    if (removed || manifests_[i].empty()) continue;
    log_warning(fmt::format("the copy in repository {} stays, although the backup failed: {}",
                            copies_->repository(i).name, to_string(removed.error())));
  }
  return why;
}

Status BackupRun::record() {
  bool whole = repositories_.failed.empty();
  std::string manifest;
  for (std::size_t i = 0; i < copies_->size(); ++i) {
    if (manifests_[i].empty()) whole = false;
    if (manifest.empty()) manifest = manifests_[i];
  }
  PGDR_CHECK(
      catalog_->backup_finish({.label = manifest_.label,
                               .snapshot = dumped_.snapshot_id,
                               .finished_at = manifest_.finished_at,
                               .recovery_point = manifest_.recovery_point,
                               .manifest = manifest,
                               .state = manifest_.incomplete ? "incomplete"
                                        : whole              ? "complete"
                                                             : "partial",
                               .reason = fmt::format("{}", fmt::join(dumped_.unproven, "; "))}));
  PGDR_CHECK(record_missing_copies());
  for (std::size_t i = 0; i < copies_->size(); ++i) {
    if (manifests_[i].empty()) continue;
    db::CopyRecord copy;
    copy.label = manifest_.label;
    copy.repository = copies_->repository(i).name;
    copy.location = copies_->repository(i).location();
    copy.stored_bytes = manifest_.stored_bytes();
    copy.manifest_sha256 = sha256_hex(manifests_[i]);
    PGDR_CHECK(catalog_->copy_record(copy));
  }
  return dumped_.snapshot->commit();
}

Status BackupRun::record_missing_copies() {
  for (const auto& copy : result_.copies) {
    if (copy.complete) continue;
    const std::string why = copy.error ? to_string(*copy.error) : "not written";
    db::CopyRecord missing;
    missing.label = manifest_.label;
    missing.repository = copy.repository;
    missing.location = copy.location;
    missing.state = "missing";
    missing.error = why;
    PGDR_CHECK(catalog_->copy_record(missing));
  }
  return success();
}

// Copies that earlier runs could not make, now that this one is done. What fails here is no failure
// of the backup.
void BackupRun::bring_earlier_copies() {
  std::vector<CopyTarget> targets;
  for (std::size_t i = 0; i < copies_->size(); ++i) {
    if (copies_->error(i) || copies_->lease(i) == nullptr) continue;
    targets.push_back({&copies_->repository(i), copies_->lease(i)});
  }
  const Status done = bring_missing(config_, set_, progress_, std::move(targets), *db_, *catalog_,
                                    manifest_.label, result_.brought);
  progress_.done();
  if (!done) log_warning("earlier copies that are missing stay so: " + to_string(done.error()));
  for (const auto& step : result_.brought) {
    if (step.error && step.error->code == Code::kRepositoryMissing) {
      log_verbose(to_string(*step.error));
    } else if (step.error) {
      log_warning(fmt::format("backup {} is still missing in repository {}: {}", step.label,
                              step.to, to_string(*step.error)));
    } else {
      log_info(fmt::format("brought backup {} to repository {}", step.label, step.to));
    }
  }
}

void BackupRun::clean_up(const Error& error) {
  progress_.done();
  // The clean-up must still talk to repositories and server.
  if (error.code == Code::kInterrupted) clear_interrupt();
  dumped_.snapshot.reset();
  if (copies_) {
    for (std::size_t i = 0; i < copies_->size(); ++i) {
      const Status removed = remove_unfinished(copies_->repository(i), set_.name, manifest_.label);
      if (!removed) log_verbose("leftovers stay: " + to_string(removed.error()));
    }
  }
  if (!started_) return;
  const auto tell = [&]() -> Status {
    PGDR_TRY(const auto fresh, db::Connection::open(set_.database));
    PGDR_TRY(auto catalog, db::Catalog::open(*fresh));
    return catalog.backup_fail(manifest_.label, to_string(error));
  };
  const Status told = tell();
  if (!told) log_warning("cannot record the failure: " + to_string(told.error()));
}

// Until the catalog has a row of the run.
Status BackupRun::begin() {
  PGDR_CHECK(prepare());
  if (const Status checked = check_database(); !checked) {
    const auto trouble = watch_ ? watch_->trouble() : std::nullopt;
    return trouble ? *trouble : checked.error();
  }
  manifest_.database = db_->database();
  manifest_.extension_version = catalog_->version();
  if (set_.globals && !passwords_) {
    manifest_.warnings.emplace_back("globals.sql holds no passwords of roles");
    log_warning(fmt::format(
        "role {} may not read pg_authid: the backup holds no passwords of roles", db_->user()));
  }
  PGDR_CHECK(catalog_->backup_start(
      {.label = manifest_.label, .set = set_.name, .started_at = manifest_.started_at}));
  started_ = true;
  return success();
}

Result<BackupResult> BackupRun::run() {
  manifest_.started_at = system_clock().now();
  manifest_.label = make_label(manifest_.started_at);
  manifest_.set = set_.name;
  manifest_.tool_version = kVersion;
  if (const Status begun = begin(); !begun) {
    watch_.reset();
    record_failed_backup(set_, manifest_.label, begun.error());
    return begun.error();
  }

  const auto make = [this]() -> Status {
    PGDR_CHECK(copies_->enough_left());
    check_integrity();
    if (const auto trouble = watch_->trouble()) return *trouble;
    PGDR_CHECK(dump());
    PGDR_CHECK(store_document());
    return write_manifests();
  };
  const Status made = make();
  watch_.reset();
  if (!made) {
    clean_up(made.error());
    return made.error();
  }
  result_.manifest = manifest_;
  result_.unproven = dumped_.unproven;
  for (std::size_t i = 0; i < copies_->size(); ++i) {
    Repository& repository = copies_->repository(i);
    result_.copies.push_back(
        {repository.name, repository.location(), !manifests_[i].empty(), copies_->error(i)});
    if (!manifests_[i].empty()) continue;
    const Status removed = remove_unfinished(repository, set_.name, manifest_.label);
    if (!removed) log_verbose("leftovers stay: " + to_string(removed.error()));
  }
  for (const auto& [name, error] : repositories_.failed) {
    result_.copies.push_back(
        {name, configured_location(config_.repositories.at(name)), false, error});
  }
  // A signal that comes now comes too late: the backup is there, and the catalog shall know it.
  if (interrupted()) clear_interrupt();
  const Status recorded = [this] {
    const HoldInterrupts hold;
    return record();
  }();
  if (!recorded) {
    result_.record_error = recorded.error();
  } else {
    bring_earlier_copies();
  }
  return std::move(result_);
}

}  // namespace

bool BackupResult::whole() const {
  return !record_error && !manifest.incomplete &&
         std::all_of(copies.begin(), copies.end(),
                     [](const CopyResult& copy) { return copy.complete; });
}

Result<BackupResult> run_backup(const BackupRequest& request) { return BackupRun(request).run(); }

}  // namespace pgdr::app
