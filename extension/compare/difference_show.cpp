#include "compare/difference_show.hpp"

#include "compare/difference_order.hpp"
#include "compare/difference_text.hpp"

namespace pgdr {

namespace {

// How many rows' values are asked for at once.
constexpr Size kBatch = 200;

struct Show {
  const Side* source;
  Peer* target;
  RowReader* reader;
  const Baseline* baseline;
  bool since;
  Results* results;
};

// The first bytes of a value that the worker sends; the rest is skipped. nullptr: NULL.
char* read_shortened(Peer* peer, Size most) {
  const int64 length = read_value_length(peer);
  if (length < 0) return nullptr;
  // A few bytes more, so that the last character shown is whole.
  const auto total = static_cast<Size>(length);
  const Size keep = total < most + 8 ? total : most + 8;
  auto* text = static_cast<char*>(palloc0(keep + 1));
  read_answer(peer, text, keep);
  const char* skipped = nullptr;
  for (Size left = total - keep; left > 0;) left -= read_more(peer, left, &skipped);
  return shorten(text, keep, total, most);
}

char* shortened(const char* text, Size most) {
  if (text == nullptr) return nullptr;
  const Size length = strlen(text);
  return shorten(text, length, length, most);
}

void read_key(RowReader* reader, const NameList& key, Ordered* row) {
  row->key = static_cast<const char**>(palloc(sizeof(char*) * static_cast<Size>(key.count + 1)));
  reader->open(*row->entry);
  for (int i = 0; i < key.count; ++i) row->key[i] = shortened(reader->key_text(i), kShownKeyBytes);
}

// Keys of the rows that are only in the target.
void read_remote_keys(Peer* peer, const NameList& key, Ordered* const* rows, Size count) {
  const core::RowEntry* entries[kBatch] = {};
  for (Size i = 0; i < count; ++i) entries[i] = rows[i]->entry;
  ask_values(peer, entries, static_cast<int>(count), true);
  for (Size i = 0; i < count; ++i) {
    rows[i]->key =
        static_cast<const char**>(palloc(sizeof(char*) * static_cast<Size>(key.count + 1)));
    for (int j = 0; j < key.count; ++j) rows[i]->key[j] = read_shortened(peer, kShownKeyBytes);
  }
  end_answer(peer);
}

void read_keys(const Show& show, Ordered* rows, Size count) {
  const NameList& key = show.source->plan.key;
  Ordered* remote[kBatch];
  Size waiting = 0;
  for (Size i = 0; i < count; ++i) {
    CHECK_FOR_INTERRUPTS();
    if (key.count == 0) continue;
    if (!rows[i].remote) {
      read_key(show.reader, key, &rows[i]);
      continue;
    }
    remote[waiting++] = &rows[i];
    if (waiting == kBatch) {
      read_remote_keys(show.target, key, remote, waiting);
      waiting = 0;
    }
  }
  if (waiting > 0) read_remote_keys(show.target, key, remote, waiting);
}

// A value within a row, so that the text NULL is not taken for none, nor a part of a text for the
// next column: in quotes where it could be.
const char* value_text(const char* value) {
  if (value == nullptr) return "NULL";
  if (strcmp(value, "NULL") != 0 && *value != '\'' && strstr(value, ", ") == nullptr) return value;
  StringInfoData text;
  initStringInfo(&text);
  appendStringInfoChar(&text, '\'');
  for (const char* c = value; *c != '\0'; ++c) {
    if (*c == '\'') appendStringInfoChar(&text, '\'');
    appendStringInfoChar(&text, *c);
  }
  appendStringInfoChar(&text, '\'');
  return text.data;
}

// "id=1, name=x", of which enough is there to be shortened.
struct RowText {
  StringInfoData text;
  bool full = false;

