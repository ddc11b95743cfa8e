// Writing JSON into a StringInfo: commas are the business of these functions.
#pragma once

#include "base/pg.hpp"

namespace pgdr {

// Starts the next member or element: a comma unless it is the first of its object or array.
inline void json_next(StringInfo out) {
  char last = out->len > 0 ? out->data[out->len - 1] : '{';
  if (last != '{' && last != '[') appendStringInfoChar(out, ',');
}

inline void json_key(StringInfo out, const char* key) {
  json_next(out);
  appendStringInfo(out, "\"%s\":", key);
}

// A string, or null for nullptr.
inline void json_text(StringInfo out, const char* key, const char* value) {
  json_key(out, key);
  if (value == nullptr)
    appendStringInfoString(out, "null");
  else
    escape_json(out, value);
}

inline void json_bool(StringInfo out, const char* key, bool value) {
  json_key(out, key);
  appendStringInfoString(out, value ? "true" : "false");
}

inline void json_number(StringInfo out, const char* key, int64 value) {
  json_key(out, key);
  appendStringInfo(out, INT64_FORMAT, value);
}

// Text that is JSON already, or null for nullptr.
inline void json_raw(StringInfo out, const char* key, const char* json) {
  json_key(out, key);
  appendStringInfoString(out, json == nullptr ? "null" : json);
}

}  // namespace pgdr
