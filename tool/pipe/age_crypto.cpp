#include "pipe/age_crypto.hpp"

#include <fmt/format.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

#include <algorithm>

#include "pipe/openssl_ptr.hpp"

namespace pgdr::pipe {

namespace {

Error failed(const char* what) {
  return Error::of(Code::kFailed, fmt::format("OpenSSL cannot do {}", what));
}

const unsigned char* uchars(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

OSSL_PARAM octets(const char* name, std::string_view value) {
  return OSSL_PARAM_construct_octet_string(name, const_cast<char*>(value.data()), value.size());
}

constexpr std::array<unsigned char, 12> kZeroNonce{};

}  // namespace

Status random_bytes(unsigned char* out, std::size_t size) {
  if (RAND_priv_bytes(out, static_cast<int>(size)) != 1) return failed("random numbers");
  return success();
}

Result<Key32> hkdf_sha256(std::string_view ikm, std::string_view salt, std::string_view info) {
  const KdfPtr kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const KdfCtxPtr ctx(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
  if (!ctx) return failed("HKDF");
  std::string digest = "SHA256";
  std::array<OSSL_PARAM, 5> params{
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      octets(OSSL_KDF_PARAM_KEY, ikm), octets(OSSL_KDF_PARAM_INFO, info),
      // No salt and an empty salt mean the same (RFC 5869), but OpenSSL wants the former.
      salt.empty() ? OSSL_PARAM_construct_end() : octets(OSSL_KDF_PARAM_SALT, salt),
      OSSL_PARAM_construct_end()};
  Key32 key;
  if (EVP_KDF_derive(ctx.get(), key.bytes.data(), key.bytes.size(), params.data()) != 1) {
    return failed("HKDF");
  }
  return key;
}

Result<std::string> hmac_sha256(std::string_view key, std::string_view text) {
  std::string mac(32, '\0');
  std::size_t size = 0;
  if (EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA256", nullptr, key.data(), key.size(), uchars(text),
                text.size(), reinterpret_cast<unsigned char*>(mac.data()), mac.size(),
                &size) == nullptr ||
      size != mac.size()) {
    return failed("HMAC");
  }
  return mac;
}

Result<Key32> x25519(const std::array<unsigned char, 32>& secret, std::string_view peer) {
  const PkeyPtr own(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, secret.data(), secret.size()));
  const PkeyPtr other(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, uchars(peer), peer.size()));
  const PkeyCtxPtr ctx(own ? EVP_PKEY_CTX_new(own.get(), nullptr) : nullptr);
  if (!other || !ctx || EVP_PKEY_derive_init(ctx.get()) != 1 ||
      EVP_PKEY_derive_set_peer(ctx.get(), other.get()) != 1) {
    return failed("X25519");
  }
  Key32 shared;
  std::size_t size = shared.bytes.size();
  // OpenSSL fails on an all-zero result; the second check does not rely on it.
  const bool derived = EVP_PKEY_derive(ctx.get(), shared.bytes.data(), &size) == 1 && size == 32;
  const Key32 zero;
  if (!derived || CRYPTO_memcmp(shared.bytes.data(), zero.bytes.data(), 32) == 0) {
    return Error::of(Code::kFailed, "the key share is a point of low order");
  }
  return shared;
}

Result<std::string> x25519_public(const std::array<unsigned char, 32>& secret) {
  const PkeyPtr own(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, secret.data(), secret.size()));
  std::string key(32, '\0');
  std::size_t size = key.size();
  if (!own || EVP_PKEY_get_raw_public_key(own.get(), reinterpret_cast<unsigned char*>(key.data()),
                                          &size) != 1) {
    return failed("X25519");
  }
  return key;
}

Result<Key32> scrypt(std::string_view passphrase, std::string_view salt, int log_n) {
  const std::uint64_t n = std::uint64_t{1} << static_cast<unsigned>(log_n);
  const std::uint64_t needed = 1024 * (n + 2) + (1U << 16U);
  Key32 key;
  if (EVP_PBE_scrypt(passphrase.data(), passphrase.size(), uchars(salt), salt.size(), n, 8, 1,
                     needed, key.bytes.data(), key.bytes.size()) != 1) {
    return Error::of(Code::kFailed,
                     fmt::format("scrypt failed (it needs {} MiB of memory)", needed >> 20U));
  }
  return key;
}

Result<std::string> wrap_file_key(const Key32& key, const FileKey& file_key) {
  const CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
  std::string wrapped(kWrappedSize, '\0');
  auto* out = reinterpret_cast<unsigned char*>(wrapped.data());
  int n = 0;
  if (!ctx ||
      EVP_EncryptInit_ex(ctx.get(), EVP_chacha20_poly1305(), nullptr, key.bytes.data(),
                         kZeroNonce.data()) != 1 ||
      EVP_EncryptUpdate(ctx.get(), out, &n, file_key.bytes.data(), 16) != 1 || n != 16 ||
      EVP_EncryptFinal_ex(ctx.get(), out + 16, &n) != 1 ||
      EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize, out + 16) != 1) {
    return failed("ChaCha20-Poly1305");
  }
  return wrapped;
}

Result<std::optional<FileKey>> unwrap_file_key(const Key32& key, std::string_view wrapped) {
  const CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
  std::array<unsigned char, kTagSize> tag{};
  std::copy_n(uchars(wrapped) + 16, kTagSize, tag.begin());
  FileKey file_key;
  int n = 0;
  if (!ctx ||
      EVP_DecryptInit_ex(ctx.get(), EVP_chacha20_poly1305(), nullptr, key.bytes.data(),
                         kZeroNonce.data()) != 1 ||
      EVP_CIPHER_CTX_ctrl(ctx.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) != 1 ||
      EVP_DecryptUpdate(ctx.get(), file_key.bytes.data(), &n, uchars(wrapped), 16) != 1) {
    return failed("ChaCha20-Poly1305");
  }
  std::array<unsigned char, 1> none{};
  if (EVP_DecryptFinal_ex(ctx.get(), none.data(), &n) != 1) return std::optional<FileKey>();
  return std::optional<FileKey>(file_key);
}

}  // namespace pgdr::pipe
