// The manifest: what a backup consists of, written last. A backup without one does not exist.
// Format: doc/repository-format.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"

namespace pgdr::app {

inline constexpr const char* kManifestFile = "manifest.json";
inline constexpr const char* kSignatureFile = "manifest.json.sig";
// While `key rewrap` replaces a manifest, the one that follows: it holds as long as there is no
// manifest.json, and is the same as that afterwards.
inline constexpr const char* kNextManifestFile = "manifest.next.json";
inline constexpr const char* kNextSignatureFile = "manifest.next.json.sig";
inline constexpr const char* kSumsFile = "SHA256SUMS";
inline constexpr const char* kRestoreTextFile = "RESTORE.txt";
// Longer ones are not read: 400 bytes a file are enough.
inline constexpr std::size_t kLongestManifest = std::size_t{4} << 20U;

// One stored file. kind: "database", "globals" or "snapshot"; later versions add kinds, which this
// one keeps and checks, but does not restore.
struct Artifact {
  std::string name;
  std::string kind;
  std::uint64_t stored_bytes = 0;
  std::string stored_sha256;  // lower-case hex
  std::uint64_t original_bytes = 0;
  std::string original_sha256;
};

// How the database must be created so that its content means the same (the same text order, the
// same characters).
struct Locale {
  std::string encoding;  // "UTF8"
  std::string collate;
  std::string ctype;
  std::string provider;    // "libc", "icu" or "builtin"
  std::string icu_locale;  // "" unless the provider is not libc
  std::string icu_rules;   // only a snapshot document has them: they may hold names
};

struct Manifest {
  std::string label;
  std::string set;
  std::string kind = "full";
  std::string klass;  // "hourly", "nightly", "weekly", "monthly", "yearly"; "": made for no slot
  std::string database;
  std::string server_version;  // "15.20 (Debian …)"
  int server_version_num = 0;  // 150020
  std::string system_identifier;
  Locale locale;
  std::string tool_version;
  std::string extension_version;
  Time started_at{};
  Time finished_at{};
  Time recovery_point{};                // the moment of the dump's MVCC snapshot
  std::string recovery_lsn;             // "0/1A2B3C4"; "" where unknown
  std::vector<std::string> recipients;  // empty: locked by a passphrase
  int compression_level = 3;
  std::vector<Artifact> artifacts;
  bool content = true;  // the snapshot document carries fingerprints
  std::string snapshot_uuid;
  std::string repository_id;
  std::optional<Time> rewrapped_at;  // since when other keys open it than when it was made
  // Known to be unprovable in part when it was made: no good backup, and worth keeping only until
  // there is one. Such a manifest has the format's version 2, which 0.1.0 refuses to read.
  bool incomplete = false;
  std::vector<std::string> warnings;  // what this backup lacks, in words ("role passwords …")

  [[nodiscard]] std::uint64_t original_bytes() const;
  [[nodiscard]] std::uint64_t stored_bytes() const;
  [[nodiscard]] double duration_seconds() const;
  [[nodiscard]] const Artifact* find(std::string_view artifact_kind) const;
};

// Whether a backup may be made for that slot: `pgdr backup --class`.
bool valid_class(std::string_view klass);

// Artifacts under a new header have a new name: "database.dump.zst.age" is
// "database.r1.dump.zst.age" after the first rewrap. Pure.
struct ArtifactName {
  std::string base;  // "database.dump.zst.age"
  int generation = 0;
};
ArtifactName parse_artifact_name(const std::string& name);
std::string artifact_name(const ArtifactName& name);

std::string manifest_text(const Manifest& manifest);  // JSON, ends with a newline
// Every field is checked: names that could leave the backup's folder, digests of the wrong length,
// labels out of form, files listed twice are kCorrupt; a format of a later version is kUsage with a
// hint to upgrade. `where` starts the message ("manifest of 20261121T… in repository local").
Result<Manifest> parse_manifest(std::string_view text, const std::string& where);

// What `sha256sum --check` reads: one line per artifact, in the manifest's order.
std::string sums_text(const Manifest& manifest);
Result<std::map<std::string, std::string>> parse_sums(std::string_view text,
                                                      const std::string& where);  // name -> digest

}  // namespace pgdr::app
