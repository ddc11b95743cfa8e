#include "normalize_space.hpp"

namespace pgdr {

namespace {

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         (static_cast<unsigned char>(c) & 0x80) != 0;
}

// The character after the quoted text that starts at `open`.
const char* skip_quoted(const char* open, bool escapes) {
  const char* p = open + 1;
  while (*p != '\0' && (*p != *open || p[1] == *open))
    p += *p == *open || (escapes && *p == '\\' && p[1] != '\0') ? 2 : 1;
  return *p == '\0' ? p : p + 1;
}

}  // namespace

char* squeeze_space(const char* text) {
  StringInfoData out;
  initStringInfo(&out);
  const char* p = text;
  while (*p != '\0') {
    if (is_space(*p)) {
      while (is_space(*p)) p++;
      if (out.len > 0 && out.data[out.len - 1] != '(' && *p != ')' && *p != '\0')
        appendStringInfoChar(&out, ' ');
    } else if (*p == '\'' || *p == '"') {
      const bool escapes = *p == '\'' && p > text && (p[-1] == 'E' || p[-1] == 'e') &&
                           (p == text + 1 || !is_word(p[-2]));
      const char* end = skip_quoted(p, escapes);
      appendBinaryStringInfo(&out, p, static_cast<int>(end - p));
      p = end;
    } else {
      appendStringInfoChar(&out, *p++);
    }
  }
  return out.data;
}

}  // namespace pgdr
