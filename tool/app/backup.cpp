#include "app/backup.hpp"

#include <algorithm>
#include <mutex>
#include <optional>
#include <span>

#include <fmt/format.h>

#include "app/adopt.hpp"
#include "app/copies.hpp"
#include "app/document.hpp"
#include "app/dump.hpp"
#include "app/keys.hpp"
#include "app/preflight.hpp"
#include "app/restore_text.hpp"
#include "app/unfinished.hpp"
#include "base/interrupt.hpp"
#include "base/warn.hpp"
#include "base/signing.hpp"
#include "base/version.hpp"
#include "db/catalog.hpp"
#include "db/snapshot.hpp"

namespace pgdr::app {
namespace {

// zstd's compressing threads for the dump; the rest of the pipeline runs beside them.
constexpr int kCompressors = 2;

// The failure that came first, whoever met it.
class FirstError {
 public:
  void note(const Error& error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = error;
  }
  std::optional<Error> get() const {
    const std::lock_guard lock(mutex_);
    return error_;
  }

 private:
  mutable std::mutex mutex_;
  std::optional<Error> error_;
};

class BackupRun {
 public:
  explicit BackupRun(const BackupRequest& request)
      : config_(request.config), set_(request.set), progress_(request.progress) {
    manifest_.klass = request.klass;
  }

  Result<BackupResult> run();

