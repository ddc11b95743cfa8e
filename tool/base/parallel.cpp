#include "base/parallel.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/interrupt.hpp"

namespace pgdr {
namespace {

constexpr std::size_t kThreads = 8;

}  // namespace

Status for_each_parallel(std::size_t count, const std::function<Status(std::size_t)>& step) {
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::optional<Error> first;
  const auto work = [&] {
    for (std::size_t i = next++; i < count; i = next++) {
      const Status done = interrupted() ? Status(interrupted_error()) : step(i);
      if (done) continue;
      const std::lock_guard lock(mutex);
      if (!first) first = done.error();
      next = count;
      return;
    }
  };
  std::vector<std::thread> threads;
  for (std::size_t i = 1; i < std::min(kThreads, count); ++i) threads.emplace_back(work);
  work();
  for (auto& thread : threads) thread.join();
  if (first) return *first;
  return success();
}

}  // namespace pgdr
