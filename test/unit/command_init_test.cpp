#include "command/init.hpp"

#include <cstdlib>
#include <filesystem>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "app/init/init_plan.hpp"
#include "app/init/init_text.hpp"
#include "app/key/key.hpp"
#include "base/file.hpp"

namespace pgdr::app {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* kRecipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

// Answers from a list; nobody there when the list was never given.
class Script : public Dialog {
 public:
  Script() = default;
  explicit Script(std::vector<std::string> answers)
      : present_(true), answers_(std::move(answers)) {}
  [[nodiscard]] bool present() const override { return present_; }
  Result<std::string> ask(const std::string& question, const std::string& suggestion) override {
    EXPECT_LT(asked.size(), answers_.size()) << "unexpected question: " << question;
    if (asked.size() >= answers_.size()) return Error::of(Code::kInterrupted, "no answer");
    const std::string answer = answers_[asked.size()];
    asked.push_back(question);
    return answer.empty() ? suggestion : answer;
  }
  std::vector<std::string> asked;

 private:
  bool present_ = false;
  std::vector<std::string> answers_;
};

class InitPlanTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "pgdr-init-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    request_.config_path = folder_ + "/pgdr.toml";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  void write_config(const std::string& text) {
    ASSERT_TRUE(write_file(request_.config_path, text, 0600).ok());
  }
  std::string folder_;
  InitRequest request_;
};

SetConfig some_set() {
  SetConfig set;
  set.name = "shop";
  set.database = "host='a b' dbname=\"x\\y\"";
  set.repositories = {"local", "nas"};
  set.recipients = {kRecipient};
  return set;
}
const std::vector<RepositoryConfig>& some_repositories() {
  static const std::vector<RepositoryConfig> kBoth = {{"local", "local", "/var/b", {}},
                                                      {"nas", "local", "/mnt/n \"q\"", {}}};
  return kBoth;
}

TEST(InitText, ReadsBackAsWritten) {
  SigningConfig signing;
  signing.key_file = "/etc/s.pem";
  signing.trusted = {"ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="};
  const auto config = parse_config(new_config_text(some_repositories(), some_set(), signing), "f");
  ASSERT_TRUE(config.ok()) << to_string(config.error());
  EXPECT_EQ(config->sets.at("shop").database, some_set().database);
  EXPECT_EQ(config->sets.at("shop").recipients, some_set().recipients);
  EXPECT_EQ(config->repositories.at("nas").path, "/mnt/n \"q\"");
  EXPECT_EQ(config->signing.key_file, "/etc/s.pem");
}

TEST(InitText, AnAddedSetExtendsTheFile) {
  const std::string before = new_config_text(some_repositories(), some_set(), {});
  SetConfig other = some_set();
  other.name = "other";
  other.repositories = {"third"};
  const auto config =
      parse_config(before + added_set_text({{"third", "local", "/third", {}}}, other), "f");
  ASSERT_TRUE(config.ok()) << to_string(config.error());
  EXPECT_EQ(config->sets.size(), 2U);
  EXPECT_EQ(config->repositories.size(), 3U);
}

TEST(InitText, CommentedKeysAreValidWhenUncommented) {
  std::string text = new_config_text(some_repositories(), some_set(), {});
  for (const char* key : {"compression_level", "globals", "jobs", "maintenance_database"}) {
    const std::size_t at = text.find(std::string("# ") + key);
    ASSERT_NE(at, std::string::npos) << key;
    text.erase(at, 2);
  }
  const auto config = parse_config(text, "f");
  ASSERT_TRUE(config.ok()) << to_string(config.error());
  EXPECT_EQ(config->sets.at("shop").compression_level, SetConfig().compression_level);
}

TEST(InitText, QuotesControlCharacters) {
  EXPECT_EQ(toml_text("a\"b\\c\n\x7f"), "\"a\\\"b\\\\c\\u000a\\u007f\"");
}

