// Where canonical bytes go: into memory, into a running hash, or nowhere (only their number
// counts).
//
// One encoder serves three needs through it: ordinary rows are collected in memory and hashed at
// once; a row too large for that is streamed into the hash; and the length of a nested value, which
// precedes it, is found by counting when it cannot be written afterwards.
//
// Contract: `drain(sink, need)` is called when fewer than `need` bytes are free. A memory sink must
// make room (and keep what is there); the others take the bytes out. It may not return without
// room; how it fails is the owner's business (the extension raises an ERROR). No sink owns anything
// that needs a destructor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "core/bytes.hpp"
#include "core/hash.hpp"

namespace pgdr::core {

// Length that stands for SQL NULL; no value may be this long.
inline constexpr uint32_t kNullLength = 0xFFFFFFFF;

class Sink {
 public:
  enum class Mode : uint8_t {
    kMemory,  // everything since `begin` is still there and may be changed
    kHash,    // bytes go to a hash; `feed` takes what need not be copied into the buffer first
    kCount    // bytes are dropped
  };
  using Drain = void (*)(Sink& sink, size_t need);
  using Feed = void (*)(Sink& sink, const void* data, size_t length);

  Sink(Mode mode, uint8_t* buffer, size_t capacity, Drain drain, Feed feed = nullptr)
      : begin(buffer),
        pos(buffer),
        end(buffer + capacity),
        mode_(mode),
        drain_(drain),
        feed_(feed) {}

  Mode mode() const { return mode_; }
  // Bytes written so far, drained ones included; modulo 2^64.
  uint64_t total() const { return drained + static_cast<uint64_t>(pos - begin); }
  // True once a framed value did not fit its 32-bit length. The canonical bytes are then
  // meaningless.
  bool too_long = false;

  void ensure(size_t need) {
    if (static_cast<size_t>(end - pos) < need) drain_(*this, need);
  }
  void u8(uint8_t v) {
    ensure(1);
    pos = store_u8(pos, v);
  }
  void u16(uint16_t v) {
    ensure(2);
    pos = store_u16(pos, v);
  }
  void u32(uint32_t v) {
    ensure(4);
    pos = store_u32(pos, v);
  }
  void u64(uint64_t v) {
    ensure(8);
    pos = store_u64(pos, v);
  }
  void bytes(const void* data, size_t length);
  // A byte and a number, which often precede a value.
  void tagged(uint8_t tag, uint32_t v) {
    ensure(5);
    pos = store_u32(store_u8(pos, tag), v);
  }

  // A length-prefixed value whose length only its encoder knows: `encode(sink)` writes the payload.
  // In a sink that cannot go back the encoder runs twice, first into a counting sink; it must write
  // the same bytes both times.
  template <typename Encode>
  void framed(Encode&& encode);

  uint8_t* begin;
  uint8_t* pos;
  uint8_t* end;
  uint64_t drained = 0;

 private:
  Mode mode_;
  Drain drain_;
  Feed feed_;
};

// Drops what it is given; `total()` counts it.
class CountSink : public Sink {
 public:
  CountSink() : Sink(Mode::kCount, room_, sizeof room_, &drop) {}
  CountSink(const CountSink&) = delete;
  CountSink& operator=(const CountSink&) = delete;

 private:
  static void drop(Sink& sink, size_t) {
    sink.drained += static_cast<uint64_t>(sink.pos - sink.begin);
    sink.pos = sink.begin;
  }
  uint8_t room_[256];
};

// Feeds a hash through a small buffer. H: reset(), update(data, length), finish(), like Hasher.
template <typename H>
class BasicHashSink : public Sink {
 public:
  explicit BasicHashSink(H* hasher) : Sink(Mode::kHash, room_, sizeof room_, &drain, &feed) {
    hasher_ = hasher;
    hasher_->reset();
  }
  BasicHashSink(const BasicHashSink&) = delete;
  BasicHashSink& operator=(const BasicHashSink&) = delete;

  auto finish() {
    drain(*this, 0);
    return hasher_->finish();
  }

 private:
  static void drain(Sink& sink, size_t) {
    feed(sink, sink.begin, static_cast<size_t>(sink.pos - sink.begin));
    sink.pos = sink.begin;
  }
  static void feed(Sink& sink, const void* data, size_t length) {
    static_cast<BasicHashSink&>(sink).hasher_->update(data, length);
    sink.drained += length;
  }
  H* hasher_;
  uint8_t room_[4096];
};

// With a Hasher of its own, which must be there before its base is.
struct OwnHasher {
  Hasher own;
};
class HashSink : private OwnHasher, public BasicHashSink<Hasher> {
 public:
  HashSink() : BasicHashSink(&own) {}
};

inline void Sink::bytes(const void* data, size_t length) {
  if (length > static_cast<size_t>(end - pos)) {
    if (mode_ == Mode::kCount) {
      drained += length;
      return;
    }
    if (mode_ == Mode::kHash) {
      drain_(*this, 0);
      feed_(*this, data, length);
      return;
    }
    drain_(*this, length);
  }
  if (length != 0) std::memcpy(pos, data, length);
  pos += length;
}

template <typename Encode>
void Sink::framed(Encode&& encode) {
  uint64_t length = 0;
  if (mode_ == Mode::kMemory) {
    ensure(4);
    const auto at = static_cast<size_t>(pos - begin);
    pos += 4;
    encode(*this);
    length = static_cast<uint64_t>(pos - begin) - at - 4;
    store_u32(begin + at, static_cast<uint32_t>(length));  // begin may have moved
  } else if (mode_ == Mode::kCount) {
    const uint64_t before = total();
    encode(*this);
    length = total() - before;
    u32(0);
  } else {
    CountSink counter;
    encode(static_cast<Sink&>(counter));
    length = counter.total();
    if (counter.too_long) too_long = true;
    u32(static_cast<uint32_t>(length));
    encode(*this);
  }
  if (length >= kNullLength) too_long = true;
}

}  // namespace pgdr::core
