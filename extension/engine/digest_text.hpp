// Digests and key buckets from their text in documents. Both raise an error for anything malformed
// or of another algorithm.
#pragma once

#include "base/pg.hpp"

#include "core/digest.hpp"

namespace pgdr {

core::Digest parse_digest_text(text* value);

// 2^bits, in room for core::kBucketsMax, palloc'd.
core::Digest* parse_buckets_text(text* value, int32 bits);

}  // namespace pgdr
