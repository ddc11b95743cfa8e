#include "store/s3/s3_upload.hpp"

#include <optional>
#include <vector>

#include <fmt/format.h>

#include "base/base64.hpp"
#include "base/log.hpp"
#include "store/digest.hpp"
#include "store/part_plan.hpp"
#include "store/s3/s3_object.hpp"
#include "store/s3/s3_parts.hpp"
#include "store/s3/s3_xml.hpp"

namespace pgdr::store {
namespace {

// Assembling thousands of parts takes a store minutes, during which it sends a blank now and then.
constexpr std::chrono::milliseconds kCompleteStall{600000};
// 5 TiB: the largest object that S3 keeps.
constexpr std::uint64_t kLargestObject = std::uint64_t{5} << 40U;

class S3Upload : public Upload {
 public:
  S3Upload(S3Client& client, std::string key)
      : keep_(client.shared_from_this()),
        client_(client),
        key_(std::move(key)),
        what_(fmt::format("cannot store {}", client.shown(key_))) {}

  ~S3Upload() override {
    sender_.reset();
    if (upload_id_.empty()) return;
    if (const Status status = abort_upload(client_, key_, upload_id_); !status) {
      log_verbose(fmt::format("an unfinished upload stays behind until leftovers are removed: {}",
                              to_string(status.error())));
    }
  }

  Status write(Bytes data) override {
    while (!data.empty()) {
      if (!buffer_) buffer_ = std::make_unique<PartBuffer>(part_size(parts_ + 1, first_size()));
      const std::size_t n = buffer_->append(data);
      data = data.subspan(n);
      total_ += n;
      if (total_ > kLargestObject) {
        return Error::of(Code::kFailed, what_ + ": it is larger than the 5 TiB that S3 allows");
      }
      // Only once more follows: what fits into one part is stored by a single request.
      if (buffer_->full() && !data.empty()) PGDR_CHECK(hand_over());
    }
    return success();
  }

  Status finish() override {
    if (upload_id_.empty()) return put_single();
    if (buffer_ && buffer_->size() > 0) PGDR_CHECK(hand_over());
    PGDR_TRY(const std::vector<SentPart> parts, sender_->finish());
    sender_.reset();
    return complete(parts);
  }

 private:
  [[nodiscard]] std::size_t first_size() const {
    return static_cast<std::size_t>(client_.options().config.part_size_mib) << 20U;
  }

  Status hand_over() {
    if (upload_id_.empty()) PGDR_CHECK(begin());
    if (++parts_ > kMostParts) {
      return Error::of(Code::kFailed, what_ + ": it needs more than 10,000 parts",
                       "raise part_size_mib in the repository's configuration");
    }
    const std::size_t most =
        parts_at_once(part_size(parts_, first_size()), first_size(),
                      static_cast<std::size_t>(client_.options().config.parts_in_flight));
    return sender_->send(std::move(buffer_), most);
  }

  Status begin() {
    S3Request request;
    request.method = "POST";
    request.key = key_;
    request.query = {{"uploads", ""}};
    request.headers = write_headers(client_);
    request.expect_root = "InitiateMultipartUploadResult";
    PGDR_TRY(const S3Reply reply, client_.call(request));
    if (!reply.ok()) return client_.failure(reply, what_);
    const std::optional<std::string> id = parse_upload_id(reply.http.body);
    if (!id) return Error::of(Code::kFailed, what_ + ": the server named no upload");
    upload_id_ = *id;
    sender_ = std::make_unique<PartSender>(client_, key_, upload_id_);
    return success();
  }

  // Success or kExists, by what is stored under the key already.
  Status compare(const std::vector<Stretch>& content) {
    PGDR_TRY(const bool same, same_content(client_, key_, content));
    if (same) return success();
    return Error::of(Code::kExists, what_ + ": another object of that name is there already",
                     "objects are never overwritten; was the same name used twice?");
  }

  Status put_single() {
    const Bytes content = buffer_ ? buffer_->content() : Bytes();
    const std::vector<Stretch> stretches = {{content.size(), sha256_hex(content)}};
    PGDR_TRY(const std::optional<S3Head> before, head_object(client_, key_));
    if (before) return compare(stretches);
    const std::optional<std::string> digest = md5(content);

    S3Request request;
    request.method = "PUT";
    request.key = key_;
    request.headers = write_headers(client_);
    if (digest) request.headers.emplace_back("Content-MD5", base64_encode(bytes_of(*digest)));
    request.headers.emplace_back("Content-Type", "application/octet-stream");
    request.body = content;
    request.body_sha256 = stretches.front().sha256;
    request.bytes_per_second = client_.options().bytes_per_second;
    PGDR_TRY(const S3Reply reply, call_if_absent(request));
    if (reply.refused_condition()) return compare(stretches);
    if (!reply.ok()) return client_.failure(reply, what_);
    // The tag of what was stored is the proof; where it is none, the object is read back.
    if (note_etag(client_, std::string(reply.http.header("etag")), digest)) return success();
    PGDR_TRY(const bool same, same_content(client_, key_, stretches));
    if (same) return success();
    return Error::of(Code::kCorrupt, what_ + ": what the server stored is not what was sent");
  }

