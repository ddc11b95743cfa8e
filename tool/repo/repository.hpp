// The repository layer: which backups are stored where, and their manifests. A backup is what has a
// readable manifest; nothing here asks a database. Format: doc/repository-format.md.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "repo/manifest.hpp"
#include "config/config.hpp"
#include "store/store.hpp"

namespace pgdr::app {

inline constexpr const char* kRepositoryFile = "pgdr-repository.json";

struct Repository {
  std::string name;     // in the configuration
  std::string id;       // uuid, from pgdr-repository.json
  bool remote = false;  // reading it costs a network's time
  // Shared with threads that may have to be left behind (base/abandoned.hpp).
  std::shared_ptr<store::Store> store;

  [[nodiscard]] std::string location() const { return store->location(); }
};

// The place that the configuration names, as location() says it of an open one; never empty.
std::string configured_location(const RepositoryConfig& config);

// The content of pgdr-repository.json: the repository's id. kCorrupt; kUsage for one of a later
// version. name and location: for the message.
Result<std::string> parse_descriptor(std::string_view text, const std::string& name,
                                     const std::string& location);
// kRepositoryMissing when the place or its pgdr-repository.json is not there (an unmounted disk
// must not become a new, empty repository).
Result<Repository> open_repository(const RepositoryConfig& config);
// Makes the place and its pgdr-repository.json; opens it when both exist already.
Result<Repository> create_repository(const RepositoryConfig& config);

// Those of the names that open; the others' errors in `failed`. An error only when none opens.
struct OpenRepositories {
  std::vector<Repository> open;
  std::vector<std::pair<std::string, Error>> failed;  // name, why
};
// kUsage, with the nearest name and all of them.
Error no_such_repository(const Config& config, const std::string& name);
Result<OpenRepositories> open_repositories(const Config& config,
                                           const std::vector<std::string>& names);

// One copy of one backup.
struct StoredBackup {
  Manifest manifest;
  std::string text;             // the manifest's bytes, which a signature covers
  std::string manifest_sha256;  // of text
  Repository* repository = nullptr;
  std::string signature_file = kSignatureFile;
};

// A folder that is no backup: no manifest, or none that can be read.
struct BrokenBackup {
  std::string set;
  std::string label;
  Repository* repository = nullptr;
  Error error;
};

struct Listing {
  std::vector<StoredBackup> backups;  // newest first
  std::vector<BrokenBackup> broken;
};

// set: empty for all sets. A listing that is not certainly complete is an error.
Result<Listing> list_backups(Repository& repository, const std::string& set);
// kRepositoryMissing when there is no manifest.
Result<StoredBackup> read_backup(Repository& repository, const std::string& set,
                                 const std::string& label);

// A backup with all its readable copies.
struct Backup {
  std::vector<StoredBackup> copies;  // at least one, in the configuration's order
  [[nodiscard]] const Manifest& manifest() const { return copies.front().manifest; }
};
struct History {
  std::vector<Backup> backups;  // newest first, by the time they ended
  std::vector<BrokenBackup> broken;
  std::vector<Error> unlisted;  // repositories that could not be listed: what they hold is unknown
};
// An error only when no repository can be listed.
Result<History> read_history(std::vector<Repository>& repositories, const std::string& set);
// label: "latest", a label, or the unambiguous beginning of one. kRepositoryMissing when there is
// none, naming what a broken folder of that label lacks.
Result<Backup> choose_backup(History history, const std::string& label);

std::string backup_prefix(const std::string& set, const std::string& label);  // "set/label/"
std::string sha256_hex(std::string_view content);
std::string make_uuid();  // random, version 4

// What the signature of a manifest says.
enum class Trust {
  kNotChecked,  // no trusted key is configured
  kTrusted,
  kAccepted,  // missing or wrong, and --accept-unsigned was given
};
// kCorrupt for a manifest that no trusted key signed; is_unsigned() for one without any signature.
Result<Trust> check_signature(const StoredBackup& backup, const SigningConfig& signing,
                              bool accept_unsigned);
bool is_unsigned(const Error& error);

}  // namespace pgdr::app
