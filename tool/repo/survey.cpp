#include "repo/survey.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/parallel.hpp"

namespace pgdr::app {
namespace {

bool beside_artifacts(const std::string& name) {
  return name == kManifestFile || name == kSignatureFile || name == kSumsFile ||
         name == kRestoreTextFile || name == kNextManifestFile || name == kNextSignatureFile;
}

// What the listing says of the artifacts; their bytes are verify's business.
void compare(const SurveyFolder& folder, SurveyedBackup& backup, Survey& survey) {
  std::map<std::string, std::uint64_t> sizes;
  for (const auto& object : folder.objects) {
    const std::string name = object.key.substr(object.key.rfind('/') + 1);
    sizes[name] = object.size;
    const auto& artifacts = backup.stored.manifest.artifacts;
    const bool listed = std::any_of(artifacts.begin(), artifacts.end(),
                                    [&](const Artifact& a) { return a.name == name; });
    if (listed || beside_artifacts(name)) continue;
    const std::string base = parse_artifact_name(name).base;
    const bool superseded = std::any_of(artifacts.begin(), artifacts.end(), [&](const Artifact& a) {
      return parse_artifact_name(a.name).base == base;
    });
    if (superseded) {
      survey.superseded.push_back(object);
    } else {
      survey.unknown.push_back(object.key);
    }
  }
  for (const auto& artifact : backup.stored.manifest.artifacts) {
    const auto at = sizes.find(artifact.name);
    if (at == sizes.end()) {
      backup.lacking.push_back(artifact.name + " is missing");
    } else if (at->second != artifact.stored_bytes) {
      backup.lacking.push_back(
          fmt::format("{} has {} bytes of {}", artifact.name, at->second, artifact.stored_bytes));
    }
  }
}

void sort_objects(const std::vector<store::Entry>& entries, const std::string& set,
                  Survey& survey) {
  for (const auto& entry : entries) {
    survey.newest_object = std::max(survey.newest_object.value_or(entry.modified), entry.modified);
    if (sort_mark(entry, set, survey.marks)) continue;
    const std::string rest = entry.key.substr(set.size() + 1);
    const std::size_t slash = rest.find('/');
    const std::string label = rest.substr(0, slash);
    if (slash == std::string::npos || !valid_label(label) ||
        rest.find('/', slash + 1) != std::string::npos) {
      survey.unknown.push_back(entry.key);
      continue;
    }
    if (survey.folders.empty() || survey.folders.back().label != label) {
      survey.folders.push_back({label, {}, false, {}});
    }
    SurveyFolder& folder = survey.folders.back();
    folder.objects.push_back(entry);
    folder.newest = std::max(folder.newest, entry.modified);
    const std::string name = rest.substr(slash + 1);
    folder.manifest = folder.manifest || name == kManifestFile || name == kNextManifestFile;
  }
}

void sort_temporaries(const std::vector<store::Entry>& entries, const std::string& set,
                      Survey& survey) {
  for (const auto& entry : entries) {
    const std::string rest = entry.key.substr(set.size() + 1);
    const std::string label = rest.substr(0, rest.find('/'));
    if (rest.find('/') == std::string::npos || !valid_label(label)) {
      survey.temporaries.push_back(entry);
      continue;
    }
    auto at = std::lower_bound(
        survey.folders.begin(), survey.folders.end(), label,
        [](const SurveyFolder& folder, const std::string& l) { return folder.label < l; });
    if (at == survey.folders.end() || at->label != label) {
      at = survey.folders.insert(at, {label, {}, false, {}});
    }
    // Beside a manifest it belongs to no run that is going on.
    if (at->manifest) survey.temporaries.push_back(entry);
    at->newest = std::max(at->newest, entry.modified);
  }
}

}  // namespace

Result<Survey> list_set(Repository& repository, const std::string& set) {
  Survey survey;
  PGDR_TRY(const auto entries, repository.store->list(set + "/"));
  sort_objects(entries, set, survey);
  PGDR_TRY(const auto temporaries, repository.store->leftovers(set + "/"));
  sort_temporaries(temporaries, set, survey);
  return survey;
}

Result<Survey> survey_set(Repository& repository, const std::string& set) {
  PGDR_TRY(Survey survey, list_set(repository, set));
  std::vector<std::optional<Result<StoredBackup>>> read(survey.folders.size());
  PGDR_CHECK(for_each_parallel(survey.folders.size(), [&](std::size_t i) -> Status {
    if (!survey.folders[i].manifest) return success();
    read[i] = read_backup(repository, set, survey.folders[i].label);
    if (*read[i]) return success();
    const Code code = read[i]->error().code;
    // What the bytes say is a finding; that they could not be had is an error.
    const bool finding = code == Code::kCorrupt || code == Code::kUsage;
    return finding ? success() : Status(read[i]->error());
  }));
  for (std::size_t i = 0; i < survey.folders.size(); ++i) {
    if (!read[i]) continue;
    if (!*read[i]) {
      survey.broken.push_back({set, survey.folders[i].label, &repository, read[i]->error()});
      continue;
    }
    survey.backups.push_back({std::move(**read[i]), i, {}});
    compare(survey.folders[i], survey.backups.back(), survey);
  }
  return survey;
}

}  // namespace pgdr::app
