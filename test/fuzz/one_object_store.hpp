// A store in which one object lies, whatever it is asked for.
#pragma once

#include "pipe/stages.hpp"
#include "store/store.hpp"

namespace pgdr::fuzz {

class OneObjectStore final : public store::Store {
 public:
  OneObjectStore(std::string key, std::string_view text) : key_(std::move(key)), text_(text) {}
  [[nodiscard]] std::string location() const override { return "memory"; }
  Result<std::unique_ptr<store::Upload>> create(const std::string& /*key*/) override {
    return none();
  }
  Result<std::unique_ptr<Source>> open(const std::string& /*key*/, std::uint64_t offset) override {
    return pipe::memory_source(text_.substr(std::min<std::uint64_t>(offset, text_.size())));
  }
  Result<std::optional<store::Entry>> stat(const std::string& /*key*/) override {
    return std::optional(entry());
  }
  Result<std::vector<store::Entry>> list(const std::string& /*prefix*/) override {
    return std::vector<store::Entry>{entry()};
  }
  Status remove(const std::string& /*key*/) override { return none(); }
  Result<std::vector<store::Entry>> leftovers(const std::string& /*prefix*/) override {
    return std::vector<store::Entry>{};
  }
  Status remove_leftover(const store::Entry& /*entry*/) override { return none(); }
  Result<std::unique_ptr<store::Lease>> lock(const std::string& /*name*/) override {
    return none();
  }
  Result<std::optional<std::uint64_t>> free_space() override {
    return std::optional<std::uint64_t>();
  }

 private:
  [[nodiscard]] store::Entry entry() const { return {key_, text_.size(), Time{}}; }
  static Error none() { return Error::of(Code::kFailed, "read only"); }
  std::string key_;
  std::string text_;
};

}  // namespace pgdr::fuzz
