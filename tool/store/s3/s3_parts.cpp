#include "store/s3/s3_parts.hpp"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "base/base64.hpp"
#include "store/digest.hpp"

namespace pgdr::store {
namespace {

// However low the limit, a part that moves must not look like one that stalls.
constexpr std::uint64_t kSlowest = 16 * kMinimumRate;

}  // namespace

std::size_t PartBuffer::append(Bytes data) {
  const std::size_t n = std::min(data.size(), capacity_ - size_);
  if (n > 0) std::memcpy(data_.get() + size_, data.data(), n);
  size_ += n;
  return n;
}

bool note_etag(S3Client& client, const std::string& etag, const std::optional<std::string>& md5) {
  if (!md5 || etag != "\"" + to_hex(*md5) + "\"") return false;
  client.md5_etags = true;
  return true;
}

// Entity tags are the MD5 of the bytes on most stores and something else on some (encryption with
// managed keys, Cloudflare): always or never. One that suddenly is not means damage.
bool wrong_etag(S3Client& client, const std::string& etag, const std::optional<std::string>& md5) {
  if (etag.empty()) return true;
  return md5 && !note_etag(client, etag, md5) && client.md5_etags;
}

PartSender::PartSender(S3Client& client, std::string key, std::string upload_id)
    : client_(client), key_(std::move(key)), upload_id_(std::move(upload_id)) {}

PartSender::~PartSender() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    cancelled_ = true;
    queue_.clear();
  }
  changed_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

Status PartSender::send(std::unique_ptr<PartBuffer> part, std::size_t most) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return error_ || on_the_way_ < most; });
  if (error_) return *error_;
  ++on_the_way_;
  sent_.emplace_back();
  queue_.push_back({sent_.size(), std::move(part)});
  if (threads_.size() < on_the_way_) threads_.emplace_back([this] { work(); });
  lock.unlock();
  changed_.notify_all();
  return success();
}

Result<std::vector<SentPart>> PartSender::finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return error_ || on_the_way_ == 0; });
  if (error_) return *error_;
  std::vector<SentPart> parts;
  for (std::optional<SentPart>& part : sent_) {
    if (part) parts.push_back(std::move(*part));
  }
  return parts;
}

void PartSender::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [&] { return stop_ || !queue_.empty(); });
    if (stop_) return;
    Job job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    Result<SentPart> result = put(job);
    job.part.reset();
    lock.lock();
    --on_the_way_;
    if (result) {
      sent_[job.number - 1] = std::move(*result);
    } else {
      if (!error_) error_ = result.error();
      cancelled_ = true;
      queue_.clear();
    }
    changed_.notify_all();
  }
}

Result<SentPart> PartSender::put(const Job& job) {
  const Bytes content = job.part->content();
  const std::optional<std::string> digest = md5(content);
  SentPart out;
  out.content = {content.size(), sha256_hex(content)};
  out.md5 = digest.value_or("");

  S3Request request;
  request.method = "PUT";
  request.key = key_;
  request.query = {{"partNumber", std::to_string(job.number)}, {"uploadId", upload_id_}};
  if (digest) request.headers.emplace_back("Content-MD5", base64_encode(bytes_of(*digest)));
  request.body = content;
  request.body_sha256 = out.content.sha256;
  request.cancelled = &cancelled_;
  if (const std::uint64_t limit = client_.options().bytes_per_second; limit > 0) {
    request.bytes_per_second = std::max(limit, kSlowest);
  }

  for (Backoff backoff(client_.options().retry, &cancelled_);;) {
    PGDR_TRY(const S3Reply reply, client_.call(request));
    const std::string what =
        fmt::format("cannot upload part {} of {}", job.number, client_.shown(key_));
    if (!reply.ok()) return client_.failure(reply, what);
    out.etag = reply.http.header("etag");
    out.md5_etag = note_etag(client_, out.etag, digest);
    if (!wrong_etag(client_, out.etag, digest)) return out;
    Error error =
        Error::of(Code::kFailed, what + ": the server's entity tag is not that of what was sent");
    error.retryable = true;
    PGDR_CHECK(backoff.next(error));
  }
}

}  // namespace pgdr::store
