// The key of keyed fingerprints, from its file ([fingerprint] key_file) to a statement's parameter.
#pragma once

#include <string>

#include "base/result.hpp"

namespace pgdr {

// Overwritten when it goes. Not copied; moved from one owner to the next.
class FingerprintKey {
 public:
  // A file that only its owner may read, whose first line is the key in hexadecimal, 16 bytes or
  // more; 32 random ones are right: `openssl rand -hex 32`. kNoKey otherwise, with what to do.
  static Result<FingerprintKey> load(const std::string& path);

  FingerprintKey(FingerprintKey&& other) noexcept;
  FingerprintKey& operator=(FingerprintKey&& other) noexcept;
  FingerprintKey(const FingerprintKey&) = delete;
  FingerprintKey& operator=(const FingerprintKey&) = delete;
  ~FingerprintKey();

  // As PostgreSQL reads a bytea: "\x" and the hexadecimal digits. A secret.
  [[nodiscard]] const std::string& bytea() const { return bytea_; }

 private:
  explicit FingerprintKey(std::string bytea) : bytea_(std::move(bytea)) {}
  std::string bytea_;
};

}  // namespace pgdr
