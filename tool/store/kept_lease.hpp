// A lease on something that must be renewed to be kept: a lock object that others take over when it
// grows old. A thread renews it until the lease is given up.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "store/store.hpp"

namespace pgdr::store {

// The process's own lock at the store. Used by one thread at a time.
class RenewableLock {
 public:
  virtual ~RenewableLock() = default;
  // kLocked when the lock is another's now; any other error leaves it in doubt, and is followed by
  // another try.
  virtual Status renew() = 0;
  // Takes it away, if it is still ours; what goes wrong is logged.
  virtual void release() = 0;
  // Others may take it over so long after the last renewal.
  [[nodiscard]] virtual std::chrono::milliseconds lifetime() const = 0;
};

// Renews every third of the lifetime. held() is kLocked from the moment that a renewal was refused,
// or that the lifetime has passed without one.
std::unique_ptr<Lease> keep_lease(std::unique_ptr<RenewableLock> lock);

// What a lock says of its holder, as it is stored.
struct LockText {
  std::string token;  // random: tells one holder from another
  std::string owner;  // "process 4711 on db1", for messages
};
LockText own_lock_text();
std::string write_lock_text(const LockText& lock, std::chrono::milliseconds lifetime,
                            unsigned renewals);
// kFailed: it is no lock.
Result<LockText> read_lock_text(std::string_view text);
// "… is held by OWNER, renewed 20 s ago".
Error locked_error(const std::string& where, const LockText& holder, std::chrono::milliseconds age,
                   std::chrono::milliseconds lifetime);

}  // namespace pgdr::store
