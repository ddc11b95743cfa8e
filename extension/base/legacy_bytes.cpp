#include "base/legacy_bytes.hpp"

namespace pgdr {

namespace {

constexpr Size kEscape = 4;  // "<E9>"
constexpr Size kChunk = 4096;

bool is_digit(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); }

int digit(char c) { return c <= '9' ? c - '0' : c - 'A' + 10; }

bool looks_escaped(const char* text, Size left) {
  return left >= kEscape && text[0] == '<' && is_digit(text[1]) && is_digit(text[2]) &&
         text[3] == '>';
}

// Walks over a text in the database's encoding, character by character.
class Characters {
 public:
  Characters(const char* text, Size length)
      : text_(text), length_(length), encoding_(GetDatabaseEncoding()) {
#if PG_VERSION_NUM >= 140000
    // Conversions that stop instead of failing: 14 (ea1b99a6619c).
    if (encoding_ != PG_UTF8 && encoding_ != PG_SQL_ASCII)
      conversion_ = FindDefaultConversionProc(encoding_, PG_UTF8);
#endif
  }

  // Bytes of the character that begins there; 0: the byte there has no UTF-8 form.
  Size at(Size i) {
    if ((static_cast<unsigned char>(text_[i]) & 0x80U) == 0) return 1;
    const auto* from = reinterpret_cast<const unsigned char*>(text_ + i);
    if (encoding_ == PG_UTF8 || encoding_ == PG_SQL_ASCII) {
      const int bytes = pg_encoding_mblen(PG_UTF8, text_ + i);
      return static_cast<Size>(bytes) <= length_ - i && pg_utf8_islegal(from, bytes)
                 ? static_cast<Size>(bytes)
                 : 0;
    }
    if (!convertible(i)) return 0;
    const auto bytes = static_cast<Size>(pg_encoding_mblen(encoding_, text_ + i));
    return bytes <= length_ - i ? bytes : length_ - i;
  }

 private:
  // Converts a chunk at a time, and remembers how far that went.
  bool convertible(Size i) {
#if PG_VERSION_NUM >= 140000
    if (i < converted_ || !OidIsValid(conversion_)) return true;
    unsigned char into[kChunk * MAX_CONVERSION_GROWTH + 1];
    const Size left = length_ - i;
    const int bytes = pg_do_encoding_conversion_buf(
        conversion_, encoding_, PG_UTF8,
        reinterpret_cast<unsigned char*>(const_cast<char*>(text_ + i)),
        static_cast<int>(left < kChunk ? left : kChunk), into, sizeof into, true);
    converted_ = i + static_cast<Size>(bytes > 0 ? bytes : 0);
    return i < converted_;
#else
    (void)i;
    return true;
#endif
  }

  const char* text_;
  Size length_;
  int encoding_;
#if PG_VERSION_NUM >= 140000
  Oid conversion_ = InvalidOid;
  Size converted_ = 0;
#endif
};

}  // namespace

const char* escape_bytes(const char* text, Size length) {
  Characters characters(text, length);
  StringInfoData out;
  out.data = nullptr;
  Size written = 0;  // of `text`
  for (Size i = 0; i < length;) {
    const Size bytes = characters.at(i);
    if (bytes > 0 && !looks_escaped(text + i, length - i)) {
      i += bytes;
      continue;
    }
    if (out.data == nullptr) initStringInfo(&out);
    appendBinaryStringInfo(&out, text + written, static_cast<int>(i - written));
    appendStringInfo(&out, "<%02X>", static_cast<unsigned char>(text[i]));
    written = ++i;
  }
  if (out.data == nullptr) return text;
  appendBinaryStringInfo(&out, text + written, static_cast<int>(length - written));
  return out.data;
}

bool has_utf8_form(const char* text, Size length) {
  Characters characters(text, length);
  for (Size i = 0; i < length;) {
    const Size bytes = characters.at(i);
    if (bytes == 0) return false;
    i += bytes;
  }
  return true;
}

const char* unescape_bytes(const char* text) {
  char* out = pstrdup(text);
  Size length = 0;
  for (const char* from = text; *from != '\0'; ++length) {
    const bool escaped = looks_escaped(from, strnlen(from, kEscape));
    out[length] = escaped ? static_cast<char>(16 * digit(from[1]) + digit(from[2])) : *from;
    from += escaped ? kEscape : 1;
  }
  out[length] = '\0';
  const bool is_text = strlen(out) == length &&
                       pg_verify_mbstr(GetDatabaseEncoding(), out, static_cast<int>(length), true);
  return is_text ? out : text;
}

char* escape_json_object(StringInfo object) {
  if (GetDatabaseEncoding() == PG_UTF8) return object->data;
  const char* escaped = escape_bytes(object->data, static_cast<Size>(object->len));
  if (escaped == object->data) return object->data;
  StringInfoData out;
  initStringInfo(&out);
  appendBinaryStringInfo(&out, escaped, static_cast<int>(strlen(escaped)) - 1);
  appendStringInfoString(&out, ",\"escaped\":true}");
  pfree(object->data);
  pfree(const_cast<char*>(escaped));
  return out.data;
}

}  // namespace pgdr

extern "C" {

PG_FUNCTION_INFO_V1(dr_escape_bytes);
PG_FUNCTION_INFO_V1(dr_unescape_bytes);

// _escape_bytes(value text, whole boolean) -> text: without `whole`, only where a byte of it has no
// UTF-8 form
PGDLLEXPORT Datum dr_escape_bytes(PG_FUNCTION_ARGS) {
  text* value = PG_GETARG_TEXT_PP(0);
  const char* bytes = VARDATA_ANY(value);
  const Size length = VARSIZE_ANY_EXHDR(value);
  if (!PG_GETARG_BOOL(1) &&
      (GetDatabaseEncoding() == PG_UTF8 || pgdr::has_utf8_form(bytes, length)))
    PG_RETURN_TEXT_P(value);
  const char* escaped = pgdr::escape_bytes(bytes, length);
  if (escaped == bytes) PG_RETURN_TEXT_P(value);
  PG_RETURN_TEXT_P(cstring_to_text(escaped));
}

// _unescape_bytes(value text) -> text
PGDLLEXPORT Datum dr_unescape_bytes(PG_FUNCTION_ARGS) {
  const char* value = text_to_cstring(PG_GETARG_TEXT_PP(0));
  PG_RETURN_TEXT_P(cstring_to_text(pgdr::unescape_bytes(value)));
}
}
