#include "base/signing.hpp"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <optional>

#include "base/base64.hpp"
#include "base/file.hpp"

namespace pgdr {

namespace {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* p) const {
    Free(p);
  }
};
using PkeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using MdCtxPtr = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using BioPtr = std::unique_ptr<BIO, Freer<BIO_free_all>>;

constexpr std::string_view kPrefix = "ed25519:";
constexpr std::size_t kKeySize = 32;
constexpr std::size_t kSignatureSize = 64;

const unsigned char* uchars(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

Error bad_key(const char* why) { return Error::of(Code::kNoKey, why); }

std::optional<std::string> public_bytes(std::string_view text) {
  if (!text.starts_with(kPrefix)) return std::nullopt;
  auto raw = base64_decode(text.substr(kPrefix.size()));
  if (!raw || raw->size() != kKeySize) return std::nullopt;
  return raw;
}

// No pass phrase is ever asked for on the terminal: an encrypted key is refused.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writing*/, void* /*data*/) { return -1; }

}  // namespace

struct SigningKey::Key {
  PkeyPtr pkey;
};

Result<SigningKey> SigningKey::of(std::shared_ptr<const Key> key) {
  if (!key->pkey) return bad_key("cannot make a signing key");
  std::array<unsigned char, kKeySize> raw{};
  std::size_t size = raw.size();
  if (EVP_PKEY_get_id(key->pkey.get()) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_public_key(key->pkey.get(), raw.data(), &size) != 1 || size != kKeySize) {
    return bad_key("the signing key is not an Ed25519 key");
  }
  return SigningKey(std::move(key),
                    std::string(kPrefix) + base64_encode(std::as_bytes(std::span(raw))));
}

Result<SigningKey> SigningKey::generate() {
  return of(
      std::make_shared<const Key>(Key{PkeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"))}));
}

Result<SigningKey> SigningKey::from_seed(const std::array<unsigned char, 32>& seed) {
  return of(std::make_shared<const Key>(Key{
      PkeyPtr(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, seed.data(), seed.size()))}));
}

Result<SigningKey> SigningKey::from_pem(std::string_view pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  PkeyPtr pkey(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr);
  if (!pkey) return bad_key("the signing key is not an unencrypted PEM private key");
  return of(std::make_shared<const Key>(Key{std::move(pkey)}));
}

Result<SigningKey> SigningKey::load(const std::string& path) {
  PGDR_TRY(std::string content, read_secret_file(path));
  Result<SigningKey> key = from_pem(content);
  cleanse(content);
  if (!key) return key.error().context(path);
  return key;
}

Result<std::string> SigningKey::pem() const {
  const BioPtr bio(BIO_new(BIO_s_secmem()));
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key_->pkey.get(), nullptr, nullptr, 0,
                                            nullptr, nullptr) != 1) {
    return bad_key("cannot write the signing key");
  }
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

Result<std::string> SigningKey::sign(std::string_view content) const {
  const MdCtxPtr ctx(EVP_MD_CTX_new());
  std::array<unsigned char, kSignatureSize> signature{};
  std::size_t size = signature.size();
  if (!ctx || EVP_DigestSignInit(ctx.get(), nullptr, nullptr, nullptr, key_->pkey.get()) != 1 ||
      EVP_DigestSign(ctx.get(), signature.data(), &size, uchars(content), content.size()) != 1) {
    return Error::of(Code::kFailed, "cannot sign");
  }
  return base64_encode(std::as_bytes(std::span(signature)));
}

Status check_public_key(std::string_view public_text) {
  if (public_bytes(public_text)) return success();
  return Error::of(Code::kUsage, fmt::format("'{}' is not a public signing key", public_text),
                   "it looks like ed25519: followed by 44 characters of base64");
}

Status verify_signature(std::string_view public_text, std::string_view content,
                        std::string_view signature) {
  PGDR_CHECK(check_public_key(public_text));
  const std::string raw_key = *public_bytes(public_text);
  if (!signature.empty() && signature.back() == '\n') signature.remove_suffix(1);
  const auto raw = base64_decode(signature);
  const PkeyPtr pkey(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, uchars(raw_key), raw_key.size()));
  const MdCtxPtr ctx(EVP_MD_CTX_new());
  if (!raw || raw->size() != kSignatureSize || !pkey || !ctx ||
      EVP_DigestVerifyInit(ctx.get(), nullptr, nullptr, nullptr, pkey.get()) != 1 ||
      EVP_DigestVerify(ctx.get(), uchars(*raw), raw->size(), uchars(content), content.size()) !=
          1) {
    return Error::of(Code::kCorrupt, fmt::format("the signature is not valid for {}", public_text));
  }
  return success();
}

}  // namespace pgdr
