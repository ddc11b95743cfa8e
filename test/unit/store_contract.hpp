// The conformance suite of store/store.hpp: every store passes it unchanged.
//
//   struct MyPlace {                             // made for each test
//     std::unique_ptr<store::Store> open();      // the same empty repository at each call
//   };
//   INSTANTIATE_TYPED_TEST_SUITE_P(My, StoreContract, MyPlace);
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "store/store.hpp"

namespace pgdr::test {

// Bytes that no compression and no page size makes special; the same for the same arguments.
inline std::string content_of(std::size_t size, unsigned seed = 1) {
  std::string out(size, '\0');
  std::uint64_t state = 0x9E3779B97F4A7C15ULL * (seed + 1);
  for (char& c : out) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    c = static_cast<char>(state >> 56U);
  }
  return out;
}

// Everything from offset on, read in pieces of `piece` bytes.
inline Result<std::string> read_back(store::Store& store, const std::string& key,
                                     std::uint64_t offset = 0, std::size_t piece = 65536) {
  PGDR_TRY(const std::unique_ptr<Source> source, store.open(key, offset));
  std::string out;
  std::vector<std::byte> buffer(piece);
  for (;;) {
    PGDR_TRY(const std::size_t n, source->read(buffer));
    if (n == 0) return out;
    out += text_of(Bytes(buffer.data(), n));
  }
}

inline std::vector<std::string> keys_of(const std::vector<store::Entry>& entries) {
  std::vector<std::string> keys;
  for (const store::Entry& entry : entries) keys.push_back(entry.key);
  return keys;
}

template <class Place>
class StoreContract : public testing::Test {
 protected:
  void SetUp() override {
    store_ = place_.open();
    ASSERT_NE(store_, nullptr);
  }
  void put(const std::string& key, const std::string& content) {
    const Status status = store::write_text(*store_, key, content);
    ASSERT_TRUE(status) << to_string(status.error());
  }
  Place place_;
  std::unique_ptr<store::Store> store_;
};
TYPED_TEST_SUITE_P(StoreContract);

TYPED_TEST_P(StoreContract, ReturnsWhatWasWritten) {
  for (const std::size_t size : {0UL, 1UL, 65536UL, 3000001UL}) {
    const std::string key = "set/label/object-" + std::to_string(size);
    const std::string content = content_of(size);
    this->put(key, content);
    const Result<std::string> back = read_back(*this->store_, key);
    ASSERT_TRUE(back) << to_string(back.error());
    EXPECT_TRUE(*back == content) << size;
    const auto entry = this->store_->stat(key);
    ASSERT_TRUE(entry && *entry) << size;
    EXPECT_EQ((*entry)->key, key);
    EXPECT_EQ((*entry)->size, size);
    EXPECT_LT(std::chrono::abs(system_clock().now() - (*entry)->modified), std::chrono::minutes(5));
  }
}

TYPED_TEST_P(StoreContract, ReadsFromAnOffset) {
  const std::string content = content_of(100000);
  this->put("a/b", content);
  for (const std::size_t offset : {1UL, 4096UL, 99999UL, 100000UL}) {
    const Result<std::string> back = read_back(*this->store_, "a/b", offset, 777);
    ASSERT_TRUE(back) << offset << ": " << to_string(back.error());
    EXPECT_TRUE(*back == content.substr(offset)) << offset;
  }
  const Result<std::string> beyond = read_back(*this->store_, "a/b", 100001);
  ASSERT_FALSE(beyond);
  EXPECT_EQ(beyond.error().code, Code::kCorrupt);
}

TYPED_TEST_P(StoreContract, SaysNotFoundForWhatIsAbsent) {
  const auto opened = this->store_->open("no/such");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kNotFound);
  EXPECT_FALSE(opened.error().retryable);
  const auto at = this->store_->open("no/such", 5);
  ASSERT_FALSE(at);
  EXPECT_EQ(at.error().code, Code::kNotFound);
  const auto entry = this->store_->stat("no/such");
  ASSERT_TRUE(entry) << to_string(entry.error());
  EXPECT_FALSE(*entry);
  EXPECT_TRUE(this->store_->remove("no/such"));
  const auto listed = this->store_->list("no/");
  ASSERT_TRUE(listed);
  EXPECT_TRUE(listed->empty());
}

TYPED_TEST_P(StoreContract, ShowsNothingBeforeFinish) {
  {
    auto upload = this->store_->create("set/unfinished");
    ASSERT_TRUE(upload);
    ASSERT_TRUE((*upload)->write(bytes_of(content_of(100000))));
    const auto entry = this->store_->stat("set/unfinished");
    ASSERT_TRUE(entry);
    EXPECT_FALSE(*entry);
    EXPECT_TRUE(this->store_->list("")->empty());
  }
  const auto entry = this->store_->stat("set/unfinished");
  ASSERT_TRUE(entry);
  EXPECT_FALSE(*entry);
  const auto leftovers = this->store_->leftovers("");
  ASSERT_TRUE(leftovers) << to_string(leftovers.error());
  for (const store::Entry& leftover : *leftovers) {
    EXPECT_TRUE(this->store_->remove_leftover(leftover));
  }
  EXPECT_TRUE(this->store_->leftovers("")->empty());
  this->put("set/unfinished", "now whole");
  EXPECT_EQ(*store::read_text(*this->store_, "set/unfinished"), "now whole");
}

