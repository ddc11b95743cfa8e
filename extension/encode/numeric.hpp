// Taking a stored numeric apart. Source of the layout: "Storage Format" in PostgreSQL's numeric.c,
// unchanged since 9.1; infinities since 14.
#pragma once

#include "base/pg.hpp"

#include "encode/bounds.hpp"
#include "core/canonical.hpp"

namespace pgdr {

// The number in a numeric's varlena payload, normalized; refers to `data`.
inline core::Numeric open_numeric(const uint8* data, Size length) {
  using core::NumericSign;
  core::Numeric number;
  if (unlikely(length < 2)) corrupt_value("a numeric");
  const auto header = core::load_native<uint16>(data);
  if ((header & 0xC000) == 0x8000) {  // short: sign, display scale and weight in one word
    if ((header & 0x2000) != 0) number.sign = NumericSign::kNegative;
    number.weight = ((header & 0x0040) != 0 ? ~0x3F : 0) | (header & 0x3F);
    number.dscale = static_cast<uint16>((header & 0x1F80) >> 7);
    number.digits = data + 2;
    number.count = static_cast<int>((length - 2) / 2);
  } else if ((header & 0xC000) == 0xC000) {
    number.sign = NumericSign::kNaN;
    if ((header & 0xF000) == 0xD000) number.sign = NumericSign::kInfinity;
    if ((header & 0xF000) == 0xF000) number.sign = NumericSign::kMinusInfinity;
    return number;
  } else {
    if (unlikely(length < 4)) corrupt_value("a numeric");
    if ((header & 0xC000) == 0x4000) number.sign = NumericSign::kNegative;
    number.weight = core::load_native<int16>(data + 2);
    number.dscale = header & 0x3FFF;
    number.digits = data + 4;
    number.count = static_cast<int>((length - 4) / 2);
  }
  number.normalize();
  return number;
}

// One within another value, of which there are `room` bytes left: always in line and uncompressed.
inline core::Numeric open_inner_numeric(const uint8* stored, Size room) {
  const auto* datum = reinterpret_cast<const varlena*>(stored);
  if (likely(room >= VARHDRSZ && VARATT_IS_4B_U(datum) && VARSIZE_4B(datum) >= VARHDRSZ &&
             VARSIZE_4B(datum) <= room))
    return open_numeric(stored + VARHDRSZ, VARSIZE_4B(datum) - VARHDRSZ);
  if (room == 0) corrupt_value("a numeric");
  const Size size = inline_varlena_size(reinterpret_cast<const char*>(stored), room);
  if (VARATT_IS_COMPRESSED(datum)) corrupt_value("a numeric");
  const auto* data = reinterpret_cast<const uint8*>(VARDATA_ANY(datum));
  return open_numeric(data, size - static_cast<Size>(data - stored));
}

}  // namespace pgdr
