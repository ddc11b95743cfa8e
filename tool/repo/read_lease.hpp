// A lease on a copy that is being read, so that `pgdr expire` leaves it alone.
//
// The mark is written first, then the manifest is looked at once more; expire deletes a manifest
// first and looks for leases after that. So of the two one always sees the other.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "repo/marks.hpp"
#include "repo/repository.hpp"

namespace pgdr::app {

// Several renewals may fail before the lease counts as dead.
inline constexpr std::chrono::minutes kLeaseRenewal =
    std::chrono::minutes(kLeaseLifetime) / 8;  // an eighth of whole hours would be none

// Renewed by a thread until destroyed. The copy's repository is borrowed.
class ReadLease {
 public:
  ReadLease(const ReadLease&) = delete;
  ReadLease& operator=(const ReadLease&) = delete;
  virtual ~ReadLease() = default;

 protected:
  ReadLease() = default;
};

// purpose: one word for people, "restore". null, and a warning, where the repository cannot be
// written to (a read-only medium): reading goes on without. kRepositoryMissing when the backup was
// deleted meanwhile.
// renewal: how often; several may fail before the lease counts as dead.
Result<std::unique_ptr<ReadLease>> hold_copy(const StoredBackup& backup, const std::string& purpose,
                                             std::chrono::milliseconds renewal = kLeaseRenewal);

}  // namespace pgdr::app
