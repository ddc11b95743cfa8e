// The catalog queries of the schema records: one per kind of object, never one per object.
//
// Each yields kind, identity, facet, class, definition and, where the definition holds expressions
// to be normalised, their kind (ExpressionKind as "char"), the object they are over (oid) and their
// texts in order of appearance (text[]); the three may come twice. Names resolve in pg_catalog
// alone: search_path is pinned while they run.
#pragma once

namespace pgdr {

// All queries, ended by nullptr.
const char* const* schema_queries();

// Whether there are large objects at all (a boolean); and the record of their content, which needs
// the right to read pg_largeobject.
extern const char kAnyLargeObject[];
extern const char kLargeObjectContent[];

extern const char* const kTableQueries[];       // tables, columns, views, sequences
extern const char* const kConstraintQueries[];  // constraints, indexes, statistics
extern const char* const kProgramQueries[];     // functions, triggers, rules, policies
extern const char* const kTypeQueries[];        // types, operators, casts
extern const char* const kPrivilegeQueries[];   // of system objects and extensions; large objects
extern const char* const kOtherQueries[];       // everything else
extern const char* const
    kCommonQueries[];  // owner, ACL, comment, security label, tablespace of all of them

}  // namespace pgdr
