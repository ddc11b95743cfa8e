#include "store/s3/s3_client.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/interrupt.hpp"
#include "base/log.hpp"
#include "store/digest.hpp"
#include "store/s3/s3_error.hpp"
#include "store/s3/s3_xml.hpp"

namespace pgdr::store {
namespace {

using std::chrono::seconds;

// Clocks that differ by less are not worth correcting: the service tolerates 15 minutes.
constexpr std::int64_t kTolerableSkew = 60;
constexpr std::int64_t kServersTolerance = 900;
constexpr std::chrono::milliseconds kCleanupStall{15000};
constexpr int kCleanupAttempts = 3;
constexpr std::int64_t kLongestRetryAfter = 60;

std::chrono::milliseconds retry_after(const HttpResponse& response) {
  const std::string_view text = response.header("retry-after");
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);  // a date counts as nothing
  return seconds(std::clamp<std::int64_t>(value, 0, kLongestRetryAfter));
}

constexpr const char* kGoogleEndpoint = "https://storage.googleapis.com";

bool has_dot(const std::string& bucket) { return bucket.find('.') != std::string::npos; }

}  // namespace

Result<std::shared_ptr<S3Client>> S3Client::make(S3Options options) {
  std::shared_ptr<S3Client> client(new S3Client(std::move(options)));
  PGDR_CHECK(client->setup());
  return client;
}

Status S3Client::setup() {
  const S3Config& config = options_.config;
  region_ = config.region;
  if (config.google && region_.empty()) region_ = "auto";  // Google finds the bucket by itself
  if (region_.empty()) {
    PGDR_TRY(region_, load_region(options_.credentials));
  }
  if (region_.empty() && !config.endpoint.empty())
    region_ = "us-east-1";  // what such stores expect
  if (region_.empty()) {
    return Error::of(Code::kUsage, fmt::format("the region of {} is not known", location()),
                     "add region = \"…\" to the repository, or set AWS_REGION");
  }
  const std::string usual_endpoint =
      config.google ? kGoogleEndpoint : fmt::format("https://s3.{}.amazonaws.com", region_);
  const std::string endpoint = config.endpoint.empty() ? usual_endpoint : config.endpoint;
  const std::size_t scheme = endpoint.find("://");
  if (scheme == std::string::npos) {
    return Error::of(Code::kUsage, fmt::format("'{}' is no endpoint", endpoint),
                     "write it like https://s3.example.com or https://10.0.0.5:9000");
  }
  scheme_ = endpoint.substr(0, scheme);
  host_ = endpoint.substr(scheme + 3);
  // The default port is not part of the Host header that is signed.
  const std::string usual = scheme_ == "https" ? ":443" : ":80";
  if (host_.ends_with(usual)) host_.resize(host_.size() - usual.size());
  const bool path_style = config.path_style.value_or(config.google || !config.endpoint.empty() ||
                                                     has_dot(config.bucket));
  if (path_style) {
    path_ = "/" + config.bucket;
  } else {
    host_ = config.bucket + "." + host_;
  }
  if (!config.prefix.empty()) key_prefix_ = config.prefix + "/";
  PGDR_TRY(credentials_, load_credentials(options_.credentials));
  return success();
}

std::string S3Client::full_key(const std::string& key) const { return key_prefix_ + key; }

std::string S3Client::location() const {
  const S3Config& config = options_.config;
  return fmt::format("{}://{}{}{}", config.google ? "gs" : "s3", config.bucket,
                     config.prefix.empty() ? "" : "/", config.prefix);
}

std::string S3Client::shown(const std::string& full_key) const {
  return fmt::format("{}://{}/{}", google() ? "gs" : "s3", options_.config.bucket, full_key);
}

NameValue S3Client::if_absent() const {
  return google() ? NameValue("x-goog-if-generation-match", "0") : NameValue("If-None-Match", "*");
}

NameValue S3Client::if_unchanged(const std::string& version) const {
  return {google() ? "x-goog-if-generation-match" : "If-Match", version};
}

std::string S3Client::version_of(const HttpResponse& response) const {
  return std::string(response.header(google() ? "x-goog-generation" : "etag"));
}

Result<S3Reply> S3Client::call(const S3Request& request) {
  PGDR_TRY(Opened opened, run(request, false));
  return std::move(opened.reply);
}

Result<S3Client::Opened> S3Client::open(const S3Request& request) { return run(request, true); }

Result<S3Client::Opened> S3Client::run(const S3Request& request, bool stream) {
  RetryPolicy policy = options_.retry;
  if (request.cleanup) policy.attempts = interrupted() ? 1 : kCleanupAttempts;
  bool may_correct = true;
  for (Backoff backoff(policy, request.cancelled);;) {
    Result<Attempt> attempt = once(request, stream);
    if (!attempt) {
      PGDR_CHECK(backoff.next(attempt.error().context(location())));
      continue;
    }
    S3Reply& reply = attempt->reply;
    if (may_correct && corrected(reply)) {
      may_correct = false;
      continue;
    }
    if (!is_transient(reply)) return Opened{std::move(reply), std::move(attempt->body)};
    const Error error = failure(
        reply, fmt::format("{}: {}", location(), request.key.empty() ? "the bucket" : request.key));
    PGDR_CHECK(backoff.next(error, retry_after(reply.http)));
  }
}

