// From PostgreSQL's stored values to canonical bytes (core/FORMAT.md).
//
// Values are given as pointers to their stored image: a by-value type's bytes, a varlena in any
// form (short, compressed, out of line), a C string. Whatever has to be allocated for one row goes
// to Encoder::row_context, which the owner resets. Errors are raised by ereport. A value's header
// and all of its bytes are there (bounds.hpp); what they mean is checked here.
#pragma once

#include "base/pg.hpp"

#include "encode/bounds.hpp"
#include "core/sink.hpp"
#include "encode/detoast.hpp"
#include "foreign/place.hpp"
#include "encode/pinned.hpp"
#include "encode/plan.hpp"

namespace pgdr {

struct Encoder {
  PlanCache plans;
  MemoryContext row_context;
  bool row_dirty;  // something was allocated in row_context
  ToastTable toast;
  PinnedSettings pinned;
  ForeignBudget budget;  // of output functions
};

// parent: where the encoder's two memory contexts are made.
void init_encoder(Encoder* encoder, MemoryContext parent);

// Restores the settings that output functions needed and deletes the contexts.
void finish_encoder(Encoder* encoder);

inline void reset_row(Encoder* encoder) {
  if (!encoder->row_dirty) return;
  MemoryContextReset(encoder->row_context);
  encoder->row_dirty = false;
}

// The payload of a varlena, detoasted if need be.
struct Payload {
  const uint8* data;
  Size length;
};

inline Payload open_varlena(Encoder* encoder, const char* stored);

// A whole varlena with a 4-byte header at an aligned address.
varlena* open_aligned(Encoder* encoder, const char* stored);

// The payload of a value, not its length.
void encode_value(Encoder* encoder, TypePlan* plan, const char* stored, core::Sink& sink);

// Length and payload; stored == nullptr is NULL.
void encode_field(Encoder* encoder, TypePlan* plan, const char* stored, core::Sink& sink);

// A composite datum's row: number of columns, then each as encode_field writes it. tuple: a varlena
// uncompressed, all of whose bytes are there.
void encode_composite(Encoder* encoder, HeapTupleHeader tuple, bool top, core::Sink& sink);

// The columns of a row whose stored values are `where`, any sink. free_between: everything in
// row_context may be freed after each column, so that of several large values only one is in
// memory.
void encode_columns(Encoder* encoder, const Projection& columns, const char* const* where,
                    bool free_between, core::Sink& sink);

// Parts of encode_value, one file each.
void encode_jsonb(const Payload& payload, core::Sink& sink);
void encode_array(Encoder* encoder, TypePlan* plan, const ArrayType* array, core::Sink& sink);
void encode_range(Encoder* encoder, TypePlan* plan, const char* stored, core::Sink& sink);
void encode_multirange(Encoder* encoder, TypePlan* plan, const char* stored, core::Sink& sink);
void encode_tsvector(const Payload& payload, core::Sink& sink);
void encode_jsonpath(const Payload& payload, core::Sink& sink);
void encode_aclitem(const char* stored, core::Sink& sink);
// point, lseg, box, line, circle: `length` bytes of float8.
void encode_floats(const char* stored, int16 length, core::Sink& sink);
void encode_path(const Payload& payload, core::Sink& sink);
void encode_polygon(const Payload& payload, core::Sink& sink);
// Errors where a value that is left to its type's output function would lead that astray.
void check_inner(Inner inner, const Payload& payload);
// False: a form older than hstore 9.0, nothing written.
bool encode_hstore(const Payload& payload, core::Sink& sink);
void encode_ltree(const Payload& payload, core::Sink& sink);
void encode_vector(const Payload& payload, core::Sink& sink);

// Raises the error for a value whose canonical form exceeds 32 bits of length, if sink saw one.
void check_length(const core::Sink& sink);

varlena* detoast_for_row(Encoder* encoder, const char* stored);

inline Payload open_varlena(Encoder* encoder, const char* stored) {
  const auto* datum = reinterpret_cast<const varlena*>(stored);
  if (VARATT_IS_1B(datum) && !VARATT_IS_1B_E(datum))
    return {reinterpret_cast<const uint8*>(VARDATA_SHORT(datum)),
            VARSIZE_SHORT(datum) - VARHDRSZ_SHORT};
  if (!VARATT_IS_4B_U(datum)) datum = detoast_for_row(encoder, stored);
  return {reinterpret_cast<const uint8*>(VARDATA(datum)), VARSIZE(datum) - VARHDRSZ};
}

}  // namespace pgdr
