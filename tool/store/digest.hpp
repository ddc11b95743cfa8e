// SHA-256, HMAC-SHA-256 and MD5 over OpenSSL, for signing requests and checking transfers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/stream.hpp"

namespace pgdr::store {

// A digest in progress. MD5 may be switched off by the system's policy (FIPS): then ok() is false
// and the result empty.
class Hasher {
 public:
  enum class Kind { kSha256, kMd5 };
  explicit Hasher(Kind kind);
  ~Hasher();
  Hasher(const Hasher&) = delete;
  Hasher& operator=(const Hasher&) = delete;

  [[nodiscard]] bool ok() const { return ok_; }
  void update(Bytes data);
  std::string finish();  // the raw digest; once

 private:
  struct State;
  std::unique_ptr<State> state_;
  bool ok_ = false;
};

std::string sha256(Bytes data);                                        // 32 raw bytes
std::string sha256_hex(Bytes data);                                    // 64 lower-case digits
std::optional<std::string> md5(Bytes data);                            // 16 raw bytes
std::string hmac_sha256(std::string_view key, std::string_view text);  // 32 raw bytes
std::string to_hex(std::string_view raw);                              // lower case

}  // namespace pgdr::store
