// The SFTP store: a folder at any host with an SSH server.
//
// An object is written under a temporary name, written out (fsync@openssh.com where the server has
// it), and put in place in one step that never overwrites: by hardlink@openssh.com where the server
// has it, else by the protocol's own rename, which must not overwrite either. Reads and writes are
// sent ahead: at most kAhead bytes of each stream are on their way, and held in memory. Each stream
// has a connection of its own; idle ones are kept and used again.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "config/config.hpp"
#include "store/retry.hpp"
#include "net/ssh_channel.hpp"
#include "store/store.hpp"

namespace pgdr::store {

struct SftpOptions {
  SshOptions ssh;
  std::string path;  // absolute, or relative to the account's home
  RetryPolicy retry = default_retry_policy();
  // A lock that its holder has not renewed for so long is free; it is renewed every third of it.
  std::chrono::milliseconds lock_lifetime{600000};
  std::chrono::milliseconds keep_alive{15000};  // between signs of life on idle connections
  bool use_hard_links = true;                   // false: the protocol's rename alone; for tests
};

SftpOptions sftp_options(const SftpConfig& config);

// Without create nothing is sent yet; a missing folder shows as kRepositoryMissing when it is used.
// create: the folder itself is made, those above it are not.
Result<std::unique_ptr<Store>> open_sftp(SftpOptions options, bool create = false);

}  // namespace pgdr::store
