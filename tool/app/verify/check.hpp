// `pgdr verify`: is every stored byte still what was written, and can it be read?
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "repo/keys.hpp"
#include "repo/repository.hpp"
#include "config/config.hpp"
#include "base/log.hpp"

namespace pgdr::app {

struct CheckRequest {
  const Config& config;
  const SetConfig& set;
  Progress& progress;
  std::string label = "latest";  // or a label; ignored with all
  bool all = false;
  bool deep = false;  // also decrypt, decompress, compare the original digest, walk the archive
  KeyFiles keys;      // for deep
  std::string repository;  // only this one
  bool accept_unsigned = false;
  // With all: reads only so much of what each remote repository holds, the least recently read
  // first. 1 to 100.
  int percent = 100;
  std::optional<std::uint64_t>
      seed{};  // for the sample when the catalog cannot be asked; else fresh
};

struct Problem {
  std::string file;  // "" for the copy as a whole
  std::string text;
};

struct CopyCheck {
  std::string label;
  std::string repository;
  std::string location;
  std::string manifest_sha256;  // "" where there is none
  std::uint64_t bytes = 0;      // read
  std::vector<Problem> problems;
  std::vector<std::string> notes;       // worth knowing, not damage
  std::string signature;                // "trusted", "accepted", "not checked", "wrong"
  std::optional<std::uint64_t> blocks;  // deep: data blocks of the archive
  bool unreachable = false;  // the repository could not be read: nothing is known of this copy
  bool vanished = false;     // the catalog knows it, the repository does not hold it
  [[nodiscard]] bool good() const { return problems.empty(); }
};

struct CheckResult {
  std::vector<CopyCheck> copies;
  bool deep = false;
  std::size_t unread = 0;             // copies that the sample left out
  std::optional<std::uint64_t> seed;  // of a random sample
  bool recorded = false;              // in the catalog
  [[nodiscard]] bool good() const;
  [[nodiscard]] bool unreachable() const;
};

// Damage is a result, not an error. kRepositoryMissing: no such backup, or no repository; kNoKey:
// deep without a usable key.
Result<CheckResult> run_check(const CheckRequest& request);

// One copy; the catalog is not asked.
Result<CopyCheck> check_copy(const StoredBackup& backup, const SigningConfig& signing,
                             bool accept_unsigned, const pipe::Keys* keys, Progress& progress);

}  // namespace pgdr::app
