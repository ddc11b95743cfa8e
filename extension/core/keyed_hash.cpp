#include "core/keyed_hash.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstring>

#include "core/bytes.hpp"

namespace pgdr::core {

namespace {

constexpr size_t kBlock = 64;  // of SHA-256

// HMAC of a label: one derived value. Labels are part of the format.
bool derive(const void* secret, size_t length, const char* label, uint8_t (&out)[kDerivedKey]) {
  unsigned int written = 0;
  return HMAC(EVP_sha256(), secret, static_cast<int>(length),
              reinterpret_cast<const unsigned char*>(label), std::strlen(label), out,
              &written) != nullptr &&
         written == kDerivedKey;
}

uint64_t load_be64(const uint8_t* p) { return __builtin_bswap64(load_le<uint64_t>(p)); }

// The state of SHA-256 after the key, padded with zeros to a block, each byte changed by `pad`
// (RFC 2104).
evp_md_ctx_st* after_key(const uint8_t (&key)[kDerivedKey], uint8_t pad) {
  uint8_t block[kBlock];
  std::memset(block, pad, sizeof block);
  for (size_t i = 0; i < kDerivedKey; ++i) block[i] ^= key[i];
  EVP_MD_CTX* state = EVP_MD_CTX_new();
  if (state != nullptr && (EVP_DigestInit_ex(state, EVP_sha256(), nullptr) != 1 ||
                           EVP_DigestUpdate(state, block, sizeof block) != 1)) {
    EVP_MD_CTX_free(state);
    state = nullptr;
  }
  wipe(block, sizeof block);
  return state;
}

}  // namespace

bool derive_keys(const void* secret, size_t length, DerivedKeys* out) {
  uint8_t check[kDerivedKey];
  if (!derive(secret, length, "pgdr1 rows", out->rows) ||
      !derive(secret, length, "pgdr1 seal", out->seal) ||
      !derive(secret, length, "pgdr1 check", check))
    return false;
  std::memcpy(out->check, check, kKeyCheck);
  return true;
}

bool hmac_sha256(const uint8_t (&key)[kDerivedKey], const void* data, size_t length, uint8_t* out) {
  unsigned int written = 0;
  return HMAC(EVP_sha256(), key, kDerivedKey, static_cast<const unsigned char*>(data), length, out,
              &written) != nullptr;
}

void wipe(void* data, size_t length) { OPENSSL_cleanse(data, length); }

bool KeyedHash::open(const uint8_t (&row_key)[kDerivedKey]) {
  failed_ = false;
  inner_ = after_key(row_key, 0x36);
  outer_ = after_key(row_key, 0x5C);
  work_ = EVP_MD_CTX_new();
  if (inner_ != nullptr && outer_ != nullptr && work_ != nullptr) return true;
  close();
  return false;
}

void KeyedHash::close() {
  EVP_MD_CTX_free(inner_);
  EVP_MD_CTX_free(outer_);
  EVP_MD_CTX_free(work_);
  inner_ = outer_ = work_ = nullptr;
}

void KeyedHash::reset() {
  if (EVP_MD_CTX_copy_ex(work_, inner_) != 1) failed_ = true;
}

void KeyedHash::update(const void* data, size_t length) {
  if (EVP_DigestUpdate(work_, data, length) != 1) failed_ = true;
}

U256 KeyedHash::finish() {
  uint8_t out[32] = {};
  if (EVP_DigestFinal_ex(work_, out, nullptr) != 1 || EVP_MD_CTX_copy_ex(work_, outer_) != 1 ||
      EVP_DigestUpdate(work_, out, sizeof out) != 1 || EVP_DigestFinal_ex(work_, out, nullptr) != 1)
    failed_ = true;
  return {{load_be64(out + 24), load_be64(out + 16), load_be64(out + 8), load_be64(out)}};
}

}  // namespace pgdr::core
