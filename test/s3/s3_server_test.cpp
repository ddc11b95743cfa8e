// The S3 store on a real server: the conformance suite over http and https, path-style and
// virtual-host addressing, multipart uploads, object lock. test/s3/run brings the server up.
#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <cstdlib>

#include "store/open_store.hpp"
#include "store/s3/s3.hpp"
#include "unit/store_content.hpp"
#include "unit/store_contract.hpp"

namespace pgdr::test {
namespace {

using store::Store;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr)
    throw std::runtime_error(std::string(name) + " is not set: use test/s3/run");
  return value;
}

// A prefix of its own for each test, in one bucket.
std::string fresh_prefix() {
  static std::atomic<int> n{0};
  return "test/" + std::to_string(getpid()) + "-" + std::to_string(++n);
}

store::S3Options options_for(const std::string& prefix) {
  S3Config config;
  config.bucket = variable("PGDR_S3_BUCKET");
  config.prefix = prefix;
  config.endpoint = variable("PGDR_S3_ENDPOINT");
  config.part_size_mib = 5;
  store::S3Options options = store::s3_options(config);
  options.lock_settle = std::chrono::milliseconds(100);
  return options;
}

std::unique_ptr<Store> open(store::S3Options options) {
  auto store = store::open_s3(std::move(options));
  EXPECT_TRUE(store) << to_string(store.error());
  return store ? std::move(*store) : nullptr;
}

class PlainPlace : public store::StoreFixture {
 public:
  std::unique_ptr<Store> open() override { return test::open(options_for(prefix_)); }

 private:
  std::string prefix_ = fresh_prefix();
};

// https with the server's own authority, and the bucket in the host name.
class VirtualHostPlace : public store::StoreFixture {
 public:
  std::unique_ptr<Store> open() override {
    store::S3Options options = options_for(prefix_);
    const std::string url = variable("PGDR_S3_ENDPOINT_TLS");
    const std::string port = url.substr(url.rfind(':') + 1);
    const std::string host = "s3.pgdr.test";
    options.config.endpoint = "https://" + host + ":" + port;
    options.config.path_style = false;
    options.http.ca_file = variable("PGDR_S3_CA_FILE");
    options.http.resolve = {options.config.bucket + "." + host + ":" + port + ":127.0.0.1"};
    return test::open(std::move(options));
  }

 private:
  std::string prefix_ = fresh_prefix();
};

