// A place on the OpenSSH server that test/sftp/run brings up, and what tests do to that server.
#pragma once

#include <sys/stat.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "base/process.hpp"
#include "store/sftp/sftp.hpp"
#include "unit/store_contract.hpp"

namespace pgdr::test {

inline std::string variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr)
    throw std::runtime_error(std::string(name) + " is not set: use test/sftp/run");
  return value;
}

inline std::string key_file(const std::string& name) {
  return variable("PGDR_SFTP_KEYS") + "/" + name;
}

// A folder of its own for each test; quick retries.
inline std::string fresh_path() {
  static std::atomic<int> n{0};
  return variable("PGDR_SFTP_ROOT") + "/" + std::to_string(getpid()) + "-" + std::to_string(++n);
}

inline store::SftpOptions options_for(const std::string& path) {
  SftpConfig config;
  config.host = variable("PGDR_SFTP_HOST");
  config.port = std::stoi(variable("PGDR_SFTP_PORT"));
  config.user = variable("PGDR_SFTP_USER");
  config.identity_file = key_file("id_ed25519");
  config.known_hosts_file = key_file("known_hosts");
  config.path = path;
  store::SftpOptions options = store::sftp_options(config);
  options.retry.attempts = 2;
  options.retry.first = std::chrono::milliseconds(20);
  return options;
}

inline std::unique_ptr<store::Store> open(store::SftpOptions options, bool create = true) {
  auto store = store::open_sftp(std::move(options), create);
  EXPECT_TRUE(store) << to_string(store.error());
  return store ? std::move(*store) : nullptr;
}

class SftpPlace : public store::StoreFixture {
 public:
  explicit SftpPlace(bool hard_links = true) : hard_links_(hard_links) {}
  std::unique_ptr<store::Store> open() override {
    store::SftpOptions options = options_for(path_);
    options.use_hard_links = hard_links_;
    return test::open(std::move(options));
  }

 private:
  bool hard_links_;
  std::string path_ = fresh_path();
};

// "stop", "start", "freeze", "thaw": see script/sftp-server.
inline void server(const std::string& action) {
  Command command;
  command.argv = {variable("PGDR_SFTP_SERVER"), action, variable("PGDR_SFTP_DIR")};
  const auto done = run_and_capture(std::move(command));
  ASSERT_TRUE(done) << to_string(done.error());
}

// Does something to the server, and takes it back at the end whatever happens.
class ServerAction {
 public:
  ServerAction(const std::string& action, std::string back) : back_(std::move(back)) {
    server(action);
  }
  ~ServerAction() { server(back_); }
  ServerAction(const ServerAction&) = delete;
  ServerAction& operator=(const ServerAction&) = delete;

 private:
  std::string back_;
};

}  // namespace pgdr::test
