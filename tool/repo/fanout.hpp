// One stream to several destinations at once, each with a thread and a bounded queue of its own.
//
//   writer -> chunk -> queue -> thread -> sink of repository 0
//                  \-> queue -> thread -> sink of repository 1
//
// The queues share the chunks: memory is that of the fullest queue, whatever their number. A full
// queue holds the writer back, and so all others, but not for ever: who takes nothing for `stall`,
// or has held the others back for `delay` in all, is dropped, unless the run cannot do without it.
// A destination that fails is dropped, too; the others go on.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "base/stream.hpp"

namespace pgdr::app {

struct FanoutLimits {
  std::size_t queue = std::size_t{16} << 20U;  // bytes
  std::chrono::milliseconds stall{120000};
  std::chrono::milliseconds delay{0};  // 0: without limit
  // Finishing (what is still on its way, fsync, the server's assembling of parts) is one step in
  // which no progress shows: it may take so long, or `stall` where that is longer.
  std::chrono::milliseconds finish{600000};
  // How long the end waits for threads of dropped destinations before it leaves them behind.
  std::chrono::milliseconds grace{5000};
};

// What the fanouts of one run share: which destinations still take part. Thread safe.
class FanoutOwner {
 public:
  virtual ~FanoutOwner() = default;
  [[nodiscard]] virtual std::optional<Error> error(std::size_t index) const = 0;
  virtual void fail(std::size_t index, const Error& error) = 0;
  // The run would still be worth something without it.
  [[nodiscard]] virtual bool may_drop(std::size_t index) const = 0;
  // The error of the run once too few are left.
  [[nodiscard]] virtual Status enough_left() const = 0;
};

// Called once, in the destination's thread; what it uses must not be borrowed: a thread that hangs
// is left behind (base/abandoned.hpp).
using OpenSink = std::function<Result<std::unique_ptr<Sink>>()>;

class Fanout final : public Sink {
 public:
  // open[i] belongs to the owner's destination i; empty where that takes no part.
  Fanout(FanoutOwner& owner, std::vector<OpenSink> open, const FanoutLimits& limits);
  // Unfinished sinks are destroyed by their threads.
  ~Fanout() override;

  Status write(Bytes data) override;
  // Returns once each destination is finished, or dropped: success means that enough are finished.
  Status finish() override;

 private:
  using Clock = std::chrono::steady_clock;
  using Chunk = std::shared_ptr<const std::vector<std::byte>>;

  // Shared with its thread, which may outlive the fanout.
  struct Lane {
    std::mutex mutex;
    std::condition_variable changed;
    std::deque<Chunk> queue;  // the first one is being written
    std::size_t queued = 0;   // bytes
    bool closing = false;     // nothing will follow: finish
    bool dropped = false;
    bool ended = false;  // the thread needs nothing any more
    std::optional<Error> error;
    Clock::time_point progress{};
  };
  struct Destination {
    std::size_t index = 0;
    std::shared_ptr<Lane> lane;
    std::thread thread;
    Clock::duration held_back{};
    bool live = true;
  };

  static void serve(const std::shared_ptr<Lane>& lane, const OpenSink& open);
  static Status serve_stream(Lane& lane, const OpenSink& open);
  Status push();
  Status offer(Destination& to);
  // False, with the failure told to the owner, once the destination takes no part any more.
  Result<bool> takes_part(Destination& to);
  void drop(Destination& to, const Error& why);
  [[nodiscard]] bool others_have_room(const Destination& but) const;

  FanoutOwner& owner_;
  FanoutLimits limits_;
  std::vector<Destination> destinations_;
  std::vector<std::byte> pending_;
};

}  // namespace pgdr::app
