// All that one repository holds of one set, from one listing: backups, unfinished runs, marks, and
// what belongs to none of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "repo/marks.hpp"
#include "repo/repository.hpp"

namespace pgdr::app {

// A folder named by a label.
struct SurveyFolder {
  std::string label;
  std::vector<store::Entry> objects;
  bool manifest = false;  // or the next one
  Time newest{};          // when something in it was last written, temporaries included
};

struct SurveyedBackup {
  StoredBackup stored;
  std::size_t folder = 0;            // in Survey::folders
  std::vector<std::string> lacking;  // artifacts that are missing or of the wrong size, in words
};

struct Survey {
  std::vector<SurveyFolder> folders;  // by label
  std::vector<SurveyedBackup> backups;
  std::vector<BrokenBackup> broken;  // a manifest that cannot be read or belongs elsewhere
  Marks marks;
  std::vector<store::Entry> temporaries;  // of uploads that never ended, outside folders
  // Artifacts beside a manifest under the name of an earlier or later rewrap.
  std::vector<store::Entry> superseded;
  std::vector<std::string> unknown;  // keys
  std::optional<Time> newest_object;
};

// The listing alone: no manifest is read, `backups` and `broken` stay empty. An error: it is not
// certainly complete.
Result<Survey> list_set(Repository& repository, const std::string& set);
// An error, too, when a manifest could not be read for a reason that says nothing of it (network,
// rights).
Result<Survey> survey_set(Repository& repository, const std::string& set);

}  // namespace pgdr::app
