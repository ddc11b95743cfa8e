#include "repo/manifest.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace pgdr::app {
namespace {

using OrderedJson = nlohmann::ordered_json;

// A backup that is whole has version 1. Version 2 is that of an incomplete one: what reads version
// 1 alone shall not take it for good.
constexpr int kVersion = 1;
// A backup has as many values as a few hundred files need.
constexpr JsonLimits kLimits{.bytes = kLongestManifest, .depth = 16, .values = 200'000};
constexpr int kIncompleteVersion = 2;
constexpr const char* kIncomplete = "incomplete";

bool is_sha256(const std::string& text) {
  return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

// One part of a key: the store's alphabet, and no name that could be mistaken for a path.
bool is_file_name(const std::string& text) {
  if (text.empty() || text.size() > 200 || text.front() == '.') return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-';
  });
}

// Reads typed fields, remembering the first that is missing or of the wrong type.
class Reader {
 public:
  explicit Reader(const nlohmann::json& json, std::string path = {})
      : json_(json), path_(std::move(path)) {}

  std::string text(const char* key) {
    const nlohmann::json* at = find(key);
    if (at != nullptr && at->is_string()) return at->get<std::string>();
    return note(key, "a string"), std::string{};
  }
  // Null or absent is "".
  std::string optional_text(const char* key) {
    if (!json_.is_object() || !json_.contains(key) || json_.at(key).is_null()) return {};
    return text(key);
  }
  std::uint64_t number(const char* key) {
    const nlohmann::json* at = find(key);
    if (at != nullptr && at->is_number_unsigned()) return at->get<std::uint64_t>();
    return note(key, "a whole number"), 0;
  }
  int small_number(const char* key) {
    const std::uint64_t value = number(key);
    if (value <= INT32_MAX) return static_cast<int>(value);
    return note(key, "a number of that kind"), 0;
  }
  bool boolean(const char* key) {
    const nlohmann::json* at = find(key);
    if (at != nullptr && at->is_boolean()) return at->get<bool>();
    return note(key, "true or false"), false;
  }
  Time time(const char* key) {
    const auto parsed = parse_iso(text(key));
    if (parsed) return *parsed;
    return note(key, "a time"), Time{};
  }
  std::string sha256(const char* key) {
    std::string value = text(key);
    if (!is_sha256(value)) note(key, "a SHA-256 digest");
    return value;
  }
  std::string file_name(const char* key) {
    std::string value = text(key);
    if (!is_file_name(value)) note(key, "a plain file name");
    return value;
  }
  const nlohmann::json& child(const char* key, nlohmann::json::value_t type, const char* what) {
    static const nlohmann::json empty_object = nlohmann::json::object();
    static const nlohmann::json empty_array = nlohmann::json::array();
    const nlohmann::json* at = find(key);
    if (at != nullptr && at->type() == type) return *at;
    note(key, what);
    return type == nlohmann::json::value_t::array ? empty_array : empty_object;
  }
  void note(const char* key, const char* wanted) {
    if (problem_.empty()) problem_ = fmt::format("\"{}{}\" is not {}", path_, key, wanted);
  }
  void adopt(const Reader& inner) {
    if (problem_.empty()) problem_ = inner.problem_;
  }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  const nlohmann::json* find(const char* key) const {
    if (!json_.is_object()) return nullptr;
    const auto at = json_.find(key);
    return at == json_.end() ? nullptr : &*at;
  }
  const nlohmann::json& json_;
  std::string path_;
  std::string problem_;
};

OrderedJson or_null(const std::string& text) {
  return text.empty() ? OrderedJson(nullptr) : OrderedJson(text);
}

OrderedJson artifact_json(const Artifact& a) {
  return OrderedJson{{"name", a.name},
                     {"kind", a.kind},
                     {"stored_bytes", a.stored_bytes},
                     {"stored_sha256", a.stored_sha256},
                     {"original_bytes", a.original_bytes},
                     {"original_sha256", or_null(a.original_sha256)}};
}

Artifact read_artifact(const nlohmann::json& json, std::size_t index, Reader& outer) {
  Reader in(json, fmt::format("artifacts[{}].", index));
  Artifact a;
  a.name = in.file_name("name");
  a.kind = in.text("kind");
  a.stored_bytes = in.number("stored_bytes");
  a.stored_sha256 = in.sha256("stored_sha256");
  a.original_bytes = in.number("original_bytes");
  a.original_sha256 = in.optional_text("original_sha256");
  if (!a.original_sha256.empty()) in.sha256("original_sha256");
  outer.adopt(in);
  return a;
}

void read_encryption(const nlohmann::json& json, Manifest& m, Reader& outer) {
  Reader in(json, "encryption.");
  if (in.text("format") != "age-v1") in.note("format", "\"age-v1\"");
  const auto recipients = json.find("recipients");
  if (recipients != json.end() && recipients->is_array()) {
    for (const auto& one : *recipients) {
      if (one.is_string()) m.recipients.push_back(one.get<std::string>());
    }
  } else if (recipients == json.end() || *recipients != "passphrase") {
    in.note("recipients", "a list of recipients or \"passphrase\"");
  }
  outer.adopt(in);
}

Locale read_locale(const nlohmann::json& json) {
  Locale locale;
  if (!json.contains("locale") || !json["locale"].is_object()) return locale;
  Reader in(json["locale"], "locale.");
  locale.encoding = in.optional_text("encoding");
  locale.collate = in.optional_text("collate");
  locale.ctype = in.optional_text("ctype");
  locale.provider = in.optional_text("provider");
  locale.icu_locale = in.optional_text("icu_locale");
  return locale;
}

Manifest read_fields(const nlohmann::json& json, Reader& in) {
  Manifest m;
  m.label = in.text("label");
  if (!valid_label(m.label)) in.note("label", "a backup's label");
  m.set = in.file_name("set");
  m.kind = in.text("kind");
  m.database = in.text("database");
  const nlohmann::json& server = in.child("server", nlohmann::json::value_t::object, "an object");
  Reader server_in(server, "server.");
  m.server_version = server_in.text("version");
  m.server_version_num = server_in.small_number("version_num");
  m.system_identifier = server_in.text("system_identifier");
  in.adopt(server_in);
  m.locale = read_locale(json);
  m.tool_version = in.text("tool_version");
  m.extension_version = in.text("extension_version");
  m.started_at = in.time("started_at");
  m.finished_at = in.time("finished_at");
  m.recovery_point = in.time("recovery_point");
  m.recovery_lsn = in.optional_text("recovery_lsn");
  read_encryption(in.child("encryption", nlohmann::json::value_t::object, "an object"), m, in);
  const nlohmann::json& compression =
      in.child("compression", nlohmann::json::value_t::object, "an object");
  Reader compression_in(compression, "compression.");
  if (compression_in.text("format") != "zstd") compression_in.note("format", "\"zstd\"");
  m.compression_level = compression_in.small_number("level");
  in.adopt(compression_in);
  std::set<std::string> names;
  for (const auto& one : in.child("artifacts", nlohmann::json::value_t::array, "a list")) {
    m.artifacts.push_back(read_artifact(one, m.artifacts.size(), in));
    if (!names.insert(m.artifacts.back().name).second) in.note("artifacts", "free of duplicates");
  }
  if (m.find("database") == nullptr) in.note("artifacts", "holding a database dump");
  m.content = in.boolean("content");
  m.snapshot_uuid = in.optional_text("snapshot_uuid");
  m.repository_id = in.optional_text("repository_id");
  // A class that a later version knows makes it a backup like any other here.
  m.klass = in.optional_text("class");
  if (!valid_class(m.klass)) m.klass.clear();
  if (json.contains("rewrapped_at")) m.rewrapped_at = in.time("rewrapped_at");
  if (json.contains("warnings") && json["warnings"].is_array()) {
    for (const auto& one : json["warnings"]) {
      if (one.is_string()) m.warnings.push_back(one.get<std::string>());
    }
  }
  return m;
}

}  // namespace

