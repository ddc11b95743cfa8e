// What a repository remembers beside its backups: pins, leases, what is left of dead runs.
#include "repo/marks.hpp"

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include <gtest/gtest.h>

#include "app/retention/keep.hpp"
#include "repo/read_lease.hpp"
#include "repo/unfinished.hpp"
#include "unit/forwarding_store.hpp"

namespace pgdr::app {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;

const std::string kLabel = "20261121T020000Z-0002";

// A store whose clock is another, and which may answer a write with an error although the object is
// there then, as a network does.
class Odd : public test::ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  hours ahead{0};
  std::atomic<int> lost_answers = 0;

  Result<std::unique_ptr<store::Upload>> create(const std::string& key) override {
    PGDR_TRY(auto upload, inner().create(key));
    return std::unique_ptr<store::Upload>(std::make_unique<Write>(*this, std::move(upload)));
  }
  Result<std::optional<store::Entry>> stat(const std::string& key) override {
    auto entry = inner().stat(key);
    if (entry && *entry) (*entry)->modified += ahead;
    return entry;
  }
  Result<std::vector<store::Entry>> list(const std::string& prefix) override {
    auto entries = inner().list(prefix);
    if (entries) {
      for (auto& entry : *entries) entry.modified += ahead;
    }
    return entries;
  }

 private:
  class Write : public store::Upload {
   public:
    Write(Odd& store, std::unique_ptr<store::Upload> inner)
        : store_(store), inner_(std::move(inner)) {}
    Status write(Bytes data) override { return inner_->write(data); }
    Status finish() override {
      PGDR_CHECK(inner_->finish());
      if (store_.lost_answers.fetch_sub(1) > 0) return Error::of(Code::kFailed, "no answer");
      return success();
    }

   private:
    Odd& store_;
    std::unique_ptr<store::Upload> inner_;
  };
};

