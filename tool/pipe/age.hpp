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
// age's identity file: comments, blank lines, one identity per line. kNoKey names the line, never
// its content; an identity file that is itself encrypted is kNoKey with a hint: see
// open_identity_file().
Result<std::vector<Identity>> parse_identity_file(std::string_view content);
// Whether content is an age file (binary or armored), as `age -p` makes of an identity file.
bool is_age_file(std::string_view content);
// parse_identity_file() of content, decrypted first with the passphrase if it is an age file.
Result<std::vector<Identity>> open_identity_file(std::string_view content,
                                                 const std::string& passphrase);
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

// scrypt takes 1 KiB << scrypt_log_n of memory while the header is made or opened (256 MiB at 18);
// files that ask for more than 4 GiB (22) are refused, as age does. kUsage: neither or both of
// recipients and passphrase, or scrypt_log_n not in 1..22. The header is written at once.
Result<std::unique_ptr<Sink>> age_encrypt(Sink& next, const Lock& lock);
// The same payload under a new header: what `keys` open in `from`, `lock` opens in `next`. The file
// key stays, so whoever had the old file and its key can read the new one; and the payload is
// copied unread: whether it is authentic shows only when it is decrypted. Binary files only
// (kUsage); does not finish `next`. Errors as below.
Status age_rewrap(Source& from, const Keys& keys, const Lock& lock, Sink& next);
// Reads and authenticates the header at once. kNoKey: no identity or passphrase fits; kCorrupt:
// header or payload is not authentic, truncated, or has trailing data; kUsage: not an age file.
// Error texts tell the part that failed: "header: ", "header MAC: ", "payload: " or "armor: ".
Result<std::unique_ptr<Source>> age_decrypt(Source& from, const Keys& keys);

}  // namespace pgdr::pipe
