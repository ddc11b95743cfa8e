// The rclone store with the real program on a local remote: the conformance suite, and an rclone
// that fails in ways the real one rarely does. With PGDR_S3_ENDPOINT set (test/s3/run) the suite
// runs on that server through rclone's s3 remote instead.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>

#include "base/file.hpp"
#include "base/process.hpp"
#include "store/rclone/rclone.hpp"
#include "store/rclone/rclone_client.hpp"
#include "unit/store_content.hpp"
#include "unit/store_contract.hpp"

namespace pgdr::test {
namespace {

using store::Store;
using store::StoreContract;
using store::StoreMaker;

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "pgdr-rclone.XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path;
};

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

store::RcloneOptions options_for(const std::string& place, const std::string& program = "") {
  store::RcloneOptions options;
  options.config.path = place;
  options.config.program = program;
  options.retry.attempts = 2;
  options.retry.first = std::chrono::milliseconds(1);
  return options;
}

std::unique_ptr<Store> open(store::RcloneOptions options, bool create = true) {
  auto store = store::open_rclone(std::move(options), create);
  EXPECT_TRUE(store) << to_string(store.error());
  return store ? std::move(*store) : nullptr;
}

class LocalRemote : public store::StoreFixture {
 public:
  std::unique_ptr<Store> open() override {
    return test::open(options_for(":local:" + folder_.path + "/repository"));
  }

 private:
  Folder folder_;
};

// A prefix of its own in the server's bucket.
class S3Remote : public store::StoreFixture {
 public:
  S3Remote() {
    unsetenv("AWS_CA_BUNDLE");  // rclone 1.60 refuses to start with it
    setenv("RCLONE_CONFIG_GATEWAY_TYPE", "s3", 1);
    setenv("RCLONE_CONFIG_GATEWAY_PROVIDER", "Ceph", 1);
    setenv("RCLONE_CONFIG_GATEWAY_ENV_AUTH", "true", 1);
    setenv("RCLONE_CONFIG_GATEWAY_ENDPOINT", variable("PGDR_S3_ENDPOINT").c_str(), 1);
  }
  std::unique_ptr<Store> open() override {
    return test::open(options_for("gateway:" + variable("PGDR_S3_BUCKET") + "/" + prefix_));
  }

 private:
  static std::string next_prefix() {
    static std::atomic<int> n{0};
    return "rclone-" + std::to_string(getpid()) + "-" + std::to_string(++n);
  }
  std::string prefix_ = next_prefix();
};

std::unique_ptr<store::StoreFixture> make_remote() {
  if (variable("PGDR_S3_ENDPOINT").empty()) return std::make_unique<LocalRemote>();
  return std::make_unique<S3Remote>();
}

// Each object takes six runs of rclone.
constexpr int kMany = 6;
INSTANTIATE_TEST_SUITE_P(Rclone, StoreContract,
                         testing::Values(StoreMaker{"remote", make_remote, kMany}),
                         [](const auto& test) { return std::string(test.param.name); });

// --- an rclone that misbehaves: a program in front of the real one

class RcloneFault : public testing::Test {
 protected:
  // A shell script that sees rclone's arguments; `exec rclone "$@"` is its last line.
  std::unique_ptr<Store> open_with(const std::string& script) {
    const std::string program = folder_.path + "/rclone";
    std::ofstream(program, std::ios::trunc) << "#!/bin/sh\nall=\"$*\"\n"
                                            << script << "\nexec rclone \"$@\"\n";
    chmod(program.c_str(), 0700);
    return open(options_for(":local:" + folder_.path + "/repository", program));
  }
  std::unique_ptr<Store> plain() {
    return open(options_for(":local:" + folder_.path + "/repository"));
  }
  Folder folder_;
};

bool says(const Error& error, const std::string& word) {
  return to_string(error).find(word) != std::string::npos;
}

TEST_F(RcloneFault, AListingThatEndsEarlyIsNoListing) {
  ASSERT_TRUE(store::write_text(*plain(), "a/b", "x"));
  for (const char* answer : {"[", "", "{}", "[{\"Path\":\"a/b\"}]", "null", "[1]"}) {
    const auto store = open_with(std::string("case $all in *lsjson*--recursive*) printf '%s' '") +
                                 answer + "'; exit 0;; esac");
    EXPECT_FALSE(store->list("")) << answer;
  }
}

TEST_F(RcloneFault, AListingThatFailsHalfWayIsNoListing) {
  ASSERT_TRUE(store::write_text(*plain(), "a/b", "x"));
  const auto store =
      open_with("case $all in *lsjson*--recursive*) echo '[]'; echo 'no route' >&2; exit 1;; esac");
  const auto listed = store->list("");
  ASSERT_FALSE(listed);
  EXPECT_TRUE(says(listed.error(), "no route")) << to_string(listed.error());
}

TEST_F(RcloneFault, ANameThatIsThereTwiceIsAnError) {
  const std::string item = "{\"Path\":\"a\",\"Size\":1,\"ModTime\":\"2026-01-01T00:00:00Z\"}";
  const auto store = open_with("case $all in *lsjson*--recursive*) echo '[" + item + "," + item +
                               "]'; exit 0;; esac");
  const auto listed = store->list("");
  ASSERT_FALSE(listed);
  EXPECT_TRUE(says(listed.error(), "twice"));
}

TEST_F(RcloneFault, AnUploadThatFailsStoresNothing) {
  const auto store = open_with(
      "case $all in *rcat*.tmp-*) head -c 100 >/dev/null; echo 'quota exceeded' >&2; exit 7;; "
      "esac");
  const Status written = store::write_text(*store, "a", content_of(1U << 20U));
  ASSERT_FALSE(written);
  EXPECT_TRUE(says(written.error(), "quota exceeded")) << to_string(written.error());
  EXPECT_TRUE(plain()->list("")->empty());
}

TEST_F(RcloneFault, AnUploadCutShortIsNoticed) {
  const auto store = open_with(
      "case $all in *rcat*.tmp-*) head -c 1000 | rclone \"$@\"; cat >/dev/null; exit 0;; esac");
  const Status written = store::write_text(*store, "a", content_of(5000));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::kCorrupt) << to_string(written.error());
  EXPECT_TRUE(plain()->list("")->empty());
  EXPECT_TRUE(plain()->leftovers("")->empty());
}

