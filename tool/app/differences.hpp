// The rows of one relation that differ between a set's database and a restored copy of it on the
// same server: what dr_differences_question() says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "config/config.hpp"
#include "base/fingerprint_key.hpp"

namespace pgdr::app {

struct DifferencesRequest {
  std::string target;           // database
  std::string relation;         // as in SQL, with its schema
  std::uint32_t max_rows = 20;  // at least 1, for each question
  // copy: what is wrong in the restored database; source: what the source lost or changed since the
  // backup; both.
  std::string question = "both";
};

// A row, or one column of a changed row; "info" is about the comparison itself.
struct Difference {
  std::string side;  // missing, extra, changed; gone, changed since (of the source); info
  std::optional<std::string> key;
  std::optional<std::string> column;
  std::optional<std::string> expected;
  std::optional<std::string> actual;
  std::optional<std::string> detail;
};

struct Differences {
  std::string database;
  std::vector<Difference> lines;
};

// key: of the backup that the target was restored from, where its fingerprints are keyed.
Result<Differences> read_differences(const SetConfig& set, const DifferencesRequest& request,
                                     std::optional<FingerprintKey> key);

// Whether anything differs that the comparison is about. Pure.
bool any_difference(const Differences& differences);

}  // namespace pgdr::app
