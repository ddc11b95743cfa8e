// keep, cut short at each of its operations.
#include <gtest/gtest.h>

#include "app/retention/keep.hpp"
#include "unit/crash_points.hpp"

namespace pgdr::app {
namespace {

using std::chrono::hours;
using test::add_backup;
using test::CrashCase;
using test::half_visible;
using test::kCrashSet;
using test::Scene;

class KeepCrash : public ::testing::Test {
 protected:
  KeepCrash() {
    set_.name = kCrashSet;
    for (const auto& [name, place] : scene_.places) label_ = add_backup(scene_, name, 3);
    scene_.age(hours(50));
  }
  bool keep(OpenRepositories& repositories, std::optional<Time> until, bool release = false) {
    const KeepRequest request{config_, set_, label_, release, until, "a reason", ""};
    const auto done = keep_opened(request, repositories, now_);
    if (!done) return false;
    for (const auto& copy : done->copies) {
      if (copy.error) return false;
    }
    return true;
  }
  // In each repository: how many pins, and the strongest.
  static std::vector<std::pair<std::size_t, std::optional<Pin>>> pins(const Scene& scene,
                                                                      const std::string& label) {
    std::vector<std::pair<std::size_t, std::optional<Pin>>> all;
    OpenRepositories opened = scene.open();
    for (auto& one : opened.open) {
      const auto found = list_pins(one, kCrashSet);
      EXPECT_TRUE(found.ok());
      all.emplace_back(found->size(), strongest_pin(*found, label, system_clock().now()));
    }
    return all;
  }

  Scene scene_{{"a", "b"}};
  std::string label_;
  Config config_;
  SetConfig set_;
  Time now_ = system_clock().now();
};

TEST_F(KeepCrash, TheOldPinHoldsUntilTheNewOneDoes) {
  OpenRepositories opened = scene_.open();
  ASSERT_TRUE(keep(opened, now_ + hours(48)));
  CrashCase one;
  one.run = [this](OpenRepositories& repositories) { return keep(repositories, std::nullopt); };
  one.holds = [this](const Scene& scene) -> std::string {
    for (const auto& [count, strongest] : pins(scene, label_)) {
      if (!strongest) return "it is not pinned";
    }
    return half_visible(scene);
  };
  one.ends = [this](const Scene& scene) -> std::string {
    for (const auto& [count, strongest] : pins(scene, label_)) {
      if (count != 1 || strongest->until) return "there is another pin than the new one";
    }
    return "";
  };
  test::try_every_cut(scene_, one);
}

TEST_F(KeepCrash, AReleaseThatWasCutIsRepeated) {
  OpenRepositories opened = scene_.open();
  ASSERT_TRUE(keep(opened, std::nullopt));
  CrashCase one;
  one.run = [this](OpenRepositories& repositories) {
    return keep(repositories, std::nullopt, true);
  };
  one.holds = half_visible;
  one.ends = [this](const Scene& scene) -> std::string {
    for (const auto& [count, strongest] : pins(scene, label_)) {
      if (count != 0) return "it is pinned";
    }
    return "";
  };
  test::try_every_cut(scene_, one);
}

}  // namespace
}  // namespace pgdr::app
