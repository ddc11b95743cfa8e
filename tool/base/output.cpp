#include "base/output.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/visible.hpp"

namespace pgdr {
namespace {

constexpr const char* kEraseLine = "\r\x1b[K";

bool smart_terminal(int fd) {
  const char* term = std::getenv("TERM");
  return isatty(fd) == 1 && (term == nullptr || std::strcmp(term, "dumb") != 0);
}

bool color_on(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  return smart_terminal(fd) && (no_color == nullptr || *no_color == '\0');
}

// Straight to the descriptor: nothing left in a buffer when the process dies.
void put(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // nobody reads it: there is nowhere left to say so
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

}  // namespace

void put_output(std::string_view text) {
  const std::string safe = visible_lines(text, color_on_stdout());
  (void)std::fwrite(safe.data(), 1, safe.size(), stdout);
}

void put_json(std::string_view document) {
  const std::string safe = visible_json(document) + "\n";
  (void)std::fwrite(safe.data(), 1, safe.size(), stdout);
}

Status flush_output() {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return success();
  return Error::of(Code::kFailed, "cannot write to standard output",
                   "what the command did is done, only its report is lost: \"pgdr list\" and "
                   "\"pgdr status\" tell what there is");
}

void put_error(std::string_view lines, bool overwrite) {
  put(STDERR_FILENO, (overwrite ? kEraseLine : "") + visible_lines(lines, color_on_stderr()));
}

void put_terminal(int fd, std::string_view text) { put(fd, visible_lines(text, false)); }

bool color_on_stdout() { return color_on(STDOUT_FILENO); }
bool color_on_stderr() { return color_on(STDERR_FILENO); }
bool smart_stderr() { return smart_terminal(STDERR_FILENO); }

}  // namespace pgdr
