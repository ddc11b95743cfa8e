// zstd, hash, tee: round trips, and every way a stream can be cut, altered or extended.
#include "pipe/stages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include "streams.hpp"

namespace pgdr::pipe {
namespace {

std::string compress(const std::string& text, int level = 3, int workers = 0,
                     std::size_t piece = 70000) {
  std::string out;
  const auto sink = memory_sink(out);
  auto zstd = zstd_sink(*sink, level, workers);
  EXPECT_TRUE(zstd);
  for (std::size_t at = 0; at < text.size(); at += piece) {
    EXPECT_TRUE((*zstd)->write(bytes_of(std::string_view(text).substr(at, piece))));
  }
  EXPECT_TRUE((*zstd)->finish());
  return out;
}

test::Drained decompress(const std::string& stored, std::size_t piece = 1 << 20,
                         std::size_t buffer = 50000) {
  test::DribblingSource source(stored, piece, 3);
  auto zstd = zstd_source(source);
  EXPECT_TRUE(zstd);
  return test::drain(**zstd, buffer);
}

TEST(Zstd, RoundTripsEverySizeLevelAndPiece) {
  for (const std::size_t size : {0U, 1U, 65535U, 65536U, 131072U, 131073U, 3000000U}) {
    const std::string text = test::compressible_text(size, 1);
    for (const int workers : {0, 2}) {
      const std::string stored = compress(text, 3, workers);
      EXPECT_TRUE(decompress(stored).text == text) << size;
    }
  }
  const std::string text = test::compressible_text(300000, 2);
  for (int level = 1; level <= 12; ++level) {
    EXPECT_TRUE(decompress(compress(text, level)).text == text) << level;
    EXPECT_TRUE(decompress(compress(text, level, 4)).text == text) << level;
  }
  const std::string stored = compress(text, 3, 0, 1000);
  for (const std::size_t piece : {1U, 2U, 1000U}) {
    for (const std::size_t buffer : {1U, 7U, 200000U}) {
      const test::Drained drained = decompress(stored, piece, buffer);
      EXPECT_TRUE(drained.status);
      EXPECT_TRUE(drained.text == text);
    }
  }
}

TEST(Zstd, WritesOneFrameWithAChecksum) {
  const std::string stored = compress(test::compressible_text(500000, 3), 3, 2);
  EXPECT_EQ(ZSTD_findFrameCompressedSize(stored.data(), stored.size()), stored.size());
  // RFC 8878, 3.1.1.1.1: bit 2 of the byte behind the magic number.
  EXPECT_NE(static_cast<unsigned char>(stored[4]) & 4U, 0U);
}

TEST(Zstd, ReadsConcatenatedFrames) {
  const std::string one = compress("one");
  EXPECT_EQ(decompress(one + compress("two")).text, "onetwo");
  EXPECT_EQ(decompress(one + compress("") + compress("two"), 1).text, "onetwo");
}

TEST(Zstd, EveryTruncationIsCorrupt) {
  const std::string stored = compress(test::random_text(300, 4) + std::string(70000, 'x'));
  for (std::size_t size = 0; size < stored.size(); ++size) {
    const test::Drained drained = decompress(stored.substr(0, size));
    ASSERT_FALSE(drained.status) << size;
    EXPECT_EQ(drained.status.error().code, Code::kCorrupt);
  }
  // After a whole frame too.
  for (std::size_t size = 1; size < 12; ++size) {
    EXPECT_FALSE(decompress(compress("a") + stored.substr(0, size)).status) << size;
  }
}

TEST(Zstd, EveryExtensionIsCorrupt) {
  const std::string stored = compress("text");
  for (const std::string& tail :
       {std::string(1, '\0'), std::string(2, 'x'), std::string(3, 'x'), std::string(100000, 'x')}) {
    const test::Drained drained = decompress(stored + tail);
    ASSERT_FALSE(drained.status) << tail.size();
    EXPECT_EQ(drained.status.error().code, Code::kCorrupt);
  }
}

TEST(Zstd, BitFlipsNeverPassUnnoticed) {
  const unsigned seed = test::fresh_seed();
  SCOPED_TRACE("PGDR_SEED=" + std::to_string(seed));
  std::mt19937 random(seed);
  const std::string text = test::compressible_text(100000, 5);
  const std::string stored = compress(text);
  int accepted = 0;
  for (int i = 0; i < 400; ++i) {
    std::string bad = stored;
    const std::size_t at = random() % bad.size();
    bad[at] = static_cast<char>(bad[at] ^ (1 << (random() % 8)));
    const test::Drained drained = decompress(bad);
    // A flip in a header bit that says nothing about content may pass; other content may not.
    if (drained.status) {
      ++accepted;
      EXPECT_TRUE(drained.text == text) << at;
    }
  }
  EXPECT_LT(accepted, 20);
}

TEST(Zstd, RefusesAWindowThatWouldTakeTooMuchMemory) {
  ZSTD_CCtx* ctx = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(ctx, ZSTD_c_windowLog, 27);
  std::string stored(1000, '\0');
  ZSTD_inBuffer in{"x", 1, 0};
  ZSTD_outBuffer out{stored.data(), stored.size(), 0};
  ZSTD_compressStream2(ctx, &out, &in, ZSTD_e_flush);
  ASSERT_EQ(ZSTD_compressStream2(ctx, &out, &in, ZSTD_e_end), 0U);
  ZSTD_freeCCtx(ctx);
  stored.resize(out.pos);
  EXPECT_EQ(decompress(stored).status.error().code, Code::kCorrupt);
}

TEST(Zstd, LevelsOutsideTheSafeRangeAreRefused) {
  std::string out;
  const auto sink = memory_sink(out);
  for (const int level : {-1, 0, 13, 22}) {
    EXPECT_EQ(zstd_sink(*sink, level, 0).error().code, Code::kUsage) << level;
  }
  EXPECT_EQ(zstd_sink(*sink, 3, -1).error().code, Code::kUsage);
  EXPECT_EQ(zstd_sink(*sink, 3, 65).error().code, Code::kUsage);
}

TEST(Zstd, AFailingSinkAtEveryByteFailsTheStream) {
  const std::string text = test::random_text(200000, 6);
  const std::string stored = compress(text);
  for (const int workers : {0, 2}) {
    for (std::size_t good = 0; good < stored.size(); good += stored.size() / 7 + 1) {
      test::FailingSink sink(good);
      auto zstd = zstd_sink(sink, 3, workers);
      Status status = (*zstd)->write(bytes_of(text));
      if (status) status = (*zstd)->finish();
      ASSERT_FALSE(status) << good;
      EXPECT_EQ(status.error().code, Code::kNoSpace);
      EXPECT_FALSE(sink.finished());
    }
  }
}

TEST(Zstd, AFailingSourceIsPassedOn) {
  const std::string stored = compress(test::random_text(200000, 7));
  test::FailingSource source(stored, stored.size() / 2);
  auto zstd = zstd_source(source);
  EXPECT_EQ(test::drain(**zstd).status.error().message, "injected");
}

TEST(Hash, KnownAnswers) {  // FIPS 180-4 examples
  const auto digest = [](const std::string& text) {
    auto hash = hash_sink(nullptr);
    EXPECT_TRUE(hash->write(bytes_of(text)));
    EXPECT_TRUE(hash->finish());
    EXPECT_EQ(hash->digest().bytes, text.size());
    return hash->digest().sha256;
  };
  EXPECT_EQ(digest(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest(std::string(1000000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Hash, SinkAndSourceAgreeAndPassEverything) {
  const std::string text = test::random_text(200001, 8);
  std::string out;
  const auto memory = memory_sink(out);
  const auto sink = hash_sink(memory.get());
  test::DribblingSource from(text, 1000, 9);
  const auto source = hash_source(from);
  EXPECT_EQ(*copy_all(*source, *sink), text.size());
  EXPECT_EQ(sink->bytes(), text.size());
  EXPECT_TRUE(sink->digest().sha256.empty());  // not before finish()
  EXPECT_TRUE(sink->finish());
  EXPECT_TRUE(out == text);
  EXPECT_EQ(sink->digest().sha256.size(), 64U);
  EXPECT_EQ(sink->digest().sha256, source->digest().sha256);
  EXPECT_EQ(source->digest().bytes, text.size());

  test::FailingSink failing(10);
  const auto passes_on = hash_sink(&failing);
  EXPECT_FALSE(passes_on->write(bytes_of(text)));
}

TEST(Tee, WritesToAllAndFailsWithTheFirst) {
  std::string a;
  std::string b;
  const auto to_a = memory_sink(a);
  const auto to_b = memory_sink(b);
  test::FailingSink small(5);
  const auto both = tee_sink({to_a.get(), to_b.get()});
  EXPECT_TRUE(both->write(bytes_of("text")));
  EXPECT_TRUE(both->finish());
  EXPECT_EQ(a, "text");
  EXPECT_EQ(b, "text");
  const auto failing = tee_sink({to_a.get(), &small});
  EXPECT_TRUE(failing->write(bytes_of("12345")));
  EXPECT_EQ(failing->write(bytes_of("6")).error().code, Code::kNoSpace);

  test::FailingSink first(100);
  test::FailingSink broken(100, true);
  test::FailingSink last(100);
  EXPECT_FALSE(tee_sink({&first, &broken, &last})->finish());
  EXPECT_TRUE(first.finished());
  EXPECT_FALSE(last.finished());  // stays incomplete, so that nobody takes it for good
}

TEST(Memory, ReadsInPieces) {
  const auto source = memory_source("abc");
  EXPECT_EQ(test::drain(*source, 2).text, "abc");
}

}  // namespace
}  // namespace pgdr::pipe
