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
  PlainHeader header;
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
  return has_plain_header(plain.header, tuple, stored) &&
         limit - reinterpret_cast<const char*>(tuple) >= static_cast<ptrdiff_t>(stored + kWord);
}

// The value that begins at `place` or behind padding there, and is no varlena with a short header.
struct Located {
  const char* value;
  Size size;
};
Located locate_other(const Attribute& att, const char* base, const char* place, const char* end);

// Fills `where` for the columns that are not moved by way of a run, and those of the key. base: the
// tuple's data, of which there are `stored` bytes. The header says that nothing is out of line. A
// length word beyond the end may be read.
pg_attribute_always_inline void locate_plain(const PlainRow& plain, const RowPlan& plan,
                                             const char* base, Size stored, const char** where) {
  for (const Place *p = plain.places, *end = p + plain.place_count; p != end; ++p)
    where[p->attribute] = base + p->from;
  const char* const end = base + stored;
  const char* value = base + plain.from;
  const Attribute* att = plan.attributes + plain.first;
  for (int i = plain.first; i < plain.last; ++i, ++att) {
    if (likely(att->length == -1 && VARATT_IS_1B(reinterpret_cast<const varlena*>(value)))) {
      const Size size = VARSIZE_1B(reinterpret_cast<const varlena*>(value));  // 0 of a pointer
      if (unlikely(size - 1 >= static_cast<Size>(end - value))) detail::beyond_parent();
      where[i] = value;
      value += size;
    } else {
      const Located other = locate_other(*att, base, value, end);
      where[i] = other.value;
      value = other.value + other.size;
    }
  }
}

// Appends the canonical bytes of the row, located as above, to the buffer.
pg_attribute_always_inline void collect_plain(RowHasher* rows, const PlainRow& plain,
                                              const Projection& columns, const char* base,
                                              Size stored) {
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
