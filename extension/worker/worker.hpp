// Reading another database of the cluster: a dynamic background worker connects to it as the
// calling role and answers requests over shared-memory queues, all under one snapshot.
//
//   char* json = collect_from("shop_restore", true, true);
//
//   Peer* peer = start_peer("shop_restore");
//   ask(peer, kBuckets, nullptr, 0);
//   read_answer(peer, buckets, sizeof buckets);
//   end_answer(peer);
//   finish_peer(peer);
//
// No password, no pg_hba rule and no extension in the other database are needed; its CONNECT
// privilege, datallowconn and the role's LOGIN are checked as for any connection. Errors of the
// worker are raised here with their SQLSTATE, message, detail and hint. When this backend is
// cancelled or its transaction aborts, the worker is told to stop.
#pragma once

#include "base/pg.hpp"

namespace pgdr {

// A worker at work. Lives in the transaction's memory; several may be there.
struct Peer {
  const char* target;
  dsm_segment* segment;
  BackgroundWorkerHandle* handle;
  shm_mq_handle* requests;
  shm_mq_handle* answers;
  const char* at;  // what has been received of the answer and not been read
  Size left;
  bool answered;  // kDone has been received
};

Peer* start_peer(const char* target);

// Sends one request; the answer of the one before must have been read to its end.
void ask(Peer* peer, char type, const void* payload, Size bytes);

// The next bytes of the answer. Waits; an answer that ends before is an error.
void read_answer(Peer* peer, void* out, Size bytes);

// At least one and at most `most` bytes of the answer, valid until the next call; 0 at its end.
Size read_some(Peer* peer, Size most, const char** out);
// Likewise, where the end is an error.
Size read_more(Peer* peer, Size most, const char** out);

// Takes in, without waiting, what the worker has sent; true if there is something to read, or the
// end. So a leader that has work of its own can keep the worker from waiting for room in the queue.
bool answer_waits(Peer* peer);

// Errors unless the answer has been read to its end.
void end_answer(Peer* peer);

// The encoding of the other database; known after an answer.
int peer_encoding(const Peer* peer);

// Lets the worker end and waits for that: until then it counts as a user of the other database.
void finish_peer(Peer* peer);

// The document, JSON text in the current memory context and in this database's encoding.
char* collect_from(const char* target, bool content, bool schema);

}  // namespace pgdr
