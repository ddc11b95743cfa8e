#include "app/key/key.hpp"

#include <fmt/format.h>

#include "repo/keys.hpp"
#include "base/file.hpp"
#include "base/signing.hpp"
#include "pipe/age.hpp"
#include "pipe/stages.hpp"

namespace pgdr::app {
namespace {

constexpr unsigned kPrivate = 0600;

Status write_key(const std::string& path, std::string& text) {
  Status written = write_file(path, text, kPrivate, true);
  cleanse(text);
  if (!written && written.error().code == Code::kExists) {
    return Error::of(Code::kExists, fmt::format("{} exists already", path),
                     "a key is never overwritten: choose another file, or move this one away if "
                     "you are certain that no backup needs it");
  }
  if (!written) return written.error().context("cannot write the key");
  return written;
}

}  // namespace

Result<NewIdentity> new_identity(const Clock& clock) {
  PGDR_TRY(const pipe::Identity identity, pipe::Identity::generate());
  return NewIdentity{identity.recipient().text,
                     pipe::identity_file_text(identity, to_iso(clock.now()))};
}

Result<std::string> generate_identity_file(const std::string& path, const Clock& clock,
                                           const std::string& passphrase) {
  PGDR_TRY(NewIdentity fresh, new_identity(clock));
  if (!passphrase.empty()) {
    std::string sealed;
    const auto text = pipe::memory_sink(sealed);
    PGDR_TRY(const auto sink, pipe::age_encrypt(*text, pipe::Lock{{}, passphrase}));
    PGDR_CHECK(sink->write(bytes_of(fresh.file_text)));
    PGDR_CHECK(sink->finish());
    cleanse(fresh.file_text);
    fresh.file_text = std::move(sealed);
  }
  PGDR_CHECK(write_key(path, fresh.file_text));
  return fresh.recipient;
}

Result<std::vector<std::string>> identity_recipients(const std::string& path) {
  const auto identities = load_identities(path, {});
  if (!identities) return identities.error();
  std::vector<std::string> recipients;
  for (const pipe::Identity& identity : *identities) {
    recipients.push_back(identity.recipient().text);
  }
  return recipients;
}

Result<std::string> generate_signing_key(const std::string& path) {
  PGDR_TRY(const SigningKey key, SigningKey::generate());
  PGDR_TRY(std::string pem, key.pem());
  PGDR_CHECK(write_key(path, pem));
  return key.public_text();
}

Result<std::string> signing_public_key(const std::string& path) {
  PGDR_TRY(const SigningKey key, SigningKey::load(path));
  return key.public_text();
}

}  // namespace pgdr::app
