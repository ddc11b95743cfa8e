// The ASCII armor of age files (C2SP age.md, "ASCII armor": strict PEM of RFC 7468). Read only:
// pgdr never writes it.
#pragma once

#include <memory>
#include <string_view>

#include "base/stream.hpp"

namespace pgdr::pipe {

// Whether the beginning of a file (64 bytes are enough) looks armored: white space, then
// "-----BEGIN".
bool looks_armored(std::string_view beginning);

// The bytes inside the armor. Lines end with LF or CRLF; white space before and after the block is
// accepted up to 1 KiB each; anything else that is not canonical is kCorrupt, "armor: <why>".
std::unique_ptr<Source> armor_source(Source& from);

}  // namespace pgdr::pipe