TEST(InitNames, FromDatabases) {
  EXPECT_EQ(database_name("postgresql://u@h/shop"), "shop");
  EXPECT_EQ(database_name("host=a dbname=shop"), "shop");
  EXPECT_EQ(database_name("shop"), "shop");
  EXPECT_EQ(database_name("postgresql:///"), "");
  EXPECT_EQ(set_name_for("my shop"), "my-shop");
  EXPECT_EQ(set_name_for("_x"), "x");
  EXPECT_EQ(set_name_for("___"), "");
}

TEST(InitRepositories, NamedAndUnnamed) {
  const auto both = parse_repositories({"/a/", "nas=/b", "/c"});
  ASSERT_TRUE(both.ok());
  EXPECT_EQ((*both)[0].name + (*both)[0].path, "local/a");
  EXPECT_EQ((*both)[1].name + (*both)[1].path, "nas/b");
  EXPECT_EQ((*both)[2].name + (*both)[2].path, "local3/c");
  for (const auto& bad : std::vector<std::vector<std::string>>{
           {"relative"}, {"a b=/x"}, {"/a", "b=/a"}, {"n=/a", "n=/b"}, {""}}) {
    EXPECT_EQ(parse_repositories(bad).error().code, Code::kUsage);
  }
}

TEST_F(InitPlanTest, FlagsAloneAreEnough) {
  Script nobody;
  request_.database = "postgresql:///shop";
  request_.repositories = {"/r"};
  request_.recipients = {kRecipient};
  const auto plan = plan_init(request_, nobody);
  ASSERT_TRUE(plan.ok()) << to_string(plan.error());
  EXPECT_EQ(plan->set.name, "shop");
  EXPECT_FALSE(plan->set_exists);
  EXPECT_TRUE(plan->identity_file.empty());
  EXPECT_EQ(plan->signing_file, folder_ + "/signing.pem");
  EXPECT_EQ(plan->new_repositories.size(), 1U);
}

TEST_F(InitPlanTest, WithoutAPersonWhatIsMissingIsNamed) {
  Script nobody;
  EXPECT_THAT(plan_init(request_, nobody).error().message, HasSubstr("--database"));
  request_.database = "shop";
  EXPECT_THAT(plan_init(request_, nobody).error().message, HasSubstr("--repository"));
  request_.repositories = {"/r"};
  const auto plan = plan_init(request_, nobody);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().code, Code::kUsage);
  EXPECT_THAT(plan.error().message, HasSubstr("--key-file"));
  EXPECT_THAT(plan.error().hint, HasSubstr("--yes"));
}

TEST_F(InitPlanTest, YesTakesTheDefaults) {
  Script nobody;
  request_.database = "shop";
  request_.accept_defaults = true;
  const auto plan = plan_init(request_, nobody);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->identity_file, folder_ + "/identity.txt");
  EXPECT_FALSE(plan->repositories.front().path.empty());
}

TEST_F(InitPlanTest, APersonIsAskedForWhatIsMissing) {
  Script person({"shop", "/r", "", ""});
  const auto plan = plan_init(request_, person);
  ASSERT_TRUE(plan.ok()) << to_string(plan.error());
  EXPECT_THAT(person.asked, ElementsAre(HasSubstr("Database"), HasSubstr("Folder"),
                                        HasSubstr("Public key"), HasSubstr("private key")));
  EXPECT_EQ(plan->identity_file, folder_ + "/identity.txt");
  Script with_key({"shop", "/r", kRecipient});
  EXPECT_THAT(plan_init(request_, with_key)->set.recipients, ElementsAre(kRecipient));
  Script wrong_key({"shop", "/r", "age1wrong"});
  EXPECT_FALSE(plan_init(request_, wrong_key).ok());
}

