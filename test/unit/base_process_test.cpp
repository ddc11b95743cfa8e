#include "base/process.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <thread>

#include "base/fd.hpp"
#include "base/interrupt.hpp"
#include "streams.hpp"

namespace pgdr {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using namespace std::chrono_literals;

// A shell is the test's subject here, never the tool's way of running things.
Command shell(const std::string& script) { return {{"/bin/sh", "-c", script}, {}, {}}; }

ExitStatus run(Command command) {
  auto process = Process::start(std::move(command));
  EXPECT_TRUE(process);
  auto status = (*process)->wait();
  EXPECT_TRUE(status);
  return *status;
}

bool alive(int pid) { return ::kill(pid, 0) == 0; }

int open_descriptors() {
  int count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

class ProcessTest : public testing::Test {
 protected:
  void SetUp() override {
    install_signal_handlers();
    clear_interrupt();
  }
  void TearDown() override { clear_interrupt(); }
};
using Interrupt = ProcessTest;

TEST_F(ProcessTest, EveryExitStatusIsSeen) {
  EXPECT_TRUE(run(shell("exit 0")).ok());
  const ExitStatus seven = run(shell("echo one >&2; echo two >&2; exit 7"));
  EXPECT_EQ(seven.code, 7);
  EXPECT_EQ(seven.signal, 0);
  EXPECT_FALSE(seven.ok());
  EXPECT_EQ(seven.err, "one\ntwo\n");
  EXPECT_EQ(seven.describe(), "exited with code 7: one; two");
  const ExitStatus killed = run(shell("kill -9 $$"));
  EXPECT_EQ(killed.code, -1);
  EXPECT_EQ(killed.signal, SIGKILL);
  EXPECT_FALSE(killed.ok());
  EXPECT_EQ(killed.describe(), "was killed by signal 9 (Killed)");
}

TEST_F(ProcessTest, DescribeKeepsTheLastFiveLines) {
  ExitStatus status{1, 0, "1\n2\n3\n4\n5\n6\n\n"};
  EXPECT_EQ(status.describe(), "exited with code 1: 2; 3; 4; 5; 6");
  status.err = "\n";
  EXPECT_EQ(status.describe(), "exited with code 1");
  status.err = "only";
  EXPECT_EQ(status.describe(), "exited with code 1: only");
  status.err = "\nafter an empty line";
  EXPECT_EQ(status.describe(), "exited with code 1: after an empty line");
}

TEST_F(ProcessTest, ArgumentsArePassedUntouched) {
  const std::string odd = "a b'c\"d$HOME;`id`\n*";
  const auto out = run_and_capture({{"printf", "%s", odd}, {}, {}});
  EXPECT_EQ(*out, odd);
}

TEST_F(ProcessTest, EnvironmentIsAddedAndReplaced) {
  ASSERT_EQ(setenv("PGDR_TEST_KEPT", "kept", 1), 0);
  ASSERT_EQ(setenv("PGDR_TEST_CHANGED", "before", 1), 0);
  Command command = shell("echo $PGDR_TEST_KEPT $PGDR_TEST_CHANGED $PGDR_TEST_NEW");
  command.env = {{"PGDR_TEST_CHANGED", "after"}, {"PGDR_TEST_NEW", "new"}};
  EXPECT_EQ(*run_and_capture(command), "kept after new\n");
}

TEST_F(ProcessTest, SettingsOfPostgresSessionsStayHere) {
  for (const char* name : {"PGOPTIONS", "PGCLIENTENCODING", "PGTZ", "PGDATESTYLE", "PG_COLOR"}) {
    ASSERT_EQ(setenv(name, "ours", 1), 0);
  }
  ASSERT_EQ(setenv("PGSSLMODE", "ours", 1), 0);
  Command command = shell("echo $PGOPTIONS$PGCLIENTENCODING$PGTZ$PGDATESTYLE$PG_COLOR $PGSSLMODE");
  EXPECT_EQ(*run_and_capture(command), "ours\n");
  command.env = {{"PGOPTIONS", "given"}};
  EXPECT_EQ(*run_and_capture(command), "given ours\n");
  for (const char* name :
       {"PGOPTIONS", "PGCLIENTENCODING", "PGTZ", "PGDATESTYLE", "PG_COLOR", "PGSSLMODE"}) {
    unsetenv(name);
  }
}

TEST_F(ProcessTest, TheEndOfStandardErrorIsKept) {
  // 200,000 bytes: more than a pipe holds, so that an undrained child would hang.
  const ExitStatus status =
      run(shell("i=0; while [ $i -lt 2000 ]; do printf '%0100d' $i >&2; i=$((i+1)); done; exit 1"));
  EXPECT_EQ(status.code, 1);
  EXPECT_EQ(status.err.size(), 64U << 10U);
  EXPECT_THAT(status.err, EndsWith("1999"));
}

TEST_F(ProcessTest, AGrandchildHoldingStandardErrorDoesNotBlock) {
  auto process = Process::start(shell("sleep 60 & echo $! >&2; exit 3"));
  ASSERT_TRUE(process);
  const auto began = std::chrono::steady_clock::now();
  const auto status = (*process)->wait();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 30s);
  EXPECT_EQ(status->code, 3);
  ::kill(std::stoi(status->err), SIGKILL);
}

TEST_F(ProcessTest, StandardStreamsAreNullUnlessWanted) {
  EXPECT_EQ(run(shell("cat; echo out")).code, 0);
  EXPECT_EQ(*run_and_capture(shell("wc -c")), "0\n");
}

TEST_F(ProcessTest, MegabytesGoInAndComeOut) {
  Command command = shell("cat");
  command.want_stdin = true;
  command.want_stdout = true;
  auto process = Process::start(command);
  ASSERT_TRUE(process);
  const std::string text = test::random_text(5 << 20, 11);
  std::thread writer([&] {
    EXPECT_TRUE((*process)->in().write(bytes_of(text)));
    EXPECT_TRUE((*process)->in().finish());
  });
  const test::Drained drained = test::drain((*process)->out());
  writer.join();
  EXPECT_TRUE(drained.status);
  EXPECT_TRUE(drained.text == text);
  EXPECT_TRUE((*process)->wait()->ok());
}

TEST_F(ProcessTest, AChildThatStopsReadingIsAnErrorNotASignal) {
  Command command = shell("head -c 10 >/dev/null; exit 4");
  command.want_stdin = true;
  auto process = Process::start(command);
  ASSERT_TRUE(process);
  const Status status = (*process)->in().write(bytes_of(std::string(8 << 20, 'x')));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Code::kFailed);
  EXPECT_THAT(status.error().message, HasSubstr("sh closed its input"));
  EXPECT_EQ((*process)->wait()->code, 4);
}

