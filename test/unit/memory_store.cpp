#include "unit/memory_store.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "unit/store_contract.hpp"

namespace pgdr::test {

// Visible once finished; a process that dies before leaves it as a leftover.
class MemoryUpload final : public store::Upload {
 public:
  MemoryUpload(std::shared_ptr<MemoryPlace> place, std::string key, std::string temporary,
               std::uint64_t life)
      : place_(std::move(place)),
        key_(std::move(key)),
        temporary_(std::move(temporary)),
        life_(life) {}
  ~MemoryUpload() override {
    const std::lock_guard lock(place_->mutex_);
    if (life_ == place_->lives_) place_->temporaries_.erase(temporary_);
  }
  Status write(Bytes data) override {
    const std::lock_guard lock(place_->mutex_);
    PGDR_CHECK(living());
    bytes_.append(text_of(data));
    auto& temporary = place_->temporaries_[temporary_];
    temporary.size = bytes_.size();
    temporary.modified = place_->now();
    return success();
  }
  Status finish() override {
    const std::lock_guard lock(place_->mutex_);
    PGDR_CHECK(living());
    place_->temporaries_.erase(temporary_);
    const auto at = place_->objects_.find(key_);
    if (at == place_->objects_.end()) {
      place_->objects_[key_] = {std::make_shared<const std::string>(std::move(bytes_)),
                                place_->now()};
      return success();
    }
    if (*at->second.bytes == bytes_) return success();
    return Error::of(Code::kExists, fmt::format("memory/{} exists with other content", key_));
  }

 private:
  [[nodiscard]] Status living() const {
    if (life_ == place_->lives_) return success();
    return Error::of(Code::kFailed, "the process that wrote it is gone");
  }

  std::shared_ptr<MemoryPlace> place_;
  std::string key_;
  std::string temporary_;
  std::uint64_t life_;
  std::string bytes_;
};

class MemoryLease final : public store::Lease {
 public:
  MemoryLease(std::shared_ptr<MemoryPlace> place, std::string name, std::uint64_t life)
      : place_(std::move(place)), name_(std::move(name)), life_(life) {}
  ~MemoryLease() override {
    const std::lock_guard lock(place_->mutex_);
    if (life_ == place_->lives_) place_->locks_.erase(name_);
  }
  [[nodiscard]] Status held() const override {
    const std::lock_guard lock(place_->mutex_);
    if (life_ == place_->lives_) return success();
    return Error::of(Code::kLocked, fmt::format("the lock {} was lost", name_));
  }

 private:
  std::shared_ptr<MemoryPlace> place_;
  std::string name_;
  std::uint64_t life_;
};

namespace {

// Bytes of an object that may be removed meanwhile, as an open file's.
class HeldBytes final : public Source {
 public:
  HeldBytes(std::shared_ptr<const std::string> bytes, std::uint64_t at)
      : bytes_(std::move(bytes)), at_(static_cast<std::size_t>(at)) {}
  Result<std::size_t> read(MutableBytes buffer) override {
    const std::size_t n = std::min(buffer.size(), bytes_->size() - at_);
    std::copy_n(bytes_of(*bytes_).begin() + static_cast<std::ptrdiff_t>(at_), n, buffer.begin());
    at_ += n;
    return n;
  }

