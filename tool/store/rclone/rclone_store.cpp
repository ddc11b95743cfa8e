#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "store/folder.hpp"
#include "store/local/local.hpp"
#include "store/rclone/rclone.hpp"
#include "store/rclone/rclone_claim.hpp"
#include "store/rclone/rclone_ranges.hpp"
#include "store/rclone/rclone_transfer.hpp"

namespace pgdr::store {
namespace {

// Somebody who came at the same moment withdraws within these.
constexpr int kLockTries = 3;

bool is_leftover_name(const std::string& name) {
  for (const std::string_view prefix :
       {std::string_view(kTemporaryPrefix), std::string_view(kClaimPrefix)}) {
    if (!name.starts_with(prefix)) continue;
    std::string rest = name.substr(prefix.size());
    std::erase(rest, '+');
    return valid_key(rest);
  }
  return false;
}

class RcloneStore : public Store {
 public:
  explicit RcloneStore(const std::shared_ptr<RcloneClient>& client)
      : client_(client), ranges_(std::make_shared<RcloneRanges>(client)) {}

  [[nodiscard]] std::string location() const override { return client_->location(); }

  Result<std::unique_ptr<Upload>> create(const std::string& key) override {
    PGDR_CHECK(check_key(key));
    ranges_->forget(key);
    return start_rclone_upload(*client_, key);
  }

  Result<std::unique_ptr<Source>> open(const std::string& key, std::uint64_t offset) override {
    PGDR_CHECK(check_key(key));
    return open_rclone_source(*client_, key, offset);
  }

  Result<std::unique_ptr<Source>> open_range(const std::string& key, std::uint64_t offset,
                                             std::uint64_t length) override {
    PGDR_CHECK(check_key(key));
    return ranges_->open(key, offset, length);
  }

  Result<std::optional<Entry>> stat(const std::string& key) override {
    PGDR_CHECK(check_key(key));
    PGDR_TRY(const std::optional<RcloneItem> item, client_->stat(key));
    if (!item) return std::optional<Entry>();
    return std::optional<Entry>({key, item->size, item->modified});
  }

  Result<std::vector<Entry>> list(const std::string& prefix) override {
    return list_all(prefix, [](const std::string& key) { return valid_key(key); });
  }

  Status remove(const std::string& key) override {
    PGDR_CHECK(check_key(key));
    ranges_->forget(key);
    return client_->remove(key);
  }

  // By one run of rclone; one by one where that fails, which says what the matter is.
  Status remove_many(const std::vector<std::string>& keys) override {
    for (const std::string& key : keys) {
      PGDR_CHECK(check_key(key));
      ranges_->forget(key);
    }
    if (keys.empty()) return success();
    if (keys.size() == 1) return client_->remove(keys.front());
    if (client_->remove_many(keys)) return success();
    return Store::remove_many(keys);
  }

  // With the claims of processes that died.
  Result<std::vector<Entry>> leftovers(const std::string& prefix) override {
    return list_all(prefix, [](const std::string& key) {
      const auto [parts, name] = split_key(key);
      for (const std::string& part : parts) {
        if (!valid_key(part)) return false;
      }
      return is_leftover_name(name);
    });
  }

  Status remove_leftover(const Entry& entry) override {
    const auto [parts, name] = split_key(entry.key);
    std::string folder;
    for (const std::string& part : parts) folder += part + "/";
    PGDR_CHECK(check_prefix(folder));
    if (!is_leftover_name(name)) {
      return Error::of(Code::kUsage, fmt::format("'{}' is no leftover of an upload", entry.key));
    }
    return client_->remove(entry.key);
  }

  Result<std::unique_ptr<Lease>> lock(const std::string& name) override {
    PGDR_CHECK(check_key(name));
    PGDR_CHECK(client_->check_root());
    std::string file = kLockPrefix + name;
    std::replace(file.begin(), file.end(), '/', '+');
    auto claim = std::make_unique<RcloneClaim>(client_, "", file);
    PGDR_CHECK(claim->take(kLockTries));
    return keep_lease(std::move(claim));
  }

  Result<std::optional<std::uint64_t>> free_space() override {
    std::optional<std::uint64_t> out;
    // Many remotes do not say.
    const auto text = client_->run({"about", "--json", client_->place_of("")}, "ask for room");
    if (!text) return out;
    const auto json = parse_json(*text);
    if (json) out = json_number(*json, "free");
    return out;
  }

 private:
  Result<std::vector<Entry>> list_all(const std::string& prefix,
                                      bool (*wanted)(const std::string& key)) {
    PGDR_CHECK(check_prefix(prefix));
    PGDR_TRY(const auto items, client_->list(prefix, true));
    std::vector<Entry> entries;
    if (!items) {
      PGDR_CHECK(client_->check_root());
      return entries;
    }
    for (const RcloneItem& item : *items) {
      const std::string key = prefix + item.path;
      if (wanted(key)) entries.push_back({key, item.size, item.modified});
    }
    return entries;
  }

  std::shared_ptr<RcloneClient> client_;
  std::shared_ptr<RcloneRanges> ranges_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_rclone(RcloneOptions options, bool create) {
  const RetryPolicy policy = options.retry;
  PGDR_TRY(const auto client, RcloneClient::make(std::move(options)));
  if (create) {
    PGDR_TRY([[maybe_unused]] const std::string said,
             client->run({"mkdir", client->place_of("")}, "make " + client->location()));
  }
  return with_retry(std::make_unique<RcloneStore>(client), policy);
}

}  // namespace pgdr::store
