#include "base/process_pipe.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "base/file.hpp"
#include "base/interrupt.hpp"

namespace pgdr {

namespace {
constexpr std::size_t kTail = 64U << 10U;
}

Result<PipeEnds> make_pipe() {
  std::array<int, 2> fds{};
  if (pipe2(fds.data(), O_CLOEXEC) != 0) return system_error(errno, "cannot make a pipe");
  PipeEnds ends{Fd(fds[0]), Fd(fds[1])};
  for (Fd* end : {&ends.read, &ends.write}) {
    if (end->get() >= 3) continue;
    Fd moved(fcntl(end->get(), F_DUPFD_CLOEXEC, 3));
    if (!moved) return system_error(errno, "cannot make a pipe");
    *end = std::move(moved);
  }
  // Fewer switches between pgdr and the child; refused (harmlessly) over the user's pipe quota.
  fcntl(ends.read.get(), F_SETPIPE_SZ, 1 << 20);
  return ends;
}

Status set_nonblocking(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
    return system_error(errno, "cannot set up a pipe");
  }
  return success();
}

Status wait_ready(int fd, short events) {
  for (;;) {
    if (interrupted()) return interrupted_error();
    std::array<pollfd, 2> fds{{{fd, events, 0}, {interrupt_fd(), POLLIN, 0}}};
    const int n = poll(fds.data(), fds.size(), -1);
    if (n < 0 && errno != EINTR) return system_error(errno, "cannot wait for a pipe");
    if (n > 0 && fds[0].revents != 0) return success();
  }
}

Result<std::size_t> PipeSource::read(MutableBytes buffer) {
  if (!fd_) {
    return Error::of(Code::kFailed, fmt::format("the output of {} is not open", program_));
  }
  for (;;) {
    if (interrupted()) return interrupted_error();
    const ssize_t n = ::read(fd_.get(), buffer.data(), buffer.size());
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      return system_error(errno, fmt::format("cannot read the output of {}", program_));
    }
    PGDR_CHECK(wait_ready(fd_.get(), POLLIN));
  }
}

Status PipeSink::write(Bytes data) {
  if (!fd_) {
    return Error::of(Code::kFailed, fmt::format("the input of {} is not open", program_));
  }
  while (!data.empty()) {
    if (interrupted()) return interrupted_error();
    const ssize_t n = ::write(fd_.get(), data.data(), data.size());
    if (n >= 0) {
      data = data.subspan(static_cast<std::size_t>(n));
    } else if (errno == EPIPE) {
      return Error::of(Code::kFailed,
                       fmt::format("{} closed its input before everything was sent", program_));
    } else if (errno == EAGAIN) {
      PGDR_CHECK(wait_ready(fd_.get(), POLLOUT));
    } else if (errno != EINTR) {
      return system_error(errno, fmt::format("cannot write to {}", program_));
    }
  }
  return success();
}

Status PipeSink::finish() {
  if (!fd_) {
    return Error::of(Code::kFailed, fmt::format("the input of {} is not open", program_));
  }
  fd_.reset();
  return success();
}

StderrTail::StderrTail(Fd fd) : fd_(std::move(fd)), stop_(eventfd(0, EFD_CLOEXEC)) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { drain(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

StderrTail::~StderrTail() {
  if (thread_.joinable()) stop();
}

std::string StderrTail::stop() {
  if (thread_.joinable()) {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t n = ::write(stop_.get(), &one, sizeof one);
    thread_.join();
    if (text_.size() > kTail) text_.erase(0, text_.size() - kTail);
  }
  return text_;
}

void StderrTail::drain() {
  std::array<char, 8192> buffer{};
  for (;;) {
    const ssize_t n = ::read(fd_.get(), buffer.data(), buffer.size());
    if (n > 0) {
      text_.append(buffer.data(), static_cast<std::size_t>(n));
      if (text_.size() > 2 * kTail) text_.erase(0, text_.size() - kTail);
      continue;
    }
    if (n < 0 && errno == EINTR) continue;
    if (n == 0 || errno != EAGAIN) return;
    std::array<pollfd, 2> fds{{{fd_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}}};
    poll(fds.data(), fds.size(), -1);
    if (fds[0].revents == 0 && fds[1].revents != 0) return;
  }
}

}  // namespace pgdr
