// Byte streams: the one contract that pipe stages, stores and processes share.
//
//   writing (push):  process output -> compress -> encrypt -> hash -> store upload     each a Sink
//   in front of the next reading (pull):  store download -> hash -> decrypt -> decompress ->
//   process input  each a Source behind the next
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.hpp"

namespace pgdr {

using Bytes = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;

// Large enough that the cost per call vanishes, small enough to stay in the second-level cache.
inline constexpr std::size_t kCopyBuffer = std::size_t{256} << 10U;

inline Bytes bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Receives bytes in order. write() takes all of data or fails. finish() says that the stream is
// complete: it flushes this stage and finishes the next; it is called exactly once, never after a
// failure. A stage destroyed without finish() leaves an incomplete stream behind, which no reader
// may accept as complete. Not thread safe.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;
  virtual Status write(Bytes data) = 0;
  virtual Status finish() = 0;
};

// Gives bytes in order. read() fills at most buffer.size() bytes and returns how many; 0 means the
// end, reported only when the stream is known to be complete and authentic as far as this stage can
// tell (a truncated, altered or extended stream is kCorrupt). After 0 or an error it is not called
// again. Not thread safe.
class Source {
 public:
  Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  virtual ~Source() = default;
  virtual Result<std::size_t> read(MutableBytes buffer) = 0;
};

// Reads until buffer is full or the source ends; less than buffer.size() means the end.
Result<std::size_t> read_full(Source& from, MutableBytes buffer);

// Bytes that moved.
Result<std::uint64_t> copy_all(
    Source& from, Sink& to);  // does not finish() `to`; stops with kInterrupted on interrupt

}  // namespace pgdr
