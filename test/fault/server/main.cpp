// pgdr_s3_double [--google]: the tests' own S3 server as a program, so that the whole tool can meet
// what a healthy server never does. Prints its address, key and secret in one line; then takes a
// command in each line of its standard input and ends with it. After each command's answer comes a
// line "ok", or "error" and why.
//
//   answer N METHOD QUERY KEYPART STATUS CODE   the next N matching requests get this error, be it
//                                               in a 200; nothing of them takes effect
//   cut N METHOD QUERY KEYPART BYTES            … the usual answer, whose body ends after BYTES
//   stall N METHOD QUERY KEYPART BYTES          … and then nothing more comes; -1: no answer at all
//   slow N METHOD QUERY KEYPART MS              … the usual answer, so much later
// (of several that match a request, the first that was given and is not used up)
//   clear                                       no more of these
//   clock SECONDS                               the server's clock is so far ahead
//   page N                                      a listing's page has N keys
//   put KEY CONTENT · forget KEY · keys · uploads · count METHOD
//
// METHOD: as in HTTP, or *. QUERY: a name in the query; - for a request without any; * for all.
// KEYPART: what the path contains; * for all.
#include <chrono>
#include <iostream>
#include <list>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>

#include "fault/s3_fake.hpp"

namespace pgdr::test {
namespace {

// What happens to some of the requests to come.
struct Fault {
  std::string kind;
  int left = 0;
  std::string method;
  std::string query;
  std::string part;
  int number = 0;  // status, bytes or milliseconds
  std::string code;

  [[nodiscard]] bool matches(const ServerRequest& request) const {
    if (left <= 0 || (method != "*" && request.method != method)) return false;
    if (query == "-" ? !request.query.empty() : query != "*" && !request.asks(query)) return false;
    return part == "*" || request.path.find(part) != std::string::npos;
  }
};

class Faults {
 public:
  void add(Fault fault) {
    const std::lock_guard lock(mutex_);
    faults_.push_back(std::move(fault));
  }
  void clear() {
    const std::lock_guard lock(mutex_);
    faults_.clear();
  }
  std::optional<ServerResponse> instead(const ServerRequest& request) {
    const std::lock_guard lock(mutex_);
    Fault* fault = first(request);
    if (fault == nullptr || fault->kind != "answer") return std::nullopt;
    --fault->left;
    return S3Fake::error(fault->number, fault->code, "as the test wishes");
  }
  void after(const ServerRequest& request, ServerResponse& response) {
    const std::lock_guard lock(mutex_);
    Fault* fault = first(request);
    if (fault == nullptr) return;
    --fault->left;
    if (fault->kind == "slow") {
      std::this_thread::sleep_for(std::chrono::milliseconds(fault->number));
      return;
    }
    response.stall = fault->kind == "stall";
    response.no_answer = fault->number < 0;
    if (fault->number >= 0) response.cut_after = static_cast<std::size_t>(fault->number);
  }

 private:
  Fault* first(const ServerRequest& request) {
    for (Fault& fault : faults_) {
      if (fault.matches(request)) return &fault;
    }
    return nullptr;
  }

  std::mutex mutex_;
  std::list<Fault> faults_;
};

// What is wrong with the command; empty: nothing.
std::string obey(const std::string& line, S3Fake& server, Faults& faults) {
  std::istringstream words(line);
  std::string command;
  words >> command;
  if (command == "answer" || command == "cut" || command == "stall" || command == "slow") {
    Fault fault;
    fault.kind = command;
    words >> fault.left >> fault.method >> fault.query >> fault.part >> fault.number;
    if (command == "answer") words >> fault.code;
    if (!words) return "not understood: " + line;
    faults.add(std::move(fault));
  } else if (command == "clear") {
    faults.clear();
  } else if (command == "clock") {
    int seconds = 0;
    words >> seconds;
    server.clock_ahead = std::chrono::seconds(seconds);
  } else if (command == "page") {
    words >> server.page_size;
  } else if (command == "put") {
    std::string key;
    std::string content;
    words >> key >> std::ws;
    std::getline(words, content);
    server.put(key, content);
  } else if (command == "forget") {
    std::string key;
    words >> key;
    server.forget(key);
  } else if (command == "keys") {
    for (const auto& key : server.keys()) std::cout << key << '\n';
  } else if (command == "uploads") {
    for (const auto& key : server.unfinished_keys()) std::cout << key << '\n';
  } else if (command == "count") {
    std::string method;
    words >> method;
    std::cout << server.count(method + " ") << '\n';
  } else {
    return "no such command: " + line;
  }
  return "";
}

}  // namespace
}  // namespace pgdr::test

int main(int argc, char** argv) {
  using pgdr::test::Faults;
  using pgdr::test::S3Fake;
  Faults faults;
  S3Fake server;
  server.google = argc > 1 && std::string(argv[1]) == "--google";
  server.instead = [&](const auto& request) { return faults.instead(request); };
  server.after = [&](const auto& request, auto& response) { faults.after(request, response); };
  const pgdr::store::S3Options options = server.options();
  std::cout << options.config.endpoint << ' '
            << options.credentials.environment("AWS_ACCESS_KEY_ID") << ' '
            << options.credentials.environment("AWS_SECRET_ACCESS_KEY") << std::endl;
  for (std::string line; std::getline(std::cin, line);) {
    const std::string wrong = pgdr::test::obey(line, server, faults);
    std::cout << (wrong.empty() ? "ok" : "error " + wrong) << std::endl;
  }
}
