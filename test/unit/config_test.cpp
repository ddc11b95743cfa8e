#include "config/config.hpp"

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/edit.hpp"
#include "base/file.hpp"

namespace pgdr {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr const char* kRecipient = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p";

std::string repository() { return "[repository.local]\ntype = \"local\"\npath = \"/var/b\"\n"; }
std::string set(const std::string& more = {}) {
  return "[set.shop]\ndatabase = \"shop\"\nrepositories = [\"local\"]\nrecipients = [\"" +
         std::string(kRecipient) + "\"]\n" + more;
}
std::string valid() { return "version = 1\n" + repository() + set(); }

// The error of a text that must be refused.
Error refused(const std::string& text) {
  const Result<Config> config = parse_config(text, "/etc/pgdr.toml");
  EXPECT_FALSE(config.ok()) << text;
  if (config) return Error::of(Code::kFailed, "accepted");
  EXPECT_EQ(config.error().code, Code::kUsage);
  return config.error();
}

TEST(Config, ReadsEverything) {
  const auto config = parse_config(
      "version = 1\n" + repository() +
          "[repository.nas]\ntype = \"local\"\npath = \"/mnt/nas/\"\n"
          "[set.shop]\ndatabase = \"postgresql:///shop\"\nrepositories = [\"local\", \"nas\"]\n"
          "recipients = [\"" +
          kRecipient +
          "\"]\nrecipients_file = \"/etc/r\"\ncompression_level = 12\nglobals = false\njobs = 8\n"
          "maintenance_database = \"template1\"\n"
          "[signing]\nkey_file = \"/etc/k.pem\"\n"
          "trusted = [\"ed25519:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"]\n"
          "[restore]\nidentity_file = \"/root/id\"\n"
          "[fingerprint]\nkey_file = \"/etc/pgdr/fingerprint.key\"\n",
      "/etc/pgdr.toml");
  ASSERT_TRUE(config.ok()) << to_string(config.error());
  EXPECT_EQ(config->path, "/etc/pgdr.toml");
  EXPECT_EQ(config->repositories.at("nas").path, "/mnt/nas");
  const SetConfig& shop = config->sets.at("shop");
  EXPECT_EQ(shop.name, "shop");
  EXPECT_EQ(shop.database, "postgresql:///shop");
  EXPECT_THAT(shop.repositories, ElementsAre("local", "nas"));
  EXPECT_THAT(shop.recipients, ElementsAre(kRecipient));
  EXPECT_EQ(shop.recipients_file, "/etc/r");
  EXPECT_EQ(shop.compression_level, 12);
  EXPECT_FALSE(shop.globals);
  EXPECT_EQ(shop.jobs, 8);
  EXPECT_EQ(shop.maintenance_database, "template1");
  EXPECT_EQ(config->signing.key_file, "/etc/k.pem");
  EXPECT_EQ(config->signing.trusted.size(), 1U);
  EXPECT_EQ(config->identity_file, "/root/id");
  EXPECT_EQ(config->fingerprint_key_file, "/etc/pgdr/fingerprint.key");
}

TEST(Config, LeavesDefaultsForWhatIsNotSaid) {
  const auto config = parse_config(valid(), "f");
  ASSERT_TRUE(config.ok()) << to_string(config.error());
  const SetConfig& shop = config->sets.at("shop");
  EXPECT_EQ(shop.compression_level, 3);
  EXPECT_TRUE(shop.globals);
  EXPECT_EQ(shop.jobs, 2);
  EXPECT_EQ(shop.maintenance_database, "postgres");
  EXPECT_EQ(shop.copies.required, 1);
  EXPECT_EQ(shop.copies.stall_timeout, std::chrono::seconds(120));
  EXPECT_EQ(shop.copies.delay_limit.count(), 0);
  EXPECT_EQ(config->repositories.at("local").bandwidth_limit, 0U);
  EXPECT_TRUE(config->signing.key_file.empty());
}

TEST(Config, MergesDefaultsKeyByKey) {
  const auto config = parse_config(
      "version = 1\n[defaults]\njobs = 5\ncompression_level = 9\n"
      "repositories = [\"local\"]\nrecipients = [\"" +
          std::string(kRecipient) + "\"]\n" + repository() +
          "[set.a]\ndatabase = \"a\"\n"
          "[set.b]\ndatabase = \"b\"\njobs = 1\n",
      "f");
  ASSERT_TRUE(config.ok()) << to_string(config.error());
  EXPECT_EQ(config->sets.at("a").jobs, 5);
  EXPECT_EQ(config->sets.at("b").jobs, 1);
  EXPECT_EQ(config->sets.at("b").compression_level, 9);
  EXPECT_THAT(config->sets.at("a").recipients, ElementsAre(kRecipient));
}

