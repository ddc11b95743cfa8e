// What `pgdr --version` and the foot of `pgdr --help` say.
#pragma once

#include <string>

namespace pgdr::command {

// "pgdr 0.1.0 (libpq 15.20, OpenSSL 3.0.17, …)", one line without a newline.
std::string version_text();
// The exit codes, one line each, as in doc/exit-codes.md.
std::string exit_code_text();

}  // namespace pgdr::command
