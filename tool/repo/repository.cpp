#include "repo/repository.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/parallel.hpp"
#include "base/json.hpp"
#include "store/open_store.hpp"

namespace pgdr::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::uint64_t kRepositoryVersion = 1;
constexpr std::size_t kLongestFile = std::size_t{64} << 10U;  // of pgdr-repository.json

Result<std::string> read_id(store::Store& store, const std::string& name) {
  auto text = store::read_text(store, kRepositoryFile, kLongestFile);
  if (!text) {
    if (text.error().code != Code::kNotFound) return text.error().context("repository " + name);
    return Error::of(
        Code::kRepositoryMissing,
        fmt::format("repository {}: there is no {} in {}", name, kRepositoryFile, store.location()),
        "is the right disk mounted there? pgdr init makes a new repository");
  }
  return parse_descriptor(*text, name, store.location());
}

Result<std::unique_ptr<store::Store>> open_store(const RepositoryConfig& config, bool create) {
  auto store = store::open_store(config, create);
  if (!store) return store.error().context("repository " + config.name);
  return store;
}

std::string where(const Repository& repository, const std::string& set, const std::string& label) {
  return fmt::format("backup {} of set {} in repository {}", label, set, repository.name);
}

}  // namespace

Result<std::string> parse_descriptor(std::string_view text, const std::string& name,
                                     const std::string& location) {
  const auto json = parse_json(text, {.bytes = kLongestFile, .depth = 8, .values = 1000});
  const auto version = json ? json_number(*json, "version") : std::nullopt;
  const auto id = json ? json_text(*json, "id") : std::nullopt;
  if (!json || json_text(*json, "format") != "pgdr-repository" || !version || !id) {
    return Error::of(Code::kCorrupt, fmt::format("repository {}: {} in {} is not valid", name,
                                                 kRepositoryFile, location));
  }
  if (*version > kRepositoryVersion) {
    return Error::of(
        Code::kUsage,
        fmt::format("repository {}: its format, version {}, is newer than this program, "
                    "which reads and writes version {}",
                    name, *version, kRepositoryVersion),
        "use the pgdr that wrote it, or a later one");
  }
  return *id;
}

std::string configured_location(const RepositoryConfig& config) {
  if (config.type == "s3" || config.type == "gcs") {
    return fmt::format("{}://{}{}{}", config.type == "gcs" ? "gs" : "s3", config.s3.bucket,
                       config.s3.prefix.empty() ? "" : "/", config.s3.prefix);
  }
  const std::string place = repository_place(config);
  return place.empty() ? config.type + ":" + config.name : place;
}

Result<Repository> open_repository(const RepositoryConfig& config) {
  Repository repository;
  repository.name = config.name;
  repository.remote = config.type != "local";
  PGDR_TRY(repository.store, open_store(config, false));
  PGDR_TRY(repository.id, read_id(*repository.store, config.name));
  return repository;
}

Result<Repository> create_repository(const RepositoryConfig& config) {
  Repository repository;
  repository.name = config.name;
  repository.remote = config.type != "local";
  PGDR_TRY(repository.store, open_store(config, true));
  PGDR_TRY(const auto there, repository.store->stat(kRepositoryFile));
  if (!there) {
    const Json json{{"format", "pgdr-repository"},
                    {"version", kRepositoryVersion},
                    {"id", make_uuid()},
                    {"created_at", to_iso(system_clock().now())}};
    const Status written =
        store::write_text(*repository.store, kRepositoryFile, json.dump(2) + "\n");
    // Another init at the same moment made it: as good.
    if (!written && written.error().code != Code::kExists) return written.error();
  }
  PGDR_TRY(repository.id, read_id(*repository.store, config.name));
  return repository;
}

