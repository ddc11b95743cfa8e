#include "base/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/file.hpp"
#include "base/interrupt.hpp"
#include "base/process_pipe.hpp"
#include "base/process_spawn.hpp"

namespace pgdr {

namespace {

constexpr std::chrono::seconds kTermGrace{5};
constexpr int kPollWithoutPidfd = 20;  // ms

bool executable(const std::string& path) {
  struct stat st {};
  return stat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode) && access(path.c_str(), X_OK) == 0;
}

std::string package_of(const std::string& program) {
  if (program.starts_with("pg_") || program == "psql") return "postgresql-client";
  if (program == "age" || program == "age-keygen") return "age";
  return program;
}

// What PostgreSQL's programs would take from the environment as settings of their sessions or of
// their output. Children have all of it from us (db/session.hpp), in their connection string; where
// a server is and how to log in there, they find as we do.
constexpr std::array<std::string_view, 10> kNotHandedOn = {
    "PGAPPNAME",  "PGCLIENTENCODING", "PGDATABASE", "PGDATESTYLE", "PGGEQO",
    "PGHOSTADDR", "PGOPTIONS",        "PGTZ",       "PG_COLOR",    "PG_COLORS"};

std::vector<std::string> environment(const std::map<std::string, std::string>& changes) {
  std::vector<std::string> env;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    if (std::find(kNotHandedOn.begin(), kNotHandedOn.end(), name) != kNotHandedOn.end()) continue;
    if (!changes.contains(std::string(name))) env.emplace_back(text);
  }
  for (const auto& [name, value] : changes) env.push_back(fmt::format("{}={}", name, value));
  return env;
}

// -1 before Linux 5.3: then the end is looked for every few milliseconds. Called directly because
// <sys/pidfd.h> of glibc 2.36 lacks extern "C".
int open_pidfd(pid_t pid) { return static_cast<int>(syscall(SYS_pidfd_open, pid, 0)); }

class Child final : public Process {
 public:
  Child(pid_t pid, const std::string& name, Fd in, Fd out, Fd err)
      : pid_(pid),
        pidfd_(open_pidfd(pid)),
        in_(std::move(in), name),
        out_(std::move(out), name),
        err_(std::move(err)) {}

  ~Child() override { kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  Source& out() override { return out_; }
  Sink& in() override { return in_; }
  [[nodiscard]] int pid() const override { return pid_; }

  Result<ExitStatus> wait() override {
    in_.close();
    out_.close();
    while (!reap()) {
      if (interrupted()) {
        kill();
        return interrupted_error();
      }
      poll_end(-1, true);
    }
    const std::lock_guard lock(mutex_);
    return *status_;
  }

  void kill() override {
    if (!signal_group(SIGTERM)) return;
    signal_group(SIGCONT);  // a stopped child cannot act on SIGTERM
    const auto deadline = std::chrono::steady_clock::now() + kTermGrace;
    while (!ended()) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
          deadline - std::chrono::steady_clock::now());
      if (left.count() <= 0) break;
      poll_end(static_cast<int>(left.count()), false);
    }
    // Also what the child left behind in its group; its own number is not free before it is reaped.
    signal_group(SIGKILL);
    while (!reap()) poll_end(-1, false);
  }

 private:
  // False once the child is reaped: its number may belong to somebody else by then.
  bool signal_group(int number) {
    const std::lock_guard lock(mutex_);
    if (status_) return false;
    ::kill(-pid_, number);
    return true;
  }

  // Whether the child has ended, without reaping it.
  bool ended() {
    const std::lock_guard lock(mutex_);
    if (status_) return true;
    siginfo_t info{};
    return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid != 0;
  }

  bool reap() {
    const std::lock_guard lock(mutex_);
    if (status_) return true;
    int raw = 0;
    const pid_t got = waitpid(pid_, &raw, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR)) return false;
    ExitStatus status;
    if (got == pid_ && WIFEXITED(raw)) status.code = WEXITSTATUS(raw);
    if (got == pid_ && WIFSIGNALED(raw)) status.signal = WTERMSIG(raw);
    status.err = err_.stop();
    status_ = std::move(status);
    return true;
  }

  // Returns when the child may have ended, the time is up, or (if asked) a signal has arrived.
  void poll_end(int timeout_ms, bool watch_interrupt) {
    std::array<pollfd, 2> fds{
        {{pidfd_.get(), POLLIN, 0}, {watch_interrupt ? interrupt_fd() : -1, POLLIN, 0}}};
    if (!pidfd_ && (timeout_ms < 0 || timeout_ms > kPollWithoutPidfd)) {
      timeout_ms = kPollWithoutPidfd;
    }
    poll(fds.data(), fds.size(), timeout_ms);
  }

  const pid_t pid_;
  Fd pidfd_;
  PipeSink in_;
  PipeSource out_;
  StderrTail err_;
  std::mutex mutex_;  // kill() may come from another thread
  std::optional<ExitStatus> status_;
};

}  // namespace