 private:
  std::shared_ptr<const std::string> bytes_;
  std::size_t at_;
};

constexpr std::string_view kTemporaryMark = ".tmp-";

}  // namespace

Time MemoryPlace::now() const { return system_clock().now() + ahead_; }

void MemoryPlace::set_ahead(std::chrono::microseconds ahead) {
  const std::lock_guard lock(mutex_);
  ahead_ = ahead;
}

void MemoryPlace::age(std::chrono::microseconds by) {
  const std::lock_guard lock(mutex_);
  for (auto& [key, object] : objects_) object.modified -= by;
  for (auto& [key, temporary] : temporaries_) temporary.modified -= by;
}

bool MemoryPlace::alter(const std::string& key, const std::string& bytes) {
  const std::lock_guard lock(mutex_);
  const auto at = objects_.find(key);
  if (at == objects_.end()) return false;
  at->second.bytes = std::make_shared<const std::string>(bytes);
  return true;
}

void MemoryPlace::crash() {
  const std::lock_guard lock(mutex_);
  ++lives_;
  locks_.clear();
  for (auto& [key, temporary] : temporaries_) temporary.living = false;
}

std::map<std::string, std::string> MemoryPlace::content() const {
  const std::lock_guard lock(mutex_);
  std::map<std::string, std::string> all;
  for (const auto& [key, object] : objects_) all[key] = *object.bytes;
  return all;
}

std::shared_ptr<MemoryPlace> MemoryPlace::clone() const {
  auto copy = std::make_shared<MemoryPlace>();
  const std::lock_guard lock(mutex_);
  copy->objects_ = objects_;
  copy->temporaries_ = temporaries_;
  copy->ahead_ = ahead_;
  copy->made_ = made_;
  copy->crash();
  return copy;
}

Result<std::unique_ptr<store::Upload>> MemoryStore::create(const std::string& key) {
  PGDR_CHECK(store::check_key(key));
  const std::lock_guard lock(place_->mutex_);
  const std::size_t name = key.rfind('/') + 1;
  std::string temporary = fmt::format("{}{}{}-{:04}", key.substr(0, name), kTemporaryMark,
                                      key.substr(name), ++place_->made_);
  place_->temporaries_[temporary] = {0, place_->now(), true};
  return std::unique_ptr<store::Upload>(
      std::make_unique<MemoryUpload>(place_, key, std::move(temporary), place_->lives_));
}

Result<std::unique_ptr<Source>> MemoryStore::open(const std::string& key, std::uint64_t offset) {
  PGDR_CHECK(store::check_key(key));
  const std::lock_guard lock(place_->mutex_);
  const auto at = place_->objects_.find(key);
  if (at == place_->objects_.end()) {
    return Error::of(Code::kNotFound, fmt::format("memory/{} is not there", key));
  }
  if (offset > at->second.bytes->size()) {
    return Error::of(Code::kCorrupt, fmt::format("memory/{} ends before byte {}", key, offset));
  }
  return std::unique_ptr<Source>(std::make_unique<HeldBytes>(at->second.bytes, offset));
}

Result<std::optional<store::Entry>> MemoryStore::stat(const std::string& key) {
  PGDR_CHECK(store::check_key(key));
  const std::lock_guard lock(place_->mutex_);
  const auto at = place_->objects_.find(key);
  if (at == place_->objects_.end()) return std::optional<store::Entry>();
  return std::optional(store::Entry{key, at->second.bytes->size(), at->second.modified});
}

Result<std::vector<store::Entry>> MemoryStore::list(const std::string& prefix) {
  PGDR_CHECK(store::check_prefix(prefix));
  const std::lock_guard lock(place_->mutex_);
  std::vector<store::Entry> found;
  for (auto at = place_->objects_.lower_bound(prefix);
       at != place_->objects_.end() && at->first.starts_with(prefix); ++at) {
    found.push_back({at->first, at->second.bytes->size(), at->second.modified});
  }
  return found;
}

Status MemoryStore::remove(const std::string& key) {
  PGDR_CHECK(store::check_key(key));
  const std::lock_guard lock(place_->mutex_);
  place_->objects_.erase(key);
  return success();
}

Result<std::vector<store::Entry>> MemoryStore::leftovers(const std::string& prefix) {
  PGDR_CHECK(store::check_prefix(prefix));
  const std::lock_guard lock(place_->mutex_);
  std::vector<store::Entry> found;
  for (const auto& [key, temporary] : place_->temporaries_) {
    if (temporary.living || !key.starts_with(prefix)) continue;
    found.push_back({key, temporary.size, temporary.modified});
  }
  return found;
}

Status MemoryStore::remove_leftover(const store::Entry& entry) {
  const std::size_t name = entry.key.rfind('/') + 1;
  if (!std::string_view(entry.key).substr(name).starts_with(kTemporaryMark)) {
    return Error::of(Code::kUsage, fmt::format("{} is no leftover", entry.key));
  }
  const std::lock_guard lock(place_->mutex_);
  const auto at = place_->temporaries_.find(entry.key);
  if (at != place_->temporaries_.end() && !at->second.living) place_->temporaries_.erase(at);
  return success();
}

Result<std::unique_ptr<store::Lease>> MemoryStore::lock(const std::string& name) {
  const std::lock_guard lock(place_->mutex_);
  if (!place_->locks_.insert(name).second) {
    return Error::of(Code::kLocked, fmt::format("{} is locked in memory by another", name));
  }
  return std::unique_ptr<store::Lease>(std::make_unique<MemoryLease>(place_, name, place_->lives_));
}

const char* to_text(CutMode mode) {
  switch (mode) {
    case CutMode::kNever:
      return "uncut";
    case CutMode::kFails:
      return "fails";
    case CutMode::kLies:
      return "is done but says it failed";
    case CutMode::kDies:
      return "dies";
  }
  return "";
}

bool Cut::happened() const {
  const std::lock_guard lock(mutex_);
  return mode_ != CutMode::kNever && operations_ >= at_;
}

std::uint64_t Cut::operations() const {
  const std::lock_guard lock(mutex_);
  return operations_;
}

Cut::Fate Cut::next(std::string_view operation, const std::string& key) {
  const std::lock_guard lock(mutex_);
  if (dead_) return Fate::kFails;
  if (before) before(operation, key);
  if (++operations_ != at_ || mode_ == CutMode::kNever) return Fate::kWorks;
  if (mode_ == CutMode::kLies) return Fate::kLies;
  if (mode_ == CutMode::kDies) {
    dead_ = true;
    for (const auto& place : places_) {
      if (const auto there = place.lock()) there->crash();
    }
  }
  return Fate::kFails;
}

template <class T, class F>
T CutStore::step(Cut& cut, std::string_view operation, const std::string& key, const F& act) {
  const auto fate = cut.next(operation, key);
  const auto error = [&] {
    return Error::of(Code::kFailed, fmt::format("{} of {}: cut here", operation, key));
  };
  if (fate == Cut::Fate::kFails) return error();
  T done = act();
  if (fate == Cut::Fate::kLies) return error();
  return done;
}

class CutStore::CountedUpload final : public store::Upload {
 public:
  CountedUpload(std::shared_ptr<Cut> cut, std::string key, std::unique_ptr<store::Upload> upload)
      : cut_(std::move(cut)), key_(std::move(key)), upload_(std::move(upload)) {}
  Status write(Bytes data) override {
    return step<Status>(*cut_, "write", key_, [&] { return upload_->write(data); });
  }
  Status finish() override {
    return step<Status>(*cut_, "finish", key_, [&] { return upload_->finish(); });
  }