class MarksTest : public ::testing::Test {
 protected:
  MarksTest() {
    std::string pattern = (fs::temp_directory_path() / "pgdr-marks.XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    odd_ = std::make_shared<Odd>(std::move(*store::open_local(folder_)));
    repository_.name = "a";
    repository_.store = odd_;
  }
  ~MarksTest() override { fs::remove_all(folder_); }

  StoredBackup put() {
    Manifest m;
    m.label = kLabel;
    m.set = m.database = "shop";
    m.server_version = "15.20";
    m.system_identifier = "1";
    m.started_at = m.recovery_point = m.finished_at = *parse_iso("2026-11-21T02:00:00Z");
    m.artifacts = {{"database.dump.zst.age", "database", 1, std::string(64, 'a'), 1, ""}};
    EXPECT_TRUE(
        store::write_text(*odd_, backup_prefix("shop", kLabel) + kManifestFile, manifest_text(m)));
    return *read_backup(repository_, "shop", kLabel);
  }
  Marks marks() {
    Marks all;
    const auto entries = odd_->list("shop/");
    for (const auto& entry : *entries) sort_mark(entry, "shop", all);
    return all;
  }

  std::string folder_;
  std::shared_ptr<Odd> odd_;
  Repository repository_;
};

TEST_F(MarksTest, ALeaseIsRenewedAfterAnAnswerThatWasLost) {
  const StoredBackup backup = put();
  const auto lease = hold_copy(backup, "restore", std::chrono::milliseconds(5));
  ASSERT_TRUE(lease);
  ASSERT_TRUE(*lease);
  odd_->lost_answers = 1;
  // The number in the mark's name goes on: later renewals succeed.
  const auto number = [&] {
    int highest = 0;
    for (const auto& one : marks().leases) {
      highest = std::max(highest, std::stoi(one.key.substr(one.key.rfind('.') + 1)));
    }
    return highest;
  };
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (number() < 6 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  EXPECT_GE(number(), 6);
  EXPECT_LE(odd_->lost_answers, 0);
}

TEST_F(MarksTest, AgesAreToldByTheRepositorysClock) {
  odd_->ahead = hours(-30);  // or: this host's is 30 hours ahead
  const StoredBackup backup = put();
  const auto lease = hold_copy(backup, "restore");
  ASSERT_TRUE(lease);
  EXPECT_FALSE(marks().leases.at(0).live(system_clock().now())) << "what is to be avoided";
  const auto now = store_time(repository_, "shop");
  ASSERT_TRUE(now);
  EXPECT_TRUE(marks().leases.at(0).live(*now));
  EXPECT_EQ(marks().leases.size(), 1U) << "the question leaves nothing";
}

TEST_F(MarksTest, APinForOneRepositorySaysSo) {
  Pin pin;
  pin.label = kLabel;
  pin.created_at = system_clock().now();
  ASSERT_TRUE(write_pin(repository_, "shop", pin));
  EXPECT_FALSE(list_pins(repository_, "shop")->at(0).here_only);
  pin.here_only = true;
  ASSERT_TRUE(write_pin(repository_, "shop", pin));
  EXPECT_TRUE(list_pins(repository_, "shop")->at(0).here_only);
  // Which is not to be changed by hand.
  const std::string key = marks().pin_keys.at(0);
  auto text = *store::read_text(*odd_, key);
  text.replace(text.find("\"here_only\": true"), 17, "\"here_only\": null");
  ASSERT_TRUE(odd_->remove(key));
  ASSERT_TRUE(store::write_text(*odd_, key, text));
  EXPECT_EQ(list_pins(repository_, "shop").error().code, Code::kCorrupt);
}

// Members of another type than theirs, as anybody may write them who can write here.
TEST_F(MarksTest, APinOfWrongTypesIsDamage) {
  const std::string key = "shop/pins/" + kLabel + ".1.json";
  for (const char* text :
       {R"({"format": 1})", R"({"format": ["pgdr-pin"]})", R"({"format": null})", "[]", "7", "{",
        R"({"format": "pgdr-pin", "version": 1, "created_at": 7})",
        R"({"format": "pgdr-pin", "version": 1, "created_at": "2026-11-21T02:00:00Z"})",
        R"({"format": "pgdr-pin", "version": 1, "a": [[[[[[]]]]]]})"}) {
    ASSERT_TRUE(odd_->remove(key));
    ASSERT_TRUE(store::write_text(*odd_, key, text));
    const auto pins = list_pins(repository_, "shop");
    ASSERT_FALSE(pins) << text;
    EXPECT_EQ(pins.error().code, Code::kCorrupt) << text;
  }
  for (const char* version : {"2", "\"1\"", "-1", "1.5", "null", "[1]"}) {
    ASSERT_TRUE(odd_->remove(key));
    ASSERT_TRUE(store::write_text(
        *odd_, key, std::string(R"({"format": "pgdr-pin", "version": )") + version + "}"));
    EXPECT_EQ(list_pins(repository_, "shop").error().code, Code::kUsage) << version;
  }
}

TEST(Unfinished, GoesWhenItIsOldOrKnownAndNobodyReadsIt) {
  const Time now = *parse_iso("2026-11-21T12:00:00Z");
  Survey survey;
  const std::string old = "20261101T000000Z-0001";
  const std::string read = "20261102T000000Z-0002";
  const std::string young = "20261121T110000Z-0003";
  const std::string ours = "20261121T113000Z-0004";
  const std::string good = "20261101T010000Z-0005";
  survey.folders = {{old, {}, false, now - hours(24)},
                    {read, {}, false, now - hours(25)},
                    {young, {}, false, now - hours(23)},
                    {ours, {}, false, now},
                    {good, {}, true, now - hours(100)}};
  survey.marks.leases = {{"", read, "restore", now - hours(1)}};
  survey.temporaries = {{"shop/x", 1, now - hours(24)}, {"shop/y", 1, now - hours(23)}};
  const Unfinished found = find_unfinished(survey, {ours, good, read}, now);
  EXPECT_EQ(found.dead, (std::vector<std::string>{old, ours}));
  EXPECT_EQ(found.young, (std::vector<std::string>{read, young}));
  ASSERT_EQ(found.temporaries.size(), 1U);
  EXPECT_EQ(found.temporaries[0].key, "shop/x");
}

// An expire that died between removing a manifest and putting it back, because somebody had just
// pinned the backup.
TEST(Unfinished, WhatIsPinnedStays) {
  const Time now = *parse_iso("2026-11-21T12:00:00Z");
  Survey survey;
  const std::string here = "20261101T000000Z-0001";
  const std::string elsewhere = "20261102T000000Z-0002";
  const std::string neither = "20261103T000000Z-0003";
  survey.folders = {{here, {}, false, now - hours(100)},
                    {elsewhere, {}, false, now - hours(100)},
                    {neither, {}, false, now - hours(100)}};
  survey.marks.pin_keys = {"shop/pins/" + here + ".0badf00d.json"};
  const Unfinished found = find_unfinished(survey, {here, elsewhere, neither}, now, {elsewhere});
  EXPECT_EQ(found.dead, (std::vector<std::string>{neither}));
  EXPECT_EQ(found.young, (std::vector<std::string>{here, elsewhere}));
  EXPECT_EQ(find_unfinished(survey, {}, now).dead, (std::vector<std::string>{elsewhere, neither}));
}

TEST(Keep, UnderstandsDaysAndTimes) {
  const Time now = *parse_iso("2026-11-21T12:00:00Z");
  const auto until = [&](const std::string& text) {
    const auto time = parse_until(text, "Europe/Berlin", now);
    return time ? to_iso(*time) : "no: " + time.error().message;
  };
  EXPECT_EQ(until("2027-01-01"), to_iso(*parse_iso("2027-01-01T23:00:00Z"))) << "to its end";
  EXPECT_EQ(until("2027-01-01 03:00"), to_iso(*parse_iso("2027-01-01T02:00:00Z")));
  EXPECT_EQ(until("2027-07-01T03:00:10"), to_iso(*parse_iso("2027-07-01T01:00:10Z")));
  EXPECT_EQ(until("2027-01-01T03:00:00Z"), to_iso(*parse_iso("2027-01-01T03:00:00Z")));
  EXPECT_EQ(until("2027-02-30"), "no: '2027-02-30' is not a time");
  EXPECT_EQ(until("tomorrow"), "no: 'tomorrow' is not a time");
  EXPECT_EQ(until("2026-11-20"), "no: '2026-11-20' is past");
}

}  // namespace
}  // namespace pgdr::app
