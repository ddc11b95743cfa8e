#include "base/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "base/log_line.hpp"

namespace pgdr {

namespace {

std::atomic<Verbosity> g_verbosity{Verbosity::kNormal};
std::mutex g_mutex;      // guards standard error and g_progress
std::string g_progress;  // NOLINT(cert-err58-cpp): the line on the terminal now
constexpr const char* kEraseLine = "\r\x1b[K";

bool smart_terminal(int fd) {
  const char* term = std::getenv("TERM");
  return isatty(fd) == 1 && (term == nullptr || std::strcmp(term, "dumb") != 0);
}

bool color_on(int fd) {
  const char* no_color = std::getenv("NO_COLOR");
  return smart_terminal(fd) && (no_color == nullptr || *no_color == '\0');
}

// Straight to the descriptor: one write per line, nothing left in a buffer when the process dies.
void put(std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(STDERR_FILENO, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;  // nobody reads standard error: there is nowhere left to say so
    text.remove_prefix(static_cast<std::size_t>(n));
  }
}

void put_line(std::string_view text) {
  const std::lock_guard lock(g_mutex);
  if (g_progress.empty()) {
    put(fmt::format("{}\n", text));
  } else {
    put(fmt::format("{}{}\n{}", kEraseLine, text, g_progress));
  }
}

std::string paint(const char* color, std::string_view text) {
  return color_on_stderr() ? fmt::format("\x1b[{}m{}\x1b[0m", color, text) : std::string(text);
}

}  // namespace

namespace log_line {

bool on_terminal() { return smart_terminal(STDERR_FILENO); }

bool progress_wanted() { return g_verbosity.load() != Verbosity::kQuiet; }

void draw(const std::string& line) {
  const std::lock_guard lock(g_mutex);
  if (line.empty() && g_progress.empty()) return;
  put(kEraseLine + line);
  g_progress = line;
}

}  // namespace log_line

void log_setup(Verbosity verbosity) { g_verbosity.store(verbosity); }

void log_error(const Error& error) {
  std::string text = fmt::format("pgdr: {} {}", paint("1;31", "error:"), to_string(error));
  if (!error.hint.empty()) text += fmt::format("\n{} {}", paint("1", "hint:"), error.hint);
  put_line(text);
}

void log_warning(std::string_view message) {
  put_line(fmt::format("pgdr: {} {}", paint("1;33", "warning:"), message));
}

void log_info(std::string_view message) {
  if (g_verbosity.load() != Verbosity::kQuiet) put_line(fmt::format("pgdr: {}", message));
}

void log_verbose(std::string_view message) {
  if (g_verbosity.load() == Verbosity::kVerbose) put_line(fmt::format("pgdr: {}", message));
}

bool color_on_stdout() { return color_on(STDOUT_FILENO); }
bool color_on_stderr() { return color_on(STDERR_FILENO); }

}  // namespace pgdr
