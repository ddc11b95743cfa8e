// age's key texts: recipients, identities and the files that hold them.
#include <fmt/format.h>

#include <algorithm>

#include "base/file.hpp"
#include "pipe/age.hpp"
#include "pipe/age_armor.hpp"
#include "pipe/age_crypto.hpp"
#include "pipe/age_header.hpp"
#include "pipe/bech32.hpp"
#include "pipe/stages.hpp"

namespace pgdr::pipe {

namespace {

constexpr std::string_view kRecipientPrefix = "age";
constexpr std::string_view kIdentityPrefix = "AGE-SECRET-KEY-";
using RawKey = std::array<unsigned char, 32>;

// The only copy of a private key; overwritten when its last owner goes.
std::shared_ptr<const RawKey> hold(const Key32& key) {
  return {new RawKey(key.bytes), [](const RawKey* raw) {
            OPENSSL_cleanse(const_cast<RawKey*>(raw)->data(), raw->size());
            delete raw;  // NOLINT(cppcoreguidelines-owning-memory)
          }};
}

std::string_view trim(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\r");
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(" \t\r") - first + 1);
}

// Calls use(line, number) for each line that says something; stops at the first error.
template <class Use>
Status each_line(std::string_view content, Use use) {
  for (int number = 1; !content.empty(); ++number) {
    const std::size_t newline = content.find('\n');
    const std::string_view line = trim(content.substr(0, newline));
    content.remove_prefix(newline == std::string_view::npos ? content.size() : newline + 1);
    if (line.empty() || line.front() == '#') continue;
    PGDR_CHECK(use(line, number));
  }
  return success();
}

}  // namespace

Result<Recipient> parse_recipient(std::string_view text) {
  // What was given may be a private key by mistake: it must not be repeated in a message.
  if (text.starts_with(kIdentityPrefix)) {
    return Error::of(Code::kUsage, "a private key was given where a recipient (public key) belongs",
                     "use the age1… line of the identity file; keep the private key elsewhere");
  }
  const auto decoded = bech32_decode(text);
  if (!decoded || decoded->hrp != kRecipientPrefix || decoded->data.size() != 32) {
    return Error::of(Code::kUsage, fmt::format("'{}' is not an age recipient", text),
                     "a recipient looks like age1… and has 62 characters");
  }
  Recipient recipient{std::string(text), {}};
  std::copy(decoded->data.begin(), decoded->data.end(), recipient.key.begin());
  return recipient;
}

Result<std::vector<Recipient>> parse_recipients_file(std::string_view content) {
  std::vector<Recipient> recipients;
  PGDR_CHECK(each_line(content, [&](std::string_view line, int number) -> Status {
    Result<Recipient> recipient = parse_recipient(line);
    if (!recipient) return recipient.error().context(fmt::format("line {}", number));
    recipients.push_back(std::move(*recipient));
    return success();
  }));
  if (recipients.empty()) return Error::of(Code::kUsage, "the recipients file holds no recipient");
  return recipients;
}

Result<Identity> Identity::generate() {
  Key32 key;
  PGDR_CHECK(random_bytes(key.bytes.data(), key.bytes.size()));
  Identity identity;
  identity.key_ = hold(key);
  return identity;
}

Result<Identity> Identity::parse(std::string_view text) {
  auto decoded = bech32_decode(text);
  const bool valid = decoded && decoded->hrp == kIdentityPrefix && decoded->data.size() == 32;
  Identity identity;
  if (valid) {
    Key32 key;
    std::copy(decoded->data.begin(), decoded->data.end(), key.bytes.begin());
    identity.key_ = hold(key);
  }
  if (decoded) cleanse(decoded->data);
  if (valid) return identity;
  if (text.starts_with("AGE-SECRET-KEY-PQ-") || text.starts_with("AGE-PLUGIN-")) {
    return Error::of(Code::kNoKey, "this kind of age identity is not supported",
                     "use an X25519 identity, as age-keygen makes it");
  }
  return Error::of(Code::kNoKey, "not an age identity (or one with a typing error)",
                   "an identity looks like AGE-SECRET-KEY-1… and has 74 characters");
}

std::string Identity::secret_text() const {
  return bech32_encode(kIdentityPrefix, std::as_bytes(std::span(*key_)));
}

Recipient Identity::recipient() const {
  Recipient recipient;
  const Result<std::string> raw = x25519_public(*key_);
  if (!raw) return recipient;
  std::copy(raw->begin(), raw->end(), recipient.key.begin());
  recipient.text = bech32_encode(kRecipientPrefix, bytes_of(*raw));
  return recipient;
}

const std::array<unsigned char, 32>& Identity::key() const { return *key_; }

bool is_age_file(std::string_view content) {
  return content.starts_with(kAgeVersionLine) || looks_armored(content);
}

Result<std::vector<Identity>> parse_identity_file(std::string_view content) {
  if (is_age_file(content)) {
    return Error::of(Code::kNoKey, "the identity file is itself encrypted",
                     "give its passphrase, or decrypt it first: age -d");
  }
  std::vector<Identity> identities;
  PGDR_CHECK(each_line(content, [&](std::string_view line, int number) -> Status {
    Result<Identity> identity = Identity::parse(line);
    if (!identity) return identity.error().context(fmt::format("line {}", number));
    identities.push_back(std::move(*identity));
    return success();
  }));
  if (identities.empty()) return Error::of(Code::kNoKey, "the identity file holds no identity");
  return identities;
}

Result<std::vector<Identity>> open_identity_file(std::string_view content,
                                                 const std::string& passphrase) {
  if (!is_age_file(content) || passphrase.empty()) return parse_identity_file(content);
  const auto stored = memory_source(std::string(content));
  PGDR_TRY(const std::unique_ptr<Source> source, age_decrypt(*stored, Keys{{}, passphrase}));
  // One buffer of fixed size: growing would leave pieces of the key behind in freed memory.
  std::string text(64U << 10U, '\0');
  const auto n = read_full(*source, std::as_writable_bytes(std::span(text)));
  const bool fits = n && *n < text.size();
  Result<std::vector<Identity>> identities =
      fits ? parse_identity_file(std::string_view(text).substr(0, *n))
           : Result<std::vector<Identity>>(
                 n ? Error::of(Code::kNoKey, "the identity file is too large") : n.error());
  cleanse(text);
  return identities;
}

std::string identity_file_text(const Identity& identity, std::string_view created_iso) {
  return fmt::format("# created: {}\n# public key: {}\n{}\n", created_iso,
                     identity.recipient().text, identity.secret_text());
}

}  // namespace pgdr::pipe