std::uint64_t Manifest::original_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& a : artifacts) sum += a.original_bytes;
  return sum;
}

std::uint64_t Manifest::stored_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& a : artifacts) sum += a.stored_bytes;
  return sum;
}

double Manifest::duration_seconds() const {
  return std::chrono::duration<double>(finished_at - started_at).count();
}

const Artifact* Manifest::find(std::string_view artifact_kind) const {
  for (const auto& a : artifacts) {
    if (a.kind == artifact_kind) return &a;
  }
  return nullptr;
}

bool valid_class(std::string_view klass) {
  return klass == "hourly" || klass == "nightly" || klass == "weekly" || klass == "monthly" ||
         klass == "yearly";
}

ArtifactName parse_artifact_name(const std::string& name) {
  const std::size_t first = name.find(".r");
  const std::size_t end = first == std::string::npos ? first : name.find('.', first + 1);
  if (end == std::string::npos || end == first + 2 || end > first + 6) return {name, 0};
  int generation = 0;
  for (std::size_t i = first + 2; i < end; ++i) {
    if (name[i] < '0' || name[i] > '9') return {name, 0};
    generation = generation * 10 + (name[i] - '0');
  }
  if (generation == 0 || name[first + 2] == '0') return {name, 0};
  return {name.substr(0, first) + name.substr(end), generation};
}