TEST_F(RcloneFault, OtherBytesOfTheSameLengthAreNoticed) {
  const auto store = open_with("case $all in *rcat*.tmp-*) tr a b | rclone \"$@\"; exit 0;; esac");
  const Status written = store::write_text(*store, "a", std::string(5000, 'a'));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::kCorrupt) << to_string(written.error());
}

TEST_F(RcloneFault, ADownloadThatFailsGoesOnWhereItStopped) {
  const std::string content = content_of(300000);
  ASSERT_TRUE(store::write_text(*plain(), "a", content));
  const auto store =
      open_with("case $all in *'cat --offset 0 '*) rclone \"$@\" | head -c 100000; exit 5;; esac");
  const auto back = read_back(*store, "a");
  ASSERT_TRUE(back) << to_string(back.error());
  EXPECT_TRUE(*back == content);
}

TEST_F(RcloneFault, ADownloadCutShortIsDamage) {
  ASSERT_TRUE(store::write_text(*plain(), "a", content_of(300000)));
  const auto store =
      open_with("case $all in *'cat --offset'*) rclone \"$@\" | head -c 1000; exit 0;; esac");
  const auto back = read_back(*store, "a");
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, Code::kCorrupt);
}

// --- ranges

constexpr std::size_t kPiece = 100000;

class RcloneRanges : public RcloneFault {
 protected:
  RcloneRanges() : content_(content_of(11 * kPiece + 17)) {
    // As rclone would have left it, without its seven runs.
    std::filesystem::create_directory(folder_.path + "/repository");
    EXPECT_TRUE(write_file(folder_.path + "/repository/a", content_, 0600));
  }
  // An rclone that notes what it is asked to read, before it does what `script` says.
  std::unique_ptr<Store> noting(const std::string& script = "") {
    return open_with("case $all in *' cat '*) echo \"$all\" >>" + folder_.path + "/cats;; esac\n" +
                     script);
  }
  std::size_t cats() {
    const std::string text = said();
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
  }
  std::string said() {
    std::ifstream file(folder_.path + "/cats");
    return {std::istreambuf_iterator<char>(file), {}};
  }
  // The bytes of the i-th piece, or an error.
  static Result<std::string> piece(Store& store, std::size_t i) {
    PGDR_TRY(const auto source, store.open_range("a", i * kPiece, kPiece));
    std::string text(kPiece, '\0');
    PGDR_TRY(const std::size_t n, read_full(*source, std::as_writable_bytes(std::span(text))));
    text.resize(n);
    return text;
  }
  // All of it, `at_once` pieces on the way at a time.
  Result<std::string> read_by_ranges(Store& store, std::size_t at_once) {
    std::deque<std::future<Result<std::string>>> window;
    std::string back;
    std::size_t next = 0;
    while (next * kPiece < content_.size() || !window.empty()) {
      while (window.size() < at_once && next * kPiece < content_.size()) {
        window.push_back(
            std::async(std::launch::async, [&store, i = next++] { return piece(store, i); }));
      }
      PGDR_TRY(const std::string text, window.front().get());
      window.pop_front();
      back += text;
    }
    return back;
  }
  std::string content_;
};

