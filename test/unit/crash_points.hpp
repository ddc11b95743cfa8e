// Repositories in memory, and running a use-case on them with every one of its operations failing,
// failing though it was done, and being its process's last.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "repo/repository.hpp"
#include "unit/memory_store.hpp"

namespace pgdr::test {

inline constexpr const char* kCrashSet = "shop";

// The set's repositories, by name.
struct Scene {
  std::vector<std::pair<std::string, std::shared_ptr<MemoryPlace>>> places;

  explicit Scene(const std::vector<std::string>& names = {"a"});
  [[nodiscard]] Scene clone() const;
  [[nodiscard]] MemoryPlace& place(const std::string& name) const;
  // As a process sees them whose operations are counted; without cut: as any other does.
  [[nodiscard]] app::OpenRepositories open(const std::shared_ptr<Cut>& cut = nullptr,
                                           bool backwards = false) const;
  void age(std::chrono::microseconds by) const;
};

// A complete backup that ended so many days ago, with stored bytes as `locked` makes them of what
// it is given (nothing: as they are). Its label is made of its age.
std::string crash_label(int days_ago);
std::string add_backup(const Scene& scene, const std::string& repository, int days_ago,
                       const std::function<std::string(const std::string&)>& locked = {},
                       const std::vector<std::string>& recipients = {});

// "": the manifest is there, with everything it names, byte for byte. Else what is wrong.
std::string lacks(const Scene& scene, const std::string& repository, const std::string& label);
// "": no manifest anywhere without all it names. Else the first that is.
std::string half_visible(const Scene& scene);
// "": no unfinished upload, no folder without manifest (but of `but`), no dead lease.
std::string left_behind(const Scene& scene, const std::vector<std::string>& but = {});

struct CrashCase {
  // true: the use-case says that it succeeded.
  std::function<bool(app::OpenRepositories&)> run;
  // What another process does before an operation of this one (Cut::before); null: nothing.
  std::function<void(const Scene&, std::string_view, const std::string&)> meanwhile;
  // Also with several objects removed in the opposite order: where the use-case does that.
  bool backwards = false;
  // "": all is as it must be. Checked after the cut, and after each run that follows.
  std::function<std::string(const Scene&)> holds;
  // The same once a run, and another a day later, had nothing wrong.
  std::function<std::string(const Scene&)> ends;
};
// Every operation of a run from the scene. Stops at the first that ends badly.
void try_every_cut(const Scene& scene, const CrashCase& test);

}  // namespace pgdr::test
