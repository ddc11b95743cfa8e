// Ed25519 signatures (RFC 8032) of manifests.
//
// Texts: a private key is PKCS #8 PEM, as `openssl genpkey -algorithm ed25519` writes it; a public
// key is "ed25519:" + base64 of its 32 bytes; a signature is base64 of its 64 bytes, one line
// without a line end. By hand: openssl pkeyutl -verify -rawin -pubin -inkey P -sigfile S -in FILE.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "base/stream.hpp"

namespace pgdr {

class SigningKey {
 public:
  static Result<SigningKey> generate();
  static Result<SigningKey> from_pem(std::string_view pem);  // kNoKey
  static Result<SigningKey> from_seed(const std::array<unsigned char, 32>& seed);
  // A file that only its owner may read (read_secret_file), else kNoKey with a hint.
  static Result<SigningKey> load(const std::string& path);

  [[nodiscard]] Result<std::string> pem() const;  // secret: cleanse() it after use
  [[nodiscard]] const std::string& public_text() const { return public_text_; }
  [[nodiscard]] Result<std::string> sign(std::string_view content) const;

 private:
  struct Key;
  SigningKey(std::shared_ptr<const Key> key, std::string public_text)
      : key_(std::move(key)), public_text_(std::move(public_text)) {}
  static Result<SigningKey> of(std::shared_ptr<const Key> key);
  std::shared_ptr<const Key> key_;
  std::string public_text_;
};

// Whether text is a public key; kUsage if not.
Status check_public_key(std::string_view public_text);
// Success if `signature` over content is public_text's. kCorrupt: it is not. kUsage: public_text is
// no public key. One line end after the signature is accepted.
Status verify_signature(std::string_view public_text, std::string_view content,
                        std::string_view signature);

}  // namespace pgdr
