// A repository's own record, pgdr-repository.json: that a place is a repository, and of which
// format. Without it a store is not used: an empty mount point looks like an empty repository.
#pragma once

#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/config.hpp"
#include "store/store.hpp"

namespace pgdr::app {

inline constexpr char kRepositoryKey[] = "pgdr-repository.json";
inline constexpr int kRepositoryVersion = 1;

struct RepositoryInfo {
  int version = kRepositoryVersion;
  std::string id;  // UUID
  Time created_at{};
};

// Pure. kCorrupt: not such a record. kUsage: of a format newer than this tool's.
Result<RepositoryInfo> parse_repository_info(const std::string& text, const std::string& location);
std::string repository_info_text(const RepositoryInfo& info);

// kRepositoryMissing, with a hint, when there is none.
Result<RepositoryInfo> read_repository_info(store::Store& store);

struct OpenRepository {
  RepositoryConfig config;
  RepositoryInfo info;
  std::unique_ptr<store::Store> store;
};
// The configured repository, checked.
Result<OpenRepository> open_repository(const RepositoryConfig& config);
// Without the check: where `init` makes one, and where `doctor` looks at what is wrong.
Result<std::unique_ptr<store::Store>> open_store(const RepositoryConfig& config, bool create);

enum class Made { kCreated, kExisted };
// Makes the record where there is none; refuses a folder with foreign content (kProtected).
Result<Made> init_repository(store::Store& store, const Clock& clock);

// A random UUID, version 4.
std::string make_uuid();

}  // namespace pgdr::app
