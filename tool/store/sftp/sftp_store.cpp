#include <pwd.h>
#include <unistd.h>

#include <array>

#include <fmt/format.h>

#include "base/file.hpp"
#include "store/folder.hpp"
#include "store/local/local.hpp"
#include "store/sftp/sftp.hpp"
#include "store/sftp/sftp_client.hpp"
#include "store/sftp/sftp_list.hpp"
#include "store/sftp/sftp_lock.hpp"
#include "store/sftp/sftp_transfer.hpp"

namespace pgdr::store {
namespace {

class SftpStore : public Store {
 public:
  explicit SftpStore(std::shared_ptr<SftpClient> client) : client_(std::move(client)) {}

  [[nodiscard]] std::string location() const override { return client_->location(); }

  Result<std::unique_ptr<Upload>> create(const std::string& key) override {
    PGDR_CHECK(check_key(key));
    return start_sftp_upload(*client_, key);
  }

  Result<std::unique_ptr<Source>> open(const std::string& key, std::uint64_t offset) override {
    PGDR_CHECK(check_key(key));
    return open_sftp_source(*client_, key, offset);
  }

  Result<std::unique_ptr<Source>> open_range(const std::string& key, std::uint64_t offset,
                                             std::uint64_t length) override {
    PGDR_CHECK(check_key(key));
    return open_sftp_source(*client_, key, offset, length);
  }

  Result<std::optional<Entry>> stat(const std::string& key) override {
    PGDR_CHECK(check_key(key));
    PGDR_TRY(const SftpClient::Loan session, client_->take());
    const Result<sftp::Attributes> info = session->lstat(client_->path_of(key));
    if (!info) {
      if (info.error().code != Code::kNotFound) return info.error();
      PGDR_CHECK(client_->check_root(*session));
      return std::optional<Entry>();
    }
    if (!info->is_file()) {
      return Error::of(Code::kFailed, fmt::format("{} is not a regular file", client_->shown(key)),
                       "a repository holds no links and no special files: move it away");
    }
    return std::optional<Entry>(entry_of(key, *info));
  }

  Result<std::vector<Entry>> list(const std::string& prefix) override {
    PGDR_CHECK(check_prefix(prefix));
    return list_sftp(*client_, prefix, false);
  }

  Status remove(const std::string& key) override {
    PGDR_CHECK(check_key(key));
    return unlink(key);
  }

  Result<std::vector<Entry>> leftovers(const std::string& prefix) override {
    PGDR_CHECK(check_prefix(prefix));
    return list_sftp(*client_, prefix, true);
  }

  Status remove_leftover(const Entry& entry) override {
    const auto [parts, name] = split_key(entry.key);
    const std::string_view prefix = kTemporaryPrefix;
    std::string folder;
    for (const std::string& part : parts) folder += part + "/";
    PGDR_CHECK(check_prefix(folder));
    if (!name.starts_with(prefix) || !valid_key(name.substr(prefix.size()))) {
      return Error::of(Code::kUsage, fmt::format("'{}' is no leftover of an upload", entry.key));
    }
    return unlink(entry.key);
  }

  Result<std::unique_ptr<Lease>> lock(const std::string& name) override {
    PGDR_CHECK(check_key(name));
    return lock_sftp(*client_, name);
  }

  Result<std::optional<std::uint64_t>> free_space() override {
    PGDR_TRY(const SftpClient::Loan session, client_->take());
    return session->free_space(client_->options().path);
  }

 private:
  Status unlink(const std::string& key) {
    PGDR_TRY(const SftpClient::Loan session, client_->take());
    Status removed = session->remove(client_->path_of(key));
    if (!removed) {
      if (removed.error().code != Code::kNotFound) return removed;
      PGDR_CHECK(client_->check_root(*session));
    } else {
      PGDR_CHECK(client_->sync_folder(*session, client_->folder_of(key)));
    }
    // Tidiness only: a folder that is not empty, or is in use, stays.
    std::string folder = key;
    for (std::size_t slash = folder.rfind('/'); slash != std::string::npos;
         slash = folder.rfind('/')) {
      folder.resize(slash);
      if (!session->remove_folder(client_->path_of(folder))) break;
    }
    return success();
  }

  std::shared_ptr<SftpClient> client_;
};

std::string own_user_name() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return "root";
  }
  return found->pw_name;
}

Status make_root(SftpClient& client) {
  PGDR_TRY(const SftpClient::Loan session, client.take());
  const std::string& path = client.options().path;
  const Result<sftp::Attributes> there = session->stat(path);
  if (there) return client.check_root(*session);
  if (there.error().code != Code::kNotFound) return there.error();
  const Status made = session->make_folder(path);
  if (made || client.check_root(*session)) return success();
  Error error = made.error();
  if (error.code == Code::kNotFound) {
    error.code = Code::kRepositoryMissing;
    error.hint = "make the folder above it first, as the account that logs in";
  }
  return error;
}

}  // namespace

SftpOptions sftp_options(const SftpConfig& config) {
  SftpOptions options;
  options.ssh.host = config.host;
  options.ssh.port = config.port;
  options.ssh.user = config.user.empty() ? own_user_name() : config.user;
  options.ssh.identity_file = config.identity_file;
  options.ssh.known_hosts_file = config.known_hosts_file;
  options.path = config.path;
  return options;
}

Result<std::unique_ptr<Store>> open_sftp(SftpOptions options, bool create) {
  const RetryPolicy policy = options.retry;
  const auto client = std::make_shared<SftpClient>(std::move(options));
  if (create) {
    for (Backoff backoff(policy);;) {
      const Status made = make_root(*client);
      if (made) break;
      PGDR_CHECK(backoff.next(made.error()));
    }
  }
  return with_retry(std::make_unique<SftpStore>(client), policy);
}

}  // namespace pgdr::store
