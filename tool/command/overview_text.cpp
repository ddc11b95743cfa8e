#include "command/overview_text.hpp"

#include <fmt/format.h>

#include "base/format.hpp"

namespace pgdr::command {
namespace {

std::chrono::milliseconds took(const app::Manifest& m) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(m.finished_at - m.started_at);
}

Cell proven_cell(const app::BackupState& state, bool catalog) {
  if (state.manifest.incomplete) return {"incomplete", Tone::kBad};
  if (state.proven) {
    return *state.proven ? Cell("proven", Tone::kGood) : Cell("FAILED", Tone::kBad);
  }
  return catalog ? Cell("not yet", Tone::kWarn) : Cell("unknown", Tone::kDim);
}

bool signed_well(const app::CopyState& copy) {
  return copy.signature.empty() || copy.signature == "trusted";
}

std::string signature_words(const app::CopyState& copy) {
  if (copy.signature == "unsigned") return "unsigned";
  return copy.signature == "wrong" ? "wrong signature" : "signature unknown";
}

std::string copies_text(const app::BackupState& state) {
  std::string text;
  for (const auto& copy : state.copies) {
    if (!text.empty()) text += ", ";
    text += copy.repository;
    if (copy.state != "complete") text += " (" + copy.state + ")";
    if (!signed_well(copy)) text += fmt::format(" ({})", signature_words(copy));
  }
  return text;
}

bool all_complete(const app::BackupState& state) {
  for (const auto& copy : state.copies) {
    if (copy.state != "complete" && copy.state != "deleted") return false;
    if (!signed_well(copy)) return false;
  }
  return true;
}

// What `pgdr keep` says of it.
std::string pin_text(const app::BackupState& state) {
  if (!state.pin) return {};
  return state.pin->until ? "kept until " + to_local(*state.pin->until) : "kept for ever";
}

Json pin_json(const app::BackupState& state) {
  if (!state.pin) return nullptr;
  return {{"until", json_time(state.pin->until)}, {"reason", state.pin->reason}};
}

Json state_json(const app::BackupState& state) {
  Json copies = Json::array();
  for (const auto& copy : state.copies) {
    copies.push_back({{"repository", copy.repository},
                      {"location", copy.location},
                      {"state", copy.state},
                      {"signature", copy.signature.empty() ? Json(nullptr) : Json(copy.signature)},
                      {"checked_at", json_time(copy.checked_at)},
                      {"error", copy.error.empty() ? Json(nullptr) : Json(copy.error)}});
  }
  const app::Manifest& m = state.manifest;
  return {{"label", m.label},
          {"set", m.set},
          {"database", m.database},
          {"started_at", to_iso(m.started_at)},
          {"finished_at", to_iso(m.finished_at)},
          {"duration_seconds", m.duration_seconds()},
          {"recovery_point", to_iso(m.recovery_point)},
          {"original_bytes", m.original_bytes()},
          {"stored_bytes", m.stored_bytes()},
          {"incomplete", state.manifest.incomplete},
          {"proven", state.proven ? Json(*state.proven) : Json(nullptr)},
          {"proven_at", json_time(state.proven_at)},
          {"class", m.klass.empty() ? Json(nullptr) : Json(m.klass)},
          {"kept", pin_json(state)},
          {"copies", std::move(copies)}};
}

}  // namespace

std::string list_text(const app::Overview& overview, Time now, bool color) {
  if (overview.backups.empty()) {
    return fmt::format("set {} has no backup yet\n", overview.set);
  }
  Table table({{"LABEL"},
               {"RECOVERY POINT"},
               {"AGE"},
               {"TOOK", Align::kRight},
               {"SIZE", Align::kRight},
               {"STORED", Align::kRight},
               {"COPIES"},
               {"PROVEN"},
               {"KEPT"}});
  for (const auto& state : overview.backups) {
    const app::Manifest& m = state.manifest;
    table.add({m.label, to_local(m.recovery_point), age(m.recovery_point, now),
               format_duration(took(m)), format_bytes(m.original_bytes()),
               format_bytes(m.stored_bytes()),
               Cell(copies_text(state), all_complete(state) ? Tone::kPlain : Tone::kBad),
               proven_cell(state, overview.catalog), pin_text(state)});
  }
  return table.text(color);
}

Json list_json(const app::Overview& overview) {
  Json backups = Json::array();
  for (const auto& state : overview.backups) backups.push_back(state_json(state));
  Json failure = nullptr;
  if (overview.failure) {
    failure = {{"label", overview.failure->label},
               {"error", overview.failure->error},
               {"at", to_iso(overview.failure->at)}};
  }
  return {{"set", overview.set},
          {"catalog_reachable", overview.catalog},
          {"last_failure", std::move(failure)},
          {"problems", overview.problems},
          {"backups", std::move(backups)}};
}