TYPED_TEST_P(StoreContract, NeverOverwrites) {
  const std::string content = content_of(5000);
  this->put("a/x", content);
  this->put("a/x", content);  // the same again is no error
  for (const std::string& other : {std::string("other"), content_of(5000, 2), std::string()}) {
    const Status status = store::write_text(*this->store_, "a/x", other);
    ASSERT_FALSE(status);
    EXPECT_EQ(status.error().code, Code::kExists);
    EXPECT_TRUE(*store::read_text(*this->store_, "a/x") == content);
  }
  EXPECT_EQ(this->store_->list("")->size(), 1U);
}

TYPED_TEST_P(StoreContract, OneOfManyWritersWins) {
  std::vector<std::thread> threads;
  std::vector<int> won(4, 0);
  for (unsigned i = 0; i < won.size(); ++i) {
    threads.emplace_back([this, i, &won] {
      const std::unique_ptr<store::Store> store = this->place_.open();
      won[i] = store::write_text(*store, "race", content_of(20000, i)).ok() ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  int winners = 0;
  for (unsigned i = 0; i < won.size(); ++i) {
    if (won[i] == 0) continue;
    ++winners;
    EXPECT_TRUE(*store::read_text(*this->store_, "race") == content_of(20000, i));
  }
  EXPECT_EQ(winners, 1);
}

TYPED_TEST_P(StoreContract, ListsWhatBeginsWithThePrefix) {
  const std::vector<std::string> keys = {"a-b/1", "a/1", "a/2/deep", "a/2/deeper", "b", "b.c/1"};
  for (const std::string& key : keys) this->put(key, key);
  const auto all = this->store_->list("");
  ASSERT_TRUE(all) << to_string(all.error());
  EXPECT_EQ(keys_of(*all), keys);  // sorted by bytes: '-' before '/'
  EXPECT_EQ(all->front().size, 5U);
  EXPECT_EQ(keys_of(*this->store_->list("a/")),
            (std::vector<std::string>{"a/1", "a/2/deep", "a/2/deeper"}));
  EXPECT_EQ(keys_of(*this->store_->list("a/2/")),
            (std::vector<std::string>{"a/2/deep", "a/2/deeper"}));
  EXPECT_TRUE(this->store_->list("c/")->empty());
}

TYPED_TEST_P(StoreContract, RemovesOneAndOnlyThat) {
  this->put("a/1", "one");
  this->put("a/2", "two");
  ASSERT_TRUE(this->store_->remove("a/1"));
  EXPECT_FALSE(*this->store_->stat("a/1"));
  EXPECT_EQ(keys_of(*this->store_->list("")), (std::vector<std::string>{"a/2"}));
  ASSERT_TRUE(this->store_->remove("a/1"));
  this->put("a/1", "another");
  EXPECT_EQ(*store::read_text(*this->store_, "a/1"), "another");
}

TYPED_TEST_P(StoreContract, RefusesNamesThatAreNone) {
  for (const char* key : {"", "/a", "a/", "a//b", "../a", "a/../b", ".", ".hidden", "a/.b", "a b",
                          "a\n", "ä", "a?b", "a%2e"}) {
    const auto code = [](const auto& result) {
      return result ? Code::kFailed : result.error().code;
    };
    EXPECT_EQ(code(this->store_->create(key)), Code::kUsage) << key;
    EXPECT_EQ(code(this->store_->open(key)), Code::kUsage) << key;
    EXPECT_EQ(code(this->store_->stat(key)), Code::kUsage) << key;
    EXPECT_EQ(code(this->store_->remove(key)), Code::kUsage) << key;
  }
  for (const char* prefix : {"/", "a", "../", "a//", ".x/"}) {
    EXPECT_FALSE(this->store_->list(prefix)) << prefix;
    EXPECT_FALSE(this->store_->leftovers(prefix)) << prefix;
  }
  EXPECT_FALSE(this->store_->remove_leftover({"a/b", 0, {}}));
}

TYPED_TEST_P(StoreContract, LocksExclusively) {
  const std::unique_ptr<store::Store> other = this->place_.open();
  {
    const auto lease = this->store_->lock("set");
    ASSERT_TRUE(lease) << to_string(lease.error());
    EXPECT_TRUE((*lease)->held());
    const auto second = other->lock("set");
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::kLocked);
    EXPECT_NE(second.error().message.find(std::to_string(getpid())), std::string::npos)
        << second.error().message;
    EXPECT_TRUE(other->lock("another"));
  }
  EXPECT_TRUE(other->lock("set"));
  EXPECT_TRUE(this->store_->list("")->empty());  // locks are no objects
}

TYPED_TEST_P(StoreContract, WritesSeveralAtOnce) {
  auto first = this->store_->create("two/a");
  auto second = this->store_->create("two/b");
  ASSERT_TRUE(first && second);
  const std::string content = content_of(300000);
  for (std::size_t at = 0; at < content.size(); at += 1000) {
    const std::string piece = content.substr(at, 1000);
    ASSERT_TRUE((*first)->write(bytes_of(piece)));
    ASSERT_TRUE((*second)->write(bytes_of(piece)));
  }
  ASSERT_TRUE((*second)->finish());
  EXPECT_FALSE(*this->store_->stat("two/a"));
  ASSERT_TRUE((*first)->finish());
  EXPECT_TRUE(*read_back(*this->store_, "two/a") == content);
  EXPECT_TRUE(*read_back(*this->store_, "two/b") == content);
}

REGISTER_TYPED_TEST_SUITE_P(StoreContract, ReturnsWhatWasWritten, ReadsFromAnOffset,
                            SaysNotFoundForWhatIsAbsent, ShowsNothingBeforeFinish, NeverOverwrites,
                            OneOfManyWritersWins, ListsWhatBeginsWithThePrefix,
                            RemovesOneAndOnlyThat, RefusesNamesThatAreNone, LocksExclusively,
                            WritesSeveralAtOnce);

}  // namespace pgdr::test
