#include "repo/copy_reader.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/file.hpp"
#include "pipe/chunk_hash.hpp"
#include "streams.hpp"

namespace pgdr::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kChunk = 10'000;

TEST(ChunkHash, DigestsEveryChunkWhateverThePieces) {
  for (const std::size_t size : {0, 1, 9'999, 10'000, 10'001, 30'000}) {
    const std::string text = test::random_text(size, 1);
    std::string out;
    const auto sink = pipe::memory_sink(out);
    const auto chunks = pipe::chunk_hash_sink(*sink, kChunk);
    for (std::size_t at = 0; at < size; at += 777) {
      ASSERT_TRUE(chunks->write(bytes_of(std::string_view(text).substr(at, 777))));
    }
    ASSERT_TRUE(chunks->finish());
    EXPECT_EQ(out, text);
    std::vector<std::string> expected;
    for (std::size_t at = 0; at < size; at += kChunk) {
      expected.push_back(sha256_hex(std::string_view(text).substr(at, kChunk)));
    }
    EXPECT_EQ(chunks->digests(), expected) << size;
  }
}

TEST(ChunkList, RoundTrip) {
  for (const std::size_t count : {0, 1, 3}) {
    ChunkList list{kChunk, std::vector<std::string>(count, std::string(64, 'a'))};
    const auto again = parse_chunks(chunks_text(list), count * kChunk, "x");
    ASSERT_TRUE(again);
    EXPECT_EQ(again->chunk_bytes, kChunk);
    EXPECT_EQ(again->sha256, list.sha256);
  }
}

TEST(ChunkList, IsFrozen) {
  const ChunkList list{4194304, {std::string(64, '0')}};
  EXPECT_EQ(chunks_text(list), "pgdr-chunks 1 4194304\n" + std::string(64, '0') + "\n");
}

TEST(ChunkList, RefusesWhatIsNone) {
  const std::string digest(64, 'a');
  for (const std::string& text : std::vector<std::string>{
           std::string(), std::string("pgdr-chunks"), "pgdr-chunks 1 0\n" + digest + "\n",
           "pgdr-chunks 1 10000\n" + digest,
           "pgdr-chunks 1 10000\n" + digest + "\n" + digest + "\n", "pgdr-chunks 1 10000\n",
           "pgdr-chunks 1 99999999999\n" + digest + "\n",
           "pgdr-chunks 1 10000\n" + std::string(64, 'A') + "\n",
           "pgdr-chunks 0 10000\n" + digest + "\n", "pgdr-chunks 1\n" + digest + "\n"}) {
    const auto list = parse_chunks(text, kChunk, "x");
    ASSERT_FALSE(list) << text;
    EXPECT_EQ(list.error().code, Code::kCorrupt);
  }
  EXPECT_EQ(parse_chunks("pgdr-chunks 2 10000\n", kChunk, "x").error().code, Code::kUsage);
  // Sizes near 2^64, of a manifest that nobody signed: neither sum nor product wraps around.
  constexpr std::uint64_t kMost = UINT64_MAX;
  EXPECT_FALSE(parse_chunks("pgdr-chunks 1 10000\n", kMost, "x"));
  EXPECT_FALSE(parse_chunks("pgdr-chunks 1 2\n", kMost, "x"));
  EXPECT_FALSE(parse_chunks("pgdr-chunks 1 10000\n", kMost - 9998, "x"));
  EXPECT_FALSE(parse_chunks("pgdr-chunks 1 1\n" + digest + "\n", kMost / 65 + 2, "x"));
}

