#include "base/result.hpp"

#include <vector>

#include <gtest/gtest.h>

#include "streams.hpp"

namespace pgdr {
namespace {

// The table of DESIGN and doc/exit-codes, line by line.
TEST(ExitCode, FollowsTheTable) {
  EXPECT_EQ(exit_code(Code::kFailed), 1);
  EXPECT_EQ(exit_code(Code::kUsage), 2);
  EXPECT_EQ(exit_code(Code::kPartial), 3);
  EXPECT_EQ(exit_code(Code::kDatabaseUnreachable), 4);
  EXPECT_EQ(exit_code(Code::kProtected), 5);
  EXPECT_EQ(exit_code(Code::kMismatch), 9);
  EXPECT_EQ(exit_code(Code::kRepositoryMissing), 10);
  EXPECT_EQ(exit_code(Code::kLocked), 11);
  EXPECT_EQ(exit_code(Code::kNoKey), 12);
  EXPECT_EQ(exit_code(Code::kInterrupted), 130);
  EXPECT_EQ(exit_code(Code::kNotFound), 1);
  EXPECT_EQ(exit_code(Code::kExists), 1);
  EXPECT_EQ(exit_code(Code::kCorrupt), 1);
  EXPECT_EQ(exit_code(Code::kNoSpace), 1);
}

TEST(ExitCode, OfSeveralTheGravestDecides) {
  const std::vector<Code> gravest_first = {Code::kInterrupted,
                                           Code::kMismatch,
                                           Code::kFailed,
                                           Code::kProtected,
                                           Code::kRepositoryMissing,
                                           Code::kNoKey,
                                           Code::kDatabaseUnreachable,
                                           Code::kLocked,
                                           Code::kUsage,
                                           Code::kPartial};
  for (std::size_t i = 0; i < gravest_first.size(); ++i) {
    for (std::size_t j = 0; j < gravest_first.size(); ++j) {
      EXPECT_EQ(graver(gravest_first[i], gravest_first[j]), i < j);
    }
  }
  EXPECT_FALSE(graver(Code::kCorrupt, Code::kFailed));  // one number: neither
  EXPECT_FALSE(graver(Code::kFailed, Code::kCorrupt));
}

TEST(Error, ContextKeepsEverythingButTheMessage) {
  Error error = Error::of(Code::kLocked, "held by 17", "wait for it");
  error.sqlstate = "55P03";
  error.retryable = true;
  const Error outer = error.context("backup of prompt69");
  EXPECT_EQ(outer.message, "backup of prompt69: held by 17");
  EXPECT_EQ(outer.code, Code::kLocked);
  EXPECT_EQ(outer.hint, "wait for it");
  EXPECT_EQ(outer.sqlstate, "55P03");
  EXPECT_TRUE(outer.retryable);
}

TEST(Error, ToStringPrintsTheChain) {
  Error error = Error::of(Code::kFailed, "a");
  error.cause = std::make_shared<const Error>(Error::of(Code::kFailed, "b"));
  EXPECT_EQ(to_string(error), "a: b");
  EXPECT_EQ(to_string(Error::of(Code::kFailed, "alone", "not shown")), "alone");
}

Result<int> half(int n) {
  if (n % 2 != 0) return Error::of(Code::kUsage, "odd");
  return n / 2;
}
Result<int> quarter(int n) {
  PGDR_TRY(const int h, half(n));
  PGDR_CHECK(half(h));
  return h / 2;
}

TEST(Result, TryAndCheckReturnTheFirstError) {
  EXPECT_EQ(*quarter(8), 2);
  EXPECT_EQ(quarter(7).error().message, "odd");
  EXPECT_EQ(quarter(6).error().message, "odd");
}

TEST(ReadFull, FillsAcrossShortReadsAndStopsAtTheEnd) {
  const std::string text = test::random_text(10000, 1);
  test::DribblingSource source(text, 7, 2);
  std::string buffer(6000, '\0');
  EXPECT_EQ(*read_full(source, std::as_writable_bytes(std::span(buffer))), 6000U);
  EXPECT_EQ(buffer, text.substr(0, 6000));
  EXPECT_EQ(*read_full(source, std::as_writable_bytes(std::span(buffer))), 4000U);
  EXPECT_EQ(buffer.substr(0, 4000), text.substr(6000));
}

TEST(CopyAll, CopiesCountsAndReportsBothSides) {
  const std::string text = test::random_text(700000, 3);
  test::DribblingSource source(text, 100000, 4);
  test::FailingSink sink(text.size());
  EXPECT_EQ(*copy_all(source, sink), text.size());
  EXPECT_FALSE(sink.finished());  // that is the caller's to decide

  test::DribblingSource again(text, 100000, 4);
  test::FailingSink small(text.size() - 1);
  EXPECT_EQ(copy_all(again, small).error().code, Code::kNoSpace);

  test::FailingSource broken(text, 1000);
  test::FailingSink fine(text.size());
  EXPECT_EQ(copy_all(broken, fine).error().message, "injected");
}

}  // namespace
}  // namespace pgdr
