#include "store/s3/s3_object.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "store/digest.hpp"

namespace pgdr::store {
namespace {

std::optional<std::uint64_t> number(std::string_view digits) {
  std::uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, value);
  if (digits.empty() || error != std::errc() || at != end) return std::nullopt;
  return value;
}

std::string shown(const S3Client& client, const std::string& key) { return client.shown(key); }

Error absent_error(const S3Client& client, const std::string& key) {
  return Error::of(Code::kNotFound, fmt::format("{} is not there", shown(client, key)));
}

// Length and identity of the object that an answer describes.
Result<S3Head> read_head(const S3Client& client, const std::string& key,
                         const HttpResponse& response) {
  S3Head head;
  const std::optional<std::uint64_t> size = number(response.header("content-length"));
  const std::optional<Time> modified = parse_http_date(response.header("last-modified"));
  head.etag = response.header("etag");
  if (!size || !modified || head.etag.empty()) {
    return Error::of(Code::kFailed,
                     fmt::format("the answer about {} lacks Content-Length, Last-Modified or ETag",
                                 shown(client, key)),
                     "is the endpoint an S3 server, and is there a proxy in between?");
  }
  head.size = *size;
  head.modified = *modified;
  return head;
}

class S3Source : public Source {
 public:
  // end: the offset behind the last byte that is wanted, at most the object's size.
  S3Source(S3Client& client, std::string key, S3Head head, std::uint64_t offset, std::uint64_t end,
           std::unique_ptr<HttpDownload> body)
      : keep_(client.shared_from_this()),
        client_(client),
        key_(std::move(key)),
        head_(std::move(head)),
        offset_(offset),
        end_(end),
        body_(std::move(body)),
        backoff_(client.options().retry) {}

  Result<std::size_t> read(MutableBytes buffer) override {
    if (buffer.empty() || offset_ == end_) return finish();
    for (;;) {
      if (!body_) PGDR_CHECK(reopen());
      Result<std::size_t> n = body_->read(buffer);
      if (n && *n > 0) {
        if (*n > end_ - offset_) return changed("is longer than announced");
        offset_ += *n;
        backoff_.reset();
        return n;
      }
      body_.reset();
      PGDR_CHECK(backoff_.next(n ? cut_short() : n.error().context(shown(client_, key_))));
    }
  }

 private:
  // At the announced length: the connection must have nothing more to say.
  Result<std::size_t> finish() {
    std::byte more{};
    if (body_ && offset_ == end_) {
      const Result<std::size_t> n = body_->read(MutableBytes(&more, 1));
      if (n && *n > 0) return changed("is longer than announced");
      body_.reset();
    }
    return std::size_t{0};
  }

  Status reopen() {
    S3Request request;
    request.method = "GET";
    request.key = key_;
    request.headers = {{"Range", fmt::format("bytes={}-{}", offset_, end_ - 1)},
                       {"If-Match", head_.etag}};
    PGDR_TRY(S3Client::Opened opened, client_.open(request));
    if (opened.reply.absent() || opened.reply.refused_condition()) {
      return changed("was replaced or removed while it was being read");
    }
    if (!opened.reply.ok()) return client_.failure(opened.reply, shown(client_, key_));
    const std::string expected = fmt::format("bytes {}-{}/{}", offset_, end_ - 1, head_.size);
    if (opened.reply.http.status != 206 || opened.reply.http.header("content-range") != expected) {
      return Error::of(
          Code::kFailed,
          fmt::format("{}: the server does not send the range asked for", shown(client_, key_)));
    }
    if (opened.reply.http.header("etag") != head_.etag) {
      return changed("was replaced while it was being read");
    }
    body_ = std::move(opened.body);
    return success();
  }

  [[nodiscard]] Error changed(const std::string& how) const {
    return Error::of(Code::kCorrupt, fmt::format("{} {}", shown(client_, key_), how));
  }
  [[nodiscard]] Error cut_short() const {
    Error error = Error::of(Code::kFailed, fmt::format("{}: the download ended at byte {} of {}",
                                                       shown(client_, key_), offset_, head_.size));
    error.retryable = true;
    return error;
  }

  std::shared_ptr<S3Client> keep_;
  S3Client& client_;
  std::string key_;
  S3Head head_;
  std::uint64_t offset_;
  std::uint64_t end_;
  std::unique_ptr<HttpDownload> body_;
  Backoff backoff_;
};

}  // namespace

