#include "repo/read_lease.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>

#include "counted_store.hpp"

namespace pgdr::app {
namespace {

namespace fs = std::filesystem;

class ReadLeaseTest : public ::testing::Test {
 protected:
  ReadLeaseTest() {
    std::string pattern = (fs::temp_directory_path() / "pgdr-unit.XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    auto made = create_repository({"a", "local", folder_ + "/a", {}, {}});
    EXPECT_TRUE(made);
    repository_ = std::move(*made);
    counted_ = std::make_shared<test::CountedStore>(repository_.store);
    repository_.store = counted_;
    Manifest m;
    m.label = "20261121T020000Z-9f3c";
    m.set = "shop";
    m.database = "shop";
    m.server_version = "15.20";
    m.server_version_num = 150020;
    m.system_identifier = "7300000000000000001";
    m.locale = {"UTF8", "C", "C", "libc", "", ""};
    m.tool_version = "0.1.0";
    m.started_at = m.finished_at = m.recovery_point = *parse_iso("2026-11-21T02:00:00Z");
    m.recovery_lsn = "0/1A2B3C4";
    m.recipients = {"age1one"};
    m.artifacts = {{"database.dump.zst.age", "database", 1, std::string(64, 'a'), 1, ""}};
    m.repository_id = repository_.id;
    const std::string prefix = backup_prefix(m.set, m.label);
    EXPECT_TRUE(store::write_text(*repository_.store, prefix + kManifestFile, manifest_text(m)));
    auto stored = read_backup(repository_, m.set, m.label);
    EXPECT_TRUE(stored);
    backup_ = std::move(*stored);
  }
  ~ReadLeaseTest() override { fs::remove_all(folder_); }

  std::size_t leases() {
    const auto entries = repository_.store->list("shop/leases/");
    EXPECT_TRUE(entries);
    return entries ? entries->size() : 0;
  }

  std::string folder_;
  Repository repository_;
  std::shared_ptr<test::CountedStore> counted_;
  StoredBackup backup_;
};

TEST_F(ReadLeaseTest, IsThereWhileItIsHeld) {
  {
    const auto lease = hold_copy(backup_, "restore");
    ASSERT_TRUE(lease) << lease.error().message;
    EXPECT_EQ(leases(), 1);
  }
  EXPECT_EQ(leases(), 0);
}

// Each renewal is three requests to the repository: one after the other without a pause would take
// from the restore what it is there to protect.
TEST_F(ReadLeaseTest, IsNotRenewedWithoutNeed) {
  const std::size_t before = counted_->created();
  const auto lease = hold_copy(backup_, "restore");
  ASSERT_TRUE(lease);
  EXPECT_FALSE(counted_->await_created(before + 2, std::chrono::milliseconds(300)));
}

TEST(ReadLease, SurvivesRenewalsThatFail) {
  EXPECT_GE(kLeaseRenewal, std::chrono::minutes(1));
  EXPECT_GE(kLeaseLifetime / kLeaseRenewal, 4);
}

}  // namespace
}  // namespace pgdr::app
