// What a process that holds secrets does to itself before anything else.
#pragma once

namespace pgdr {

// No memory image of this process: not by a crash (RLIMIT_CORE), nor for another process of the
// same user (a debugger, /proc/PID/mem). Programs that are started do not inherit the latter.
void keep_memory_private();

}  // namespace pgdr
