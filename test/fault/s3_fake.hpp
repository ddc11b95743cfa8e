// An S3 server in memory over HttpServer, whose every answer a test may replace or spoil. It checks
// what a real one checks: the signature, the SHA-256 and the MD5 of each body.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "fault/http_server.hpp"
#include "store/s3/s3.hpp"

namespace pgdr::test {

class S3Fake {
 public:
  S3Fake();

  // Options for a store on it: quick retries, no waits.
  [[nodiscard]] store::S3Options options() const;

  // Called for each request that arrived intact: an answer instead of the usual one.
  std::function<std::optional<ServerResponse>(const ServerRequest&)> instead;
  // May spoil the usual answer, after the request took effect.
  std::function<void(const ServerRequest&, ServerResponse&)> after;

  std::size_t page_size = 1000;
  bool conditional_writes = true;   // honours If-None-Match and If-Match on PUT
  bool refuses_conditions = false;  // answers 501 to them
  bool opaque_etags = false;        // entity tags that are no MD5
  bool multi_delete = true;         // else POST ?delete is answered with 501
  // Google's way: its signatures and headers alone, generations instead of If-None-Match and
  // If-Match on writes (which it ignores), no condition on completing a multipart upload, entity
  // tags of such objects that are no MD5s, no bulk deletion.
  bool google = false;
  std::chrono::seconds clock_ahead{
      0};  // of the server's clock, with skew refused beyond 15 minutes
  std::chrono::seconds age_of_objects{0};  // added to what Last-Modified says

  // What arrived: "PUT /bucket/key partNumber,uploadId".
  [[nodiscard]] std::vector<std::string> log() const;
  [[nodiscard]] std::size_t count(const std::string& beginning) const;
  [[nodiscard]] std::optional<std::string> content(const std::string& key) const;
  [[nodiscard]] std::map<std::string, std::string> headers_of(const std::string& key) const;
  void put(const std::string& key, const std::string& content);
  void forget(const std::string& key);
  [[nodiscard]] std::size_t unfinished() const;
  [[nodiscard]] std::vector<std::string> keys() const;             // of the objects
  [[nodiscard]] std::vector<std::string> unfinished_keys() const;  // of the multipart uploads

  static constexpr const char* kBucket = "bucket";
  static ServerResponse error(int status, const std::string& code, const std::string& message = "");

 private:
  struct Object {
    std::string content;
    std::string etag;
    Time modified{};
    std::map<std::string, std::string> headers;
    std::uint64_t generation = 0;
  };
  struct Unfinished {
    std::string key;
    std::map<int, std::pair<std::string, std::string>> parts;  // content, tag
    std::map<std::string, std::string> headers;
  };
  ServerResponse handle(const ServerRequest& request);
  ServerResponse usual(const ServerRequest& request);
  std::optional<ServerResponse> refuse(const ServerRequest& request) const;
  std::optional<ServerResponse> refuse_as_google(const ServerRequest& request) const;
  std::optional<ServerResponse> check_generation(const ServerRequest& request,
                                                 const std::string& key) const;
  std::optional<ServerResponse> check_condition(const ServerRequest& request,
                                                const std::string& key) const;
  ServerResponse remove_many(const ServerRequest& request);
  ServerResponse list(const ServerRequest& request) const;
  ServerResponse list_unfinished(const ServerRequest& request) const;
  ServerResponse get(const ServerRequest& request, const std::string& key) const;
  ServerResponse complete(const ServerRequest& request, const std::string& key);
  [[nodiscard]] std::string etag_of(const std::string& content) const;
  [[nodiscard]] Time now() const;
  void store(const std::string& key, std::string content, std::string etag,
             std::map<std::string, std::string> headers);

  mutable std::recursive_mutex mutex_;
  std::vector<std::string> log_;
  std::map<std::string, Object> objects_;
  std::map<std::string, Unfinished> uploads_;
  int next_upload_ = 1;
  std::uint64_t next_generation_ = 1700000000000001;
  HttpServer server_;  // last: it stops first
};

}  // namespace pgdr::test
