// What a backup would do, done in miniature: with its connection, its settings, its programs.
// Internal to doctor.
#pragma once

#include "app/doctor/doctor_facts.hpp"
#include "db/connection.hpp"

namespace pgdr::app {

// Under one exported snapshot: an event is recorded, and taken back; the sequences are read;
// pg_dump writes an archive of next to nothing; pg_dumpall writes the globals, to nowhere.
TrialFacts try_backup(db::Connection& db, const SetConfig& set, bool passwords);

}  // namespace pgdr::app
