#include "pipe/age.hpp"

#include <fmt/format.h>

#include "pipe/age_armor.hpp"
#include "pipe/age_crypto.hpp"
#include "pipe/age_header.hpp"
#include "pipe/age_payload.hpp"
#include "pipe/age_stanza.hpp"
#include "pipe/buffered.hpp"

namespace pgdr::pipe {

namespace {

// Far above any real header (4,000 recipients), far below what would hurt.
constexpr std::size_t kMaxHeader = 512U << 10U;

Result<std::string> header_mac(const FileKey& file_key, std::string_view text) {
  PGDR_TRY(const Key32 key, hkdf_sha256(file_key.view(), {}, "header"));
  return hmac_sha256(key.view(), text);
}

// The header's text, up to and including the MAC line's line feed.
Result<std::string> take_header(BufferedSource& from) {
  PGDR_TRY(const std::string_view start, from.peek(kAgeVersionLine.size()));
  if (start != kAgeVersionLine) {
    constexpr std::string_view kAnyVersion = "age-encryption.org/";
    return Error::of(Code::kUsage, start.starts_with(kAnyVersion)
                                       ? "header: this version of the age format is not supported"
                                       : "header: this is not an age file");
  }
  std::string text;
  for (;;) {
    const std::size_t line = text.size();
    PGDR_CHECK(from.read_line(text, kMaxHeader));
    if (text.size() >= kMaxHeader) return header_error("it is too long");
    if (text.size() == line || text.back() != '\n') return header_error("it is cut short");
    if (std::string_view(text).substr(line).starts_with("---")) return text;
  }
}

Status check_lock(const Lock& lock) {
  if (lock.recipients.empty() == lock.passphrase.empty()) {
    return Error::of(Code::kUsage, "encryption needs either recipients or a passphrase");
  }
  if (lock.scrypt_log_n < 1 || lock.scrypt_log_n > kMaxScryptLogN) {
    return Error::of(Code::kUsage,
                     fmt::format("the scrypt work factor must be 1 to {}", kMaxScryptLogN));
  }
  return success();
}

// The whole header, MAC included.
Result<std::string> make_header(const FileKey& file_key, const Lock& lock) {
  std::vector<Stanza> stanzas;
  for (const Recipient& recipient : lock.recipients) {
    PGDR_TRY(Stanza stanza, wrap_x25519(file_key, recipient));
    stanzas.push_back(std::move(stanza));
  }
  if (!lock.passphrase.empty()) {
    PGDR_TRY(Stanza stanza, wrap_scrypt(file_key, lock.passphrase, lock.scrypt_log_n));
    stanzas.push_back(std::move(stanza));
  }
  std::string text = header_text(stanzas);
  PGDR_TRY(const std::string mac, header_mac(file_key, text));
  return text + header_end(mac);
}

// Takes the header off and gives the file key in it.
Result<FileKey> open_header(BufferedSource& from, const Keys& keys) {
  PGDR_TRY(const std::string text, take_header(from));
  PGDR_TRY(const Header header, parse_header(text));
  PGDR_CHECK(check_stanzas(header.stanzas));
  PGDR_TRY(FileKey file_key, unwrap(header.stanzas, keys));
  PGDR_TRY(const std::string mac, header_mac(file_key, header.authenticated));
  if (CRYPTO_memcmp(mac.data(), header.mac.data(), mac.size()) != 0) {
    return Error::of(Code::kCorrupt, "the age file is damaged: header MAC: the header was altered");
  }
  return file_key;
}

// Keeps the layers that a decrypting source reads through.
class OwningSource final : public Source {
 public:
  OwningSource(std::unique_ptr<Source> armor, std::unique_ptr<BufferedSource> buffered,
               std::unique_ptr<BufferedSource> inner)
      : armor_(std::move(armor)), buffered_(std::move(buffered)), inner_(std::move(inner)) {}
  Result<std::size_t> read(MutableBytes buffer) override {
    return (inner_ ? inner_ : buffered_)->read(buffer);
  }

 private:
  std::unique_ptr<Source> armor_;
  std::unique_ptr<BufferedSource> buffered_;
  std::unique_ptr<BufferedSource> inner_;  // over armor_, if there is any
};

}  // namespace

Result<std::unique_ptr<Sink>> age_encrypt(Sink& next, const Lock& lock) {
  PGDR_CHECK(check_lock(lock));
  FileKey file_key;
  PGDR_CHECK(random_bytes(file_key.bytes.data(), file_key.bytes.size()));
  PGDR_TRY(const std::string text, make_header(file_key, lock));
  std::array<unsigned char, kNonceSize> random{};
  PGDR_CHECK(random_bytes(random.data(), random.size()));
  const std::string nonce(random.begin(), random.end());
  PGDR_TRY(const Key32 key, payload_key(file_key, nonce));
  PGDR_TRY(std::unique_ptr<Sink> sink, payload_sink(next, key));
  PGDR_CHECK(next.write(bytes_of(text + nonce)));
  return sink;
}

Status age_rewrap(Source& from, const Keys& keys, const Lock& lock, Sink& next) {
  PGDR_CHECK(check_lock(lock));
  BufferedSource binary(from);
  PGDR_TRY(const std::string_view start, binary.peek(2048));
  if (looks_armored(start)) {
    return Error::of(Code::kUsage, "header: an armored file is not rewrapped");
  }
  PGDR_TRY(const FileKey file_key, open_header(binary, keys));
  PGDR_TRY(const std::string text, make_header(file_key, lock));
  PGDR_CHECK(next.write(bytes_of(text)));
  PGDR_CHECK(copy_all(binary, next));
  return success();
}

Result<std::unique_ptr<Source>> age_decrypt(Source& from, const Keys& keys) {
  auto buffered = std::make_unique<BufferedSource>(from);
  std::unique_ptr<Source> armor;
  std::unique_ptr<BufferedSource> inner;
  PGDR_TRY(const std::string_view start, buffered->peek(2048));
  if (looks_armored(start)) {
    armor = armor_source(*buffered);
    inner = std::make_unique<BufferedSource>(*armor);
  }
  BufferedSource& binary = inner ? *inner : *buffered;

  PGDR_TRY(const FileKey file_key, open_header(binary, keys));
  std::string nonce(kNonceSize, '\0');
  PGDR_TRY(const std::size_t n, read_full(binary, std::as_writable_bytes(std::span(nonce))));
  if (n != kNonceSize) return header_error("the file ends behind it");
  PGDR_TRY(const Key32 key, payload_key(file_key, nonce));
  return payload_source(
      std::make_unique<OwningSource>(std::move(armor), std::move(buffered), std::move(inner)), key);
}

}  // namespace pgdr::pipe
