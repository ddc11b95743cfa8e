// The store that a [repository.NAME] describes.
#pragma once

#include <memory>

#include "config/config.hpp"
#include "store/store.hpp"

namespace pgdr::store {

// kRepositoryMissing where it is not there and can tell without asking a server. create: a local
// folder is made; a bucket never is.
Result<std::unique_ptr<Store>> open_store(const RepositoryConfig& repository, bool create = false);

}  // namespace pgdr::store
