#include <fmt/format.h>

#include "store/s3/s3.hpp"
#include "store/s3/s3_client.hpp"
#include "store/s3/s3_list.hpp"
#include "store/s3/s3_lock.hpp"
#include "store/s3/s3_object.hpp"
#include "store/s3/s3_remove.hpp"
#include "store/s3/s3_upload.hpp"

namespace pgdr::store {
namespace {

// Locks are beside the objects, under a name that no object may have.
constexpr const char* kLockPrefix = ".lock-";
// A leftover's name: the key, this, and the upload's identity.
constexpr const char* kUploadMark = "?uploadId=";

// Part of a name begins with a dot: a lock, not an object.
bool is_own(const std::string& key) {
  return key.front() == '.' || key.find("/.") != std::string::npos;
}

class S3Store : public Store {
 public:
  explicit S3Store(std::shared_ptr<S3Client> client) : client_(std::move(client)) {}

  [[nodiscard]] std::string location() const override { return client_->location(); }

  Result<std::unique_ptr<Upload>> create(const std::string& key) override {
    PGDR_CHECK(check_key(key));
    return start_s3_upload(*client_, client_->full_key(key));
  }

  Result<std::unique_ptr<Source>> open(const std::string& key, std::uint64_t offset) override {
    PGDR_CHECK(check_key(key));
    return open_object(*client_, client_->full_key(key), offset);
  }

  Result<std::unique_ptr<Source>> open_range(const std::string& key, std::uint64_t offset,
                                             std::uint64_t length) override {
    PGDR_CHECK(check_key(key));
    if (length == 0) return Store::open_range(key, offset, length);  // no Range header says so
    return open_object_range(*client_, client_->full_key(key), offset, length);
  }

  Result<std::optional<Entry>> stat(const std::string& key) override {
    PGDR_CHECK(check_key(key));
    PGDR_TRY(const std::optional<S3Head> head, head_object(*client_, client_->full_key(key)));
    if (!head) return std::optional<Entry>();
    return std::optional<Entry>({key, head->size, head->modified});
  }

  Result<std::vector<Entry>> list(const std::string& prefix) override {
    PGDR_CHECK(check_prefix(prefix));
    PGDR_TRY(const std::vector<S3Object> objects,
             list_objects(*client_, client_->full_key(prefix)));
    std::vector<Entry> entries;
    for (const S3Object& object : objects) {
      const std::string key = object.key.substr(client_->key_prefix().size());
      // "a/" with no content is how consoles draw an empty folder.
      if (key.empty() || is_own(key) || (key.back() == '/' && object.size == 0)) continue;
      entries.push_back({key, object.size, object.modified});
    }
    return entries;
  }

  Status remove(const std::string& key) override {
    PGDR_CHECK(check_key(key));
    return remove_object(*client_, client_->full_key(key));
  }

  Status remove_many(const std::vector<std::string>& keys) override {
    std::vector<std::string> whole;
    whole.reserve(keys.size());
    for (const std::string& key : keys) {
      PGDR_CHECK(check_key(key));
      whole.push_back(client_->full_key(key));
    }
    return remove_objects(*client_, whole);
  }

  // Their size is not known without asking for each one's parts: 0.
  Result<std::vector<Entry>> leftovers(const std::string& prefix) override {
    PGDR_CHECK(check_prefix(prefix));
    PGDR_TRY(const std::vector<S3Unfinished> uploads,
             list_unfinished(*client_, client_->full_key(prefix)));
    std::vector<Entry> entries;
    for (const S3Unfinished& upload : uploads) {
      const std::string key = upload.key.substr(client_->key_prefix().size());
      if (!valid_key(key)) continue;  // not one of ours
      entries.push_back({key + kUploadMark + upload.upload_id, 0, upload.started});
    }
    return entries;
  }

  Status remove_leftover(const Entry& entry) override {
    const std::size_t mark = entry.key.find(kUploadMark);
    const std::string key = entry.key.substr(0, mark);
    const std::string id = mark == std::string::npos
                               ? std::string()
                               : entry.key.substr(mark + std::string_view(kUploadMark).size());
    if (id.empty() || !valid_key(key)) {
      return Error::of(Code::kUsage, fmt::format("'{}' is no leftover of an upload", entry.key));
    }
    return abort_upload(*client_, client_->full_key(key), id);
  }

  Result<std::unique_ptr<Lease>> lock(const std::string& name) override {
    PGDR_CHECK(check_key(name));
    const std::size_t slash = name.rfind('/') + 1;  // 0 without one
    return lock_object(*client_,
                       client_->full_key(name.substr(0, slash) + kLockPrefix + name.substr(slash)));
  }

  Result<std::optional<std::uint64_t>> free_space() override {
    return std::optional<std::uint64_t>();
  }

 private:
  std::shared_ptr<S3Client> client_;
};

}  // namespace

S3Options s3_options(const S3Config& config) {
  S3Options options;
  options.config = config;
  options.credentials = {config.credentials_file, config.profile, process_environment};
  options.http.ca_file = config.ca_file;
  return options;
}

Result<std::unique_ptr<Store>> open_s3(S3Options options) {
  PGDR_TRY(std::shared_ptr<S3Client> client, S3Client::make(std::move(options)));
  return std::unique_ptr<Store>(std::make_unique<S3Store>(std::move(client)));
}

}  // namespace pgdr::store
