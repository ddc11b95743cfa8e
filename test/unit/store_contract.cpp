// The store contract's tests, linked once into each test program, however many stores it tries them
// on.
#include "unit/store_contract.hpp"

namespace pgdr::store {

TEST_P(StoreContract, GivesBackWhatWasWritten) {
  std::string text(3 << 20, 'x');
  for (std::size_t i = 0; i < text.size(); i += 4096) text[i] = static_cast<char>(i >> 12);
  ASSERT_TRUE(write_text(store(), "set/label/data", text).ok());
  EXPECT_EQ(read_text(*another(), "set/label/data").value(), text);
}

TEST_P(StoreContract, ReadsARange) {
  const auto upload = store().create("s/l/range");
  ASSERT_TRUE(upload);
  ASSERT_TRUE(put(**upload, "0123456789"));
  ASSERT_TRUE((*upload)->finish());
  const auto range = [&](std::uint64_t offset, std::uint64_t length) -> std::string {
    const auto source = store().open_range("s/l/range", offset, length);
    EXPECT_TRUE(source.ok());
    return source ? read_all(**source, 3) : "";
  };
  EXPECT_EQ(range(0, 10), "0123456789");
  EXPECT_EQ(range(0, 4), "0123");
  EXPECT_EQ(range(4, 5), "45678");
  EXPECT_EQ(range(9, 1), "9");
  EXPECT_EQ(range(7, 100), "789") << "it ends with the object";
  EXPECT_EQ(range(3, 0), "");
  EXPECT_EQ(range(10, 5), "");
  EXPECT_FALSE(store().open_range("s/l/absent", 0, 5));
}

TEST_P(StoreContract, KeepsAnEmptyObject) {
  ASSERT_TRUE(write_text(store(), "empty", "").ok());
  EXPECT_EQ(read_text(store(), "empty").value(), "");
  const auto entry = store().stat("empty");
  ASSERT_TRUE(entry.ok() && entry->has_value());
  EXPECT_EQ((*entry)->size, 0U);
}

TEST_P(StoreContract, NothingIsVisibleBeforeFinish) {
  {
    auto upload = store().create("a/b");
    ASSERT_TRUE(upload.ok());
    ASSERT_TRUE(put(**upload, "half").ok());
    EXPECT_FALSE(another()->stat("a/b")->has_value());
    EXPECT_EQ(another()->open("a/b").error().code, Code::kNotFound);
    EXPECT_TRUE(keys("").empty());
  }
  EXPECT_FALSE(store().stat("a/b")->has_value());
  EXPECT_TRUE(keys("").empty());
}

TEST_P(StoreContract, AbsentIsAValueForStatAndNotFoundForOpen) {
  for (const char* key : {"none", "no/such/folder"}) {
    const auto entry = store().stat(key);
    ASSERT_TRUE(entry.ok());
    EXPECT_FALSE(entry->has_value());
    EXPECT_EQ(store().open(key).error().code, Code::kNotFound);
    EXPECT_EQ(read_text(store(), key).error().code, Code::kNotFound);
  }
  EXPECT_TRUE(keys("no/such/").empty());
}

TEST_P(StoreContract, ReadsFromAnOffset) {
  ASSERT_TRUE(write_text(store(), "k", "0123456789").ok());
  EXPECT_EQ(read_all(**store().open("k", 4), 3), "456789");
  EXPECT_EQ(read_all(**store().open("k", 10)), "");
  EXPECT_FALSE(store().open("k", 11).ok());
}

TEST_P(StoreContract, SameContentAgainSucceedsOtherContentIsRefused) {
  ASSERT_TRUE(write_text(store(), "k", "one").ok());
  EXPECT_TRUE(write_text(store(), "k", "one").ok());
  for (const char* other : {"two", "on", "one!", ""}) {
    const Status again = write_text(store(), "k", other);
    ASSERT_FALSE(again.ok()) << other;
    EXPECT_EQ(again.error().code, Code::kExists);
  }
  EXPECT_EQ(read_text(store(), "k").value(), "one");
  EXPECT_THAT(keys(""), ::testing::ElementsAre("k"));
}

TEST_P(StoreContract, TwoUploadsOfOneKeyDoNotMix) {
  auto first = store().create("k");
  auto second = another()->create("k");
  ASSERT_TRUE(first.ok() && second.ok());
  ASSERT_TRUE(put(**first, "first").ok());
  ASSERT_TRUE(put(**second, "second").ok());
  EXPECT_TRUE((*first)->finish().ok());
  const Status late = (*second)->finish();
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, Code::kExists);
  EXPECT_EQ(read_text(store(), "k").value(), "first");
}

TEST_P(StoreContract, ListsSortedWithSizesBelowAPrefix) {
  for (const char* key : {"b/2", "a/2", "a/1", "a/x/1", "ab/1", "top"}) {
    ASSERT_TRUE(write_text(store(), key, key).ok());
  }
  EXPECT_THAT(keys(""), ::testing::ElementsAre("a/1", "a/2", "a/x/1", "ab/1", "b/2", "top"));
  EXPECT_THAT(keys("a/"), ::testing::ElementsAre("a/1", "a/2", "a/x/1"));
  const auto entries = store().list("b/");
  ASSERT_TRUE(entries.ok());
  ASSERT_EQ(entries->size(), 1U);
  EXPECT_EQ(entries->front().size, 3U);
  const auto age = system_clock().now() - entries->front().modified;
  EXPECT_LT(age, std::chrono::minutes(5));
  EXPECT_GT(age, -std::chrono::minutes(5));
}

TEST_P(StoreContract, ListsManyWithoutLosingOne) {
  const int many = GetParam().many;
  for (int i = 0; i < many; ++i) {
    ASSERT_TRUE(write_text(store(), "many/" + std::to_string(i), "").ok());
  }
  EXPECT_EQ(keys("many/").size(), static_cast<std::size_t>(many));
}

