#include "net/tcp.hpp"

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include <fmt/format.h>

#include "base/interrupt.hpp"

namespace pgdr::store {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Waits until the connection is made; 0 or the reason as an errno.
int wait_connected(int socket, milliseconds timeout) {
  const auto end = steady_clock::now() + timeout;
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(end - steady_clock::now()).count();
    if (interrupted()) return EINTR;
    if (left <= 0) return ETIMEDOUT;
    std::array<pollfd, 2> watched{{{socket, POLLOUT, 0}, {interrupt_fd(), POLLIN, 0}}};
    const int n = poll(watched.data(), watched.size(), static_cast<int>(left));
    if (n < 0 && errno != EINTR) return errno;
    if (n > 0 && watched[0].revents != 0) {
      int error = 0;
      socklen_t size = sizeof(error);
      return getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &size) == 0 ? error : errno;
    }
  }
}

void set_option(int socket, int level, int name, int value) {
  // A kernel that does not know one of them leaves us with the others.
  setsockopt(socket, level, name, &value, sizeof(value));
}

void watch_peer(int socket, milliseconds stall_timeout) {
  constexpr int kIdleSeconds = 30;
  constexpr int kProbes = 4;
  set_option(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_option(socket, IPPROTO_TCP, TCP_KEEPIDLE, kIdleSeconds);
  set_option(socket, IPPROTO_TCP, TCP_KEEPINTVL, kIdleSeconds);
  set_option(socket, IPPROTO_TCP, TCP_KEEPCNT, kProbes);
  set_option(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, static_cast<int>(stall_timeout.count()));
  set_option(socket, IPPROTO_TCP, TCP_NODELAY, 1);
}

Error network_error(const std::string& host, int port, const std::string& why) {
  Error error =
      Error::of(Code::kFailed, fmt::format("cannot connect to {} port {}: {}", host, port, why));
  error.retryable = true;
  return error;
}

}  // namespace

Result<Fd> connect_tcp(const std::string& host, int port, milliseconds timeout,
                       milliseconds stall_timeout) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int rc = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (rc != 0) {
    Error error = network_error(host, port, gai_strerror(rc));
    error.hint = "is the host's name right, and does the resolver work?";
    return error;
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, freeaddrinfo);
  int reason = ECONNREFUSED;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    Fd socket(::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket) {
      reason = errno;
      continue;
    }
    reason = ::connect(socket.get(), one->ai_addr, one->ai_addrlen) == 0 ? 0 : errno;
    if (reason == EINPROGRESS) reason = wait_connected(socket.get(), timeout);
    if (interrupted()) return interrupted_error();
    if (reason == 0) {
      watch_peer(socket.get(), stall_timeout);
      return socket;
    }
  }
  return network_error(host, port, std::generic_category().message(reason));
}

int dup_cloexec(int fd) { return fcntl(fd, F_DUPFD_CLOEXEC, 0); }

void shut_down(int socket) { ::shutdown(socket, SHUT_RDWR); }

}  // namespace pgdr::store
