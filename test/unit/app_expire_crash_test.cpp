// expire, cut short at each of its operations.
#include <algorithm>

#include <gtest/gtest.h>

#include "app/retention/expire.hpp"
#include "app/retention/expire_catalog.hpp"
#include "repo/marks.hpp"
#include "repo/survey.hpp"
#include "repo/unfinished.hpp"
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
using test::left_behind;
using test::Scene;

class ExpireCrash : public ::testing::Test {
 protected:
  ExpireCrash() {
    set_.name = kCrashSet;
    for (const char* name : {"a", "b"}) {
      RepositoryConfig& repository = config_.repositories[name];
      repository.name = name;
      repository.retention.keep_last = 2;
    }
  }

  bool expire(OpenRepositories& repositories) {
    set_.repositories.clear();
    for (const auto& one : repositories.open) set_.repositories.push_back(one.name);
    ExpireCatalog catalog(set_);  // never opened: there is none
    const ExpireRequest request{config_, set_, no_progress(), "", false, false, false};
    const auto done = expire_opened(request, repositories, catalog);
    if (!done) return false;
    for (const auto& one : done->repositories) {
      if (!one.error) continue;
      last_ = to_string(*one.error);
      return false;
    }
    return true;
  }

  static void write(const Scene& scene, const std::string& key, const std::string& text = "x") {
    OpenRepositories opened = scene.open();
    EXPECT_TRUE(store::write_text(*opened.open.front().store, key, text).ok());
  }
  static void pin(const Scene& scene, const std::string& label) {
    OpenRepositories opened = scene.open();
    Pin one;
    one.label = label;
    one.created_at = system_clock().now();
    EXPECT_TRUE(write_pin(opened.open.front(), kCrashSet, one).ok());
  }

  // Everywhere.
  static void prove(const Scene& scene, const std::string& label) {
    OpenRepositories opened = scene.open();
    for (auto& one : opened.open) {
      const auto stored = read_backup(one, kCrashSet, label);
      EXPECT_TRUE(stored.ok());
      if (stored) record_proof(*stored, ProofKind::kBytes, system_clock().now() - hours(1));
    }
  }

  // Of five: two by the rule, one by a pin, one that is being read; one goes. And what dead
  // processes left.
  static Scene busy_scene(const std::vector<std::string>& names = {"a"}) {
    Scene scene(names);
    for (const auto& name : names) {
      for (int days = 1; days <= 5; ++days) add_backup(scene, name, days);
    }
    prove(scene, crash_label(1));
    prove(scene, crash_label(3));
    pin(scene, crash_label(4));
    write(scene, std::string(kCrashSet) + "/20261101T020000Z-00aa/globals.sql.zst.age");
    write(scene, std::string(kCrashSet) + "/leases/" + crash_label(2) + ".restore.00000000.1");
    write(scene, std::string(kCrashSet) + "/" + crash_label(1) + "/database.r1.dump.zst.age");
    scene.age(hours(50));
    write(scene, std::string(kCrashSet) + "/leases/" + crash_label(5) + ".restore.00000001.1");
    return scene;
  }

  // What is being read is whole.
  static std::string lost_lease(const Scene& scene, const std::string& name, hours ahead) {
    OpenRepositories opened = scene.open();
    for (auto& one : opened.open) {
      if (one.name != name) continue;
      const auto survey = list_set(one, kCrashSet);
      if (!survey) return to_string(survey.error());
      for (const auto& lease : survey->marks.leases) {
        if (lease.purpose == "clock" || !lease.live(system_clock().now() + ahead)) continue;
        if (auto wrong = lacks(scene, name, lease.label); !wrong.empty()) return wrong;
      }
    }
    return "";
  }

