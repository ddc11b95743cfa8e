#include "repo/manifest.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace pgdr::app {
namespace {

using Json = nlohmann::ordered_json;

const std::string kDigest(64, 'a');

Manifest example() {
  Manifest m;
  m.label = "20261121T020000Z-9f3c";
  m.set = "prompt69";
  m.database = "prompt69";
  m.server_version = "15.20";
  m.server_version_num = 150020;
  m.system_identifier = "7300000000000000001";
  m.locale = {"UTF8", "C", "C", "libc", "", ""};
  m.tool_version = "0.1.0";
  m.extension_version = "0.1.0";
  m.started_at = *parse_iso("2026-11-21T02:00:00.5Z");
  m.finished_at = *parse_iso("2026-11-21T02:01:00.75Z");
  m.recovery_point = *parse_iso("2026-11-21T02:00:01Z");
  m.recovery_lsn = "0/1A2B3C4";
  m.recipients = {"age1one", "age1two"};
  m.artifacts = {{"database.dump.zst.age", "database", 100, kDigest, 300, std::string(64, 'b')},
                 {"globals.sql.zst.age", "globals", 10, std::string(64, 'c'), 20, ""}};
  m.snapshot_uuid = "0b9a4b1e-0000-4000-8000-000000000000";
  m.repository_id = "1b9a4b1e-0000-4000-8000-000000000000";
  return m;
}

TEST(Manifest, TextAndBack) {
  const Manifest m = example();
  const auto back = parse_manifest(manifest_text(m), "test");
  ASSERT_TRUE(back) << to_string(back.error());
  EXPECT_EQ(manifest_text(*back), manifest_text(m));
  EXPECT_EQ(back->artifacts.size(), 2U);
  EXPECT_EQ(back->find("globals")->original_sha256, "");
  EXPECT_EQ(back->locale.collate, "C");
  EXPECT_EQ(back->recipients, m.recipients);
}

TEST(Manifest, SumsSizesAndTimes) {
  const Json json = Json::parse(manifest_text(example()));
  EXPECT_EQ(json["original_bytes"], 320);
  EXPECT_EQ(json["stored_bytes"], 110);
  EXPECT_EQ(json["duration_seconds"], 60.25);
  EXPECT_EQ(json["started_at"], "2026-11-21T02:00:00.500000Z");
}

TEST(Manifest, PassphraseIsAWord) {
  Manifest m = example();
  m.recipients.clear();
  EXPECT_EQ(Json::parse(manifest_text(m))["encryption"]["recipients"], "passphrase");
  const auto back = parse_manifest(manifest_text(m), "test");
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->recipients.empty());
}

TEST(Manifest, WarningsTravel) {
  Manifest m = example();
  m.warnings = {"no passwords"};
  const auto back = parse_manifest(manifest_text(m), "test");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->warnings, m.warnings);
}

// Every field that is needed: without it, or with another type, the manifest is damaged.
TEST(Manifest, EveryMissingFieldIsDamage) {
  const Json good = Json::parse(manifest_text(example()));
  for (const char* key : {"format", "version", "label", "set", "kind", "database", "server",
                          "tool_version", "extension_version", "started_at", "finished_at",
                          "recovery_point", "encryption", "compression", "artifacts", "content"}) {
    Json without = good;
    without.erase(key);
    const auto parsed = parse_manifest(without.dump(), "test");
    ASSERT_FALSE(parsed) << key;
    EXPECT_EQ(parsed.error().code, Code::kCorrupt) << key;
    Json wrong = good;
    wrong[key] = 1.5;
    EXPECT_FALSE(parse_manifest(wrong.dump(), "test")) << key;
  }
}

TEST(Manifest, RefusesNamesThatLeaveTheFolder) {
  for (const char* name : {"../x", "a/b", "/etc/passwd", "", ".hidden", "..", "a b", "a\nb"}) {
    Json json = Json::parse(manifest_text(example()));
    json["artifacts"][0]["name"] = name;
    EXPECT_FALSE(parse_manifest(json.dump(), "test")) << name;
    json = Json::parse(manifest_text(example()));
    json["set"] = name;
    EXPECT_FALSE(parse_manifest(json.dump(), "test")) << name;
  }
}

TEST(Manifest, RefusesBadDigestsLabelsAndDoubles) {
  const Json good = Json::parse(manifest_text(example()));
  for (const std::string& digest :
       {std::string(63, 'a'), std::string(65, 'a'), std::string(64, 'G'), std::string(64, 'A')}) {
    Json json = good;
    json["artifacts"][0]["stored_sha256"] = digest;
    EXPECT_FALSE(parse_manifest(json.dump(), "test"));
  }
  Json json = good;
  json["label"] = "latest";
  EXPECT_FALSE(parse_manifest(json.dump(), "test"));
  json = good;
  json["artifacts"][1]["name"] = json["artifacts"][0]["name"];
  EXPECT_FALSE(parse_manifest(json.dump(), "test"));
  json = good;
  json["artifacts"].erase(0);
  EXPECT_FALSE(parse_manifest(json.dump(), "test")) << "no database dump";
  json = good;
  json["artifacts"][0]["stored_bytes"] = -1;
  EXPECT_FALSE(parse_manifest(json.dump(), "test"));
}

