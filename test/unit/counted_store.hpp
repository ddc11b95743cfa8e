// A store that counts what is created in the one behind it.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "store/store.hpp"

namespace pgdr::test {

class CountedStore final : public store::Store {
 public:
  explicit CountedStore(std::shared_ptr<store::Store> inner) : inner_(std::move(inner)) {}

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

  [[nodiscard]] std::string location() const override { return inner_->location(); }
  Result<std::unique_ptr<store::Upload>> create(const std::string& key) override {
    {
      const std::lock_guard lock(mutex_);
      ++created_;
    }
    changed_.notify_all();
    return inner_->create(key);
  }
  Result<std::unique_ptr<Source>> open(const std::string& key, std::uint64_t offset) override {
    return inner_->open(key, offset);
  }
  Result<std::optional<store::Entry>> stat(const std::string& key) override {
    return inner_->stat(key);
  }
  Result<std::vector<store::Entry>> list(const std::string& prefix) override {
    return inner_->list(prefix);
  }
  Status remove(const std::string& key) override { return inner_->remove(key); }
  Result<std::vector<store::Entry>> leftovers(const std::string& prefix) override {
    return inner_->leftovers(prefix);
  }
  Status remove_leftover(const store::Entry& entry) override {
    return inner_->remove_leftover(entry);
  }
  Result<std::unique_ptr<store::Lease>> lock(const std::string& name) override {
    return inner_->lock(name);
  }
  Result<std::optional<std::uint64_t>> free_space() override { return inner_->free_space(); }

 private:
  std::shared_ptr<store::Store> inner_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t created_ = 0;
};

}  // namespace pgdr::test
