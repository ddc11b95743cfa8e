#include "app/verify/check.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include <fmt/format.h>

#include "artifact/database/archive.hpp"
#include "repo/artifact.hpp"
#include "app/verify/check_sample.hpp"
#include "app/catalog/lost.hpp"
#include "repo/marks.hpp"
#include "repo/read_lease.hpp"
#include "repo/restore_text.hpp"
#include "base/version.hpp"
#include "base/warn.hpp"
#include "db/catalog.hpp"

namespace pgdr::app {
namespace {

// What check_stored and the readers say of a copy; anything else ends the check.
Status damage_or(const Status& status, const std::string& file, CopyCheck& check) {
  if (status) return success();
  if (status.error().code != Code::kCorrupt && status.error().code != Code::kUsage) return status;
  check.problems.push_back({file, to_string(status.error())});
  return success();
}

// SHA256SUMS, RESTORE.txt and files that nobody knows.
Status check_folder(const StoredBackup& backup, CopyCheck& check) {
  const Manifest& m = backup.manifest;
  store::Store& store = *backup.repository->store;
  const std::string prefix = backup_prefix(m.set, m.label);
  std::set<std::string> known = {kManifestFile,    kSignatureFile,    kSumsFile,
                                 kRestoreTextFile, kNextManifestFile, kNextSignatureFile};
  for (const auto& artifact : m.artifacts) known.insert(artifact.name);
  PGDR_TRY(const auto entries, store.list(prefix));
  std::set<std::string> present;
  for (const auto& entry : entries) {
    const std::string name = entry.key.substr(prefix.size());
    present.insert(name);
    const std::string base = parse_artifact_name(name).base;
    const bool superseded = std::any_of(m.artifacts.begin(), m.artifacts.end(), [&](const auto& a) {
      return parse_artifact_name(a.name).base == base;
    });
    if (!known.contains(name) && superseded) {
      check.notes.push_back(name + " is left of a rewrap; expire removes it after a day");
    } else if (!known.contains(name)) {
      check.problems.push_back({name, name + " does not belong to the backup"});
    }
  }
  if (backup.signature_file != kSignatureFile) {
    check.notes.emplace_back("its rewrap was cut short: pgdr key rewrap completes it");
    return success();
  }
  if (!present.contains(kSumsFile)) {
    check.problems.push_back({kSumsFile, "SHA256SUMS is missing"});
  } else {
    PGDR_TRY(const std::string text, store::read_text(store, prefix + kSumsFile));
    if (text != sums_text(m)) {
      check.problems.push_back({kSumsFile, "SHA256SUMS does not say what the manifest says"});
    }
  }
  if (!present.contains(kRestoreTextFile)) {
    check.problems.push_back({kRestoreTextFile, "RESTORE.txt is missing"});
  } else if (m.tool_version == kVersion) {
    // Another version may have written another text.
    PGDR_TRY(const std::string text, store::read_text(store, prefix + kRestoreTextFile));
    if (text != restore_text(m)) {
      check.problems.push_back({kRestoreTextFile, "RESTORE.txt is not what was written"});
    }
  }
  return success();
}

Status check_content(const StoredBackup& backup, const Artifact& artifact, const pipe::Keys& keys,
                     CopyCheck& check) {
  if (artifact.kind == kChunksKind) return success();  // plain digests: compared already
  PGDR_TRY(const auto reader, ArtifactReader::open(backup, artifact, keys, true));
  if (artifact.kind == "database") {
    ArchiveReader archive(*reader);
    PGDR_CHECK(archive.read_toc());
    PGDR_TRY(check.blocks, archive.walk());
    return success();
  }
  std::vector<std::byte> buffer(std::size_t{64} * 1024);
  for (;;) {
    PGDR_TRY(const std::size_t got, reader->read(buffer));
    if (got == 0) return success();
  }
}

using CopyName = std::pair<std::string, std::string>;  // label, repository

// What the repositories show, readable or not.
std::set<CopyName> shown_copies(const History& history) {
  std::set<CopyName> shown;
  for (const auto& backup : history.backups) {
    for (const auto& copy : backup.copies) {
      shown.insert({copy.manifest.label, copy.repository->name});
    }
  }
  for (const auto& one : history.broken) {
    // Without a manifest it is a run that is going on or died. Whether it was a backup once, the
    // catalog knows.
    if (one.error.code != Code::kRepositoryMissing) shown.insert({one.label, one.repository->name});
  }
  return shown;
}

Status find_vanished(db::Connection& db, const CheckRequest& request,
                     std::vector<Repository>& repositories, const std::set<CopyName>& shown,
                     std::vector<CopyCheck>& copies) {
  PGDR_TRY(const std::vector<LostCopy> lost,
           find_lost(db, request.set.name, repositories, 0,
                     [&](Repository& repository, const std::string& label) -> Result<bool> {
                       return shown.contains({label, repository.name});
                     }));
  for (const auto& one : lost) {
    CopyCheck check;
    check.label = one.label;
    check.repository = one.repository;
    check.location = one.location;
    check.signature = "not checked";
    check.vanished = true;
    check.problems.push_back({"", one.words()});
    copies.push_back(std::move(check));
  }
  return success();
}

// A manifest that is signed, but not the one that was recorded: a rewrap that the catalog did not
// learn of, or somebody put an earlier one back.
Status note_other_manifest(db::Catalog& catalog, CopyCheck& copy) {
  if (copy.manifest_sha256.empty()) return success();
  PGDR_TRY(const auto known, catalog.copy_state(copy.label, copy.repository));
  if (!known || !known->manifest_sha256 || *known->manifest_sha256 == copy.manifest_sha256) {
    return success();
  }
  copy.notes.emplace_back("its manifest is another one than the catalog recorded");
  log_warning(Error::of(
      Code::kCorrupt,
      fmt::format("backup {} in repository {}: its manifest is another one than the catalog "
                  "recorded",
                  copy.label, copy.repository),
      "right after a pgdr key rewrap that could not reach the database; otherwise somebody put "
      "another manifest there"));
  return success();
}

// The copy's state once; that it changed is an event, which the catalog makes itself.
Status record(const CheckRequest& request, std::vector<Repository>& listed,
              const std::set<CopyName>& shown, std::vector<CopyCheck>& copies) {
  PGDR_TRY(const auto db, db::Connection::open(request.set.database));
  PGDR_TRY(auto catalog, db::Catalog::open(*db));
  // Of one backup asked for by name the others' state is not the question.
  if (request.all || request.label == "latest") {
    PGDR_CHECK(find_vanished(*db, request, listed, shown, copies));
  }
  for (auto& copy : copies) {
    if (copy.unreachable) continue;
    if (copy.good()) PGDR_CHECK(note_other_manifest(catalog, copy));
    db::CopyRecord record;
    record.label = copy.label;
    record.repository = copy.repository;
    record.location = copy.location;
    record.state = copy.good() ? "complete" : copy.vanished ? "missing" : "damaged";
    record.checked_at = system_clock().now();
    if (!copy.good()) record.error = copy.problems.front().text;
    const auto done = catalog.copy_record(record);
    if (done) continue;
    log_warning(done.error());
    if (copy.good()) continue;
    // The catalog does not know the backup; of what is wrong with it it hears all the same.
    PGDR_CHECK(catalog.event_record_once(
        {.severity = "error",
         .kind = copy.vanished ? "copy_missing" : "copy_damaged",
         .message = fmt::format("backup {} in repository {}: {}", copy.label, copy.repository,
                                copy.problems.front().text),
         .set = request.set.name}));
  }
  return success();
}

// Whether the backup is gone while its repository is still there: with --all, that is as it should
// be.
bool expired_meanwhile(const StoredBackup& copy) {
  const auto there = copy.repository->store->stat(kRepositoryFile);
  if (!there || !*there) return false;
  const auto again = read_backup(*copy.repository, copy.manifest.set, copy.manifest.label);
  return !again && again.error().code == Code::kRepositoryMissing;
}

// When each copy was last read whole, as the catalog knows it.
Result<std::map<CopyName, Time>> ask_checked(const CheckRequest& request) {
  PGDR_TRY(const auto db, db::Connection::open(request.set.database));
  PGDR_CHECK(db::Catalog::open(*db));
  PGDR_TRY(const db::Rows rows, db->query("SELECT b.label, c.repository, c.checked_at "
                                          "FROM dr.backups b JOIN dr.copies c ON c.backup = b.id "
                                          "WHERE b.set_name = $1 AND c.checked_at IS NOT NULL",
                                          {request.set.name}));
  std::map<CopyName, Time> checked;
  for (const auto& row : rows) {
    const auto time = parse_iso(row[2].value_or(""));
    if (time) checked[{row[0].value_or(""), row[1].value_or("")}] = *time;
  }
  return checked;
}

// The copies in remote repositories that this run does not read.
Result<std::set<CopyName>> leave_out(const CheckRequest& request,
                                     const std::vector<Repository>& repositories,
                                     const std::vector<Backup>& backups, CheckResult& result) {
  const auto checked = ask_checked(request);
  if (!checked) {
    if (checked.error().code == Code::kInterrupted) return checked.error();
    result.seed = request.seed ? *request.seed : std::random_device{}();
    log_warning(fmt::format("a random sample, seed {}, for the catalog cannot be asked: {}",
                            *result.seed, to_string(checked.error())));
  }
  std::set<CopyName> unread;
  for (const auto& repository : repositories) {
    if (!repository.remote) continue;
    std::vector<SampleItem> items;
    std::vector<CopyName> names;
    // The oldest first: where nothing was ever read, the order is that of the backups.
    for (auto backup = backups.rbegin(); backup != backups.rend(); ++backup) {
      for (const auto& copy : backup->copies) {
        if (copy.repository->name != repository.name) continue;
        names.emplace_back(copy.manifest.label, repository.name);
        SampleItem item{copy.manifest.stored_bytes(), std::nullopt};
        if (checked && checked->contains(names.back())) item.checked_at = checked->at(names.back());
        items.push_back(item);
      }
    }
    const auto taken = checked ? sample_by_age(items, request.percent)
                               : sample_at_random(items, request.percent, *result.seed);
    const std::set<std::size_t> read(taken.begin(), taken.end());
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (!read.contains(i)) unread.insert(names[i]);
    }
  }
  result.unread = unread.size();
  return unread;
}

}  // namespace

