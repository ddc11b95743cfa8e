#include "base/prompt.hpp"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/interrupt.hpp"
#include "base/output.hpp"

namespace pgdr {
namespace {

class SilentTerminal {
 public:
  explicit SilentTerminal(int fd) : fd_(fd) {
    good_ = tcgetattr(fd_, &before_) == 0;
    if (!good_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_lflag |= ICANON | ECHONL | ISIG;
    good_ = tcsetattr(fd_, TCSAFLUSH, &silent) == 0;
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;
  ~SilentTerminal() {
    if (good_) tcsetattr(fd_, TCSAFLUSH, &before_);
  }
  [[nodiscard]] bool good() const { return good_; }

 private:
  int fd_;
  termios before_{};
  bool good_ = false;
};

}  // namespace

Result<std::string> ask_secret(const std::string& question) {
  const Fd terminal(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal) {
    return Error::of(Code::kNoKey, question + ": there is no terminal to ask on",
                     "give a file instead, or run it on a terminal");
  }
  const SilentTerminal silent(terminal.get());
  if (!silent.good()) {
    return Error::of(Code::kNoKey, question + ": the terminal would show what is typed");
  }
  put_terminal(terminal.get(), question + ": ");
  // One buffer of fixed size: growing would leave pieces of the secret behind in freed memory.
  std::string line(4096, '\0');
  std::size_t size = 0;
  while (size < line.size()) {
    std::array<pollfd, 2> wait = {pollfd{terminal.get(), POLLIN, 0},
                                  pollfd{interrupt_fd(), POLLIN, 0}};
    const int ready = poll(wait.data(), wait.size(), -1);
    if (interrupted() || (ready < 0 && errno != EINTR)) {
      cleanse(line);
      put_terminal(terminal.get(), "\n");
      return interrupted_error();
    }
    if (ready <= 0) continue;
    const ssize_t n = read(terminal.get(), line.data() + size, line.size() - size);
    if (n <= 0) break;
    size += static_cast<std::size_t>(n);
    if (line[size - 1] == '\n') {
      --size;
      break;
    }
  }
  std::string secret = line.substr(0, size);
  cleanse(line);
  if (secret.empty()) return Error::of(Code::kNoKey, question + ": nothing was typed");
  return secret;
}

}  // namespace pgdr
