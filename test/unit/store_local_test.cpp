// The local store: the contract, and what only a directory can get wrong.

#include "store/local/local.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "store_contract.hpp"

namespace pgdr::store {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Folder {
 public:
  Folder() {
    std::string pattern = ::testing::TempDir() + "pgdr-store-XXXXXX";
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() { fs::remove_all(path_); }
  [[nodiscard]] std::string path(const std::string& below = {}) const {
    return below.empty() ? path_ : path_ + "/" + below;
  }

 private:
  std::string path_;
};

class LocalFixture : public StoreFixture {
 public:
  std::unique_ptr<Store> open() override { return open_local(folder_.path()).value(); }

 private:
  Folder folder_;
};

INSTANTIATE_TEST_SUITE_P(Local, StoreContract,
                         ::testing::Values(StoreMaker{
                             "local", [] { return std::make_unique<LocalFixture>(); }}),
                         [](const auto& test) { return std::string(test.param.name); });

// Records the durable calls and fails those it is told to.
class Recorder : public FileOps {
 public:
  std::vector<std::string> calls;
  std::string fail;
  int error = EIO;
  std::size_t write_limit = SIZE_MAX;

  ssize_t write(int fd, const void* data, std::size_t size) override {
    if (!note("write")) return -1;
    return FileOps::write(fd, data, std::min(size, write_limit));
  }
  int fsync(int fd) override { return note("fsync") ? FileOps::fsync(fd) : -1; }
  int fsync_folder(int fd) override {
    return note("fsync_folder " + name_of(fd)) ? FileOps::fsync_folder(fd) : -1;
  }
  int rename_noreplace(int folder, const char* from, const char* to) override {
    return note(std::string("rename ") + to) ? FileOps::rename_noreplace(folder, from, to) : -1;
  }

