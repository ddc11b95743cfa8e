// A store that passes everything on to the one behind it: a test's own overrides what it changes.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "store/store.hpp"

namespace pgdr::test {

class ForwardingStore : public store::Store {
 public:
  explicit ForwardingStore(std::shared_ptr<store::Store> inner) : inner_(std::move(inner)) {}

  [[nodiscard]] std::string location() const override { return inner_->location(); }
  Result<std::unique_ptr<store::Upload>> create(const std::string& key) override {
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

 protected:
  store::Store& inner() { return *inner_; }

 private:
  std::shared_ptr<store::Store> inner_;
};

}  // namespace pgdr::test
