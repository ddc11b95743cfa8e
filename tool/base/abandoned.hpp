// Threads that were left behind because what they wait for never answers (a hung mount, a dead
// server). They hold all they use themselves; but while one lives the process must not run its
// static destructors: main() ends with _exit() then.
#pragma once

#include <thread>

namespace pgdr {

// Detaches the thread and remembers that there is one.
void abandon(std::thread thread);
[[nodiscard]] bool any_abandoned();

}  // namespace pgdr
