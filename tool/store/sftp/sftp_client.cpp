#include "store/sftp/sftp_client.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "store/folder.hpp"

namespace pgdr::store {
namespace {

constexpr std::size_t kMostIdle = 4;

}  // namespace

SftpClient::SftpClient(SftpOptions options) : options_(std::move(options)) {}

SftpClient::~SftpClient() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  if (keeper_.joinable()) keeper_.join();
}

Result<SftpClient::Loan> SftpClient::take() {
  {
    const std::lock_guard lock(mutex_);
    while (!idle_.empty()) {
      std::shared_ptr<sftp::Session> session = std::move(idle_.back());
      idle_.pop_back();
      if (!session->broken()) return Loan(shared_from_this(), std::move(session));
    }
  }
  PGDR_TRY(std::shared_ptr<sftp::Session> session, sftp::Session::open(options_.ssh));
  {
    const std::lock_guard lock(mutex_);
    std::erase_if(all_, [](const auto& one) { return one.expired(); });
    all_.push_back(session);
    if (!keeper_.joinable()) keeper_ = std::thread([this] { keep_alive(); });
  }
  return Loan(shared_from_this(), std::move(session));
}

void SftpClient::give_back(std::shared_ptr<sftp::Session> session) {
  session->set_cleanup(false);
  std::vector<std::shared_ptr<sftp::Session>> doomed;  // closed without the lock
  const std::lock_guard lock(mutex_);
  if (session->broken()) {
    // What broke one connection has likely broken the others.
    doomed.swap(idle_);
  } else if (idle_.size() < kMostIdle) {
    idle_.push_back(std::move(session));
  }
}

void SftpClient::keep_alive() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, options_.keep_alive, [this] { return stop_; })) {
    std::vector<std::shared_ptr<sftp::Session>> sessions;
    for (const auto& one : all_) {
      if (auto session = one.lock()) sessions.push_back(std::move(session));
    }
    lock.unlock();
    for (const auto& session : sessions) session->keep_alive();
    sessions.clear();
    lock.lock();
  }
}

std::string SftpClient::location() const {
  const SshOptions& ssh = options_.ssh;
  return fmt::format("sftp://{}@{}{}{}", ssh.user, ssh.address(),
                     options_.path.starts_with("/") ? "" : "/~/", options_.path);
}

std::string SftpClient::path_of(const std::string& key) const { return options_.path + "/" + key; }

std::string SftpClient::shown(const std::string& key) const { return location() + "/" + key; }

std::string SftpClient::folder_of(const std::string& key) const {
  const std::size_t slash = key.rfind('/');
  return slash == std::string::npos ? options_.path : path_of(key.substr(0, slash));
}

Status SftpClient::check_root(sftp::Session& session) const {
  const Result<sftp::Attributes> root = session.stat(options_.path);
  if (root && root->is_folder()) return success();
  if (!root && root.error().code != Code::kNotFound) return root.error();
  return Error::of(
      Code::kRepositoryMissing,
      fmt::format("the repository {} is {}", location(), root ? "not a folder" : "not there"),
      "is the disk mounted there? \"pgdr init\" makes a new repository");
}

Status SftpClient::make_folders(sftp::Session& session, const std::string& key) const {
  PGDR_CHECK(check_root(session));
  std::string path = options_.path;
  for (const std::string& part : split_key(key).first) {
    path += "/" + part;
    Status made = session.make_folder(path);
    if (made) continue;
    if (session.broken()) return made;
    // It may be there already: there is no code that says so.
    const Result<sftp::Attributes> there = session.lstat(path);
    if (!there) return there.error().code == Code::kNotFound ? made : Status(there.error());
    if (!there->is_folder()) {
      return Error::of(Code::kFailed, fmt::format("{} at {} is not a folder", path, location()),
                       "a repository holds no links and no special files: move it away");
    }
  }
  return success();
}

// A server that opens a folder like a file, as OpenSSH's does, syncs it like one.
Status SftpClient::sync_folder(sftp::Session& session, const std::string& folder) const {
  if (!session.can_sync()) return success();
  const Result<sftp::Handle> handle = session.open_file(folder, sftp::kRead);
  if (!handle) return session.broken() ? Status(handle.error()) : success();
  const Status synced = session.sync(*handle, folder);
  const Status closed = session.close(*handle);
  // Other servers refuse what is not a file; only a lost connection leaves doubt.
  if (session.broken()) return synced ? closed : synced;
  return success();
}

}  // namespace pgdr::store
