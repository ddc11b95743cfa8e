// The frozen repository of test/vectors: every later version reads what version 1 wrote.
#include <filesystem>

#include <gtest/gtest.h>

#include "app/verify/check.hpp"
#include "repo/marks.hpp"
#include "repo/survey.hpp"
#include "base/file.hpp"

namespace pgdr::app {
namespace {

namespace fs = std::filesystem;

class SampleRepository : public ::testing::Test {
 protected:
  SampleRepository() {
    std::string pattern = (fs::temp_directory_path() / "pgdr-unit.XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    fs::copy(fs::path(PGDR_VECTORS) / "repository-v1", folder_ + "/v1",
             fs::copy_options::recursive);
    // Version control keeps no permissions.
    for (const char* secret : {"identity.txt", "passphrase.txt"}) {
      fs::permissions(folder_ + "/v1/" + secret, fs::perms::owner_read | fs::perms::owner_write);
    }
    RepositoryConfig config;
    config.name = "sample";
    config.type = "local";
    config.path = folder_ + "/v1/repository";
    auto opened = open_repository(config);
    EXPECT_TRUE(opened) << to_string(opened.error());
    if (opened) repository_ = std::move(*opened);
    const auto trusted = read_file(folder_ + "/v1/trusted.txt");
    EXPECT_TRUE(trusted);
    signing_.trusted = {trusted->substr(0, trusted->find('\n'))};
  }
  ~SampleRepository() override { fs::remove_all(folder_); }

  std::string folder_;
  Repository repository_;
  SigningConfig signing_;
};

TEST_F(SampleRepository, IsListedVerifiedAndOpened) {
  const auto listing = list_backups(repository_, "");
  ASSERT_TRUE(listing);
  EXPECT_TRUE(listing->broken.empty());
  ASSERT_EQ(listing->backups.size(), 2U);
  KeyFiles files{{folder_ + "/v1/identity.txt"}, folder_ + "/v1/passphrase.txt"};
  const auto keys = load_keys(files);
  ASSERT_TRUE(keys) << to_string(keys.error());
  for (const auto& backup : listing->backups) {
    const auto check = check_copy(backup, signing_, false, &*keys, no_progress());
    ASSERT_TRUE(check) << to_string(check.error());
    EXPECT_TRUE(check->good()) << check->problems.front().text;
    EXPECT_EQ(check->signature, "trusted");
    EXPECT_GT(check->blocks.value_or(0), 0U);
  }
}

TEST_F(SampleRepository, ItsMarksAreUnderstood) {
  const auto survey = survey_set(repository_, "keys");
  ASSERT_TRUE(survey);
  EXPECT_TRUE(survey->unknown.empty());
  EXPECT_TRUE(survey->broken.empty());
  ASSERT_EQ(survey->backups.size(), 1U);
  EXPECT_EQ(survey->backups[0].stored.manifest.klass, "weekly");
  const auto proof = newest_proof(survey->marks, survey->backups[0].stored);
  ASSERT_TRUE(proof);
  EXPECT_EQ(proof->kind, ProofKind::kContent);
  const auto pins = read_pins(repository_, "keys", survey->marks.pin_keys);
  ASSERT_TRUE(pins) << to_string(pins.error());
  ASSERT_EQ(pins->size(), 1U);
  EXPECT_EQ(pins->front().reason, "frozen sample");
  EXPECT_FALSE(pins->front().until);
}

}  // namespace
}  // namespace pgdr::app