TEST_F(ProcessTest, WaitIsIdempotent) {
  auto process = Process::start(shell("exit 5"));
  EXPECT_EQ((*process)->wait()->code, 5);
  EXPECT_EQ((*process)->wait()->code, 5);
  (*process)->kill();  // of a reaped child: nothing
}

TEST_F(ProcessTest, OnlyTheNamedDescriptorsReachTheChild) {
  const Fd kept(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const Fd leaked(::open("/dev/null", O_RDONLY));  // even without close-on-exec
  // ls itself opens the folder, as the first free number.
  Command command{{"/bin/sh", "-c", "for f in /proc/self/fd/*; do echo ${f##*/}; done"}, {}, {}};
  command.inherit_fds = {kept.get()};
  const auto out = run_and_capture(command);
  ASSERT_TRUE(out);
  EXPECT_THAT("\n" + *out, HasSubstr("\n" + std::to_string(kept.get()) + "\n"));
  EXPECT_THAT("\n" + *out, testing::Not(HasSubstr("\n" + std::to_string(leaked.get()) + "\n")));
}

TEST_F(ProcessTest, NothingIsLeftBehind) {
  run(shell("exit 0"));  // the spawner's own are made once
  const int before = open_descriptors();
  for (int i = 0; i < 20; ++i) run(shell("echo x >&2"));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(Process::start({{"/nonexistent/program"}, {}, {}}));
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);  // no child, so no zombie
  EXPECT_EQ(errno, ECHILD);
}

TEST_F(ProcessTest, AProgramThatCannotRunIsAnError) {
  EXPECT_EQ(Process::start({{"/nonexistent/program"}, {}, {}}).error().code, Code::kNotFound);
  EXPECT_EQ(Process::start({{"/etc/passwd"}, {}, {}}).error().code, Code::kFailed);
  const auto missing = Process::start({{"pgdr-no-such-program"}, {}, {}});
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_EQ(Process::start({}).error().code, Code::kFailed);
}

