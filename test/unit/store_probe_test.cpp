// What doctor finds out by trying a store.
#include "store/probe.hpp"

#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "fault/s3_fake.hpp"
#include "store/s3/s3.hpp"
#include "unit/forwarding_store.hpp"

namespace pgdr::store {
namespace {

class ProbeTest : public testing::Test {
 protected:
  ProbeTest() {
    std::string pattern = (std::filesystem::temp_directory_path() / "pgdr-probe.XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~ProbeTest() override { std::filesystem::remove_all(folder_); }
  std::unique_ptr<Store> local() { return std::move(*open_local(folder_)); }
  std::string folder_;
};

// A store with one promise broken.
class Faulty : public test::ForwardingStore {
 public:
  enum class Fault { kOverwrites, kGivesOtherContent, kKeepsEverything, kListsWhatWas };
  Faulty(std::unique_ptr<Store> inner, Fault fault)
      : ForwardingStore(std::move(inner)), fault_(fault) {}
  Result<std::unique_ptr<Upload>> create(const std::string& key) override {
    if (fault_ == Fault::kOverwrites) PGDR_CHECK(inner().remove(key));
    return inner().create(key);
  }
  Result<std::unique_ptr<Source>> open(const std::string& key, std::uint64_t offset) override {
    return inner().open(key, fault_ == Fault::kGivesOtherContent ? offset + 1 : offset);
  }
  Result<std::vector<Entry>> list(const std::string& prefix) override {
    if (fault_ == Fault::kListsWhatWas) return std::vector<Entry>();  // as a cache of it would
    return inner().list(prefix);
  }
  Status remove(const std::string& key) override {
    if (fault_ == Fault::kKeepsEverything) return Error::of(Code::kFailed, "not allowed");
    return inner().remove(key);
  }

 private:
  Fault fault_;
};

TEST_F(ProbeTest, AGoodStorePassesAndIsLeftAsItWas) {
  const auto store = local();
  const Probe probe = probe_store(*store, "", system_clock());
  EXPECT_FALSE(probe.not_written || probe.not_read || probe.not_listed || probe.not_removed ||
               probe.overwritten);
  EXPECT_LE(std::abs(probe.clock_ahead.count()), 5);
  EXPECT_TRUE(store->list("")->empty());
}

TEST_F(ProbeTest, FindsAStoreThatOverwrites) {
  Faulty store(local(), Faulty::Fault::kOverwrites);
  EXPECT_TRUE(probe_store(store, "", system_clock()).overwritten);
}

TEST_F(ProbeTest, FindsAStoreThatGivesBackOtherContent) {
  Faulty store(local(), Faulty::Fault::kGivesOtherContent);
  const Probe probe = probe_store(store, "", system_clock());
  ASSERT_TRUE(probe.not_read);
  EXPECT_EQ(probe.not_read->code, Code::kCorrupt);
  EXPECT_TRUE(local()->list("")->empty()) << "removed all the same";
}

TEST_F(ProbeTest, FindsAStoreWhoseListingsLag) {
  Faulty store(local(), Faulty::Fault::kListsWhatWas);
  const Probe probe = probe_store(store, "", system_clock());
  ASSERT_TRUE(probe.not_listed);
  EXPECT_NE(probe.not_listed->message.find("does not list"), std::string::npos);
  EXPECT_TRUE(local()->list("")->empty());
}

TEST_F(ProbeTest, FindsAStoreThatRemovesNothing) {
  Faulty store(local(), Faulty::Fault::kKeepsEverything);
  EXPECT_TRUE(probe_store(store, "", system_clock()).not_removed);
}

TEST_F(ProbeTest, FindsAFolderThatCannotBeWritten) {
  const auto store = local();
  std::filesystem::remove_all(folder_);
  EXPECT_TRUE(probe_store(*store, "", system_clock()).not_written);
}

TEST_F(ProbeTest, SeesTheServersClock) {
  test::S3Fake fake;
  fake.clock_ahead = std::chrono::minutes(5);
  const auto store = open_s3(fake.options());
  ASSERT_TRUE(store);
  EXPECT_NEAR(static_cast<double>(probe_store(**store, "", system_clock()).clock_ahead.count()),
              300, 30);
}

}  // namespace
}  // namespace pgdr::store
