#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "base/file.hpp"
#include "store/s3/credentials.hpp"

namespace pgdr::store {
namespace {

class Credentials : public testing::Test {
 protected:
  Credentials() {
    std::string name = (std::filesystem::temp_directory_path() / "pgdr-keys-XXXXXX").string();
    folder_ = mkdtemp(name.data());
    environment_["AWS_SHARED_CREDENTIALS_FILE"] = folder_ + "/credentials";
    environment_["AWS_CONFIG_FILE"] = folder_ + "/config";
    source_.environment = [this](const char* variable) { return environment_[variable]; };
  }
  ~Credentials() override { std::filesystem::remove_all(folder_); }
  void file(const std::string& name, const std::string& text, unsigned mode = 0600) {
    ASSERT_TRUE(write_file(folder_ + "/" + name, text, mode));
  }

  std::string folder_;
  std::map<std::string, std::string> environment_;
  CredentialSource source_;
};

TEST_F(Credentials, ComeFromTheEnvironment) {
  environment_["AWS_ACCESS_KEY_ID"] = "id";
  environment_["AWS_SECRET_ACCESS_KEY"] = "secret";
  environment_["AWS_SESSION_TOKEN"] = "token";
  EXPECT_EQ(*load_credentials(source_), (S3Credentials{"id", "secret", "token"}));
  environment_["AWS_SECRET_ACCESS_KEY"] = "";
  const auto half = load_credentials(source_);
  ASSERT_FALSE(half);
  EXPECT_EQ(half.error().code, Code::kUsage);
}

TEST_F(Credentials, ComeFromProfiles) {
  file("credentials",
       "# keys\n[default]\naws_access_key_id = d-id\naws_secret_access_key=d-secret\n"
       "[ backup ]\r\naws_access_key_id=b-id\r\naws_secret_access_key = b/se+c=ret\r\n");
  file("config",
       "[profile backup]\nregion = eu-central-1\ns3 =\n  max_concurrent_requests = 20\n"
       "aws_session_token = b-token\n[default]\nregion=us-west-2\n",
       0644);
  EXPECT_EQ(*load_credentials(source_), (S3Credentials{"d-id", "d-secret", ""}));
  EXPECT_EQ(*load_region(source_), "us-west-2");
  environment_["AWS_PROFILE"] = "backup";
  EXPECT_EQ(*load_credentials(source_), (S3Credentials{"b-id", "b/se+c=ret", "b-token"}));
  EXPECT_EQ(*load_region(source_), "eu-central-1");
  environment_["AWS_REGION"] = "sa-east-1";
  EXPECT_EQ(*load_region(source_), "sa-east-1");
}

TEST_F(Credentials, AConfiguredProfileWinsOverTheEnvironment) {
  environment_["AWS_ACCESS_KEY_ID"] = "id";
  environment_["AWS_SECRET_ACCESS_KEY"] = "secret";
  file("credentials", "[backup]\naws_access_key_id=b\naws_secret_access_key=s\n");
  source_.profile = "backup";
  EXPECT_EQ(load_credentials(source_)->access_key, "b");
  source_.profile = "other";
  EXPECT_EQ(load_credentials(source_).error().code, Code::kUsage);
}

TEST_F(Credentials, AConfiguredFileWinsOverAll) {
  environment_["AWS_ACCESS_KEY_ID"] = "id";
  environment_["AWS_SECRET_ACCESS_KEY"] = "secret";
  file("own", "[default]\naws_access_key_id=o\naws_secret_access_key=s\n[x]\n");
  source_.credentials_file = folder_ + "/own";
  EXPECT_EQ(load_credentials(source_)->access_key, "o");
  source_.profile = "x";
  EXPECT_EQ(load_credentials(source_).error().code, Code::kUsage);
  source_.profile = "y";
  EXPECT_EQ(load_credentials(source_).error().code, Code::kUsage);
}

TEST_F(Credentials, OpenSecretsAreRefused) {
  const std::string keys = "aws_access_key_id=b\naws_secret_access_key=hush\n";
  file("credentials", "[default]\n" + keys, 0644);
  const auto opened = load_credentials(source_);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::kNoKey);
  EXPECT_NE(opened.error().hint.find("chmod 600"), std::string::npos);
  std::filesystem::remove(folder_ + "/credentials");
  file("config", "[default]\n" + keys, 0644);
  EXPECT_EQ(load_credentials(source_).error().code, Code::kNoKey);
  file("config", "[default]\n" + keys, 0600);
  EXPECT_EQ(load_credentials(source_)->access_key, "b");
}

TEST_F(Credentials, NoneIsSaidPlainly) {
  const auto none = load_credentials(source_);
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, Code::kUsage);
  EXPECT_NE(none.error().message.find(folder_), std::string::npos);
  EXPECT_EQ(*load_region(source_), "");
}

TEST_F(Credentials, WaysThatAreNotSupportedAreNamed) {
  file("config", "[default]\nrole_arn = arn:aws:iam::1:role/x\nsource_profile = y\n");
  const auto role = load_credentials(source_);
  ASSERT_FALSE(role);
  EXPECT_NE(role.error().message.find("role_arn"), std::string::npos);
}

TEST_F(Credentials, MalformedFilesAreRefusedWithoutTheirContent) {
  file("credentials", "aws_secret_access_key=hush\n");
  const auto result = load_credentials(source_);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().message.find("hush"), std::string::npos);
  file("credentials", "[default]\naws_access_key_id=a b\naws_secret_access_key=hush\n");
  EXPECT_EQ(load_credentials(source_).error().message.find("hush"), std::string::npos);
}

}  // namespace
}  // namespace pgdr::store
