#include "base/interrupt.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <string>

namespace pgdr {

namespace {

std::atomic<int> g_signal{0};
static_assert(std::atomic<int>::is_always_lock_free, "written by a signal handler");

// Made before main() so that the handler never sees it half-made.
const int g_event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

void wake() {
  const std::uint64_t one = 1;
  // A full counter (EAGAIN) is readable already.
  [[maybe_unused]] const ssize_t n = write(g_event, &one, sizeof one);
}

std::atomic<bool> g_held{false};
std::atomic<int> g_waiting{0};

void deliver(int number) {
  g_signal.store(number);  // before wake(): whoever wakes must see the flag
  wake();
}

extern "C" void on_signal(int number) {
  const int saved = errno;
  int none = 0;
  if (!g_held || !g_waiting.compare_exchange_strong(none, number)) {
    deliver(number);
  } else if (!g_held) {  // released in between, perhaps before it saw the number
    const int waiting = g_waiting.exchange(0);
    if (waiting != 0) deliver(waiting);
  }
  errno = saved;
}

void handle(int number) {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  sigaction(number, &action, nullptr);
}

}  // namespace

void install_signal_handlers() {
  handle(SIGINT);
  handle(SIGTERM);
  struct sigaction previous {};
  sigaction(SIGHUP, nullptr, &previous);
  if (previous.sa_handler != SIG_IGN) handle(SIGHUP);  // nohup stays nohup
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, nullptr);
}

HoldInterrupts::HoldInterrupts() {
  g_waiting = 0;
  g_held = true;
}

HoldInterrupts::~HoldInterrupts() {
  g_held = false;
  const int waiting = g_waiting.exchange(0);
  if (waiting != 0) deliver(waiting);
}

bool interrupted() { return g_signal.load(std::memory_order_relaxed) != 0; }

int interrupt_fd() { return g_event; }

Error interrupted_error() {
  const int number = g_signal.load();
  const char* name = sigabbrev_np(number);
  return Error::of(Code::kInterrupted, name == nullptr || number == 0
                                           ? std::string("interrupted")
                                           : std::string("interrupted by SIG") + name);
}

Status sleep_until_signal(std::chrono::milliseconds time) {
  using std::chrono::milliseconds;
  pollfd watched{interrupt_fd(), POLLIN, 0};
  const auto end = std::chrono::steady_clock::now() + time;
  for (auto left = time; left.count() > 0;
       left = std::chrono::duration_cast<milliseconds>(end - std::chrono::steady_clock::now())) {
    if (interrupted()) return interrupted_error();
    poll(&watched, 1, static_cast<int>(std::min<milliseconds::rep>(left.count(), 60000)));
  }
  return interrupted() ? Status(interrupted_error()) : success();
}

void clear_interrupt() {
  g_signal.store(0);
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t n = read(g_event, &count, sizeof count);
  if (g_signal.load() != 0) wake();  // one that arrived in between must stay visible to poll()
}

}  // namespace pgdr
