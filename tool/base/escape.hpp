// Bytes that are no UTF-8, in an escape form that a UTF-8 database can keep.
//
//   escape_bytes("caf\xE9 closed")  ->  "caf<E9> closed"
//   unescape_bytes(…) gives the very bytes back
#pragma once

#include <string>
#include <string_view>

namespace pgdr {

// Bytes that do not belong to a well-formed character (RFC 3629), and zero bytes, become <HH>. What
// looks like such an escape already becomes "<3C>HH>", so that unescape_bytes() is exact. Texts
// with neither stay as they are.
std::string escape_bytes(std::string_view text);
std::string unescape_bytes(std::string_view text);

}  // namespace pgdr
