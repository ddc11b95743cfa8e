// The shared last line of standard error: log lines and the progress line must not mix. Used by
// log.cpp and progress.cpp only.
#pragma once

#include <string>

namespace pgdr::log_line {

bool on_terminal();      // standard error can redraw a line
bool progress_wanted();  // not when quiet
// Replaces the progress line; empty removes it. Nothing is written if there is none to remove.
void draw(const std::string& line);

}  // namespace pgdr::log_line