 private:
  bool note(const std::string& call) {
    calls.push_back(call);
    if (fail.empty() || !call.starts_with(fail)) return true;
    errno = error;
    return false;
  }
  static std::string name_of(int fd) {
    return fs::read_symlink("/proc/self/fd/" + std::to_string(fd)).filename().string();
  }
};

TEST(LocalStore, OrderOfCallsMakesAnObjectDurable) {
  const Folder folder;
  fs::create_directory(folder.path("root"));
  Recorder ops;
  const auto store = open_local_with(folder.path("root"), false, ops).value();
  ASSERT_TRUE(write_text(*store, "set/label/data", "abc").ok());
  EXPECT_THAT(ops.calls, ElementsAre("write", "fsync", "rename data", "fsync_folder label",
                                     "fsync_folder set", "fsync_folder root"));
}

TEST(LocalStore, AnyFailingCallFailsTheUploadAndLeavesNoObject) {
  for (const char* call : {"write", "fsync", "rename"}) {
    const Folder folder;
    Recorder ops;
    const auto store = open_local_with(folder.path(), false, ops).value();
    ops.fail = call;
    const Status done = write_text(*store, "a/b", "abc");
    ASSERT_FALSE(done.ok()) << call;
    EXPECT_EQ(done.error().code, Code::kFailed);
    EXPECT_THAT(done.error().message, HasSubstr(folder.path("a/b")));
    ops.fail.clear();
    EXPECT_FALSE(store->stat("a/b")->has_value()) << call;
    EXPECT_TRUE(store->leftovers("")->empty()) << call;
  }
}

TEST(LocalStore, AFailedFsyncOfAFolderIsNoSuccess) {
  const Folder folder;
  Recorder ops;
  const auto store = open_local_with(folder.path(), false, ops).value();
  ops.fail = "fsync_folder";
  EXPECT_FALSE(write_text(*store, "a", "abc").ok());
}

TEST(LocalStore, FsyncIsNotTriedTwice) {
  const Folder folder;
  Recorder ops;
  const auto store = open_local_with(folder.path(), false, ops).value();
  ops.fail = "fsync";
  ASSERT_FALSE(write_text(*store, "a", "abc").ok());
  EXPECT_EQ(std::count(ops.calls.begin(), ops.calls.end(), "fsync"), 1);
}

TEST(LocalStore, FullDiskAndQuotaAreNoSpaceWithAHint) {
  for (const int error : {ENOSPC, EDQUOT}) {
    for (const char* call : {"write", "fsync", "rename"}) {
      const Folder folder;
      Recorder ops;
      const auto store = open_local_with(folder.path(), false, ops).value();
      ops.fail = call;
      ops.error = error;
      const Status done = write_text(*store, "a", "abc");
      ASSERT_FALSE(done.ok());
      EXPECT_EQ(done.error().code, Code::kNoSpace);
      EXPECT_THAT(done.error().hint, HasSubstr("make room"));
    }
  }
}

TEST(LocalStore, ShortWritesAreContinued) {
  const Folder folder;
  Recorder ops;
  ops.write_limit = 3;
  const auto store = open_local_with(folder.path(), false, ops).value();
  ASSERT_TRUE(write_text(*store, "a", "0123456789").ok());
  EXPECT_EQ(read_text(*store, "a").value(), "0123456789");
}

TEST(LocalStore, FilesAndFoldersArePrivate) {
  const Folder folder;
  const mode_t before = umask(0);
  const auto store = open_local(folder.path("repo"), true).value();
  ASSERT_TRUE(write_text(*store, "set/a", "x").ok());
  const auto lease = store->lock("set");
  umask(before);
  const auto mode = [&](const std::string& path) {
    struct stat info {};
    EXPECT_EQ(::stat(folder.path(path).c_str(), &info), 0) << path;
    return info.st_mode & 07777U;
  };
  EXPECT_EQ(mode("repo"), 0700U);
  EXPECT_EQ(mode("repo/set"), 0700U);
  EXPECT_EQ(mode("repo/set/a"), 0600U);
  EXPECT_EQ(mode("repo/.lock-set"), 0600U);
}

TEST(LocalStore, LinksAreNotFollowed) {
  const Folder outside;
  const Folder folder;
  const auto store = open_local(folder.path()).value();
  std::ofstream(outside.path("secret")) << "secret";
  fs::create_symlink(outside.path(), folder.path("set"));
  fs::create_symlink(outside.path("secret"), folder.path("file"));
  EXPECT_FALSE(store->open("set/secret").ok());
  EXPECT_FALSE(store->stat("set/secret").ok()) << "a link must not pass for absent";
  EXPECT_FALSE(store->open("file").ok());
  EXPECT_FALSE(store->stat("file").ok());
  EXPECT_FALSE(write_text(*store, "set/new", "x").ok());
  EXPECT_FALSE(store->remove("set/secret").ok());
  EXPECT_FALSE(write_text(*store, "file", "x").ok());
  EXPECT_TRUE(fs::exists(outside.path("secret")));
  EXPECT_FALSE(fs::exists(outside.path("new")));
}

TEST(LocalStore, AListingThatMightHideSomethingIsAnError) {
  const Folder folder;
  const auto store = open_local(folder.path()).value();
  ASSERT_TRUE(write_text(*store, "a", "x").ok());
  fs::create_symlink("/", folder.path("set"));
  const auto list = store->list("");
  ASSERT_FALSE(list.ok());
  EXPECT_THAT(list.error().message, HasSubstr("set"));
}

TEST(LocalStore, ForeignNamesAreNoObjects) {
  const Folder folder;
  const auto store = open_local(folder.path()).value();
  fs::create_directory(folder.path("lost+found"));
  std::ofstream(folder.path(".DS_Store")) << "x";
  ASSERT_TRUE(write_text(*store, "a", "x").ok());
  const auto list = store->list("");
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->size(), 1U);
  EXPECT_EQ(list->front().key, "a");
}

TEST(LocalStore, UnreadableFolderIsAnErrorNotEmpty) {
  if (geteuid() == 0) GTEST_SKIP() << "root reads everything";
  const Folder folder;
  const auto store = open_local(folder.path()).value();
  ASSERT_TRUE(write_text(*store, "set/a", "x").ok());
  ASSERT_EQ(chmod(folder.path("set").c_str(), 0), 0);
  EXPECT_FALSE(store->list("").ok());
  ASSERT_EQ(chmod(folder.path("set").c_str(), 0700), 0);
}

TEST(LocalStore, ARepositoryThatWentAwayIsNotEmpty) {
  const Folder folder;
  const auto store = open_local(folder.path("repo"), true).value();
  fs::rename(folder.path("repo"), folder.path("elsewhere"));
  ASSERT_FALSE(store->list("").ok());
  EXPECT_EQ(store->list("").error().code, Code::kRepositoryMissing);
  fs::create_directory(folder.path("repo"));
  EXPECT_EQ(store->list("").error().code, Code::kRepositoryMissing);
}

TEST(LocalStore, MissingFolderIsRepositoryMissing) {
  const Folder folder;
  const auto missing = open_local(folder.path("none"));
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, Code::kRepositoryMissing);
  EXPECT_EQ(open_local(folder.path("no/ne"), true).error().code, Code::kRepositoryMissing);
  EXPECT_EQ(open_local("relative").error().code, Code::kUsage);
  std::ofstream(folder.path("file")) << "x";
  EXPECT_FALSE(open_local(folder.path("file")).ok());
}