  // ahead: the repository's clock of the host's.
  CrashCase expiring(const std::vector<int>& kept, const std::vector<int>& gone,
                     hours ahead = hours(0)) {
    CrashCase one;
    one.backwards = true;
    one.run = [this](OpenRepositories& repositories) { return expire(repositories); };
    one.holds = [kept, ahead](const Scene& scene) {
      for (const auto& [name, place] : scene.places) {
        for (const int days : kept) {
          if (auto wrong = lacks(scene, name, crash_label(days)); !wrong.empty()) return wrong;
        }
        if (auto wrong = lost_lease(scene, name, ahead); !wrong.empty()) return wrong;
      }
      return half_visible(scene);
    };
    one.ends = [gone, ahead](const Scene& scene) {
      for (const auto& [name, place] : scene.places) {
        for (const int days : gone) {
          if (lacks(scene, name, crash_label(days)).empty()) return crash_label(days) + " is there";
        }
      }
      return ahead == hours(0) ? left_behind(scene) : half_visible(scene);
    };
    return one;
  }

  Config config_;
  SetConfig set_;
  std::string last_;
};

TEST_F(ExpireCrash, LosesNothingThatIsKeptAndLeavesNothing) {
  // The lease of the fifth is a day old in the end: then that goes, too.
  test::try_every_cut(busy_scene(), expiring({1, 2, 4}, {3, 5}));
}

TEST_F(ExpireCrash, OfTwoRepositoriesNeitherLosesWhatThePinOfTheOtherKeeps) {
  Scene scene({"a", "b"});
  for (const char* name : {"a", "b"}) {
    config_.repositories[name].retention.keep_last = 1;
    for (int days = 1; days <= 3; ++days) add_backup(scene, name, days);
  }
  pin(scene, crash_label(3));  // in the first alone
  prove(scene, crash_label(1));
  scene.age(hours(50));
  test::try_every_cut(scene, expiring({1, 3}, {2}));
}

// Ages are told by the repository's clock: a host ahead of it takes nobody for dead.
TEST_F(ExpireCrash, AHostWhoseClockIsAheadLosesNothing) {
  const Scene scene = busy_scene();
  scene.place("a").age(hours(2));
  scene.place("a").set_ahead(-hours(2));
  test::try_every_cut(scene, expiring({1, 2, 4}, {3, 5}, -hours(2)));
}

TEST_F(ExpireCrash, AHostWhoseClockIsBehindDeletesNothing) {
  const Scene scene = busy_scene();
  scene.place("a").set_ahead(hours(2));
  scene.place("a").age(-hours(2));
  CrashCase doubt = expiring({1, 2, 3, 4, 5}, {}, hours(2));
  doubt.run = [this](OpenRepositories& repositories) { return !expire(repositories); };
  doubt.ends = [](const Scene& ended) { return half_visible(ended); };
  // Whatever is cut: it is refused, or fails.
  for (const test::CutMode mode : test::kCuts) {
    for (std::uint64_t n = 1; n < 60; ++n) {
      const Scene copy = scene.clone();
      OpenRepositories opened = copy.open(std::make_shared<test::Cut>(mode, n));
      EXPECT_FALSE(expire(opened)) << n;
      EXPECT_EQ(doubt.holds(copy), "") << n;
    }
  }
}

// What a rewrap that died left: the next manifest alone is in force, or beside the one it follows.
TEST_F(ExpireCrash, ARewrapThatDiedMakesNoDifference) {
  Scene scene;
  for (int days = 1; days <= 4; ++days) add_backup(scene, "a", days);
  prove(scene, crash_label(1));
  OpenRepositories opened = scene.open();
  store::Store& store = *opened.open.front().store;
  for (const int days : {1, 2, 3, 4}) {
    const std::string prefix = backup_prefix(kCrashSet, crash_label(days));
    const auto text = store::read_text(store, prefix + kManifestFile);
    ASSERT_TRUE(text.ok());
    ASSERT_TRUE(store::write_text(store, prefix + kNextManifestFile, *text).ok());
    if (days % 2 != 0) continue;
    ASSERT_TRUE(store.remove(prefix + kManifestFile).ok());
  }
  scene.age(hours(50));
  test::try_every_cut(scene, expiring({1, 2}, {3, 4}));
}

