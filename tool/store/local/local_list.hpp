// Walks the tree beneath a root: all of it, or an error.
#pragma once

#include <string>
#include <vector>

#include "store/store.hpp"

namespace pgdr::store {

enum class Wanted { kObjects, kLeftovers };

// Sorted by key. A prefix that is not there gives an empty list. Names that cannot be part of a key
// (lost+found, hidden files) are not ours and are passed over; a symbolic link or special file with
// a name that could be is an error, because what it hides might be a backup.
Result<std::vector<Entry>> list_local(int root, const std::string& location,
                                      const std::string& prefix, Wanted wanted);

}  // namespace pgdr::store