  RowText() { initStringInfo(&text); }
  void add(const char* name, const char* value) {
    if (full) return;
    appendStringInfo(&text, "%s%s=%s", text.len == 0 ? "" : ", ", quote_identifier(name),
                     value_text(value));
    full = text.len > static_cast<int>(3 * kShownBytes);
  }
  char* finish() const {
    const auto length = static_cast<Size>(text.len);
    return shorten(text.data, length, length, 2 * kShownBytes);
  }
};

char* local_row(RowReader* reader, const NameList& columns, const core::RowEntry& entry) {
  RowText row;
  reader->open(entry);
  for (int i = 0; i < columns.count && !row.full; ++i)
    row.add(columns.names[i], shortened(reader->text(i), kShownKeyBytes));
  return row.finish();
}

char* remote_row(Peer* peer, const NameList& columns, const core::RowEntry& entry) {
  RowText row;
  const core::RowEntry* one = &entry;
  ask_values(peer, &one, 1, false);
  for (int i = 0; i < columns.count; ++i)
    row.add(columns.names[i], read_shortened(peer, kShownKeyBytes));
  end_answer(peer);
  return row.finish();
}

// How a value of the target compares with the source's.
struct Compared {
  bool differs;
  bool is_null;
  Size common;  // bytes
  uint64 length;
  Size rest_bytes;
  char rest[2 * kShownBytes];  // from `common` on
};

// Reads the target's value while comparing it, so that neither has to be kept.
void compare_value(Peer* peer, const char* source, Compared* out) {
  const int64 length = read_value_length(peer);
  const Size source_length = source == nullptr ? 0 : strlen(source);
  out->is_null = length < 0;
  out->length = length < 0 ? 0 : static_cast<uint64>(length);
  out->common = 0;
  out->rest_bytes = 0;
  bool same = true;
  for (uint64 left = out->length; left > 0;) {
    const char* part = nullptr;
    const Size got = read_more(peer, left, &part);
    Size i = 0;
    if (same) {
      while (i < got && out->common < source_length && part[i] == source[out->common]) {
        ++i;
        ++out->common;
      }
      same = i == got;
    }
    const Size room = sizeof out->rest - out->rest_bytes;
    const Size keep = got - i < room ? got - i : room;
    memcpy(out->rest + out->rest_bytes, part + i, keep);
    out->rest_bytes += keep;
    left -= got;
  }
  out->differs = out->is_null != (source == nullptr) || !same || out->length != source_length;
}

// Moves the first difference back to the start of its character.
void align(const char* source, Compared* value) {
  if (source == nullptr) return;
  const Size start = character_start(source, value->common);
  const Size back = value->common - start;
  if (back == 0) return;
  const Size keep =
      value->rest_bytes < sizeof value->rest - back ? value->rest_bytes : sizeof value->rest - back;
  memmove(value->rest + back, value->rest, keep);
  memcpy(value->rest, source + start, back);
  value->rest_bytes = keep + back;
  value->common = start;
}

const char* with_note(const char* detail, const char* note) {
  if (detail == nullptr) return note;
  return note == nullptr ? detail : psprintf("%s; %s", detail, note);
}

// What the backup says about it.
const char* baseline_note(const Show& show, const core::RowDifference& d) {
  if (show.baseline == nullptr) return nullptr;
  switch (d.agrees) {
    case core::Agrees::kA:
      return psprintf("%s agrees with the source", show.baseline->name);
    case core::Agrees::kB:
      return psprintf("%s has it as the target has", show.baseline->name);
    default:
      return psprintf("compared with the live source, which may have changed since %s",
                      show.baseline->name);
  }
}

const char* copies_note(const core::RowDifference& d) {
  const core::RowEntry* row = d.a != nullptr ? d.a : d.b;
  if (row->count == 1 && d.count == 1) return nullptr;
  const char* count = number_text(d.count);
  return d.count == row->count ? psprintf("%s such rows", count)
                               : psprintf("%s of %s such rows", count, number_text(row->count));
}

const char* position_note(const char* source, const Compared& value) {
  const Size length = source == nullptr ? 0 : strlen(source);
  if (length <= kShownBytes && value.length <= kShownBytes) return nullptr;
  if (source == nullptr || value.is_null) return nullptr;
  return psprintf("first difference at character %s",
                  number_text(characters(source, value.common) + 1));
}

// One line for each column that differs.
void show_changed(const Show& show, const core::RowDifference& d, const char* key) {
  const NameList& columns = show.source->plan.columns;
  const char* note = with_note(copies_note(d), baseline_note(show, d));
  const core::RowEntry* one = d.b;
  auto* value = static_cast<Compared*>(palloc(sizeof(Compared)));
  bool shown = false;
  const char* side = show.since ? "changed since" : "changed";
  ask_values(show.target, &one, 1, false);
  show.reader->open(*d.a);
  for (int i = 0; i < columns.count; ++i) {
    const char* source = show.reader->text(i);
    compare_value(show.target, source, value);
    if (!value->differs) continue;
    shown = true;
    align(source, value);
    const char* expected =
        source == nullptr
            ? nullptr
            : excerpt(source, value->common, source + value->common,
                      strnlen(source + value->common, sizeof value->rest), strlen(source));
    const char* actual = value->is_null ? nullptr
                                        : excerpt(source == nullptr ? "" : source, value->common,
                                                  value->rest, value->rest_bytes, value->length);
    show.results->put({side, key, columns.names[i], expected, actual,
                       with_note(position_note(source, *value), note)});
  }
  end_answer(show.target);
  if (!shown)
    show.results->put(
        {side, key, nullptr, nullptr, nullptr, with_note("values differ that print alike", note)});
}

void show_one(const Show& show, const Ordered& row) {
  const NameList& columns = show.source->plan.columns;
  const core::RowDifference& d = *row.difference;
  const char* key = key_text(show.source->plan.key, row.key);
  const char* note = with_note(copies_note(d), baseline_note(show, d));
  switch (d.side) {
    case core::Side::kMissing:
      show.results->put(
          {"missing", key, nullptr, local_row(show.reader, columns, *d.a), nullptr, note});
      break;
    case core::Side::kExtra:
      show.results->put({show.since ? "gone" : "extra", key, nullptr, nullptr,
                         remote_row(show.target, columns, *d.b), note});
      break;
    case core::Side::kChanged:
      show_changed(show, d, key);
      break;
  }
}

Size at_least(int64 max_rows, Size least) {
  return static_cast<Size>(max_rows) > least ? static_cast<Size>(max_rows) : least;
}

Ordered* allocate_ordered(Size count) {
  return static_cast<Ordered*>(
      MemoryContextAllocHuge(CurrentMemoryContext, sizeof(Ordered) * (count + 1)));
}

}  // namespace

bool is_since(const core::RowDifference& d, Question question) {
  switch (d.agrees) {
    case core::Agrees::kA:
      return false;
    case core::Agrees::kB:
      return true;
    default:
      return question == Question::kSource;
  }
}

Since count_since(const Found& found, Question question) {
  Since since{0, 0, 0};
  for (Size i = 0; i < found.count; ++i) {
    const core::RowDifference& d = found.items[i];
    if (!is_since(d, question)) continue;
    (d.side == core::Side::kExtra     ? since.gone
     : d.side == core::Side::kChanged ? since.changed
                                      : since.added) += d.count;
  }
  return since;
}

void show_differences(const Side& source, Peer* target, const SideDescription& description,
                      const Baseline* baseline, const Found& found, Question question, bool since,
                      int64 max_rows, Results* results) {
  if (max_rows == 0 || found.count == 0) return;
  Ordered* rows = allocate_ordered(found.count);
  Size chosen = 0;
  for (Size i = 0; i < found.count; ++i) {
    const core::RowDifference* d = &found.items[i];
    if (is_since(*d, question) != since || (since && d->side == core::Side::kMissing)) continue;
    rows[chosen++] = {d->a != nullptr ? d->a : d->b, d, d->a == nullptr, nullptr};
  }
  if (chosen == 0) return;
  const Size count = first_by_place(rows, chosen, at_least(max_rows, kOrderedRows));
  RowReader reader(source);
  const Show show{&source, target, &reader, baseline, since, results};
  read_keys(show, rows, count);
  order_by_key(rows, count, source.plan.key, description);
  MemoryContext scratch =
      AllocSetContextCreate(CurrentMemoryContext, "pgdr row", ALLOCSET_DEFAULT_SIZES);
  for (Size i = 0; i < count && i < static_cast<Size>(max_rows); ++i) {
    CHECK_FOR_INTERRUPTS();
    MemoryContext outer = MemoryContextSwitchTo(scratch);
    show_one(show, rows[i]);
    MemoryContextSwitchTo(outer);
    MemoryContextReset(scratch);
  }
  MemoryContextDelete(scratch);
  reader.close();
}

int64 name_rows(const Side& side, const SideDescription& description, const core::RowEntry* entries,
                Size count, int64 max_rows, NamedRow* out) {
  Ordered* rows = allocate_ordered(count);
  for (Size i = 0; i < count; ++i) rows[i] = {&entries[i], nullptr, false, nullptr};
  count = first_by_place(rows, count, at_least(max_rows, kOrderedRows));
  RowReader reader(side);
  const Show show{&side, nullptr, &reader, nullptr, false, nullptr};
  read_keys(show, rows, count);
  order_by_key(rows, count, side.plan.key, description);
  int64 named = 0;
  for (; named < max_rows && static_cast<Size>(named) < count; ++named) {
    CHECK_FOR_INTERRUPTS();
    const Ordered& row = rows[named];
    out[named] = {row.entry, key_text(side.plan.key, row.key),
                  local_row(&reader, side.plan.columns, *row.entry)};
  }
  reader.close();
  return named;
}

}  // namespace pgdr
