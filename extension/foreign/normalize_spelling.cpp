#include "foreign/normalize_spelling.hpp"

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

// What has been written so far, and where its open parentheses are.
struct Writer {
  StringInfoData out;
  List* open;        // offsets (int), the innermost last
  int quoted_start;  // offsets of the quoted text written last, without the E of E'...'
  int quoted_end;

  bool ends_with(const char* end) const {
    const auto length = static_cast<int>(strlen(end));
    return out.len >= length && memcmp(out.data + out.len - length, end, strlen(end)) == 0;
  }

  void take_back(const char* end) {
    out.len -= static_cast<int>(strlen(end));
    out.data[out.len] = '\0';
  }

  // Whether nothing but a string literal is inside, and the parenthesis is no function's.
  bool holds_a_literal(int start) const {
    if (quoted_end != out.len || out.data[quoted_start] != '\'') return false;
    const bool escapes = out.data[start + 1] == 'E';
    const char before = start == 0 ? ' ' : out.data[start - 1];
    return quoted_start == start + (escapes ? 2 : 1) && !is_word(before) && before != '"';
  }

  // Whether the text in the parentheses at `start`, before `rest`, needs none.
  bool needless(int start, const char* rest) const {
    const char* inside = out.data + start + 1;
    const char* before = out.data + start;
    if (strncmp(rest, "::", 2) == 0 && holds_a_literal(start)) return true;
    static constexpr char kFetch[] = "FETCH FIRST ";
    constexpr int kFetchLength = sizeof kFetch - 1;
    if (start >= kFetchLength && memcmp(before - kFetchLength, kFetch, kFetchLength) == 0)
      return strpbrk(inside, " (),") == nullptr || (*inside == '(' && ends_with(")"));
    return ends_with(" IS DOCUMENT") && strstr(inside, " AND ") == nullptr &&
           strstr(inside, " OR ") == nullptr && strchr(inside, ',') == nullptr &&
           (start == 0 || !is_word(before[-1]));
  }

  void close(const char* rest) {
    if (open == NIL) {
      appendStringInfoChar(&out, ')');
      return;
    }
    const int start = llast_int(open);
    open = list_delete_last(open);
    if (ends_with(" NO INDENT")) take_back(" NO INDENT");
    if (!needless(start, rest)) {
      appendStringInfoChar(&out, ')');
      return;
    }
    memmove(out.data + start, out.data + start + 1, static_cast<size_t>(out.len - start));
    out.len--;
  }

  // rest: what follows it.
  void put(char c, const char* rest) {
    if (c == '(') open = lappend_int(open, out.len);
    if (c == ')')
      close(rest);
    else
      appendStringInfoChar(&out, c);
  }

  void put_quoted(const char* start, const char* end) {
    quoted_start = out.len;
    appendBinaryStringInfo(&out, start, static_cast<int>(end - start));
    quoted_end = out.len;
    if (ends_with(" AS \"?column?\"")) take_back(" AS \"?column?\"");
  }
};

}  // namespace

char* one_spelling(const char* text) {
  Writer writer{{}, NIL, 0, -1};
  initStringInfo(&writer.out);
  const char* p = text;
  while (*p != '\0') {
    if (is_space(*p)) {
      while (is_space(*p)) p++;
      if (writer.out.len > 0 && !writer.ends_with("(") && *p != ')' && *p != '\0')
        writer.put(' ', p);
    } else if (*p == '\'' || *p == '"') {
      const bool escapes = *p == '\'' && p > text && (p[-1] == 'E' || p[-1] == 'e') &&
                           (p == text + 1 || !is_word(p[-2]));
      const char* end = skip_quoted(p, escapes);
      writer.put_quoted(p, end);
      p = end;
    } else {
      writer.put(*p, p + 1);
      p++;
    }
  }
  return writer.out.data;
}

}  // namespace pgdr
