#include "core/keyed_hash.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/params.h>

#include <cstring>

#include "core/bytes.hpp"

namespace pgdr::core {

namespace {

// HMAC of a label: one derived value. Labels are part of the format.
bool derive(const void* secret, size_t length, const char* label, uint8_t (&out)[kDerivedKey]) {
  unsigned int written = 0;
  return HMAC(EVP_sha256(), secret, static_cast<int>(length),
              reinterpret_cast<const unsigned char*>(label), std::strlen(label), out,
              &written) != nullptr &&
         written == kDerivedKey;
}

uint64_t load_be64(const uint8_t* p) { return __builtin_bswap64(load_le<uint64_t>(p)); }

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
  context_ = nullptr;
  EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  if (mac == nullptr) return false;
  context_ = EVP_MAC_CTX_new(mac);  // keeps the method alive
  EVP_MAC_free(mac);
  if (context_ == nullptr) return false;
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  if (EVP_MAC_init(context_, row_key, kDerivedKey, parameters) == 1) return true;
  close();
  return false;
}

void KeyedHash::close() {
  EVP_MAC_CTX_free(context_);
  context_ = nullptr;
}

// With the key it has.
void KeyedHash::reset() {
  if (EVP_MAC_init(context_, nullptr, 0, nullptr) != 1) failed_ = true;
}

void KeyedHash::update(const void* data, size_t length) {
  if (EVP_MAC_update(context_, static_cast<const unsigned char*>(data), length) != 1)
    failed_ = true;
}

U256 KeyedHash::finish() {
  uint8_t out[32] = {};
  size_t written = 0;
  if (EVP_MAC_final(context_, out, &written, sizeof out) != 1 || written != sizeof out)
    failed_ = true;
  return {{load_be64(out + 24), load_be64(out + 16), load_be64(out + 8), load_be64(out)}};
}

}  // namespace pgdr::core