TEST_F(InitPlanTest, RefusesABadRecipientAndAPassword) {
  Script nobody;
  request_.database = "shop";
  request_.repositories = {"/r"};
  request_.recipients = {"age1qqq"};
  EXPECT_THAT(plan_init(request_, nobody).error().message, HasSubstr("--recipient"));
  request_.recipients = {kRecipient};
  request_.database = "postgresql://u:hunter2@h/shop";
  const auto plan = plan_init(request_, nobody);
  ASSERT_FALSE(plan.ok());
  EXPECT_THAT(plan.error().hint, HasSubstr(".pgpass"));
}

TEST_F(InitPlanTest, AnExistingSetStaysAndContradictionsAreRefused) {
  Script nobody;
  write_config(new_config_text(some_repositories(), some_set(), {}));
  const auto plan = plan_init(request_, nobody);
  ASSERT_TRUE(plan.ok()) << to_string(plan.error());
  EXPECT_TRUE(plan->set_exists);
  EXPECT_EQ(plan->repositories.size(), 2U);
  EXPECT_TRUE(plan->signing_file.empty());
  request_.set = "shop";
  request_.database = "another";
  EXPECT_THAT(plan_init(request_, nobody).error().message, HasSubstr("--database says otherwise"));
}

TEST_F(InitPlanTest, ANewSetInAnExistingFileReusesRepositoriesAndKeys) {
  Script nobody;
  write_config(new_config_text(some_repositories(), some_set(), {}));
  request_.database = "other";
  const auto plan = plan_init(request_, nobody);
  ASSERT_TRUE(plan.ok()) << to_string(plan.error());
  EXPECT_FALSE(plan->set_exists);
  EXPECT_TRUE(plan->new_repositories.empty());
  EXPECT_THAT(plan->set.recipients, ElementsAre(kRecipient));
  EXPECT_EQ(plan->same_keys_as, "shop");
  request_.repositories = {"local=/elsewhere"};
  EXPECT_THAT(plan_init(request_, nobody).error().message, HasSubstr("has a repository 'local'"));
}

TEST_F(InitPlanTest, ABrokenFileIsNeverTouched) {
  Script nobody;
  write_config("version = 1\nbogus = 2\n");
  request_.database = "other";
  const auto plan = plan_init(request_, nobody);
  ASSERT_FALSE(plan.ok());
  EXPECT_THAT(plan.error().message, HasSubstr("unknown key 'bogus'"));
}

TEST_F(InitPlanTest, KeysAreNeverOverwritten) {
  const std::string path = folder_ + "/id.txt";
  const auto recipient = generate_identity_file(path, system_clock());
  ASSERT_TRUE(recipient.ok());
  EXPECT_THAT(identity_recipients(path).value(), ElementsAre(*recipient));
  const auto again = generate_identity_file(path, system_clock());
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, Code::kExists);
  EXPECT_THAT(identity_recipients(path).value(), ElementsAre(*recipient));
  ASSERT_TRUE(generate_signing_key(folder_ + "/s.pem").ok());
  EXPECT_EQ(generate_signing_key(folder_ + "/s.pem").error().code, Code::kExists);
}

TEST(InitReportText, SaysWhetherAnythingChanged) {
  InitReport report;
  report.set = "shop";
  report.steps = {{StepState::kUnchanged, "repository", "/r"}};
  EXPECT_THAT(command::init_text(report, false), HasSubstr("nothing was changed"));
  report.steps.push_back({StepState::kDone, "extension", "x"});
  EXPECT_THAT(command::init_text(report, false), HasSubstr("pgdr backup --set shop"));
  report.steps.push_back({StepState::kMissing, "rights", "x"});
  report.notes = {"As a superuser:\n    SELECT 1;"};
  const std::string text = command::init_text(report, false);
  EXPECT_THAT(text, HasSubstr("Not complete"));
  EXPECT_THAT(text, HasSubstr("\n    SELECT 1;\n"));
  const auto json = command::init_json(report);
  EXPECT_EQ(json["complete"], false);
  EXPECT_EQ(json["steps"][2]["state"], "missing");
}

}  // namespace
}  // namespace pgdr::app
