// SHA-256 of every chunk of a stream: so that a part of it can be authenticated before the rest is
// there.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/stream.hpp"

namespace pgdr::pipe {

class ChunkHashSink : public Sink {
 public:
  // Lower-case hex, in order; the last chunk may be shorter. After finish(). None for no bytes.
  [[nodiscard]] virtual const std::vector<std::string>& digests() const = 0;
};
// next is borrowed. chunk_bytes: at least 1.
std::unique_ptr<ChunkHashSink> chunk_hash_sink(Sink& next, std::uint64_t chunk_bytes);

// Lower-case hex of one piece.
std::string sha256_of(Bytes data);

}  // namespace pgdr::pipe