class CopyReaderTest : public ::testing::Test {
 protected:
  CopyReaderTest() {
    std::string pattern = (fs::temp_directory_path() / "pgdr-unit.XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    text_ = test::random_text(105'000, 1);
    artifact_ = {"database.dump.zst.age", "database", text_.size(), sha256_hex(text_), 1, ""};
    list_.chunk_bytes = kChunk;
    for (std::size_t at = 0; at < text_.size(); at += kChunk) {
      list_.sha256.push_back(sha256_hex(std::string_view(text_).substr(at, kChunk)));
    }
    for (const char* name : {"a", "b", "c"}) {
      auto made = create_repository({name, "local", folder_ + "/" + name, {}, {}});
      EXPECT_TRUE(made);
      repositories_.push_back(std::move(*made));
    }
    for (auto& repository : repositories_) {
      StoredBackup backup;
      backup.manifest.label = "20261121T020000Z-0002";
      backup.manifest.set = "shop";
      backup.manifest.artifacts = {artifact_};
      backup.repository = &repository;
      EXPECT_TRUE(store::write_text(*repository.store, key(), text_));
      backups_.push_back(std::move(backup));
    }
  }
  ~CopyReaderTest() override { fs::remove_all(folder_); }

  static std::string key() { return "shop/20261121T020000Z-0002/database.dump.zst.age"; }
  [[nodiscard]] std::string file(const char* name) const {
    return folder_ + "/" + name + "/" + key();
  }
  [[nodiscard]] std::vector<const StoredBackup*> copies() const {
    return {backups_.data(), &backups_[1], &backups_[2]};
  }
  void flip(const char* name, std::size_t at) const {
    std::fstream f(file(name), std::ios::in | std::ios::out | std::ios::binary);
    f.seekp(static_cast<std::streamoff>(at));
    f.put(static_cast<char>(text_[at] ^ 1));
  }

  std::string folder_;
  std::string text_;
  Artifact artifact_;
  ChunkList list_;
  std::vector<Repository> repositories_;
  std::vector<StoredBackup> backups_;
};

TEST_F(CopyReaderTest, ReadsTheFirstCopyAlone) {
  CopyReader reader(copies());
  ASSERT_TRUE(reader.begin());
  fs::remove(file("b"));
  for (const ChunkList* list :
       {static_cast<const ChunkList*>(&list_), static_cast<const ChunkList*>(nullptr)}) {
    const auto source = reader.open(artifact_, list);
    const auto drained = test::drain(**source, 3'333);
    ASSERT_TRUE(drained.status);
    EXPECT_TRUE(drained.text == text_);
  }
  EXPECT_TRUE(reader.given_up().empty());
}

TEST_F(CopyReaderTest, ADamagedChunkIsTakenFromTheNextCopy) {
  flip("a", 55'555);
  flip("b", 77'777);
  CopyReader reader(copies());
  ASSERT_TRUE(reader.begin());
  const auto source = reader.open(artifact_, &list_);
  const auto drained = test::drain(**source);
  ASSERT_TRUE(drained.status) << to_string(drained.status.error());
  EXPECT_TRUE(drained.text == text_) << "not one wrong byte got through";
  const auto given_up = reader.given_up();
  ASSERT_EQ(given_up.size(), 2U);
  EXPECT_EQ(given_up[0].error.code, Code::kCorrupt);
  EXPECT_NE(given_up[0].error.message.find("bytes 50000 to 59999"), std::string::npos);
  EXPECT_EQ(reader.copy().repository->name, "c");
}

TEST_F(CopyReaderTest, OneThatIsCutOrVanishesIsReplacedAtTheSameOffset) {
  fs::resize_file(file("a"), 42'000);
  CopyReader reader(copies());
  ASSERT_TRUE(reader.begin());
  const auto source = reader.open(artifact_, nullptr);
  std::string got(20'000, '\0');
  ASSERT_TRUE((*source)->read(std::as_writable_bytes(std::span(got))));
  fs::remove(file("b"));
  const auto whole = reader.open(artifact_, &list_);
  const auto drained = test::drain(**whole);
  ASSERT_TRUE(drained.status);
  EXPECT_TRUE(drained.text == text_);
  EXPECT_EQ(reader.copy().repository->name, "c");
}

TEST_F(CopyReaderTest, WithoutAnyGoodCopyTheFirstReasonIsTold) {
  for (const char* name : {"a", "b", "c"}) flip(name, 10'001);
  CopyReader reader(copies());
  ASSERT_TRUE(reader.begin());
  const auto source = reader.open(artifact_, &list_);
  const auto drained = test::drain(**source);
  ASSERT_FALSE(drained.status);
  EXPECT_EQ(drained.status.error().code, Code::kCorrupt);
  EXPECT_NE(drained.status.error().message.find("repository a"), std::string::npos);
  EXPECT_EQ(drained.text, text_.substr(0, 10'000)) << "what was authentic before it";
  EXPECT_TRUE(reader.exhausted());
}

TEST_F(CopyReaderTest, ChecksEveryCopyBeforeItIsUsed) {
  flip("a", 5);
  std::vector<std::string> checked;
  CopyReader reader(copies());
  reader.check_with([&](const StoredBackup& copy) {
    checked.push_back(copy.repository->name);
    return copy.repository->name == "b" ? Status(Error::of(Code::kCorrupt, "b is bad")) : success();
  });
  ASSERT_TRUE(reader.begin());
  const auto source = reader.open(artifact_, &list_);
  ASSERT_TRUE(test::drain(**source).text == text_);
  EXPECT_EQ(checked, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(reader.given_up().size(), 2U);
}

TEST_F(CopyReaderTest, AWrongKeyIsNoReasonToTryTheNext) {
  CopyReader reader(copies());
  int checked = 0;
  reader.check_with([&](const StoredBackup&) {
    ++checked;
    return Status(Error::of(Code::kNoKey, "no"));
  });
  const Status begun = reader.begin();
  ASSERT_FALSE(begun);
  EXPECT_EQ(begun.error().code, Code::kNoKey);
  EXPECT_EQ(checked, 1);
}

TEST_F(CopyReaderTest, SeveralStreamsGiveUpACopyOnce) {
  flip("a", 0);
  CopyReader reader(copies());
  ASSERT_TRUE(reader.begin());
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto source = reader.open(artifact_, &list_);
      if (test::drain(**source).text == text_) ++right;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 4);
  EXPECT_EQ(reader.given_up().size(), 1U);
}

}  // namespace
}  // namespace pgdr::app
