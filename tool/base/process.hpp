// Child processes: argv without a shell, pipes, every exit status seen.
//
// A child runs in a session and process group of its own: a terminal's Ctrl-C reaches pgdr first
// and pgdr decides, and a child that wants to ask for a password on the terminal fails instead of
// stopping for ever. All descriptors but 0, 1, 2 are closed in the child. stderr is drained by a
// thread and kept (last 64 KiB). A Process destroyed while its child runs kills it (SIGTERM, then
// SIGKILL after 5 s) and reaps it; if pgdr itself dies, the kernel sends the child SIGTERM.
//
// SIGPIPE is ignored in the whole process from the first start() on. Reads and writes return
// kInterrupted once a signal has arrived (base/interrupt.hpp). A child with both want_stdin and
// want_stdout needs a thread for each direction. One thread per stream; kill() may be called from
// any.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/stream.hpp"

namespace pgdr {

struct Command {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH unless it has a slash
  // Added to, or replacing, the environment, of which settings of PostgreSQL's sessions and
  // programs (PGOPTIONS, PGCLIENTENCODING, PGTZ, …) are never handed on.
  std::map<std::string, std::string> env;
  std::vector<int> inherit_fds;  // further descriptors the child keeps, same numbers
  bool want_stdin = false;       // else /dev/null
  bool want_stdout = false;      // else /dev/null
};

struct ExitStatus {
  int code = -1;    // exit code, or -1 when killed
  int signal = 0;   // the signal that killed it, or 0
  std::string err;  // the end of its standard error
  [[nodiscard]] bool ok() const { return code == 0; }
  // "exited with code 1: last stderr lines" / "was killed by signal 9 (Killed)"
  [[nodiscard]] std::string describe() const;
};

class Process {
 public:
  static Result<std::unique_ptr<Process>> start(Command command);
  virtual ~Process() = default;
  virtual Source&
  out() = 0;  // needs want_stdout; 0 at end of file says nothing of success: see wait()
  virtual Sink&
  in() = 0;  // needs want_stdin; finish() closes it; a child that closed it: kFailed (no SIGPIPE)
  virtual Result<ExitStatus>
  wait() = 0;  // closes what is open, waits, reaps; idempotent. kInterrupted kills the child first
  virtual void kill() = 0;  // SIGTERM the group, SIGKILL after 5 s, reap
  [[nodiscard]] virtual int pid() const = 0;
};

// Runs to the end and returns standard output; a non-zero status is an error that carries stderr.
Result<std::string> run_and_capture(Command command);

// The program's path: in `prefer` (a folder; may be empty), else in PATH; kNotFound with a hint
// naming the Debian package.
Result<std::string> find_program(const std::string& name, const std::string& prefer = {});

}  // namespace pgdr
