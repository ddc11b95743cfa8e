#include "app/catalog/overview.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "repo/artifact.hpp"
#include "repo/conflict.hpp"
#include "artifact/snapshot/document.hpp"
#include "base/parallel.hpp"
#include "db/catalog.hpp"

namespace pgdr::app {
namespace {

// What the catalog knows of one backup.
struct KnownBackup {
  bool finished = false;  // it was a backup, and not all of its copies were deleted
  std::optional<bool> proven;
  std::optional<Time> proven_at;
  std::vector<CopyState> copies;
};

std::optional<Time> time_of(const db::Value& value) {
  if (!value) return std::nullopt;
  const auto time = parse_iso(*value);
  return time ? std::optional(*time) : std::nullopt;
}

Result<std::map<std::string, KnownBackup>> ask_catalog(const SetConfig& set, Overview& overview) {
  PGDR_TRY(const auto db, db::Connection::open(set.database));
  PGDR_CHECK(db::Catalog::open(*db));
  std::map<std::string, KnownBackup> known;
  PGDR_TRY(const db::Rows verified,
           db->query("SELECT DISTINCT ON (b.id) b.label, v.passed, v.finished_at "
                     "FROM dr.backups b JOIN dr._restore_verifications() v ON v.backup = b.id "
                     "WHERE b.set_name = $1 ORDER BY b.id, v.finished_at DESC",
                     {set.name}));
  for (const auto& row : verified) {
    KnownBackup& one = known[row[0].value_or("")];
    one.proven = row[1] == "t";
    one.proven_at = time_of(row[2]);
  }
  PGDR_TRY(const db::Rows copies,
           db->query("SELECT b.label, c.repository, c.location, c.state, c.checked_at, c.error, "
                     "b.state IN ('complete', 'partial') AND c.state <> 'deleted' "
                     "FROM dr.backups b JOIN dr.copies c ON c.backup = b.id "
                     "WHERE b.set_name = $1 ORDER BY c.id",
                     {set.name}));
  for (const auto& row : copies) {
    KnownBackup& one = known[row[0].value_or("")];
    one.finished = one.finished || row[6] == "t";
    one.copies.push_back({row[1].value_or(""), row[2].value_or(""), row[3].value_or(""),
                          time_of(row[4]), row[5].value_or("")});
  }
  PGDR_TRY(const db::Rows failed,
           db->query("SELECT label, error, finished_at FROM dr.backups WHERE set_name = $1 "
                     "AND state = 'failed' ORDER BY started_at DESC LIMIT 1",
                     {set.name}));
  if (!failed.empty()) {
    overview.failure = LastFailure{failed[0][0].value_or(""), failed[0][1].value_or(""),
                                   time_of(failed[0][2]).value_or(Time{})};
  }
  return known;
}

// By label and repository.
using Signatures = std::map<std::pair<std::string, std::string>, std::string>;

// What a restore would refuse is told before.
Result<Signatures> look_at_signatures(const std::vector<const Backup*>& backups,
                                      const SigningConfig& signing,
                                      std::vector<std::string>& problems) {
  Signatures signatures;
  if (signing.trusted.empty()) return signatures;
  std::vector<const StoredBackup*> copies;
  for (const Backup* backup : backups) {
    for (const auto& copy : backup->copies) copies.push_back(&copy);
  }
  std::vector<std::optional<Result<Trust>>> trust(copies.size());
  PGDR_CHECK(for_each_parallel(copies.size(), [&](std::size_t i) {
    trust[i] = check_signature(*copies[i], signing, false);
    return success();
  }));
  for (std::size_t i = 0; i < copies.size(); ++i) {
    std::string& state = signatures[{copies[i]->manifest.label, copies[i]->repository->name}];
    state = "trusted";
    if (*trust[i]) continue;
    const Error& error = trust[i]->error();
    state = error.code != Code::kCorrupt ? "unknown" : is_unsigned(error) ? "unsigned" : "wrong";
    problems.push_back(to_string(error));
  }
  return signatures;
}

BackupState combine(const Backup& backup, const std::map<std::string, KnownBackup>& known,
                    const std::vector<Pin>& pins, const Signatures& signatures) {
  BackupState state;
  state.manifest = backup.manifest();
  state.pin = strongest_pin(pins, state.manifest.label, system_clock().now());
  for (const auto& copy : backup.copies) {
    const auto signature = signatures.find({state.manifest.label, copy.repository->name});
    state.copies.push_back({copy.repository->name, copy.repository->location(), "complete",
                            std::nullopt, "",
                            signature == signatures.end() ? "" : signature->second});
  }
  const auto at = known.find(state.manifest.label);
  if (at == known.end()) return state;
  state.proven = at->second.proven;
  state.proven_at = at->second.proven_at;
  for (const auto& recorded : at->second.copies) {
    const auto same =
        std::find_if(state.copies.begin(), state.copies.end(),
                     [&](const CopyState& c) { return c.repository == recorded.repository; });
    if (same == state.copies.end()) {
      // The repository does not show it: whatever the catalog believes, it is not there.
      state.copies.push_back(recorded);
      if (recorded.state == "complete") state.copies.back().state = "missing";
      continue;
    }
    same->checked_at = recorded.checked_at;
    if (recorded.state == "damaged") {
      same->state = recorded.state;
      same->error = recorded.error;
    }
  }
  return state;
}

struct Read {
  OpenRepositories repositories;
  History history;
  std::map<std::string, KnownBackup> known;
  std::vector<Pin> pins;
};

Result<Read> read_all(const Config& config, const SetConfig& set, Overview& overview) {
  Read read;
  PGDR_TRY(read.repositories, open_repositories(config, set.repositories));
  for (const auto& [name, error] : read.repositories.failed) {
    overview.problems.push_back(to_string(error));
  }
  PGDR_TRY(read.history, read_history(read.repositories.open, set.name));
  for (auto& repository : read.repositories.open) {
    const auto pins = list_pins(repository, set.name);
    if (pins) {
      read.pins.insert(read.pins.end(), pins->begin(), pins->end());
    } else if (pins.error().code == Code::kInterrupted) {
      return pins.error();
    } else {
      overview.problems.push_back(to_string(pins.error()));
    }
  }
  auto known = ask_catalog(set, overview);
  if (known) {
    read.known = std::move(*known);
    overview.catalog = true;
  } else if (known.error().code == Code::kInterrupted) {
    return known.error();
  } else {
    overview.catalog_problem = to_string(known.error());
  }
  return read;
}

}  // namespace

Result<Overview> read_overview(const Config& config, const SetConfig& set) {
  Overview overview;
  overview.set = set.name;
  PGDR_TRY(const Read read, read_all(config, set, overview));
  std::vector<const Backup*> backups;
  for (const auto& backup : read.history.backups) backups.push_back(&backup);
  PGDR_TRY(const Signatures signatures,
           look_at_signatures(backups, config.signing, overview.problems));
  for (const auto& backup : read.history.backups) {
    overview.backups.push_back(combine(backup, read.known, read.pins, signatures));
  }
  for (const auto& backup : read.history.backups) {
    if (auto conflict = copies_conflict(backup)) overview.problems.push_back(to_string(*conflict));
  }
  // Newer than what there is, so no rule of retention let it go.
  for (const auto& [label, known] : read.known) {
    const bool newer = overview.backups.empty() || label > overview.backups.front().manifest.label;
    const bool shown =
        std::any_of(read.history.broken.begin(), read.history.broken.end(),
                    [&name = label](const BrokenBackup& one) { return one.label == name; });
    if (!known.finished || !newer || shown || !read.repositories.failed.empty()) continue;
    overview.problems.push_back(
        fmt::format("backup {}, which the catalog knows, is in no repository any more", label));
  }
  for (const auto& error : read.history.unlisted) overview.problems.push_back(to_string(error));
  for (const auto& broken : read.history.broken) {
    // A folder without manifest is a run that is going on or did not end; not a backup's problem.
    if (broken.error.code == Code::kRepositoryMissing) continue;
    overview.problems.push_back(to_string(broken.error));
  }
  if (overview.failure && !overview.backups.empty() &&
      overview.failure->at < overview.backups.front().manifest.finished_at) {
    overview.failure.reset();
  }
  return overview;
}

Result<Details> read_details(const Config& config, const SetConfig& set, const std::string& label,
                             const KeyFiles& keys) {
  Overview overview;
  PGDR_TRY(Read read, read_all(config, set, overview));
  PGDR_TRY(const Backup backup, choose_backup(std::move(read.history), label));
  Details details;
  PGDR_TRY(const Signatures signatures,
           look_at_signatures({&backup}, config.signing, details.problems));
  details.state = combine(backup, read.known, read.pins, signatures);
  const KeyFiles files = with_defaults(keys, config, &set);
  if (files.identities.empty() && files.passphrase_file.empty()) {
    details.document_problem = "the tables are in the encrypted snapshot document: --identity FILE";
    return details;
  }
  const auto open = [&]() -> Result<Document> {
    PGDR_TRY(const pipe::Keys opened, load_keys(files));
    PGDR_TRY(const std::string text,
             read_from_copies(backup, "snapshot", opened, kLongestDocument));
    return parse_document(text);
  };
  auto document = open();
  if (document) {
    details.document = std::move(*document);
  } else if (!keys.identities.empty() || !keys.passphrase_file.empty()) {
    return document.error();  // the key was given for this
  } else {
    details.document_problem = to_string(document.error());
  }
  return details;
}

}  // namespace pgdr::app
