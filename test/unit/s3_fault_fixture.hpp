// A store on the tests' own S3 server, for the files that test what a healthy server never does.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "fault/s3_fake.hpp"
#include "store/s3/s3.hpp"
#include "unit/store_content.hpp"

namespace pgdr::test {

class S3Fault : public testing::Test {
 protected:
  static constexpr std::size_t kPart = 5U << 20U;
  static constexpr int kAlways = 1000000;

  static std::unique_ptr<store::Store> open(store::S3Options options) {
    options.config.part_size_mib = 5;
    auto opened = store::open_s3(std::move(options));
    EXPECT_TRUE(opened) << to_string(opened.error());
    return std::move(*opened);
  }
  std::unique_ptr<store::Store> open() { return open(fake_.options()); }

  static Status write(store::Store& store, const std::string& key, const std::string& content) {
    return store::write_text(store, key, content);
  }
  // Answers `times` requests of this method that carry this query name ("" for none) with `answer`.
  void instead_of(const std::string& method, const std::string& name, int times,
                  ServerResponse answer) {
    fake_.instead =
        [=, left = times](const ServerRequest& request) mutable -> std::optional<ServerResponse> {
      const bool matches = name.empty() ? request.query.empty() : request.asks(name);
      if (request.method != method || !matches || left == 0) return std::nullopt;
      --left;
      return answer;
    };
  }
  static bool says(const Error& error, const std::string& word) {
    return to_string(error).find(word) != std::string::npos;
  }

  S3Fake fake_;
};

}  // namespace pgdr::test
