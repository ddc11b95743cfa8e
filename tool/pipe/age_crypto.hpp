// The primitives of age v1, over OpenSSL's EVP interface. Sizes are fixed by the format.
#pragma once

#include <openssl/crypto.h>

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/stream.hpp"

namespace pgdr::pipe {

// Bytes that are overwritten when they go.
template <std::size_t N>
struct Secret {
  std::array<unsigned char, N> bytes{};
  Secret() = default;
  Secret(const Secret&) = default;
  Secret& operator=(const Secret&) = default;
  ~Secret() { OPENSSL_cleanse(bytes.data(), N); }
  [[nodiscard]] std::string_view view() const {
    return {reinterpret_cast<const char*>(bytes.data()), N};
  }
};
using FileKey = Secret<16>;
using Key32 = Secret<32>;
inline constexpr std::size_t kTagSize = 16;
inline constexpr std::size_t kWrappedSize = 16 + kTagSize;  // a file key with its tag

Status random_bytes(unsigned char* out, std::size_t size);  // from OpenSSL's private generator

Result<Key32> hkdf_sha256(std::string_view ikm, std::string_view salt, std::string_view info);
Result<std::string> hmac_sha256(std::string_view key, std::string_view text);  // 32 raw bytes

// kFailed when the peer's point is of low order (an all-zero secret).
Result<Key32> x25519(const std::array<unsigned char, 32>& secret, std::string_view peer);
Result<std::string> x25519_public(const std::array<unsigned char, 32>& secret);  // 32 raw bytes

// N = 2^log_n, r = 8, p = 1.
Result<Key32> scrypt(std::string_view passphrase, std::string_view salt, int log_n);

// A file key under ChaCha20-Poly1305 with a zero nonce: every wrap key is used once.
Result<std::string> wrap_file_key(const Key32& key, const FileKey& file_key);
// nullopt: not authentic. wrapped has kWrappedSize bytes.
Result<std::optional<FileKey>> unwrap_file_key(const Key32& key, std::string_view wrapped);

}  // namespace pgdr::pipe
