// A small HTTP/1.1 server for tests, on a free port of 127.0.0.1, in threads of this process. It
// can do what a healthy server never does: cut a body, stall, close without an answer, say one
// thing and mean another.
#pragma once

#include <atomic>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace pgdr::test {

struct ServerRequest {
  std::string method;
  std::string path;                            // decoded, without the query
  std::string raw_path;                        // as sent
  std::map<std::string, std::string> query;    // decoded
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;

  [[nodiscard]] bool asks(const std::string& name) const { return query.contains(name); }
  [[nodiscard]] std::string header(const std::string& name) const;
};

struct ServerResponse {
  int status = 200;
  std::map<std::string, std::string> headers;
  std::string body;

  static constexpr std::size_t kWhole = static_cast<std::size_t>(-1);
  std::size_t cut_after = kWhole;  // so many bytes of the announced body, then the end
  bool stall = false;              // at that place: nothing more until the client gives up
  bool no_answer = false;          // closes (or stalls) instead of answering
  bool head_only = false;          // Content-Length of the body, but no body (HEAD)
};

class HttpServer {
 public:
  using Handler = std::function<ServerResponse(const ServerRequest&)>;
  explicit HttpServer(Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int port() const { return port_; }

 private:
  void accept_all();
  void serve(int fd);
  void answer(int fd, const ServerResponse& response);

  Handler handler_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::list<int> open_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

std::string percent_decode(const std::string& text);

}  // namespace pgdr::test
