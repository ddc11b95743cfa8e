#include "repo/keys.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

#include "base/file.hpp"
#include "base/interrupt.hpp"
#include "base/prompt.hpp"

namespace pgdr::app {
namespace {

constexpr std::size_t kLongestIdentity = std::size_t{64} << 10;

// "-": typed on the terminal, or standard input as it is.
Result<std::string> identity_text(const std::string& path) {
  if (path != "-") return read_secret_file(expand_home(path));
  if (isatty(STDIN_FILENO) == 1) return ask_secret("private key (AGE-SECRET-KEY-1…)");
  std::string text(kLongestIdentity, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t n = read(STDIN_FILENO, text.data() + size, text.size() - size);
    if (n < 0 && errno == EINTR && !interrupted()) continue;
    if (n <= 0) break;
    size += static_cast<std::size_t>(n);
  }
  if (size == text.size()) {
    cleanse(text);
    return Error::of(Code::kNoKey, "standard input holds no private key: it is too long");
  }
  text.resize(size);
  return text;
}

}  // namespace

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

Result<std::vector<pipe::Identity>> load_identities(const std::string& path,
                                                    const std::string& passphrase) {
  const std::string name = path == "-" ? "the key given" : path;
  PGDR_TRY(std::string content, identity_text(path));
  Result<std::vector<pipe::Identity>> identities = std::vector<pipe::Identity>();
  if (!pipe::is_age_file(content)) {
    identities = pipe::parse_identity_file(content);
  } else if (!passphrase.empty()) {
    identities = pipe::open_identity_file(content, passphrase);
  } else {
    auto asked = ask_secret("passphrase of " + name);
    if (!asked) {
      cleanse(content);
      return asked.error();
    }
    identities = pipe::open_identity_file(content, *asked);
    cleanse(*asked);
  }
  cleanse(content);
  if (!identities) return identities.error().context(name);
  return identities;
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
  if (!files.passphrase_file.empty()) {
    PGDR_TRY(keys.passphrase, read_passphrase_file(expand_home(files.passphrase_file)));
  }
  for (const auto& path : files.identities) {
    auto identities = load_identities(path, keys.passphrase);
    if (!identities) return identities.error();
    keys.identities.insert(keys.identities.end(), identities->begin(), identities->end());
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
