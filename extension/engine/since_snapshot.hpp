// Whether a relation is still what a snapshot saw.
//
// Rows obey snapshots; their files and descriptions do not. TRUNCATE and ALTER TABLE put a new file
// in the old one's place, in which an older snapshot sees no rows at all; a column added or dropped
// meanwhile gives every row another canonical form than a dump under the snapshot would restore.
// PostgreSQL's own reading statements lock a table before they take their snapshot; a snapshot that
// is older than the lock has to look.
#pragma once

#include "base/pg.hpp"

namespace pgdr {

enum class Since : uint8 {
  kSame,
  kRewritten,  // its file is another one: TRUNCATE, ALTER TABLE, but also CLUSTER or VACUUM FULL
  kAltered,    // its columns are others
  kUnknown     // the snapshot does not see the relation
};

// rel is locked: what is found stays true until the lock is given back.
Since since_snapshot(Relation rel, Snapshot snapshot);

// Why such a relation is not read, or nullptr for kSame.
const char* since_note(Since since);

// Errors (ERRCODE_T_R_SERIALIZATION_FAILURE) unless the relation is the same.
void check_same(Relation rel, Snapshot snapshot);

}  // namespace pgdr
