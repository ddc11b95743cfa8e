// Locks of an SFTP store: files that are made exclusively (O_EXCL) and renewed. Used by
// sftp_store.cpp.
//
// Age is told by the server's clock. A lock that nobody renewed for its lifetime is taken over
// under a second exclusive file, so that of two who find it old one alone removes it.
#pragma once

#include <memory>
#include <string>

#include "store/sftp/sftp_client.hpp"

namespace pgdr::store {

Result<std::unique_ptr<Lease>> lock_sftp(SftpClient& client, const std::string& name);

}  // namespace pgdr::store
