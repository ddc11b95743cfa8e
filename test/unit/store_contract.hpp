// The conformance suite of store/store.hpp: every kind of store passes it unchanged.
//
//   INSTANTIATE_TEST_SUITE_P(Local, StoreContract,
//                            ::testing::Values(StoreMaker{"local", make_local_fixture}));
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/store.hpp"

namespace pgdr::store {

// One empty place, removed when destroyed.
class StoreFixture {
 public:
  virtual ~StoreFixture() = default;
  // Another handle on the same place, as another process would have.
  virtual std::unique_ptr<Store> open() = 0;
};

struct StoreMaker {
  const char* name;
  std::function<std::unique_ptr<StoreFixture>()> make;
  int many = 300;  // objects of the test that lists many
};
inline void PrintTo(const StoreMaker& maker, std::ostream* out) { *out << maker.name; }

inline Status put(Upload& upload, const std::string& text) {
  return upload.write(std::as_bytes(std::span(text.data(), text.size())));
}

inline std::string read_all(Source& source, std::size_t piece = 7) {
  std::string text;
  std::string buffer(piece, '\0');
  while (true) {
    const auto n = source.read(std::as_writable_bytes(std::span(buffer.data(), buffer.size())));
    EXPECT_TRUE(n.ok()) << (n ? "" : to_string(n.error()));
    if (!n || *n == 0) return text;
    text.append(buffer, 0, *n);
  }
}

class StoreContract : public ::testing::TestWithParam<StoreMaker> {
 protected:
  void SetUp() override {
    fixture_ = GetParam().make();
    store_ = fixture_->open();
    ASSERT_TRUE(store_);
  }
  Store& store() { return *store_; }
  std::unique_ptr<Store> another() { return fixture_->open(); }
  std::vector<std::string> keys(const std::string& prefix) {
    const auto entries = store().list(prefix);
    EXPECT_TRUE(entries.ok()) << (entries ? "" : to_string(entries.error()));
    std::vector<std::string> out;
    if (entries) {
      for (const Entry& entry : *entries) out.push_back(entry.key);
    }
    return out;
  }

 private:
  std::unique_ptr<StoreFixture> fixture_;
  std::unique_ptr<Store> store_;
};

}  // namespace pgdr::store
