#include "pipe/age_stanza.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/base64.hpp"
#include "base/format.hpp"

namespace pgdr::pipe {

namespace {

constexpr std::string_view kX25519 = "X25519";
constexpr std::string_view kScrypt = "scrypt";
constexpr std::string_view kX25519Info = "age-encryption.org/v1/X25519";
constexpr std::string_view kScryptLabel = "age-encryption.org/v1/scrypt";
constexpr std::size_t kSaltSize = 16;

std::string encode(std::string_view raw) { return base64_encode(bytes_of(raw), false); }

bool holds(const std::string& base64, std::size_t size) {
  const auto raw = base64_decode(base64, false);
  return raw && raw->size() == size;
}

// Decimal without sign or leading zero; 0 when it is not, or does not fit.
int work_factor(const std::string& text) {
  int value = 0;
  const char* end = text.data() + text.size();
  if (text.empty() || text[0] < '1' || text[0] > '9') return 0;
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end ? value : 0;
}

Status check_x25519(const Stanza& stanza) {
  if (stanza.args.size() != 2) return header_error("an X25519 recipient has invalid arguments");
  if (!holds(stanza.args[1], 32)) return header_error("an X25519 recipient has an invalid share");
  if (stanza.body.size() != kWrappedSize) {
    return header_error("an X25519 recipient has a file key of the wrong size");
  }
  return success();
}

Status check_scrypt(const Stanza& stanza) {
  if (stanza.args.size() != 3) return header_error("the scrypt recipient has invalid arguments");
  if (!holds(stanza.args[1], kSaltSize)) {
    return header_error("the scrypt recipient has an invalid salt");
  }
  const int log_n = work_factor(stanza.args[2]);
  if (log_n == 0) return header_error("the scrypt recipient has an invalid work factor");
  if (log_n > kMaxScryptLogN) {
    return header_error(
        fmt::format("the scrypt work factor {} is above the limit of {}", log_n, kMaxScryptLogN));
  }
  if (stanza.body.size() != kWrappedSize) {
    return header_error("the scrypt recipient has a file key of the wrong size");
  }
  return success();
}

Result<Key32> scrypt_key(std::string_view passphrase, std::string_view salt, int log_n) {
  return scrypt(passphrase, std::string(kScryptLabel) + std::string(salt), log_n);
}

Result<std::optional<FileKey>> unwrap_x25519(const Stanza& stanza, const Identity& identity) {
  const std::string share = *base64_decode(stanza.args[1], false);
  const Result<Key32> shared = x25519(identity.key(), share);
  if (!shared) return header_error("an X25519 recipient has a share of low order");
  const auto own = identity.recipient().key;
  const std::string salt = share + std::string(own.begin(), own.end());
  PGDR_TRY(const Key32 key, hkdf_sha256(shared->view(), salt, kX25519Info));
  return unwrap_file_key(key, stanza.body);
}

bool is_type(const Stanza& stanza, std::string_view type) { return stanza.args[0] == type; }

Error no_match(const std::vector<Stanza>& stanzas, const Keys& keys) {
  if (is_type(stanzas[0], kScrypt)) {
    return keys.passphrase.empty()
               ? Error::of(Code::kNoKey, "it is encrypted with a passphrase, and none was given")
               : Error::of(Code::kNoKey, "the passphrase does not open it");
  }
  const auto to = plural(stanzas.size(), "recipient");
  if (keys.identities.empty()) {
    return Error::of(Code::kNoKey,
                     fmt::format("it is encrypted to {}, and no private key was given", to),
                     "give the identity file that holds the private key");
  }
  return Error::of(
      Code::kNoKey,
      fmt::format("it is encrypted to {}, and none of them is {}", to,
                  keys.identities.size() == 1
                      ? "the private key given"
                      : fmt::format("one of the {} private keys given", keys.identities.size())),
      "give the identity file that belongs to one of its recipients");
}

}  // namespace

Result<Stanza> wrap_x25519(const FileKey& file_key, const Recipient& recipient) {
  Key32 ephemeral;
  PGDR_CHECK(random_bytes(ephemeral.bytes.data(), ephemeral.bytes.size()));
  PGDR_TRY(const std::string share, x25519_public(ephemeral.bytes));
  const std::string to(recipient.key.begin(), recipient.key.end());
  const Result<Key32> shared = x25519(ephemeral.bytes, to);
  if (!shared) {
    return Error::of(Code::kUsage,
                     fmt::format("the recipient {} is not a usable public key", recipient.text));
  }
  PGDR_TRY(const Key32 key, hkdf_sha256(shared->view(), share + to, kX25519Info));
  PGDR_TRY(std::string body, wrap_file_key(key, file_key));
  return Stanza{{std::string(kX25519), encode(share)}, std::move(body)};
}

Result<Stanza> wrap_scrypt(const FileKey& file_key, std::string_view passphrase, int log_n) {
  std::array<unsigned char, kSaltSize> random{};
  PGDR_CHECK(random_bytes(random.data(), random.size()));
  const std::string salt(random.begin(), random.end());
  PGDR_TRY(const Key32 key, scrypt_key(passphrase, salt, log_n));
  PGDR_TRY(std::string body, wrap_file_key(key, file_key));
  return Stanza{{std::string(kScrypt), encode(salt), std::to_string(log_n)}, std::move(body)};
}

Status check_stanzas(const std::vector<Stanza>& stanzas) {
  for (const Stanza& stanza : stanzas) {
    if (is_type(stanza, kX25519)) PGDR_CHECK(check_x25519(stanza));
    if (!is_type(stanza, kScrypt)) continue;
    // Otherwise whoever knows a public key could add a recipient to a file that its reader trusts
    // for having been made with the passphrase.
    if (stanzas.size() != 1) return header_error("a passphrase is not its only recipient");
    PGDR_CHECK(check_scrypt(stanza));
  }
  return success();
}

Result<FileKey> unwrap(const std::vector<Stanza>& stanzas, const Keys& keys) {
  for (const Stanza& stanza : stanzas) {
    if (is_type(stanza, kX25519)) {
      for (const Identity& identity : keys.identities) {
        PGDR_TRY(const std::optional<FileKey> file_key, unwrap_x25519(stanza, identity));
        if (file_key) return *file_key;
      }
    } else if (is_type(stanza, kScrypt) && !keys.passphrase.empty()) {
      const std::string salt = *base64_decode(stanza.args[1], false);
      PGDR_TRY(const Key32 key, scrypt_key(keys.passphrase, salt, work_factor(stanza.args[2])));
      PGDR_TRY(const std::optional<FileKey> file_key, unwrap_file_key(key, stanza.body));
      if (file_key) return *file_key;
    }
  }
  return no_match(stanzas, keys);
}

}  // namespace pgdr::pipe
