#include "repo/repository.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "repo/copies.hpp"
#include "repo/unfinished.hpp"
#include "base/file.hpp"
#include "base/signing.hpp"

namespace pgdr::app {
namespace {

namespace fs = std::filesystem;

class RepositoryTest : public ::testing::Test {
 protected:
  RepositoryTest() {
    std::string pattern = (fs::temp_directory_path() / "pgdr-unit.XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~RepositoryTest() override { fs::remove_all(folder_); }

  RepositoryConfig config(const std::string& name) {
    return {name, "local", folder_ + "/" + name, {}};
  }
  Repository make(const std::string& name) {
    auto made = create_repository(config(name));
    EXPECT_TRUE(made) << to_string(made.error());
    return std::move(*made);
  }
  static Manifest manifest(const std::string& label, const std::string& finished) {
    Manifest m;
    m.label = label;
    m.set = "shop";
    m.database = "shop";
    m.server_version = "15.20";
    m.system_identifier = "1";
    m.started_at = m.recovery_point = *parse_iso("2026-11-21T02:00:00Z");
    m.finished_at = *parse_iso(finished);
    m.artifacts = {{"database.dump.zst.age", "database", 1, std::string(64, 'a'), 1, ""}};
    return m;
  }
  static void put(Repository& repository, const Manifest& m) {
    EXPECT_TRUE(store::write_text(*repository.store, backup_prefix(m.set, m.label) + kManifestFile,
                                  manifest_text(m)));
  }

  std::string folder_;
};

const std::string kOld = "20261120T020000Z-0001";
const std::string kNew = "20261121T020000Z-0002";

TEST_F(RepositoryTest, CreateIsIdempotent) {
  const Repository first = make("a");
  const Repository again = make("a");
  EXPECT_EQ(first.id, again.id);
  EXPECT_EQ(first.id.size(), 36U);
  EXPECT_NE(make("b").id, first.id);
}

TEST_F(RepositoryTest, AnEmptyFolderIsNoRepository) {
  const auto missing = open_repository(config("nowhere"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kRepositoryMissing);
  fs::create_directory(folder_ + "/empty");
  const auto empty = open_repository(config("empty"));
  ASSERT_FALSE(empty);
  EXPECT_EQ(empty.error().code, Code::kRepositoryMissing);
}

TEST_F(RepositoryTest, ADescriptorOfWrongTypesIsDamage) {
  fs::create_directory(folder_ + "/odd");
  const std::string path = folder_ + "/odd/" + kRepositoryFile;
  for (const std::string& text :
       {std::string("{"), std::string("[]"), std::string(R"({"format": 1})"),
        std::string(R"({"format": {"a": 1}, "version": 1, "id": "x"})"),
        std::string(R"({"format": "pgdr-repository", "version": "1", "id": "x"})"),
        std::string(R"({"format": "pgdr-repository", "version": 1, "id": ["x"]})"),
        std::string(60'000, '['), std::string(100'000, ' ')}) {
    fs::remove(path);
    ASSERT_TRUE(write_file(path, text, 0600));
    const auto odd = open_repository(config("odd"));
    ASSERT_FALSE(odd);
    EXPECT_EQ(odd.error().code, Code::kCorrupt) << to_string(odd.error());
  }
}

TEST_F(RepositoryTest, ListsWhatHasAManifestNewestFirst) {
  Repository r = make("a");
  put(r, manifest(kOld, "2026-11-20T02:01:00Z"));
  put(r, manifest(kNew, "2026-11-21T02:01:00Z"));
  EXPECT_TRUE(store::write_text(*r.store, "shop/20261121T030000Z-0003/globals.sql.zst.age", "x"));
  EXPECT_TRUE(store::write_text(*r.store, "shop/notes/readme.txt", "x"));
  const auto listing = list_backups(r, "shop");
  ASSERT_TRUE(listing);
  ASSERT_EQ(listing->backups.size(), 2U);
  EXPECT_EQ(listing->backups[0].manifest.label, kNew);
  ASSERT_EQ(listing->broken.size(), 1U);
  EXPECT_EQ(listing->broken[0].error.code, Code::kRepositoryMissing);
}

TEST_F(RepositoryTest, AManifestInAnotherFolderIsDamage) {
  Repository r = make("a");
  EXPECT_TRUE(store::write_text(*r.store, backup_prefix("shop", kNew) + kManifestFile,
                                manifest_text(manifest(kOld, "2026-11-20T02:01:00Z"))));
  const auto read = read_backup(r, "shop", kNew);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().code, Code::kCorrupt);
}

TEST_F(RepositoryTest, ChoosesByLabelPrefixOrTime) {
  std::vector<Repository> repositories;
  repositories.push_back(make("a"));
  repositories.push_back(make("b"));
  // By the end of the run, not by the label: clocks of two hosts may differ.
  put(repositories[0], manifest(kOld, "2026-11-22T02:01:00Z"));
  put(repositories[0], manifest(kNew, "2026-11-21T02:01:00Z"));
  put(repositories[1], manifest(kNew, "2026-11-21T02:01:00Z"));
  const auto choose = [&](const std::string& label) {
    auto history = read_history(repositories, "shop");
    EXPECT_TRUE(history);
    return choose_backup(std::move(*history), label);
  };
  EXPECT_EQ(choose("latest")->manifest().label, kOld);
  EXPECT_EQ(choose(kNew)->copies.size(), 2U);
  EXPECT_EQ(choose("20261121")->manifest().label, kNew);
  EXPECT_EQ(choose("2026112").error().code, Code::kUsage);
  EXPECT_EQ(choose("2025").error().code, Code::kRepositoryMissing);
  EXPECT_EQ(choose("").error().code, Code::kRepositoryMissing);
}

TEST_F(RepositoryTest, SignaturesOfTrustedKeysOnly) {
  Repository r = make("a");
  const Manifest m = manifest(kNew, "2026-11-21T02:01:00Z");
  put(r, m);
  const auto stored = read_backup(r, "shop", kNew);
  ASSERT_TRUE(stored);
  const auto key = SigningKey::generate();
  const auto other = SigningKey::generate();
  ASSERT_TRUE(key && other);
  SigningConfig signing;
  EXPECT_EQ(*check_signature(*stored, signing, false), Trust::kNotChecked);
  signing.trusted = {key->public_text()};
  EXPECT_EQ(check_signature(*stored, signing, false).error().code, Code::kCorrupt);
  EXPECT_EQ(*check_signature(*stored, signing, true), Trust::kAccepted);
  EXPECT_TRUE(store::write_text(*r.store, backup_prefix("shop", kNew) + kSignatureFile,
                                *key->sign(stored->text) + "\n"));
  EXPECT_EQ(*check_signature(*stored, signing, false), Trust::kTrusted);
  signing.trusted = {other->public_text()};
  EXPECT_EQ(check_signature(*stored, signing, false).error().code, Code::kCorrupt);
  signing.trusted.push_back(key->public_text());
  EXPECT_EQ(*check_signature(*stored, signing, false), Trust::kTrusted);
}

TEST_F(RepositoryTest, LeftoversGoWhenTheyAreOursOrOld) {
  Repository r = make("a");
  put(r, manifest(kOld, "2026-11-20T02:01:00Z"));
  const std::string ours = "20261121T010000Z-000a";
  const std::string unknown = "20261121T010000Z-000b";
  for (const auto& label : {ours, unknown}) {
    EXPECT_TRUE(store::write_text(*r.store, backup_prefix("shop", label) + kSumsFile, "x"));
  }
  // What an interrupted upload leaves.
  auto upload = r.store->create(backup_prefix("shop", ours) + "database.dump.zst.age");
  ASSERT_TRUE(upload);
  upload->reset();
  const Time now = system_clock().now();
  remove_leftovers(r, "shop", {ours, kOld}, now);
  EXPECT_FALSE(fs::exists(folder_ + "/a/shop/" + ours));
  EXPECT_TRUE(fs::exists(folder_ + "/a/shop/" + unknown)) << "a young unknown folder stays";
  EXPECT_TRUE(fs::exists(folder_ + "/a/shop/" + kOld)) << "a backup stays whatever is said of it";
  remove_leftovers(r, "shop", {}, now + std::chrono::hours(25));
  EXPECT_FALSE(fs::exists(folder_ + "/a/shop/" + unknown));
  EXPECT_TRUE(fs::exists(folder_ + "/a/shop/" + kOld));
  EXPECT_FALSE(remove_unfinished(r, "shop", kOld));
}

TEST_F(RepositoryTest, ARepositoryThatFailsDropsOut) {
  std::vector<Repository> repositories;
  repositories.push_back(make("a"));
  repositories.push_back(make("b"));
  CopySet copies(repositories);
  EXPECT_TRUE(copies.lock("shop"));
  {
    CopySet second(repositories);
    EXPECT_EQ(second.lock("shop").error().code, Code::kLocked);
  }
  auto sink = copies.create("shop/" + kNew + "/x");
  ASSERT_TRUE(sink);
  copies.fail(0, Error::of(Code::kNoSpace, "full"));
  EXPECT_TRUE((*sink)->write(std::as_bytes(std::span("abc", 3))));
  EXPECT_TRUE((*sink)->finish());
  EXPECT_FALSE(fs::exists(folder_ + "/a/shop/" + kNew + "/x"));
  EXPECT_EQ(*read_file(folder_ + "/b/shop/" + kNew + "/x"), "abc");
  copies.fail(1, Error::of(Code::kFailed, "gone"));
  EXPECT_EQ(copies.enough_left().error().code, Code::kNoSpace) << "the first failure is told";
  EXPECT_FALSE(copies.create("shop/" + kNew + "/y"));
}

TEST_F(RepositoryTest, OldUnfinishedUploadsOfACompleteBackupGo) {
  Repository repository = make("a");
  put(repository, manifest(kOld, "2026-11-20T02:10:00Z"));
  const std::string backup = folder_ + "/a/shop/" + kOld;
  for (const char* name : {"/.tmp-dump-old", "/.tmp-dump-young"}) {
    ASSERT_TRUE(write_file(backup + name, "x", 0600));
  }
  fs::last_write_time(backup + "/.tmp-dump-old",
                      fs::file_time_type::clock::now() - std::chrono::hours(25));
  const std::string leases = backup + "/../leases";
  fs::create_directories(leases);
  for (const char* name : {"/.tmp-lease-old", "/.tmp-lease-young"}) {
    ASSERT_TRUE(write_file(leases + name, "x", 0600));
  }
  fs::last_write_time(leases + "/.tmp-lease-old",
                      fs::file_time_type::clock::now() - std::chrono::hours(25));
  remove_leftovers(repository, "shop", {}, system_clock().now());
  EXPECT_FALSE(fs::exists(backup + "/.tmp-dump-old"));
  EXPECT_FALSE(fs::exists(leases + "/.tmp-lease-old"));
  EXPECT_TRUE(fs::exists(leases + "/.tmp-lease-young"));
  EXPECT_TRUE(fs::exists(backup + "/.tmp-dump-young"));
  EXPECT_TRUE(fs::exists(backup + "/manifest.json"));
}

}  // namespace
}  // namespace pgdr::app
