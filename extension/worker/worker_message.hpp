// What leader and worker share: the segment's header and the two queues behind it.
//
// A request of the leader is one message: a type byte (kCollect …) and a payload that the request's
// own code defines. The worker answers each: 'E' or 'N' (ErrorResponse, NoticeResponse of the wire
// protocol, as pq_redirect_to_shm_mq writes them) or kData*, whose payloads together are one stream
// of bytes, and at last kDone with an empty payload. An error is the worker's end. So is kQuit,
// which has no answer.
//
// Both run on one machine and from one library: numbers are sent as they lie in memory.
#pragma once

#include "base/settings.hpp"

#include "core/keyed_hash.hpp"

namespace pgdr {

inline constexpr uint32 kSegmentMagic = 0x70676472;  // "pgdr"
inline constexpr Size kAnswerQueueBytes = 256 * 1024;
inline constexpr Size kRequestQueueBytes = 32 * 1024;
inline constexpr Size kChunkBytes = 32 * 1024;

// Answers.
inline constexpr char kData = 'd';
inline constexpr char kDone = 'z';

// Requests: the document (worker_main.cpp); one relation's rows (difference_remote.hpp).
inline constexpr char kCollect = 'c';
inline constexpr char kOpen = 'o';
inline constexpr char kPlan = 'p';
inline constexpr char kBuckets = 'b';
inline constexpr char kRows = 'r';
inline constexpr char kFetch = 'f';
inline constexpr char kKey = 'k';  // payload: core::DerivedKeys, wiped like that of kCollect
inline constexpr char kQuit = 'q';

// Payload of kCollect. The key's derivatives travel in shared memory of these two processes alone
// and are wiped where they are read.
struct CollectRequest {
  bool content;
  bool schema;
  bool keyed;
  core::DerivedKeys key;  // if keyed
};

struct SegmentHeader {
  uint32 magic;
  Oid database;
  Oid role;
  Settings settings;  // the leader's
  int encoding;       // of the target database; set by the worker before its first answer
};

inline shm_mq* queue_at(dsm_segment* segment, Size offset) {
  return reinterpret_cast<shm_mq*>(static_cast<char*>(dsm_segment_address(segment)) + offset);
}

inline shm_mq* answer_queue(dsm_segment* segment) {
  return queue_at(segment, MAXALIGN(sizeof(SegmentHeader)));
}

inline shm_mq* request_queue(dsm_segment* segment) {
  return queue_at(segment, MAXALIGN(sizeof(SegmentHeader)) + kAnswerQueueBytes);
}

inline Size segment_bytes() {
  return MAXALIGN(sizeof(SegmentHeader)) + kAnswerQueueBytes + kRequestQueueBytes;
}

// Waits for room. False: the other side is gone.
inline bool send_message(shm_mq_handle* queue, char type, const void* data, Size bytes) {
  shm_mq_iovec parts[2] = {{&type, 1}, {static_cast<const char*>(data), bytes}};
#if PG_VERSION_NUM >= 150000  // upstream 46846433a03d: force_flush
  return shm_mq_sendv(queue, parts, 2, false, true) == SHM_MQ_SUCCESS;
#else
  return shm_mq_sendv(queue, parts, 2, false) == SHM_MQ_SUCCESS;
#endif
}

}  // namespace pgdr
