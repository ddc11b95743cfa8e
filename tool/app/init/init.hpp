// `pgdr init`: from nothing to a set that can be backed up: configuration, repository, keys,
// extension. What exists stays as it is; a second run changes nothing and says so.
#pragma once

#include <string>
#include <vector>

#include "app/init/dialog.hpp"
#include "base/clock.hpp"
#include "config/config.hpp"

namespace pgdr::app {

// Empty: ask where somebody is there to answer, else the default, else kUsage naming the option.
struct InitRequest {
  std::string config_path;
  std::string database;
  std::string set;                        // default: the database's name
  std::vector<std::string> repositories;  // PLACE or NAME=PLACE: see init_place.hpp
  std::vector<std::string> recipients;
  std::string recipients_file;
  std::string passphrase_file;
  std::string key_file;           // where to generate a key when there is no recipient
  std::string schema = "public";  // for the extension's functions
  bool accept_defaults = false;   // --yes
};

enum class StepState {
  kDone,       // made now
  kUnchanged,  // was there
  kMissing,    // needs somebody with more rights; see the report's notes
};
struct InitStep {
  StepState state = StepState::kDone;
  std::string what;  // "repository", "configuration", …
  std::string detail;
};
struct InitReport {
  std::string config_path;
  std::string set;
  std::vector<InitStep> steps;
  std::vector<std::string> notes;  // what the operator must read or do, most important first
  [[nodiscard]] bool complete() const;
  [[nodiscard]] bool changed() const;
};

// Checks everything it can before it writes anything; a failure half-way leaves only things that
// the next run finds and keeps.
Result<InitReport> init(const InitRequest& request, Dialog& dialog, const Clock& clock);

}  // namespace pgdr::app
