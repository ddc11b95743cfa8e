// One HTTP exchange in progress, on one libcurl handle: used by http.cpp alone.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <curl/curl.h>

#include "net/http.hpp"

namespace pgdr::store {

// A handle and the multi handle that keeps its connection alive between exchanges.
struct HttpClient::Connection {
  Connection();
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  CURL* easy;
  CURLM* multi;
};

class HttpTransfer {
 public:
  // stream: the body waits in a small buffer for take(); otherwise it collects in response().body.
  HttpTransfer(std::unique_ptr<HttpClient::Connection> connection, const HttpOptions& options,
               HttpRequest request, bool stream);
  ~HttpTransfer();
  HttpTransfer(const HttpTransfer&) = delete;
  HttpTransfer& operator=(const HttpTransfer&) = delete;

  Status run_to_headers();
  Status run_to_end();
  // Up to buffer.size() bytes of the streamed body; 0 at its complete end.
  Result<std::size_t> take(MutableBytes buffer);
  // From here on the body collects in response().body.
  void stop_streaming();

  [[nodiscard]] HttpResponse& response() { return response_; }
  // Usable again after a complete exchange; dropped otherwise.
  std::unique_ptr<HttpClient::Connection> release();

 private:
  using Clock = std::chrono::steady_clock;

  void configure();
  void set_headers();
  Status step();  // moves what can be moved, else waits for the network or a signal
  Status check_stall();
  void restart_stall_window();
  [[nodiscard]] std::uint64_t moved() const;
  [[nodiscard]] Error failure(CURLcode code) const;

  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_read(char* out, std::size_t size, std::size_t count, void* self);
  static int on_seek(void* self, curl_off_t offset, int origin);

  std::unique_ptr<HttpClient::Connection> connection_;
  const HttpOptions& options_;
  HttpRequest request_;
  HttpResponse response_;
  bool stream_;
  bool headers_done_ = false;
  bool done_ = false;
  bool too_large_ = false;
  bool paused_ = false;
  CURLcode result_ = CURLE_OK;
  std::size_t sent_ = 0;
  std::size_t total_taken_ = 0;
  std::string waiting_;  // streamed bytes not taken yet
  std::size_t waiting_at_ = 0;
  curl_slist* header_list_ = nullptr;
  curl_slist* resolve_list_ = nullptr;
  std::array<char, CURL_ERROR_SIZE> text_{};
  std::chrono::milliseconds stall_timeout_;
  Clock::time_point window_start_;
  std::uint64_t window_moved_ = 0;
};

}  // namespace pgdr::store