Result<std::optional<S3Head>> head_object(S3Client& client, const std::string& key) {
  S3Request request;
  request.method = "HEAD";
  request.key = key;
  PGDR_TRY(const S3Reply reply, client.call(request));
  if (reply.absent()) {
    PGDR_CHECK(client.check_bucket());
    return std::optional<S3Head>();
  }
  if (!reply.ok()) return client.failure(reply, shown(client, key));
  PGDR_TRY(S3Head head, read_head(client, key, reply.http));
  return std::optional<S3Head>(std::move(head));
}

Result<std::unique_ptr<Source>> open_object(S3Client& client, const std::string& key,
                                            std::uint64_t offset) {
  if (offset > 0) {
    PGDR_TRY(std::optional<S3Head> head, head_object(client, key));
    if (!head) return absent_error(client, key);
    if (offset > head->size) {
      return Error::of(Code::kCorrupt, fmt::format("{} has only {} bytes, {} were expected",
                                                   shown(client, key), head->size, offset));
    }
    // Opened by the first read, with the range and If-Match.
    return std::unique_ptr<Source>(
        std::make_unique<S3Source>(client, key, *head, offset, head->size, nullptr));
  }
  S3Request request;
  request.method = "GET";
  request.key = key;
  PGDR_TRY(S3Client::Opened opened, client.open(request));
  if (opened.reply.absent()) {
    if (opened.reply.code.empty()) PGDR_CHECK(client.check_bucket());
    return absent_error(client, key);
  }
  if (!opened.reply.ok()) return client.failure(opened.reply, shown(client, key));
  PGDR_TRY(S3Head head, read_head(client, key, opened.reply.http));
  return std::unique_ptr<Source>(
      std::make_unique<S3Source>(client, key, head, 0, head.size, std::move(opened.body)));
}

Result<std::unique_ptr<Source>> open_object_range(S3Client& client, const std::string& key,
                                                  std::uint64_t offset, std::uint64_t length) {
  S3Request request;
  request.method = "GET";
  request.key = key;
  request.headers = {{"Range", fmt::format("bytes={}-{}", offset, offset + length - 1)}};
  PGDR_TRY(S3Client::Opened opened, client.open(request));
  if (opened.reply.absent()) {
    if (opened.reply.code.empty()) PGDR_CHECK(client.check_bucket());
    return absent_error(client, key);
  }
  // It ends at or before the offset: let the plain form say how it is.
  if (opened.reply.http.status == 416) return open_object(client, key, offset);
  if (!opened.reply.ok()) return client.failure(opened.reply, shown(client, key));
  PGDR_TRY(S3Head head, read_head(client, key, opened.reply.http));
  const std::uint64_t got = head.size;  // Content-Length: of the range
  const std::string_view range = opened.reply.http.header("content-range");
  const std::optional<std::uint64_t> whole = number(range.substr(range.rfind('/') + 1));
  if (whole) head.size = *whole;
  if (opened.reply.http.status != 206 || !whole || got == 0 ||
      range != fmt::format("bytes {}-{}/{}", offset, offset + got - 1, *whole) ||
      got != std::min(length, *whole - offset)) {
    return Error::of(Code::kFailed, fmt::format("{}: the server does not send the range asked for",
                                                shown(client, key)));
  }
  return std::unique_ptr<Source>(
      std::make_unique<S3Source>(client, key, head, offset, offset + got, std::move(opened.body)));
}

Result<bool> same_content(S3Client& client, const std::string& key,
                          const std::vector<Stretch>& stretches) {
  std::uint64_t total = 0;
  for (const Stretch& stretch : stretches) total += stretch.size;
  PGDR_TRY(const std::optional<S3Head> head, head_object(client, key));
  if (!head) return absent_error(client, key);
  if (head->size != total) return false;
  PGDR_TRY(const std::unique_ptr<Source> source, open_object(client, key, 0));
  std::vector<std::byte> buffer(256U << 10U);
  for (const Stretch& stretch : stretches) {
    Hasher hasher(Hasher::Kind::kSha256);
    for (std::uint64_t left = stretch.size; left > 0;) {
      const std::size_t want =
          static_cast<std::size_t>(std::min<std::uint64_t>(left, buffer.size()));
      PGDR_TRY(const std::size_t n, source->read(MutableBytes(buffer.data(), want)));
      if (n == 0) return false;  // replaced by a shorter one since
      hasher.update(Bytes(buffer.data(), n));
      left -= n;
    }
    if (to_hex(hasher.finish()) != stretch.sha256) return false;
  }
  PGDR_TRY(const std::size_t more, source->read(buffer));
  return more == 0;
}

}  // namespace pgdr::store
