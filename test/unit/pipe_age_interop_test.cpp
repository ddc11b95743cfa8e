// Debian's age and age-keygen against ours. The programs must be there: set-up installs them.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/file.hpp"
#include "base/process.hpp"
#include "pipe/age.hpp"
#include "pipe/stages.hpp"
#include "streams.hpp"

namespace pgdr::pipe {
namespace {

class AgeInterop : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(find_program("age")) << "run script/setup";
    ASSERT_TRUE(find_program("age-keygen")) << "run script/setup";
    std::string pattern = testing::TempDir() + "pgdr-age-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    for (int i = 0; i < 3; ++i) {
      const std::string path = folder_ + "/key" + std::to_string(i);
      ASSERT_TRUE(run_and_capture({{"age-keygen", "-o", path}, {}, {}}));
      const auto content = read_secret_file(path);
      ASSERT_TRUE(content);
      const auto identities = parse_identity_file(*content);
      ASSERT_TRUE(identities);
      ASSERT_EQ(identities->size(), 1U);
      identities_.push_back(identities->front());
      key_files_.push_back(path);
    }
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string encrypt_ours(const std::string& text, const Lock& lock) const {
    std::string out;
    const auto memory = memory_sink(out);
    auto sink = age_encrypt(*memory, lock);
    EXPECT_TRUE(sink && (*sink)->write(bytes_of(text)) && (*sink)->finish());
    return out;
  }

  std::string folder_;
  std::vector<std::string> key_files_;
  std::vector<Identity> identities_;
};

const std::vector<std::size_t>& sizes() {
  static const std::vector<std::size_t> all{0, 1, 65535, 65536, 65537, (1U << 20U) + 3};
  return all;
}

TEST_F(AgeInterop, KeygenAgreesAboutPublicKeys) {
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(*run_and_capture({{"age-keygen", "-y", key_files_[i]}, {}, {}}),
              identities_[i].recipient().text + "\n");
  }
  // And about ours.
  const Identity own = *Identity::generate();
  const std::string path = folder_ + "/own";
  ASSERT_TRUE(write_file(path, identity_file_text(own, "2026-11-21T02:00:00Z"), 0600));
  EXPECT_EQ(*run_and_capture({{"age-keygen", "-y", path}, {}, {}}), own.recipient().text + "\n");
}

TEST_F(AgeInterop, AgeOpensWhatWeWrite) {
  const std::string path = folder_ + "/file.age";
  for (const std::size_t size : sizes()) {
    const std::string text = test::random_text(size, 1);
    Lock lock{{identities_[0].recipient()}, {}};
    for (const std::size_t recipients : {1U, 3U}) {
      if (recipients == 3) {
        lock.recipients.push_back(identities_[1].recipient());
        lock.recipients.push_back(identities_[2].recipient());
      }
      ASSERT_TRUE(write_file(path, encrypt_ours(text, lock), 0600));
      for (std::size_t i = 0; i < recipients; ++i) {
        const auto opened = run_and_capture({{"age", "-d", "-i", key_files_[i], path}, {}, {}});
        ASSERT_TRUE(opened) << to_string(opened.error());
        EXPECT_TRUE(*opened == text) << size;
      }
    }
  }
}

TEST_F(AgeInterop, WeOpenWhatAgeWrites) {
  const std::string plain = folder_ + "/plain";
  for (const std::size_t size : sizes()) {
    const std::string text = test::random_text(size, 2);
    ASSERT_TRUE(write_file(plain, text, 0600));
    for (const bool armored : {false, true}) {
      Command command{{"age", "-e"}, {}, {}};
      if (armored) command.argv.emplace_back("-a");
      for (const Identity& identity : identities_) {
        command.argv.emplace_back("-r");
        command.argv.push_back(identity.recipient().text);
      }
      command.argv.push_back(plain);
      const auto file = run_and_capture(command);
      ASSERT_TRUE(file);
      for (const Identity& identity : identities_) {
        test::DribblingSource from(*file, 30000, 5);
        auto source = age_decrypt(from, {{identity}, {}});
        ASSERT_TRUE(source) << to_string(source.error());
        const test::Drained drained = test::drain(**source);
        EXPECT_TRUE(drained.status);
        EXPECT_TRUE(drained.text == text) << size << (armored ? " armored" : "");
      }
    }
  }
}

TEST_F(AgeInterop, AgeReportsWhatWeReport) {
  const std::string path = folder_ + "/file.age";
  const std::string file =
      encrypt_ours(std::string(70000, 'x'), {{identities_[0].recipient()}, {}});
  for (const std::string& bad :
       {file.substr(0, file.size() - 1), file + "x", file.substr(0, file.size() - 70000)}) {
    ASSERT_TRUE(write_file(path, bad, 0600));
    EXPECT_FALSE(run_and_capture({{"age", "-d", "-i", key_files_[0], path}, {}, {}}));
  }
  ASSERT_TRUE(write_file(path, file, 0600));
  EXPECT_FALSE(run_and_capture({{"age", "-d", "-i", key_files_[1], path}, {}, {}}));
}

// age reads passphrases from a terminal only: script(1) gives it one.
Result<std::string> age_on_terminal(const std::string& arguments, const std::string& answers) {
  Command command{{"script", "-qec", "age " + arguments, "/dev/null"}, {}, {}};
  command.want_stdin = true;
  command.want_stdout = true;
  PGDR_TRY(const auto process, Process::start(command));
  PGDR_CHECK(process->in().write(bytes_of(answers)));
  std::string seen = test::drain(process->out()).text;
  PGDR_TRY(const ExitStatus status, process->wait());
  if (!status.ok()) return Error::of(Code::kFailed, status.describe() + seen);
  return seen;
}

TEST_F(AgeInterop, PassphrasesBothWays) {
  const std::string path = folder_ + "/file.age";
  const std::string plain = folder_ + "/plain";
  ASSERT_TRUE(write_file(path, encrypt_ours("our text", {{}, "correct horse", 12}), 0600));
  const auto opened = age_on_terminal("-d -o " + plain + " " + path, "correct horse\n");
  ASSERT_TRUE(opened) << to_string(opened.error());
  EXPECT_EQ(*read_file(plain), "our text");

  const std::string theirs = folder_ + "/theirs.age";
  const auto made =
      age_on_terminal("-p -o " + theirs + " " + plain, "correct horse\ncorrect horse\n");
  ASSERT_TRUE(made) << to_string(made.error());
  const auto source = open_file(theirs);
  auto text = age_decrypt(**source, {{}, "correct horse"});
  ASSERT_TRUE(text) << to_string(text.error());
  EXPECT_EQ(test::drain(**text).text, "our text");
}

// An identity file locked with age -p opens with its passphrase.
TEST_F(AgeInterop, LockedIdentityFile) {
  const std::string locked = folder_ + "/key.age";
  const auto made =
      age_on_terminal("-p -a -o " + locked + " " + key_files_[0], "open sesame\nopen sesame\n");
  ASSERT_TRUE(made) << to_string(made.error());
  const auto identities = open_identity_file(*read_file(locked), "open sesame");
  ASSERT_TRUE(identities) << to_string(identities.error());
  EXPECT_EQ(identities->front().secret_text(), identities_[0].secret_text());
}

}  // namespace
}  // namespace pgdr::pipe
