#include "app/copies.hpp"

#include "base/log.hpp"

namespace pgdr::app {
namespace {

class Fanout final : public Sink {
 public:
  Fanout(CopySet& set, std::vector<std::unique_ptr<store::Upload>> uploads)
      : set_(set), uploads_(std::move(uploads)) {}

  Status write(Bytes data) override {
    return each([&](store::Upload& upload) { return upload.write(data); });
  }
  Status finish() override {
    return each([](store::Upload& upload) { return upload.finish(); });
  }

 private:
  template <class Step>
  Status each(Step step) {
    for (std::size_t i = 0; i < uploads_.size(); ++i) {
      if (!uploads_[i]) continue;
      if (set_.error(i)) {  // another artifact of this copy failed: the rest of it is of no use
        uploads_[i].reset();
        continue;
      }
      Status done = step(*uploads_[i]);
      if (done) continue;
      // An interrupt ends the whole run; it says nothing of the repository.
      if (done.error().code == Code::kInterrupted) return done;
      set_.fail(i, done.error());
      uploads_[i].reset();
    }
    return set_.any_left();
  }

  CopySet& set_;
  std::vector<std::unique_ptr<store::Upload>> uploads_;  // by repository; null: dropped out
};

}  // namespace

CopySet::CopySet(std::vector<Repository>& repositories) {
  for (auto& repository : repositories) targets_.push_back({&repository, nullptr, std::nullopt});
}

Status CopySet::lock(const std::string& set) {
  for (auto& target : targets_) {
    auto lease = target.repository->store->lock(set);
    if (!lease) return lease.error().context("repository " + target.repository->name);
    target.lease = std::move(*lease);
  }
  return success();
}

Result<std::unique_ptr<Sink>> CopySet::create(const std::string& key) {
  std::vector<std::unique_ptr<store::Upload>> uploads(targets_.size());
  for (std::size_t i = 0; i < targets_.size(); ++i) {
    if (error(i)) continue;
    auto upload = targets_[i].repository->store->create(key);
    if (upload) {
      uploads[i] = std::move(*upload);
    } else {
      fail(i, upload.error());
    }
  }
  PGDR_CHECK(any_left());
  return std::unique_ptr<Sink>(std::make_unique<Fanout>(*this, std::move(uploads)));
}

Status CopySet::write_text(const std::string& key, const std::string& text) {
  for (std::size_t i = 0; i < targets_.size(); ++i) write_text_to(i, key, text);
  return any_left();
}

void CopySet::write_text_to(std::size_t index, const std::string& key, const std::string& text) {
  if (error(index)) return;
  const Status written = store::write_text(*targets_[index].repository->store, key, text);
  if (!written) fail(index, written.error());
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
  if (targets_.size() > 1) log_warning(to_string(named));
}

Status CopySet::any_left() const {
  const std::lock_guard lock(mutex_);
  for (const auto& target : targets_) {
    if (!target.error) return success();
  }
  return *targets_.front().error;
}

}  // namespace pgdr::app
