#include "base/log.hpp"

#include <fmt/format.h>

#include <atomic>
#include <mutex>

#include "base/log_line.hpp"
#include "base/output.hpp"
#include "base/visible.hpp"
#include "base/warn.hpp"

namespace pgdr {

namespace {

std::atomic<Verbosity> g_verbosity{Verbosity::kNormal};
std::mutex g_mutex;      // guards standard error and g_progress
std::string g_progress;  // NOLINT(cert-err58-cpp): the line on the terminal now

void put_line(std::string_view text) {
  const std::lock_guard lock(g_mutex);
  put_error(fmt::format("{}\n{}", text, g_progress), !g_progress.empty());
}

std::string paint(const char* color, std::string_view text) {
  return color_on_stderr() ? ansi_colour(color, text) : std::string(text);
}

std::string with_hint(const std::string& what, const Error& error) {
  std::string text = fmt::format("pgdr: {} {}", what, visible_message(to_string(error)));
  if (error.hint.empty()) return text;
  return text + fmt::format("\n{} {}", paint("1", "hint:"), visible_message(error.hint));
}

}  // namespace

namespace log_line {

bool on_terminal() { return smart_stderr(); }

bool progress_wanted() { return g_verbosity.load() != Verbosity::kQuiet; }

void draw(const std::string& line) {
  const std::lock_guard lock(g_mutex);
  if (line.empty() && g_progress.empty()) return;
  g_progress = visible(line);
  put_error(g_progress, true);
}

}  // namespace log_line

void log_setup(Verbosity verbosity) { g_verbosity.store(verbosity); }

void log_error(const Error& error) { put_line(with_hint(paint("1;31", "error:"), error)); }

void log_warning(const Error& error) { put_line(with_hint(paint("1;33", "warning:"), error)); }

void log_warning(std::string_view message) {
  put_line(fmt::format("pgdr: {} {}", paint("1;33", "warning:"), visible_message(message)));
}

void log_info(std::string_view message) {
  if (g_verbosity.load() != Verbosity::kQuiet)
    put_line(fmt::format("pgdr: {}", visible_message(message)));
}

void log_verbose(std::string_view message) {
  if (g_verbosity.load() == Verbosity::kVerbose)
    put_line(fmt::format("pgdr: {}", visible_message(message)));
}

}  // namespace pgdr
