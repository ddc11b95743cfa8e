// The worker's end of an answer: bytes go to the leader in pieces of kChunkBytes.
//
//   answer->put(&count, sizeof count);  answer->put(rows, bytes);     then the worker calls done()
#pragma once

#include <cstring>

#include "worker/worker_message.hpp"

namespace pgdr {

class Answer {
 public:
  explicit Answer(shm_mq_handle* queue) : queue_(queue) {}

  // Waits for room in the queue. A leader that is gone is the worker's end. What fits into a piece
  // is never divided.
  void put(const void* data, Size bytes) {
    if (bytes <= kChunkBytes && bytes > kChunkBytes - used_) flush();
    const auto* from = static_cast<const char*>(data);
    while (bytes > 0) {
      const Size part = bytes < kChunkBytes - used_ ? bytes : kChunkBytes - used_;
      memcpy(buffer_ + used_, from, part);
      used_ += part;
      from += part;
      bytes -= part;
      if (used_ == kChunkBytes) flush();
    }
  }
  template <typename T>
  void put(const T& value) {
    put(&value, sizeof value);
  }
  // A text with its length.
  void put_text(const char* text) {
    const auto length = static_cast<uint32>(strlen(text));
    put(length);
    put(text, length);
  }
  void done() {
    flush();
    send(kDone, "", 0);
  }

 private:
  void flush() {
    if (used_ > 0) send(kData, buffer_, used_);
    used_ = 0;
  }
  void send(char type, const char* data, Size bytes) {
    if (!send_message(queue_, type, data, bytes))
      ereport(FATAL,
              (errcode(ERRCODE_CONNECTION_FAILURE), errmsg("lost connection to the leader")));
  }

  shm_mq_handle* queue_;
  Size used_ = 0;
  char buffer_[kChunkBytes];
};

inline void refuse_request() {
  ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION), errmsg("malformed request of the leader")));
}

}  // namespace pgdr
