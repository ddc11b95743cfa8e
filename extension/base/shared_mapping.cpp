#include "base/shared_mapping.hpp"

#include <sys/mman.h>

#include <cerrno>

#include "base/pg.hpp"

namespace pgdr {

namespace {

// Smaller than the pieces in which several processes read a table, or each would map all of it.
constexpr Size kWindow = Size{512} << 10;

// Pages read of a window after which it is mapped: where a table's buffers are scattered, mapping
// all of a window for one of them would cost more than the fault.
constexpr uint8 kEnough = 4;
constexpr uint8 kMapped = 255;

#ifdef MADV_POPULATE_READ  // Linux 5.14

uint8* windows = nullptr;  // pages read of each
bool unavailable = false;

void map_window(char* from, const char* to) {
  // What precedes the first buffer on its page belongs to the same shared memory.
  from -= reinterpret_cast<uintptr_t>(from) % static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const int saved = errno;
  // Nothing depends on it: whatever is not mapped now is mapped when it is read. The kernel takes
  // any length, and rounds it up; the segment ends on a page's end.
  if (madvise(from, static_cast<Size>(to - from), MADV_POPULATE_READ) != 0) unavailable = true;
  errno = saved;
}

#endif

}  // namespace

void map_around([[maybe_unused]] const char* page) {
#ifdef MADV_POPULATE_READ
  const Size pool = static_cast<Size>(NBuffers) * BLCKSZ;
  const auto offset = static_cast<Size>(page - BufferBlocks);
  if (offset >= pool || unavailable) return;  // a local buffer
  if (windows == nullptr)
    windows = static_cast<uint8*>(MemoryContextAllocZero(TopMemoryContext, pool / kWindow + 1));
  uint8* read = &windows[offset / kWindow];
  if (*read == kMapped || ++*read < kEnough) return;
  *read = kMapped;
  const Size from = offset / kWindow * kWindow;
  map_window(BufferBlocks + from, BufferBlocks + (from + kWindow < pool ? from + kWindow : pool));
#endif
}

}  // namespace pgdr
