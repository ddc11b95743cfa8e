#include "net/ssh_channel.hpp"

#include <poll.h>

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <libssh/libssh.h>
#include <libssh/server.h>  // ssh_send_keepalive() alone

#include "base/interrupt.hpp"
#include "net/ssh_login.hpp"
#include "net/tcp.hpp"

namespace pgdr::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// How soon a wait notices a signal.
constexpr milliseconds kSlice{200};
constexpr milliseconds kCleanupPatience{5000};
constexpr std::size_t kWriteAtOnce = 128U << 10U;

// Repeats a call that returns SSH_AGAIN on a non-blocking session until it is done or time is up
// (SSH_AGAIN then).
template <class Call>
int drive(int socket, milliseconds patience, Call call) {
  const auto end = steady_clock::now() + patience;
  for (;;) {
    const int rc = call();
    if (rc != SSH_AGAIN || steady_clock::now() > end || interrupted()) return rc;
    pollfd watched{socket, POLLIN, 0};
    poll(&watched, 1, static_cast<int>(kSlice.count()));
  }
}

}  // namespace

std::string SshOptions::address() const {
  constexpr int kUsualPort = 22;
  return port == kUsualPort ? host : fmt::format("{}:{}", host, port);
}

Result<std::unique_ptr<SshChannel>> SshChannel::open(const SshOptions& options,
                                                     const std::string& subsystem) {
  std::unique_ptr<SshChannel> channel(new SshChannel(options));
  PGDR_CHECK(channel->connect());
  PGDR_CHECK(check_host_key(channel->session_, channel->options_));
  PGDR_CHECK(log_in(channel->session_, channel->options_));
  PGDR_CHECK(channel->start(subsystem));
  return channel;
}

SshChannel::~SshChannel() {
  if (session_ == nullptr) return;
  // A broken connection is cut first: nothing may wait for its other end any more.
  if (broken_) shut_down(socket_.get());
  if (channel_ != nullptr) ssh_channel_free(channel_);
  ssh_disconnect(session_);
  ssh_free(session_);
}

Status SshChannel::connect() {
  PGDR_TRY(socket_, connect_tcp(options_.host, options_.port, options_.connect_timeout,
                                options_.stall_timeout));
  session_ = ssh_new();
  if (session_ == nullptr) throw std::bad_alloc();
  int socket = dup_cloexec(socket_.get());
  const long seconds =
      std::chrono::duration_cast<std::chrono::seconds>(options_.connect_timeout).count();
  const int process_config = 0;
  const int nodelay = 1;
  const auto port = static_cast<unsigned>(options_.port);
  bool good = socket >= 0;
  const auto set = [&](ssh_options_e option, const void* value) {
    good = good && ssh_options_set(session_, option, value) == SSH_OK;
  };
  set(SSH_OPTIONS_PROCESS_CONFIG, &process_config);
  set(SSH_OPTIONS_HOST, options_.host.c_str());
  set(SSH_OPTIONS_PORT, &port);
  set(SSH_OPTIONS_USER, options_.user.c_str());
  set(SSH_OPTIONS_TIMEOUT, &seconds);
  set(SSH_OPTIONS_NODELAY, &nodelay);
  if (!options_.known_hosts_file.empty()) {
    set(SSH_OPTIONS_KNOWNHOSTS, options_.known_hosts_file.c_str());
    set(SSH_OPTIONS_GLOBAL_KNOWNHOSTS, "/dev/null");  // the one file that was named, and no other
  }
  set(SSH_OPTIONS_FD, &socket);
  if (!good) {
    return Error::of(Code::kFailed, fmt::format("cannot set up an SSH connection to {}: {}",
                                                options_.address(), ssh_get_error(session_)));
  }
  if (ssh_connect(session_) == SSH_OK) return success();
  broken_ = true;
  Error error = Error::of(
      Code::kFailed,
      fmt::format("{} does not speak SSH with us: {}", options_.address(), ssh_get_error(session_)),
      "is that the port of its SSH server?");
  error.retryable = true;
  return interrupted() ? interrupted_error() : error;
}

