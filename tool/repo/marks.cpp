#include "repo/marks.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/log.hpp"

namespace pgdr::app {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<const char*, 4> kProofNames = {"bytes", "content", "restored", "damaged"};
constexpr std::size_t kDigestDigits = 16;
constexpr std::size_t kLongestMark = std::size_t{64} << 10;
constexpr std::size_t kLongestExpired = 4 * kLongestManifest;  // it holds at least one, escaped
constexpr const char* kPinFormat = "pgdr-pin";
constexpr JsonLimits kPinLimits{.bytes = kLongestMark, .depth = 4, .values = 100};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t from = 0;
  for (std::size_t at = 0; at != std::string::npos; from = at + 1) {
    at = text.find(separator, from);
    parts.push_back(text.substr(from, at == std::string::npos ? at : at - from));
    if (at == std::string::npos) break;
  }
  return parts;
}

// "20261121T020000Z"
std::optional<Time> parse_label_time(const std::string& text) {
  if (!valid_label(text + "-0000")) return std::nullopt;
  const auto parsed =
      parse_iso(text.substr(0, 4) + "-" + text.substr(4, 2) + "-" + text.substr(6, 2) + "T" +
                text.substr(9, 2) + ":" + text.substr(11, 2) + ":" + text.substr(13, 2) + "Z");
  return parsed ? std::optional(*parsed) : std::nullopt;
}

std::string who() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) return "unknown host";
  return host.data();
}

// What the checksum of a pin covers.
std::string pin_substance(const std::string& set, const Pin& pin) {
  Json substance({set, pin.label, pin.until ? to_iso(*pin.until) : "forever", pin.reason,
                  to_iso(pin.created_at), pin.by});
  if (pin.here_only) substance.push_back("here only");
  return substance.dump(-1, ' ', true, Json::error_handler_t::replace);
}

Result<Pin> parse_pin(const std::string& text, const std::string& set, const std::string& key,
                      const std::string& where) {
  const auto bad = [&](const char* why) {
    return Error::of(Code::kCorrupt, fmt::format("{}: {}: {}", where, key, why),
                     "\"pgdr keep\" the backup again, or release it");
  };
  const auto parsed = parse_json(text, kPinLimits);
  if (!parsed) return bad(parsed.error().message.c_str());
  const nlohmann::json& json = *parsed;
  if (json_text(json, "format") != kPinFormat) return bad("not a pin");
  if (json_number(json, "version") != 1) {
    return Error::of(Code::kUsage,
                     fmt::format("{}: {}: a pin of a later version of pgdr", where, key),
                     "use the pgdr that wrote it, or a later one");
  }
  const auto string_at = [&](const char* name) { return json_text(json, name).value_or(""); };
  Pin pin;
  pin.key = key;
  pin.label = string_at("label");
  pin.reason = string_at("reason");
  pin.by = string_at("by");
  pin.here_only = json_true(json, "here_only");
  const auto created = parse_iso(string_at("created_at"));
  if (!created) return bad("it has no time");
  pin.created_at = *created;
  const std::string until = string_at("until");
  if (until != "forever") {
    const auto time = parse_iso(until);
    if (!time) return bad("it has no end");
    pin.until = *time;
  }
  if (string_at("sha256") != sha256_hex(pin_substance(set, pin))) return bad("it is damaged");
  if (!key.starts_with(set + "/pins/" + pin.label + ".")) return bad("it is another backup's");
  return pin;
}

// Random enough to be unique beside others of the same label.
std::string token() { return make_uuid().substr(0, 8); }

}  // namespace

bool sort_mark(const store::Entry& entry, const std::string& set, Marks& marks) {
  if (!entry.key.starts_with(set + "/")) return false;
  const auto path = split(entry.key.substr(set.size() + 1), '/');
  if (path.size() != 2) return false;
  const auto name = split(path[1], '.');
  if (!valid_label(name[0])) return false;
  if (path[0] == "pins" && name.size() == 3 && name[2] == "json") {
    marks.pin_keys.push_back(entry.key);
    return true;
  }
  if (path[0] == "leases" && name.size() == 4) {
    marks.leases.push_back({entry.key, name[0], name[1], entry.modified});
    return true;
  }
  if (path[0] == "proofs" && name.size() == 4 && name[3].size() == kDigestDigits) {
    const auto* const kind = std::find(kProofNames.begin(), kProofNames.end(), name[1]);
    const auto at = parse_label_time(name[2]);
    if (kind == kProofNames.end() || !at) return false;
    marks.proofs.push_back(
        {entry.key, name[0], static_cast<ProofKind>(kind - kProofNames.begin()), *at, name[3]});
    return true;
  }
  if (path[0] == "expired" && name.size() == 2) {
    marks.expired.push_back({entry.key, name[0]});
    return true;
  }
  return false;
}

