// key rewrap, cut short at each of its operations; and copies between repositories of which one was
// rewrapped.
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>

#include "app/copy/bring_copy.hpp"
#include "app/key/rewrap.hpp"
#include "base/file.hpp"
#include "base/signing.hpp"
#include "pipe/stages.hpp"
#include "repo/survey.hpp"
#include "unit/crash_points.hpp"

namespace pgdr::app {
namespace {

using std::chrono::hours;
using test::add_backup;
using test::crash_label;
using test::CrashCase;
using test::half_visible;
using test::kCrashSet;
using test::lacks;
using test::Scene;

class RewrapCrash : public ::testing::Test {
 protected:
  RewrapCrash()
      : old_(*pipe::Identity::generate()),
        fresh_(*pipe::Identity::generate()),
        signer_(*SigningKey::generate()) {
    std::string pattern = (std::filesystem::temp_directory_path() / "pgdr-unit.XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
    EXPECT_TRUE(write_file(folder_ + "/identity",
                           identity_file_text(old_, "") + identity_file_text(fresh_, ""), 0600)
                    .ok());
    EXPECT_TRUE(write_file(folder_ + "/signing", *signer_.pem(), 0600).ok());
    set_.name = kCrashSet;
    set_.database = "host=" + folder_;  // nobody listens there
    set_.recipients = {fresh_.recipient().text};
    config_.signing.key_file = folder_ + "/signing";
    config_.signing.trusted = {signer_.public_text()};
  }
  ~RewrapCrash() override { std::filesystem::remove_all(folder_); }

  // Locked to the old recipient, and signed.
  void add(const Scene& scene, const std::string& name, int days_ago) {
    const auto lock = [&](const std::string& plain) {
      std::string out;
      const auto sink = pipe::memory_sink(out);
      const auto age = pipe::age_encrypt(*sink, {{old_.recipient()}, ""});
      EXPECT_TRUE(age.ok() && (*age)->write(bytes_of(plain)).ok() && (*age)->finish().ok());
      return out;
    };
    const std::string label = add_backup(scene, name, days_ago, lock, {old_.recipient().text});
    OpenRepositories opened = scene.open();
    for (auto& one : opened.open) {
      if (one.name != name) continue;
      const auto stored = read_backup(one, kCrashSet, label);
      ASSERT_TRUE(stored.ok());
      ASSERT_TRUE(store::write_text(*one.store, backup_prefix(kCrashSet, label) + kSignatureFile,
                                    *signer_.sign(stored->text) + "\n")
                      .ok());
    }
  }
  // The same stored bytes in both.
  Scene two_copies(int days_ago) {
    Scene scene({"a", "b"});
    add(scene, "a", days_ago);
    OpenRepositories opened = scene.open();
    for (const auto& [key, bytes] : scene.place("a").content()) {
      EXPECT_TRUE(store::write_text(*opened.open[1].store, key, bytes).ok());
    }
    return scene;
  }

  bool rewrap(OpenRepositories& repositories, const std::string& only = "") {
    OpenRepositories chosen;
    for (const auto& one : repositories.open) {
      if (only.empty() || one.name == only) chosen.open.push_back(one);
    }
    RewrapRequest request{config_, set_, no_progress(), "", "", {{folder_ + "/identity"}, ""}};
    const auto done = rewrap_opened(request, chosen);
    return done && std::none_of(done->begin(), done->end(),
                                [](const RewrappedCopy& one) { return one.error.has_value(); });
  }

  // "": whole, and its signature is ours.
  std::string broken(const Scene& scene, const std::string& name, const std::string& label) {
    if (auto wrong = lacks(scene, name, label); !wrong.empty()) return wrong;
    OpenRepositories opened = scene.open();
    for (auto& one : opened.open) {
      if (one.name != name) continue;
      const auto stored = read_backup(one, kCrashSet, label);
      const auto trust = check_signature(*stored, config_.signing, false);
      if (!trust) return to_string(trust.error());
    }
    return "";
  }
  std::string broken_anywhere(const Scene& scene, int days) {
    for (const auto& [name, place] : scene.places) {
      if (auto wrong = broken(scene, name, crash_label(days)); !wrong.empty()) return wrong;
    }
    return half_visible(scene);
  }
  // "": what the backup consists of is there, for the new recipient, and nothing else.
  std::string unfinished(const Scene& scene, const std::string& name, const std::string& label) {
    OpenRepositories opened = scene.open();
    for (auto& one : opened.open) {
      if (one.name != name) continue;
      const auto stored = read_backup(one, kCrashSet, label);
      if (stored->manifest.recipients != set_.recipients) return "the old recipient is left";
      const std::string prefix = backup_prefix(kCrashSet, label);
      std::vector<std::string> expected = {prefix + kManifestFile, prefix + kSignatureFile,
                                           prefix + kSumsFile, prefix + kRestoreTextFile};
      for (const auto& a : stored->manifest.artifacts) expected.push_back(prefix + a.name);
      const auto entries = one.store->list(prefix);
      for (const auto& entry : *entries) {
        if (std::find(expected.begin(), expected.end(), entry.key) == expected.end()) {
          return entry.key + " is left";
        }
      }
      if (entries->size() != expected.size()) return "something is not there";
    }
    return "";
  }

  // The label's copy in `to`, from that in `from`.
  static bool bring(OpenRepositories& repositories, const std::string& label, bool suspect) {
    Repository& from = repositories.open[0];
    Repository& to = repositories.open[1];
    const auto source = read_backup(from, kCrashSet, label);
    const auto lease = to.store->lock(kCrashSet);
    if (!source || !lease) return false;
    return bring_copy({{&*source}, to, **lease, suspect, {}}).ok();
  }
  CrashCase bringing(int days, bool suspect) {
    const std::string label = crash_label(days);
    CrashCase one;
    one.run = [=](OpenRepositories& repositories) { return bring(repositories, label, suspect); };
    one.holds = [=, this](const Scene& scene) { return broken(scene, "a", label); };
    one.ends = [=, this](const Scene& scene) -> std::string {
      if (auto wrong = broken_anywhere(scene, days); !wrong.empty()) return wrong;
      OpenRepositories opened = scene.open();
      return opened.open[1].store->leftovers("")->empty() ? "" : "an upload is left";
    };
    return one;
  }

  std::string folder_;
  pipe::Identity old_;
  pipe::Identity fresh_;
  SigningKey signer_;
  Config config_;
  SetConfig set_;
};

TEST_F(RewrapCrash, OneCompleteSetOfFilesIsInForceAlways) {
  Scene scene;
  add(scene, "a", 1);
  scene.age(hours(50));
  CrashCase one;
  one.run = [this](OpenRepositories& repositories) { return rewrap(repositories); };
  one.holds = [this](const Scene& now) { return broken_anywhere(now, 1); };
  one.ends = [this](const Scene& now) { return unfinished(now, "a", crash_label(1)); };
  test::try_every_cut(scene, one);
}

TEST_F(RewrapCrash, WhereOneRepositoryWasRewrappedAlreadyTheOtherFollows) {
  const Scene scene = two_copies(1);
  OpenRepositories opened = scene.open();
  ASSERT_TRUE(rewrap(opened, "b"));
  scene.age(hours(50));
  CrashCase one;
  one.run = [this](OpenRepositories& repositories) { return rewrap(repositories); };
  one.holds = [this](const Scene& now) { return broken_anywhere(now, 1); };
  one.ends = [this](const Scene& now) {
    const auto wrong = unfinished(now, "a", crash_label(1));
    return wrong.empty() ? unfinished(now, "b", crash_label(1)) : wrong;
  };
  test::try_every_cut(scene, one);
}

TEST_F(RewrapCrash, ACopyIsSeenWholeOrNotAtAll) {
  Scene scene({"a", "b"});
  add(scene, "a", 1);
  scene.age(hours(50));
  CrashCase one = bringing(1, false);
  const auto source = one.holds;
  one.holds = [=](const Scene& now) {
    const auto wrong = source(now);
    return wrong.empty() ? half_visible(now) : wrong;
  };
  test::try_every_cut(scene, one);
}

TEST_F(RewrapCrash, ADamagedCopyIsRepaired) {
  const Scene scene = two_copies(1);
  const std::string key = backup_prefix(kCrashSet, crash_label(1)) + "database.dump.zst.age";
  std::string bytes = scene.place("b").content().at(key);
  bytes[100] = static_cast<char>(bytes[100] ^ 1);
  ASSERT_TRUE(scene.place("b").alter(key, bytes));
  scene.age(hours(50));
  CrashCase one = bringing(1, true);
  const auto source = one.holds;
  // Until it is repaired, what is seen is the damage that there was.
  one.holds = [=](const Scene& now) -> std::string {
    if (auto wrong = source(now); !wrong.empty()) return wrong;
    const auto content = now.place("b").content();
    const auto at = content.find(key);
    const bool untouched = at != content.end() && at->second == bytes;
    return untouched ? "" : half_visible(now);
  };
  test::try_every_cut(scene, one);
}

TEST_F(RewrapCrash, ACopyUnderOtherKeysIsLeftOrReplacedWhole) {
  for (const bool damaged : {false, true}) {
    const Scene scene = two_copies(1);
    OpenRepositories opened = scene.open();
    ASSERT_TRUE(rewrap(opened, "b"));
    const std::string key = backup_prefix(kCrashSet, crash_label(1)) + "database.r1.dump.zst.age";
    if (damaged) {
      ASSERT_TRUE(opened.open[1].store->remove(key).ok());
    }
    scene.age(hours(50));
    test::try_every_cut(scene, bringing(1, damaged));
  }
}

TEST_F(RewrapCrash, AReaderKeepsItsFilesWhateverTheHostsClockSays) {
  for (const auto ahead : {hours(-2), hours(2)}) {
    Scene scene;
    add(scene, "a", 1);
    scene.age(hours(50) - ahead);
    scene.place("a").set_ahead(ahead);
    OpenRepositories opened = scene.open();
    ASSERT_TRUE(store::write_text(
                    *opened.open.front().store,
                    std::string(kCrashSet) + "/leases/" + crash_label(1) + ".restore.00000000.1",
                    "x")
                    .ok());
    const auto before = scene.place("a").content();
    for (const test::CutMode mode : test::kCuts) {
      for (std::uint64_t n = 1; n < 40; ++n) {
        const Scene copy = scene.clone();
        OpenRepositories cut = copy.open(std::make_shared<test::Cut>(mode, n));
        EXPECT_FALSE(rewrap(cut)) << n;
        const auto after = copy.place("a").content();
        for (const auto& [key, bytes] : before) EXPECT_TRUE(after.contains(key)) << key << " " << n;
      }
    }
  }
}

}  // namespace
}  // namespace pgdr::app
