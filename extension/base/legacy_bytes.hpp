// Text of the database that has no UTF-8 form, in an escape form that every document and every
// client can carry (doc/snapshot-document.md): bytes of a SQL_ASCII database, or characters without
// a counterpart in Unicode.
//
//   caf\xE9 closed  ->  caf<E9> closed
//   caf<E9> closed  ->  caf<3C>E9> closed
//
// The form of the tool's escape_bytes(). No two texts have the same one.
#pragma once

#include "base/pg.hpp"

namespace pgdr {

// The escape form of a text in the database's encoding, palloc'd, or `text` itself where that is
// the same.
const char* escape_bytes(const char* text, Size length);

// The text of an escape form, or `text` itself where this database cannot have that text.
const char* unescape_bytes(const char* text);

// Whether every byte of it belongs to a character that has a UTF-8 form. From version 14 on, in
// encodings other than SQL_ASCII.
bool has_utf8_form(const char* text, Size length);

// A JSON object, whose strings alone may have such bytes, as documents carry it: escaped, and if
// that changed it, saying so in a member. In a UTF-8 database nothing has to be, and nothing is
// looked at.
char* escape_json_object(StringInfo object);

}  // namespace pgdr
