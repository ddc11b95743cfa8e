// Trying again: backoff with jitter, and a store that does so around another one.
//
//   for (Backoff backoff(policy);;) {
//     auto answer = ask();
//     if (answer) return answer;
//     PGDR_CHECK(backoff.next(answer.error()));  // waits, or returns the error that is final
//   }
//
// Only errors marked retryable are tried again. A missing object, a refused login, corrupt bytes
// and a full disk are final at once.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>

#include "base/result.hpp"
#include "store/store.hpp"

namespace pgdr::store {

struct RetryPolicy {
  using Milliseconds = std::chrono::milliseconds;

  int attempts = 7;  // in all, the first included
  Milliseconds first{250};
  Milliseconds ceiling{20000};  // no single wait is longer, save for what a server asks for
  // Waits; kInterrupted when a signal arrives first. Tests put their own here.
  std::function<Status(Milliseconds)> sleep;
  // From 0 to below 1.
  std::function<double()> random;
};

// The policy for real use: sleeps (woken by a signal) and draws random numbers.
RetryPolicy default_retry_policy();

class Backoff {
 public:
  // cancelled, where given, ends a wait early with the error itself.
  explicit Backoff(const RetryPolicy& policy, const std::atomic<bool>* cancelled = nullptr)
      : policy_(policy), cancelled_(cancelled) {}

  // Success after a wait: try again. Otherwise the error to report: `why` itself when it is not
  // retryable or the tries are used up. The n-th wait lasts from half of to the whole of
  // first * 2^(n-1), at most ceiling; never less than `at_least` (a server's Retry-After).
  Status next(const Error& why, std::chrono::milliseconds at_least = {});
  // After progress: the full number of tries again.
  void reset() { tried_ = 0; }

 private:
  const RetryPolicy& policy_;
  const std::atomic<bool>* cancelled_;
  int tried_ = 0;
};

// A store whose reads, listings and removals are tried again, and whose downloads go on from the
// offset reached after a retryable error, provided that the object still has the size and time it
// had. For stores that do not do so themselves; the S3 store does. What was written to an Upload
// cannot be repeated: its errors are final here.
std::unique_ptr<Store> with_retry(std::unique_ptr<Store> inner, RetryPolicy policy);

}  // namespace pgdr::store