Error no_such_repository(const Config& config, const std::string& name) {
  std::vector<std::string> names;
  for (const auto& [known, repository] : config.repositories) names.push_back(known);
  const std::string near = nearest(name, names);
  return Error::of(Code::kUsage,
                   fmt::format("there is no repository \"{}\" in {}{}", name, config.path,
                               near.empty() ? "" : "; did you mean \"" + near + "\"?"),
                   fmt::format("its repositories: {}", fmt::join(names, ", ")));
}

Result<OpenRepositories> open_repositories(const Config& config,
                                           const std::vector<std::string>& names) {
  OpenRepositories result;
  for (const auto& name : names) {
    const auto at = config.repositories.find(name);
    if (at == config.repositories.end()) {
      return no_such_repository(config, name);
    }
    auto opened = open_repository(at->second);
    if (opened) {
      result.open.push_back(std::move(*opened));
    } else {
      result.failed.emplace_back(name, opened.error());
    }
  }
  if (result.open.empty()) {
    if (!result.failed.empty()) return result.failed.front().second;
    return Error::of(Code::kUsage, fmt::format("no repository is configured in {}", config.path));
  }
  return result;
}

Result<StoredBackup> read_backup(Repository& repository, const std::string& set,
                                 const std::string& label) {
  const std::string name = where(repository, set, label);
  const std::string prefix = backup_prefix(set, label);
  const char* signature = kSignatureFile;
  auto text = store::read_text(*repository.store, prefix + kManifestFile, kLongestManifest);
  if (!text && text.error().code == Code::kNotFound) {
    // A rewrap that is at work, or died: then the next one holds. Or it ended just now.
    auto next = store::read_text(*repository.store, prefix + kNextManifestFile, kLongestManifest);
    if (next) {
      signature = kNextSignatureFile;
      text = std::move(next);
    } else {
      text = store::read_text(*repository.store, prefix + kManifestFile, kLongestManifest);
    }
  }
  if (!text) {
    if (text.error().code != Code::kNotFound) return text.error().context(name);
    return Error::of(Code::kRepositoryMissing, fmt::format("{}: it has no {}", name, kManifestFile),
                     "it was never completed, or the manifest was deleted");
  }
  StoredBackup stored;
  PGDR_TRY(stored.manifest, parse_manifest(*text, name));
  if (stored.manifest.label != label || stored.manifest.set != set) {
    return Error::of(Code::kCorrupt, fmt::format("{}: its manifest is that of {} of set {}", name,
                                                 stored.manifest.label, stored.manifest.set));
  }
  stored.manifest_sha256 = sha256_hex(*text);
  stored.text = std::move(*text);
  stored.repository = &repository;
  stored.signature_file = signature;
  return stored;
}

Result<Listing> list_backups(Repository& repository, const std::string& set) {
  PGDR_TRY(const auto entries, repository.store->list(set.empty() ? "" : set + "/"));
  std::vector<std::pair<std::string, std::string>> found;  // set, label
  for (const auto& entry : entries) {
    const std::size_t first = entry.key.find('/');
    const std::size_t second = first == std::string::npos ? first : entry.key.find('/', first + 1);
    if (second == std::string::npos) continue;  // pgdr-repository.json, locks
    std::pair<std::string, std::string> at(entry.key.substr(0, first),
                                           entry.key.substr(first + 1, second - first - 1));
    if (!valid_label(at.second) || (!found.empty() && found.back() == at)) continue;
    found.push_back(std::move(at));
  }
  std::vector<std::optional<Result<StoredBackup>>> read(found.size());
  PGDR_CHECK(for_each_parallel(found.size(), [&](std::size_t i) {
    read[i] = read_backup(repository, found[i].first, found[i].second);
    return success();
  }));
  Listing listing;
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (*read[i]) {
      listing.backups.push_back(std::move(**read[i]));
    } else {
      listing.broken.push_back({found[i].first, found[i].second, &repository, read[i]->error()});
    }
  }
  std::stable_sort(
      listing.backups.begin(), listing.backups.end(),
      [](const auto& a, const auto& b) { return a.manifest.finished_at > b.manifest.finished_at; });
  return listing;
}

