#include "app/doctor/doctor_facts.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "app/doctor/doctor_cron.hpp"
#include "app/doctor/doctor_server.hpp"
#include "app/doctor/doctor_trial.hpp"
#include "app/key/key.hpp"
#include "repo/keys.hpp"
#include "app/catalog/lost.hpp"
#include "repo/marks.hpp"
#include "repo/repository.hpp"
#include "base/file.hpp"
#include "base/interrupt.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "db/conninfo.hpp"

namespace pgdr::app {
namespace {

constexpr std::array kPrograms = {"pg_dump", "pg_restore", "pg_dumpall", "psql"};

bool open_to_others(const std::string& path, unsigned bits) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && (info.st_mode & bits) != 0;
}

ProgramFacts look_at_program(const std::string& name) {
  ProgramFacts facts;
  facts.name = name;
  Result<std::string> path = find_program(name);
  if (!path) {
    facts.error = path.error();
    return facts;
  }
  facts.path = *path;
  Command command;
  command.argv = {facts.path, "--version"};
  const Result<std::string> text = run_and_capture(command);
  if (!text) {
    facts.error = text.error();
    return facts;
  }
  facts.version_num = parse_program_version(*text);
  return facts;
}

// In `folder` ("" or ending in '/'). Never finished, so nothing stays.
std::optional<Error> try_writing(store::Store& store, const std::string& folder) {
  Result<std::unique_ptr<store::Upload>> probe = store.create(folder + "doctor-probe");
  if (!probe) return probe.error();
  static constexpr std::array<std::byte, 4096> kBytes{};
  const Status written = (*probe)->write(kBytes);
  if (!written) return written.error();
  return std::nullopt;
}

RepositoryFacts look_at_repository(const RepositoryConfig& config, const std::string& set,
                                   std::optional<NewestBackup>& newest) {
  RepositoryFacts facts;
  facts.name = config.name;
  facts.location = repository_place(config);
  Result<Repository> repository = open_repository(config);
  if (!repository) {
    facts.error = repository.error();
    return facts;
  }
  store::Store& store = *repository->store;
  facts.location = store.location();
  constexpr unsigned kOthers = S_IRWXG | S_IRWXO;
  facts.open_to_others = config.type == "local" && open_to_others(config.path, kOthers);
  if (const auto room = store.free_space()) facts.free_bytes = *room;
  if (const auto leftovers = store.leftovers(set + "/")) facts.leftovers = leftovers->size();
  const Result<Listing> listing = list_backups(*repository, set);
  if (!listing) {
    facts.listing_error = listing.error();
    return facts;
  }
  // Where backups go, but without making the set's folder.
  const std::string folder = listing->backups.empty() ? "" : set + "/";
  if (config.s3.object_lock_days > 0) {
    facts.not_writable = try_writing(store, folder);
  } else {
    const store::Probe probe = store::probe_store(store, folder, system_clock());
    facts.not_writable = probe.not_written;
    facts.not_readable = probe.not_read;
    facts.not_listed = probe.not_listed;
    facts.not_removable = probe.not_removed;
    facts.overwrites = probe.overwritten;
    facts.clock_ahead = probe.clock_ahead;
  }
  if (!facts.not_writable) facts.facts = store::store_facts(config);
  facts.backups = listing->backups.size();
  facts.broken = listing->broken.size();
  if (!listing->backups.empty()) {
    facts.newest = listing->backups.front().manifest.label;
    const Manifest& manifest = listing->backups.front().manifest;
    if (!newest || manifest.finished_at > newest->finished_at) {
      std::uint64_t bytes = 0;
      for (const Artifact& artifact : manifest.artifacts) bytes += artifact.stored_bytes;
      newest = NewestBackup{manifest.label,
                            config.name,
                            manifest.finished_at,
                            manifest.recovery_point,
                            bytes,
                            sorted(manifest.recipients),
                            {},
                            {}};
    }
  }
  return facts;
}

// Whether anybody ever opened a backup that is locked as the newest is.
void look_for_proof(const Config& config, const SetConfig& set, NewestBackup& newest) {
  for (const std::string& name : set.repositories) {
    Result<Repository> repository = open_repository(config.repositories.at(name));
    if (!repository) continue;
    const auto entries = repository->store->list(set.name + "/proofs/");
    if (!entries) continue;
    Marks marks;
    for (const auto& entry : *entries) sort_mark(entry, set.name, marks);
    for (const ProofMark& proof : marks.proofs) {
      const bool opened = proof.kind == ProofKind::kContent || proof.kind == ProofKind::kRestored;
      if (!opened || (newest.opened_at && proof.at <= *newest.opened_at)) continue;
      const auto backup = read_backup(*repository, set.name, proof.label);
      if (!backup || !proof.about(*backup)) continue;
      if (sorted(backup->manifest.recipients) != newest.recipients) continue;
      newest.opened_at = proof.at;
      newest.opened_label = proof.label;
    }
  }
}

// Whether what the repositories show is all that the catalog knows, or each other.
void look_for_losses(const Config& config, const SetConfig& set, DoctorFacts& facts) {
  const auto attempt = [&]() -> Status {
    PGDR_TRY(const auto db, db::Connection::open(set.database));
    PGDR_TRY(db::Catalog catalog, db::Catalog::open(*db));
    std::vector<std::string> problems;  // of repositories: told by their own checks
    for (const auto& one : look_for_lost(config, set, *db, catalog, problems)) {
      facts.lost.push_back(one.words());
    }
    return success();
  };
  if (attempt() || !facts.newest) return;
  for (const RepositoryFacts& one : facts.repositories) {
    if (one.error || one.listing_error || one.newest == facts.newest->label) continue;
    facts.behind.push_back(one.name);
  }
}

KeyFacts look_at_keys(const Config& config, const SetConfig& set) {
  KeyFacts facts;
  const Result<pipe::Lock> lock = load_lock(set);
  if (lock) {
    for (const pipe::Recipient& recipient : lock->recipients) {
      facts.recipients.push_back(recipient.text);
    }
    facts.passphrase = lock->recipients.empty();
  } else {
    facts.lock_error = lock.error();
  }
  KeyFiles files = with_defaults({}, config, nullptr);
  if (files.identities.empty()) {
    // A key that init made and nobody took away.
    const std::string made =
        (std::filesystem::path(config.path).parent_path() / kIdentityFileName).string();
    std::error_code error;
    if (std::filesystem::exists(made, error)) files.identities.push_back(made);
  }
  if (!files.identities.empty()) {
    facts.identity_file = files.identities.front();
    Result<std::string> content = read_secret_file(expand_home(facts.identity_file));
    facts.identity_protected = content && pipe::is_age_file(*content);
    if (content) cleanse(*content);
  }
  if (!files.identities.empty() && !facts.identity_protected) {
    Result<std::vector<std::string>> recipients = identity_recipients(facts.identity_file);
    if (recipients) {
      facts.identity_recipients = *recipients;
    } else {
      facts.identity_error = recipients.error();
    }
  }
  facts.signing_file = config.signing.key_file;
  facts.trusted = config.signing.trusted;
  if (!facts.signing_file.empty()) {
    Result<std::string> key = signing_public_key(facts.signing_file);
    if (key) {
      facts.signing_public = *key;
    } else {
      facts.signing_error = key.error();
    }
  }
  return facts;
}

void look_at_server(const SetConfig& set, const Clock& clock, DoctorFacts& facts) {
  const auto db = db::Connection::open(set.database);
  if (!db) {
    facts.connect_error = db.error();
    return;
  }
  Result<ServerFacts> server = gather_server_facts(**db, clock);
  if (!server) {
    facts.server_error = server.error();
    return;
  }
  facts.server = *server;
  if (server->cron_installed) facts.cron = ask_cron(**db, set.database, server->cron_database);
  facts.trial = try_backup(**db, set, server->reads_passwords);
}

}  // namespace

