#include "store/limited.hpp"

#include <algorithm>

#include "base/token_bucket.hpp"
#include "store/retry.hpp"

namespace pgdr::store {
namespace {

using std::chrono::milliseconds;

// One direction of one repository. Shared: transfers may outlive their store.
class Line {
 public:
  Line(std::uint64_t rate, BandwidthClock clock)
      : bucket_(rate, rate / 4), clock_(std::move(clock)) {}

  // A tenth of a second's worth: waits stay short, and the flow even.
  [[nodiscard]] std::size_t piece() const {
    return static_cast<std::size_t>(
        std::clamp<std::uint64_t>(bucket_.rate() / 10, 1024, std::uint64_t{256} << 10U));
  }
  Status pass(std::size_t bytes) {
    const auto wait = bucket_.reserve(bytes, clock_.now());
    if (wait.count() <= 0) return success();
    return clock_.sleep(std::chrono::ceil<milliseconds>(wait));
  }

 private:
  TokenBucket bucket_;
  BandwidthClock clock_;
};

class LimitedUpload final : public Upload {
 public:
  LimitedUpload(std::shared_ptr<Line> line, std::unique_ptr<Upload> inner)
      : line_(std::move(line)), inner_(std::move(inner)) {}
  Status write(Bytes data) override {
    while (!data.empty()) {
      const Bytes piece = data.first(std::min(data.size(), line_->piece()));
      PGDR_CHECK(line_->pass(piece.size()));
      PGDR_CHECK(inner_->write(piece));
      data = data.subspan(piece.size());
    }
    return success();
  }
  Status finish() override { return inner_->finish(); }

 private:
  std::shared_ptr<Line> line_;
  std::unique_ptr<Upload> inner_;
};

class LimitedSource final : public Source {
 public:
  LimitedSource(std::shared_ptr<Line> line, std::unique_ptr<Source> inner)
      : line_(std::move(line)), inner_(std::move(inner)) {}
  Result<std::size_t> read(MutableBytes buffer) override {
    PGDR_TRY(const std::size_t got,
             inner_->read(buffer.first(std::min(buffer.size(), line_->piece()))));
    if (got > 0) PGDR_CHECK(line_->pass(got));
    return got;
  }

 private:
  std::shared_ptr<Line> line_;
  std::unique_ptr<Source> inner_;
};

class LimitedStore final : public Store {
 public:
  LimitedStore(std::unique_ptr<Store> inner, std::uint64_t rate, const BandwidthClock& clock)
      : inner_(std::move(inner)),
        up_(std::make_shared<Line>(rate, clock)),
        down_(std::make_shared<Line>(rate, clock)) {}

  [[nodiscard]] std::string location() const override { return inner_->location(); }
  Result<std::unique_ptr<Upload>> create(const std::string& key) override {
    PGDR_TRY(std::unique_ptr<Upload> upload, inner_->create(key));
    return std::unique_ptr<Upload>(std::make_unique<LimitedUpload>(up_, std::move(upload)));
  }
  Result<std::unique_ptr<Source>> open(const std::string& key, std::uint64_t offset) override {
    PGDR_TRY(std::unique_ptr<Source> source, inner_->open(key, offset));
    return std::unique_ptr<Source>(std::make_unique<LimitedSource>(down_, std::move(source)));
  }
  Result<std::unique_ptr<Source>> open_range(const std::string& key, std::uint64_t offset,
                                             std::uint64_t length) override {
    PGDR_TRY(std::unique_ptr<Source> source, inner_->open_range(key, offset, length));
    return std::unique_ptr<Source>(std::make_unique<LimitedSource>(down_, std::move(source)));
  }
  Result<std::optional<Entry>> stat(const std::string& key) override { return inner_->stat(key); }
  Result<std::vector<Entry>> list(const std::string& prefix) override {
    return inner_->list(prefix);
  }
  Status remove(const std::string& key) override { return inner_->remove(key); }
  Status remove_many(const std::vector<std::string>& keys) override {
    return inner_->remove_many(keys);
  }
  Result<std::vector<Entry>> leftovers(const std::string& prefix) override {
    return inner_->leftovers(prefix);
  }
  Status remove_leftover(const Entry& entry) override { return inner_->remove_leftover(entry); }
  Result<std::unique_ptr<Lease>> lock(const std::string& name) override {
    return inner_->lock(name);
  }
  Result<std::optional<std::uint64_t>> free_space() override { return inner_->free_space(); }

 private:
  std::unique_ptr<Store> inner_;
  std::shared_ptr<Line> up_;
  std::shared_ptr<Line> down_;
};

}  // namespace

BandwidthClock real_bandwidth_clock() {
  return {[] { return std::chrono::steady_clock::now(); }, default_retry_policy().sleep};
}

std::unique_ptr<Store> with_bandwidth_limit(std::unique_ptr<Store> inner,
                                            std::uint64_t bytes_per_second,
                                            const BandwidthClock& clock) {
  return std::make_unique<LimitedStore>(std::move(inner), bytes_per_second, clock);
}

}  // namespace pgdr::store
