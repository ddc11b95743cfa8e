// Where text leaves the process. Nothing else writes to standard output or standard error (or asks
// on the terminal): script/check-layers sees to that. Everything passes through base/visible.hpp.
#pragma once

#include <string_view>

#include "base/result.hpp"

namespace pgdr {

// Standard output, buffered. A failure stays until flush_output().
void put_output(std::string_view text);
// A JSON document and a line end.
void put_json(std::string_view document);
Status flush_output();

// Standard error, at once, in one write: whole lines, whose texts from elsewhere have been made
// visible. overwrite: first erases the line that is on the terminal now.
void put_error(std::string_view lines, bool overwrite = false);

// A terminal, for a question.
void put_terminal(int fd, std::string_view text);

bool color_on_stdout();
bool color_on_stderr();
// Standard error is a terminal that can redraw a line.
bool smart_stderr();

}  // namespace pgdr
