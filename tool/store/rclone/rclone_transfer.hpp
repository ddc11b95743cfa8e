// Objects of an rclone store on their way. Used by rclone_store.cpp.
#pragma once

#include <memory>
#include <string>

#include "store/rclone/rclone_client.hpp"

namespace pgdr::store {

Result<std::unique_ptr<Upload>> start_rclone_upload(RcloneClient& client, const std::string& key);
Result<std::unique_ptr<Source>> open_rclone_source(RcloneClient& client, const std::string& key,
                                                   std::uint64_t offset);

}  // namespace pgdr::store