Result<S3Client::Attempt> S3Client::once(const S3Request& request, bool stream) {
  SignedParts parts;
  parts.method = request.method;
  parts.path = path_ + (request.key.empty() ? "" : "/" + request.key);
  if (parts.path.empty()) parts.path = "/";
  parts.query = request.query;
  parts.headers = request.headers;
  parts.headers.emplace_back("Host", host_);
  parts.payload_sha256 =
      request.body_sha256.empty() ? sha256_hex(request.body) : request.body_sha256;
  S3Credentials credentials;
  {
    const std::lock_guard lock(mutex_);
    credentials = credentials_;
  }
  const Time now = options_.clock->now() + seconds(skew_seconds_.load());
  Signature signature =
      sign(parts, credentials, region_, now, google() ? kGoogleScheme : kAmazonScheme);

  HttpRequest http;
  http.method = request.method;
  http.url = scheme_ + "://" + host_ + uri_encode(parts.path, true);
  if (!parts.query.empty()) http.url += "?" + encode_query(parts.query);
  http.headers = std::move(parts.headers);
  for (NameValue& header : signature.headers) http.headers.push_back(std::move(header));
  http.body = request.body;
  http.stall_timeout = request.stall_timeout;
  if (request.cleanup) http.stall_timeout = kCleanupStall;
  http.bytes_per_second = request.bytes_per_second;
  http.cleanup = request.cleanup;
  http.cancelled = request.cancelled;

  Attempt attempt;
  if (stream) {
    PGDR_TRY(HttpClient::Opened opened, http_.open(http));
    attempt.reply.http = std::move(opened.head);
    attempt.body = std::move(opened.body);
    if (attempt.body) return attempt;
  } else {
    PGDR_TRY(attempt.reply.http, http_.send(http));
  }
  read_answer(request, attempt.reply);
  return attempt;
}

// A 200 may carry an error, an empty body, half a document or a proxy's web page (HAZARDS: an
// upload reported complete that never was). All of them are failures here.
void S3Client::read_answer(const S3Request& request, S3Reply& reply) const {
  const bool success_status = reply.http.status / 100 == 2;
  if (success_status && request.expect_root.empty()) return;
  if (const std::optional<S3Fault> fault = parse_fault(reply.http.body)) {
    reply.code = fault->code.empty() ? "UnknownError" : fault->code;
    reply.message = redacted(fault->message);
    reply.region = fault->region;
  } else if (success_status && root_name(reply.http.body) != request.expect_root) {
    reply.code = kMalformedAnswer;
    reply.message = "the answer is not the document that the request asks for";
  }
  if (reply.region.empty()) reply.region = reply.http.header("x-amz-bucket-region");
}

bool S3Client::corrected(const S3Reply& reply) {
  // The answer to a HEAD has no body that could name the reason.
  if (reply.code == "RequestTimeTooSkewed" || (reply.code.empty() && reply.http.status == 403)) {
    const std::optional<Time> theirs = parse_http_date(reply.http.header("date"));
    if (!theirs) return false;
    const std::int64_t skew =
        std::chrono::duration_cast<seconds>(*theirs - options_.clock->now()).count();
    const std::int64_t least = reply.code.empty() ? kServersTolerance : kTolerableSkew;
    if (std::abs(skew - skew_seconds_.load()) < least) return false;
    skew_seconds_ = skew;
    log_warning(fmt::format("the clock of this host is {} s {} that of {}: correct it",
                            std::abs(skew), skew > 0 ? "behind" : "ahead of", host_));
    return true;
  }
  if (reply.code == "ExpiredToken") {
    Result<S3Credentials> fresh = load_credentials(options_.credentials);
    const std::lock_guard lock(mutex_);
    if (!fresh || *fresh == credentials_) return false;
    credentials_ = *fresh;
    return true;
  }
  return false;
}

std::string S3Client::redacted(std::string text) const {
  constexpr std::size_t kLongest = 300;
  const std::lock_guard lock(mutex_);
  for (const std::string* secret :
       {&credentials_.secret_key, &credentials_.session_token, &credentials_.access_key}) {
    if (secret->empty()) continue;
    for (std::size_t at = text.find(*secret); at != std::string::npos;
         at = text.find(*secret, at)) {
      text.replace(at, secret->size(), "***");
      at += 3;
    }
  }
  if (text.size() > kLongest) text = text.substr(0, kLongest) + "…";
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return text;
}

Error S3Client::failure(const S3Reply& reply, const std::string& what) const {
  return s3_error(reply, what, options_.config.bucket);
}

Status S3Client::check_bucket() {
  {
    const std::lock_guard lock(mutex_);
    if (bucket_seen_) return success();
  }
  S3Request request;
  request.method = "GET";
  request.query = {{"list-type", "2"}, {"max-keys", "1"}, {"prefix", key_prefix_}};
  request.expect_root = "ListBucketResult";
  PGDR_TRY(const S3Reply reply, call(request));
  if (!reply.ok()) return failure(reply, location());
  const std::lock_guard lock(mutex_);
  bucket_seen_ = true;
  return success();
}

}  // namespace pgdr::store