TEST(Manifest, TruncatedTextIsDamage) {
  const std::string text = manifest_text(example());
  for (std::size_t n = 0; n + 2 < text.size(); n += 97) {
    const auto parsed = parse_manifest(text.substr(0, n), "manifest of x");
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, Code::kCorrupt);
    EXPECT_EQ(parsed.error().message.rfind("manifest of x: ", 0), 0U);
  }
}

TEST(Manifest, RefusesNumbersThatAreNone) {
  for (const char* number :
       {"2147483648", "9223372036854775807", "18446744073709551616", "-1", "1.5", "1e3"}) {
    Json json = Json::parse(manifest_text(example()));
    json["server"]["version_num"] = Json::parse(number);
    EXPECT_FALSE(parse_manifest(json.dump(), "test")) << number;
    json = Json::parse(manifest_text(example()));
    json["compression"]["level"] = Json::parse(number);
    EXPECT_FALSE(parse_manifest(json.dump(), "test")) << number;
  }
}

// What a stranger may put into a repository costs little memory and no time.
TEST(Manifest, RefusesWhatIsLargerThanAnyBackupNeeds) {
  for (const std::string& text :
       {std::string(6'000'000, '['), std::string(3'000'000, '['),
        "{\"a\":" + std::string(3'000'000, '[') + std::string(3'000'000, ']') + "}",
        std::string(kLongestManifest + 1, ' '), "[" + std::string(300'000, ',') + "]"}) {
    const auto parsed = parse_manifest(text, "manifest of x");
    ASSERT_FALSE(parsed);
    EXPECT_EQ(parsed.error().code, Code::kCorrupt);
    EXPECT_LT(parsed.error().message.size(), 100U);
  }
  // Deeper than it is, somewhere that is not even read.
  Json json = Json::parse(manifest_text(example()));
  for (int i = 0; i < 20; ++i) json["more"] = Json::array({json["more"]});
  EXPECT_FALSE(parse_manifest(json.dump(), "test"));
}

// What reads version 1 alone takes an incomplete backup for none.
TEST(Manifest, AnIncompleteBackupHasAVersionOfItsOwn) {
  Manifest m = example();
  EXPECT_EQ(Json::parse(manifest_text(m))["version"], 1);
  EXPECT_FALSE(Json::parse(manifest_text(m)).contains("state"));
  m.incomplete = true;
  const Json json = Json::parse(manifest_text(m));
  EXPECT_EQ(json["version"], 2);
  EXPECT_EQ(json["state"], "incomplete");
  const auto back = parse_manifest(manifest_text(m), "test");
  ASSERT_TRUE(back) << to_string(back.error());
  EXPECT_TRUE(back->incomplete);
  EXPECT_EQ(manifest_text(*back), manifest_text(m));
}

TEST(Manifest, VersionAndStateGoTogether) {
  Manifest m = example();
  Json json = Json::parse(manifest_text(m));
  json["state"] = "incomplete";
  EXPECT_EQ(parse_manifest(json.dump(), "test").error().code, Code::kCorrupt);
  json["state"] = "another";
  EXPECT_EQ(parse_manifest(json.dump(), "test").error().code, Code::kCorrupt);
  json.erase("state");
  json["version"] = 2;
  EXPECT_EQ(parse_manifest(json.dump(), "test").error().code, Code::kCorrupt);
}

TEST(Manifest, ALaterFormatIsNotDamage) {
  Json json = Json::parse(manifest_text(example()));
  json["version"] = 3;
  const auto parsed = parse_manifest(json.dump(), "test");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().code, Code::kUsage);
}

TEST(Manifest, KeepsKindsOfLaterVersions) {
  Json json = Json::parse(manifest_text(example()));
  json["artifacts"][1]["kind"] = "files";
  json["something"] = "new";
  const auto parsed = parse_manifest(json.dump(), "test");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->artifacts[1].kind, "files");
}

TEST(Sums, AsSha256sumReadsThem) {
  EXPECT_EQ(sums_text(example()), kDigest + "  database.dump.zst.age\n" + std::string(64, 'c') +
                                      "  globals.sql.zst.age\n");
  const auto back = parse_sums(sums_text(example()), "SHA256SUMS");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->at("database.dump.zst.age"), kDigest);
}

TEST(Sums, RefusesWhatIsNotAList) {
  const std::string one = kDigest + "  a\n";
  std::string twice = one;
  twice += one;
  for (const std::string& text : {std::string("x"), kDigest + " name\n", kDigest + "  name",
                                  kDigest + "  ../name\n", twice, std::string(64, 'z') + "  a\n"}) {
    EXPECT_FALSE(parse_sums(text, "SHA256SUMS")) << text;
  }
  EXPECT_TRUE(parse_sums("", "SHA256SUMS"));
}

}  // namespace
}  // namespace pgdr::app
