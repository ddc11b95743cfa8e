// Bech32 (BIP 173) without its length limit, as age uses it for keys.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/stream.hpp"

namespace pgdr::pipe {

// hrp (the readable prefix) decides the case: all upper-case gives an upper-case result.
std::string bech32_encode(std::string_view hrp, Bytes data);

struct Bech32 {
  std::string hrp;   // in the case it was written in
  std::string data;  // raw bytes
};
// nullopt: mixed case, no separator, a foreign character, a wrong checksum, or padding that is not
// canonical.
std::optional<Bech32> bech32_decode(std::string_view text);

}  // namespace pgdr::pipe
