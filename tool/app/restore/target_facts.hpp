// What a restore asks the server it goes to, before anything is made there.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "artifact/snapshot/document.hpp"
#include "repo/manifest.hpp"
#include "db/connection.hpp"

namespace pgdr::app {

struct OfferedExtension {
  std::string version;  // that CREATE EXTENSION takes
  bool superuser = true;
  bool trusted = false;
};

struct TargetFacts {
  int server_version = 0;
  std::string user;
  bool superuser = false;
  bool createdb = false;
  std::set<std::string> roles;                         // of those the backup needs: here
  std::set<std::string> member_of;                     // … and the user may act for them
  std::set<std::string> tablespaces;                   // of those the backup needs: here and usable
  std::map<std::string, OfferedExtension> extensions;  // of those the backup has
  std::string cron_database;                           // "" without pg_cron, or not to be seen
  bool encoding_known = true;
  bool locale_known = true;
  bool icu = true;
  std::int64_t worker_slots = 0;
  std::int64_t free_connections = 0;
  std::optional<std::uint64_t> free_bytes;  // nullopt: not known (another host, no right to see)
};

// server: a session in its maintenance database. document may be empty: then only what the manifest
// says is asked.
Result<TargetFacts> survey_target(db::Connection& server, const Manifest& manifest,
                                  const Document& document);

}  // namespace pgdr::app