TEST_F(ProcessTest, DestructionKillsAndReaps) {
  int pid = 0;
  {
    auto process = Process::start({{"sleep", "600"}, {}, {}});
    ASSERT_TRUE(process);
    pid = (*process)->pid();
    EXPECT_TRUE(alive(pid));
  }
  EXPECT_FALSE(alive(pid));
}

TEST_F(ProcessTest, AStubbornChildAndItsGroupAreKilledAfterFiveSeconds) {
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);  // orphans become ours
  Command command = shell("trap '' TERM; sleep 600 & echo $!; wait; wait");
  command.want_stdout = true;
  auto process = Process::start(command);
  ASSERT_TRUE(process);
  std::string line(32, '\0');
  const auto n = (*process)->out().read(std::as_writable_bytes(std::span(line)));
  ASSERT_TRUE(n);
  const int grandchild = std::stoi(line.substr(0, *n));
  const auto began = std::chrono::steady_clock::now();
  (*process)->kill();
  const auto took = std::chrono::steady_clock::now() - began;
  EXPECT_GE(took, 4900ms);
  EXPECT_LT(took, 20s);
  EXPECT_EQ((*process)->wait()->signal, SIGKILL);
  // The group's other member had inherited the deaf ear; it has become ours to reap.
  int status = 0;
  EXPECT_EQ(waitpid(grandchild, &status, 0), grandchild);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_F(ProcessTest, AStoppedChildIsKilled) {
  auto process = Process::start({{"sleep", "600"}, {}, {}});
  ASSERT_EQ(::kill((*process)->pid(), SIGSTOP), 0);
  const auto began = std::chrono::steady_clock::now();
  (*process)->kill();
  EXPECT_LT(std::chrono::steady_clock::now() - began, 4s);
  EXPECT_EQ((*process)->wait()->signal, SIGTERM);
}

TEST_F(ProcessTest, KillFromAnotherThreadEndsARead) {
  Command command{{"sleep", "600"}, {}, {}};
  command.want_stdout = true;
  auto process = Process::start(command);
  std::thread killer([&] { (*process)->kill(); });
  const test::Drained drained = test::drain((*process)->out());
  killer.join();
  EXPECT_TRUE(drained.text.empty());
  EXPECT_EQ((*process)->wait()->signal, SIGTERM);
}

// The thread that starts a child may end: the child must not get its parent-death signal then.
TEST_F(ProcessTest, ChildrenOutliveTheThreadThatStartedThem) {
  std::unique_ptr<Process> process;
  std::thread([&] {
    Command command = shell("echo ready; read line; echo done");
    command.want_stdin = true;
    command.want_stdout = true;
    process = std::move(*Process::start(command));
  }).join();
  std::string line(16, '\0');
  EXPECT_TRUE(process->out().read(std::as_writable_bytes(std::span(line))));
  EXPECT_TRUE(process->in().write(bytes_of("go\n")));
  EXPECT_TRUE(process->in().finish());
  EXPECT_EQ(test::drain(process->out()).text, "done\n");
  EXPECT_TRUE(process->wait()->ok());
}

