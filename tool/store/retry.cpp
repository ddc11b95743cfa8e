#include "store/retry.hpp"

#include <algorithm>
#include <mutex>
#include <random>

#include "base/interrupt.hpp"

namespace pgdr::store {
namespace {

using std::chrono::milliseconds;

// How soon a wait notices that it was cancelled.
constexpr milliseconds kCancelSlice{200};

double draw() {
  thread_local std::mt19937_64 engine(std::random_device{}());
  return std::uniform_real_distribution<double>(0.0, 1.0)(engine);
}

// Runs `call` until it succeeds or its error is final.
template <class Call>
auto tried(const RetryPolicy& policy, Call call) -> decltype(call()) {
  for (Backoff backoff(policy);;) {
    auto result = call();
    if (result) return result;
    PGDR_CHECK(backoff.next(result.error()));
  }
}

class RetrySource : public Source {
 public:
  // end: nullopt for the object's own.
  RetrySource(Store& store, const RetryPolicy& policy, std::string key, Entry expected,
              std::uint64_t offset, std::optional<std::uint64_t> end, std::unique_ptr<Source> inner)
      : store_(store),
        backoff_(policy),
        key_(std::move(key)),
        expected_(std::move(expected)),
        offset_(offset),
        end_(end),
        inner_(std::move(inner)) {}

  Result<std::size_t> read(MutableBytes buffer) override {
    for (;;) {
      Result<std::size_t> n = inner_ ? inner_->read(buffer) : reopen_and_read(buffer);
      if (n) {
        offset_ += *n;
        if (*n > 0) backoff_.reset();
        return n;
      }
      inner_.reset();
      PGDR_CHECK(backoff_.next(n.error()));
    }
  }

 private:
  Result<std::size_t> reopen_and_read(MutableBytes buffer) {
    PGDR_TRY(const std::optional<Entry> now, store_.stat(key_));
    if (!now || now->size != expected_.size || now->modified != expected_.modified) {
      return Error::of(Code::kCorrupt, store_.location() + "/" + key_ +
                                           " was replaced or removed while it was being read");
    }
    if (end_) {
      PGDR_TRY(inner_, store_.open_range(key_, offset_, *end_ - offset_));
    } else {
      PGDR_TRY(inner_, store_.open(key_, offset_));
    }
    return inner_->read(buffer);
  }

  Store& store_;
  Backoff backoff_;
  std::string key_;
  Entry expected_;
  std::uint64_t offset_;
  std::optional<std::uint64_t> end_;
  std::unique_ptr<Source> inner_;
};

class RetryStore : public Store {
 public:
  RetryStore(std::unique_ptr<Store> inner, RetryPolicy policy)
      : inner_(std::move(inner)), policy_(std::move(policy)) {}

  [[nodiscard]] std::string location() const override { return inner_->location(); }
  Result<std::unique_ptr<Upload>> create(const std::string& key) override {
    forget(key);
    return tried(policy_, [&] { return inner_->create(key); });
  }
  Result<std::unique_ptr<Source>> open(const std::string& key, std::uint64_t offset) override {
    PGDR_TRY(const std::optional<Entry> entry, stat(key));
    // The store's own words for an absent object are better than ours.
    if (!entry) return inner_->open(key, offset);
    PGDR_TRY(std::unique_ptr<Source> source,
             tried(policy_, [&] { return inner_->open(key, offset); }));
    return std::unique_ptr<Source>(std::make_unique<RetrySource>(
        *inner_, policy_, key, *entry, offset, std::nullopt, std::move(source)));
  }
  Result<std::unique_ptr<Source>> open_range(const std::string& key, std::uint64_t offset,
                                             std::uint64_t length) override {
    PGDR_TRY(const std::optional<Entry> entry, known(key));
    if (!entry) return inner_->open_range(key, offset, length);
    const auto opened = [&] { return inner_->open_range(key, offset, length); };
    PGDR_TRY(std::unique_ptr<Source> source, tried(policy_, opened));
    const std::uint64_t end = offset + std::min(length, UINT64_MAX - offset);
    return std::unique_ptr<Source>(std::make_unique<RetrySource>(*inner_, policy_, key, *entry,
                                                                 offset, end, std::move(source)));
  }
  Result<std::optional<Entry>> stat(const std::string& key) override {
    return tried(policy_, [&] { return inner_->stat(key); });
  }
  Result<std::vector<Entry>> list(const std::string& prefix) override {
    return tried(policy_, [&] { return inner_->list(prefix); });
  }
  Status remove(const std::string& key) override {
    forget(key);
    return tried(policy_, [&] { return inner_->remove(key); });
  }
  // What is gone already is no error the second time.
  Status remove_many(const std::vector<std::string>& keys) override {
    for (const std::string& key : keys) forget(key);
    return tried(policy_, [&] { return inner_->remove_many(keys); });
  }
  Result<std::vector<Entry>> leftovers(const std::string& prefix) override {
    return tried(policy_, [&] { return inner_->leftovers(prefix); });
  }
  Status remove_leftover(const Entry& entry) override {
    return tried(policy_, [&] { return inner_->remove_leftover(entry); });
  }
  // Held by another is an answer, not a failure: kLocked is never retryable.
  Result<std::unique_ptr<Lease>> lock(const std::string& name) override {
    return tried(policy_, [&] { return inner_->lock(name); });
  }
  Result<std::optional<std::uint64_t>> free_space() override {
    return tried(policy_, [&] { return inner_->free_space(); });
  }

 private:
  // A large object is read by hundreds of ranges: looked at once.
  Result<std::optional<Entry>> known(const std::string& key) {
    {
      const std::lock_guard lock(mutex_);
      if (read_ && read_->key == key) return read_;
    }
    PGDR_TRY(std::optional<Entry> entry, stat(key));
    const std::lock_guard lock(mutex_);
    read_ = entry;
    return entry;
  }
  void forget(const std::string& key) {
    const std::lock_guard lock(mutex_);
    if (read_ && read_->key == key) read_.reset();
  }

  std::unique_ptr<Store> inner_;
  RetryPolicy policy_;
  std::mutex mutex_;
  std::optional<Entry> read_;  // the object that ranges were asked of last
};

}  // namespace

RetryPolicy default_retry_policy() {
  RetryPolicy policy;
  policy.sleep = sleep_until_signal;
  policy.random = draw;
  return policy;
}

Status Backoff::next(const Error& why, milliseconds at_least) {
  if (!why.retryable || ++tried_ >= policy_.attempts) return why;
  milliseconds whole = policy_.first;
  for (int i = 1; i < tried_ && whole < policy_.ceiling; ++i) whole *= 2;
  whole = std::min(whole, policy_.ceiling);
  const double share = 0.5 + policy_.random() / 2;
  const milliseconds wait(
      static_cast<milliseconds::rep>(static_cast<double>(whole.count()) * share));
  milliseconds left = std::max(wait, at_least);
  if (cancelled_ == nullptr) return policy_.sleep(left);
  while (left.count() > 0 && !*cancelled_) {
    const milliseconds slice = std::min(left, kCancelSlice);
    PGDR_CHECK(policy_.sleep(slice));
    left -= slice;
  }
  return *cancelled_ ? Status(why) : success();
}

std::unique_ptr<Store> with_retry(std::unique_ptr<Store> inner, RetryPolicy policy) {
  return std::make_unique<RetryStore>(std::move(inner), std::move(policy));
}

}  // namespace pgdr::store
