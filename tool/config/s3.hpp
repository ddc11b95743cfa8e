// The keys of a [repository.NAME] with type = "s3" or "gcs": used by config.cpp alone.
#pragma once

#include <string>

#include "config/config.hpp"
#include "config/section.hpp"

namespace pgdr {

// Reads and checks all keys but "type"; errors go where the section's go.
void read_s3_repository(Section& section, S3Config& out);
void read_gcs_repository(Section& section, S3Config& out);
// "s3://bucket/prefix at endpoint": two repositories with the same are one place.
std::string s3_place(const S3Config& config);

}  // namespace pgdr
