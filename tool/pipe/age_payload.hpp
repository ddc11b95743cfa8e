// The payload of an age v1 file: the STREAM construction over 64 KiB chunks of ChaCha20-Poly1305.
#pragma once

#include <memory>

#include "base/stream.hpp"
#include "pipe/age_crypto.hpp"

namespace pgdr::pipe {

inline constexpr std::size_t kChunk = 64U << 10U;
inline constexpr std::size_t kNonceSize = 16;  // of the payload, in front of the first chunk

Result<Key32> payload_key(const FileKey& file_key, std::string_view nonce);

// Both start at the first chunk; header and nonce are done by the caller.
Result<std::unique_ptr<Sink>> payload_sink(Sink& next, const Key32& key);
// kCorrupt, "payload: <why>". Only authenticated bytes are given out; the end only after the final
// chunk with nothing behind it.
Result<std::unique_ptr<Source>> payload_source(std::unique_ptr<Source> from, const Key32& key);

}  // namespace pgdr::pipe
