// Two repositories that disagree about one label.
#pragma once

#include <optional>

#include "repo/repository.hpp"

namespace pgdr::app {

// kCorrupt, naming both repositories and what differs, when two copies of the backup are not copies
// of one another (HAZARDS: different content under one name is an error). Copies differ in the
// repository they name, and after `key rewrap` in what opens them and the stored digests.
std::optional<Error> copies_conflict(const Backup& backup);

}  // namespace pgdr::app
