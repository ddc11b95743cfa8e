#include "base/abandoned.hpp"

#include <atomic>

namespace pgdr {

namespace {
std::atomic<bool> g_any{false};
}  // namespace

void abandon(std::thread thread) {
  g_any = true;
  thread.detach();
}

bool any_abandoned() { return g_any; }

}  // namespace pgdr
