#include "fault/s3_fake.hpp"

#include <array>
#include <cstdlib>
#include <ctime>

#include <fmt/format.h>

#include "base/base64.hpp"
#include "store/digest.hpp"
#include "store/s3/s3_client.hpp"
#include "store/s3/sigv4.hpp"

namespace pgdr::test {
namespace {

constexpr const char* kKey = "TESTKEY";
constexpr const char* kSecret = "test+secret/key";
constexpr const char* kXml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

std::string http_date(Time t) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(t).time_since_epoch().count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  return {text.data(), strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

std::string iso(Time t) { return to_iso(t).substr(0, 19) + ".000Z"; }

std::map<std::string, std::string> kept_headers(const ServerRequest& request) {
  std::map<std::string, std::string> kept;
  for (const auto& [name, value] : request.headers) {
    if (name.starts_with("x-amz-") || name.starts_with("x-goog-")) kept[name] = value;
  }
  return kept;
}

}  // namespace

S3Fake::S3Fake() : server_([this](const ServerRequest& request) { return handle(request); }) {
  setenv("no_proxy", "127.0.0.1", 1);  // a proxy of this machine has no way to us
}

store::S3Options S3Fake::options() const {
  store::S3Options options;
  options.config.bucket = kBucket;
  options.config.prefix = "backups";
  options.config.endpoint = server_.url();
  options.config.google = google;
  if (!google) options.config.region = "us-east-1";
  options.credentials.environment = [](const char* name) -> std::string {
    if (std::string(name) == "AWS_ACCESS_KEY_ID") return kKey;
    if (std::string(name) == "AWS_SECRET_ACCESS_KEY") return kSecret;
    return "";
  };
  options.http.connect_timeout = std::chrono::seconds(5);
  options.retry.attempts = 4;
  options.retry.first = std::chrono::milliseconds(1);
  options.retry.sleep = [](std::chrono::milliseconds) { return success(); };
  options.retry.random = [] { return 0.5; };
  return options;
}

ServerResponse S3Fake::error(int status, const std::string& code, const std::string& message) {
  ServerResponse response;
  response.status = status;
  response.headers["Content-Type"] = "application/xml";
  response.body =
      fmt::format("{}<Error><Code>{}</Code><Message>{}</Message></Error>", kXml, code, message);
  return response;
}

std::vector<std::string> S3Fake::log() const {
  const std::lock_guard lock(mutex_);
  return log_;
}

std::size_t S3Fake::count(const std::string& beginning) const {
  const std::lock_guard lock(mutex_);
  std::size_t n = 0;
  for (const std::string& line : log_) n += line.starts_with(beginning) ? 1 : 0;
  return n;
}

std::optional<std::string> S3Fake::content(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  if (found == objects_.end()) return std::nullopt;
  return found->second.content;
}

std::map<std::string, std::string> S3Fake::headers_of(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  return found == objects_.end() ? std::map<std::string, std::string>() : found->second.headers;
}

void S3Fake::put(const std::string& key, const std::string& content) {
  const std::lock_guard lock(mutex_);
  store(key, content, etag_of(content), {});
}

void S3Fake::forget(const std::string& key) {
  const std::lock_guard lock(mutex_);
  objects_.erase(key);
}

std::size_t S3Fake::unfinished() const {
  const std::lock_guard lock(mutex_);
  return uploads_.size();
}

std::vector<std::string> S3Fake::keys() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> keys;
  for (const auto& [key, object] : objects_) keys.push_back(key);
  return keys;
}

std::vector<std::string> S3Fake::unfinished_keys() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> keys;
  for (const auto& [id, upload] : uploads_) keys.push_back(upload.key);
  return keys;
}

Time S3Fake::now() const { return system_clock().now() + clock_ahead; }

std::string S3Fake::etag_of(const std::string& content) const {
  if (opaque_etags) return "\"opaque-" + store::sha256_hex(bytes_of(content)).substr(0, 16) + "\"";
  return "\"" + store::to_hex(*store::md5(bytes_of(content))) + "\"";
}

