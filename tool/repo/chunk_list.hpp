// The list of a stored file's chunks: its SHA-256 digests, piece by piece. Itself a file of the
// backup, vouched for by the manifest, so that every piece of a large file can be authenticated
// before anything is done with it, and a damaged piece be taken from another copy. Format:
// doc/repository-format.md.
//
//   pgdr-chunks 1 4194304
//   <64 hexadecimal digits>
//   …
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "repo/manifest.hpp"

namespace pgdr::app {

inline constexpr const char* kChunksKind = "chunks";
inline constexpr std::uint64_t kChunkBytes = std::uint64_t{4} << 20U;

struct ChunkList {
  std::uint64_t chunk_bytes = kChunkBytes;
  std::vector<std::string> sha256;  // lower-case hex
};

std::string chunks_name(const std::string& artifact_name);
std::string chunks_text(const ChunkList& list);
// kCorrupt unless it is a list for a file of so many bytes; kUsage for one of a later version.
Result<ChunkList> parse_chunks(std::string_view text, std::uint64_t stored_bytes,
                               const std::string& where);

}  // namespace pgdr::app
