#include "fault/http_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <stdexcept>

namespace pgdr::test {
namespace {

bool send_all(int fd, const char* data, std::size_t size) {
  while (size > 0) {
    const ssize_t n = ::send(fd, data, size, MSG_NOSIGNAL);
    if (n <= 0) return false;
    data += n;
    size -= static_cast<std::size_t>(n);
  }
  return true;
}

// Until `buffer` holds `mark` or the client is gone.
bool read_until(int fd, std::string& buffer, const std::string& mark) {
  std::array<char, 65536> chunk{};
  while (buffer.find(mark) == std::string::npos) {
    const ssize_t n = ::recv(fd, chunk.data(), chunk.size(), 0);
    if (n <= 0) return false;
    buffer.append(chunk.data(), static_cast<std::size_t>(n));
  }
  return true;
}

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

void parse_head(const std::string& head, ServerRequest& request) {
  std::size_t at = head.find("\r\n");
  const std::string first = head.substr(0, at);
  const std::size_t a = first.find(' ');
  const std::size_t b = first.rfind(' ');
  request.method = first.substr(0, a);
  const std::string target = first.substr(a + 1, b - a - 1);
  const std::size_t mark = target.find('?');
  request.raw_path = target.substr(0, mark);
  request.path = percent_decode(request.raw_path);
  std::string query = mark == std::string::npos ? "" : target.substr(mark + 1);
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string pair = query.substr(0, end);
    query.erase(0, end == std::string::npos ? query.size() : end + 1);
    const std::size_t equals = pair.find('=');
    request.query[percent_decode(pair.substr(0, equals))] =
        equals == std::string::npos ? "" : percent_decode(pair.substr(equals + 1));
  }
  while (at != std::string::npos && at + 2 < head.size()) {
    const std::size_t end = head.find("\r\n", at + 2);
    const std::string line = head.substr(at + 2, end - at - 2);
    at = end;
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos) continue;
    const std::size_t value = line.find_first_not_of(' ', colon + 1);
    request.headers[lower(line.substr(0, colon))] =
        value == std::string::npos ? "" : line.substr(value);
  }
}

}  // namespace

std::string percent_decode(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      out += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string ServerRequest::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string() : found->second;
}

HttpServer::HttpServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (listener_ < 0 || bind(listener_, generic, length) != 0 || listen(listener_, 64) != 0 ||
      getsockname(listener_, generic, &length) != 0) {
    throw std::runtime_error("the test server cannot listen");
  }
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

HttpServer::~HttpServer() {
  stopping_ = true;
  shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  close(listener_);
  {
    const std::lock_guard lock(mutex_);
    for (const int fd : open_) shutdown(fd, SHUT_RDWR);
  }
  for (std::thread& thread : threads_) thread.join();
}

void HttpServer::accept_all() {
  while (!stopping_) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    const std::lock_guard lock(mutex_);
    open_.push_back(fd);
    threads_.emplace_back([this, fd] {
      serve(fd);
      const std::lock_guard guard(mutex_);
      open_.remove(fd);
      close(fd);
    });
  }
}

void HttpServer::serve(int fd) {
  std::string buffer;
  while (!stopping_ && read_until(fd, buffer, "\r\n\r\n")) {
    ServerRequest request;
    const std::size_t end = buffer.find("\r\n\r\n");
    parse_head(buffer.substr(0, end), request);
    buffer.erase(0, end + 4);
    const std::string length = request.header("content-length");
    const std::size_t wanted = length.empty() ? 0 : std::stoull(length);
    std::array<char, 65536> chunk{};
    while (buffer.size() < wanted) {
      const ssize_t n = recv(fd, chunk.data(), chunk.size(), 0);
      if (n <= 0) return;
      buffer.append(chunk.data(), static_cast<std::size_t>(n));
    }
    request.body = buffer.substr(0, wanted);
    buffer.erase(0, wanted);

    const ServerResponse response = handler_(request);
    answer(fd, response);
    if (response.stall) {
      // The client's closing ends the wait; so does the server's end.
      pollfd watched{fd, POLLIN, 0};
      poll(&watched, 1, -1);
      return;
    }
    if (response.no_answer || response.cut_after != ServerResponse::kWhole) return;
  }
}

void HttpServer::answer(int fd, const ServerResponse& response) {
  if (response.no_answer) {
    if (!response.stall) shutdown(fd, SHUT_RDWR);
    return;
  }
  std::string head = "HTTP/1.1 " + std::to_string(response.status) + " Test\r\n";
  for (const auto& [name, value] : response.headers) head += name + ": " + value + "\r\n";
  if (!response.headers.contains("Content-Length") && response.status != 204) {
    head += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  }
  head += "\r\n";
  if (!send_all(fd, head.data(), head.size()) || response.head_only) return;
  const std::size_t size = std::min(response.body.size(), response.cut_after);
  if (!send_all(fd, response.body.data(), size)) return;
  if (response.cut_after != ServerResponse::kWhole && !response.stall) shutdown(fd, SHUT_RDWR);
}

}  // namespace pgdr::test
