#include <gtest/gtest.h>

#include "config/config.hpp"

namespace pgdr {
namespace {

Result<Config> parse_s3(const std::string& keys) {
  return parse_config("version = 1\n[repository.remote]\ntype = \"s3\"\n" + keys, "test.toml");
}

TEST(ConfigS3, ReadsEveryKey) {
  const auto config = parse_s3(R"(
bucket = "backups"
prefix = "prod/pg/"
endpoint = "https://s3.example.com:9000/"
region = "eu-central-1"
path_style = false
storage_class = "STANDARD_IA"
server_side_encryption = "aws:kms"
kms_key_id = "arn:aws:kms:eu-central-1:1:key/ab-cd"
object_lock_mode = "COMPLIANCE"
object_lock_days = 30
credentials_file = "/etc/pgdr/s3.keys"
profile = "backup"
ca_file = "/etc/pgdr/ca.pem"
parts_in_flight = 8
part_size_mib = 16
bandwidth_limit = "50MiB/s"
)");
  ASSERT_TRUE(config) << to_string(config.error());
  const S3Config& s3 = config->repositories.at("remote").s3;
  EXPECT_EQ(s3.bucket, "backups");
  EXPECT_EQ(s3.prefix, "prod/pg");
  EXPECT_EQ(s3.endpoint, "https://s3.example.com:9000");
  EXPECT_EQ(s3.region, "eu-central-1");
  EXPECT_EQ(s3.path_style, false);
  EXPECT_EQ(s3.storage_class, "STANDARD_IA");
  EXPECT_EQ(s3.server_side_encryption, "aws:kms");
  EXPECT_EQ(s3.kms_key_id, "arn:aws:kms:eu-central-1:1:key/ab-cd");
  EXPECT_EQ(s3.object_lock_mode, "COMPLIANCE");
  EXPECT_EQ(s3.object_lock_days, 30);
  EXPECT_EQ(s3.credentials_file, "/etc/pgdr/s3.keys");
  EXPECT_EQ(s3.profile, "backup");
  EXPECT_EQ(s3.ca_file, "/etc/pgdr/ca.pem");
  EXPECT_EQ(s3.parts_in_flight, 8);
  EXPECT_EQ(s3.part_size_mib, 16);
  EXPECT_EQ(config->repositories.at("remote").bandwidth_limit, std::uint64_t{50} << 20U);
}

TEST(ConfigS3, NeedsOnlyABucket) {
  const auto config = parse_s3("bucket = \"b-1\"");
  ASSERT_TRUE(config) << to_string(config.error());
  const S3Config& s3 = config->repositories.at("remote").s3;
  EXPECT_EQ(s3.path_style, std::nullopt);
  EXPECT_EQ(s3.parts_in_flight, 4);
  EXPECT_EQ(s3.part_size_mib, 8);
}

TEST(ConfigS3, RefusesWhatIsWrong) {
  const std::string good = "bucket = \"b-1\"\n";
  const std::pair<std::string, std::string> cases[] = {
      {"", "lacks 'bucket'"},
      {good + "bucked = \"x\"", "did you mean 'bucket'?"},
      {good + "path = \"/x\"", "unknown key 'path'"},
      {"bucket = \"s3://b/x\"", "no name of a bucket"},
      {good + "prefix = \"/a\"", "prefix"},
      {good + "prefix = \"a/../b\"", "prefix"},
      {good + "endpoint = \"s3.example.com\"", "endpoint"},
      {good + "endpoint = \"https://s3.example.com/path\"", "endpoint"},
      {good + "endpoint = \"https://user:pw@host\"", "endpoint"},
      {good + "endpoint = \"http://s3.example.com\"", "not encrypted"},
      {good + "region = \"EU Central\"", "region"},
      {good + "server_side_encryption = \"yes\"", "server_side_encryption"},
      {good + "kms_key_id = \"k\"", "kms_key_id"},
      {good + "object_lock_days = 3", "object_lock_mode"},
      {good + "storage_class = \"A\\r\\nX: y\"", "storage class"},
      {good + "credentials_file = \"keys\"", "absolute"},
      {good + "part_size_mib = 4", "part_size_mib"},
      {good + "parts_in_flight = 0", "parts_in_flight"},
      {good + "bandwidth_limit_mib = 5", "did you mean 'bandwidth_limit'?"},
      {good + "path_style = \"yes\"", "path_style"}};
  for (const auto& [keys, word] : cases) {
    const auto config = parse_s3(keys);
    ASSERT_FALSE(config) << keys;
    EXPECT_EQ(config.error().code, Code::kUsage);
    EXPECT_NE(config.error().message.find(word), std::string::npos)
        << keys << ": " << config.error().message;
  }
}

TEST(ConfigS3, PlainHttpOnlyAtHomeOrWhenSaid) {
  EXPECT_TRUE(parse_s3("bucket = \"b-1\"\nendpoint = \"http://127.0.0.1:9000\""));
  EXPECT_TRUE(parse_s3("bucket = \"b-1\"\nendpoint = \"http://s3.lan\"\nallow_http = true"));
}

TEST(ConfigS3, TwoRepositoriesAreTwoPlaces) {
  const std::string second = "\n[repository.two]\ntype = \"s3\"\nbucket = \"b-1\"\n";
  EXPECT_FALSE(parse_s3("bucket = \"b-1\"" + second));
  EXPECT_TRUE(parse_s3("bucket = \"b-1\"\nprefix = \"x\"" + second));
  EXPECT_TRUE(parse_s3("bucket = \"b-1\"\nendpoint = \"https://other.example\"" + second));
}

}  // namespace
}  // namespace pgdr
