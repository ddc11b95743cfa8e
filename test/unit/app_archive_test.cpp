#include "artifact/database/archive.hpp"

#include <gtest/gtest.h>

#include "pipe/stages.hpp"
#include "unit/archive_builder.hpp"

namespace pgdr::app {
namespace {

using test::ArchiveBuilder;
using test::BuiltEntry;

const std::vector<BuiltEntry> kEntries = {
    {1, "TABLE", "public", "users", 2, {}, false},
    {2, "TABLE", "public", "big", 2, {}, false},
    {10, "TABLE DATA", "public", "users", 3, {1}, true},
    {11, "TABLE DATA", "public", "big", 3, {2}, true},
    {12, "BLOBS", "", "BLOBS", 3, {}, true},
    {20, "CONSTRAINT", "public", "users users_pkey", 4, {1}, false},
};

struct Parts {
  std::string head, users, big, blobs;
  [[nodiscard]] std::string all() const { return head + users + big + blobs; }
};

Parts build(int version = 14) {
  ArchiveBuilder b(version);
  // Chunks larger than the reader's buffer, and empty tables, are common in dumps.
  return {b.head(kEntries), b.data(10, {"1\tann\n", "2\tbob\n"}),
          b.data(11, {std::string(300'000, 'x'), std::string(700'000, 'y')}),
          b.blobs(12, {{"one"}, {}, {"two", "three"}})};
}

// Gives at most `step` bytes at a time.
class Trickle : public Source {
 public:
  Trickle(std::string content, std::size_t step) : content_(std::move(content)), step_(step) {}
  Result<std::size_t> read(MutableBytes buffer) override {
    const std::size_t n = std::min({step_, buffer.size(), content_.size() - at_});
    std::copy_n(reinterpret_cast<const std::byte*>(content_.data()) + at_, n, buffer.data());
    at_ += n;
    return n;
  }

 private:
  std::string content_;
  std::size_t step_;
  std::size_t at_ = 0;
};

TEST(Archive, ReadsTheTableOfContents) {
  for (const int version : {12, 13, 14, 15, 16}) {
    const Parts parts = build(version);
    const auto source = pipe::memory_source(parts.all());
    ArchiveReader reader(*source);
    const auto toc = reader.read_toc();
    ASSERT_TRUE(toc) << version << ": " << to_string(toc.error());
    EXPECT_EQ(toc->version, version);
    EXPECT_EQ(toc->database, "shop");
    EXPECT_FALSE(toc->compressed);
    ASSERT_EQ(toc->entries.size(), kEntries.size());
    EXPECT_EQ(toc->entries[2].kind, "TABLE DATA");
    EXPECT_EQ(toc->entries[2].tag, "users");
    EXPECT_EQ(toc->entries[2].schema, "public");
    EXPECT_EQ(toc->entries[2].dependencies, std::vector<int>{1});
    EXPECT_TRUE(toc->entries[2].has_data);
    EXPECT_EQ(toc->entries[5].section, Section::kPostData);
    EXPECT_EQ(toc->head, parts.head);
    const auto blocks = reader.walk();
    ASSERT_TRUE(blocks) << to_string(blocks.error());
    EXPECT_EQ(*blocks, 3U);
  }
}

TEST(Archive, WholeWhateverTheReadsAre) {
  const Parts parts = build();
  for (const std::size_t step : {1, 7, 4096, 1 << 20}) {
    Trickle source(parts.all(), step);
    std::string seen;
    const auto mirror = pipe::memory_sink(seen);
    ArchiveReader reader(source, mirror.get());
    ASSERT_TRUE(reader.read_toc());
    ASSERT_TRUE(reader.walk());
    EXPECT_EQ(seen, parts.all()) << step;
    EXPECT_EQ(reader.position(), parts.all().size());
  }
}

TEST(Archive, CopiesOnlyWhatIsWanted) {
  const Parts parts = build();
  const auto copy = [&](const std::unordered_set<int>& ids, std::size_t step) {
    Trickle source(parts.all(), step);
    ArchiveReader reader(source);
    EXPECT_TRUE(reader.read_toc());
    std::string out;
    const auto sink = pipe::memory_sink(out);
    const Status done = reader.copy_blocks(ids, *sink);
    EXPECT_TRUE(done) << (done ? "" : to_string(done.error()));
    return out;
  };
  for (const std::size_t step : {1, 1000, 1 << 20}) {
    EXPECT_EQ(copy({10}, step), parts.users);
    EXPECT_EQ(copy({11}, step), parts.big);
    EXPECT_EQ(copy({10, 12}, step), parts.users + parts.blobs);
    EXPECT_EQ(copy({10, 11, 12}, step), parts.users + parts.big + parts.blobs);
    EXPECT_EQ(copy({}, step), "");
  }
}

TEST(Archive, CutAnywhereIsDamage) {
  Parts parts = build();
  parts.big = ArchiveBuilder().data(11, {"a", "b"});
  const std::string all = parts.all();
  for (std::size_t n = 0; n < all.size(); ++n) {
    const auto source = pipe::memory_source(all.substr(0, n));
    ArchiveReader reader(*source);
    const auto toc = reader.read_toc();
    if (!toc) {
      EXPECT_EQ(toc.error().code, Code::kCorrupt);
      continue;
    }
    const auto walked = reader.walk();
    ASSERT_FALSE(walked) << "cut after " << n << " of " << all.size();
    EXPECT_EQ(walked.error().code, Code::kCorrupt);
  }
}

TEST(Archive, ForeignAndDoubledBlocksAreDamage) {
  const Parts parts = build();
  for (const std::string& extra : {parts.users, ArchiveBuilder().data(99, {"x"}),
                                   std::string("\x07", 1), std::string(9, 'z')}) {
    const auto source = pipe::memory_source(parts.all() + extra);
    ArchiveReader reader(*source);
    ASSERT_TRUE(reader.read_toc());
    EXPECT_FALSE(reader.walk());
  }
}

TEST(Archive, AMissingBlockIsDamage) {
  const Parts parts = build();
  const auto source = pipe::memory_source(parts.head + parts.users);
  ArchiveReader reader(*source);
  ASSERT_TRUE(reader.read_toc());
  std::string out;
  const auto sink = pipe::memory_sink(out);
  EXPECT_FALSE(reader.copy_blocks({10, 12}, *sink));
}

TEST(Archive, RefusesWhatIsNotOne) {
  for (const std::string& text :
       {std::string(), std::string("PGDM"), std::string("hello, world, this is no archive"),
        std::string("PGDMP\x01\x20\x00\x04\x08\x01", 11), std::string("PGDMP\x02\x0e\x00", 8),
        std::string("PGDMP\x01\x0e\x00\x04\x08\x05", 11)}) {
    const auto source = pipe::memory_source(text);
    ArchiveReader reader(*source);
    const auto toc = reader.read_toc();
    ASSERT_FALSE(toc);
    EXPECT_EQ(toc.error().code, Code::kCorrupt);
  }
}

}  // namespace
}  // namespace pgdr::app