int parse_program_version(const std::string& text) {
  constexpr std::string_view kBefore = "(PostgreSQL) ";
  constexpr unsigned kMajor = 10000;
  const std::size_t begin = text.find(kBefore);
  if (begin == std::string::npos) return 0;
  const char* at = text.data() + begin + kBefore.size();
  const char* end = text.data() + text.size();
  unsigned major = 0;
  unsigned minor = 0;
  const auto [dot, error] = std::from_chars(at, end, major);
  if (error != std::errc()) return 0;
  if (dot != end && *dot == '.' &&
      std::from_chars(dot + 1, end, minor).ec == std::errc::result_out_of_range) {
    return 0;
  }
  return major < kMajor && minor < kMajor ? static_cast<int>(major * kMajor + minor) : 0;
}

Result<DoctorFacts> gather_facts(const Config& config, const SetConfig& set, const Clock& clock) {
  DoctorFacts facts;
  facts.set = set;
  facts.config_path = config.path;
  facts.now = clock.now();
  constexpr unsigned kReaders = S_IRGRP | S_IROTH;
  const auto info = db::Conninfo::parse(set.database);
  facts.config_open_to_others =
      info && !info->password().empty() && open_to_others(config.path, kReaders);
  look_at_server(set, clock, facts);
  if (interrupted()) return interrupted_error();
  for (const char* name : kPrograms) facts.programs.push_back(look_at_program(name));
  for (const std::string& name : set.repositories) {
    facts.repositories.push_back(
        look_at_repository(config.repositories.at(name), set.name, facts.newest));
  }
  if (facts.newest) look_for_proof(config, set, *facts.newest);
  look_for_losses(config, set, facts);
  facts.keys = look_at_keys(config, set);
  if (interrupted()) return interrupted_error();
  return facts;
}

}  // namespace pgdr::app