  Status complete(const std::vector<SentPart>& parts) {
    std::vector<std::string> etags;
    std::vector<Stretch> content;
    std::string digests;
    bool any_md5 = false;
    bool all_md5 = true;
    for (const SentPart& part : parts) {
      etags.push_back(part.etag);
      content.push_back(part.content);
      digests += part.md5;
      any_md5 = any_md5 || part.md5_etag;
      all_md5 = all_md5 && part.md5_etag;
    }
    if (any_md5 && !all_md5) {
      return Error::of(Code::kFailed,
                       what_ + ": the server's entity tags do not match what was sent");
    }
    PGDR_TRY(const std::optional<S3Head> before, head_object(client_, key_));
    if (before) return compare(content);

    const std::string document = complete_document(etags);
    S3Request request;
    request.method = "POST";
    request.key = key_;
    request.query = {{"uploadId", upload_id_}};
    request.headers = {{"Content-Type", "application/xml"}};
    request.body = bytes_of(document);
    request.expect_root = "CompleteMultipartUploadResult";
    request.stall_timeout = kCompleteStall;
    // Google knows no condition here: the look before is all there is.
    PGDR_TRY(const S3Reply reply,
             client_.google() ? client_.call(request) : call_if_absent(request));
    if (reply.refused_condition()) return compare(content);
    if (reply.code == "NoSuchUpload") {
      // An earlier try may have succeeded although its answer was lost.
      upload_id_.clear();
      PGDR_TRY(const std::optional<S3Head> now, head_object(client_, key_));
      return now ? compare(content) : Status(client_.failure(reply, what_));
    }
    if (!reply.ok()) return client_.failure(reply, what_);
    const std::optional<std::string> etag = parse_completed_etag(reply.http.body);
    if (!etag) return Error::of(Code::kFailed, what_ + ": the server confirms no entity tag");
    upload_id_.clear();
    std::string expected = *etag;
    if (expected.empty() && all_md5) {
      // How Amazon and Ceph make it; the MD5 of the parts' MD5s is never absent when theirs are
      // not.
      expected = fmt::format("{}-{}", to_hex(md5(bytes_of(digests)).value_or("")), parts.size());
    }
    return check_stored(expected, content);
  }

  // etag: what the object's tag must be; empty when nothing is known of it.
  Status check_stored(const std::string& etag, const std::vector<Stretch>& content) {
    PGDR_TRY(const std::optional<S3Head> stored, head_object(client_, key_));
    if (!stored || stored->size != total_) {
      return Error::of(Code::kCorrupt,
                       fmt::format("{}: the server confirmed {} bytes but has {}", what_, total_,
                                   stored ? std::to_string(stored->size) : "none"));
    }
    // Quotes are part of a tag, but not every store sends them in XML.
    const auto bare = [](std::string tag) {
      std::erase(tag, '"');
      return tag;
    };
    if (!etag.empty() && bare(stored->etag) == bare(etag)) return success();
    PGDR_TRY(const bool same, same_content(client_, key_, content));
    if (same) return success();
    return Error::of(Code::kCorrupt, what_ + ": the object there is not the one just completed",
                     "is another program writing to the same bucket and prefix?");
  }

  // With the condition where the store knows it. Where it does not, the look before the request is
  // all there is.
  Result<S3Reply> call_if_absent(S3Request& request) {
    if (client_.conditional) {
      request.headers.push_back(client_.if_absent());
      PGDR_TRY(S3Reply reply, client_.call(request));
      if (!reply.unknown_condition()) return reply;
      request.headers.pop_back();
      PGDR_TRY(S3Reply plain, client_.call(request));
      if (plain.ok()) client_.conditional = false;
      return plain;
    }
    return client_.call(request);
  }

  std::shared_ptr<S3Client> keep_;
  S3Client& client_;
  const std::string key_;
  const std::string what_;
  std::unique_ptr<PartBuffer> buffer_;
  std::unique_ptr<PartSender> sender_;
  std::string upload_id_;  // set: to be aborted
  std::size_t parts_ = 0;
  std::uint64_t total_ = 0;
};

}  // namespace

std::unique_ptr<Upload> start_s3_upload(S3Client& client, const std::string& key) {
  return std::make_unique<S3Upload>(client, key);
}

std::vector<NameValue> write_headers(const S3Client& client) {
  const S3Config& config = client.options().config;
  std::vector<NameValue> headers;
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) headers.emplace_back(name, value);
  };
  if (config.google) {
    add("x-goog-storage-class", config.storage_class);
    add("x-goog-encryption-kms-key-name", config.kms_key_id);
    return headers;
  }
  add("x-amz-storage-class", config.storage_class);
  add("x-amz-server-side-encryption", config.server_side_encryption);
  add("x-amz-server-side-encryption-aws-kms-key-id", config.kms_key_id);
  if (config.object_lock_days > 0) {
    const Time until = client.options().clock->now() + std::chrono::days(config.object_lock_days);
    add("x-amz-object-lock-mode", config.object_lock_mode);
    add("x-amz-object-lock-retain-until-date", to_iso(until).substr(0, 19) + "Z");
  }
  return headers;
}

Status abort_upload(S3Client& client, const std::string& key, const std::string& upload_id) {
  S3Request request;
  request.method = "DELETE";
  request.key = key;
  request.query = {{"uploadId", upload_id}};
  request.cleanup = true;
  PGDR_TRY(const S3Reply reply, client.call(request));
  if (reply.ok() || reply.http.status == 404) return success();
  return client.failure(reply, fmt::format("cannot give up the unfinished upload of {}", key));
}

}  // namespace pgdr::store
