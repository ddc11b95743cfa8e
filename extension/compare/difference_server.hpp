// The worker's part in a row by row comparison: answers kOpen, kPlan, kBuckets, kRows and kFetch
// about one relation of its database (difference_remote.hpp asks).
//
// Payloads and answers, in order; a list is its u32 number and that many texts, a text its u32
// length and bytes:
//   kOpen     schema, name                 u8 found, then: u32 blocks; u32 number of columns, each:
//   name,
//                                          type, base, u8 generated, u8 number; lists primary,
//                                          unique
//   kPlan     u32 bits; lists columns, key nothing
//   kBuckets                               2^bits core::Digest
//   kRows     bitmap of 2^bits bits        core::RowEntry of every row in those buckets
//   kFetch    u8 keys only, core::RowEntry of each row: for each column (or key column) i64 length
//             or -1 for NULL, then the bytes
#pragma once

#include "compare/difference_side.hpp"
#include "worker/worker_answer.hpp"

namespace pgdr {

struct DifferenceServer {
  Side* side;  // nullptr until kOpen found one
};

void serve_difference(DifferenceServer* server, char type, const char* payload, Size bytes,
                      Answer* answer);

}  // namespace pgdr
