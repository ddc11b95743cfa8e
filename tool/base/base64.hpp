// Base64 of RFC 4648, standard alphabet, strict: canonical encodings only (unused bits zero, no
// line breaks, no other characters).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/stream.hpp"

namespace pgdr {

std::string base64_encode(Bytes data, bool padded = true);
// nullopt unless text is exactly what base64_encode(result, padded) gives. The result holds raw
// bytes.
std::optional<std::string> base64_decode(std::string_view text, bool padded = true);

}  // namespace pgdr