 private:
  std::shared_ptr<Cut> cut_;
  std::string key_;
  std::unique_ptr<store::Upload> upload_;
};

class CutStore::CountedSource final : public Source {
 public:
  CountedSource(std::shared_ptr<Cut> cut, std::string key, std::unique_ptr<Source> source)
      : cut_(std::move(cut)), key_(std::move(key)), source_(std::move(source)) {}
  Result<std::size_t> read(MutableBytes buffer) override {
    return step<Result<std::size_t>>(*cut_, "read", key_, [&] { return source_->read(buffer); });
  }

 private:
  std::shared_ptr<Cut> cut_;
  std::string key_;
  std::unique_ptr<Source> source_;
};

CutStore::CutStore(const std::shared_ptr<MemoryPlace>& place, std::shared_ptr<Cut> cut,
                   bool backwards)
    : ForwardingStore(std::make_shared<MemoryStore>(place)),
      cut_(std::move(cut)),
      backwards_(backwards) {
  const std::lock_guard lock(cut_->mutex_);
  cut_->places_.push_back(place);
}

Result<std::unique_ptr<store::Upload>> CutStore::create(const std::string& key) {
  using Made = Result<std::unique_ptr<store::Upload>>;
  return step<Made>(*cut_, "create", key, [&]() -> Made {
    PGDR_TRY(auto upload, inner().create(key));
    return std::unique_ptr<store::Upload>(
        std::make_unique<CountedUpload>(cut_, key, std::move(upload)));
  });
}

Result<std::unique_ptr<Source>> CutStore::open(const std::string& key, std::uint64_t offset) {
  using Opened = Result<std::unique_ptr<Source>>;
  return step<Opened>(*cut_, "open", key, [&]() -> Opened {
    PGDR_TRY(auto source, inner().open(key, offset));
    return std::unique_ptr<Source>(std::make_unique<CountedSource>(cut_, key, std::move(source)));
  });
}

Result<std::optional<store::Entry>> CutStore::stat(const std::string& key) {
  return step<Result<std::optional<store::Entry>>>(*cut_, "stat", key,
                                                   [&] { return inner().stat(key); });
}

Result<std::vector<store::Entry>> CutStore::list(const std::string& prefix) {
  return step<Result<std::vector<store::Entry>>>(*cut_, "list", prefix,
                                                 [&] { return inner().list(prefix); });
}

Status CutStore::remove(const std::string& key) {
  return step<Status>(*cut_, "remove", key, [&] { return inner().remove(key); });
}

Status CutStore::remove_many(const std::vector<std::string>& keys) {
  std::vector<std::string> order = keys;
  for (const auto& key : order) PGDR_CHECK(store::check_key(key));
  if (backwards_) std::reverse(order.begin(), order.end());
  for (const auto& key : order) PGDR_CHECK(remove(key));
  return success();
}

Result<std::vector<store::Entry>> CutStore::leftovers(const std::string& prefix) {
  return step<Result<std::vector<store::Entry>>>(*cut_, "leftovers", prefix,
                                                 [&] { return inner().leftovers(prefix); });
}

Status CutStore::remove_leftover(const store::Entry& entry) {
  return step<Status>(*cut_, "remove_leftover", entry.key,
                      [&] { return inner().remove_leftover(entry); });
}

Result<std::unique_ptr<store::Lease>> CutStore::lock(const std::string& name) {
  return step<Result<std::unique_ptr<store::Lease>>>(*cut_, "lock", name,
                                                     [&] { return inner().lock(name); });
}

namespace {

class MemoryFixture final : public store::StoreFixture {
 public:
  std::unique_ptr<store::Store> open() override { return std::make_unique<MemoryStore>(place_); }

