// An object on its way into a folder: temporary name, write, fsync, rename, fsync of the folders.
#pragma once

#include <memory>
#include <string>

#include "store/local/file_ops.hpp"
#include "store/folder.hpp"
#include "store/store.hpp"

namespace pgdr::store {

// root is borrowed only during the call. location is the root's path, for messages.
Result<std::unique_ptr<Upload>> start_local_upload(int root, const std::string& location,
                                                   const std::string& key, FileOps& ops);

}  // namespace pgdr::store
