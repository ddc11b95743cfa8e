// TCP connections for protocols that are not HTTP.
#pragma once

#include <chrono>
#include <string>

#include "base/fd.hpp"
#include "base/result.hpp"

namespace pgdr::store {

// Tries each address of the host. Dead peers are noticed: the kernel probes an idle connection
// every half minute, and unanswered data counts as lost after stall_timeout. Retryable errors, but
// kInterrupted once a signal has arrived.
Result<Fd> connect_tcp(const std::string& host, int port, std::chrono::milliseconds timeout,
                       std::chrono::milliseconds stall_timeout);

int dup_cloexec(int fd);     // -1 and errno on failure
void shut_down(int socket);  // both directions; every wait on it ends

}  // namespace pgdr::store
