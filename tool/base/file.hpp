// Local files: what the store, keys and configuration need, with errors as values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/stream.hpp"

namespace pgdr {

// errno as an Error: "<what>: <reason>", with kNotFound, kExists, kNoSpace where they apply.
Error system_error(int errnum, const std::string& what);

Result<std::string> read_file(const std::string& path,
                              std::size_t limit = 16 << 20);  // kNotFound, kUsage when over limit
// Writes path atomically: temporary name in the same folder, fsync, rename, fsync of the folder.
// mode e.g. 0600. exclusive: kExists instead of replacing.
Status write_file(const std::string& path, std::string_view content, unsigned mode,
                  bool exclusive = false);
// A secret file must be a regular file that only its owner may read: else kNoKey with the chmod to
// run as a hint.
Result<std::string> read_secret_file(const std::string& path);
// A passphrase from such a file: the first line without its end of line; kNoKey when empty.
Result<std::string> read_passphrase_file(const std::string& path);
Result<std::unique_ptr<Source>> open_file(const std::string& path);
std::string expand_home(const std::string& path);           // leading "~/"
Result<std::uint64_t> free_space(const std::string& path);  // bytes available to this user
void cleanse(std::string& secret);                          // overwrites, then clears

}  // namespace pgdr
