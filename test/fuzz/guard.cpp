// One run of a target under limits of memory and time.

#include <sys/time.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>

#include "fuzz/fuzz.hpp"

// <sanitizer/allocator_interface.h>, which gcc 12 does not install; its library has them.
extern "C" {
int __sanitizer_install_malloc_and_free_hooks(void (*allocated)(const volatile void*, std::size_t),
                                              void (*freed)(const volatile void*));
std::size_t __sanitizer_get_allocated_size(const volatile void* at);
}

namespace pgdr::fuzz {
namespace {

// Single-threaded: a target starts no thread.
bool watching = false;
std::size_t live = 0;
std::size_t peak = 0;

void allocated(const volatile void* /*at*/, std::size_t size) {
  if (!watching) return;
  live += size;
  if (live > peak) peak = live;
}

void freed(const volatile void* at) {
  if (!watching || at == nullptr) return;
  const std::size_t size = __sanitizer_get_allocated_size(at);
  live -= size < live ? size : live;  // what was allocated before the run may end in it
}

void out_of_time(int /*signal*/) {
  static const char text[] = "fuzz: it does not end\n";
  std::fwrite(text, 1, sizeof text - 1, stderr);
  std::abort();
}

void set_timer(int seconds) {
  itimerval timer{};
  timer.it_value.tv_sec = seconds;
  setitimer(ITIMER_PROF, &timer, nullptr);
}

double processor_seconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

}  // namespace

std::map<std::string, Run>& targets() {
  static std::map<std::string, Run> all;
  return all;
}

void require(bool holds, const char* otherwise) {
  if (holds) return;
  watching = false;
  std::fprintf(stderr, "fuzz: %s\n", otherwise);
  std::abort();
}

void guarded(Run run, std::string_view input) {
  static const bool once = [] {
    __sanitizer_install_malloc_and_free_hooks(allocated, freed);
    std::signal(SIGPROF, out_of_time);
    return true;
  }();
  static_cast<void>(once);
  // A copy of exactly its size: reading beyond it is found.
  const std::string exact(input);
  const double begin = processor_seconds();
  set_timer(static_cast<int>(kMostSeconds) * 5);
  live = peak = 0;
  watching = true;
  try {
    run({exact.data(), exact.size()});
  } catch (const std::exception& error) {
    watching = false;
    std::fprintf(stderr, "fuzz: an exception escaped: %s\n", error.what());
    std::abort();
  }
  watching = false;
  set_timer(0);
  const double seconds = processor_seconds() - begin;
  if (peak > kMostBytes) std::fprintf(stderr, "fuzz: %zu bytes for %zu\n", peak, input.size());
  require(peak <= kMostBytes, "it takes too much memory");
  if (seconds > kMostSeconds) std::fprintf(stderr, "fuzz: %.1f s\n", seconds);
  require(seconds <= kMostSeconds, "it takes too long");
}

}  // namespace pgdr::fuzz
