#include "app/catalog/rebuild.hpp"

#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "repo/artifact.hpp"
#include "repo/conflict.hpp"
#include "artifact/snapshot/document.hpp"

namespace pgdr::app {
namespace {

using Json = nlohmann::ordered_json;

Status import_snapshot(db::Catalog& catalog, const Backup& backup, const pipe::Keys& keys) {
  const StoredBackup& copy = backup.copies.front();
  if (copy.manifest.find("snapshot") == nullptr) return success();
  PGDR_TRY(const std::string text, read_from_copies(backup, "snapshot", keys, kLongestDocument));
  PGDR_CHECK(catalog.snapshot_import(text));
  // Once more: now the snapshot that the manifest names is there, and the two are linked.
  return import_copy(catalog, copy, std::nullopt);
}

// What the repository shows of this copy without reading its bytes: "" or what is wrong.
Result<std::string> lacking(const StoredBackup& copy) {
  for (const auto& artifact : copy.manifest.artifacts) {
    const Status there = check_size(copy, artifact);
    if (there) continue;
    if (there.error().code != Code::kCorrupt) return there.error();
    return to_string(there.error());
  }
  return std::string();
}

// A restore that was proven, as the repository remembers it. Once: a verification of that moment is
// the one that wrote the mark.
Status import_restore_proof(db::Connection& db, db::Catalog& catalog, const StoredBackup& copy,
                            const Marks& marks) {
  for (const auto& proof : marks.proofs) {
    if (proof.kind != ProofKind::kRestored || !proof.about(copy)) continue;
    PGDR_TRY(const db::Rows known,
             db.query("SELECT FROM dr.backups b JOIN dr._restore_verifications() v "
                      "ON v.backup = b.id WHERE b.label = $1 AND v.passed "
                      "AND v.finished_at BETWEEN $2::timestamptz - interval '5 minutes' "
                      "AND $2::timestamptz + interval '5 minutes'",
                      {copy.manifest.label, to_iso(proof.at)}));
    if (!known.empty()) continue;
    const Json verdict{
        {"status", "passed"},
        {"object_type", "database"},
        {"object", copy.manifest.database},
        {"check_name", "verdict"},
        {"detail", fmt::format("repository {} remembers that a restored copy matched",
                               copy.repository->name)}};
    db::VerificationRecord record;
    record.label = copy.manifest.label;
    record.target = copy.manifest.database;
    record.started_at = record.finished_at = proof.at;
    record.findings = Json::array({verdict}).dump(-1, ' ', false, Json::error_handler_t::replace);
    PGDR_CHECK(catalog.verification_record(record));
  }
  return success();
}

Result<Marks> read_marks(const Repository& repository, const std::string& set) {
  Marks marks;
  PGDR_TRY(const auto entries, repository.store->list(set + "/proofs/"));
  for (const auto& entry : entries) sort_mark(entry, set, marks);
  return marks;
}

}  // namespace

Status import_copy(db::Catalog& catalog, const StoredBackup& copy,
                   const std::optional<ProofMark>& proof) {
  const Manifest& m = copy.manifest;
  db::CopyRecord record;
  record.label = m.label;
  record.repository = copy.repository->name;
  record.location = copy.repository->location();
  record.stored_bytes = m.stored_bytes();
  record.manifest_sha256 = copy.manifest_sha256;
  PGDR_TRY(const auto known, catalog.copy_state(m.label, record.repository));
  PGDR_TRY(const std::string lacks, lacking(copy));
  const bool proven_bad = proof && proof->kind == ProofKind::kDamaged;
  // A manifest says what was written once; only reading the bytes, or bringing them anew, makes a
  // damaged copy good.
  if (known && known->state == "damaged") {
    record.state = known->state;
    record.error = known->error;
  } else if (proven_bad || !lacks.empty()) {
    record.state = "damaged";
    record.error = lacks.empty() ? "it was found damaged when it was read" : lacks;
  }
  // What was read before a copy went missing says nothing of what is there now.
  if (proof && (!known || known->state == "complete")) record.checked_at = proof->at;
  PGDR_CHECK(catalog.backup_import(copy.text, copy.repository->name, copy.repository->location()));
  PGDR_CHECK(catalog.copy_record(record));
  return success();
}

Result<RebuildResult> rebuild_catalog(const RebuildRequest& request) {
  RebuildResult result;
  PGDR_TRY(const pipe::Keys keys,
           load_keys(with_defaults(request.keys, request.config, &request.set)));
  result.with_key = !keys.identities.empty() || !keys.passphrase.empty();
  PGDR_TRY(OpenRepositories repositories,
           open_repositories(request.config, request.set.repositories));
  for (const auto& [name, error] : repositories.failed) {
    result.problems.push_back(to_string(error));
  }
  PGDR_TRY(const History history, read_history(repositories.open, request.set.name));
  const std::string& where = request.database.empty() ? request.set.database : request.database;
  PGDR_TRY(const auto db, db::Connection::open(where));
  PGDR_TRY(auto catalog, db::Catalog::open(*db));
  result.database = db->database();

  std::map<std::string, Marks> marks;  // by repository
  for (const auto& repository : repositories.open) {
    auto read = read_marks(repository, request.set.name);
    if (!read && read.error().code == Code::kInterrupted) return read.error();
    if (read) {
      marks[repository.name] = std::move(*read);
    } else {
      result.problems.push_back(to_string(read.error()));
    }
  }
  // Oldest first, so that the catalog's numbers follow time.
  std::uint64_t done = 0;
  for (auto backup = history.backups.rbegin(); backup != history.backups.rend(); ++backup) {
    request.progress.update(
        {"importing " + backup->manifest().label, done++, history.backups.size(), 0});
    // Which of them is the backup cannot be known here, and the catalog must not guess.
    if (auto conflict = copies_conflict(*backup)) {
      result.conflicts.push_back(std::move(*conflict));
      continue;
    }
    Backup good;
    for (const auto& copy : backup->copies) {
      const auto trust = check_signature(copy, request.config.signing, request.accept_unsigned);
      const Marks& seen = marks[copy.repository->name];
      Status status =
          trust ? import_copy(catalog, copy, newest_proof(seen, copy)) : Status(trust.error());
      if (status) status = import_restore_proof(*db, catalog, copy, seen);
      if (!status && (status.error().code == Code::kInterrupted ||
                      status.error().code == Code::kDatabaseUnreachable)) {
        return status.error();
      }
      if (!status) {
        result.problems.push_back(to_string(status.error()));
        continue;
      }
      ++result.copies;
      good.copies.push_back(copy);
    }
    if (good.copies.empty()) continue;
    ++result.backups;
    if (!result.with_key) continue;
    const Status snapshot = import_snapshot(catalog, good, keys);
    if (snapshot) {
      ++result.snapshots;
    } else if (snapshot.error().code == Code::kInterrupted) {
      return snapshot.error();
    } else {
      result.problems.push_back(
          fmt::format("snapshot of {}: {}", good.manifest().label, to_string(snapshot.error())));
    }
  }
  request.progress.done();
  for (const auto& error : history.unlisted) result.problems.push_back(to_string(error));
  for (const auto& broken : history.broken) result.problems.push_back(to_string(broken.error));
  return result;
}

}  // namespace pgdr::app
