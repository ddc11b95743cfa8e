// Lists of chunks, for a file of any size: the size is the manifest's, which may lie as well.

#include <cstring>

#include "repo/chunk_list.hpp"
#include "fuzz/fuzz.hpp"

namespace pgdr {

PGDR_FUZZ_TARGET(chunk_list, input) {
  std::uint64_t size = 0;
  if (input.size() < sizeof size) return;
  std::memcpy(&size, input.data(), sizeof size);
  const std::string_view text = input.substr(sizeof size);
  const auto list = app::parse_chunks(text, size, "x");
  if (!list) return;
  fuzz::require(app::chunks_text(*list) == text || text.find(" 0") != std::string_view::npos,
                "it reads back otherwise");
  const std::uint64_t count = list->sha256.size();
  fuzz::require(count == 0 ? size == 0 : (size - 1) / list->chunk_bytes == count - 1,
                "a list that is none for this size");
}

}  // namespace pgdr
