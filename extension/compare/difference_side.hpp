// One side of a row by row comparison: a relation of this database, read under one snapshot. The
// leader has one of its own, the worker another (difference_server.hpp); difference_remote.hpp asks
// the worker's.
//
//   Side* side = open_side(oid, false);      describe(*side, &description);
//   side->plan = …;                          side_buckets(*side, sums);
//   side_rows(*side, wanted, &sink);         show rows with RowReader;    close_side(side);
//
// A partitioned table is read leaf by leaf, under the root's column names.
#pragma once

#include "base/pg.hpp"

#include "core/row_entries.hpp"
#include "encode/pinned.hpp"
#include "encode/plan.hpp"
#include "base/reading_place.hpp"

namespace pgdr {

// Division of the key hashes for the comparison: 2^k sums, as many as the larger side has pages.
inline constexpr int kDifferenceBitsMax = 14;

struct SideColumn {
  const char* name;
  const char* type;  // as SQL writes it, with modifier
  const char* base;  // name of the type, a domain's base type: what the canonical form goes by
  bool generated;    // stored
  bool number;       // ordered by its value, not by its text
};

struct SideDescription {
  uint32 blocks;
  int count;
  SideColumn* columns;  // without dropped and virtual ones, in the table's order
  NameList primary;     // key columns; none: no primary key
  NameList unique;      // of a unique index over NOT NULL columns, where there is no primary key
};

// What is compared.
struct RowsPlan {
  int bits;
  NameList columns;  // in the order in which they are shown
  NameList key;      // none: the whole row
};

// Which bucket each row of a leaf is in, noted down by side_buckets(), so that side_rows() reads
// only the pages that have wanted rows: the snapshot is the same, and so are its rows. Two bytes a
// row, as long as maintenance_work_mem has room; without it, or where a table is not read page by
// page, everything is read again.
struct RowMap {
  uint16* buckets;  // row by row
  Size rows;
  Size room;
  uint16* counts;  // rows of each page
  BlockNumber pages;
  BlockNumber pages_room;
  bool complete;
};

struct Side {
  Relation root;
  int count;
  Relation* leaves;  // those that hold rows; root itself where it is not partitioned
  Snapshot snapshot;
  RowsPlan plan;
  RowMap* maps;   // of each leaf, of the plan; nullptr: none
  Size map_room;  // bytes that they may still take
};

// Opens and locks the relation and its partitions; errors unless it has rows that the current user
// may read in full. patient: as workers take locks (lock_wait.hpp). Uses the active snapshot.
Side* open_side(Oid relation, bool patient);
void close_side(Side* side);

void describe(const Side& side, SideDescription* out);

// Forgets what side_buckets() noted down; for another plan.
void drop_maps(Side* side);

// out: 2^bits, by the key's hash. Makes the side's row maps.
void side_buckets(Side* side, core::Digest* out);

// Whether bucket b of a bitmap is wanted.
inline bool is_wanted(const uint8* wanted, int bucket) {
  return (wanted[bucket >> 3] >> (bucket & 7) & 1) != 0;
}

struct RowSink {
  void (*add)(RowSink* self, const core::RowEntry& entry);
  void (*page)(RowSink* self);  // between pages: time for something else; may be nullptr
};

// Every row in a wanted bucket, in the order of the table. After side_buckets() by the same plan.
void side_rows(const Side& side, const uint8* wanted, RowSink* sink);

// Texts of a row's values by output functions, under settings that are the same on both sides.
class RowReader {
 public:
  // What it keeps between rows lies in the memory context that is current now.
  explicit RowReader(const Side& side) : side_(side), owner_(CurrentMemoryContext), place_{} {}

  void open(const core::RowEntry& entry);
  // The text of column i of the plan, nullptr for NULL; valid until the next call.
  const char* text(int i);
  const char* key_text(int i);
  // After the last row. An ERROR in between leaves everything to the (sub)transaction.
  void close();

 private:
  const char* value(const char* name);

  const Side& side_;
  MemoryContext owner_;
  Relation leaf_ = nullptr;
  TupleTableSlot* slot_ = nullptr;
  MemoryContext context_ = nullptr;
  PinnedSettings pinned_;
  ReadingPlace place_;
};

}  // namespace pgdr
