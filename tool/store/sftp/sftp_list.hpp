// Listings of an SFTP store: complete, or an error (HAZARDS 6). Used by sftp_store.cpp.
#pragma once

#include <string>
#include <vector>

#include "store/sftp/sftp_client.hpp"

namespace pgdr::store {

// Objects, or the temporaries of uploads, whose key begins with prefix ("" or ending in '/').
Result<std::vector<Entry>> list_sftp(SftpClient& client, const std::string& prefix,
                                     bool temporaries);

// Times of version 3 are whole seconds.
Entry entry_of(const std::string& key, const sftp::Attributes& attributes);

}  // namespace pgdr::store
