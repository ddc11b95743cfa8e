#include "base/file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "streams.hpp"

namespace pgdr {
namespace {

using testing::HasSubstr;

class FileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "pgdr-file-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  [[nodiscard]] std::size_t entries() const {
    std::size_t n = 0;
    for ([[maybe_unused]] const auto& e : std::filesystem::directory_iterator(folder_)) ++n;
    return n;
  }
  static unsigned mode(const std::string& file) {
    struct stat st {};
    EXPECT_EQ(stat(file.c_str(), &st), 0);
    return st.st_mode & 07777U;
  }
  std::string folder_;
};

TEST_F(FileTest, WritesReadsAndReplaces) {
  EXPECT_TRUE(write_file(path("a"), "one", 0600));
  EXPECT_EQ(*read_file(path("a")), "one");
  EXPECT_EQ(mode(path("a")), 0600U);
  EXPECT_TRUE(write_file(path("a"), "two", 0644));
  EXPECT_EQ(*read_file(path("a")), "two");
  EXPECT_EQ(mode(path("a")), 0644U);
  EXPECT_EQ(entries(), 1U);  // no temporary is left
}

TEST_F(FileTest, ExclusiveNeverReplaces) {
  EXPECT_TRUE(write_file(path("a"), "one", 0600, true));
  const Status second = write_file(path("a"), "two", 0600, true);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::kExists);
  EXPECT_EQ(*read_file(path("a")), "one");
  EXPECT_EQ(entries(), 1U);
}

TEST_F(FileTest, ErrorsHaveTheirCodes) {
  EXPECT_EQ(read_file(path("none")).error().code, Code::kNotFound);
  EXPECT_EQ(read_file(folder_).error().code, Code::kFailed);
  EXPECT_EQ(write_file(path("no/such"), "x", 0600).error().code, Code::kNotFound);
  EXPECT_EQ(open_file(path("none")).error().code, Code::kNotFound);
  EXPECT_TRUE(write_file(path("big"), std::string(1001, 'x'), 0600));
  EXPECT_EQ(read_file(path("big"), 1000).error().code, Code::kUsage);
  EXPECT_EQ(read_file(path("big"), 1001)->size(), 1001U);
  EXPECT_EQ(system_error(ENOSPC, "x").code, Code::kNoSpace);
  EXPECT_EQ(system_error(EDQUOT, "x").code, Code::kNoSpace);
  EXPECT_EQ(system_error(EIO, "x").code, Code::kFailed);
}

TEST_F(FileTest, AWriteThatFailsLeavesTheOldContent) {
  EXPECT_TRUE(write_file(path("a"), "one", 0600));
  // A limit on file sizes makes write() itself fail after ten bytes, for root too.
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{10, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status status = write_file(path("a"), std::string(100, 'x'), 0600);
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  (void)std::signal(SIGXFSZ, handler);
  EXPECT_FALSE(status);
  EXPECT_EQ(*read_file(path("a")), "one");
  EXPECT_EQ(entries(), 1U);
  // A folder cannot be replaced by a file: the rename fails, the temporary goes.
  ASSERT_TRUE(std::filesystem::create_directory(path("d")));
  EXPECT_FALSE(write_file(path("d"), "two", 0600));
  EXPECT_EQ(entries(), 2U);
}

TEST_F(FileTest, SecretsMustBePrivate) {
  EXPECT_TRUE(write_file(path("key"), "secret\n", 0600));
  EXPECT_EQ(*read_secret_file(path("key")), "secret\n");
  for (const unsigned bad : {0640U, 0604U, 0660U, 0610U, 0601U}) {
    ASSERT_EQ(chmod(path("key").c_str(), bad), 0);
    const auto refused = read_secret_file(path("key"));
    ASSERT_FALSE(refused) << std::oct << bad;
    EXPECT_EQ(refused.error().code, Code::kNoKey);
    EXPECT_EQ(refused.error().hint, "run: chmod 600 " + path("key"));
  }
  ASSERT_EQ(chmod(path("key").c_str(), 0400), 0);
  EXPECT_TRUE(read_secret_file(path("key")));
  EXPECT_EQ(read_secret_file(path("none")).error().code, Code::kNoKey);
  EXPECT_EQ(read_secret_file(folder_).error().code, Code::kNoKey);
  ASSERT_EQ(mkfifo(path("fifo").c_str(), 0600), 0);
  EXPECT_EQ(read_secret_file(path("fifo")).error().code, Code::kNoKey);  // and does not wait
}

TEST_F(FileTest, APassphraseIsTheFirstLine) {
  EXPECT_TRUE(write_file(path("p"), "correct horse \r\nrest", 0600));
  EXPECT_EQ(*read_passphrase_file(path("p")), "correct horse ");
  EXPECT_TRUE(write_file(path("p"), "alone", 0600));
  EXPECT_EQ(*read_passphrase_file(path("p")), "alone");
  EXPECT_TRUE(write_file(path("p"), "\nsecond", 0600));
  EXPECT_EQ(read_passphrase_file(path("p")).error().code, Code::kNoKey);
}

TEST_F(FileTest, StreamsAFile) {
  const std::string text = test::random_text(300000, 5);
  EXPECT_TRUE(write_file(path("a"), text, 0600));
  const auto source = open_file(path("a"));
  ASSERT_TRUE(source);
  EXPECT_TRUE(test::drain(**source).text == text);
}

TEST_F(FileTest, SpaceAndHome) {
  EXPECT_GT(*free_space(folder_), 0U);
  EXPECT_EQ(free_space(path("none")).error().code, Code::kNotFound);
  setenv("HOME", "/home/someone", 1);
  EXPECT_EQ(expand_home("~/x"), "/home/someone/x");
  EXPECT_EQ(expand_home("~"), "/home/someone");
  EXPECT_EQ(expand_home("/a/~/x"), "/a/~/x");
  EXPECT_EQ(expand_home("~other/x"), "~other/x");
}

TEST(Cleanse, LeavesNothing) {
  std::string secret(100, 's');
  const char* data = secret.data();
  cleanse(secret);
  EXPECT_TRUE(secret.empty());
  ASSERT_EQ(secret.data(), data);  // the same memory, still owned: looking at it is fine
  EXPECT_GE(secret.capacity(), 100U);
  secret.resize(100);  // zero-fills only what was overwritten anyway
  EXPECT_EQ(secret.find('s'), std::string::npos);
}

}  // namespace
}  // namespace pgdr
