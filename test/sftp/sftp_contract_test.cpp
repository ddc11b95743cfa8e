// The SFTP store on OpenSSH's server: the conformance suite, with and without hard links, and what
// the server's own log says about the order in which an object becomes durable.
#include <fstream>
#include <iterator>

#include "base/file.hpp"
#include "sftp/sftp_place.hpp"
#include "unit/store_content.hpp"

namespace pgdr::test {
namespace {

using store::StoreContract;
using store::StoreMaker;

INSTANTIATE_TEST_SUITE_P(
    Sftp, StoreContract,
    testing::Values(StoreMaker{"hard_links", [] { return std::make_unique<SftpPlace>(true); }},
                    StoreMaker{"rename", [] { return std::make_unique<SftpPlace>(false); }}),
    [](const auto& test) { return std::string(test.param.name); });

std::string server_log(const char* which = "PGDR_SFTP_LOG") {
  std::ifstream file(variable(which));
  return {std::istreambuf_iterator<char>(file), {}};
}

// The positions of these words in the log after `from`, each after the one before.
void expect_order(std::size_t from, const std::vector<std::string>& words,
                  const char* which = "PGDR_SFTP_LOG") {
  const std::string log = server_log(which);
  std::size_t at = from;
  for (const std::string& word : words) {
    const std::size_t found = log.find(word, at);
    ASSERT_NE(found, std::string::npos) << "no '" << word << "' after\n" << log.substr(from);
    at = found + word.size();
  }
}

TEST(SftpServer, AnObjectIsWrittenOutBeforeItGetsItsName) {
  for (const bool hard_links : {true, false}) {
    const std::string path = fresh_path();
    store::SftpOptions options = options_for(path);
    options.use_hard_links = hard_links;
    const auto store = open(options);
    const std::size_t from = server_log().size();
    ASSERT_TRUE(store::write_text(*store, "set/label/data", "content"));
    expect_order(from,
                 {"open \"" + path + "/set/label/.tmp-data-", "fsync",
                  "close \"" + path + "/set/label/.tmp-data-", hard_links ? "hardlink" : "rename",
                  "open \"" + path + "/set/label\"", "fsync", "open \"" + path + "/set\"", "fsync",
                  "open \"" + path + "\"", "fsync"});
  }
}

TEST(SftpServer, LargeObjectsComeBackWholeAndFromAnyOffset) {
  const auto store = open(options_for(fresh_path()));
  const std::string content = content_of((20U << 20U) + 4321);
  ASSERT_TRUE(store::write_text(*store, "large", content));
  EXPECT_TRUE(*read_back(*store, "large") == content);
  for (const std::size_t offset : {std::size_t{1}, std::size_t{131072}, content.size() - 5}) {
    EXPECT_TRUE(*read_back(*store, "large", offset) == content.substr(offset)) << offset;
  }
}

// A login takes longer than the piece that is read.
TEST(SftpServer, ReadingByRangesLogsInOnce) {
  const auto logins = [] {
    const auto log = read_file(variable("PGDR_SFTP_LOGIN_LOG"));
    EXPECT_TRUE(log);
    std::size_t n = 0;
    const std::string word = "Accepted publickey";
    for (std::size_t at = log->find(word); at != std::string::npos; at = log->find(word, at + 1)) {
      ++n;
    }
    return n;
  };
  const auto store = open(options_for(fresh_path()));
  constexpr std::size_t kPiece = 1U << 20U;
  const std::string content = content_of(8 * kPiece + 7);
  ASSERT_TRUE(store::write_text(*store, "large", content));
  const std::size_t before = logins();
  std::string back;
  for (std::size_t at = 0; at < content.size(); at += kPiece) {
    const auto source = store->open_range("large", at, kPiece);
    ASSERT_TRUE(source);
    std::string piece(std::min(kPiece, content.size() - at), '\0');
    const auto got =
        read_full(**source, std::as_writable_bytes(std::span(piece.data(), piece.size())));
    ASSERT_TRUE(got);
    ASSERT_EQ(*got, piece.size());
    back += piece;
  }
  EXPECT_TRUE(back == content);
  EXPECT_EQ(logins(), before);
}

// Odd pieces: what is sent never depends on how it was cut.
TEST(SftpServer, PiecesOfAnySizeMakeOneObject) {
  const auto store = open(options_for(fresh_path()));
  const std::string content = content_of(1000003);
  auto upload = store->create("a");
  ASSERT_TRUE(upload);
  std::size_t piece = 1;
  for (std::size_t at = 0; at < content.size(); at += piece, piece = piece * 3 % 200001 + 1) {
    ASSERT_TRUE(store::put(**upload, content.substr(at, piece)));
  }
  ASSERT_TRUE((*upload)->finish());
  EXPECT_TRUE(*read_back(*store, "a", 0, 777) == content);
}

TEST(SftpServer, FilesAreTheOwnersAlone) {
  const std::string path = fresh_path();
  const auto store = open(options_for(path));
  ASSERT_TRUE(store::write_text(*store, "a/b", "x"));
  struct stat info {};
  ASSERT_EQ(stat((path + "/a/b").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  ASSERT_EQ(stat((path + "/a").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0700U);
}

TEST(SftpServer, FreeSpaceIsTheServers) {
  const auto room = open(options_for(fresh_path()))->free_space();
  ASSERT_TRUE(room && *room);
  EXPECT_GT(**room, 1U << 20U);
}

TEST(SftpServer, RemovingTheLastObjectRemovesItsFolders) {
  const std::string path = fresh_path();
  const auto store = open(options_for(path));
  ASSERT_TRUE(store::write_text(*store, "a/b/c", "x"));
  ASSERT_TRUE(store::write_text(*store, "a/d", "x"));
  ASSERT_TRUE(store->remove("a/b/c"));
  EXPECT_FALSE(std::filesystem::exists(path + "/a/b"));
  EXPECT_TRUE(std::filesystem::exists(path + "/a/d"));
}

TEST(SftpServer, LinksAndSpecialFilesAreRefused) {
  const std::string path = fresh_path();
  const auto store = open(options_for(path));
  ASSERT_TRUE(store::write_text(*store, "real", "x"));
  std::filesystem::create_symlink("real", path + "/link");
  ASSERT_EQ(mkfifo((path + "/fifo").c_str(), 0666), 0);
  for (const char* key : {"link", "fifo"}) {
    EXPECT_FALSE(store->stat(key)) << key;
    EXPECT_FALSE(store->open(key)) << key;
  }
  EXPECT_FALSE(store->list(""));
  // A link in the place of a folder leads nowhere either.
  std::filesystem::remove(path + "/fifo");
  std::filesystem::remove(path + "/link");
  std::filesystem::create_directory_symlink("/tmp", path + "/folder");
  EXPECT_FALSE(store->list(""));
}

TEST(SftpServer, LogsInWithAnRsaKey) {
  store::SftpOptions options = options_for(fresh_path());
  options.ssh.identity_file = key_file("id_rsa");
  const std::size_t from = server_log("PGDR_SFTP_LOGIN_LOG").size();
  ASSERT_TRUE(store::write_text(*open(options), "a", "x"));
  // SHA-2 signatures: OpenSSH 8.8 and later accept no others.
  expect_order(from, {"Accepted publickey", "RSA"}, "PGDR_SFTP_LOGIN_LOG");
}

TEST(SftpServer, LogsInWithTheAgentsKey) {
  Command start;
  start.argv = {"ssh-agent", "-D", "-a", key_file("agent")};
  start.want_stdout = true;
  const auto agent = Process::start(std::move(start));
  ASSERT_TRUE(agent) << to_string(agent.error());
  // It says where it listens once it does.
  std::string said(64, '\0');
  ASSERT_TRUE((*agent)->out().read(std::as_writable_bytes(std::span(said.data(), said.size()))));
  Command add;
  add.argv = {"ssh-add", "-q", key_file("id_rsa")};
  add.env = {{"SSH_AUTH_SOCK", key_file("agent")}};
  ASSERT_TRUE(run_and_capture(std::move(add)));
  setenv("SSH_AUTH_SOCK", key_file("agent").c_str(), 1);
  store::SftpOptions options = options_for(fresh_path());
  options.ssh.identity_file.clear();
  const Status written = store::write_text(*open(options), "a", "x");
  unsetenv("SSH_AUTH_SOCK");
  EXPECT_TRUE(written) << to_string(written.error());
}

}  // namespace
}  // namespace pgdr::test
