// The local store's parts that tests reach for. Users of the store include store/store.hpp alone.
#pragma once

#include <memory>
#include <string>

#include "store/local/file_ops.hpp"
#include "store/store.hpp"

namespace pgdr::store {

// open_local() with other system calls; `ops` outlives the store and its uploads.
Result<std::unique_ptr<Store>> open_local_with(const std::string& path, bool create_dir,
                                               FileOps& ops);

inline constexpr char kTemporaryPrefix[] = ".tmp-";
inline constexpr char kLockPrefix[] = ".lock-";

}  // namespace pgdr::store