std::string show_text(const app::Details& details, bool color) {
  const app::BackupState& state = details.state;
  const app::Manifest& m = state.manifest;
  Fields fields;
  fields.add("backup", Cell(m.label, Tone::kBold));
  fields.add("set", m.set);
  fields.add("database", m.database);
  fields.add("server",
             fmt::format("PostgreSQL {}, system {}", m.server_version, m.system_identifier));
  fields.add("started", to_local(m.started_at));
  fields.add("finished", fmt::format("{} ({})", to_local(m.finished_at), format_duration(took(m))));
  fields.add("recovery point",
             m.recovery_lsn.empty()
                 ? to_local(m.recovery_point)
                 : fmt::format("{}, {}", to_local(m.recovery_point), m.recovery_lsn));
  fields.add("encryption", m.recipients.empty()
                               ? std::string("age, passphrase")
                               : fmt::format("age, {}", plural(m.recipients.size(), "recipient")));
  for (const auto& recipient : m.recipients) fields.add("", recipient);
  fields.add("compression", fmt::format("zstd, level {}", m.compression_level));
  fields.add("size", fmt::format("{}, stored as {}", format_bytes(m.original_bytes()),
                                 format_bytes(m.stored_bytes())));
  fields.add("made by", fmt::format("pgdr {}, extension {}", m.tool_version, m.extension_version));
  for (const auto& copy : state.copies) {
    std::string text = fmt::format("{}: {}", copy.repository, copy.location);
    if (copy.state != "complete") text += ", " + copy.state;
    if (!copy.error.empty()) text += ": " + copy.error;
    if (!copy.signature.empty()) {
      text += signed_well(copy) ? ", signed" : ", " + signature_words(copy);
    }
    text += copy.checked_at ? ", checked " + to_local(*copy.checked_at) : ", not re-read so far";
    fields.add("copy", Cell(text, copy.state == "complete" && signed_well(copy) ? Tone::kPlain
                                                                                : Tone::kBad));
  }
  if (state.manifest.incomplete) {
    fields.add("state", Cell("incomplete: it cannot be proven, and does not count", Tone::kBad));
  }
  if (state.proven) {
    fields.add(
        "proven",
        *state.proven
            ? Cell("a restored copy matched exactly, " + to_local(state.proven_at.value_or(Time{})),
                   Tone::kGood)
            : Cell("a restored copy did NOT match, " + to_local(state.proven_at.value_or(Time{})),
                   Tone::kBad));
  } else {
    fields.add("proven",
               Cell("no restored copy was compared so far, as far as is known", Tone::kWarn));
  }
  if (!m.klass.empty()) fields.add("class", m.klass);
  if (state.pin) {
    fields.add(
        "retention",
        pin_text(state) + (state.pin->reason.empty() ? std::string() : ", " + state.pin->reason));
  }
  for (const auto& warning : m.warnings) fields.add("lacking", Cell(warning, Tone::kWarn));
  std::string text = fields.text(color) + "\n";
  Table files({{"FILE"}, {"SIZE", Align::kRight}, {"STORED", Align::kRight}, {"SHA-256"}});
  for (const auto& a : m.artifacts) {
    files.add({a.name, format_bytes(a.original_bytes), format_bytes(a.stored_bytes),
               a.stored_sha256.substr(0, 16) + "..."});
  }
  text += files.text(color) + "\n";
  if (!details.document) return text + details.document_problem + "\n";
  Table tables({{"TABLE"}, {"ROWS", Align::kRight}, {"SIZE", Align::kRight}, {"FINGERPRINT"}});
  for (const auto& t : details.document->tables) {
    tables.add({t.schema + "." + t.name, t.rows ? format_count(*t.rows) : t.state,
                format_bytes(t.size), t.digest});
  }
  return text + tables.text(color);
}

Json show_json(const app::Details& details) {
  Json json = state_json(details.state);
  json["manifest"] = Json::parse(app::manifest_text(details.state.manifest));
  if (!details.document) {
    json["tables"] = nullptr;
    return json;
  }
  Json tables = Json::array();
  for (const auto& t : details.document->tables) {
    tables.push_back({{"schema", t.schema},
                      {"name", t.name},
                      {"kind", t.kind},
                      {"rows", t.rows ? Json(*t.rows) : Json(nullptr)},
                      {"bytes", t.size},
                      {"digest", t.digest.empty() ? Json(nullptr) : Json(t.digest)},
                      {"state", t.state}});
  }
  json["tables"] = std::move(tables);
  return json;
}

}  // namespace pgdr::command
