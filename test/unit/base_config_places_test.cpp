// [repository.NAME] of types sftp, gcs and rclone: every key, and wrong input.
#include <gtest/gtest.h>

#include "config/config.hpp"

namespace pgdr {
namespace {

Result<Config> parse_place(const std::string& type, const std::string& keys) {
  return parse_config("version = 1\n[repository.remote]\ntype = \"" + type + "\"\n" + keys,
                      "test.toml");
}

void refuses(const std::string& type, const std::string& keys, const std::string& word) {
  const auto config = parse_place(type, keys);
  ASSERT_FALSE(config) << keys;
  EXPECT_EQ(config.error().code, Code::kUsage);
  const std::string text = config.error().message + " " + config.error().hint;
  EXPECT_NE(text.find(word), std::string::npos) << text;
  EXPECT_NE(text.find("test.toml:"), std::string::npos) << text;
}

TEST(ConfigSftp, ReadsEveryKey) {
  const auto config = parse_place("sftp", R"(
host = "backup.example.com"
port = 2222
user = "pgdr"
path = "/srv/backups/db1/"
identity_file = "/etc/pgdr/id_ed25519"
known_hosts_file = "/etc/pgdr/known_hosts"
bandwidth_limit = "10 MiB/s"
)");
  ASSERT_TRUE(config) << to_string(config.error());
  const SftpConfig& sftp = config->repositories.at("remote").sftp;
  EXPECT_EQ(sftp.host, "backup.example.com");
  EXPECT_EQ(sftp.port, 2222);
  EXPECT_EQ(sftp.user, "pgdr");
  EXPECT_EQ(sftp.path, "/srv/backups/db1");
  EXPECT_EQ(sftp.identity_file, "/etc/pgdr/id_ed25519");
  EXPECT_EQ(sftp.known_hosts_file, "/etc/pgdr/known_hosts");
}

TEST(ConfigSftp, APathMayBeRelativeToTheHome) {
  const auto config = parse_place("sftp", "host = \"h\"\npath = \"~/backups\"");
  ASSERT_TRUE(config) << to_string(config.error());
  EXPECT_EQ(config->repositories.at("remote").sftp.path, "backups");
}

TEST(ConfigSftp, RefusesWrongInput) {
  refuses("sftp", "path = \"/a\"", "lacks 'host'");
  refuses("sftp", "host = \"h\"", "lacks 'path'");
  refuses("sftp", "host = \"-oProxyCommand=x\"\npath = \"/a\"", "is no host");
  refuses("sftp", "host = \"user@h\"\npath = \"/a\"", "is no host");
  refuses("sftp", "host = \"h\"\nport = 70000\npath = \"/a\"", "port");
  refuses("sftp", "host = \"h\"\nuser = \"a@b\"\npath = \"/a\"", "account");
  refuses("sftp", "host = \"h\"\npath = \"/\"", "no folder");
  refuses("sftp", "host = \"h\"\npath = \"/a/../b\"", "no folder");
  refuses("sftp", "host = \"h\"\npath = \"/a\"\nidentity_file = \"key\"", "absolute");
  refuses("sftp", "host = \"h\"\npath = \"/a\"\npassword = \"x\"", "password");
  refuses("sftp", "host = \"h\"\npath = \"/a\"\nknown_host_file = \"/x\"", "known_hosts_file");
}

TEST(ConfigGcs, ReadsEveryKey) {
  const auto config = parse_place("gcs", R"(
bucket = "backups"
prefix = "prod"
storage_class = "NEARLINE"
kms_key_id = "projects/p/locations/l/keyRings/r/cryptoKeys/k"
credentials_file = "/etc/pgdr/gcs.keys"
ca_file = "/etc/pgdr/ca.pem"
parts_in_flight = 2
part_size_mib = 32
)");
  ASSERT_TRUE(config) << to_string(config.error());
  const S3Config& gcs = config->repositories.at("remote").s3;
  EXPECT_TRUE(gcs.google);
  EXPECT_EQ(gcs.bucket, "backups");
  EXPECT_EQ(gcs.storage_class, "NEARLINE");
  EXPECT_EQ(gcs.kms_key_id, "projects/p/locations/l/keyRings/r/cryptoKeys/k");
  EXPECT_EQ(gcs.credentials_file, "/etc/pgdr/gcs.keys");
  EXPECT_EQ(gcs.part_size_mib, 32);
}

TEST(ConfigGcs, RefusesWhatGoogleDoesNotHave) {
  const std::string good = "bucket = \"backups\"\ncredentials_file = \"/k\"\n";
  ASSERT_TRUE(parse_place("gcs", good));
  refuses("gcs", "bucket = \"backups\"", "gcloud storage hmac create");
  refuses("gcs", good + "region = \"europe\"", "region");
  refuses("gcs", good + "object_lock_mode = \"GOVERNANCE\"\nobject_lock_days = 3", "object_lock");
  refuses("gcs", good + "server_side_encryption = \"AES256\"", "server_side_encryption");
  refuses("gcs", good + "endpoint = \"http://elsewhere.example.com\"", "not encrypted");
}

TEST(ConfigRclone, ReadsEveryKey) {
  const auto config = parse_place("rclone", R"(
path = "b2:backups/db1/"
program = "/opt/rclone/rclone"
config_file = "/etc/pgdr/rclone.conf"
)");
  ASSERT_TRUE(config) << to_string(config.error());
  const RcloneConfig& rclone = config->repositories.at("remote").rclone;
  EXPECT_EQ(rclone.path, "b2:backups/db1");
  EXPECT_EQ(rclone.program, "/opt/rclone/rclone");
  EXPECT_EQ(rclone.config_file, "/etc/pgdr/rclone.conf");
  EXPECT_TRUE(parse_place("rclone", "path = \"remote:\""));
  EXPECT_TRUE(parse_place("rclone", "path = \":local:/srv/backups\""));
}

TEST(ConfigRclone, RefusesWrongInput) {
  refuses("rclone", "", "lacks 'path'");
  refuses("rclone", "path = \"/srv/backups\"", "REMOTE:PATH");
  refuses("rclone", "path = \":\"", "REMOTE:PATH");
  refuses("rclone", "path = \"--config=x:y\"", "");
  refuses("rclone", "path = \":s3,secret_access_key=abc:bucket\"", "rclone's configuration");
}

TEST(ConfigPlaces, TwoInOnePlaceAreOneCopy) {
  const char* both = R"(version = 1
[repository.a]
type = "sftp"
host = "h"
path = "/x"
[repository.b]
type = "sftp"
host = "h"
path = "/x/"
)";
  const auto config = parse_config(both, "test.toml");
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().message.find("same place"), std::string::npos);
}

TEST(ConfigPlaces, AnUnknownTypeNamesTheKnownOnes) {
  refuses("ftp", "path = \"/a\"", "local, s3, gcs, sftp, rclone");
}

}  // namespace
}  // namespace pgdr
