// The keys of a [repository.NAME] with type = "rclone": used by config.cpp alone.
#pragma once

#include <string>

#include "config/config.hpp"
#include "config/section.hpp"

namespace pgdr {

// Reads and checks all keys but "type"; errors go where the section's go.
void read_rclone_repository(Section& section, RcloneConfig& out);
// "rclone:remote:path": two repositories with the same are one place.
std::string rclone_place(const RcloneConfig& config);

}  // namespace pgdr