Status SshChannel::start(const std::string& subsystem) {
  ssh_set_blocking(session_, 0);
  channel_ = ssh_channel_new(session_);
  if (channel_ == nullptr) return lost("cannot open a channel");
  const milliseconds patience = options_.connect_timeout;
  int rc = drive(socket_.get(), patience, [&] { return ssh_channel_open_session(channel_); });
  if (rc != SSH_OK) return lost("cannot open a channel");
  rc = drive(socket_.get(), patience,
             [&] { return ssh_channel_request_subsystem(channel_, subsystem.c_str()); });
  if (rc == SSH_OK) return success();
  if (rc == SSH_AGAIN) return lost(fmt::format("'{}' does not start", subsystem));
  broken_ = true;
  return Error::of(Code::kFailed,
                   fmt::format("{} offers this account no {}", options_.address(), subsystem),
                   fmt::format("the server's sshd_config needs a line \"Subsystem {}\" that holds "
                               "for this account",
                               subsystem));
}

Error SshChannel::lost(const std::string& what) {
  broken_ = true;
  if (interrupted() && !cleanup_) return interrupted_error();
  const std::string why = ssh_get_error_code(session_) == SSH_NO_ERROR
                              ? std::string("the server is silent or gone")
                              : std::string(ssh_get_error(session_));
  Error error = Error::of(Code::kFailed, fmt::format("{}: {}: {}", options_.address(), what, why));
  error.retryable = true;
  return error;
}

Status SshChannel::check_patience(steady_clock::time_point since) {
  if (interrupted() && !cleanup_) {
    broken_ = true;  // in the middle of something
    return interrupted_error();
  }
  const milliseconds patience =
      cleanup_ ? std::min(kCleanupPatience, options_.stall_timeout) : options_.stall_timeout;
  if (steady_clock::now() - since < patience) return success();
  return lost(fmt::format("the connection stalled for {} s",
                          std::chrono::duration<double>(patience).count()));
}

Result<std::size_t> SshChannel::pump(milliseconds patience) {
  constexpr std::size_t kAtOnce = 64U << 10U;
  const std::size_t before = inbox_.size();
  inbox_.resize(before + kAtOnce);
  const int n = ssh_channel_read_timeout(channel_, inbox_.data() + before, kAtOnce, 0,
                                         static_cast<int>(patience.count()));
  inbox_.resize(before + static_cast<std::size_t>(n > 0 ? n : 0));
  if (n > 0) return static_cast<std::size_t>(n);
  if (n == SSH_ERROR || ssh_channel_is_eof(channel_) != 0 || ssh_channel_is_closed(channel_) != 0 ||
      ssh_is_connected(session_) == 0) {
    return lost("the connection broke");
  }
  return std::size_t{0};
}

Status SshChannel::send(Bytes data) {
  const std::lock_guard lock(mutex_);
  if (broken_) return lost("the connection broke before");
  auto moved = steady_clock::now();
  while (!data.empty()) {
    const std::size_t window = ssh_channel_window_size(channel_);
    if (window == 0) {
      // The server takes no more until it has worked: its answers are waited for and kept.
      PGDR_TRY(const std::size_t n, pump(kSlice));
      if (n > 0) moved = steady_clock::now();
      PGDR_CHECK(check_patience(moved));
      continue;
    }
    const std::size_t want = std::min({data.size(), window, kWriteAtOnce});
    const int n = ssh_channel_write(channel_, data.data(), static_cast<std::uint32_t>(want));
    if (n < 0) return lost("cannot send");
    if (n > 0) moved = steady_clock::now();
    data = data.subspan(static_cast<std::size_t>(n));
    int rc = SSH_OK;
    while ((rc = ssh_blocking_flush(session_, static_cast<int>(kSlice.count()))) == SSH_AGAIN) {
      PGDR_CHECK(check_patience(moved));
    }
    if (rc == SSH_ERROR) return lost("cannot send");
  }
  return success();
}

Status SshChannel::receive(std::size_t least) {
  const std::lock_guard lock(mutex_);
  if (broken_) return lost("the connection broke before");
  auto moved = steady_clock::now();
  while (inbox_.size() < least) {
    PGDR_TRY(const std::size_t n, pump(kSlice));
    if (n > 0) {
      moved = steady_clock::now();
    } else {
      PGDR_CHECK(check_patience(moved));
    }
  }
  return success();
}

void SshChannel::keep_alive() {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  if (!lock || broken_) return;
  if (ssh_send_keepalive(session_) == SSH_ERROR) broken_ = true;
  // An error shows when the channel is used next.
  if (const auto ignored = pump(milliseconds(0)); !ignored) broken_ = true;
}

std::string SshChannel::server_banner() const {
  const char* banner = ssh_get_serverbanner(session_);
  return banner == nullptr ? std::string() : banner;
}

}  // namespace pgdr::store