// kill -9 of the tool: its children go too. A forked copy of this test plays the tool.
TEST_F(ProcessTest, ChildrenDieWithTheTool) {
  // The orphan becomes ours, so that its end can be awaited.
  ASSERT_EQ(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
  Command tool{{"/proc/self/exe", "--gtest_also_run_disabled_tests",
                "--gtest_filter=ProcessTest.DISABLED_PlaysTheTool"},
               {},
               {}};
  tool.argv[0] = "/proc/" + std::to_string(getpid()) + "/exe";
  tool.want_stdout = true;
  auto process = Process::start(tool);
  ASSERT_TRUE(process);
  std::string seen;
  std::string buffer(4096, '\0');
  int child = 0;
  while (child == 0) {
    const auto n = (*process)->out().read(std::as_writable_bytes(std::span(buffer)));
    ASSERT_TRUE(n && *n != 0) << seen;
    seen.append(buffer, 0, *n);
    const std::size_t at = seen.find("child=");
    if (at != std::string::npos && seen.find(';', at) != std::string::npos) {
      child = std::stoi(seen.substr(at + 6));
    }
  }
  ASSERT_TRUE(alive(child));
  ASSERT_EQ(::kill((*process)->pid(), SIGKILL), 0);
  EXPECT_EQ((*process)->wait()->signal, SIGKILL);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
  prctl(PR_SET_CHILD_SUBREAPER, 0);
}

TEST_F(ProcessTest, DISABLED_PlaysTheTool) {
  auto process = Process::start({{"sleep", "600"}, {}, {}});
  ASSERT_TRUE(process);
  printf("child=%d;\n", (*process)->pid());
  fflush(stdout);
  (void)(*process)->wait();
}

TEST_F(Interrupt, WaitsWhileItIsHeldAndTheSecondDoesNot) {
  {
    const HoldInterrupts hold;
    ::kill(getpid(), SIGTERM);
    EXPECT_FALSE(interrupted());
  }
  EXPECT_TRUE(interrupted());
  EXPECT_EQ(interrupted_error().message, "interrupted by SIGTERM");
  clear_interrupt();
  const HoldInterrupts hold;
  EXPECT_FALSE(interrupted()) << "the one before is over";
  ::kill(getpid(), SIGTERM);
  EXPECT_FALSE(interrupted());
  ::kill(getpid(), SIGINT);
  EXPECT_TRUE(interrupted());
}

TEST_F(Interrupt, EndsAReadThatWaits) {
  Command command{{"sleep", "600"}, {}, {}};
  command.want_stdout = true;
  auto process = Process::start(command);
  std::thread signaller([] { ::kill(getpid(), SIGTERM); });
  const test::Drained drained = test::drain((*process)->out());
  signaller.join();
  ASSERT_FALSE(drained.status);
  EXPECT_EQ(drained.status.error().code, Code::kInterrupted);
  EXPECT_EQ(drained.status.error().message, "interrupted by SIGTERM");
  const int pid = (*process)->pid();
  EXPECT_EQ((*process)->wait().error().code, Code::kInterrupted);
  EXPECT_FALSE(alive(pid));
  EXPECT_EQ((*process)->wait()->signal, SIGTERM);  // known from then on
}

TEST_F(Interrupt, EndsAWriteThatWaits) {
  Command command{{"sleep", "600"}, {}, {}};
  command.want_stdin = true;
  auto process = Process::start(command);
  std::thread signaller([] { ::kill(getpid(), SIGINT); });
  const Status status = (*process)->in().write(bytes_of(std::string(8 << 20, 'x')));
  signaller.join();
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, "interrupted by SIGINT");
}

TEST_F(Interrupt, EndsAWaitAndACopy) {
  auto process = Process::start({{"sleep", "600"}, {}, {}});
  std::thread signaller([] { ::kill(getpid(), SIGHUP); });
  EXPECT_EQ((*process)->wait().error().message, "interrupted by SIGHUP");
  signaller.join();
  test::DribblingSource source("x", 1, 1);
  test::FailingSink sink(1);
  EXPECT_EQ(copy_all(source, sink).error().code, Code::kInterrupted);
  clear_interrupt();
  EXPECT_FALSE(interrupted());
  EXPECT_EQ(*copy_all(source, sink), 1U);
}

TEST_F(ProcessTest, RunAndCaptureReportsFailureWithStandardError) {
  EXPECT_EQ(*run_and_capture(shell("echo hello")), "hello\n");
  const auto failed = run_and_capture(shell("echo lost; echo why >&2; exit 2"));
  ASSERT_FALSE(failed);
  EXPECT_THAT(failed.error().message, HasSubstr("exited with code 2: why"));
}

TEST_F(ProcessTest, FindProgramLooksWhereItIsToldFirst) {
  EXPECT_THAT(*find_program("sh"), EndsWith("/sh"));
  EXPECT_EQ(*find_program("sh", "/bin"), "/bin/sh");
  EXPECT_THAT(*find_program("sh", "/nonexistent"), EndsWith("/sh"));
  const auto missing = find_program("pg_nothing");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, Code::kNotFound);
  EXPECT_THAT(missing.error().hint, HasSubstr("postgresql-client"));
}

}  // namespace
}  // namespace pgdr