void S3Fake::store(const std::string& key, std::string content, std::string etag,
                   std::map<std::string, std::string> headers) {
  objects_[key] = {std::move(content), std::move(etag), now() - age_of_objects, std::move(headers),
                   next_generation_++};
}

ServerResponse S3Fake::handle(const ServerRequest& request) {
  const std::lock_guard lock(mutex_);
  std::string line = request.method + " " + request.path;
  for (const auto& [name, value] : request.query) line += " " + name;
  log_.push_back(line);
  std::optional<ServerResponse> response = refuse(request);
  if (!response && instead) response = instead(request);
  if (!response) {
    response = usual(request);
    if (after) after(request, *response);
  }
  response->headers.emplace("Date", http_date(now()));
  if (request.method == "HEAD") {
    response->head_only = true;
    if (response->status >= 400) response->body.clear();
  }
  return *response;
}

// What the store signs is what it sends: computed again from what arrived.
std::optional<ServerResponse> S3Fake::refuse(const ServerRequest& request) const {
  if (google) {
    if (auto refused = refuse_as_google(request)) return refused;
  }
  const store::SigningScheme& scheme = google ? store::kGoogleScheme : store::kAmazonScheme;
  const std::string own = scheme.header_prefix;
  const std::string date = request.header(own + "date");
  const std::string stamp =
      fmt::format("{}-{}-{}T{}:{}:{}Z", date.substr(0, 4), date.substr(4, 2), date.substr(6, 2),
                  date.substr(9, 2), date.substr(11, 2), date.substr(13, 2));
  const Result<Time> signed_at = parse_iso(stamp);
  if (!signed_at) return error(403, "AccessDenied", "no date");
  if (std::chrono::abs(*signed_at - now()) > std::chrono::minutes(15)) {
    return error(403, "RequestTimeTooSkewed");
  }
  store::SignedParts parts;
  parts.method = request.method;
  parts.path = request.path;
  for (const auto& pair : request.query) parts.query.push_back(pair);
  const std::string authorization = request.header("authorization");
  std::string names = authorization.substr(authorization.find("SignedHeaders=") + 14);
  names = names.substr(0, names.find(','));
  while (!names.empty()) {
    const std::size_t end = names.find(';');
    const std::string name = names.substr(0, end);
    names.erase(0, end == std::string::npos ? names.size() : end + 1);
    if (name == own + "date" || name == own + "content-sha256" || name == own + "security-token") {
      continue;
    }
    parts.headers.emplace_back(name, request.header(name));
  }
  parts.payload_sha256 = store::sha256_hex(bytes_of(request.body));
  const store::Signature expected =
      store::sign(parts, {kKey, kSecret, request.header(own + "security-token")},
                  google ? "auto" : "us-east-1", *signed_at, scheme);
  if (authorization != expected.headers.back().second) {
    return error(403, "SignatureDoesNotMatch");
  }
  const std::string md5 = request.header("content-md5");
  if (!md5.empty() && md5 != base64_encode(bytes_of(*store::md5(bytes_of(request.body))))) {
    return error(400, "BadDigest");
  }
  return std::nullopt;
}

// "Requests cannot specify both x-amz and x-goog headers", and what Google's interface lacks.
std::optional<ServerResponse> S3Fake::refuse_as_google(const ServerRequest& request) const {
  for (const auto& [name, value] : request.headers) {
    if (name.starts_with("x-amz-")) return error(400, "InvalidHeader", name);
  }
  if (request.asks("delete")) return error(400, "NotImplemented");
  const bool conditional = !request.header("x-goog-if-generation-match").empty();
  if (conditional && request.method == "POST") return error(400, "InvalidArgument");
  return std::nullopt;
}

std::optional<ServerResponse> S3Fake::check_generation(const ServerRequest& request,
                                                       const std::string& key) const {
  const std::string wanted = request.header("x-goog-if-generation-match");
  if (wanted.empty() || !conditional_writes) return std::nullopt;
  const auto found = objects_.find(key);
  const std::uint64_t now = found == objects_.end() ? 0 : found->second.generation;
  if (std::stoull(wanted) != now) return error(412, "PreconditionFailed");
  return std::nullopt;
}

