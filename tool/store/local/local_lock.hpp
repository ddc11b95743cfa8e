// Locks between processes: flock() on a small file in the repository. The system releases them when
// the process dies, however it dies.
#pragma once

#include <memory>
#include <string>

#include "store/store.hpp"

namespace pgdr::store {

Result<std::unique_ptr<Lease>> lock_local(int root, const std::string& location,
                                          const std::string& name);

}  // namespace pgdr::store
