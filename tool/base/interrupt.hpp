// SIGINT and SIGTERM: a handler that only sets a flag and wakes pollers. Nothing is logged or
// locked in it.
#pragma once

#include "base/result.hpp"

namespace pgdr {

void install_signal_handlers();  // SIGINT, SIGTERM, SIGHUP -> flag; SIGPIPE ignored. Call once,
                                 // before threads.
bool interrupted();              // a signal has arrived
int interrupt_fd();  // readable once a signal has arrived; for poll() beside a socket or pipe
Error interrupted_error();  // kInterrupted, names the signal
void clear_interrupt();     // for tests, and for the clean-up that must still talk to a server

}  // namespace pgdr
