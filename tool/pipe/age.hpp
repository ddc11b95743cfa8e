// The age v1 file format (https://age-encryption.org/v1, C2SP age.md): X25519 recipients and scrypt
// passphrases.
//
//   auto sink = pipe::age_encrypt(next, recipients);    // binary, never armored
//   auto source = pipe::age_decrypt(from, identities);  // binary or armored
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/stream.hpp"

namespace pgdr::pipe {

// A public key "age1…" (Bech32, checksum verified).
struct Recipient {
  std::string text;
  std::array<unsigned char, 32> key;
};
Result<Recipient> parse_recipient(std::string_view text);
// One recipient per line; blank lines and # comments are skipped.
Result<std::vector<Recipient>> parse_recipients_file(std::string_view content);

// A private key "AGE-SECRET-KEY-1…". The key is cleansed when the last copy goes.
class Identity {
 public:
  static Result<Identity> generate();
  static Result<Identity> parse(std::string_view text);
  [[nodiscard]] std::string secret_text() const;  // AGE-SECRET-KEY-1…
  [[nodiscard]] Recipient recipient() const;
  [[nodiscard]] const std::array<unsigned char, 32>& key() const;

 private:
  std::shared_ptr<const std::array<unsigned char, 32>> key_;
};
// age's identity file: comments, blank lines, one identity per line.
Result<std::vector<Identity>> parse_identity_file(std::string_view content);
// "# created: …\n# public key: age1…\nAGE-SECRET-KEY-1…\n", as age-keygen writes it.
std::string identity_file_text(const Identity& identity, std::string_view created_iso);

// What opens a file: identities and/or a passphrase (either may be empty).
struct Keys {
  std::vector<Identity> identities;
  std::string passphrase;
};

// Either recipients (one or more), or a passphrase (then no recipients), as age demands.
struct Lock {
  std::vector<Recipient> recipients;
  std::string passphrase;
  int scrypt_log_n = 18;  // age's default work factor
};

Result<std::unique_ptr<Sink>> age_encrypt(Sink& next, const Lock& lock);
// Reads and authenticates the header at once. kNoKey: no identity or passphrase fits; kCorrupt:
// header or payload is not authentic, truncated, or has trailing data; kUsage: not an age file.
Result<std::unique_ptr<Source>> age_decrypt(Source& from, const Keys& keys);

}  // namespace pgdr::pipe