TEST(LocalStore, LeftoversOfDeadWritersAreListedAndRemoved) {
  const Folder folder;
  const auto store = open_local(folder.path()).value();
  ASSERT_TRUE(write_text(*store, "set/a", "x").ok());
  std::ofstream(folder.path("set/.tmp-data-0123")) << "half";
  const auto living = store->create("set/b");
  ASSERT_TRUE(living.ok());
  const auto leftovers = store->leftovers("set/");
  ASSERT_TRUE(leftovers.ok());
  ASSERT_EQ(leftovers->size(), 1U) << "a living upload is no leftover";
  EXPECT_EQ(leftovers->front().key, "set/.tmp-data-0123");
  EXPECT_EQ(leftovers->front().size, 4U);
  EXPECT_TRUE(store->remove_leftover(leftovers->front()).ok());
  EXPECT_TRUE(store->leftovers("")->empty());
  EXPECT_EQ(store->remove_leftover({"set/a", 0, {}}).error().code, Code::kUsage);
  EXPECT_EQ(store->remove_leftover({"../.tmp-x", 0, {}}).error().code, Code::kUsage);
  EXPECT_TRUE(store->stat("set/a")->has_value());
}

TEST(LocalStore, AFileCutShortWhileBeingReadIsCorrupt) {
  const Folder folder;
  const auto store = open_local(folder.path()).value();
  ASSERT_TRUE(write_text(*store, "a", std::string(1000, 'x')).ok());
  const auto source = store->open("a");
  ASSERT_TRUE(source.ok());
  ASSERT_EQ(truncate(folder.path("a").c_str(), 10), 0);
  std::array<std::byte, 100> buffer{};
  ASSERT_EQ((*source)->read(buffer).value(), 10U);
  const auto end = (*source)->read(buffer);
  ASSERT_FALSE(end.ok());
  EXPECT_EQ(end.error().code, Code::kCorrupt);
}

TEST(LocalStore, LockedNamesItsHolder) {
  const Folder folder;
  const auto store = open_local(folder.path()).value();
  const auto lease = store->lock("shop");
  const auto other = open_local(folder.path()).value()->lock("shop");
  ASSERT_FALSE(other.ok());
  EXPECT_THAT(other.error().message, HasSubstr("process " + std::to_string(getpid())));
}

TEST(LocalStore, KnowsItsRoom) {
  const Folder folder;
  const auto store = open_local(folder.path()).value();
  const auto room = store->free_space();
  ASSERT_TRUE(room.ok() && room->has_value());
  EXPECT_GT(**room, 0U);
}

TEST(LocalStore, EmptyFoldersGoWithTheirLastObject) {
  const Folder folder;
  const auto store = open_local(folder.path()).value();
  ASSERT_TRUE(write_text(*store, "set/label/a", "x").ok());
  ASSERT_TRUE(write_text(*store, "set/keep", "x").ok());
  ASSERT_TRUE(store->remove("set/label/a").ok());
  EXPECT_FALSE(fs::exists(folder.path("set/label")));
  EXPECT_TRUE(fs::exists(folder.path("set/keep")));
}

}  // namespace
}  // namespace pgdr::store
