#include "net/http_transfer.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <stdexcept>

#include <fmt/format.h>

#include "base/interrupt.hpp"
#include "base/text.hpp"
#include "base/version.hpp"

namespace pgdr::store {
namespace {

using std::chrono::milliseconds;

constexpr long kTransferBuffer = 256L << 10;
// Streamed bytes that may wait for the reader before the connection is paused.
constexpr std::size_t kMostWaiting = 1U << 20U;
constexpr int kLongestPoll = 1000;
constexpr std::size_t kMostHeaders = 256;

// Options fail only for want of memory or in a libcurl built without the feature.
template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
  if (const CURLcode code = curl_easy_setopt(easy, option, value); code != CURLE_OK) {
    throw std::runtime_error(fmt::format("libcurl refuses an option ({}): {}",
                                         static_cast<int>(option), curl_easy_strerror(code)));
  }
}

// "https://host:port" of a URL: all that a message may show.
std::string_view origin(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  return url.substr(0, url.find('/', scheme + 3));
}

// A program that is started meanwhile must not hold the connection open.
int close_on_exec(void* /*unused*/, curl_socket_t socket, curlsocktype /*unused*/) {
  return fcntl(socket, F_SETFD, FD_CLOEXEC) == 0 ? CURL_SOCKOPT_OK : CURL_SOCKOPT_ERROR;
}

// Errors that another try will not mend.
bool is_final(CURLcode code) {
  switch (code) {
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_ENGINE_NOTFOUND:
    case CURLE_OUT_OF_MEMORY:
      return true;
    default:
      return false;
  }
}

}  // namespace

HttpClient::Connection::Connection() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
  easy = curl_easy_init();
  multi = curl_multi_init();
  if (easy == nullptr || multi == nullptr) throw std::bad_alloc();
}

HttpClient::Connection::~Connection() {
  curl_easy_cleanup(easy);
  curl_multi_cleanup(multi);
}

HttpTransfer::HttpTransfer(std::unique_ptr<HttpClient::Connection> connection,
                           const HttpOptions& options, HttpRequest request, bool stream)
    : connection_(std::move(connection)),
      options_(options),
      request_(std::move(request)),
      stream_(stream),
      stall_timeout_(request_.stall_timeout.count() > 0 ? request_.stall_timeout
                                                        : options.stall_timeout) {
  configure();
  curl_multi_add_handle(connection_->multi, connection_->easy);
  restart_stall_window();
}

HttpTransfer::~HttpTransfer() {
  if (connection_) curl_multi_remove_handle(connection_->multi, connection_->easy);
  curl_slist_free_all(header_list_);
  curl_slist_free_all(resolve_list_);
}

