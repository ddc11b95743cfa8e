// Requests to one S3 bucket: addressing, signing, retries, and errors in words.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "store/s3/s3.hpp"

namespace pgdr::store {

struct S3Request {
  std::string method;
  std::string key;               // the object's whole key, raw; empty: the bucket itself
  std::vector<NameValue> query;  // raw
  std::vector<NameValue> headers;
  Bytes body;                    // borrowed until the call returns
  std::string body_sha256;       // hexadecimal; computed when empty
  std::string_view expect_root;  // a success must carry this XML document, else it is none
  std::chrono::milliseconds stall_timeout{};  // zero: the usual one
  std::uint64_t bytes_per_second = 0;
  bool cleanup = false;  // goes on after a signal, with few tries
  const std::atomic<bool>* cancelled = nullptr;
};

// The server's final word: no longer one that another try could change.
struct S3Reply {
  HttpResponse http;
  std::string code;     // of <Error>, also of one inside a 200; empty: success, or no document
  std::string message;  // the server's words
  std::string region;

  [[nodiscard]] bool ok() const { return http.status / 100 == 2 && code.empty(); }
  [[nodiscard]] bool absent() const;  // of an object; a missing bucket may look the same to HEAD
  [[nodiscard]] bool refused_condition() const { return http.status == 412; }
  // The store does not know the conditional header it was sent.
  [[nodiscard]] bool unknown_condition() const;
};

// Thread safe. Uploads, downloads and leases share it: they may outlive their store.
class S3Client : public std::enable_shared_from_this<S3Client> {
 public:
  static Result<std::shared_ptr<S3Client>> make(S3Options options);

  // Transport errors and transient answers are tried again; what is left is an Error (retryable
  // where a later call may succeed) or the server's answer, of whatever status.
  Result<S3Reply> call(const S3Request& request);

  struct Opened {
    S3Reply reply;
    std::unique_ptr<HttpDownload> body;  // null unless reply.ok()
  };
  Result<Opened> open(const S3Request& request);

  // An answer that is no success, as an Error: "what: reason".
  [[nodiscard]] Error failure(const S3Reply& reply, const std::string& what) const;

  [[nodiscard]] const S3Options& options() const { return options_; }
  [[nodiscard]] std::string full_key(const std::string& key) const;            // with the prefix
  [[nodiscard]] const std::string& key_prefix() const { return key_prefix_; }  // "" or "a/b/"
  [[nodiscard]] std::string location() const;  // "s3://bucket/prefix", "gs://bucket/prefix"
  [[nodiscard]] std::string shown(const std::string& full_key) const;  // "s3://bucket/key"

  // Conditions of a write, and what they compare: Amazon's If-None-Match, If-Match and entity tag,
  // Google's x-goog-if-generation-match and generation.
  [[nodiscard]] bool google() const { return options_.config.google; }
  [[nodiscard]] NameValue if_absent() const;
  [[nodiscard]] NameValue if_unchanged(const std::string& version) const;
  [[nodiscard]] std::string version_of(const HttpResponse& response) const;
  // For an absent object: is it the bucket that is missing? Asked once.
  Status check_bucket();

  // Whether the store honours If-None-Match and If-Match on writes, as far as is known.
  std::atomic<bool> conditional{true};
  // Whether the store knows the request that deletes many objects, as far as is known.
  std::atomic<bool> multi_delete{true};
  // Set once an ETag was seen to be the MD5 of the content: then every one must be.
  std::atomic<bool> md5_etags{false};

 private:
  explicit S3Client(S3Options options) : options_(std::move(options)), http_(options_.http) {}

  struct Attempt {
    S3Reply reply;
    std::unique_ptr<HttpDownload> body;
  };
  Status setup();
  Result<Opened> run(const S3Request& request, bool stream);
  Result<Attempt> once(const S3Request& request, bool stream);
  void read_answer(const S3Request& request, S3Reply& reply) const;
  bool corrected(const S3Reply& reply);  // changed something that makes another try sensible
  [[nodiscard]] std::string redacted(std::string text) const;

  S3Options options_;
  HttpClient http_;
  std::string scheme_;
  std::string host_;  // with the bucket for virtual-host addressing
  std::string path_;  // "" or "/bucket"
  std::string region_;
  std::string key_prefix_;
  mutable std::mutex mutex_;  // guards the next two
  S3Credentials credentials_;
  bool bucket_seen_ = false;
  std::atomic<std::int64_t> skew_seconds_{0};  // server's clock minus ours
};

}  // namespace pgdr::store
