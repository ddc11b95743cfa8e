// A store that counts what is created in the one behind it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "unit/forwarding_store.hpp"

namespace pgdr::test {

class CountedStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  // How many uploads were started so far.
  std::size_t created() {
    const std::lock_guard lock(mutex_);
    return created_;
  }
  // false: there were fewer than `count` after that time.
  bool await_created(std::size_t count, std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, time, [&] { return created_ >= count; });
  }

  Result<std::unique_ptr<store::Upload>> create(const std::string& key) override {
    {
      const std::lock_guard lock(mutex_);
      ++created_;
    }
    changed_.notify_all();
    return ForwardingStore::create(key);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t created_ = 0;
};

}  // namespace pgdr::test