std::optional<ServerResponse> S3Fake::check_condition(const ServerRequest& request,
                                                      const std::string& key) const {
  if (google) return check_generation(request, key);
  const std::string none = request.header("if-none-match");
  const std::string match = request.header("if-match");
  if (none.empty() && match.empty()) return std::nullopt;
  if (refuses_conditions) return error(501, "NotImplemented");
  if (!conditional_writes) return std::nullopt;
  const auto found = objects_.find(key);
  if (!none.empty() && found != objects_.end()) return error(412, "PreconditionFailed");
  if (!match.empty() && found == objects_.end()) return error(404, "NoSuchKey");
  if (!match.empty() && found->second.etag != match) return error(412, "PreconditionFailed");
  return std::nullopt;
}

ServerResponse S3Fake::usual(const ServerRequest& request) {
  const std::string root = std::string("/") + kBucket;
  if (request.path != root && !request.path.starts_with(root + "/")) {
    return error(404, "NoSuchBucket");
  }
  const std::string key =
      request.path.size() > root.size() ? request.path.substr(root.size() + 1) : "";
  if (key.empty() && request.method == "POST" && request.asks("delete")) {
    return remove_many(request);
  }
  if (key.empty()) return request.asks("uploads") ? list_unfinished(request) : list(request);

  if (request.method == "PUT" && request.asks("partNumber")) {
    const auto found = uploads_.find(request.query.at("uploadId"));
    if (found == uploads_.end()) return error(404, "NoSuchUpload");
    const std::string etag = etag_of(request.body);
    found->second.parts[std::stoi(request.query.at("partNumber"))] = {request.body, etag};
    return {200, {{"ETag", etag}}, ""};
  }
  if (request.method == "PUT") {
    if (auto refused = check_condition(request, key)) return *refused;
    store(key, request.body, etag_of(request.body), kept_headers(request));
    return {200,
            {{"ETag", objects_[key].etag},
             {"x-goog-generation", std::to_string(objects_[key].generation)}},
            ""};
  }
  if (request.method == "POST" && request.asks("uploads")) {
    const std::string id = fmt::format("upload+{}/=", next_upload_++);
    uploads_[id] = {key, {}, kept_headers(request)};
    return {200,
            {},
            fmt::format("{}<InitiateMultipartUploadResult><UploadId>{}</UploadId>"
                        "</InitiateMultipartUploadResult>",
                        kXml, id)};
  }
  if (request.method == "POST") return complete(request, key);
  if (request.method == "DELETE" && request.asks("uploadId")) {
    return uploads_.erase(request.query.at("uploadId")) > 0 ? ServerResponse{204, {}, ""}
                                                            : error(404, "NoSuchUpload");
  }
  if (request.method == "DELETE") {
    objects_.erase(key);
    return {204, {}, ""};
  }
  return get(request, key);
}

ServerResponse S3Fake::remove_many(const ServerRequest& request) {
  if (!multi_delete) return error(501, "NotImplemented");
  if (request.header("content-md5").empty()) return error(400, "InvalidRequest", "no Content-MD5");
  std::string items;
  const std::string begin = "<Key>";
  std::size_t n = 0;
  for (std::size_t at = request.body.find(begin); at != std::string::npos;
       at = request.body.find(begin, at)) {
    at += begin.size();
    const std::string key = request.body.substr(at, request.body.find('<', at) - at);
    objects_.erase(key);
    items += fmt::format("<Deleted><Key>{}</Key></Deleted>", key);
    ++n;
  }
  if (n > 1000) return error(400, "MalformedXML");
  return {200, {}, fmt::format("{}<DeleteResult>{}</DeleteResult>", kXml, items)};
}

