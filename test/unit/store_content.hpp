// Content for tests of stores, and reading it back.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "store/store.hpp"

namespace pgdr::test {

// Bytes that no compression and no page size makes special; the same for the same arguments.
inline std::string content_of(std::size_t size, unsigned seed = 1) {
  std::string out(size, '\0');
  std::uint64_t state = 0x9E3779B97F4A7C15ULL * (seed + 1);
  for (char& c : out) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    c = static_cast<char>(state >> 56U);
  }
  return out;
}

// Everything from offset on, read in pieces of `piece` bytes.
inline Result<std::string> read_back(store::Store& store, const std::string& key,
                                     std::uint64_t offset = 0, std::size_t piece = 65536) {
  PGDR_TRY(const std::unique_ptr<Source> source, store.open(key, offset));
  std::string out;
  std::vector<std::byte> buffer(piece);
  for (;;) {
    PGDR_TRY(const std::size_t n, source->read(buffer));
    if (n == 0) return out;
    out += text_of(Bytes(buffer.data(), n));
  }
}

}  // namespace pgdr::test
