// The store contract on the tests' own S3 server, Amazon's and Google's way, and what Google's way
// must not send.
#include "fault/s3_fake.hpp"
#include "store/s3/s3.hpp"
#include "unit/store_content.hpp"
#include "unit/store_contract.hpp"

namespace pgdr::test {
namespace {

using store::Store;
using store::StoreContract;
using store::StoreMaker;

class FakePlace : public store::StoreFixture {
 public:
  explicit FakePlace(bool google) { fake_.google = google; }
  std::unique_ptr<Store> open() override {
    store::S3Options options = fake_.options();
    options.config.part_size_mib = 5;
    return store::open_s3(std::move(options)).value();
  }
  S3Fake& fake() { return fake_; }

 private:
  S3Fake fake_;
};

INSTANTIATE_TEST_SUITE_P(
    S3Fake, StoreContract,
    testing::Values(StoreMaker{"amazon", [] { return std::make_unique<FakePlace>(false); }},
                    StoreMaker{"google", [] { return std::make_unique<FakePlace>(true); }}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Gcs, LargeObjectsAreStoredInParts) {
  FakePlace place(true);
  const auto store = place.open();
  const std::string content = content_of(12U << 20U);
  const Status written = store::write_text(*store, "large", content);
  ASSERT_TRUE(written) << to_string(written.error());
  EXPECT_EQ(place.fake().count("PUT /bucket/backups/large partNumber"), 3U);
  EXPECT_TRUE(*read_back(*store, "large", 5U << 20U) == content.substr(5U << 20U));
  // Known by its content, as its entity tag says nothing.
  EXPECT_TRUE(store::write_text(*store, "large", content));
  EXPECT_EQ(store::write_text(*store, "large", content_of(12U << 20U, 2)).error().code,
            Code::kExists);
}

TEST(Gcs, ARaceIsCaughtByTheGeneration) {
  FakePlace place(true);
  const auto store = place.open();
  place.fake().after = [&](const ServerRequest& request, ServerResponse& response) {
    if (request.method == "HEAD" && response.status == 404) place.fake().put("backups/a", "theirs");
  };
  const Status written = store::write_text(*store, "a", "ours");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, Code::kExists);
  EXPECT_EQ(*place.fake().content("backups/a"), "theirs");
}

TEST(Gcs, SendsGooglesHeaders) {
  FakePlace place(true);
  store::S3Options options = place.fake().options();
  options.config.storage_class = "NEARLINE";
  options.config.kms_key_id = "projects/p/locations/l/keyRings/r/cryptoKeys/k";
  auto store = store::open_s3(options);
  ASSERT_TRUE(store);
  EXPECT_EQ((*store)->location(), "gs://bucket/backups");
  ASSERT_TRUE(store::write_text(**store, "a", "x"));
  auto headers = place.fake().headers_of("backups/a");
  EXPECT_EQ(headers["x-goog-storage-class"], "NEARLINE");
  EXPECT_EQ(headers["x-goog-encryption-kms-key-name"],
            "projects/p/locations/l/keyRings/r/cryptoKeys/k");
  EXPECT_EQ(headers["x-goog-if-generation-match"], "0");
}

TEST(Gcs, ALockIsTakenOverByItsGeneration) {
  FakePlace place(true);
  place.fake().age_of_objects = std::chrono::minutes(11);
  place.fake().put("backups/.lock-set",
                   "{\"format\":\"pgdr-lock\",\"token\":\"t\",\"owner\":\"o\"}");
  place.fake().age_of_objects = {};
  const auto lease = place.open()->lock("set");
  ASSERT_TRUE(lease) << to_string(lease.error());
  EXPECT_EQ(place.open()->lock("set").error().code, Code::kLocked);
}

}  // namespace
}  // namespace pgdr::test