ServerResponse S3Fake::get(const ServerRequest& request, const std::string& key) const {
  const auto found = objects_.find(key);
  if (found == objects_.end()) return error(404, "NoSuchKey");
  const Object& object = found->second;
  const std::string match = request.header("if-match");
  if (!match.empty() && match != object.etag) return error(412, "PreconditionFailed");
  ServerResponse response;
  response.headers = {{"ETag", object.etag}, {"Last-Modified", http_date(object.modified)}};
  if (google) response.headers["x-goog-generation"] = std::to_string(object.generation);
  const std::string range = request.header("range");
  if (range.empty()) {
    response.body = object.content;
    return response;
  }
  const std::size_t from = std::stoull(range.substr(6));
  if (from >= object.content.size()) return error(416, "InvalidRange");
  const std::string last = range.substr(range.find('-') + 1);
  const std::size_t end = last.empty()
                              ? object.content.size()
                              : std::min<std::size_t>(object.content.size(), std::stoull(last) + 1);
  response.status = 206;
  response.body = object.content.substr(from, end - from);
  response.headers["Content-Range"] =
      fmt::format("bytes {}-{}/{}", from, end - 1, object.content.size());
  return response;
}

ServerResponse S3Fake::complete(const ServerRequest& request, const std::string& key) {
  const auto found = uploads_.find(request.query.at("uploadId"));
  if (found == uploads_.end()) return error(404, "NoSuchUpload");
  if (auto refused = check_condition(request, key)) return *refused;
  std::string content;
  std::string digests;
  std::size_t at = 0;
  for (const auto& [number, part] : found->second.parts) {
    // In order, and with the very tags.
    at = request.body.find(
        fmt::format("<PartNumber>{}</PartNumber><ETag>{}</ETag>", number, part.second), at);
    if (at == std::string::npos) return error(400, "InvalidPart");
    content += part.first;
    digests += *store::md5(bytes_of(part.first));
  }
  const std::string etag =
      google ? fmt::format("\"-CK{:x}Lz==\"", next_generation_)
             : fmt::format("\"{}-{}\"", store::to_hex(*store::md5(bytes_of(digests))),
                           found->second.parts.size());
  store(key, std::move(content), etag, found->second.headers);
  uploads_.erase(found);
  return {200,
          {},
          fmt::format("{}<CompleteMultipartUploadResult xmlns=\"http://s3.amazonaws.com/"
                      "doc/2006-03-01/\"><Key>{}</Key><ETag>&quot;{}&quot;</ETag>"
                      "</CompleteMultipartUploadResult>",
                      kXml, key, etag.substr(1, etag.size() - 2))};
}

ServerResponse S3Fake::list(const ServerRequest& request) const {
  const auto value = [&](const char* name) {
    const auto found = request.query.find(name);
    return found == request.query.end() ? std::string() : found->second;
  };
  const std::string prefix = value("prefix");
  const std::string token = value("continuation-token");
  std::size_t most = page_size;
  if (request.asks("max-keys")) most = std::stoull(value("max-keys"));
  std::string items;
  std::size_t n = 0;
  std::string last;
  bool truncated = false;
  for (const auto& [key, object] : objects_) {
    if (!key.starts_with(prefix) || (!token.empty() && key <= token.substr(6))) continue;
    if (n == most) {
      truncated = true;
      break;
    }
    items += fmt::format(
        "<Contents><Key>{}</Key><LastModified>{}</LastModified><Size>{}</Size>"
        "</Contents>",
        store::uri_encode(key, true), iso(object.modified), object.content.size());
    last = key;
    ++n;
  }
  return {200,
          {},
          fmt::format(
              "{}<ListBucketResult><EncodingType>url</EncodingType><KeyCount>{}"
              "</KeyCount><IsTruncated>{}</IsTruncated>{}{}</ListBucketResult>",
              kXml, n, truncated,
              truncated ? "<NextContinuationToken>token:" + last + "</NextContinuationToken>" : "",
              items)};
}

ServerResponse S3Fake::list_unfinished(const ServerRequest& request) const {
  const std::string prefix = request.query.at("prefix");
  std::string items;
  for (const auto& [id, upload] : uploads_) {
    if (!upload.key.starts_with(prefix)) continue;
    items += fmt::format(
        "<Upload><Key>{}</Key><UploadId>{}</UploadId><Initiated>{}</Initiated>"
        "</Upload>",
        upload.key, id, iso(now()));
  }
  return {200,
          {},
          fmt::format("{}<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>{}"
                      "</ListMultipartUploadsResult>",
                      kXml, items)};
}

}  // namespace pgdr::test
