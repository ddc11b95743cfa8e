// Rows without NULLs, out-of-line values and columns younger than the row: the fast way.
//
// Most rows of most tables are like that. Which columns follow each other in canonical order, and
// where those lie that precede the first one of varying length, is worked out once. Short values
// are moved 16 bytes at a time, whatever their length: what is too much is overwritten by what
// follows. That reads up to 16 bytes beyond the tuple, so the caller says how far there is memory.
// The result is what collect_row() writes, byte by byte.
#pragma once

#include "fixed_row.hpp"
#include "row_hash.hpp"

namespace pgdr {

// A value of so many bytes at an offset that is the same in every such row.
struct Known {
  uint32 from;
  uint32 length;
};

// Known values that follow each other in canonical order, and the column after them.
struct Run {
  const Known* values;
  const Known* end;
  const Field* next;  // nullptr after the last run
};

struct Place {
  int attribute;
  uint32 from;
};

struct PlainRow {
  int natts;      // attributes that a tuple must have stored
  int first;      // attributes from here on, ...
  int last;       // ... to the one before this one, lie behind one of varying length
  uint32 from;    // place of the one before them
  Place* places;  // columns looked up by rows->where that lie at known places
  int place_count;
  Run* runs;  // the last one has no `next`
};

// The fast way for the rows of a relation, or nullptr on a machine whose order of bytes is not the
// canonical one.
PlainRow* plain_row(PlanCache* cache, const RowPlan& plan);

// limit: end of the memory that may be read.
inline bool fits(const PlainRow& plain, HeapTupleHeader tuple, Size stored, const char* limit) {
  return (tuple->t_infomask & (HEAP_HASNULL | HEAP_HASEXTERNAL)) == 0 &&
         static_cast<int>(HeapTupleHeaderGetNatts(tuple)) >= plain.natts &&
         limit - reinterpret_cast<const char*>(tuple) >= static_cast<ptrdiff_t>(stored + kWord);
}

// Fills rows->where for the columns that are not moved by way of a run, and those of the key.
inline void locate_plain(const PlainRow& plain, const RowPlan& plan, HeapTupleHeader tuple,
                         const char** where) {
  const char* base = data_of(tuple);
  for (const Place *p = plain.places, *end = p + plain.place_count; p != end; ++p)
    where[p->attribute] = base + p->from;
  if (plain.first >= plain.last) return;
  const Attribute* att = &plan.attributes[plain.first - 1];
  uint32 offset = plain.from;
  for (int i = plain.first; i < plain.last; ++i) {
    offset += stored_size(base + offset, att->length);
    offset = align_stored(base, offset, *++att);
    where[i] = base + offset;
  }
}

// Appends the canonical bytes of the row to the buffer.
inline void collect_plain(RowHasher* rows, const PlainRow& plain, const Projection& columns,
                          HeapTupleHeader tuple, Size stored) {
  const char* base = data_of(tuple);
  BufferSink& sink = rows->buffer;
  const Size room = columns.room + stored + kWord;
  sink.ensure(room);
  uint8_t* p = core::store_u32(sink.pos, static_cast<uint32>(columns.count));
  for (const Run* run = plain.runs;; ++run) {
    for (const Known* known = run->values; known != run->end; ++known)
      p = move_word(core::store_u32(p, known->length), base + known->from, known->length);
    const Field* field = run->next;
    if (field == nullptr) break;
    p = append_value<true>(rows, *field, rows->where[field->attribute], p, room);
  }
  sink.pos = p;
}

}  // namespace pgdr
