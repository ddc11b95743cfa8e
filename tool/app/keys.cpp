#include "app/keys.hpp"

#include <cstdlib>

#include <fmt/format.h>

#include "base/file.hpp"

namespace pgdr::app {

Result<pipe::Lock> load_lock(const SetConfig& set) {
  pipe::Lock lock;
  for (const auto& text : set.recipients) {
    PGDR_TRY(auto recipient, pipe::parse_recipient(text));
    lock.recipients.push_back(std::move(recipient));
  }
  if (!set.recipients_file.empty()) {
    PGDR_TRY(const std::string content, read_file(expand_home(set.recipients_file)));
    auto more = pipe::parse_recipients_file(content);
    if (!more) return more.error().context(set.recipients_file);
    lock.recipients.insert(lock.recipients.end(), more->begin(), more->end());
  }
  if (!lock.recipients.empty()) return lock;
  if (set.passphrase_file.empty()) {
    return Error::of(
        Code::kNoKey,
        fmt::format("set {} has no recipients: backups are never stored unencrypted", set.name),
        "pgdr key generate makes a key; put its age1… line into \"recipients\"");
  }
  PGDR_TRY(lock.passphrase, read_passphrase_file(expand_home(set.passphrase_file)));
  return lock;
}

Result<std::optional<FingerprintKey>> load_fingerprint_key(const Config& config) {
  std::optional<FingerprintKey> key;
  if (config.fingerprint_key_file.empty()) return key;
  auto loaded = FingerprintKey::load(expand_home(config.fingerprint_key_file));
  if (!loaded) return loaded.error();
  key.emplace(std::move(*loaded));
  return key;
}

Result<pipe::Keys> load_keys(const KeyFiles& files) {
  pipe::Keys keys;
  for (const auto& path : files.identities) {
    PGDR_TRY(std::string content, read_secret_file(expand_home(path)));
    auto identities = pipe::parse_identity_file(content);
    cleanse(content);
    if (!identities) return identities.error().context(path);
    keys.identities.insert(keys.identities.end(), identities->begin(), identities->end());
  }
  if (!files.passphrase_file.empty()) {
    PGDR_TRY(keys.passphrase, read_passphrase_file(expand_home(files.passphrase_file)));
  }
  return keys;
}

KeyFiles with_defaults(KeyFiles given, const Config& config, const SetConfig* set) {
  if (given.identities.empty() && given.passphrase_file.empty()) {
    const char* variable = std::getenv("PGDR_IDENTITY");
    if (variable != nullptr && *variable != '\0') {
      given.identities.emplace_back(variable);
    } else if (!config.identity_file.empty()) {
      given.identities.push_back(config.identity_file);
    }
  }
  if (given.passphrase_file.empty() && given.identities.empty() && set != nullptr) {
    given.passphrase_file = set->passphrase_file;
  }
  return given;
}

}  // namespace pgdr::app
