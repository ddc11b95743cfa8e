// A digest in its text form, for the core's tests.
#pragma once

#include <string>

#include "core/digest.hpp"

namespace pgdr::core {

inline std::string text_of(const Digest& digest) {
  char out[kDigestTextMax];
  const size_t n = format_digest(digest, out);
  EXPECT_EQ(out[n], '\0');
  return {out, n};
}

}  // namespace pgdr::core
