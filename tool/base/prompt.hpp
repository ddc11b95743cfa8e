// Asking a person for a secret, on the terminal, whatever standard input and output are.
#pragma once

#include <string>

#include "base/result.hpp"

namespace pgdr {

// What is typed up to the end of the line; nothing is shown. kNoKey when there is no terminal or
// nothing is typed; kInterrupted on a signal. The terminal is as before afterwards. cleanse() it.
Result<std::string> ask_secret(const std::string& question);

}  // namespace pgdr
