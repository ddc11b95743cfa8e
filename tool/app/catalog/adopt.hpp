// Backups that exist and that the catalog believes to be running: their run died between the
// manifests and the record of them, or the catalog itself came out of a dump.
#pragma once

#include <string>

#include "repo/copies.hpp"
#include "config/config.hpp"
#include "db/catalog.hpp"
#include "db/connection.hpp"

namespace pgdr::app {

// All borrowed for the call.
struct Adoption {
  db::Connection& db;
  db::Catalog& catalog;
  CopySet& copies;  // locked: what the catalog calls running is dead
  const std::string& set;
  const SigningConfig& signing;
};

// Records them, or the next start of a backup would call them failed; copies that their
// repositories lack are recorded as missing, so that they are brought. What cannot be read or is
// not trusted is a warning; an error when the catalog fails or on a signal.
Status adopt_unrecorded(const Adoption& adoption);

}  // namespace pgdr::app
