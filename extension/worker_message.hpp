// What leader and worker share: the segment's header and the messages of the queue behind it.
//
// Messages are one type byte and a payload. The worker sends 'E' or 'N' (ErrorResponse,
// NoticeResponse of the wire protocol, as pq_redirect_to_shm_mq writes them) or kData* and at last
// kDone with an empty payload.
#pragma once

#include "pg.hpp"

namespace pgdr {

inline constexpr uint32 kSegmentMagic = 0x70676472;  // "pgdr"
inline constexpr Size kQueueBytes = 256 * 1024;
inline constexpr Size kChunkBytes = 32 * 1024;
inline constexpr char kData = 'd';
inline constexpr char kDone = 'z';

struct SegmentHeader {
  uint32 magic;
  Oid database;
  Oid role;
  bool content;
  bool schema;
  int encoding;  // of the target database; set by the worker before its first kData
};

inline Size queue_offset() { return MAXALIGN(sizeof(SegmentHeader)); }

inline shm_mq* queue_of(dsm_segment* segment) {
  return reinterpret_cast<shm_mq*>(static_cast<char*>(dsm_segment_address(segment)) +
                                   queue_offset());
}

}  // namespace pgdr
