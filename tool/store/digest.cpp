#include "store/digest.hpp"

#include <array>
#include <stdexcept>

#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace pgdr::store {

struct Hasher::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
};

Hasher::Hasher(Kind kind) : state_(std::make_unique<State>()) {
  const EVP_MD* algorithm = kind == Kind::kSha256 ? EVP_sha256() : EVP_md5();
  ok_ = EVP_DigestInit_ex(state_->context, algorithm, nullptr) == 1;
  if (!ok_ && kind == Kind::kSha256) throw std::runtime_error("OpenSSL has no SHA-256");
}

Hasher::~Hasher() = default;

void Hasher::update(Bytes data) {
  if (ok_ && EVP_DigestUpdate(state_->context, data.data(), data.size()) != 1) {
    throw std::runtime_error("OpenSSL cannot compute a digest");
  }
}

std::string Hasher::finish() {
  if (!ok_) return {};
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned size = 0;
  if (EVP_DigestFinal_ex(state_->context, raw.data(), &size) != 1) {
    throw std::runtime_error("OpenSSL cannot compute a digest");
  }
  return {reinterpret_cast<const char*>(raw.data()), size};
}

std::string sha256(Bytes data) {
  Hasher hasher(Hasher::Kind::kSha256);
  hasher.update(data);
  return hasher.finish();
}

std::string sha256_hex(Bytes data) { return to_hex(sha256(data)); }

std::optional<std::string> md5(Bytes data) {
  Hasher hasher(Hasher::Kind::kMd5);
  if (!hasher.ok()) return std::nullopt;
  hasher.update(data);
  return hasher.finish();
}

std::string hmac_sha256(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> raw{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(text.data()), text.size(), raw.data(),
           &size) == nullptr) {
    throw std::runtime_error("OpenSSL cannot compute an HMAC");
  }
  return {reinterpret_cast<const char*>(raw.data()), size};
}

std::string to_hex(std::string_view raw) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(raw.size() * 2);
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

}  // namespace pgdr::store
