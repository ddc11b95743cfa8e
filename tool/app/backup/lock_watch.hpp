// Looks, from a session of its own, at what our session and its child programs wait for.
//
// A server finds a deadlock among its sessions. It cannot see that our session waits, outside of
// the server, for a child: if the child stands in a queue for a lock that a stranger heads, and the
// stranger waits for us, all three wait for ever, and with them everybody who comes later. The
// watch sees it and calls on_trouble. It also tells the operator who keeps a run waiting, and ends
// the wait at its limit.
//
//   PGDR_TRY(auto watch, LockWatch::start(conninfo, *db, "pgdr 20261121T…", limits, give_up));
//   watch->attempt(true);      // may be asked to give way early
//   …
//   if (const auto trouble = watch->trouble()) …
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "db/connection.hpp"

namespace pgdr::app {

// What one look at the server shows.
struct WaitSight {
  bool child_behind_us = false;  // a child waits, through whomever, for our session
  bool us_behind_child = false;  // our session waits for somebody who waits for a child
  std::string blocker;           // who keeps us or a child waiting, in words; "": nobody
  std::string remedy;
};

enum class WaitAct { kNone, kTell, kGiveWay, kGiveUp };

// From sight to sight: what is to be done. Pure.
class WaitJudge {
 public:
  using Time = std::chrono::steady_clock::time_point;
  explicit WaitJudge(std::chrono::milliseconds limit) : limit_(limit) {}
  // may_yield: another attempt is possible, so there is no need to wait for a child to end.
  WaitAct judge(const WaitSight& sight, bool may_yield, Time now);
  // How long the wait has taken so far.
  [[nodiscard]] std::chrono::milliseconds waited(Time now) const;
  void forget();

 private:
  std::chrono::milliseconds limit_;
  std::optional<Time> since_;
  std::string told_;
  int knots_ = 0;  // sights in a row with a wait that cannot end by itself
};

class LockWatch {
 public:
  // Called from the watch's thread.
  using OnTrouble = std::function<void(const Error&)>;
  // ours: the session that is watched; child: the application_name of its children. limit 0: none.
  static Result<std::unique_ptr<LockWatch>> start(const std::string& conninfo, db::Connection& ours,
                                                  const std::string& child,
                                                  std::chrono::milliseconds limit,
                                                  OnTrouble on_trouble);
  ~LockWatch();
  LockWatch(const LockWatch&) = delete;
  LockWatch& operator=(const LockWatch&) = delete;

  // A new attempt begins: earlier trouble is forgotten.
  void attempt(bool may_yield);
  // Why on_trouble was called in this attempt. retryable: to give way and begin anew is the remedy.
  [[nodiscard]] std::optional<Error> trouble() const;

 private:
  LockWatch(std::unique_ptr<db::Connection> db, std::string pid, std::string child,
            std::chrono::milliseconds limit, OnTrouble on_trouble);
  void run();
  void act(const WaitSight& sight);
  Result<WaitSight> look();

  std::unique_ptr<db::Connection> db_;
  std::string pid_;
  std::string child_;
  OnTrouble on_trouble_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  bool may_yield_ = false;
  WaitJudge judge_;
  std::optional<Error> trouble_;
  std::thread thread_;
};

}  // namespace pgdr::app
