// Streaming stages over base/stream.hpp: hash and size, zstd, tee. Each owns nothing but its state;
// the next stage is borrowed and outlives it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/stream.hpp"

namespace pgdr::pipe {

// SHA-256 and length of what passed. Lower-case hex.
struct Digest {
  std::string sha256;
  std::uint64_t bytes = 0;
};

// next may be null: then bytes are only counted. digest() after finish().
class HashSink : public Sink {
 public:
  [[nodiscard]] virtual Digest digest() const = 0;
  [[nodiscard]] virtual std::uint64_t bytes() const = 0;  // so far
};
std::unique_ptr<HashSink> hash_sink(Sink* next);

class HashSource : public Source {
 public:
  [[nodiscard]] virtual Digest digest() const = 0;  // after the end
  [[nodiscard]] virtual std::uint64_t bytes() const = 0;
};
std::unique_ptr<HashSource> hash_source(Source& from);

// One zstd frame with content checksum. level 1..12 (HAZARDS 27), workers 0 = in the calling
// thread; above level 8 at most one is used, because each takes 24 to 54 MiB there. Memory at level
// 3: 4 MiB, 22 MiB with one worker, 31 MiB with two; at level 12 with one worker 70 MiB.
Result<std::unique_ptr<Sink>> zstd_sink(Sink& next, int level, int workers);
// Exactly one frame or several concatenated; bytes after the last frame, or a frame cut short, are
// kCorrupt.
Result<std::unique_ptr<Source>> zstd_source(Source& from);

// Writes to all; the first failure fails the write.
std::unique_ptr<Sink> tee_sink(std::vector<Sink*> next);

std::unique_ptr<Source> memory_source(std::string content);
std::unique_ptr<Sink> memory_sink(std::string& out);  // appends

}  // namespace pgdr::pipe
