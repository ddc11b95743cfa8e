// The other side of a row by row comparison, asked through a worker (difference_server.hpp has the
// protocol). Each ask_* has its read_*; the leader may do its own share in between.
#pragma once

#include "compare/difference_side.hpp"
#include "worker/worker.hpp"

#include "core/keyed_hash.hpp"

namespace pgdr {

// False: the relation is not there, or in a schema that is not.
bool remote_open(Peer* peer, const char* schema, const char* name, SideDescription* out);

void remote_plan(Peer* peer, const RowsPlan& plan);

// The worker hashes rows under this key from now on.
void remote_key(Peer* peer, const core::DerivedKeys& key);

void ask_buckets(Peer* peer);
void read_buckets(Peer* peer, int bits, core::Digest* out);

void ask_rows(Peer* peer, const uint8* wanted, int bits);
// False at the end.
bool read_row(Peer* peer, core::RowEntry* out);

// The values follow in the order of the rows and columns, each by read_value_length() and
// read_answer() or read_some() of so many bytes.
void ask_values(Peer* peer, const core::RowEntry* const* rows, int count, bool keys_only);
// -1: NULL.
int64 read_value_length(Peer* peer);

}  // namespace pgdr
