#include "app/repository.hpp"

#include <array>
#include <cstdint>
#include <random>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace pgdr::app {
namespace {

constexpr const char* kFormat = "pgdr-repository";
constexpr std::size_t kLargest = 64 << 10;

Error not_a_record(const std::string& location, const std::string& why) {
  return Error::of(Code::kCorrupt, fmt::format("{}/{} {}", location, kRepositoryKey, why),
                   "restore this small file from another copy of the repository; the backups "
                   "beside it do not depend on it");
}

}  // namespace

Result<RepositoryInfo> parse_repository_info(const std::string& text, const std::string& location) {
  const nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
  const auto text_of = [&](const char* key) {
    return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : "";
  };
  if (!json.is_object() || text_of("format") != kFormat || !json.contains("version") ||
      !json["version"].is_number_integer()) {
    return not_a_record(location, "is not the record of a pgdr repository");
  }
  RepositoryInfo info;
  const auto version = json["version"].get<std::int64_t>();
  if (version > kRepositoryVersion) {
    return Error::of(Code::kUsage,
                     fmt::format("the repository {} has format version {}; this pgdr knows {}",
                                 location, version, kRepositoryVersion),
                     "use the version of pgdr that wrote it, or a newer one");
  }
  if (version < 1) return not_a_record(location, "has an impossible version");
  info.version = static_cast<int>(version);
  info.id = text_of("id");
  if (info.id.empty()) return not_a_record(location, "lacks its id");
  const Result<Time> created = parse_iso(text_of("created_at"));
  if (!created) return not_a_record(location, "lacks its time");
  info.created_at = *created;
  return info;
}

std::string repository_info_text(const RepositoryInfo& info) {
  const nlohmann::ordered_json json = {{"format", kFormat},
                                       {"version", info.version},
                                       {"id", info.id},
                                       {"created_at", to_iso(info.created_at)}};
  return json.dump(2) + "\n";
}

Result<RepositoryInfo> read_repository_info(store::Store& store) {
  Result<std::string> text = store::read_text(store, kRepositoryKey, kLargest);
  if (!text && text.error().code == Code::kNotFound) {
    return Error::of(
        Code::kRepositoryMissing,
        fmt::format("{} is not a pgdr repository: it has no {}", store.location(), kRepositoryKey),
        "is the disk mounted? \"pgdr init\" makes a new repository");
  }
  if (!text) return text.error().context("cannot open the repository");
  return parse_repository_info(*text, store.location());
}

Result<std::unique_ptr<store::Store>> open_store(const RepositoryConfig& config, bool create) {
  if (config.type == "local") return store::open_local(config.path, create);
  return Error::of(Code::kUsage, fmt::format("unknown repository type '{}'", config.type));
}

Result<OpenRepository> open_repository(const RepositoryConfig& config) {
  OpenRepository open;
  open.config = config;
  PGDR_TRY(open.store, open_store(config, false));
  PGDR_TRY(open.info, read_repository_info(*open.store));
  return open;
}

Result<Made> init_repository(store::Store& store, const Clock& clock) {
  Result<RepositoryInfo> info = read_repository_info(store);
  if (info) return Made::kExisted;
  if (info.error().code != Code::kRepositoryMissing) return info.error();
  PGDR_TRY(const std::vector<store::Entry> entries, store.list(""));
  if (!entries.empty()) {
    return Error::of(
        Code::kProtected,
        fmt::format("{} is not empty and not a pgdr repository (it holds {})", store.location(),
                    entries.front().key),
        "give the repository a folder of its own; if this is a repository that lost its "
        "pgdr-repository.json, restore that file from another copy");
  }
  const RepositoryInfo fresh{kRepositoryVersion, make_uuid(), clock.now()};
  PGDR_CHECK(store::write_text(store, kRepositoryKey, repository_info_text(fresh)));
  return Made::kCreated;
}

std::string make_uuid() {
  std::random_device random;
  std::array<std::uint32_t, 4> bits{};
  for (std::uint32_t& word : bits) word = random();
  bits[1] = (bits[1] & 0xffff0fffU) | 0x00004000U;  // version 4
  bits[2] = (bits[2] & 0x3fffffffU) | 0x80000000U;  // RFC 4122 variant
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:04x}{:08x}", bits[0], bits[1] >> 16,
                     bits[1] & 0xffffU, bits[2] >> 16, bits[2] & 0xffffU, bits[3]);
}

}  // namespace pgdr::app