 private:
  Status prepare();
  Status check_database();
  void check_integrity();
  Status dump_and_count();
  [[nodiscard]] Command dump_command() const;
  [[nodiscard]] Command globals_command() const;
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
  std::unique_ptr<db::ExportedSnapshot> snapshot_;
  std::string pg_dump_;
  std::string pg_dumpall_;
  bool passwords_ = true;
  std::uint64_t estimate_ = 0;  // bytes of the dump, roughly
  bool started_ = false;        // the catalog holds a row "running"
  Manifest manifest_;
  ChunkList dump_chunks_;
  std::int64_t snapshot_id_ = 0;
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

Command BackupRun::dump_command() const {
  Command command;
  command.argv = {pg_dump_,
                  "--format=custom",
                  "--compress=0",
                  "--no-password",
                  "--snapshot=" + snapshot_->id(),
                  "--dbname=" + db_->child_conninfo()};
  for (const auto& [name, value] : db_->child_env()) command.env[name] = value;
  command.env["LC_MESSAGES"] = "C";
  return command;
}

Command BackupRun::globals_command() const {
  Command command;
  command.argv = {pg_dumpall_, "--globals-only", "--no-password",
                  "--dbname=" + db_->child_conninfo()};
  if (!passwords_) command.argv.emplace_back("--no-role-passwords");
  for (const auto& [name, value] : db_->child_env()) command.env[name] = value;
  command.env["LC_MESSAGES"] = "C";
  return command;
}

Status BackupRun::dump_and_count() {
  PGDR_TRY(snapshot_, db::ExportedSnapshot::begin(*db_));
  const db::SnapshotFacts& facts = snapshot_->facts();
  if (facts.in_recovery) {
    return Error::of(Code::kUsage,
                     "the server is a standby: fingerprints cannot be recorded in its catalog",
                     "back up from the primary");
  }
  manifest_.recovery_point = facts.recovery_point;
  manifest_.recovery_lsn = facts.lsn;
  manifest_.system_identifier = facts.system_identifier;
  manifest_.server_version = facts.version;
  manifest_.server_version_num = facts.version_num;

  FirstError first;
  const auto give_up = [&](const Error& error) {
    first.note(error);
    db_->cancel();
  };
  const auto watch = [this](const ArtifactWriter& writer, bool done) {
    progress_.update({done ? "fingerprinting" : "dumping and fingerprinting",
                      writer.original_bytes(), estimate_, writer.stored_bytes()});
  };
  Sealing sealing = sealing_;
  sealing.workers = kCompressors;
  sealing.original_digest = false;
  sealing.chunks = true;
  PGDR_TRY(auto dump_writer,
           ArtifactWriter::open(*copies_, prefix(), "database.dump.zst.age", "database", sealing));
  DumpJob dump(dump_command(), std::move(dump_writer), true, give_up, watch);
  std::optional<DumpJob> globals;
  if (set_.globals) {
    PGDR_TRY(auto writer,
             ArtifactWriter::open(*copies_, prefix(), "globals.sql.zst.age", "globals", sealing_));
    globals.emplace(globals_command(), std::move(writer), false, give_up);
  }
  // Before pg_dump reads them: the dump's sequences are then the same or ahead, never behind.
  PGDR_TRY(const std::string sequences, catalog_->sequences());
  // pg_dump waits for a table that is locked, so the snapshot does, too: a dump of a table without
  // its fingerprint would be one that nothing can prove.
  PGDR_CHECK(db_->exec("SET LOCAL pgdr.lock_timeout = 0"));
  PGDR_CHECK(catalog_->send_snapshot_counts(manifest_.label, true, sequences));
  dump.start();
  if (globals) globals->start();
  const auto counted = catalog_->receive_id();
  if (!counted) {
    // Cancelled because a program failed, or the first to fail: what happened first is the cause.
    first.note(counted.error());
    dump.stop();
    if (globals) globals->stop();
  }
  const auto dumped = dump.result();
  if (!dumped) first.note(dumped.error());
  std::optional<Result<Artifact>> globals_stored;
  if (globals) {
    if (!dumped) globals->stop();
    globals_stored = globals->result();
    if (!*globals_stored) first.note(globals_stored->error());
  }
  progress_.done();
  if (const auto error = first.get()) return *error;
  snapshot_id_ = *counted;
  manifest_.artifacts.push_back(*dumped);
  dump_chunks_ = dump.chunk_list();
  if (globals_stored) manifest_.artifacts.push_back(**globals_stored);
  return success();
}

Status BackupRun::store_document() {
  const Artifact& dump = *manifest_.find("database");
  const std::string chunks = chunks_text(dump_chunks_);
  const std::string digest = sha256_hex(chunks);
  PGDR_CHECK(copies_->write_text(prefix() + chunks_name(dump.name), chunks));
  manifest_.artifacts.push_back(
      {chunks_name(dump.name), kChunksKind, chunks.size(), digest, chunks.size(), digest});

  PGDR_TRY(const std::string text, catalog_->snapshot_document(snapshot_id_));
  PGDR_TRY(const Document document, parse_document(text));
  manifest_.snapshot_uuid = document.uuid;
  manifest_.content = document.content;
  manifest_.locale = document.locale;
  result_.tables = document.table_count();
  result_.rows = document.row_count();
  std::size_t unproven = 0;
  for (const auto& table : document.tables) {
    if (table.state != "failed") continue;
    ++unproven;
    log_warning(fmt::format(
        "table {}.{} has no fingerprint: it was rewritten or altered while the snapshot was taken; "
        "a verification of this backup will report it as not proven",
        table.schema, table.name));
  }
  // Names stay in the encrypted document.
  if (unproven > 0)
    manifest_.warnings.push_back(fmt::format("{} tables have no fingerprint", unproven));
  PGDR_TRY(const auto writer,
           ArtifactWriter::open(*copies_, prefix(), "snapshot.json.zst.age", "snapshot", sealing_));
  PGDR_CHECK(writer->write(std::as_bytes(std::span(text))));
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
  PGDR_CHECK(catalog_->backup_finish({.label = manifest_.label,
                                      .snapshot = snapshot_id_,
                                      .finished_at = manifest_.finished_at,
                                      .recovery_point = manifest_.recovery_point,
                                      .manifest = manifest,
                                      .state = whole ? "complete" : "partial"}));
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
  return snapshot_->commit();
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
  snapshot_.reset();
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

Result<BackupResult> BackupRun::run() {
  manifest_.started_at = system_clock().now();
  manifest_.label = make_label(manifest_.started_at);
  manifest_.set = set_.name;
  manifest_.tool_version = kVersion;
  PGDR_CHECK(prepare());
  PGDR_CHECK(check_database());
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

  const auto make = [this]() -> Status {
    PGDR_CHECK(copies_->enough_left());
    check_integrity();
    PGDR_CHECK(dump_and_count());
    PGDR_CHECK(store_document());
    return write_manifests();
  };
  const Status made = make();
  if (!made) {
    clean_up(made.error());
    return made.error();
  }
  result_.manifest = manifest_;
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
  return !record_error && std::all_of(copies.begin(), copies.end(),
                                      [](const CopyResult& copy) { return copy.complete; });
}

Result<BackupResult> run_backup(const BackupRequest& request) { return BackupRun(request).run(); }

}  // namespace pgdr::app