bool CheckResult::good() const {
  return std::all_of(copies.begin(), copies.end(), [](const auto& c) { return c.good(); });
}

bool CheckResult::unreachable() const {
  return std::any_of(copies.begin(), copies.end(), [](const auto& c) { return c.unreachable; });
}

Result<CopyCheck> check_copy(const StoredBackup& backup, const SigningConfig& signing,
                             bool accept_unsigned, const pipe::Keys* keys, Progress& progress) {
  CopyCheck check;
  check.label = backup.manifest.label;
  check.repository = backup.repository->name;
  check.location = backup.repository->location();
  check.manifest_sha256 = backup.manifest_sha256;
  const auto trust = check_signature(backup, signing, accept_unsigned);
  if (trust) {
    check.signature = *trust == Trust::kTrusted    ? "trusted"
                      : *trust == Trust::kAccepted ? "accepted"
                                                   : "not checked";
  } else {
    check.signature = "wrong";
    PGDR_CHECK(damage_or(trust.error(), kSignatureFile, check));
  }
  PGDR_CHECK(check_folder(backup, check));
  ProgressState state{"reading " + check.label + " in " + check.repository, 0,
                      backup.manifest.stored_bytes(), 0};
  for (const auto& artifact : backup.manifest.artifacts) {
    const std::size_t before = check.problems.size();
    PGDR_CHECK(damage_or(check_stored(backup, artifact,
                                      [&](std::uint64_t n) {
                                        state.bytes += n;
                                        progress.update(state);
                                      }),
                         artifact.name, check));
    if (keys != nullptr && check.problems.size() == before) {
      PGDR_CHECK(damage_or(check_content(backup, artifact, *keys, check), artifact.name, check));
    }
  }
  check.bytes = state.bytes;
  return check;
}