TEST(Config, SetsOwnPassphraseDropsDefaultRecipients) {
  const auto config = parse_config("version = 1\n[defaults]\nrecipients = [\"" +
                                       std::string(kRecipient) + "\"]\n" + repository() +
                                       "[set.a]\ndatabase = \"a\"\nrepositories = [\"local\"]\n"
                                       "passphrase_file = \"/etc/p\"\n",
                                   "f");
  ASSERT_TRUE(config.ok()) << to_string(config.error());
  EXPECT_TRUE(config->sets.at("a").recipients.empty());
  EXPECT_EQ(config->sets.at("a").passphrase_file, "/etc/p");
}

TEST(Config, UnknownKeyNamesLineAndNearestKey) {
  const Error error = refused("version = 1\n" + repository() +
                              "[set.prompt69]\ndatabase = \"x\"\nrecipents = [\"age1x\"]\n");
  EXPECT_EQ(error.message,
            "/etc/pgdr.toml:7: unknown key 'recipents' in [set.prompt69]; did you mean "
            "'recipients'?");
  EXPECT_THAT(error.hint, HasSubstr("maintenance_database"));
}

TEST(Config, UnknownKeyAnywhereIsAnError) {
  EXPECT_THAT(refused(valid() + "[sett.x]\n").message, HasSubstr("did you mean 'set'?"));
  EXPECT_THAT(refused("versoin = 1\n").message, HasSubstr("'version' is missing"));
  EXPECT_THAT(refused("version = 1\n[repository.a]\ntype = \"local\"\npaht = \"/x\"\n").message,
              HasSubstr(":4: unknown key 'paht' in [repository.a]; did you mean 'path'?"));
  EXPECT_THAT(refused("version = 1\n[defaults]\ndatabase = \"x\"\n").message,
              HasSubstr("unknown key 'database' in [defaults]"));
  EXPECT_THAT(refused("version = 1\n[signing]\nkey = \"/x\"\n").message,
              HasSubstr("unknown key 'key' in [signing]"));
  EXPECT_THAT(refused("version = 1\n[restore]\nidentity = \"/x\"\n").message,
              HasSubstr("unknown key 'identity' in [restore]"));
  EXPECT_THAT(refused("version = 1\nzzzzzzzzzz = 1\n").message, Not(HasSubstr("did you mean")));
}