TEST_P(StoreContract, RemoveIsIdempotent) {
  ASSERT_TRUE(write_text(store(), "a/b/c", "x").ok());
  EXPECT_TRUE(store().remove("a/b/c").ok());
  EXPECT_TRUE(store().remove("a/b/c").ok());
  EXPECT_FALSE(store().stat("a/b/c")->has_value());
  EXPECT_TRUE(write_text(store(), "a/b/c", "new").ok());
  EXPECT_EQ(read_text(store(), "a/b/c").value(), "new");
}

TEST_P(StoreContract, RemovesManyAndNoOthers) {
  const int many = std::min(GetParam().many, 120);
  std::vector<std::string> doomed = {"gone/never-there", "no/such/folder"};
  for (int i = 0; i < many; ++i) {
    doomed.push_back("gone/" + std::to_string(i));
    ASSERT_TRUE(write_text(store(), doomed.back(), "").ok());
  }
  ASSERT_TRUE(write_text(store(), "gone/00", "stays").ok());
  ASSERT_TRUE(write_text(store(), "stays", "").ok());
  const Status gone = store().remove_many(doomed);
  EXPECT_TRUE(gone.ok()) << (gone ? "" : to_string(gone.error()));
  EXPECT_THAT(keys(""), ::testing::ElementsAre("gone/00", "stays"));
  EXPECT_TRUE(store().remove_many(doomed).ok()) << "absent ones count as removed";
  EXPECT_TRUE(store().remove_many({}).ok());
  EXPECT_EQ(store().remove_many({"gone/00", "../x"}).error().code, Code::kUsage);
  EXPECT_THAT(keys(""), ::testing::ElementsAre("gone/00", "stays")) << "nothing was tried";
}

TEST_P(StoreContract, RefusesKeysThatAreNone) {
  for (const char* key : {"", "/", "/a", "a/", "a//b", "..", "a/../b", "./a", "a/.", ".hidden",
                          "a b", "a\\b", "a\nb", "ü", "a/.tmp-x"}) {
    EXPECT_EQ(store().create(key).error().code, Code::kUsage) << key;
    EXPECT_EQ(store().open(key).error().code, Code::kUsage) << key;
    EXPECT_EQ(store().stat(key).error().code, Code::kUsage) << key;
    EXPECT_EQ(store().remove(key).error().code, Code::kUsage) << key;
  }
  for (const char* prefix : {"a", "/", "../", "a//", ".x/"}) {
    EXPECT_EQ(store().list(prefix).error().code, Code::kUsage) << prefix;
  }
}

TEST_P(StoreContract, LockExcludesOthersUntilReleased) {
  auto lease = store().lock("shop");
  ASSERT_TRUE(lease.ok());
  const auto other = another()->lock("shop");
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().code, Code::kLocked);
  EXPECT_THAT(other.error().message, ::testing::HasSubstr("shop"));
  EXPECT_TRUE(another()->lock("other").ok());
  EXPECT_TRUE(keys("").empty()) << "a lock is no object";
  *lease = nullptr;
  EXPECT_TRUE(another()->lock("shop").ok());
}

TEST_P(StoreContract, ReadTextHasALimit) {
  ASSERT_TRUE(write_text(store(), "k", std::string(100, 'x')).ok());
  EXPECT_TRUE(read_text(store(), "k", 100).ok());
  EXPECT_FALSE(read_text(store(), "k", 99).ok());
}

TEST_P(StoreContract, NoLeftoversAfterCleanWork) {
  ASSERT_TRUE(write_text(store(), "a/b", "x").ok());
  { ASSERT_TRUE(store().create("a/c").ok()); }
  const auto leftovers = store().leftovers("");
  ASSERT_TRUE(leftovers.ok());
  EXPECT_TRUE(leftovers->empty());
}

// Between any look and any write another process may come: exactly one content stays.
TEST_P(StoreContract, OneOfManyWritersWins) {
  constexpr int kWriters = 4;
  std::vector<std::unique_ptr<Store>> stores;
  stores.reserve(kWriters);
  for (int i = 0; i < kWriters; ++i) stores.push_back(another());
  std::vector<int> won(kWriters, 0);
  std::vector<std::thread> threads;
  threads.reserve(kWriters);
  for (int i = 0; i < kWriters; ++i) {
    threads.emplace_back([&stores, &won, i] {
      won[i] = write_text(*stores[i], "race", std::string(20000, static_cast<char>('a' + i))).ok();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(std::count(won.begin(), won.end(), 1), 1);
  const auto text = read_text(store(), "race");
  ASSERT_TRUE(text.ok());
  ASSERT_EQ(text->size(), 20000U);
  EXPECT_EQ(won[static_cast<std::size_t>(text->front() - 'a')], 1);
}

TEST_P(StoreContract, WritesSeveralAtOnce) {
  auto first = store().create("two/a");
  auto second = store().create("two/b");
  ASSERT_TRUE(first.ok() && second.ok());
  std::string text;
  for (int i = 0; i < 1000; ++i) {
    const std::string piece = std::to_string(i) + std::string(300, 'x');
    text += piece;
    ASSERT_TRUE(put(**first, piece).ok());
    ASSERT_TRUE(put(**second, piece).ok());
  }
  ASSERT_TRUE((*second)->finish().ok());
  EXPECT_FALSE(store().stat("two/a")->has_value());
  ASSERT_TRUE((*first)->finish().ok());
  EXPECT_EQ(read_text(store(), "two/a").value(), text);
  EXPECT_EQ(read_text(store(), "two/b").value(), text);
}

}  // namespace pgdr::store