std::string ExitStatus::describe() const {
  std::string text = signal != 0 ? fmt::format("was killed by signal {} ({})", signal,
                                               sigdescr_np(signal) ? sigdescr_np(signal) : "?")
                     : code < 0  ? std::string("ended in an unknown way")
                                 : fmt::format("exited with code {}", code);
  // The last few lines say why; everything is in err.
  std::string_view tail(err);
  while (!tail.empty() && (tail.back() == '\n' || tail.back() == '\r')) tail.remove_suffix(1);
  std::size_t start = tail.size();
  for (int lines = 0; lines < 5 && start != 0 && start != std::string_view::npos; ++lines) {
    start = tail.rfind('\n', start - 1);
  }
  if (start != std::string_view::npos && start < tail.size()) tail.remove_prefix(start + 1);
  if (tail.empty()) return text;
  text += ": ";
  for (const char c : tail) {
    if (c == '\n') {
      text += "; ";
    } else if (c != '\r') {
      text += c;
    }
  }
  return text;
}

Result<std::unique_ptr<Process>> Process::start(Command command) {
  if (command.argv.empty()) return Error::of(Code::kFailed, "no program to run");
  const std::string& program = command.argv[0];
  const std::string name = program.substr(program.rfind('/') + 1);
  Spawn request;
  if (program.find('/') != std::string::npos) {
    request.path = program;
  } else {
    PGDR_TRY(request.path, find_program(program));
  }

  PGDR_TRY(PipeEnds in, make_pipe());
  PGDR_TRY(PipeEnds out, make_pipe());
  PGDR_TRY(PipeEnds err, make_pipe());
  Fd null;
  if (!command.want_stdin || !command.want_stdout) {
    const Fd opened(::open("/dev/null", O_RDWR | O_CLOEXEC));
    null = Fd(fcntl(opened.get(), F_DUPFD_CLOEXEC, 3));
    if (!null) return system_error(errno, "cannot open /dev/null");
  }
  PGDR_CHECK(set_nonblocking(in.write.get()));
  PGDR_CHECK(set_nonblocking(out.read.get()));
  PGDR_CHECK(set_nonblocking(err.read.get()));

  request.argv = std::move(command.argv);
  request.env = environment(command.env);
  request.in = command.want_stdin ? in.read.get() : null.get();
  request.out = command.want_stdout ? out.write.get() : null.get();
  request.err = err.write.get();
  request.inherit = std::move(command.inherit_fds);
  PGDR_TRY(const pid_t pid, spawn(request));
  if (!command.want_stdin) in.write.reset();
  if (!command.want_stdout) out.read.reset();
  return std::unique_ptr<Process>(std::make_unique<Child>(
      pid, name, std::move(in.write), std::move(out.read), std::move(err.read)));
}

Result<std::string> run_and_capture(Command command) {
  command.want_stdout = true;
  const std::string program = command.argv.empty() ? std::string() : command.argv[0];
  PGDR_TRY(const std::unique_ptr<Process> process, Process::start(std::move(command)));
  std::string output;
  std::array<std::byte, 16384> buffer{};
  for (;;) {
    PGDR_TRY(const std::size_t n, process->out().read(buffer));
    if (n == 0) break;
    output.append(text_of(Bytes(buffer.data(), n)));
  }
  PGDR_TRY(const ExitStatus status, process->wait());
  if (!status.ok()) {
    return Error::of(Code::kFailed, fmt::format("{} {}", program, status.describe()));
  }
  return output;
}

Result<std::string> find_program(const std::string& name, const std::string& prefer) {
  if (!prefer.empty()) {
    std::string path = prefer + "/" + name;
    if (executable(path)) return path;
  }
  const char* variable = std::getenv("PATH");
  std::string_view rest = variable != nullptr ? variable : "/usr/local/bin:/usr/bin:/bin";
  for (;;) {
    const std::size_t colon = rest.find(':');
    const std::string_view folder = rest.substr(0, colon);
    // An empty entry would mean the current folder: not a place to run programs from.
    if (!folder.empty()) {
      std::string path = std::string(folder) + "/" + name;
      if (executable(path)) return path;
    }
    if (colon == std::string_view::npos) break;
    rest.remove_prefix(colon + 1);
  }
  return Error::of(Code::kNotFound, fmt::format("the program {} is not installed", name),
                   fmt::format("run: apt install {}", package_of(name)));
}

}  // namespace pgdr