TEST_F(RcloneRanges, InOrderTakeTwoRuns) {
  const auto store = noting();
  const auto back = read_by_ranges(*store, 1);
  ASSERT_TRUE(back) << to_string(back.error());
  EXPECT_TRUE(*back == content_);
  EXPECT_EQ(cats(), 2U) << "one for the first range, one for all that follow it";
}

// Which of those that start together is the first to ask is not certain.
TEST_F(RcloneRanges, SeveralAtATimeTakeTurns) {
  const auto store = noting();
  const auto back = read_by_ranges(*store, 4);
  ASSERT_TRUE(back) << to_string(back.error());
  EXPECT_TRUE(*back == content_);
  EXPECT_LE(cats(), 8U) << "not one for each of twelve: " << said();
}

TEST_F(RcloneRanges, ASingleOneIsReadAlone) {
  const auto store = noting();
  const auto text = piece(*store, 5);
  ASSERT_TRUE(text);
  EXPECT_TRUE(*text == content_.substr(5 * kPiece, kPiece));
  EXPECT_EQ(cats(), 1U);
  EXPECT_NE(said().find("--count 100000"), std::string::npos) << said();
}

TEST_F(RcloneRanges, ARunThatDiesIsReplaced) {
  const auto store = noting(
      "case $all in *'cat --offset 100000 '*) rclone \"$@\" | head -c 250000; exit 5;; esac");
  const auto back = read_by_ranges(*store, 4);
  ASSERT_TRUE(back) << to_string(back.error());
  EXPECT_TRUE(*back == content_);
}

TEST_F(RcloneRanges, ARunCutShortIsDamage) {
  const auto store =
      noting("case $all in *'cat --offset'*) rclone \"$@\" | head -c 1000; exit 0;; esac");
  const auto back = read_by_ranges(*store, 2);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, Code::kCorrupt);
}

TEST_F(RcloneRanges, OneThatIsGivenUpDoesNotHoldTheOthers) {
  const auto store = noting();
  ASSERT_TRUE(piece(*store, 0));
  {
    auto source = store->open_range("a", kPiece, kPiece);
    ASSERT_TRUE(source);
    std::vector<std::byte> buffer(100);
    ASSERT_TRUE((*source)->read(buffer));
  }
  const auto begun = std::chrono::steady_clock::now();
  const auto text = piece(*store, 2);
  ASSERT_TRUE(text);
  EXPECT_TRUE(*text == content_.substr(2 * kPiece, kPiece));
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(8));
}

TEST_F(RcloneRanges, MayOutliveTheirStore) {
  auto store = noting();
  ASSERT_TRUE(piece(*store, 0));
  auto source = store->open_range("a", kPiece, kPiece);
  ASSERT_TRUE(source);
  store.reset();
  std::vector<std::byte> buffer(kPiece);
  EXPECT_EQ(*read_full(**source, buffer), kPiece);
}

TEST_F(RcloneFault, ManyAreRemovedByOneRun) {
  const auto store = open_with("case $all in *delete*) echo x >>" + folder_.path + "/runs;; esac");
  for (const char* key : {"a", "b/c", "b/d", "e"}) {
    ASSERT_TRUE(store::write_text(*plain(), key, "x"));
  }
  ASSERT_TRUE(store->remove_many({"a", "b/c", "b/none"}));
  const auto left = plain()->list("");
  ASSERT_TRUE(left);
  ASSERT_EQ(left->size(), 2U);
  EXPECT_EQ(left->front().key, "b/d");
  EXPECT_EQ(std::filesystem::file_size(folder_.path + "/runs"), 2U);
}

