// HTTP/1.1 requests over libcurl: what an object store's client needs and no more.
//
// TLS certificates and host names are always verified. Redirects are not followed (they would carry
// signed headers elsewhere). URLs are sent exactly as given. Every wait ends at once when a signal
// has arrived (kInterrupted), unless the request is a clean-up. Messages name method and host,
// never headers or query: those may hold secrets.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/stream.hpp"

namespace pgdr::store {

using NameValue = std::pair<std::string, std::string>;

struct HttpOptions {
  std::string ca_file;  // PEM; empty: the system's certificates
  std::chrono::milliseconds connect_timeout{20000};
  // A transfer that moves less than kMinimumRate bytes a second for so long is given up.
  std::chrono::milliseconds stall_timeout{60000};
  // "HOST:PORT:ADDRESS": answers to use instead of the resolver's; for tests of host names.
  std::vector<std::string> resolve;
};

struct HttpRequest {
  std::string method;
  std::string url;  // encoded
  std::vector<NameValue> headers;
  Bytes body;  // borrowed until the call returns
  std::size_t response_limit = 16U << 20U;
  std::chrono::milliseconds stall_timeout{};     // zero: the options'
  std::uint64_t bytes_per_second = 0;            // limit in either direction; 0: none
  bool cleanup = false;                          // goes on although a signal has arrived
  const std::atomic<bool>* cancelled = nullptr;  // ends the call within a second once true
};

struct HttpResponse {
  int status = 0;
  std::vector<NameValue> headers;  // names in lower case
  std::string body;

  // The first of that name (lower case); empty when absent.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

class HttpClient;
class HttpTransfer;

// The body of an answer, in pull form. The connection returns to its client at the end.
class HttpDownload : public Source {
 public:
  ~HttpDownload() override;
  // A body shorter than announced, a lost connection and a stall are retryable errors.
  Result<std::size_t> read(MutableBytes buffer) override;

 private:
  friend class HttpClient;
  HttpDownload(HttpClient& client, std::unique_ptr<HttpTransfer> transfer);
  HttpClient& client_;
  std::unique_ptr<HttpTransfer> transfer_;
};

// Thread safe: each request has a connection of its own from a pool of idle ones. Outlives its
// downloads.
class HttpClient {
 public:
  explicit HttpClient(HttpOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Any status is an answer. Errors: the network (retryable), TLS (final), a body over the limit.
  Result<HttpResponse> send(const HttpRequest& request);

  struct Opened {
    HttpResponse head;                   // with the body when it is no success
    std::unique_ptr<HttpDownload> body;  // null when the status is not 2xx
  };
  // Returns once the answer's headers are there. request.body must be empty.
  Result<Opened> open(const HttpRequest& request);

 private:
  friend class HttpDownload;
  struct Connection;
  friend class HttpTransfer;
  std::unique_ptr<Connection> take();
  void give_back(std::unique_ptr<Connection> connection);

  HttpOptions options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Connection>> idle_;
};

// A slower transfer than this counts as stalled.
inline constexpr std::uint64_t kMinimumRate = 1024;

// "Fri, 24 May 2013 00:00:00 GMT"; nullopt when it is none.
std::optional<Time> parse_http_date(std::string_view text);

}  // namespace pgdr::store
