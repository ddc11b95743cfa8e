// Values as a person reads them: shortened, on character boundaries, valid in this database's
// encoding.
#pragma once

#include "base/pg.hpp"

namespace pgdr {

// As much of a value as is shown, in bytes.
inline constexpr Size kShownBytes = 120;
// Of that, before the first difference.
inline constexpr Size kBeforeBytes = 40;
inline constexpr Size kShownKeyBytes = 60;

// At most `most` bytes of the text, with an ellipsis if there are more; of `length` bytes in all
// the first `given` are there. Palloc'd.
char* shorten(const char* text, Size given, uint64 length, Size most);

// The end of the last whole character at or before byte `at` of the text.
Size character_start(const char* text, Size at);
// How many characters end at or before byte `at`.
uint64 characters(const char* text, Size at);

// A value that differs from another from byte `common` on: the surroundings of that place, or all
// of it if it is short. text: the part before `common`, at least; rest: what follows, as far as it
// is known, of `length` bytes in all.
char* excerpt(const char* text, Size common, const char* rest, Size rest_bytes, uint64 length);

// 1234567 as 1,234,567.
char* number_text(uint64 number);

}  // namespace pgdr
