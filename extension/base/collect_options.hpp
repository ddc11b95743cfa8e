// What a collection is asked for.
#pragma once

namespace pgdr {

struct CollectOptions {
  bool content;  // fingerprints and key buckets besides the row counts
  bool schema;   // schema records
  // A worker reads a database that others use: it gives a relation's lock back as soon as the
  // relation is read, whatever the isolation level.
  bool worker;
};

}  // namespace pgdr