struct Case {
  const char* name;
  std::string text;
  const char* expected;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class ConfigRefuses : public ::testing::TestWithParam<Case> {};

TEST_P(ConfigRefuses, WithPlaceAndReason) {
  const Error error = refused(GetParam().text);
  EXPECT_THAT(error.message, HasSubstr(GetParam().expected));
  EXPECT_THAT(error.message, StartsWith("/etc/pgdr.toml:"));
}

const std::string kHead = "version = 1\n" + repository();  // NOLINT(cert-err58-cpp)

INSTANTIATE_TEST_SUITE_P(
    All, ConfigRefuses,
    ::testing::Values(
        Case{"NotToml", "version = \n", ":1: "},
        Case{"DuplicateRepository", kHead + repository(), ":5: "},
        Case{"NewerVersion", "version = 2\n", "this pgdr knows version 1"},
        Case{"VersionAsText", "version = \"1\"\n", "'version' in the file must be a whole number"},
        Case{"NoVersion", repository(), "'version' is missing"},
        Case{"WrongType", kHead + set("jobs = \"2\"\n"),
             ":9: 'jobs' in [set.shop] must be a whole"},
        Case{"FlagAsText", kHead + set("globals = \"yes\"\n"), "must be true or false"},
        Case{"JobsTooFew", kHead + set("jobs = 0\n"), "it must be from 1 to 64"},
        Case{"LevelTooHigh", kHead + set("compression_level = 13\n"), "it must be from 1 to 12"},
        Case{"ListAsText", kHead + "[set.a]\ndatabase = \"a\"\nrepositories = \"local\"\n",
             "must be a list of texts"},
        Case{"ListOfNumbers", kHead + "[set.a]\ndatabase = \"a\"\nrepositories = [1]\n",
             "must be a list of texts"},
        Case{"SetNotTable", "version = 1\nset = 3\n", "'set' in the file must be a table"},
        Case{"NoDatabase", kHead + "[set.a]\nrepositories = [\"local\"]\n", "lacks 'database'"},
        Case{"EmptyDatabase", kHead + "[set.a]\ndatabase = \"\"\n",
             "'database' in [set.a] is empty"},
        Case{"NoRepositories", "version = 1\n[set.a]\ndatabase = \"a\"\n", "names no repository"},
        Case{"UnknownRepository", kHead + "[set.a]\ndatabase = \"a\"\nrepositories = [\"locel\"]\n",
             "refers to the repository 'locel', which is not defined; did you mean 'local'?"},
        Case{"RepositoryTwice",
             kHead + "[set.a]\ndatabase = \"a\"\nrepositories = [\"local\", \"local\"]\n",
             "holds 'local' twice"},
        Case{"NoRecipients", kHead + "[set.a]\ndatabase = \"a\"\nrepositories = [\"local\"]\n",
             "says nobody who can open its backups"},
        Case{"BadRecipient", kHead + "[set.a]\ndatabase = \"a\"\nrecipients = [\"bob\"]\n",
             "'bob' in [set.a] is not an age recipient"},
        Case{"RecipientsAndPassphrase", kHead + set("passphrase_file = \"/p\"\n"),
             "has both recipients and 'passphrase_file'"},
        Case{"RelativePath", "version = 1\n[repository.a]\ntype = \"local\"\npath = \"b\"\n",
             "must be an absolute path, not 'b'"},
        Case{"NoPath", "version = 1\n[repository.a]\ntype = \"local\"\n", "lacks 'path'"},
        Case{"NoType", "version = 1\n[repository.a]\npath = \"/a\"\n", "lacks 'type'"},
        Case{"UnknownType", "version = 1\n[repository.a]\ntype = \"ftp\"\npath = \"/a\"\n",
             "unknown repository type 'ftp'"},
        Case{"SamePath", kHead + "[repository.b]\ntype = \"local\"\npath = \"/var/b/\"\n",
             "have the same path '/var/b'"},
        Case{"BadSetName", kHead + "[set.\"a b\"]\ndatabase = \"a\"\n",
             "'a b' is no name for a set"},
        Case{"DottedSetName", kHead + "[set.\"..\"]\ndatabase = \"a\"\n",
             "'..' is no name for a set"},
        Case{"MoreCopiesThanRepositories", kHead + set("copies_required = 2\n"),
             "requires 2 copies, and has 1 repository"},
        Case{"NoDuration", kHead + set("copy_stall_timeout = \"soon\"\n"),
             "is no duration: 'soon'"},
        Case{"StallTooShort", kHead + set("copy_stall_timeout = \"0s\"\n"), "less than a second"},
        Case{"BitsPerSecond",
             "version = 1\n[repository.a]\ntype = \"local\"\npath = \"/a\"\n"
             "bandwidth_limit = \"20Mbit/s\"\n",
             "is no rate: '20Mbit/s'"},
        Case{"BadTrusted", "version = 1\n[signing]\ntrusted = [\"rsa:x\"]\n",
             "is not a public signing key"}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(Config, NeverRepeatsAPrivateKey) {
  const std::string secret = "AGE-SECRET-KEY-1QQPQGEQWZL4A5";
  for (const std::string& key : {secret, std::string("age-secret-key-1qqpqgeqwzl4a5")}) {
    const Error error =
        refused(kHead + "[set.a]\ndatabase = \"a\"\nrecipients = [\"" + key + "\"]\n");
    EXPECT_THAT(error.message, HasSubstr("holds a private key"));
    EXPECT_THAT(to_string(error) + error.hint, Not(HasSubstr("QQPQGEQWZL4A5")));
    EXPECT_THAT(to_string(error) + error.hint, Not(HasSubstr("qqpqgeqwzl4a5")));
  }
}

TEST(Config, ExpandsHome) {
  const auto config = parse_config("version = 1\n[restore]\nidentity_file = \"~/id\"\n", "f");
  ASSERT_TRUE(config.ok());
  EXPECT_EQ(config->identity_file, expand_home("~/id"));
}

TEST(ChooseSet, ByNameOrTheOnlyOne) {
  const auto one = parse_config(valid(), "f");
  ASSERT_TRUE(one.ok());
  EXPECT_EQ(choose_set(*one, "")->name, "shop");
  EXPECT_EQ(choose_set(*one, "shop")->name, "shop");
  const auto wrong = choose_set(*one, "shp");
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().code, Code::kUsage);
  EXPECT_THAT(wrong.error().message, HasSubstr("did you mean 'shop'?"));
}

TEST(ChooseSet, ListsNamesWhenThereAreSeveralAndSaysWhenThereAreNone) {
  Config config;
  config.path = "f";
  EXPECT_THAT(choose_set(config, "").error().message, HasSubstr("defines no backup set"));
  config.sets["a"].name = "a";
  config.sets["b"].name = "b";
  const auto several = choose_set(config, "");
  ASSERT_FALSE(several.ok());
  EXPECT_THAT(several.error().hint, HasSubstr("a, b"));
}

TEST(FindConfig, TakesTheOptionThenTheEnvironment) {
  const std::string path =
      ::testing::TempDir() + "pgdr-config-test." + std::to_string(getpid()) + ".toml";
  ASSERT_TRUE(write_file(path, valid(), 0600).ok());
  EXPECT_EQ(find_config(path).value(), path);
  ASSERT_EQ(setenv("PGDR_CONFIG", path.c_str(), 1), 0);
  EXPECT_EQ(find_config("").value(), path);
  EXPECT_EQ(load_config("")->path, path);
  EXPECT_EQ(default_config_path(), path);
  ASSERT_EQ(setenv("PGDR_CONFIG", "/nowhere/x.toml", 1), 0);
  const auto missing = find_config("");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, Code::kUsage);
  EXPECT_THAT(missing.error().message, HasSubstr("/nowhere/x.toml"));
  ASSERT_EQ(unsetenv("PGDR_CONFIG"), 0);
  const auto option = find_config("/nowhere/y.toml");
  ASSERT_FALSE(option.ok());
  EXPECT_THAT(option.error().message, HasSubstr("/nowhere/y.toml"));
  std::filesystem::remove(path);
}

// A configuration with that database, at that mode.
Result<Config> loaded(const std::string& database, unsigned mode) {
  const std::string path =
      ::testing::TempDir() + "pgdr-config-mode." + std::to_string(getpid()) + ".toml";
  std::string text = valid();
  text.replace(text.find("\"shop\""), 6, "\"" + database + "\"");
  EXPECT_TRUE(write_file(path, text, mode).ok());
  auto config = load_config(path);
  std::filesystem::remove(path);
  return config;
}

TEST(LoadConfig, RefusesAPasswordThatOthersMayRead) {
  for (const char* database :
       {"postgres://bob:secret@db/shop", "host=db password=secret dbname=shop",
        "host=db PASSWORD = 'x'", "postgresql://db/shop?user=bob&password=secret",
        "host=db sslpassword=x"}) {
    for (const unsigned mode : {0644U, 0604U, 0620U, 0660U, 0666U, 0601U}) {
      const auto config = loaded(database, mode);
      ASSERT_FALSE(config.ok()) << database << std::oct << mode;
      EXPECT_EQ(config.error().code, Code::kUsage);
      EXPECT_THAT(config.error().message, HasSubstr("[set.shop] database"));
      EXPECT_THAT(config.error().message, Not(HasSubstr("secret")));
      EXPECT_THAT(config.error().hint, HasSubstr("chmod 600"));
    }
    EXPECT_TRUE(loaded(database, 0600).ok()) << database;
    EXPECT_TRUE(loaded(database, 0640).ok()) << database;
  }
}

TEST(LoadConfig, WithoutAPasswordTheModeIsFree) {
  for (const char* database : {"shop", "postgres://bob@db:5432/shop", "host=db user=bob",
                               "postgresql:///shop?host=/run/x&passfile=/etc/pgpass"}) {
    EXPECT_TRUE(loaded(database, 0644).ok()) << database;
  }
}

TEST(ValidName, IsAFolderNameWithoutSurprises) {
  for (const char* good : {"a", "prompt69", "A.b_c-d", "9x"}) EXPECT_TRUE(valid_name(good)) << good;
  for (const char* bad : {"", ".", "..", ".a", "-a", "a/b", "a b", "ä", "_a"}) {
    EXPECT_FALSE(valid_name(bad)) << bad;
  }
  EXPECT_TRUE(valid_name(std::string(64, 'a')));
  EXPECT_FALSE(valid_name(std::string(65, 'a')));
}

// Where a set's recipients stand is only told of a list.
TEST(ConfigEdit, RecipientsAreAList) {
  const std::string list = "[defaults]\nrecipients = [ # all\n  \"]\", ]\n";
  const auto place = find_recipients(list, "x", "shop");
  ASSERT_TRUE(place);
  EXPECT_EQ(list.substr(place->begin, place->end - place->begin), "[ # all\n  \"]\", ]");
  for (const char* other : {"\"] x[\"", "7", "{a = []}", "1979-05-27", "true"}) {
    const auto none =
        find_recipients(std::string("[defaults]\nrecipients = ") + other + "\n", "x", "shop");
    ASSERT_FALSE(none) << other;
    EXPECT_EQ(none.error().code, Code::kUsage);
  }
}

}  // namespace
}  // namespace pgdr
