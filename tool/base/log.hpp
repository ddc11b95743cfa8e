// What the operator reads on standard error: log lines, and one progress line on a terminal.
//
// Standard output carries results only (tables, JSON). With a terminal on standard error, progress
// redraws one line; without, it becomes a plain line at each phase change. NO_COLOR and TERM=dumb
// are respected. Thread safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/output.hpp"  // color_on_stdout()
#include "base/result.hpp"

namespace pgdr {

enum class Verbosity { kQuiet, kNormal, kVerbose };

void log_setup(Verbosity verbosity);
void log_error(const Error& error);  // "pgdr: error: …" and, if any, "hint: …"; also when quiet
void log_warning(std::string_view message);
void log_info(std::string_view message);     // not when quiet
void log_verbose(std::string_view message);  // only when verbose

// Progress of a long step, pushed by use-cases, drawn by whoever listens.
struct ProgressState {
  std::string phase;         // "dumping", "fingerprinting", …
  std::uint64_t bytes = 0;   // moved so far in this phase (uncompressed)
  std::uint64_t total = 0;   // expected, 0 = unknown (an estimate: shown with ~)
  std::uint64_t stored = 0;  // bytes written to the repository, 0 = does not apply
};
std::string render_progress(const ProgressState& state, double seconds,
                            int width);  // pure; one line, no newline

class Progress {
 public:
  virtual ~Progress() = default;
  virtual void update(
      const ProgressState& state) = 0;  // cheap: call per buffer; draws at most 5 times a second
  virtual void done() = 0;              // clears the line
};
Progress& terminal_progress();
Progress& no_progress();

}  // namespace pgdr
