#include "unit/crash_points.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "repo/artifact.hpp"
#include "repo/survey.hpp"
#include "unit/store_content.hpp"

namespace pgdr::test {
namespace {

constexpr std::uint64_t kMostOperations = 5000;

void write_object(const Scene& scene, const std::string& repository, const std::string& key,
                  const std::string& text) {
  for (const auto& [name, place] : scene.places) {
    if (name != repository) continue;
    MemoryStore store(place);
    const Status written = store::write_text(store, key, text);
    EXPECT_TRUE(written.ok()) << key;
  }
}

// One run of the use-case that nothing cuts short.
std::string run_uncut(const Scene& scene, const CrashCase& test) {
  app::OpenRepositories repositories = scene.open();
  if (!test.run(repositories)) return "it fails with nothing wrong";
  return test.holds(scene);
}

// The run is cut at operation n; what is wrong after that, or after the runs that follow. done:
// there were fewer operations.
std::string try_cut(const Scene& start, const CrashCase& test, CutMode mode, bool backwards,
                    std::uint64_t n, bool& done) {
  const Scene scene = start.clone();
  const auto cut = std::make_shared<Cut>(mode, n);
  if (test.meanwhile) {
    cut->before = [&](std::string_view operation, const std::string& key) {
      test.meanwhile(scene, operation, key);
    };
  }
  std::string wrong;
  {
    app::OpenRepositories repositories = scene.open(cut, backwards);
    const bool succeeded = test.run(repositories);
    done = !cut->happened();
    if (done && !succeeded) return "it fails without being cut";
  }
  if (wrong = test.holds(scene); !wrong.empty()) return "after the cut: " + wrong;
  if (wrong = run_uncut(scene, test); !wrong.empty()) return "the next run: " + wrong;
  scene.age(std::chrono::hours(25));
  if (wrong = run_uncut(scene, test); !wrong.empty()) return "a day later: " + wrong;
  if (wrong = test.ends(scene); !wrong.empty()) return "in the end: " + wrong;
  return "";
}

}  // namespace

Scene::Scene(const std::vector<std::string>& names) {
  for (const auto& name : names) places.emplace_back(name, std::make_shared<MemoryPlace>());
}

Scene Scene::clone() const {
  Scene copy(std::vector<std::string>{});
  for (const auto& [name, place] : places) copy.places.emplace_back(name, place->clone());
  return copy;
}

MemoryPlace& Scene::place(const std::string& name) const {
  const auto at = std::find_if(places.begin(), places.end(),
                               [&](const auto& one) { return one.first == name; });
  return *at->second;
}

app::OpenRepositories Scene::open(const std::shared_ptr<Cut>& cut, bool backwards) const {
  app::OpenRepositories opened;
  for (const auto& [name, place] : places) {
    app::Repository repository;
    repository.name = name;
    repository.id = "00000000-0000-4000-8000-00000000000" + name.substr(0, 1);
    if (cut) {
      repository.store = std::make_shared<CutStore>(place, cut, backwards);
    } else {
      repository.store = std::make_shared<MemoryStore>(place);
    }
    opened.open.push_back(std::move(repository));
  }
  return opened;
}

void Scene::age(std::chrono::microseconds by) const {
  for (const auto& [name, place] : places) place->age(by);
}

std::string crash_label(int days_ago) {
  const Time noon = std::chrono::floor<std::chrono::days>(system_clock().now()) -
                    std::chrono::days(days_ago) - std::chrono::hours(12);
  return fmt::format("{}-{:04x}", to_label_time(noon), days_ago);
}

std::string add_backup(const Scene& scene, const std::string& repository, int days_ago,
                       const std::function<std::string(const std::string&)>& locked,
                       const std::vector<std::string>& recipients) {
  app::Manifest manifest;
  manifest.label = crash_label(days_ago);
  manifest.set = manifest.database = kCrashSet;
  manifest.server_version = "15.20";
  manifest.system_identifier = "1";
  manifest.started_at = manifest.recovery_point =
      *parse_iso(to_iso(std::chrono::floor<std::chrono::days>(system_clock().now()) -
                        std::chrono::days(days_ago) - std::chrono::hours(12)));
  manifest.finished_at = manifest.started_at + std::chrono::minutes(1);
  manifest.recipients = recipients;
  manifest.snapshot_uuid = fmt::format("00000000-0000-4000-8000-{:012}", days_ago);
  const std::string prefix = app::backup_prefix(kCrashSet, manifest.label);
  for (const char* kind : {"database", "globals"}) {
    const std::string plain = content_of(200, static_cast<unsigned>(days_ago) + kind[0]);
    const std::string stored = locked ? locked(plain) : plain;
    const std::string name =
        kind == std::string("database") ? "database.dump.zst.age" : "globals.sql.zst.age";
    manifest.artifacts.push_back(
        {name, kind, stored.size(), app::sha256_hex(stored), plain.size(), app::sha256_hex(plain)});
    write_object(scene, repository, prefix + name, stored);
  }
  write_object(scene, repository, prefix + app::kSumsFile, app::sums_text(manifest));
  write_object(scene, repository, prefix + app::kRestoreTextFile, "how to restore\n");
  write_object(scene, repository, prefix + app::kManifestFile, app::manifest_text(manifest));
  return manifest.label;
}

std::string lacks(const Scene& scene, const std::string& repository, const std::string& label) {
  app::OpenRepositories opened = scene.open();
  for (auto& one : opened.open) {
    if (one.name != repository) continue;
    const auto stored = app::read_backup(one, kCrashSet, label);
    if (!stored) return to_string(stored.error());
    for (const auto& artifact : stored->manifest.artifacts) {
      const Status good = app::check_stored(*stored, artifact, {});
      if (!good) return to_string(good.error());
    }
  }
  return "";
}

std::string half_visible(const Scene& scene) {
  app::OpenRepositories opened = scene.open();
  for (auto& one : opened.open) {
    const auto survey = app::list_set(one, kCrashSet);
    if (!survey) return to_string(survey.error());
    for (const auto& folder : survey->folders) {
      if (!folder.manifest) continue;
      if (auto wrong = lacks(scene, one.name, folder.label); !wrong.empty()) return wrong;
    }
  }
  return "";
}

std::string left_behind(const Scene& scene, const std::vector<std::string>& but) {
  app::OpenRepositories opened = scene.open();
  for (auto& one : opened.open) {
    const auto survey = app::survey_set(one, kCrashSet);
    if (!survey) return to_string(survey.error());
    const auto temporaries = one.store->leftovers("");
    if (!temporaries->empty()) return temporaries->front().key + " is left";
    for (const auto& folder : survey->folders) {
      const bool known = std::find(but.begin(), but.end(), folder.label) != but.end();
      if (!folder.manifest && !known) return folder.objects.front().key + " is left";
    }
    for (const auto& entry : survey->superseded) return entry.key + " is left";
    for (const auto& key : survey->unknown) return key + " is of unknown origin";
    for (const auto& lease : survey->marks.leases) {
      if (!lease.live(system_clock().now())) return lease.key + " is left";
    }
  }
  return "";
}

void try_every_cut(const Scene& scene, const CrashCase& test) {
  for (const CutMode mode : kCuts) {
    for (const bool backwards : {false, true}) {
      if (backwards && !test.backwards) continue;
      bool done = false;
      for (std::uint64_t n = 1; !done; ++n) {
        ASSERT_LT(n, kMostOperations);
        const std::string wrong = try_cut(scene, test, mode, backwards, n, done);
        ASSERT_EQ(wrong, "") << "operation " << n << " " << to_text(mode)
                             << (backwards ? ", backwards" : "");
      }
    }
  }
}

}  // namespace pgdr::test
