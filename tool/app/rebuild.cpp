#include "app/rebuild.hpp"

#include <fmt/format.h>

#include "app/artifact.hpp"
#include "app/conflict.hpp"

namespace pgdr::app {
namespace {

constexpr std::size_t kLongestDocument = std::size_t{1} << 30;

Status import_snapshot(db::Catalog& catalog, const StoredBackup& copy, const pipe::Keys& keys) {
  const Artifact* artifact = copy.manifest.find("snapshot");
  if (artifact == nullptr) return success();
  PGDR_CHECK(check_stored(copy, *artifact, {}));
  PGDR_TRY(const std::string text, read_artifact(copy, *artifact, keys, kLongestDocument));
  PGDR_CHECK(catalog.snapshot_import(text));
  // Once more: now the snapshot that the manifest names is there, and the two are linked.
  PGDR_CHECK(catalog.backup_import(copy.text, copy.repository->name, copy.repository->location()));
  return success();
}

}  // namespace

Status import_copy(db::Catalog& catalog, const StoredBackup& copy) {
  const Manifest& m = copy.manifest;
  PGDR_CHECK(catalog.backup_import(copy.text, copy.repository->name, copy.repository->location()));
  db::CopyRecord record;
  record.label = m.label;
  record.repository = copy.repository->name;
  record.location = copy.repository->location();
  record.stored_bytes = m.stored_bytes();
  record.manifest_sha256 = copy.manifest_sha256;
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
    bool imported = false;
    for (const auto& copy : backup->copies) {
      const auto trust = check_signature(copy, request.config.signing, request.accept_unsigned);
      Status status = trust ? import_copy(catalog, copy) : Status(trust.error());
      if (!status && (status.error().code == Code::kInterrupted ||
                      status.error().code == Code::kDatabaseUnreachable)) {
        return status.error();
      }
      if (!status) {
        result.problems.push_back(to_string(status.error()));
        continue;
      }
      ++result.copies;
      if (imported) continue;
      imported = true;
      ++result.backups;
      if (!result.with_key) continue;
      const Status snapshot = import_snapshot(catalog, copy, keys);
      if (snapshot) {
        ++result.snapshots;
      } else if (snapshot.error().code == Code::kInterrupted) {
        return snapshot.error();
      } else {
        result.problems.push_back(
            fmt::format("snapshot of {}: {}", copy.manifest.label, to_string(snapshot.error())));
      }
    }
  }
  request.progress.done();
  for (const auto& error : history.unlisted) result.problems.push_back(to_string(error));
  for (const auto& broken : history.broken) result.problems.push_back(to_string(broken.error));
  return result;
}

}  // namespace pgdr::app
