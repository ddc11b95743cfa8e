// Repositories as `pgdr init` takes and writes them.
#include "app/init/init_place.hpp"

#include <gtest/gtest.h>

#include "app/init/init_plan.hpp"

namespace pgdr::app {
namespace {

RepositoryConfig parsed(const std::string& place) {
  const auto repository = parse_place("remote", place);
  EXPECT_TRUE(repository) << to_string(repository.error());
  return repository ? *repository : RepositoryConfig();
}

TEST(InitPlace, ReadsSftp) {
  const SftpConfig sftp =
      parsed("sftp://pgdr@backup.example.com:2222/srv/b?identity_file=/k&known_hosts_file=/h").sftp;
  EXPECT_EQ(sftp.user, "pgdr");
  EXPECT_EQ(sftp.host, "backup.example.com");
  EXPECT_EQ(sftp.port, 2222);
  EXPECT_EQ(sftp.path, "/srv/b");
  EXPECT_EQ(sftp.identity_file, "/k");
  EXPECT_EQ(sftp.known_hosts_file, "/h");
  EXPECT_EQ(parsed("sftp://h/~/b").sftp.path, "b");
  EXPECT_EQ(parsed("sftp://u@[::1]:2222/b").sftp.host, "::1");
}

TEST(InitPlace, ReadsBuckets) {
  const RepositoryConfig s3 = parsed(
      "s3://backups/prod/db1/?endpoint=https://s3.example.com&part_size_mib=16&path_style=false");
  EXPECT_EQ(s3.type, "s3");
  EXPECT_EQ(s3.s3.bucket, "backups");
  EXPECT_EQ(s3.s3.prefix, "prod/db1");
  EXPECT_EQ(s3.s3.endpoint, "https://s3.example.com");
  EXPECT_EQ(s3.s3.part_size_mib, 16);
  EXPECT_EQ(s3.s3.path_style, false);
  const RepositoryConfig gcs = parsed("gs://backups?credentials_file=/k");
  EXPECT_EQ(gcs.type, "gcs");
  EXPECT_TRUE(gcs.s3.google);
  EXPECT_EQ(parsed("rclone:b2:backups/db1").rclone.path, "b2:backups/db1");
  EXPECT_EQ(parsed("/a/").path, "/a");
}

TEST(InitPlace, RefusesWhatTheConfigurationWould) {
  for (const char* place :
       {"", "relative", "ftp://h/x", "sftp://", "sftp://h", "sftp:///x", "sftp://h:port/x",
        "sftp://h/x?port", "sftp://h/x?port=1&port=2", "sftp://h:1/x?port=2", "sftp://h/x?bogus=1",
        "s3://", "s3://bucket?part_size_mib=many", "gs://bucket", "rclone:", "rclone:/x",
        "s3://bucket?endpoint=http://elsewhere.example.com"}) {
    const auto repository = parse_place("remote", place);
    ASSERT_FALSE(repository) << place;
    EXPECT_EQ(repository.error().code, Code::kUsage) << place;
    EXPECT_EQ(repository.error().message.find(":3:"), std::string::npos) << "a line of no file";
  }
}

TEST(InitPlace, NeverRepeatsAPassword) {
  const auto repository = parse_place("remote", "sftp://u:hunter2@h/x");
  ASSERT_FALSE(repository);
  EXPECT_EQ((repository.error().message + repository.error().hint).find("hunter2"),
            std::string::npos);
}

// What is written is read back as the same.
TEST(InitPlace, WritesWhatItRead) {
  for (const char* place :
       {"/var/b", "sftp://pgdr@h:2222/srv/b?identity_file=/k&known_hosts_file=/h", "sftp://h/~/b",
        "s3://bucket/p/q?endpoint=http://"
        "127.0.0.1:9000&region=eu-1&path_style=true&storage_class=X_IA&"
        "server_side_encryption=aws:kms&kms_key_id=k&object_lock_mode=GOVERNANCE&object_lock_days="
        "3&"
        "credentials_file=/c&profile=p&ca_file=/ca&parts_in_flight=2&part_size_mib=16&"
        "bandwidth_limit=5MiB/s",
        "gs://bucket?profile=p&kms_key_id=projects/p/k&storage_class=NEARLINE",
        "rclone:b2:x/y?program=/r&config_file=/c", "sftp://h/x?bandwidth_limit=10MiB/s"}) {
    const auto first = parse_place("a.b", place);
    ASSERT_TRUE(first) << place << ": " << to_string(first.error());
    const std::string text = repository_text(*first);
    const auto config = parse_config("version = 1\n" + text, "f");
    ASSERT_TRUE(config) << text << to_string(config.error());
    EXPECT_EQ(repository_text(config->repositories.at("a.b")), text);
    EXPECT_EQ(repository_place(config->repositories.at("a.b")), repository_place(*first));
  }
}

TEST(InitPlace, NamesByType) {
  const auto several =
      parse_repositories({"/a", "sftp://h/x", "off=s3://bucket/p?region=r", "rclone:r:x"});
  ASSERT_TRUE(several) << to_string(several.error());
  ASSERT_EQ(several->size(), 4U);
  EXPECT_EQ((*several)[0].name, "local");
  EXPECT_EQ((*several)[1].name, "sftp2");
  EXPECT_EQ((*several)[2].name, "off");
  EXPECT_EQ((*several)[3].name, "rclone4");
  EXPECT_FALSE(parse_repositories({"sftp://h/x", "b=sftp://h/x"}));
}

}  // namespace
}  // namespace pgdr::app
