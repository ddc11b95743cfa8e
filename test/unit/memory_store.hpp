// A store in memory with the semantics of real files, and what goes wrong between any two of its
// operations: for tests that run a use-case with a failure, or a death, at operation N for every N.
//
//   auto place = std::make_shared<MemoryPlace>();              // what the disk holds
//   auto cut = std::make_shared<Cut>(CutMode::kDies, 17);      // this process ends at its 17th
//   auto store = std::make_shared<CutStore>(place, cut);       // operation, in whatever store
//   ...
//   auto after = std::make_shared<MemoryStore>(place);         // another process looks
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.hpp"
#include "unit/forwarding_store.hpp"

namespace pgdr::test {

// The content, shared by all handles; thread safe.
class MemoryPlace {
 public:
  // The clock that objects are dated by is that of the host, and so much ahead of it.
  void set_ahead(std::chrono::microseconds ahead);
  // Time passes: everything that is there is so much older.
  void age(std::chrono::microseconds by);
  // Damage: what the object holds from now on. false: it is not there.
  bool alter(const std::string& key, const std::string& bytes);
  // The process that works here is gone: its locks are free, its unfinished uploads are leftovers.
  void crash();
  // Every object's bytes by its key: for comparing.
  [[nodiscard]] std::map<std::string, std::string> content() const;
  // This place as it is now, with nobody at work.
  [[nodiscard]] std::shared_ptr<MemoryPlace> clone() const;

 private:
  friend class MemoryStore;
  friend class MemoryUpload;
  friend class MemoryLease;

  struct Object {
    std::shared_ptr<const std::string> bytes;
    Time modified{};
  };
  struct Temporary {
    std::uint64_t size = 0;
    Time modified{};
    bool living = true;  // an upload is at work on it
  };
  [[nodiscard]] Time now() const;  // under the mutex

  mutable std::mutex mutex_;
  std::map<std::string, Object> objects_;
  std::map<std::string, Temporary> temporaries_;
  std::set<std::string> locks_;
  std::chrono::microseconds ahead_{0};
  std::uint64_t made_ = 0;   // temporaries so far
  std::uint64_t lives_ = 0;  // crashes so far
};

class MemoryStore : public store::Store {
 public:
  explicit MemoryStore(std::shared_ptr<MemoryPlace> place) : place_(std::move(place)) {}

  [[nodiscard]] std::string location() const override { return "memory"; }
  Result<std::unique_ptr<store::Upload>> create(const std::string& key) override;
  Result<std::unique_ptr<Source>> open(const std::string& key, std::uint64_t offset) override;
  Result<std::optional<store::Entry>> stat(const std::string& key) override;
  Result<std::vector<store::Entry>> list(const std::string& prefix) override;
  Status remove(const std::string& key) override;
  Result<std::vector<store::Entry>> leftovers(const std::string& prefix) override;
  Status remove_leftover(const store::Entry& entry) override;
  Result<std::unique_ptr<store::Lease>> lock(const std::string& name) override;
  Result<std::optional<std::uint64_t>> free_space() override {
    return std::optional<std::uint64_t>();
  }

 private:
  std::shared_ptr<MemoryPlace> place_;
};

enum class CutMode {
  kNever,  // only counts
  kFails,  // the operation is not done, and says so; the next ones work
  kLies,   // it is done, and says that it failed, as a network does that loses the answer
  kDies,   // neither it nor any later one is done, and what was not finished is thrown away
};
inline constexpr CutMode kCuts[] = {CutMode::kFails, CutMode::kLies, CutMode::kDies};
const char* to_text(CutMode mode);

// One process, whose operations are counted over all of its stores. Thread safe.
class Cut {
 public:
  explicit Cut(CutMode mode = CutMode::kNever, std::uint64_t at = 0) : mode_(mode), at_(at) {}
  // Whether the operation that was to be cut came.
  [[nodiscard]] bool happened() const;
  [[nodiscard]] std::uint64_t operations() const;
  // Called before each operation, with its name ("remove") and key: what another process does just
  // then. It must not use the stores of this one.
  std::function<void(std::string_view, const std::string&)> before;

 private:
  friend class CutStore;
  enum class Fate { kWorks, kFails, kLies };
  Fate next(std::string_view operation, const std::string& key);

  const CutMode mode_;
  const std::uint64_t at_;
  mutable std::mutex mutex_;
  std::uint64_t operations_ = 0;
  bool dead_ = false;
  std::vector<std::weak_ptr<MemoryPlace>> places_;
};

// What the process `cut` sees of the place. Several objects are removed one after the other, in the
// order of `backwards`: a store promises none.
class CutStore final : public ForwardingStore {
 public:
  CutStore(const std::shared_ptr<MemoryPlace>& place, std::shared_ptr<Cut> cut,
           bool backwards = false);

  Result<std::unique_ptr<store::Upload>> create(const std::string& key) override;
  Result<std::unique_ptr<Source>> open(const std::string& key, std::uint64_t offset) override;
  Result<std::optional<store::Entry>> stat(const std::string& key) override;
  Result<std::vector<store::Entry>> list(const std::string& prefix) override;
  Status remove(const std::string& key) override;
  Status remove_many(const std::vector<std::string>& keys) override;
  Result<std::vector<store::Entry>> leftovers(const std::string& prefix) override;
  Status remove_leftover(const store::Entry& entry) override;
  Result<std::unique_ptr<store::Lease>> lock(const std::string& name) override;

 private:
  template <class T, class F>
  static T step(Cut& cut, std::string_view operation, const std::string& key, const F& act);

  class CountedUpload;
  class CountedSource;

  std::shared_ptr<Cut> cut_;
  bool backwards_;
};

}  // namespace pgdr::test