std::string artifact_name(const ArtifactName& name) {
  if (name.generation == 0) return name.base;
  const std::size_t dot = std::min(name.base.find('.'), name.base.size());
  return fmt::format("{}.r{}{}", name.base.substr(0, dot), name.generation, name.base.substr(dot));
}

std::string manifest_text(const Manifest& m) {
  OrderedJson artifacts = OrderedJson::array();
  for (const auto& a : m.artifacts) artifacts.push_back(artifact_json(a));
  const OrderedJson recipients =
      m.recipients.empty() ? OrderedJson("passphrase") : OrderedJson(m.recipients);
  OrderedJson json{{"format", "pgdr-manifest"},
                   {"version", m.incomplete ? kIncompleteVersion : kVersion},
                   {"label", m.label},
                   {"set", m.set},
                   {"kind", m.kind},
                   {"database", m.database},
                   {"server",
                    {{"version", m.server_version},
                     {"version_num", m.server_version_num},
                     {"system_identifier", m.system_identifier}}},
                   {"locale",
                    {{"encoding", or_null(m.locale.encoding)},
                     {"collate", or_null(m.locale.collate)},
                     {"ctype", or_null(m.locale.ctype)},
                     {"provider", or_null(m.locale.provider)},
                     {"icu_locale", or_null(m.locale.icu_locale)}}},
                   {"tool_version", m.tool_version},
                   {"extension_version", m.extension_version},
                   {"started_at", to_iso(m.started_at)},
                   {"finished_at", to_iso(m.finished_at)},
                   {"recovery_point", to_iso(m.recovery_point)},
                   {"recovery_lsn", or_null(m.recovery_lsn)},
                   {"duration_seconds", m.duration_seconds()},
                   {"encryption", {{"format", "age-v1"}, {"recipients", recipients}}},
                   {"compression", {{"format", "zstd"}, {"level", m.compression_level}}},
                   {"artifacts", artifacts},
                   {"original_bytes", m.original_bytes()},
                   {"stored_bytes", m.stored_bytes()},
                   {"content", m.content},
                   {"snapshot_uuid", or_null(m.snapshot_uuid)},
                   {"repository_id", or_null(m.repository_id)}};
  if (m.incomplete) json["state"] = kIncomplete;
  if (!m.klass.empty()) json["class"] = m.klass;
  if (m.rewrapped_at) json["rewrapped_at"] = to_iso(*m.rewrapped_at);
  if (!m.warnings.empty()) json["warnings"] = m.warnings;
  return json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

Result<Manifest> parse_manifest(std::string_view text, const std::string& where) {
  const auto bad = [&](const std::string& why) {
    return Error::of(Code::kCorrupt, fmt::format("{}: {}", where, why));
  };
  const auto parsed = parse_json(text, kLimits);
  if (!parsed) return bad(parsed.error().message);
  const nlohmann::json& json = *parsed;
  if (!json.is_object()) return bad("not a JSON document");
  Reader in(json);
  if (in.text("format") != "pgdr-manifest") return bad("not a pgdr manifest");
  const std::uint64_t version = in.number("version");
  if (version > kIncompleteVersion) {
    return Error::of(
        Code::kUsage,
        fmt::format("{}: format version {} is newer than this program reads", where, version),
        "use the pgdr that wrote it, or a later one");
  }
  Manifest manifest = read_fields(json, in);
  const std::string state = in.optional_text("state");
  manifest.incomplete = state == kIncomplete;
  if (manifest.incomplete != (version == kIncompleteVersion) ||
      (!state.empty() && !manifest.incomplete)) {
    return bad(fmt::format("version {} and state \"{}\" do not go together", version, state));
  }
  if (!in.problem().empty()) return bad(in.problem());
  return manifest;
}

std::string sums_text(const Manifest& manifest) {
  std::string text;
  for (const auto& a : manifest.artifacts) text += a.stored_sha256 + "  " + a.name + "\n";
  return text;
}

Result<std::map<std::string, std::string>> parse_sums(std::string_view text,
                                                      const std::string& where) {
  std::map<std::string, std::string> sums;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string line(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.size() < 67 || line.compare(64, 2, "  ") != 0 || !is_sha256(line.substr(0, 64)) ||
        !is_file_name(line.substr(66)) || end == std::string_view::npos ||
        !sums.emplace(line.substr(66), line.substr(0, 64)).second) {
      return Error::of(Code::kCorrupt, fmt::format("{}: not a list of checksums", where));
    }
  }
  return sums;
}

}  // namespace pgdr::app
