// Starting one child program: fork and exec, nothing else. Used by process.cpp only.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "base/result.hpp"

namespace pgdr {

struct Spawn {
  std::string path;               // the program, with a slash
  std::vector<std::string> argv;  // argv[0] included
  std::vector<std::string> env;   // NAME=value, complete
  int in = -1;                    // become 0, 1, 2 in the child; all three >= 3 here
  int out = -1;
  int err = -1;
  std::vector<int> inherit;  // kept under the same numbers
};

// The child's pid once exec has succeeded. kNotFound or kFailed with the reason otherwise; no child
// is left then. The child leads a session of its own, has default signal handling, and gets SIGTERM
// when this process dies.
Result<pid_t> spawn(const Spawn& request);

}  // namespace pgdr
