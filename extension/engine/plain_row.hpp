// Rows without NULLs, out-of-line values and columns younger than the row: the fast way.
//
// Most rows of most tables are like that. Which columns follow each other in canonical order, and
// where those lie that precede the first one of varying length, is worked out once. Short values
// are moved 16 bytes at a time, whatever their length: what is too much is overwritten by what
// follows. That reads up to 16 bytes beyond the tuple, so the caller says how far there is memory.
// The result is what collect_row() writes, byte by byte.
#pragma once

#include "engine/fixed_row.hpp"
#include "engine/row_hash.hpp"

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
  int natts;      // attributes that a tuple must have stored ...
  int limit;      // ... and those that it may have
  int first;      // attributes from here on, ...
  int last;       // ... to the one before this one, are of varying length or lie behind such a one
  Size from;      // end of the one before them: bytes of values that a tuple must have
  Place* places;  // columns looked up by rows->where that lie at known places
  int place_count;
  Run* runs;  // the last one has no `next`
};

// The fast way for the rows of a relation, or nullptr on a machine whose order of bytes is not the
// canonical one.
PlainRow* plain_row(PlanCache* cache, const RowPlan& plan);

// limit: end of the memory that may be read.
inline bool fits(const PlainRow& plain, HeapTupleHeader tuple, Size stored, const char* limit) {
  return (tuple->t_infomask & HEAP_HASEXTERNAL) == 0 &&
         has_plain_header(tuple, stored, plain.natts, plain.limit, plain.from) &&
         limit - reinterpret_cast<const char*>(tuple) >= static_cast<ptrdiff_t>(stored + kWord);
}

// Fills `where` for the columns that are not moved by way of a run, and those of the key. base: the
// tuple's data, of which there are `end` bytes. The header says that nothing is out of line.
inline void locate_plain(const PlainRow& plain, const RowPlan& plan, const char* base, Size end,
                         const char** where) {
  for (const Place *p = plain.places, *end = p + plain.place_count; p != end; ++p)
    where[p->attribute] = base + p->from;
  const int last = plain.last;
  Size offset = plain.from;
  for (int i = plain.first; i < last; ++i) {
    const Attribute& att = plan.attributes[i];
    // As aligned_place() does it, but a byte and a length word beyond the end may be read.
    if (att.length != -1 || base[offset] == 0) {
      offset = (offset + att.align - 1U) & ~(att.align - Size{1});
      if (unlikely(offset >= end)) detail::beyond_parent();
    }
    const char* value = base + offset;
    where[i] = value;
    offset += likely(att.length == -1) ? readable_varlena_size(value, end - offset)
                                       : bounded_size(value, att.length, end - offset);
  }
}

// Appends the canonical bytes of the row, located as above, to the buffer.
inline void collect_plain(RowHasher* rows, const PlainRow& plain, const Projection& columns,
                          const char* base, Size stored) {
  BufferSink& sink = rows->buffer;
  const char* const* const where = rows->where;
  const Size room = columns.room + stored + kWord;
  sink.ensure(room);
  uint8_t* p = core::store_u32(sink.pos, static_cast<uint32>(columns.count));
  for (const Run* run = plain.runs;; ++run) {
    const Known* const end = run->end;
    const Field* const field = run->next;
    for (const Known* known = run->values; known != end; ++known) {
      const Known value = *known;
      p = move_word(core::store_u32(p, value.length), base + value.from, value.length);
    }
    if (field == nullptr) break;
    const char* value = where[field->attribute];
    const auto* datum = reinterpret_cast<const varlena*>(value);
    if (field->kind == Kind::kRaw && VARATT_IS_1B(datum)) {
      const Size length = VARSIZE_1B(datum) - VARHDRSZ_SHORT;
      value = VARDATA_1B(datum);
      p = core::store_u32(p, static_cast<uint32>(length));
      move_word(p, value, kWord);
      for (Size done = kWord; done < length; done += kWord)
        move_word(p + done, value + done, kWord);
      p += length;
    } else {
      p = append_value<true>(rows, *field, value, p, room);
    }
  }
  sink.pos = p;
}

}  // namespace pgdr
