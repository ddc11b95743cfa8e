// Progress lines: a pure renderer, and the object that draws it on standard error.
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <mutex>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/log_line.hpp"

namespace pgdr {

namespace {

// At most `width` characters; never half of a UTF-8 sequence.
std::string cut(const std::string& text, int width) {
  int characters = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U;
    if (starts && ++characters > width) return text.substr(0, i);
  }
  return text;
}

int characters_of(const std::string& text) {
  return static_cast<int>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

}  // namespace

std::string render_progress(const ProgressState& state, double seconds, int width) {
  if (width <= 0) return {};
  // Most wanted first; a part that does not fit any more ends the line.
  std::vector<std::string> parts;
  if (state.bytes != 0 || state.total != 0) {
    const bool in_range = state.total != 0 && state.bytes <= state.total;
    parts.push_back(state.total == 0 ? format_bytes(state.bytes)
                                     : fmt::format("{} of ~{}", format_bytes(state.bytes),
                                                   format_bytes(state.total)));
    const double rate = seconds > 0 ? static_cast<double>(state.bytes) / seconds : 0;
    if (rate >= 1) parts.push_back(fmt::format("{}/s", format_bytes(std::uint64_t(rate))));
    if (in_range) {
      parts.push_back(fmt::format("{}%", int(100.0 * double(state.bytes) / double(state.total))));
    }
    // A guess from the first moments would only jump about.
    if (in_range && rate >= 1 && seconds >= 2) {
      const auto left =
          std::chrono::seconds(std::int64_t(double(state.total - state.bytes) / rate));
      parts.push_back(fmt::format("{} left", format_duration(left)));
    }
    if (state.stored != 0) parts.push_back(fmt::format("{} stored", format_bytes(state.stored)));
  }
  std::string line = cut(state.phase, width);
  int used = characters_of(line);
  for (const std::string& part : parts) {
    if (used + 2 + static_cast<int>(part.size()) > width) break;
    line += "  " + part;
    used += 2 + static_cast<int>(part.size());
  }
  return line;
}

namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kRedraw{200};

class TerminalProgress final : public Progress {
 public:
  void update(const ProgressState& state) override {
    const std::lock_guard lock(mutex_);
    const auto now = SteadyClock::now();
    const bool changed = state.phase != phase_;
    if (changed) {
      phase_ = state.phase;
      began_ = now;
    }
    if (!log_line::progress_wanted()) return;
    if (!log_line::on_terminal()) {
      if (changed) log_info(state.phase);
      return;
    }
    if (!changed && now - drawn_ < kRedraw) return;
    drawn_ = now;
    winsize size{};
    const int width =
        ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1 ? size.ws_col - 1 : 79;
    log_line::draw(
        render_progress(state, std::chrono::duration<double>(now - began_).count(), width));
  }
  void done() override {
    const std::lock_guard lock(mutex_);
    phase_.clear();
    log_line::draw({});
  }

 private:
  std::mutex mutex_;
  std::string phase_;
  SteadyClock::time_point began_;
  SteadyClock::time_point drawn_;
};

class NoProgress final : public Progress {
 public:
  void update(const ProgressState& /*state*/) override {}
  void done() override {}
};

}  // namespace

Progress& terminal_progress() {
  static TerminalProgress progress;
  return progress;
}

Progress& no_progress() {
  static NoProgress progress;
  return progress;
}

}  // namespace pgdr
