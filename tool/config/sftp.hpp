// The keys of a [repository.NAME] with type = "sftp": used by config.cpp alone.
#pragma once

#include <string>

#include "config/config.hpp"
#include "config/section.hpp"

namespace pgdr {

// Reads and checks all keys but "type"; errors go where the section's go.
void read_sftp_repository(Section& section, SftpConfig& out);
// "sftp://user@host:port/path": two repositories with the same are one place.
std::string sftp_place(const SftpConfig& config);

}  // namespace pgdr
