#include "base/stream.hpp"

#include <vector>

#include "base/interrupt.hpp"

namespace pgdr {

Result<std::size_t> read_full(Source& from, MutableBytes buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    PGDR_TRY(const std::size_t n, from.read(buffer.subspan(filled)));
    if (n == 0) break;
    filled += n;
  }
  return filled;
}

Result<std::uint64_t> copy_all(Source& from, Sink& to) {
  std::vector<std::byte> buffer(kCopyBuffer);
  std::uint64_t total = 0;
  for (;;) {
    if (interrupted()) return interrupted_error();
    PGDR_TRY(const std::size_t n, from.read(buffer));
    if (n == 0) return total;
    PGDR_CHECK(to.write(Bytes(buffer.data(), n)));
    total += n;
  }
}

}  // namespace pgdr
