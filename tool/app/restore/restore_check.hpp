// What a restore asks and says before it makes anything.
#pragma once

#include <string>
#include <vector>

#include "app/restore/restore_needs.hpp"
#include "app/restore/target.hpp"

namespace pgdr::app {

// What the target, and this host's pg_restore, lack. An error when the target cannot be asked.
Result<NeedsVerdict> check_target(Target& target, const Manifest& manifest,
                                  const Document& document, NeedOptions options);

// Warns of all that does not block; kFailed when something does.
Status warn_or_refuse(const std::vector<Lack>& lacks, bool blocked);

// The end of a hint when a restore into this database began and never reported its end (it was
// killed, and could not remove what it had made); "" otherwise.
std::string unfinished_restore(db::Connection& source, const std::string& database);

}  // namespace pgdr::app