using store::StoreContract;
INSTANTIATE_TEST_SUITE_P(
    S3, StoreContract,
    testing::Values(store::StoreMaker{"path", [] { return std::make_unique<PlainPlace>(); }},
                    store::StoreMaker{"virtual_host_tls",
                                      [] { return std::make_unique<VirtualHostPlace>(); }}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(S3Server, AnUnknownAuthorityIsRefused) {
  store::S3Options options = options_for(fresh_prefix());
  options.config.endpoint = variable("PGDR_S3_ENDPOINT_TLS");
  const auto listed = open(std::move(options))->list("");
  ASSERT_FALSE(listed);
  EXPECT_FALSE(listed.error().retryable);
  EXPECT_NE(listed.error().hint.find("ca_file"), std::string::npos) << to_string(listed.error());
}

TEST(S3Server, ACertificateForAnotherNameIsRefused) {
  store::S3Options options = options_for(fresh_prefix());
  const std::string url = variable("PGDR_S3_ENDPOINT_TLS");
  const std::string port = url.substr(url.rfind(':') + 1);
  options.config.endpoint = "https://elsewhere.test:" + port;
  options.http.ca_file = variable("PGDR_S3_CA_FILE");
  options.http.resolve = {"elsewhere.test:" + port + ":127.0.0.1"};
  const auto listed = open(std::move(options))->list("");
  ASSERT_FALSE(listed);
  EXPECT_FALSE(listed.error().retryable);
}

TEST(S3Server, KeepsLargeObjectsInParts) {
  const auto store = open(options_for(fresh_prefix()));
  const std::string content = content_of((33U << 20U) + 12345);
  ASSERT_TRUE(store::write_text(*store, "set/large", content));
  EXPECT_TRUE(*read_back(*store, "set/large") == content);
  EXPECT_TRUE(*read_back(*store, "set/large", 20000000) == content.substr(20000000));
  EXPECT_TRUE(store::write_text(*store, "set/large", content));  // the same: no error
  std::string other = content;
  other.back() = static_cast<char>(other.back() + 1);
  const Status status = store::write_text(*store, "set/large", other);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kExists);
  EXPECT_TRUE(store->leftovers("")->empty());
  EXPECT_TRUE(*read_back(*store, "set/large") == content);
}

TEST(S3Server, AbortsWhatIsNotFinished) {
  const auto store = open(options_for(fresh_prefix()));
  {
    auto upload = store->create("set/large");
    ASSERT_TRUE(upload);
    ASSERT_TRUE((*upload)->write(bytes_of(content_of(12U << 20U))));
    const auto leftovers = store->leftovers("set/");
    ASSERT_TRUE(leftovers) << to_string(leftovers.error());
    ASSERT_EQ(leftovers->size(), 1U);
    EXPECT_TRUE(leftovers->front().key.starts_with("set/large"));
    EXPECT_LT(std::chrono::abs(system_clock().now() - leftovers->front().modified),
              std::chrono::minutes(5));
    EXPECT_TRUE(store->remove_leftover(leftovers->front()));
    EXPECT_FALSE((*upload)->finish());
  }
  EXPECT_TRUE(store->leftovers("")->empty());
  EXPECT_FALSE(*store->stat("set/large"));
}

TEST(S3Server, ListsMoreThanAPage) {
  const auto store = open(options_for(fresh_prefix()));
  constexpr int kObjects = 1050;
  for (int i = 0; i < kObjects; ++i) {
    ASSERT_TRUE(store::write_text(*store, "many/" + std::to_string(100000 + i), ""));
  }
  const auto listed = store->list("many/");
  ASSERT_TRUE(listed) << to_string(listed.error());
  EXPECT_EQ(listed->size(), static_cast<std::size_t>(kObjects));
  EXPECT_TRUE(std::is_sorted(listed->begin(), listed->end(),
                             [](const auto& a, const auto& b) { return a.key < b.key; }));
}

TEST(S3Server, UsesTheStorageClass) {
  store::S3Options options = options_for(fresh_prefix());
  options.config.storage_class = "STANDARD_IA";
  ASSERT_TRUE(store::write_text(*open(options), "a", "x"));
  options.config.storage_class = "NO_SUCH_CLASS";
  EXPECT_FALSE(store::write_text(*open(options), "b", "x"));
}

TEST(S3Server, LocksObjectsAgainstRemoval) {
  store::S3Options options = options_for(fresh_prefix());
  options.config.bucket = variable("PGDR_S3_LOCKED_BUCKET");
  options.config.object_lock_mode = "GOVERNANCE";
  options.config.object_lock_days = 1;
  const auto store = open(options);
  const Status status = store::write_text(*store, "a", "x");
  ASSERT_TRUE(status) << to_string(status.error());
  const Status large = store::write_text(*store, "large", content_of(6U << 20U));
  ASSERT_TRUE(large) << to_string(large.error());
  EXPECT_EQ(*store::read_text(*store, "a"), "x");
}

TEST(S3Server, WrongKeysAndBucketsAreNamed) {
  store::S3Options options = options_for(fresh_prefix());
  options.config.bucket = "no-such-bucket";
  EXPECT_EQ(open(options)->stat("a").error().code, Code::kRepositoryMissing);
  options = options_for(fresh_prefix());
  options.credentials.environment = [](const char* name) -> std::string {
    return std::string(name) == "AWS_ACCESS_KEY_ID" ? variable(name) : "wrong";
  };
  const auto listed = open(options)->list("");
  ASSERT_FALSE(listed);
  EXPECT_NE(listed.error().message.find("SignatureDoesNotMatch"), std::string::npos)
      << to_string(listed.error());
}

TEST(S3Server, OpensFromAConfiguration) {
  RepositoryConfig repository;
  repository.name = "remote";
  repository.type = "s3";
  repository.s3 = options_for(fresh_prefix()).config;
  const auto store = store::open_store(repository);
  ASSERT_TRUE(store) << to_string(store.error());
  EXPECT_EQ((*store)->location(), "s3://" + repository.s3.bucket + "/" + repository.s3.prefix);
  EXPECT_TRUE((*store)->list("")->empty());
  EXPECT_FALSE(*(*store)->free_space());
}

}  // namespace
}  // namespace pgdr::test
