// What `pgdr list` and `pgdr show` tell: the repositories' backups, and what the catalog adds to
// them where it can be reached.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "artifact/snapshot/document.hpp"
#include "repo/keys.hpp"
#include "repo/marks.hpp"
#include "repo/repository.hpp"
#include "config/config.hpp"

namespace pgdr::app {

struct CopyState {
  std::string repository;
  std::string location;
  std::string state;               // complete; missing, damaged as far as the catalog knows
  std::optional<Time> checked_at;  // when every byte was last compared
  std::string error;
  // Where signatures are demanded: "trusted", "unsigned", "wrong", or "unknown" where it could not
  // be read; else "".
  std::string signature{};
};

struct BackupState {
  Manifest manifest;
  std::vector<CopyState> copies;
  // The last verification of a database restored from it; nullopt: never, or not known.
  std::optional<bool> proven;
  std::optional<Time> proven_at;
  std::optional<Pin> pin;  // the longest of its copies' pins that hold
};

struct LastFailure {
  std::string label;
  std::string error;
  Time at{};
};

struct Overview {
  std::string set;
  std::vector<BackupState> backups;    // newest first
  bool catalog = false;                // the catalog was asked
  std::string catalog_problem;         // why not
  std::optional<LastFailure> failure;  // a run that failed after the newest backup
  std::vector<std::string> problems;   // repositories or manifests that cannot be read
};

Result<Overview> read_overview(const Config& config, const SetConfig& set);

struct Details {
  BackupState state;
  std::optional<Document> document;  // with a key
  std::string document_problem;
  std::vector<std::string> problems;  // with its signatures
};
// label as choose_backup() takes it.
Result<Details> read_details(const Config& config, const SetConfig& set, const std::string& label,
                             const KeyFiles& keys);

}  // namespace pgdr::app
