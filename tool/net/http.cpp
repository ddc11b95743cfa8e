#include "net/http.hpp"

#include <ctime>

#include <curl/curl.h>

#include "net/http_transfer.hpp"

namespace pgdr::store {

std::string_view HttpResponse::header(std::string_view name) const {
  for (const auto& [have, value] : headers) {
    if (have == name) return value;
  }
  return {};
}

HttpDownload::HttpDownload(HttpClient& client, std::unique_ptr<HttpTransfer> transfer)
    : client_(client), transfer_(std::move(transfer)) {}

HttpDownload::~HttpDownload() {
  if (transfer_) client_.give_back(transfer_->release());
}

Result<std::size_t> HttpDownload::read(MutableBytes buffer) { return transfer_->take(buffer); }

HttpClient::HttpClient(HttpOptions options) : options_(std::move(options)) {}

HttpClient::~HttpClient() = default;

std::unique_ptr<HttpClient::Connection> HttpClient::take() {
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      std::unique_ptr<Connection> connection = std::move(idle_.back());
      idle_.pop_back();
      return connection;
    }
  }
  return std::make_unique<Connection>();
}

void HttpClient::give_back(std::unique_ptr<Connection> connection) {
  if (!connection) return;
  const std::lock_guard lock(mutex_);
  idle_.push_back(std::move(connection));
}

Result<HttpResponse> HttpClient::send(const HttpRequest& request) {
  HttpTransfer transfer(take(), options_, request, false);
  PGDR_CHECK(transfer.run_to_end());
  give_back(transfer.release());
  return std::move(transfer.response());
}

Result<HttpClient::Opened> HttpClient::open(const HttpRequest& request) {
  auto transfer = std::make_unique<HttpTransfer>(take(), options_, request, true);
  PGDR_CHECK(transfer->run_to_headers());
  Opened opened;
  const int status = transfer->response().status;
  if (status < 200 || status > 299) {
    transfer->stop_streaming();
    PGDR_CHECK(transfer->run_to_end());
    opened.head = std::move(transfer->response());
    give_back(transfer->release());
    return opened;
  }
  opened.head = transfer->response();
  opened.body.reset(new HttpDownload(*this, std::move(transfer)));
  return opened;
}

std::optional<Time> parse_http_date(std::string_view text) {
  const time_t parsed = curl_getdate(std::string(text).c_str(), nullptr);
  if (parsed < 0) return std::nullopt;
  return Time(std::chrono::seconds(parsed));
}

}  // namespace pgdr::store
