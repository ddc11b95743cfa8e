// The three pipes of a child process, seen from the parent. Used by process.cpp only.
#pragma once

#include <string>
#include <thread>

#include "base/fd.hpp"
#include "base/stream.hpp"

namespace pgdr {

struct PipeEnds {
  Fd read;
  Fd write;
};
// Both ends close-on-exec and numbered 3 or more.
Result<PipeEnds> make_pipe();
Status set_nonblocking(int fd);

// Waits until fd is ready for `events` (or fd's peer is gone); kInterrupted when a signal arrives.
Status wait_ready(int fd, short events);

// The child's standard output. fd is non-blocking.
class PipeSource final : public Source {
 public:
  PipeSource(Fd fd, std::string program) : fd_(std::move(fd)), program_(std::move(program)) {}
  Result<std::size_t> read(MutableBytes buffer) override;
  void close() { fd_.reset(); }

 private:
  Fd fd_;
  std::string program_;
};

// The child's standard input. fd is non-blocking.
class PipeSink final : public Sink {
 public:
  PipeSink(Fd fd, std::string program) : fd_(std::move(fd)), program_(std::move(program)) {}
  Status write(Bytes data) override;
  Status finish() override;
  void close() { fd_.reset(); }

 private:
  Fd fd_;
  std::string program_;
};

// The child's standard error, drained by a thread so that the child never blocks on it.
class StderrTail {
 public:
  explicit StderrTail(Fd fd);
  ~StderrTail();
  StderrTail(const StderrTail&) = delete;
  StderrTail& operator=(const StderrTail&) = delete;
  // Call when the child has ended: takes what is in the pipe and stops, even if a grandchild still
  // holds the other end. The last 64 KiB.
  std::string stop();

 private:
  void drain();
  Fd fd_;
  Fd stop_;
  std::string text_;  // the thread's until it is joined
  std::thread thread_;
};

}  // namespace pgdr