// Somebody pins a backup, and sees that it is there, just before its manifest goes: whatever
// becomes of this run, the next one leaves what there is.
TEST_F(ExpireCrash, APinThatComesMeanwhileHolds) {
  const std::string label = crash_label(3);
  const std::string prefix = backup_prefix(kCrashSet, label);
  CrashCase late = expiring({1, 2, 4}, {5});
  late.meanwhile = [&](const Scene& scene, std::string_view operation, const std::string& key) {
    if (operation != "remove" || key != prefix + kManifestFile) return;
    OpenRepositories opened = scene.open();
    const auto pins = list_pins(opened.open.front(), kCrashSet);
    if (std::any_of(pins->begin(), pins->end(), [&](const Pin& p) { return p.label == label; })) {
      return;
    }
    if (lacks(scene, "a", label).empty()) pin(scene, label);
  };
  const auto pinned = [label](const Scene& scene) {
    OpenRepositories opened = scene.open();
    const auto pins = list_pins(opened.open.front(), kCrashSet);
    return std::any_of(pins->begin(), pins->end(), [&](const Pin& p) { return p.label == label; });
  };
  const auto untouched = late.holds;
  late.holds = [=](const Scene& scene) -> std::string {
    if (auto wrong = untouched(scene); !wrong.empty() || !pinned(scene)) return wrong;
    OpenRepositories opened = scene.open();
    for (const char* name : {"database.dump.zst.age", "globals.sql.zst.age", kSumsFile}) {
      const auto there = opened.open.front().store->stat(prefix + name);
      if (!there->has_value()) return prefix + name + " is gone, and was pinned";
    }
    return "";
  };
  late.ends = [=](const Scene& scene) -> std::string {
    if (pinned(scene)) return lacks(scene, "a", label);
    return left_behind(scene);
  };
  test::try_every_cut(busy_scene(), late);
}

TEST_F(ExpireCrash, RemovingLeftoversBeforeABackupTouchesNoBackup) {
  CrashCase one = expiring({1, 2, 3, 4, 5}, {});
  one.run = [](OpenRepositories& repositories) {
    remove_leftovers(repositories.open.front(), kCrashSet, {});
    return true;
  };
  one.ends = [](const Scene& scene) -> std::string {
    OpenRepositories opened = scene.open();
    const auto survey = list_set(opened.open.front(), kCrashSet);
    for (const auto& folder : survey->folders) {
      if (!folder.manifest) return folder.label + " is left";
    }
    return "";
  };
  test::try_every_cut(busy_scene(), one);
}

// A finding about a copy is not lost between an older proof and the next.
TEST_F(ExpireCrash, AProofIsNeverGone) {
  Scene scene;
  const std::string label = add_backup(scene, "a", 1);
  prove(scene, label);
  const Time at = system_clock().now();
  CrashCase one;
  one.run = [&](OpenRepositories& repositories) {
    const auto stored = read_backup(repositories.open.front(), kCrashSet, label);
    if (!stored) return false;
    record_proof(*stored, ProofKind::kContent, at);
    record_proof(*stored, ProofKind::kBytes, at);
    return true;
  };
  one.holds = [&](const Scene& now) -> std::string {
    OpenRepositories opened = now.open();
    const auto survey = survey_set(opened.open.front(), kCrashSet);
    const bool there = newest_proof(survey->marks, survey->backups.front().stored).has_value();
    return there ? half_visible(now) : "no proof is left";
  };
  one.ends = [&](const Scene& now) -> std::string {
    OpenRepositories opened = now.open();
    const auto survey = survey_set(opened.open.front(), kCrashSet);
    return survey->marks.proofs.size() == 2 ? "" : "not one proof of each kind";
  };
  test::try_every_cut(scene, one);
}

}  // namespace
}  // namespace pgdr::app
