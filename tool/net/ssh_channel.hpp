// A channel to a subsystem of an SSH server, over libssh: "sftp" is the one that is used.
//
// The host key must be in known_hosts: an unknown or changed one is refused with what to do about
// it. Keys alone authenticate (ed25519, ecdsa, rsa with SHA-2), from a file or the agent; there are
// no passwords and no questions. ~/.ssh/config is not read. Every wait ends when a signal has
// arrived (kInterrupted), unless cleanup is set, and when nothing moved for stall_timeout.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>

#include "base/fd.hpp"
#include "base/stream.hpp"

struct ssh_session_struct;
struct ssh_channel_struct;

namespace pgdr::store {

struct SshOptions {
  std::string host;
  int port = 22;
  std::string user;           // empty: this process's
  std::string identity_file;  // empty: the agent's keys, then ~/.ssh/id_ed25519, id_ecdsa, id_rsa
  std::string known_hosts_file;  // empty: ~/.ssh/known_hosts and /etc/ssh/ssh_known_hosts
  std::chrono::milliseconds connect_timeout{20000};  // for each step: network, keys, login
  std::chrono::milliseconds stall_timeout{60000};

  [[nodiscard]] std::string address() const;  // "backup.example.com" or "backup.example.com:2222"
};

// One thread at a time, save for keep_alive(). Errors of the network are retryable and leave the
// channel broken.
class SshChannel {
 public:
  static Result<std::unique_ptr<SshChannel>> open(const SshOptions& options,
                                                  const std::string& subsystem);
  ~SshChannel();
  SshChannel(const SshChannel&) = delete;
  SshChannel& operator=(const SshChannel&) = delete;

  // All of data, as fast as the server takes it. What arrives meanwhile is kept for receive().
  Status send(Bytes data);
  // At least `least` bytes are in inbox() then; the caller erases what it has used.
  Status receive(std::size_t least);
  std::string& inbox() { return inbox_; }
  [[nodiscard]] bool broken() const { return broken_; }
  // Goes on after a signal, with short patience.
  void set_cleanup(bool cleanup) { cleanup_ = cleanup; }
  // Tells the server that we live, and answers when it asks so; nothing while another thread uses
  // the channel, which does the same.
  void keep_alive();
  // The server's name for its software, "OpenSSH_9.2p1 …"; empty when it says none.
  [[nodiscard]] std::string server_banner() const;

 private:
  using Milliseconds = std::chrono::milliseconds;
  explicit SshChannel(SshOptions options) : options_(std::move(options)) {}
  Status connect();
  Status start(const std::string& subsystem);
  Result<std::size_t> pump(Milliseconds patience);  // bytes that came into the inbox
  [[nodiscard]] Error lost(const std::string& what);
  Status check_patience(std::chrono::steady_clock::time_point since);

  SshOptions options_;
  Fd socket_;  // libssh closes a duplicate of its own
  ssh_session_struct* session_ = nullptr;
  ssh_channel_struct* channel_ = nullptr;
  std::mutex mutex_;
  std::string inbox_;
  bool broken_ = false;
  bool cleanup_ = false;
};

}  // namespace pgdr::store
