// Every run that could reach the database leaves there how it ended, also one that failed before it
// had begun to record itself: a catalog that tells of no failure shall mean that there was none.
#pragma once

#include <string>

#include "config/config.hpp"
#include "base/result.hpp"

namespace pgdr::app {

// An event "COMMAND_failed" in the set's catalog, unless the run has left one by itself. Where the
// catalog cannot be reached, a warning.
void record_failure(const SetConfig& set, const std::string& command, const Error& error);

// A backup that ended before its row in the catalog was written: a failed run of that label, and
// its event. One that found another run at work leaves an event alone.
void record_failed_backup(const SetConfig& set, const std::string& label, const Error& error);

//   PGDR_TRY(const auto result, told(set, "copy", run_copy(request)));
// Questions that were put wrongly, and refusals to touch existing data, are no failures.
template <class T>
Result<T> told(const SetConfig& set, const std::string& command, Result<T> result) {
  if (!result && result.error().code != Code::kUsage && result.error().code != Code::kProtected) {
    record_failure(set, command, result.error());
  }
  return result;
}

}  // namespace pgdr::app