TEST_F(RcloneFault, ARemovalOfManyThatFailsIsTriedOneByOne) {
  const auto store = open_with("case $all in *' delete '*) exit 1;; esac");
  for (const char* key : {"a", "b"}) ASSERT_TRUE(store::write_text(*plain(), key, "x"));
  ASSERT_TRUE(store->remove_many({"a", "b"}));
  EXPECT_TRUE(plain()->list("")->empty());
}

TEST_F(RcloneFault, AnUnknownRemoteSaysSo) {
  const auto store = store::open_rclone(options_for("nosuchremote:x"), false);
  ASSERT_TRUE(store);
  const auto listed = (*store)->list("");
  ASSERT_FALSE(listed);
  EXPECT_TRUE(says(listed.error(), "nosuchremote")) << to_string(listed.error());
}

TEST_F(RcloneFault, AMissingFolderIsNoEmptyRepository) {
  const auto store = open(options_for(":local:" + folder_.path + "/none"), false);
  EXPECT_EQ(store->list("").error().code, Code::kRepositoryMissing);
  EXPECT_EQ(store->stat("a").error().code, Code::kRepositoryMissing);
  EXPECT_EQ(store->create("a").error().code, Code::kRepositoryMissing);
}

TEST_F(RcloneFault, AConfigurationThatOthersMayReadIsRefused) {
  store::RcloneOptions options = options_for(":local:" + folder_.path);
  options.config.config_file = folder_.path + "/rclone.conf";
  ASSERT_TRUE(write_file(options.config.config_file, "", 0644));
  EXPECT_EQ(store::open_rclone(options).error().code, Code::kNoKey);
  std::filesystem::permissions(options.config.config_file, std::filesystem::perms(0600));
  EXPECT_TRUE(store::open_rclone(options));
}

TEST_F(RcloneFault, AClaimOfADeadProcessIsNoObstacle) {
  const auto store = plain();
  const std::string claim = folder_.path + "/repository/.claim-a+0123";
  ASSERT_TRUE(
      write_file(claim, "{\"format\":\"pgdr-lock\",\"token\":\"0123\",\"owner\":\"o\"}", 0600));
  const std::string lock = folder_.path + "/repository/.lock-set+0123";
  ASSERT_TRUE(write_file(
      lock, "{\"format\":\"pgdr-lock\",\"token\":\"0123\",\"owner\":\"the dead\"}", 0600));
  const auto held = store->lock("set");
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().code, Code::kLocked);
  EXPECT_TRUE(says(held.error(), "the dead")) << to_string(held.error());
  const auto old = std::filesystem::file_time_type::clock::now() - std::chrono::minutes(11);
  std::filesystem::last_write_time(claim, old);
  std::filesystem::last_write_time(lock, old);
  EXPECT_TRUE(store->lock("set"));
  EXPECT_TRUE(store::write_text(*store, "a", "x"));
  ASSERT_EQ(store->leftovers("")->size(), 1U);
  EXPECT_TRUE(store->remove_leftover(store->leftovers("")->front()));
  EXPECT_TRUE(store->leftovers("")->empty());
}

TEST_F(RcloneFault, ALockIsRenewedAndItsLossIsKnown) {
  store::RcloneOptions options = options_for(":local:" + folder_.path + "/repository");
  options.lock_lifetime = std::chrono::milliseconds(6000);
  const auto store = open(options);
  auto lease = store->lock("set");
  ASSERT_TRUE(lease) << to_string(lease.error());
  std::string file;
  for (const auto& one : std::filesystem::directory_iterator(folder_.path + "/repository"))
    file = one.path().string();
  const auto before = std::filesystem::last_write_time(file);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (std::filesystem::last_write_time(file) == before && std::chrono::steady_clock::now() < end)
    usleep(10000);
  EXPECT_GT(std::filesystem::last_write_time(file), before);
  EXPECT_TRUE((*lease)->held());
  std::filesystem::remove(file);
  while ((*lease)->held() && std::chrono::steady_clock::now() < end) usleep(10000);
  EXPECT_EQ((*lease)->held().error().code, Code::kLocked);
}

}  // namespace
}  // namespace pgdr::test
