#include "repo/copies.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/warn.hpp"

namespace pgdr::app {
namespace {

// A text that is stored when the stream "finishes", through the same threads and time limits as
// large files.
class TextSink final : public Sink {
 public:
  TextSink(std::shared_ptr<store::Store> store, std::string key, std::string text)
      : store_(std::move(store)), key_(std::move(key)), text_(std::move(text)) {}
  Status write(Bytes) override { return success(); }
  Status finish() override { return store::write_text(*store_, key_, text_); }

 private:
  std::shared_ptr<store::Store> store_;
  std::string key_;
  std::string text_;
};

// An upload that keeps its store alive.
class KeptUpload final : public Sink {
 public:
  KeptUpload(std::shared_ptr<store::Store> store, std::unique_ptr<store::Upload> upload)
      : store_(std::move(store)), upload_(std::move(upload)) {}
  Status write(Bytes data) override { return upload_->write(data); }
  Status finish() override { return upload_->finish(); }

 private:
  std::shared_ptr<store::Store> store_;
  std::unique_ptr<store::Upload> upload_;
};

}  // namespace

FanoutLimits fanout_limits(const CopyConfig& config) {
  FanoutLimits limits;
  limits.queue = static_cast<std::size_t>(config.queue_mib) << 20U;
  limits.stall = config.stall_timeout;
  limits.delay = config.delay_limit;
  return limits;
}

CopySet::CopySet(std::vector<Repository>& repositories, int required, const FanoutLimits& limits)
    : required_(static_cast<std::size_t>(required)), limits_(limits) {
  for (auto& repository : repositories) targets_.push_back({&repository, nullptr, std::nullopt});
}

Status CopySet::lock(const std::string& set) {
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    auto lease = targets_[i].repository->store->lock(set);
    if (lease) {
      targets_[i].lease = std::move(*lease);
      continue;
    }
    const Code code = lease.error().code;
    if (code == Code::kLocked || code == Code::kInterrupted) {
      return lease.error().context("repository " + targets_[i].repository->name);
    }
    fail(i, lease.error());
  }
  return success();
}

Result<std::unique_ptr<Sink>> CopySet::create(const std::string& key) {
  std::vector<OpenSink> open(targets_.size());
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    if (error(i)) continue;
    open[i] = [store = targets_[i].repository->store, key]() -> Result<std::unique_ptr<Sink>> {
      PGDR_TRY(std::unique_ptr<store::Upload> upload, store->create(key));
      return std::unique_ptr<Sink>(std::make_unique<KeptUpload>(store, std::move(upload)));
    };
  }
  PGDR_CHECK(enough_left());
  return std::unique_ptr<Sink>(std::make_unique<Fanout>(*this, std::move(open), limits_));
}

Status CopySet::write_texts(const std::string& key, const std::vector<std::string>& texts) {
  std::vector<OpenSink> open(targets_.size());
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    if (error(i)) continue;
    open[i] = [store = targets_[i].repository->store, key,
               text = texts[i]]() -> Result<std::unique_ptr<Sink>> {
      return std::unique_ptr<Sink>(std::make_unique<TextSink>(store, key, text));
    };
  }
  PGDR_CHECK(enough_left());
  Fanout fanout(*this, std::move(open), limits_);
  return fanout.finish();
}

Status CopySet::write_text(const std::string& key, const std::string& text) {
  return write_texts(key, std::vector<std::string>(targets_.size(), text));
}

std::optional<Error> CopySet::error(std::size_t index) const {
  const std::lock_guard lock(mutex_);
  return targets_[index].error;
}

void CopySet::fail(std::size_t index, const Error& error) {
  const Error named = error.context("repository " + targets_[index].repository->name);
  {
    const std::lock_guard lock(mutex_);
    if (targets_[index].error) return;
    targets_[index].error = named;
  }
  if (targets_.size() > 1) log_warning(named);
}

std::size_t CopySet::working() const {
  return static_cast<std::size_t>(
      std::count_if(targets_.begin(), targets_.end(), [](const Target& t) { return !t.error; }));
}

bool CopySet::may_drop(std::size_t index) const {
  const std::lock_guard lock(mutex_);
  return working() > required_ || targets_[index].error.has_value();
}

Status CopySet::enough_left() const {
  const std::lock_guard lock(mutex_);
  const std::size_t left = working();
  if (left >= required_) return success();
  const auto first = std::find_if(targets_.begin(), targets_.end(),
                                  [](const Target& t) { return t.error.has_value(); });
  if (left == 0 && first != targets_.end()) return *first->error;
  const std::string shortage =
      fmt::format("the set requires {} copies, and {} of its repositories can take one", required_,
                  left == 0 ? "none" : std::to_string(left));
  if (first == targets_.end()) return Error::of(Code::kFailed, shortage);
  Error error = first->error->context(shortage);
  error.code = Code::kFailed;
  return error;
}

}  // namespace pgdr::app
