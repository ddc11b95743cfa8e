#include "repo/fanout.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/abandoned.hpp"
#include "base/format.hpp"
#include "base/interrupt.hpp"

namespace pgdr::app {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

// Large enough that queues and locks cost nothing, small enough to show progress.
constexpr std::size_t kChunk = std::size_t{256} << 10U;
// How soon a wait notices a signal or that its time is over.
constexpr milliseconds kTick{50};

}  // namespace

Fanout::Fanout(FanoutOwner& owner, std::vector<OpenSink> open, const FanoutLimits& limits)
    : owner_(owner), limits_(limits) {
  limits_.queue = std::max(limits_.queue, kChunk);
  for (std::size_t i = 0; i < open.size(); ++i) {
    if (!open[i]) continue;
    Destination to;
    to.index = i;
    to.lane = std::make_shared<Lane>();
    to.lane->progress = Clock::now();
    to.thread = std::thread([lane = to.lane, opener = std::move(open[i])] { serve(lane, opener); });
    destinations_.push_back(std::move(to));
  }
  pending_.reserve(kChunk);
}

Fanout::~Fanout() {
  for (auto& to : destinations_) {
    const std::lock_guard lock(to.lane->mutex);
    to.lane->dropped = true;
    to.lane->changed.notify_all();
  }
  const auto end = Clock::now() + limits_.grace;
  for (auto& to : destinations_) {
    std::unique_lock lock(to.lane->mutex);
    const bool ended = to.lane->changed.wait_until(lock, end, [&] { return to.lane->ended; });
    lock.unlock();
    if (ended) {
      to.thread.join();
    } else {
      abandon(std::move(to.thread));
    }
  }
}

void Fanout::serve(const std::shared_ptr<Lane>& lane, const OpenSink& open) {
  const Status done = serve_stream(*lane, open);
  const std::lock_guard lock(lane->mutex);
  if (!done) lane->error = done.error();
  lane->queue.clear();
  lane->queued = 0;
  lane->ended = true;
  lane->changed.notify_all();
}

Status Fanout::serve_stream(Lane& lane, const OpenSink& open) {
  PGDR_TRY(const std::unique_ptr<Sink> sink, open());
  for (;;) {
    Chunk chunk;
    {
      std::unique_lock lock(lane.mutex);
      lane.changed.wait(lock, [&] { return lane.dropped || lane.closing || !lane.queue.empty(); });
      if (lane.dropped) return success();
      if (lane.queue.empty()) break;
      chunk = lane.queue.front();
    }
    PGDR_CHECK(sink->write(*chunk));
    const std::lock_guard lock(lane.mutex);
    if (lane.dropped) return success();
    lane.queue.pop_front();
    lane.queued -= chunk->size();
    lane.progress = Clock::now();
    lane.changed.notify_all();
  }
  return sink->finish();
}

void Fanout::drop(Destination& to, const Error& why) {
  to.live = false;
  {
    const std::lock_guard lock(to.lane->mutex);
    to.lane->dropped = true;
    to.lane->queue.clear();
    to.lane->queued = 0;
    to.lane->changed.notify_all();
  }
  owner_.fail(to.index, why);
}

Result<bool> Fanout::takes_part(Destination& to) {
  if (!to.live) return false;
  std::optional<Error> error;
  {
    const std::lock_guard lock(to.lane->mutex);
    error = to.lane->error;
  }
  // An interrupt ends the whole run; it says nothing of the repository.
  if (error && error->code == Code::kInterrupted) return *error;
  if (!error) error = owner_.error(to.index);  // another artifact of this copy failed
  if (!error) return true;
  drop(to, *error);
  return false;
}

bool Fanout::others_have_room(const Destination& but) const {
  return std::any_of(destinations_.begin(), destinations_.end(), [&](const Destination& other) {
    if (&other == &but || !other.live) return false;
    const std::lock_guard lock(other.lane->mutex);
    return !other.lane->ended && other.lane->queued + kChunk <= limits_.queue;
  });
}

// Waits until the destination has room for another chunk, or takes no part any more.
Status Fanout::offer(Destination& to) {
  auto since = Clock::now();
  for (;;) {
    if (interrupted()) return interrupted_error();
    PGDR_TRY(const bool live, takes_part(to));
    if (!live) return owner_.enough_left();
    Clock::time_point progress;
    {
      std::unique_lock lock(to.lane->mutex);
      if (to.lane->queued + kChunk <= limits_.queue) return success();
      to.lane->changed.wait_for(lock, kTick);
      progress = to.lane->progress;
    }
    const auto now = Clock::now();
    if (others_have_room(to)) to.held_back += now - since;
    since = now;
    if (!owner_.may_drop(to.index)) continue;
    if (now - progress > limits_.stall) {
      drop(to, Error::of(Code::kFailed,
                         fmt::format("it took nothing for {}, and the other copies waited",
                                     format_duration(duration_cast<milliseconds>(now - progress))),
                         "pgdr copy --missing brings the copy later"));
    } else if (limits_.delay.count() > 0 && to.held_back > limits_.delay) {
      drop(to, Error::of(Code::kFailed,
                         fmt::format("it held the other copies back for {} in all",
                                     format_duration(duration_cast<milliseconds>(to.held_back))),
                         "pgdr copy --missing brings the copy later"));
    }
  }
}

Status Fanout::push() {
  const auto chunk = std::make_shared<const std::vector<std::byte>>(std::move(pending_));
  pending_ = {};
  pending_.reserve(kChunk);
  for (auto& to : destinations_) {
    if (!to.live) continue;
    PGDR_CHECK(offer(to));
    if (!to.live) continue;
    const std::lock_guard lock(to.lane->mutex);
    if (to.lane->queue.empty()) to.lane->progress = Clock::now();
    to.lane->queue.push_back(chunk);
    to.lane->queued += chunk->size();
    to.lane->changed.notify_all();
  }
  return owner_.enough_left();
}

Status Fanout::write(Bytes data) {
  while (!data.empty()) {
    const std::size_t n = std::min(data.size(), kChunk - pending_.size());
    pending_.insert(pending_.end(), data.begin(), data.begin() + static_cast<std::ptrdiff_t>(n));
    data = data.subspan(n);
    if (pending_.size() == kChunk) PGDR_CHECK(push());
  }
  return success();
}

Status Fanout::finish() {
  if (!pending_.empty()) PGDR_CHECK(push());
  for (auto& to : destinations_) {
    const std::lock_guard lock(to.lane->mutex);
    to.lane->closing = true;
    to.lane->progress = Clock::now();
    to.lane->changed.notify_all();
  }
  const auto limit = std::max(limits_.finish, limits_.stall);
  std::optional<Clock::time_point> signalled;
  for (auto& to : destinations_) {
    for (;;) {
      // A signal ends the sinks' own waits, and what they say then is worth knowing.
      if (interrupted()) {
        if (!signalled) signalled = Clock::now();
        if (Clock::now() - *signalled > limits_.grace) return interrupted_error();
      }
      PGDR_TRY(const bool live, takes_part(to));
      if (!live) break;
      Clock::time_point progress;
      {
        std::unique_lock lock(to.lane->mutex);
        if (to.lane->ended) break;
        to.lane->changed.wait_for(lock, kTick);
        progress = to.lane->progress;
      }
      if (Clock::now() - progress > limit && owner_.may_drop(to.index)) {
        drop(to, Error::of(Code::kFailed,
                           fmt::format("it did not finish within {}", format_duration(limit))));
      }
    }
  }
  return owner_.enough_left();
}

}  // namespace pgdr::app
