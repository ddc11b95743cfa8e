#include "compare/difference_text.hpp"

namespace pgdr {

namespace {

const char* ellipsis() { return GetDatabaseEncoding() == PG_UTF8 ? "\xE2\x80\xA6" : "..."; }

// A damaged or hostile value need not be text of its encoding.
void make_valid(char* text, Size length) {
  if (pg_verify_mbstr(GetDatabaseEncoding(), text, static_cast<int>(length), true)) return;
  for (Size i = 0; i < length; ++i)
    if ((static_cast<unsigned char>(text[i]) & 0x80U) != 0) text[i] = '?';
}

char* joined(const char* before, const char* text, Size length, const char* after) {
  char* middle = pnstrdup(text, length);
  make_valid(middle, length);
  return psprintf("%s%s%s", before, middle, after);
}

}  // namespace

Size character_start(const char* text, Size at) {
  const int encoding = GetDatabaseEncoding();
  // What a SQL_ASCII database has is most often UTF-8.
  if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII) {
    // Not further than a character is long, whatever the text is.
    Size start = at;
    while (start > 0 && at - start < 4 &&
           (static_cast<unsigned char>(text[start]) & 0xC0U) == 0x80U)
      --start;
    return start;
  }
  if (pg_encoding_max_length(encoding) == 1) return at;
  if (at > static_cast<Size>(PG_INT32_MAX) - 8) return at;
  const int length = static_cast<int>(strnlen(text, at + 8));
  return static_cast<Size>(pg_encoding_mbcliplen(encoding, text, length, static_cast<int>(at)));
}

uint64 characters(const char* text, Size at) {
  const int encoding = GetDatabaseEncoding();
  if (pg_encoding_max_length(encoding) == 1) return at;
  uint64 count = 0;
  if (encoding == PG_UTF8) {
    for (Size i = 0; i < at; ++i)
      count += (static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U ? 1 : 0;
    return count;
  }
  for (Size i = 0; i < at; ++count) i += static_cast<Size>(pg_encoding_mblen(encoding, text + i));
  return count;
}

char* shorten(const char* text, Size given, uint64 length, Size most) {
  if (length <= most && given == length) return joined("", text, given, "");
  const Size shown = character_start(text, given < most ? given : most);
  return joined("", text, shown, ellipsis());
}

char* excerpt(const char* text, Size common, const char* rest, Size rest_bytes, uint64 length) {
  const Size start = length <= kShownBytes || common <= kBeforeBytes
                         ? 0
                         : character_start(text, common - kBeforeBytes);
  StringInfoData part;
  initStringInfo(&part);
  appendBinaryStringInfo(&part, text + start, static_cast<int>(common - start));
  appendBinaryStringInfo(&part, rest, static_cast<int>(rest_bytes));
  auto shown = static_cast<Size>(part.len);
  if (shown > kShownBytes) shown = character_start(part.data, kShownBytes);
  return joined(start > 0 ? ellipsis() : "", part.data, shown,
                start + shown < length ? ellipsis() : "");
}

char* number_text(uint64 number) {
  char digits[32];
  const int length = snprintf(digits, sizeof digits, UINT64_FORMAT, number);
  StringInfoData text;
  initStringInfo(&text);
  for (int i = 0; i < length; ++i) {
    if (i > 0 && (length - i) % 3 == 0) appendStringInfoChar(&text, ',');
    appendStringInfoChar(&text, digits[i]);
  }
  return text.data;
}

}  // namespace pgdr