std::string pinned_label(const std::string& key) {
  const std::string name = key.substr(key.rfind('/') + 1);
  return name.substr(0, name.find('.'));
}

Result<std::vector<Pin>> read_pins(Repository& repository, const std::string& set,
                                   const std::vector<std::string>& keys) {
  std::vector<Pin> pins;
  for (const auto& key : keys) {
    auto text = store::read_text(*repository.store, key, kLongestMark);
    if (!text && text.error().code == Code::kNotFound) continue;  // released just now
    if (!text) return text.error();
    PGDR_TRY(Pin pin, parse_pin(*text, set, key, "repository " + repository.name));
    pins.push_back(std::move(pin));
  }
  return pins;
}

Result<std::vector<Pin>> list_pins(Repository& repository, const std::string& set) {
  PGDR_TRY(const auto entries, repository.store->list(set + "/pins/"));
  Marks marks;
  for (const auto& entry : entries) sort_mark(entry, set, marks);
  return read_pins(repository, set, marks.pin_keys);
}

Status write_pin(Repository& repository, const std::string& set, const Pin& pin) {
  Pin fresh = pin;
  if (fresh.by.empty()) fresh.by = who();
  const std::string prefix = set + "/pins/" + fresh.label + ".";
  PGDR_TRY(const auto before, repository.store->list(set + "/pins/"));
  Json json{{"format", kPinFormat},   {"version", 1},
            {"label", fresh.label},   {"until", fresh.until ? to_iso(*fresh.until) : "forever"},
            {"reason", fresh.reason}, {"created_at", to_iso(fresh.created_at)},
            {"by", fresh.by},         {"sha256", sha256_hex(pin_substance(set, fresh))}};
  if (fresh.here_only) json["here_only"] = true;
  PGDR_CHECK(store::write_text(*repository.store, prefix + token() + ".json",
                               json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"));
  for (const auto& old : before) {
    if (old.key.starts_with(prefix)) PGDR_CHECK(repository.store->remove(old.key));
  }
  return success();
}

Result<std::size_t> remove_pins(Repository& repository, const std::string& set,
                                const std::string& label) {
  const std::string prefix = fmt::format("{}/pins/{}.", set, label);
  PGDR_TRY(const auto entries, repository.store->list(set + "/pins/"));
  std::size_t removed = 0;
  for (const auto& entry : entries) {
    if (!entry.key.starts_with(prefix)) continue;
    PGDR_CHECK(repository.store->remove(entry.key));
    ++removed;
  }
  return removed;
}

std::optional<Pin> strongest_pin(const std::vector<Pin>& pins, const std::string& label, Time now) {
  std::optional<Pin> best;
  for (const auto& pin : pins) {
    if (pin.label != label || (pin.until && *pin.until <= now)) continue;
    if (!best || (best->until && (!pin.until || *pin.until > *best->until))) best = pin;
  }
  return best;
}

void record_proof(const StoredBackup& backup, ProofKind kind, Time at) {
  const std::string& label = backup.manifest.label;
  const std::string& set = backup.manifest.set;
  store::Store& store = *backup.repository->store;
  const std::string name = kProofNames[static_cast<std::size_t>(kind)];
  const std::string digest = backup.manifest_sha256.substr(0, kDigestDigits);
  const auto attempt = [&]() -> Status {
    PGDR_TRY(const auto before, store.list(set + "/proofs/"));
    const std::string key =
        fmt::format("{}/proofs/{}.{}.{}.{}", set, label, name, to_label_time(at), digest);
    PGDR_CHECK(store::write_text(store, key, fmt::format("{} {} {}\n", label, name, to_iso(at))));
    // One of each kind is enough, and none about an earlier manifest.
    Marks marks;
    for (const auto& entry : before) sort_mark(entry, set, marks);
    for (const auto& old : marks.proofs) {
      const bool same = old.kind == kind || old.manifest_digest != digest;
      if (old.label == label && same && old.key != key && old.at <= at) {
        PGDR_CHECK(store.remove(old.key));
      }
    }
    return success();
  };
  const Status done = attempt();
  if (!done) {
    log_verbose(fmt::format("repository {} does not learn of the verification: {}",
                            backup.repository->name, to_string(done.error())));
  }
}

std::optional<ProofMark> newest_proof(const Marks& marks, const StoredBackup& backup) {
  std::optional<ProofMark> newest;
  for (const auto& proof : marks.proofs) {
    if (!proof.about(backup)) continue;
    // Of one second, damage weighs more.
    if (!newest || std::tie(proof.at, proof.kind) > std::tie(newest->at, newest->kind)) {
      newest = proof;
    }
  }
  return newest;
}

Result<std::string> write_expired(Repository& repository, const std::string& set,
                                  const std::vector<std::string>& labels, Time at,
                                  const std::vector<ExpiredManifest>& manifests) {
  std::string key = fmt::format("{}/expired/{}.{}", set, labels.front(), to_label_time(at));
  std::string text = fmt::format("{}\n", fmt::join(labels, "\n"));
  for (const auto& one : manifests) {
    const Json json{{"label", one.label},
                    {"file", one.file},
                    {"beside", one.beside},
                    {"sha256", sha256_hex(one.text)},
                    {"text", one.text}};
    text += json.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
  }
  PGDR_CHECK(store::write_text(*repository.store, key, text));
  return key;
}

Result<std::vector<ExpiredManifest>> read_expired_manifests(const Repository& repository,
                                                            const ExpiredMark& mark) {
  std::vector<ExpiredManifest> manifests;
  const auto text = store::read_text(*repository.store, mark.key, kLongestExpired);
  if (!text && text.error().code == Code::kNotFound) return manifests;
  if (!text) return text.error();
  for (const auto& line : split(*text, '\n')) {
    if (!line.starts_with('{')) continue;
    const auto json = parse_json(line, {.bytes = kLongestExpired, .depth = 3, .values = 100000});
    if (!json) continue;
    ExpiredManifest one{json_text(*json, "label").value_or(""),
                        json_text(*json, "file").value_or(""),
                        json_text(*json, "text").value_or(""),
                        {}};
    const bool named = one.file == kManifestFile || one.file == kNextManifestFile;
    const auto beside = json->find("beside");
    if (!valid_label(one.label) || !named || beside == json->end() || !beside->is_array()) continue;
    if (json_text(*json, "sha256") != sha256_hex(one.text)) continue;
    for (const auto& name : *beside) {
      if (name.is_string()) one.beside.push_back(name.get<std::string>());
    }
    if (one.beside.size() == beside->size()) manifests.push_back(std::move(one));
  }
  return manifests;
}

Result<std::set<std::string>> read_expired(const Repository& repository, const ExpiredMark& mark) {
  std::set<std::string> labels;
  const auto text = store::read_text(*repository.store, mark.key, kLongestExpired);
  if (!text && text.error().code == Code::kNotFound) return labels;
  if (!text) return text.error();
  for (const auto& line : split(*text, '\n')) {
    if (valid_label(line)) labels.insert(line);
  }
  return labels;
}

Result<std::set<std::string>> list_expired(const Repository& repository, const std::string& set) {
  PGDR_TRY(const auto entries, repository.store->list(set + "/expired/"));
  Marks marks;
  for (const auto& entry : entries) sort_mark(entry, set, marks);
  std::set<std::string> all;
  for (const auto& mark : marks.expired) {
    PGDR_TRY(const auto labels, read_expired(repository, mark));
    all.insert(labels.begin(), labels.end());
  }
  return all;
}

Result<Time> store_time(Repository& repository, const std::string& set) {
  // A lease on no backup: should it stay, it goes as leases do.
  const std::string key = fmt::format("{}/leases/20000101T000000Z-0000.clock.{}.1", set, token());
  PGDR_CHECK(store::write_text(*repository.store, key, "what time is it?\n"));
  const auto entry = repository.store->stat(key);
  PGDR_CHECK(repository.store->remove(key));
  if (!entry) return entry.error();
  if (!*entry) return Error::of(Code::kFailed, fmt::format("{} was removed by somebody", key));
  return (*entry)->modified;
}

}  // namespace pgdr::app
