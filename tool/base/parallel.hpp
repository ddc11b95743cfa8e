// Many small requests to a repository at once: each waits on a network or a disk most of its time.
#pragma once

#include <cstddef>
#include <functional>

#include "base/result.hpp"

namespace pgdr {

// Runs step(0) … step(count - 1) on a few threads; returns once all have ended. The first error
// keeps further steps from starting, and is returned; so is kInterrupted after a signal. No step
// for the same index twice.
Status for_each_parallel(std::size_t count, const std::function<Status(std::size_t)>& step);

}  // namespace pgdr