Result<History> read_history(std::vector<Repository>& repositories, const std::string& set) {
  History history;
  for (auto& repository : repositories) {
    auto listed = list_backups(repository, set);
    if (!listed) {
      if (listed.error().code == Code::kInterrupted) return listed.error();
      history.unlisted.push_back(listed.error().context("repository " + repository.name));
      continue;
    }
    Listing& listing = *listed;
    for (auto& stored : listing.backups) {
      const auto same =
          std::find_if(history.backups.begin(), history.backups.end(), [&](const Backup& backup) {
            return backup.manifest().label == stored.manifest.label &&
                   backup.manifest().set == stored.manifest.set;
          });
      if (same != history.backups.end()) {
        same->copies.push_back(std::move(stored));
      } else {
        history.backups.emplace_back();
        history.backups.back().copies.push_back(std::move(stored));
      }
    }
    for (auto& broken : listing.broken) history.broken.push_back(std::move(broken));
  }
  if (!repositories.empty() && history.unlisted.size() == repositories.size()) {
    return history.unlisted.front();
  }
  std::stable_sort(history.backups.begin(), history.backups.end(),
                   [](const Backup& a, const Backup& b) {
                     return a.manifest().finished_at > b.manifest().finished_at;
                   });
  return history;
}

Result<Backup> choose_backup(History history, const std::string& label) {
  if (label == "latest") {
    const auto good = std::find_if(history.backups.begin(), history.backups.end(),
                                   [](const Backup& b) { return !b.manifest().incomplete; });
    if (good != history.backups.end()) return std::move(*good);
    if (!history.backups.empty()) {
      return Error::of(Code::kRepositoryMissing,
                       fmt::format("there are only incomplete backups, such as {}",
                                   history.backups.front().manifest().label),
                       "name one to work with it all the same, or make another: pgdr backup");
    }
    Error error = Error::of(Code::kRepositoryMissing, "there is no backup yet", "pgdr backup");
    if (!history.broken.empty()) error = history.broken.back().error;
    return error;
  }
  std::vector<Backup*> found;
  for (auto& backup : history.backups) {
    if (backup.manifest().label == label) return std::move(backup);
    if (!label.empty() && backup.manifest().label.compare(0, label.size(), label) == 0) {
      found.push_back(&backup);
    }
  }
  if (found.size() == 1) return std::move(*found.front());
  if (found.size() > 1) {
    return Error::of(Code::kUsage, fmt::format("\"{}\" fits {} backups", label, found.size()),
                     fmt::format("for instance {} and {}", found[0]->manifest().label,
                                 found[1]->manifest().label));
  }
  for (const auto& broken : history.broken) {
    if (broken.label == label) return broken.error;
  }
  return Error::of(Code::kRepositoryMissing,
                   fmt::format("there is no backup \"{}\" in the set's repositories{}", label,
                               nearest(label, {"latest"}).empty() ? "" : "; did you mean latest?"),
                   "pgdr list shows what there is");
}

std::string backup_prefix(const std::string& set, const std::string& label) {
  return set + "/" + label + "/";
}

std::string sha256_hex(std::string_view content) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  EVP_Digest(content.data(), content.size(), digest.data(), &length, EVP_sha256(), nullptr);
  std::string hex;
  for (unsigned int i = 0; i < length; ++i) hex += fmt::format("{:02x}", digest[i]);
  return hex;
}

std::string make_uuid() {
  std::array<unsigned char, 16> b{};
  if (RAND_bytes(b.data(), static_cast<int>(b.size())) != 1) std::abort();
  b[6] = static_cast<unsigned char>((b[6] & 0x0f) | 0x40);
  b[8] = static_cast<unsigned char>((b[8] & 0x3f) | 0x80);
  std::string text;
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += fmt::format("{:02x}", b[i]);
  }
  return text;
}

}  // namespace pgdr::app
