#include "net/ssh_login.hpp"

#include <sys/stat.h>

#include <array>
#include <cstdlib>
#include <vector>

#include <fmt/format.h>
#include <libssh/libssh.h>

#include "base/file.hpp"
#include "base/interrupt.hpp"

namespace pgdr::store {
namespace {

using Key = std::unique_ptr<ssh_key_struct, void (*)(ssh_key)>;

std::string fingerprint(ssh_key key) {
  unsigned char* hash = nullptr;
  std::size_t size = 0;
  if (ssh_get_publickey_hash(key, SSH_PUBLICKEY_HASH_SHA256, &hash, &size) != SSH_OK) return {};
  char* text = ssh_get_fingerprint_hash(SSH_PUBLICKEY_HASH_SHA256, hash, size);
  std::string out = text == nullptr ? "" : text;
  ssh_string_free_char(text);
  ssh_clean_pubkey_hash(&hash);
  return out;
}

// As ssh-keyscan names it, so that its line can be taken as it is.
std::string kind_for_keyscan(ssh_key key) {
  switch (ssh_key_type(key)) {
    case SSH_KEYTYPE_ED25519:
      return "ed25519";
    case SSH_KEYTYPE_RSA:
      return "rsa";
    default:
      return "ecdsa";
  }
}

// As known_hosts names a host.
std::string known_name(const SshOptions& options) {
  constexpr int kUsualPort = 22;
  return options.port == kUsualPort ? options.host
                                    : fmt::format("[{}]:{}", options.host, options.port);
}

std::string known_hosts(const SshOptions& options) {
  return options.known_hosts_file.empty() ? "~/.ssh/known_hosts" : options.known_hosts_file;
}

struct LoadedKey {
  Key key{nullptr, ssh_key_free};
  bool locked = false;  // it has a passphrase
};

Result<LoadedKey> load_key(const std::string& path) {
  PGDR_TRY(std::string text, read_secret_file(path));
  LoadedKey out;
  // Asked for a passphrase only when the key has one.
  const auto ask = [](const char*, char*, std::size_t, int, int, void* data) {
    *static_cast<bool*>(data) = true;
    return -1;
  };
  ssh_key key = nullptr;
  const int rc = ssh_pki_import_privkey_base64(text.c_str(), nullptr, ask, &out.locked, &key);
  cleanse(text);
  out.key.reset(rc == SSH_OK ? key : nullptr);
  return out;
}

std::string home_file(const char* name) { return expand_home(std::string("~/.ssh/") + name); }

bool is_file(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

// What was tried, for the message when nothing was let in.
struct Login {
  ssh_session_struct* session;
  const SshOptions& options;
  std::vector<std::string> tried;

  Result<bool> accepted(int rc, const std::string& what) {
    if (rc == SSH_AUTH_SUCCESS) return true;
    if (interrupted()) return interrupted_error();
    if (rc == SSH_AUTH_ERROR && ssh_is_connected(session) == 0) {
      Error error =
          Error::of(Code::kFailed, fmt::format("{}: the connection broke during login: {}",
                                               options.address(), ssh_get_error(session)));
      error.retryable = true;
      return error;
    }
    tried.push_back(what);
    return false;
  }

  Result<bool> with_key(ssh_key key, const std::string& path) {
    return accepted(ssh_userauth_publickey(session, nullptr, key), path);
  }

  [[nodiscard]] Error refused() const {
    if (tried.empty()) {
      return Error::of(
          Code::kFailed,
          fmt::format("there is no key to log in to {} as {}", options.address(), options.user),
          "name one with identity_file, or load it into the ssh agent (ssh-add)");
    }
    return Error::of(
        Code::kFailed,
        fmt::format("{} lets {} in with none of: {}", options.address(), options.user,
                    fmt::join(tried, ", ")),
        fmt::format(
            "is the public key in the account's ~/.ssh/authorized_keys? Try: ssh -p {} {}@{}",
            options.port, options.user, options.host));
  }
};

}  // namespace

Status check_host_key(ssh_session_struct* session, const SshOptions& options) {
  ssh_key raw = nullptr;
  if (ssh_get_server_publickey(session, &raw) != SSH_OK) {
    return Error::of(Code::kFailed, fmt::format("{} shows no host key", options.address()));
  }
  const Key key(raw, ssh_key_free);
  const std::string shown =
      fmt::format("{} {}", ssh_key_type_to_char(ssh_key_type(raw)), fingerprint(raw));
  const std::string add = fmt::format("ssh-keyscan -t {} -p {} {} >> {}", kind_for_keyscan(raw),
                                      options.port, options.host, known_hosts(options));
  switch (ssh_session_is_known_server(session)) {
    case SSH_KNOWN_HOSTS_OK:
      return success();
    case SSH_KNOWN_HOSTS_CHANGED:
    case SSH_KNOWN_HOSTS_OTHER:
      return Error::of(
          Code::kFailed,
          fmt::format("the host key of {} is not the known one: it shows {}", options.address(),
                      shown),
          fmt::format(
              "somebody may be listening in between: ask the server's administrator. If the "
              "server was set up anew: ssh-keygen -R '{}' -f {}; then: {}",
              known_name(options), known_hosts(options), add));
    case SSH_KNOWN_HOSTS_NOT_FOUND:
    case SSH_KNOWN_HOSTS_UNKNOWN:
      return Error::of(
          Code::kFailed,
          fmt::format("the host key of {} is not known: it shows {}", options.address(), shown),
          fmt::format("compare it with what the server's administrator says (ssh-keygen -lf on its "
                      "key), then add it: {}",
                      add));
    case SSH_KNOWN_HOSTS_ERROR:
      break;
  }
  return Error::of(Code::kFailed, fmt::format("cannot check the host key of {}: {}",
                                              options.address(), ssh_get_error(session)));
}

Status log_in(ssh_session_struct* session, const SshOptions& options) {
  Login login{session, options, {}};
  if (!options.identity_file.empty()) {
    PGDR_TRY(const LoadedKey loaded, load_key(options.identity_file));
    if (loaded.locked) {
      return Error::of(
          Code::kNoKey,
          fmt::format("the key {} has a passphrase, and nobody is asked for it",
                      options.identity_file),
          fmt::format("load it into the ssh agent (ssh-add {}) and leave identity_file "
                      "out, or make a key for pgdr alone (ssh-keygen -t ed25519)",
                      options.identity_file));
    }
    if (!loaded.key) {
      return Error::of(Code::kNoKey,
                       fmt::format("{} holds no private SSH key", options.identity_file),
                       "give the private key, not the .pub beside it");
    }
    PGDR_TRY(const bool in, login.with_key(loaded.key.get(), options.identity_file));
    return in ? success() : Status(login.refused());
  }
  if (std::getenv("SSH_AUTH_SOCK") != nullptr) {  // NOLINT(concurrency-mt-unsafe): never set
    PGDR_TRY(const bool in,
             login.accepted(ssh_userauth_agent(session, nullptr), "the agent's keys"));
    if (in) return success();
  }
  for (const char* name : {"id_ed25519", "id_ecdsa", "id_rsa"}) {
    const std::string path = home_file(name);
    if (!is_file(path)) continue;
    const Result<LoadedKey> loaded = load_key(path);
    if (!loaded || !loaded->key) {
      login.tried.push_back(
          path + (loaded && loaded->locked ? " (has a passphrase)" : " (cannot be used)"));
      continue;
    }
    PGDR_TRY(const bool in, login.with_key(loaded->key.get(), path));
    if (in) return success();
  }
  return login.refused();
}

}  // namespace pgdr::store
