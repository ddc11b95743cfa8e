// The connections of one SFTP store. Used by the sftp_* files.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "store/sftp/sftp.hpp"
#include "store/sftp/sftp_session.hpp"

namespace pgdr::store {

inline constexpr std::size_t kAhead = std::size_t{4} << 20U;  // bytes on their way

// Thread safe. Uploads, downloads and leases share it: they may outlive their store.
class SftpClient : public std::enable_shared_from_this<SftpClient> {
 public:
  // A session for the time being; goes back when destroyed, unless it broke.
  class Loan {
   public:
    Loan(std::shared_ptr<SftpClient> client, std::shared_ptr<sftp::Session> session)
        : client_(std::move(client)), session_(std::move(session)) {}
    Loan(Loan&&) = default;
    Loan& operator=(Loan&&) = delete;
    ~Loan() {
      if (session_) client_->give_back(std::move(session_));
    }
    sftp::Session& operator*() const { return *session_; }
    sftp::Session* operator->() const { return session_.get(); }
    // Its state is unknown: close it instead of giving it back.
    void drop() { session_.reset(); }
    explicit operator bool() const { return session_ != nullptr; }

   private:
    std::shared_ptr<SftpClient> client_;
    std::shared_ptr<sftp::Session> session_;
  };

  explicit SftpClient(SftpOptions options);
  ~SftpClient();
  SftpClient(const SftpClient&) = delete;
  SftpClient& operator=(const SftpClient&) = delete;

  Result<Loan> take();
  [[nodiscard]] const SftpOptions& options() const { return options_; }
  [[nodiscard]] std::string location() const;                         // "sftp://user@host/path"
  [[nodiscard]] std::string path_of(const std::string& key) const;    // as the server sees it
  [[nodiscard]] std::string shown(const std::string& key) const;      // for messages
  [[nodiscard]] std::string folder_of(const std::string& key) const;  // its path at the server
  // kRepositoryMissing when the repository's folder is not there: for whoever found nothing in it.
  Status check_root(sftp::Session& session) const;
  // The folders above key that are missing.
  Status make_folders(sftp::Session& session, const std::string& key) const;
  // Makes names in a folder durable, where the server can.
  Status sync_folder(sftp::Session& session, const std::string& folder) const;

 private:
  void give_back(std::shared_ptr<sftp::Session> session);
  void keep_alive();

  SftpOptions options_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<sftp::Session>> idle_;
  std::vector<std::weak_ptr<sftp::Session>> all_;
  std::condition_variable changed_;
  bool stop_ = false;
  std::thread keeper_;  // from the first connection on
};

}  // namespace pgdr::store
