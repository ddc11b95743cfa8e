// The rclone store: any remote that the program rclone reaches, which runs as a child.
//
// An object is written under a temporary name (rcat), looked at, and moved into place (moveto).
// rclone has no step that refuses to overwrite, so writers of one name first claim it: each leaves
// a file that names its process, then looks whether there is another; who is not alone withdraws
// and tries again after a random while. Of two writers one sees the other, provided that the
// remote's listings show at once what was written. On a remote whose listings lag behind, nothing
// is exclusive: neither objects nor locks.
//
// How durable an object is when it is stored is rclone's and the remote's matter: rclone does not
// fsync.
#pragma once

#include <chrono>
#include <memory>

#include "config/config.hpp"
#include "store/retry.hpp"
#include "store/store.hpp"

namespace pgdr::store {

struct RcloneOptions {
  RcloneConfig config;
  RetryPolicy retry = default_retry_policy();
  // A lock or claim that its holder has not renewed for so long is free.
  std::chrono::milliseconds lock_lifetime{600000};
};

// kNotFound where the program is missing. create: the folder is made (rclone mkdir).
Result<std::unique_ptr<Store>> open_rclone(RcloneOptions options, bool create = false);

}  // namespace pgdr::store
