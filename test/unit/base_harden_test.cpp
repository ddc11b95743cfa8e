#include "base/harden.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace pgdr {
namespace {

// In a process of its own: it holds for good.
TEST(KeepMemoryPrivate, LeavesNoImage) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    keep_memory_private();
    rlimit core{1, 1};
    const bool none =
        getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0;
#ifdef __SANITIZE_ADDRESS__
    _exit(none ? 0 : 1);
#else
    _exit(none && prctl(PR_GET_DUMPABLE) == 0 ? 0 : 1);
#endif
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace pgdr
