// Objects of an SFTP store on their way. Used by sftp_store.cpp.
#pragma once

#include <memory>
#include <string>

#include "store/sftp/sftp_client.hpp"

namespace pgdr::store {

Result<std::unique_ptr<Upload>> start_sftp_upload(SftpClient& client, const std::string& key);
// From offset to the size that the file has now, at most `length` bytes. Nothing beyond them is
// asked for: a session goes back only when no answer is outstanding, and a new one is a login.
Result<std::unique_ptr<Source>> open_sftp_source(SftpClient& client, const std::string& key,
                                                 std::uint64_t offset,
                                                 std::uint64_t length = UINT64_MAX);

}  // namespace pgdr::store
