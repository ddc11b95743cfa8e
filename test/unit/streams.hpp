// Streams that misbehave on purpose, and helpers, for the unit tests.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>

#include "base/stream.hpp"

namespace pgdr::test {

// Gives its content in pieces of 1 to max bytes: short reads at every possible place.
class DribblingSource final : public Source {
 public:
  DribblingSource(std::string content, std::size_t max, unsigned seed)
      : content_(std::move(content)), max_(max), random_(seed) {}
  Result<std::size_t> read(MutableBytes buffer) override {
    EXPECT_FALSE(ended_) << "read after the end";
    const std::size_t piece = 1 + random_() % max_;
    const std::size_t n = std::min({buffer.size(), content_.size() - at_, piece});
    if (n != 0) std::memcpy(buffer.data(), content_.data() + at_, n);
    at_ += n;
    ended_ = n == 0;
    return n;
  }

 private:
  std::string content_;
  std::size_t max_;
  std::mt19937 random_;
  std::size_t at_ = 0;
  bool ended_ = false;
};

// Fails after the first `good` bytes of its content.
class FailingSource final : public Source {
 public:
  FailingSource(std::string content, std::size_t good) : content_(content.substr(0, good)) {}
  Result<std::size_t> read(MutableBytes buffer) override {
    const std::size_t n = std::min(buffer.size(), content_.size() - at_);
    if (n == 0) return Error::of(Code::kFailed, "injected");
    std::memcpy(buffer.data(), content_.data() + at_, n);
    at_ += n;
    return n;
  }

 private:
  std::string content_;
  std::size_t at_ = 0;
};

// Takes `good` bytes, then fails; checks that nothing is asked of it after a failure.
class FailingSink final : public Sink {
 public:
  explicit FailingSink(std::uint64_t good, bool fail_finish = false)
      : left_(good), fail_finish_(fail_finish) {}
  Status write(Bytes data) override {
    EXPECT_FALSE(failed_) << "write after a failure";
    EXPECT_FALSE(finished_) << "write after finish";
    if (data.size() > left_) {
      failed_ = true;
      return Error::of(Code::kNoSpace, "injected");
    }
    left_ -= data.size();
    return success();
  }
  Status finish() override {
    EXPECT_FALSE(failed_) << "finish after a failure";
    EXPECT_FALSE(finished_) << "finish twice";
    finished_ = true;
    if (fail_finish_) return Error::of(Code::kNoSpace, "injected");
    return success();
  }
  [[nodiscard]] bool finished() const { return finished_; }

 private:
  std::uint64_t left_;
  bool fail_finish_;
  bool failed_ = false;
  bool finished_ = false;
};

// Everything up to the end or the error; the text holds what came before an error.
struct Drained {
  std::string text;
  Status status = success();
};
inline Drained drain(Source& source, std::size_t buffer_size = 50000) {
  Drained result;
  std::string buffer(buffer_size, '\0');
  for (;;) {
    const auto n = source.read(std::as_writable_bytes(std::span(buffer)));
    if (!n) {
      result.status = n.error();
      return result;
    }
    if (*n == 0) return result;
    result.text.append(buffer, 0, *n);
  }
}

inline std::string random_text(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string text(size, '\0');
  for (char& c : text) c = static_cast<char>(random());
  return text;
}

// Text that compresses, with long-range repeats.
inline std::string compressible_text(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string text;
  text.reserve(size + 64);
  while (text.size() < size) {
    text += std::to_string(random() % 1000);
    text += "\tsome words of a row\t";
    text += static_cast<char>('a' + random() % 26);
    text += '\n';
  }
  text.resize(size);
  return text;
}

// A seed from the environment (PGDR_SEED) or fresh; printed by the test that uses it.
inline unsigned fresh_seed() {
  if (const char* given = std::getenv("PGDR_SEED"); given != nullptr) {
    return static_cast<unsigned>(std::strtoul(given, nullptr, 10));
  }
  return std::random_device{}();
}

}  // namespace pgdr::test
