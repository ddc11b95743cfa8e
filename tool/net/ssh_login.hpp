// Who is at the other end of an SSH connection, and who we are: host keys and login. Used by
// ssh_channel.cpp.
#pragma once

#include "net/ssh_channel.hpp"

namespace pgdr::store {

// Final errors: the key is unknown, changed, or of another kind than the known one. Each says how
// to look at the key and where to add it.
Status check_host_key(ssh_session_struct* session, const SshOptions& options);

// With the identity file alone where one is configured; else the agent's keys, then the usual files
// that need no passphrase. kNoKey for an identity file that cannot be used; a refused login is
// final.
Status log_in(ssh_session_struct* session, const SshOptions& options);

}  // namespace pgdr::store