 private:
  std::shared_ptr<MemoryPlace> place_ = std::make_shared<MemoryPlace>();
};

class UncutFixture final : public store::StoreFixture {
 public:
  std::unique_ptr<store::Store> open() override {
    return std::make_unique<CutStore>(place_, std::make_shared<Cut>(), true);
  }

 private:
  std::shared_ptr<MemoryPlace> place_ = std::make_shared<MemoryPlace>();
};

TEST(MemoryStore, DeathThrowsAwayWhatWasNotFinished) {
  const auto place = std::make_shared<MemoryPlace>();
  const auto cut = std::make_shared<Cut>(CutMode::kDies, 6);
  CutStore store(place, cut);
  const auto lease = store.lock("shop");                          // 1
  ASSERT_TRUE(store::write_text(store, "shop/a", "whole").ok());  // 2 to 4
  const auto upload = store.create("shop/b");                     // 5
  ASSERT_TRUE(lease.ok() && upload.ok());
  EXPECT_FALSE(cut->happened());
  EXPECT_FALSE(store::put(**upload, "half").ok());
  EXPECT_TRUE(cut->happened());
  EXPECT_FALSE((*upload)->finish().ok());
  EXPECT_FALSE(store.stat("shop/a").ok()) << "the dead do nothing";
  EXPECT_FALSE((*lease)->held().ok());
  MemoryStore after(place);
  EXPECT_EQ(store::read_text(after, "shop/a").value(), "whole");
  EXPECT_FALSE(after.stat("shop/b").value().has_value());
  const auto left = after.leftovers("shop/");
  ASSERT_TRUE(left.ok());
  ASSERT_EQ(left->size(), 1U);
  EXPECT_TRUE(after.lock("shop").ok());
  EXPECT_TRUE(after.remove_leftover(left->front()).ok());
  EXPECT_TRUE(after.leftovers("")->empty());
}

TEST(MemoryStore, AFailureIsOneOperationsAlone) {
  const auto place = std::make_shared<MemoryPlace>();
  CutStore fails(place, std::make_shared<Cut>(CutMode::kFails, 3));
  EXPECT_FALSE(store::write_text(fails, "a", "x").ok());
  EXPECT_TRUE(place->content().empty());
  EXPECT_TRUE(fails.leftovers("")->empty()) << "the living clean up";
  EXPECT_TRUE(store::write_text(fails, "a", "x").ok());
  CutStore lies(place, std::make_shared<Cut>(CutMode::kLies, 1));
  EXPECT_FALSE(lies.remove("a").ok());
  EXPECT_TRUE(place->content().empty()) << "it was done all the same";
}

TEST(MemoryStore, ItsClockIsItsOwn) {
  const auto place = std::make_shared<MemoryPlace>();
  MemoryStore store(place);
  place->set_ahead(std::chrono::hours(2));
  ASSERT_TRUE(store::write_text(store, "a", "x").ok());
  const auto age = [&] { return system_clock().now() - (*store.stat("a").value()).modified; };
  EXPECT_LT(age(), -std::chrono::minutes(119));
  place->age(std::chrono::hours(25));
  EXPECT_GT(age(), std::chrono::hours(22));
}

}  // namespace
}  // namespace pgdr::test

namespace pgdr::store {

INSTANTIATE_TEST_SUITE_P(
    Memory, StoreContract,
    ::testing::Values(StoreMaker{"memory", [] { return std::make_unique<test::MemoryFixture>(); }},
                      StoreMaker{"counted", [] { return std::make_unique<test::UncutFixture>(); }}),
    [](const auto& test) { return std::string(test.param.name); });

}  // namespace pgdr::store
