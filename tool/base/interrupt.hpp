// SIGINT and SIGTERM: a handler that only sets a flag and wakes pollers. Nothing is logged or
// locked in it.
#pragma once

#include <chrono>

#include "base/result.hpp"

namespace pgdr {

void install_signal_handlers();  // SIGINT, SIGTERM, SIGHUP -> flag; SIGPIPE ignored. Call once,
                                 // before threads.
bool interrupted();              // a signal has arrived
int interrupt_fd();  // readable once a signal has arrived; for poll() beside a socket or pipe
Error interrupted_error();                                  // kInterrupted, names the signal
Status sleep_until_signal(std::chrono::milliseconds time);  // interrupted_error() if one comes
void clear_interrupt();  // for tests, and for the clean-up that must still talk to a server

// While one lives, a signal waits: for steps that must not be cut in two. A second signal does not
// wait, so that an operator can always end a step that hangs. Not nested.
class HoldInterrupts {
 public:
  HoldInterrupts();
  ~HoldInterrupts();
  HoldInterrupts(const HoldInterrupts&) = delete;
  HoldInterrupts& operator=(const HoldInterrupts&) = delete;
};

}  // namespace pgdr
