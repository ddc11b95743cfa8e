// Text from strangers (names in a database, messages of servers, files of a repository, the command
// line) made safe to show. What drives a terminal, reorders or hides text, or is no UTF-8 is shown
// as an escape: \x1B for control characters and bytes that are no UTF-8, \u202E or \U000E0041 for
// code points that show nothing. Backslashes stay as they are: this is for reading, not for
// parsing.
//
// base/output.hpp applies it to everything that leaves the process. A name that goes into a table,
// a field or a sentence is made visible before, so that its line ends are not taken for ours.
#pragma once

#include <string>
#include <string_view>

namespace pgdr {

// One line: line ends and tabs become \n, \r and \t as well.
std::string visible(std::string_view text);
// Line ends and tabs pass; colours: the sequences of our own palette pass, too.
std::string visible_lines(std::string_view text, bool colours);
// A message within a line of the log: what follows a line end is indented, so that it cannot pass
// for a line of its own.
std::string visible_message(std::string_view text);
// A JSON document as nlohmann dumps it: outside ASCII there are only the characters of strings,
// which become JSON's own escapes; a reader gets the very same strings.
std::string visible_json(std::string_view document);

// The colours that this program uses, as ANSI parameters: "32" or "1;31". Around text: see paint().
std::string ansi_colour(std::string_view code, std::string_view text);

}  // namespace pgdr
