// Folders beneath a root, walked one part at a time without following a symbolic link, so that no
// key and no link planted in a repository leads outside of it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/stat.h>

#include "base/clock.hpp"
#include "base/fd.hpp"
#include "base/result.hpp"

namespace pgdr::store {

// An Error for errno at the place it happened: ENOSPC and EDQUOT are kNoSpace, ENOENT is kNotFound.
Error path_error(int error, const std::string& what, const std::string& path);

// "a/b/c" -> {"a", "b"} and "c".
std::pair<std::vector<std::string>, std::string> split_key(std::string_view key);

// A name for a temporary beside key: "a/b/.tmp-NAME-RANDOM".
std::string temporary_key(const std::string& key);

// Opens root/parts…. kNotFound when one is absent, unless `create` makes it (0700).
Result<Fd> open_folder(int root, const std::vector<std::string>& parts, bool create,
                       const std::string& location);

// When it was last written.
Time modified_time(const struct stat& info);

}  // namespace pgdr::store
