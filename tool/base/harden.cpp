#include "base/harden.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace pgdr {

void keep_memory_private() {
  const rlimit none{0, 0};
  (void)setrlimit(RLIMIT_CORE, &none);
#ifndef __SANITIZE_ADDRESS__  // its search for leaks is a debugger of its own
  (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

}  // namespace pgdr
