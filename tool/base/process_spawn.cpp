#include "base/process_spawn.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <future>
#include <mutex>
#include <thread>

#include "base/fd.hpp"
#include "base/file.hpp"

namespace pgdr {

namespace {

// Everything the child needs, prepared before fork(): between fork() and exec() of a process with
// threads only async-signal-safe calls are allowed, so no memory may be taken there.
struct Prepared {
  const char* path;
  std::vector<char*> argv;
  std::vector<char*> env;
  std::vector<int> keep;  // sorted, unique, >= 3
  int in, out, err, report;
  pid_t parent;
};

std::vector<char*> pointers(const std::vector<std::string>& strings) {
  std::vector<char*> result;
  result.reserve(strings.size() + 1);
  for (const std::string& s : strings) {
    result.push_back(const_cast<char*>(s.c_str()));  // exec does not write to them
  }
  result.push_back(nullptr);
  return result;
}

void close_on_exec(unsigned first, unsigned last) {
  if (first > last || close_range(first, last, CLOSE_RANGE_CLOEXEC) == 0) return;
  // Linux before 5.11.
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  const auto top = static_cast<unsigned>(std::min<rlim_t>(limit.rlim_cur, 1U << 20U));
  for (unsigned fd = first; fd <= last && fd < top; ++fd) {
    fcntl(static_cast<int>(fd), F_SETFD, FD_CLOEXEC);
  }
}

[[noreturn]] void child(const Prepared& p) {
  setsid();
  // The signal comes when the *thread* that forked ends: that is why the spawner thread never does.
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != p.parent) _exit(127);  // the parent died before the line above

  struct sigaction standard {};
  standard.sa_handler = SIG_DFL;
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGCHLD, SIGALRM}) {
    sigaction(number, &standard, nullptr);
  }
  int errnum = 0;
  if (dup2(p.in, 0) < 0 || dup2(p.out, 1) < 0 || dup2(p.err, 2) < 0) errnum = errno;
  unsigned next = 3;
  for (const int fd : p.keep) {
    close_on_exec(next, static_cast<unsigned>(fd) - 1);
    if (fcntl(fd, F_SETFD, 0) != 0) errnum = errno;
    next = static_cast<unsigned>(fd) + 1;
  }
  close_on_exec(next, ~0U);
  // All signals were blocked since before fork(): no handler of the parent can have run here.
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (errnum == 0) {
    execve(p.path, p.argv.data(), p.env.data());
    errnum = errno;
  }
  [[maybe_unused]] const ssize_t n = write(p.report, &errnum, sizeof errnum);
  _exit(127);
}

Result<pid_t> fork_and_exec(const Spawn& request) {
  std::array<int, 2> pipe_fds{};
  if (pipe2(pipe_fds.data(), O_CLOEXEC) != 0) return system_error(errno, "cannot make a pipe");
  const Fd report_read(pipe_fds[0]);
  Fd report_write(fcntl(pipe_fds[1], F_DUPFD_CLOEXEC, 3));  // must survive dup2 onto 0, 1, 2
  ::close(pipe_fds[1]);

  Prepared p{request.path.c_str(),
             pointers(request.argv),
             pointers(request.env),
             request.inherit,
             request.in,
             request.out,
             request.err,
             report_write.get(),
             getpid()};
  std::sort(p.keep.begin(), p.keep.end());
  p.keep.erase(std::unique(p.keep.begin(), p.keep.end()), p.keep.end());
  p.keep.erase(std::remove_if(p.keep.begin(), p.keep.end(), [](int fd) { return fd < 3; }),
               p.keep.end());

  const pid_t pid = fork();
  if (pid < 0) return system_error(errno, fmt::format("cannot start {}", request.path));
  if (pid == 0) child(p);

  report_write.reset();
  int errnum = 0;
  ssize_t n = 0;
  do {
    n = ::read(report_read.get(), &errnum, sizeof errnum);
  } while (n < 0 && errno == EINTR);
  if (n == 0) return pid;  // exec closed the pipe
  while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return system_error(errnum, fmt::format("cannot run {}", request.path));
}

// One thread that lives as long as the process does all forking: see PR_SET_PDEATHSIG above. It
// has all signals blocked.
class Spawner {
 public:
  static Spawner& instance() {
    // Never destroyed: its thread must not be joined at exit.
    static auto* spawner = new Spawner;  // NOLINT(cppcoreguidelines-owning-memory)
    return *spawner;
  }

  Result<pid_t> run(const Spawn& request) {
    std::packaged_task<Result<pid_t>()> task([&request] { return fork_and_exec(request); });
    std::future<Result<pid_t>> result = task.get_future();
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back(std::move(task));
    }
    wake_.notify_one();
    return result.get();
  }

 private:
  Spawner() {
    struct sigaction ignore {};
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, nullptr);
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread([this] { loop(); }).detach();
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
  }

  [[noreturn]] void loop() {
    for (;;) {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return !queue_.empty(); });
      std::packaged_task<Result<pid_t>()> task = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      task();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::packaged_task<Result<pid_t>()>> queue_;
};

}  // namespace

Result<pid_t> spawn(const Spawn& request) { return Spawner::instance().run(request); }

}  // namespace pgdr
