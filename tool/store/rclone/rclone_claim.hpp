// Claims on a name: mutual exclusion by files and listings alone (see rclone.hpp). Used by
// rclone_upload.cpp and rclone_store.cpp.
#pragma once

#include <memory>
#include <string>

#include "store/kept_lease.hpp"
#include "store/rclone/rclone_client.hpp"

namespace pgdr::store {

class RcloneClaim : public RenewableLock {
 public:
  // The claims on a name are files folder + prefix + name + '+' + token; '+' is in no key.
  RcloneClaim(std::shared_ptr<RcloneClient> client, std::string folder, const std::string& stem);
  ~RcloneClaim() override = default;

  // kLocked naming the holder when another claim stays for all of the tries.
  Status take(int tries);
  Status renew() override;
  void release() override;
  [[nodiscard]] std::chrono::milliseconds lifetime() const override;

 private:
  // The live claim of another; empty: we are alone. kLocked when ours is gone.
  Result<std::string> rival();
  Status write();

  std::shared_ptr<RcloneClient> client_;
  const std::string folder_;  // "" or ending in '/'
  const std::string stem_;
  const LockText own_ = own_lock_text();
  unsigned renewals_ = 0;
};

}  // namespace pgdr::store
