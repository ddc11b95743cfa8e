#include "repo/chunk_list.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace pgdr::app {
namespace {

constexpr std::string_view kMagic = "pgdr-chunks ";
constexpr std::size_t kDigest = 64;
// Pieces are read into memory.
constexpr std::uint64_t kLargestChunk = std::uint64_t{64} << 20U;

bool take_number(std::string_view& text, char end, std::uint64_t& out) {
  const char* last = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), last, out);
  if (error != std::errc() || at == last || *at != end) return false;
  text.remove_prefix(static_cast<std::size_t>(at - text.data()) + 1);
  return true;
}

bool is_digest(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

}  // namespace

std::string chunks_name(const std::string& artifact_name) { return artifact_name + ".chunks"; }

std::string chunks_text(const ChunkList& list) {
  std::string text = fmt::format("{}1 {}\n", kMagic, list.chunk_bytes);
  for (const auto& digest : list.sha256) text += digest + "\n";
  return text;
}

Result<ChunkList> parse_chunks(std::string_view text, std::uint64_t stored_bytes,
                               const std::string& where) {
  const Error bad = Error::of(Code::kCorrupt, fmt::format("{}: not a list of chunks", where));
  if (text.substr(0, kMagic.size()) != kMagic) return bad;
  text.remove_prefix(kMagic.size());
  std::uint64_t version = 0;
  ChunkList list;
  if (!take_number(text, ' ', version) || version == 0) return bad;
  if (version > 1) {
    return Error::of(Code::kUsage,
                     fmt::format("{}: its format is newer than this program reads", where),
                     "use the pgdr that wrote it, or a later one");
  }
  if (!take_number(text, '\n', list.chunk_bytes)) return bad;
  if (list.chunk_bytes == 0 || list.chunk_bytes > kLargestChunk) return bad;
  // Without a sum or product that a size near 2^64 could wrap around.
  const std::uint64_t count =
      stored_bytes / list.chunk_bytes + (stored_bytes % list.chunk_bytes == 0 ? 0 : 1);
  if (text.size() % (kDigest + 1) != 0 || text.size() / (kDigest + 1) != count) return bad;
  list.sha256.reserve(count);
  for (; !text.empty(); text.remove_prefix(kDigest + 1)) {
    if (text[kDigest] != '\n' || !is_digest(text.substr(0, kDigest))) return bad;
    list.sha256.emplace_back(text.substr(0, kDigest));
  }
  return list;
}

}  // namespace pgdr::app