void HttpTransfer::configure() {
  CURL* easy = connection_->easy;
  curl_easy_reset(easy);  // options only: connections and caches stay
  set(easy, CURLOPT_URL, request_.url.c_str());
  set(easy, CURLOPT_PATH_AS_IS, 1L);
  set(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  set(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set(easy, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  set(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  set(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  set(easy, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options_.ca_file.empty()) set(easy, CURLOPT_CAINFO, options_.ca_file.c_str());
  set(easy, CURLOPT_NOSIGNAL, 1L);
  set(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  set(easy, CURLOPT_SOCKOPTFUNCTION, &close_on_exec);
  set(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_.connect_timeout.count()));
  set(easy, CURLOPT_BUFFERSIZE, kTransferBuffer);
  set(easy, CURLOPT_UPLOAD_BUFFERSIZE, kTransferBuffer);
  set(easy, CURLOPT_USERAGENT, fmt::format("pgdr/{}", kVersion).c_str());
  set(easy, CURLOPT_ERRORBUFFER, text_.data());
  set(easy, CURLOPT_HEADERFUNCTION, &HttpTransfer::on_header);
  set(easy, CURLOPT_HEADERDATA, static_cast<void*>(this));
  set(easy, CURLOPT_WRITEFUNCTION, &HttpTransfer::on_body);
  set(easy, CURLOPT_WRITEDATA, static_cast<void*>(this));
  if (request_.bytes_per_second > 0) {
    set(easy, CURLOPT_MAX_SEND_SPEED_LARGE, static_cast<curl_off_t>(request_.bytes_per_second));
    set(easy, CURLOPT_MAX_RECV_SPEED_LARGE, static_cast<curl_off_t>(request_.bytes_per_second));
  }
  for (const std::string& entry : options_.resolve) {
    resolve_list_ = curl_slist_append(resolve_list_, entry.c_str());
  }
  if (resolve_list_ != nullptr) set(easy, CURLOPT_RESOLVE, resolve_list_);
  if (request_.method == "HEAD") {
    set(easy, CURLOPT_NOBODY, 1L);
  } else if (request_.method == "PUT" || request_.method == "POST") {
    set(easy, CURLOPT_UPLOAD, 1L);
    set(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
    set(easy, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_.body.size()));
    set(easy, CURLOPT_READFUNCTION, &HttpTransfer::on_read);
    set(easy, CURLOPT_READDATA, static_cast<void*>(this));
    set(easy, CURLOPT_SEEKFUNCTION, &HttpTransfer::on_seek);
    set(easy, CURLOPT_SEEKDATA, static_cast<void*>(this));
  } else {
    set(easy, CURLOPT_CUSTOMREQUEST, request_.method.c_str());
  }
  set_headers();
}

void HttpTransfer::set_headers() {
  const auto add = [this](const std::string& line) {
    curl_slist* longer = curl_slist_append(header_list_, line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    header_list_ = longer;
  };
  // "Name;" is libcurl's way to send a header without a value.
  for (const auto& [name, value] : request_.headers) {
    add(value.empty() ? name + ";" : fmt::format("{}: {}", name, value));
  }
  add("Expect:");  // waiting for "100 Continue" costs a round trip for each part
  add("Accept:");
  set(connection_->easy, CURLOPT_HTTPHEADER, header_list_);
}

Status HttpTransfer::run_to_headers() {
  while (!headers_done_ && !done_) PGDR_CHECK(step());
  // What went wrong after the headers is for whoever reads the body.
  if (!headers_done_ && result_ != CURLE_OK) return failure(result_);
  return success();
}

Status HttpTransfer::run_to_end() {
  while (!done_) PGDR_CHECK(step());
  if (result_ != CURLE_OK) return failure(result_);
  return success();
}

Result<std::size_t> HttpTransfer::take(MutableBytes buffer) {
  restart_stall_window();  // the time that the reader took is not the server's
  while (waiting_at_ == waiting_.size()) {
    waiting_.clear();
    waiting_at_ = 0;
    if (done_) {
      if (result_ != CURLE_OK) return failure(result_);
      return std::size_t{0};
    }
    if (paused_) {
      paused_ = false;
      curl_easy_pause(connection_->easy, CURLPAUSE_CONT);
      continue;
    }
    PGDR_CHECK(step());
  }
  const std::size_t n = std::min(buffer.size(), waiting_.size() - waiting_at_);
  std::memcpy(buffer.data(), waiting_.data() + waiting_at_, n);
  waiting_at_ += n;
  return n;
}

void HttpTransfer::stop_streaming() {
  stream_ = false;
  response_.body = waiting_.substr(waiting_at_);
  waiting_.clear();
  waiting_at_ = 0;
  if (paused_) curl_easy_pause(connection_->easy, CURLPAUSE_CONT);
  paused_ = false;
}

std::unique_ptr<HttpClient::Connection> HttpTransfer::release() {
  curl_multi_remove_handle(connection_->multi, connection_->easy);
  std::unique_ptr<HttpClient::Connection> connection = std::move(connection_);
  if (!done_ || result_ != CURLE_OK) connection.reset();
  return connection;
}

Status HttpTransfer::step() {
  if (!request_.cleanup && interrupted()) return interrupted_error();
  if (request_.cancelled != nullptr && *request_.cancelled) {
    return Error::of(Code::kFailed, "given up, as another part of the transfer has failed");
  }
  int running = 0;
  if (const CURLMcode code = curl_multi_perform(connection_->multi, &running); code != CURLM_OK) {
    return Error::of(Code::kFailed, fmt::format("libcurl failed: {}", curl_multi_strerror(code)));
  }
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(connection_->multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    done_ = true;
    result_ = message->data.result;
  }
  if (done_ || paused_ || !waiting_.empty()) return success();
  PGDR_CHECK(check_stall());
  curl_waitfd signal{interrupt_fd(), CURL_WAIT_POLLIN, 0};
  const int timeout =
      static_cast<int>(std::min<milliseconds::rep>(kLongestPoll, stall_timeout_.count() / 4 + 1));
  curl_multi_poll(connection_->multi, request_.cleanup ? nullptr : &signal,
                  request_.cleanup ? 0 : 1, timeout, nullptr);
  return success();
}

std::uint64_t HttpTransfer::moved() const {
  curl_off_t up = 0;
  curl_easy_getinfo(connection_->easy, CURLINFO_SIZE_UPLOAD_T, &up);
  return static_cast<std::uint64_t>(up) + total_taken_;
}

void HttpTransfer::restart_stall_window() {
  window_start_ = Clock::now();
  window_moved_ = moved();
}

Status HttpTransfer::check_stall() {
  const auto elapsed = std::chrono::duration_cast<milliseconds>(Clock::now() - window_start_);
  if (elapsed < stall_timeout_) return success();
  const std::uint64_t enough =
      std::max<std::uint64_t>(1, kMinimumRate * static_cast<std::uint64_t>(elapsed.count()) / 1000);
  if (moved() - window_moved_ >= enough) {
    restart_stall_window();
    return success();
  }
  Error error =
      Error::of(Code::kFailed, fmt::format("{} {}: no answer and no progress for {} ms",
                                           request_.method, origin(request_.url), elapsed.count()));
  error.retryable = true;
  return error;
}

Error HttpTransfer::failure(CURLcode code) const {
  const std::string what = fmt::format("{} {}", request_.method, origin(request_.url));
  if (too_large_) {
    return Error::of(Code::kFailed, fmt::format("{}: the answer is longer than {} bytes", what,
                                                request_.response_limit));
  }
  const char* why = text_[0] != '\0' ? text_.data() : curl_easy_strerror(code);
  Error error = Error::of(Code::kFailed, fmt::format("{}: {}", what, why));
  error.retryable = !is_final(code);
  if (code == CURLE_PEER_FAILED_VERIFICATION) {
    error.hint =
        "the server's certificate is not trusted; for a private authority set ca_file to its "
        "certificate (PEM)";
  } else if (code == CURLE_SSL_CACERT_BADFILE) {
    error.hint = fmt::format("is {} a readable PEM file?", options_.ca_file);
  } else if (code == CURLE_COULDNT_RESOLVE_HOST) {
    error.hint = "is the endpoint spelt correctly, and does name resolution work on this host?";
  }
  return error;
}

std::size_t HttpTransfer::on_header(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const std::string_view line(data, size * count);
  HttpResponse& response = transfer.response_;
  if (line.starts_with("HTTP/")) {  // an interim answer (1xx) may come before the real one
    response.headers.clear();
    response.status = 0;
    const std::size_t blank = line.find(' ');
    if (blank != std::string_view::npos) {
      for (const char c : line.substr(blank + 1, 3)) {
        if (c >= '0' && c <= '9') response.status = response.status * 10 + (c - '0');
      }
    }
    return line.size();
  }
  if (trimmed(line).empty()) {
    transfer.headers_done_ = response.status >= 200;
    return line.size();
  }
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || response.headers.size() >= kMostHeaders) {
    return line.size();
  }
  std::string name(trimmed(line.substr(0, colon)));
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  response.headers.emplace_back(std::move(name), trimmed(line.substr(colon + 1)));
  return line.size();
}

std::size_t HttpTransfer::on_body(char* data, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const std::size_t length = size * count;
  if (transfer.stream_) {
    if (transfer.waiting_.size() >= kMostWaiting) {
      transfer.paused_ = true;
      return CURL_WRITEFUNC_PAUSE;
    }
    transfer.waiting_.append(data, length);
  } else {
    if (length > transfer.request_.response_limit - transfer.response_.body.size()) {
      transfer.too_large_ = true;
      return 0;  // stops the transfer
    }
    transfer.response_.body.append(data, length);
  }
  transfer.total_taken_ += length;
  return length;
}

std::size_t HttpTransfer::on_read(char* out, std::size_t size, std::size_t count, void* self) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  const Bytes body = transfer.request_.body;
  const std::size_t n = std::min(size * count, body.size() - transfer.sent_);
  if (n > 0) std::memcpy(out, body.data() + transfer.sent_, n);
  transfer.sent_ += n;
  return n;
}

int HttpTransfer::on_seek(void* self, curl_off_t offset, int origin) {
  auto& transfer = *static_cast<HttpTransfer*>(self);
  if (origin != SEEK_SET || offset < 0 ||
      static_cast<std::size_t>(offset) > transfer.request_.body.size()) {
    return CURL_SEEKFUNC_CANTSEEK;
  }
  transfer.sent_ = static_cast<std::size_t>(offset);
  return CURL_SEEKFUNC_OK;
}

}  // namespace pgdr::store
