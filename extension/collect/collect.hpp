// The collector: one pass over a database that yields its snapshot document
// (doc/snapshot-document.md).
//
// Used by the calling backend for its own database and by a background worker for another one.
// Everything is read under the active snapshot, as the current user; anything that the user may not
// read in full is an error naming it.
#pragma once

#include "base/collect_options.hpp"
#include "base/pg.hpp"

namespace pgdr {

// With a key in use (digest_key.hpp) fingerprints are keyed, and the document says so.

// JSON text of the document, in the server encoding of this database, in the current memory
// context. Wants an active snapshot and no SPI connection; settings that influence text are pinned
// inside and put back.
char* collect_document(const CollectOptions& options);

// JSON text of an object with the document's "sequences" alone. No snapshot applies to a sequence:
// a backup reads them before its dump does, so that the dump's are the same or ahead.
char* collect_sequences_only();

}  // namespace pgdr