Result<CheckResult> run_check(const CheckRequest& request) {
  std::optional<pipe::Keys> keys;
  if (request.deep) {
    PGDR_TRY(keys, load_keys(with_defaults(request.keys, request.config, &request.set)));
    if (keys->identities.empty() && keys->passphrase.empty()) {
      return Error::of(Code::kNoKey, "--deep opens the backup, and no key was given",
                       "--identity FILE, or --passphrase-file FILE");
    }
  }
  std::vector<std::string> names = request.set.repositories;
  if (!request.repository.empty()) names = {request.repository};
  PGDR_TRY(OpenRepositories repositories, open_repositories(request.config, names));
  PGDR_TRY(History history, read_history(repositories.open, request.set.name));

  const std::vector<Error> unlisted = history.unlisted;
  const std::set<CopyName> shown = shown_copies(history);
  CheckResult result;
  result.deep = request.deep;
  for (const auto& error : unlisted) {
    CopyCheck lost;
    lost.label = "(all)";
    lost.unreachable = true;
    lost.problems.push_back({"", to_string(error)});
    result.copies.push_back(std::move(lost));
  }
  std::vector<BrokenBackup> broken;
  std::vector<Backup> chosen;
  if (request.all) {
    for (auto& one : history.broken) {
      if (one.error.code == Code::kRepositoryMissing) {
        log_verbose(to_string(one.error));
      } else {
        broken.push_back(std::move(one));
      }
    }
    chosen = std::move(history.backups);
  } else {
    for (const auto& one : history.broken) {
      if (one.label == request.label) broken.push_back(one);
    }
    auto backup = choose_backup(std::move(history), request.label);
    // A copy whose manifest cannot be read is damage to report; no readable copy and no such
    // folder is an error.
    const bool damaged = std::any_of(broken.begin(), broken.end(), [](const BrokenBackup& b) {
      return b.error.code == Code::kCorrupt;
    });
    if (backup) {
      chosen.push_back(std::move(*backup));
    } else if (!damaged) {
      return backup.error();
    }
  }
  std::set<CopyName> unread;
  if (request.all && request.percent < 100) {
    PGDR_TRY(unread, leave_out(request, repositories.open, chosen, result));
  }
  for (const auto& backup : chosen) {
    for (const auto& copy : backup.copies) {
      if (unread.contains({copy.manifest.label, copy.repository->name})) continue;
      const auto lease = hold_copy(copy, "verify");
      if (!lease && lease.error().code == Code::kInterrupted) return lease.error();
      if (!lease && request.all && expired_meanwhile(copy)) {
        log_warning(to_string(lease.error()));
        unread.insert({copy.manifest.label, copy.repository->name});
        continue;
      }
      auto check = lease ? check_copy(copy, request.config.signing, request.accept_unsigned,
                                      keys ? &*keys : nullptr, request.progress)
                         : Result<CopyCheck>(lease.error());
      request.progress.done();
      if (!check) {
        // A signal and a wrong key are for the whole run; what cannot be read says nothing of the
        // other copies.
        if (check.error().code == Code::kInterrupted || check.error().code == Code::kNoKey) {
          return check.error();
        }
        CopyCheck lost;
        lost.label = copy.manifest.label;
        lost.repository = copy.repository->name;
        lost.location = copy.repository->location();
        lost.unreachable = true;
        lost.problems.push_back(
            {"", fmt::format("backup {} in repository {} could not be read: {}", lost.label,
                             lost.repository, to_string(check.error()))});
        result.copies.push_back(std::move(lost));
        continue;
      }
      record_proof(copy,
                   !check->good() ? ProofKind::kDamaged
                   : request.deep ? ProofKind::kContent
                                  : ProofKind::kBytes,
                   system_clock().now());
      result.copies.push_back(std::move(*check));
    }
    for (const auto& [name, error] : repositories.failed) {
      CopyCheck lost;
      lost.label = backup.manifest().label;
      lost.repository = name;
      lost.location = configured_location(request.config.repositories.at(name));
      lost.unreachable = true;
      lost.problems.push_back({"", to_string(error)});
      result.copies.push_back(std::move(lost));
    }
  }
  for (const auto& one : broken) {
    CopyCheck check;
    check.label = one.label;
    check.repository = one.repository->name;
    check.location = one.repository->location();
    check.signature = "not checked";
    check.problems.push_back({kManifestFile, to_string(one.error)});
    result.copies.push_back(std::move(check));
  }
  std::vector<Repository> listed;
  if (unlisted.empty()) listed = repositories.open;
  const Status recorded = record(request, listed, shown, result.copies);
  result.recorded = recorded.ok();
  if (!recorded) log_warning("the catalog does not learn of it: " + to_string(recorded.error()));
  if (result.copies.empty() && unread.empty()) {
    return Error::of(Code::kRepositoryMissing, "there is no backup yet", "pgdr backup");
  }
  return result;
}

}  // namespace pgdr::app
