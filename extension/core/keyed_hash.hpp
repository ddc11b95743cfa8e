// The keyed row hash of FORMAT.md: HMAC-SHA-256 under a key derived from the caller's, and the two
// other values derived from it.
//
// Usage:  KeyedHash keyed;  if (!keyed.open(secret, length)) …;
//         U256 h = keyed.hash(bytes, n);     or     keyed.reset(); keyed.update(…); keyed.finish();
//         keyed.close();
// Holds memory of OpenSSL between open() and close(); has no destructor, for an owner that may be
// left by longjmp. After a failure inside OpenSSL (which only lack of memory causes) failed() is
// true and results are meaningless.
#pragma once

#include <cstddef>
#include <cstdint>

#include "core/digest.hpp"

struct evp_md_ctx_st;

namespace pgdr::core {

// Shorter secrets are refused: they can be tried out.
inline constexpr size_t kSecretMin = 16;
inline constexpr size_t kDerivedKey = 32;
inline constexpr size_t kKeyCheck = 16;

// What is derived from the secret. Tells nothing about it.
struct DerivedKeys {
  uint8_t rows[kDerivedKey];  // hashes rows
  uint8_t seal[kDerivedKey];  // seals documents
  uint8_t check[kKeyCheck];   // goes into documents: which key it was. No secret.
};

// False: OpenSSL failed.
bool derive_keys(const void* secret, size_t length, DerivedKeys* out);

// out: 32 bytes. False: OpenSSL failed.
bool hmac_sha256(const uint8_t (&key)[kDerivedKey], const void* data, size_t length, uint8_t* out);

// Overwrites memory that held a secret, whatever the optimizer thinks of it.
void wipe(void* data, size_t length);

class KeyedHash {
 public:
  // The key for rows; copied by OpenSSL. False: OpenSSL failed, nothing to close.
  bool open(const uint8_t (&row_key)[kDerivedKey]);
  void close();

  void reset();
  void update(const void* data, size_t length);
  U256 finish();

  U256 hash(const void* data, size_t length) {
    reset();
    update(data, length);
    return finish();
  }
  bool failed() const { return failed_; }

 private:
  // SHA-256 after the first block of the inner and of the outer hash, which the key alone decides;
  // and the hash at work.
  evp_md_ctx_st* inner_;
  evp_md_ctx_st* outer_;
  evp_md_ctx_st* work_;
  bool failed_;
};

}  // namespace pgdr::core
