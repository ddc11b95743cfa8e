// Removing many objects of an S3 store, where the store's answer is not what was hoped for.
#include "unit/s3_fault_fixture.hpp"

namespace pgdr::test {
namespace {

constexpr const char* kBulk = "POST /bucket delete";

class S3RemoveFault : public S3Fault {
 protected:
  // Keys "k0" …; how many.
  std::vector<std::string> filled(std::size_t count) {
    std::vector<std::string> keys;
    for (std::size_t i = 0; i < count; ++i) {
      keys.push_back("k" + std::to_string(i));
      fake_.put("backups/" + keys.back(), "x");
    }
    return keys;
  }
  // Answers the deletion of many with this document, doing nothing.
  void answer_bulk(const std::string& document) {
    fake_.instead = [=](const ServerRequest& request) -> std::optional<ServerResponse> {
      if (!request.asks("delete")) return std::nullopt;
      return ServerResponse{200, {}, document};
    };
  }
};

TEST_F(S3RemoveFault, ThousandsTakeFewRequestsOfAtMostAThousand) {
  const auto keys = filled(8100);
  EXPECT_TRUE(open()->remove_many(keys)) << "the server refuses more than 1,000 at once";
  EXPECT_EQ(fake_.count(kBulk), 9U);
  EXPECT_EQ(fake_.count("DELETE"), 0U);
  EXPECT_TRUE(open()->list("")->empty());
}

TEST_F(S3RemoveFault, AKeyThatTheAnswerRefusesIsAnError) {
  const auto keys = filled(3);
  const std::string refused =
      "<DeleteResult><Deleted><Key>backups/k0</Key></Deleted><Error><Key>backups/k1</Key><Code>"
      "AccessDenied</Code></Error><Deleted><Key>backups/k2</Key></Deleted></DeleteResult>";
  fake_.instead = [=](const ServerRequest& request) -> std::optional<ServerResponse> {
    if (request.asks("delete")) return ServerResponse{200, {}, refused};
    if (request.method == "DELETE") return S3Fake::error(403, "AccessDenied");
    return std::nullopt;
  };
  const Status gone = open()->remove_many(keys);
  ASSERT_FALSE(gone);
  EXPECT_TRUE(says(gone.error(), "k1")) << to_string(gone.error());
  EXPECT_EQ(fake_.count("DELETE"), 1U) << "the others were confirmed";
}

TEST_F(S3RemoveFault, AKeyThatFailedForNowIsTriedAgain) {
  const auto keys = filled(3);
  answer_bulk(
      "<DeleteResult><Deleted><Key>backups/k0</Key></Deleted><Error><Key>backups/k1</Key><Code>"
      "InternalError</Code></Error><Deleted><Key>backups/k2</Key></Deleted></DeleteResult>");
  EXPECT_TRUE(open()->remove_many(keys));
  EXPECT_FALSE(fake_.content("backups/k1"));
  EXPECT_EQ(fake_.count("DELETE"), 1U);
}

TEST_F(S3RemoveFault, AKeyThatTheAnswerForgetsIsRemovedAllTheSame) {
  const auto keys = filled(3);
  answer_bulk("<DeleteResult><Deleted><Key>backups/k0</Key></Deleted></DeleteResult>");
  EXPECT_TRUE(open()->remove_many(keys));
  EXPECT_FALSE(fake_.content("backups/k1"));
  EXPECT_FALSE(fake_.content("backups/k2"));
  EXPECT_EQ(fake_.count("DELETE"), 2U);
}

TEST_F(S3RemoveFault, AnObjectThatWasNotThereIsRemoved) {
  answer_bulk(
      "<DeleteResult><Error><Key>backups/k0</Key><Code>NoSuchKey</Code></Error><Deleted><Key>"
      "backups/k1</Key></Deleted></DeleteResult>");
  EXPECT_TRUE(open()->remove_many({"k0", "k1"}));
  EXPECT_EQ(fake_.count("DELETE"), 0U);
}

TEST_F(S3RemoveFault, AnAnswerThatIsNoneIsAnErrorAndNotSuccess) {
  for (const char* document :
       {"", "<DeleteResult><Deleted><Key>backups/k0</Key>", "<html>welcome</html>",
        "<DeleteResult><Deleted/></DeleteResult>", "<Error><Code>AccessDenied</Code></Error>"}) {
    const auto keys = filled(3);
    answer_bulk(document);
    EXPECT_FALSE(open()->remove_many(keys)) << document;
    EXPECT_TRUE(fake_.content("backups/k1")) << document;
  }
}

TEST_F(S3RemoveFault, AStoreThatDoesNotKnowTheRequestIsAskedOnce) {
  fake_.multi_delete = false;
  const auto store = open();
  EXPECT_TRUE(store->remove_many(filled(3)));
  EXPECT_TRUE(store->remove_many(filled(3)));
  EXPECT_EQ(fake_.count(kBulk), 1U);
  EXPECT_EQ(fake_.count("DELETE"), 6U);
  EXPECT_TRUE(store->list("")->empty());
}

TEST_F(S3RemoveFault, GoogleIsNotAskedForIt) {
  fake_.google = true;
  EXPECT_TRUE(open()->remove_many(filled(3)));
  EXPECT_EQ(fake_.count("POST"), 0U);
  EXPECT_EQ(fake_.count("DELETE"), 3U);
}

TEST_F(S3RemoveFault, ABucketThatIsNotThereIsNoSuccess) {
  auto options = fake_.options();
  options.config.bucket = "another";
  const Status gone = open(options)->remove_many({"k0", "k1"});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, Code::kRepositoryMissing);
}

}  // namespace
}  // namespace pgdr::test
