#include "base/log.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "base/fd.hpp"

namespace pgdr {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(RenderProgress, ShowsWhatIsKnown) {
  EXPECT_EQ(render_progress({"connecting", 0, 0, 0}, 1, 80), "connecting");
  EXPECT_EQ(render_progress({"dumping", 10 << 20, 0, 0}, 2, 80), "dumping  10.0 MiB  5.0 MiB/s");
  EXPECT_EQ(render_progress({"dumping", 50 << 20, 200 << 20, 0}, 5, 120),
            "dumping  50.0 MiB of ~200 MiB  10.0 MiB/s  25%  15.0 s left");
  EXPECT_EQ(render_progress({"dumping", 50 << 20, 200 << 20, 20 << 20}, 5, 120),
            "dumping  50.0 MiB of ~200 MiB  10.0 MiB/s  25%  15.0 s left  20.0 MiB stored");
}

TEST(RenderProgress, MakesNoPromiseItCannotKeep) {
  // More than the estimate: no percentage above 100, no time left.
  EXPECT_EQ(render_progress({"dumping", 300 << 20, 200 << 20, 0}, 10, 120),
            "dumping  300 MiB of ~200 MiB  30.0 MiB/s");
  // Too early to guess.
  EXPECT_THAT(render_progress({"dumping", 1 << 20, 200 << 20, 0}, 0.5, 120),
              Not(HasSubstr("left")));
  EXPECT_THAT(render_progress({"dumping", 1 << 20, 200 << 20, 0}, 0, 120), Not(HasSubstr("/s")));
}

TEST(RenderProgress, FitsEveryWidth) {
  const ProgressState state{"fingerprinting", 50 << 20, 200 << 20, 20 << 20};
  std::size_t before = 0;
  for (int width = 0; width <= 120; ++width) {
    const std::string line = render_progress(state, 5, width);
    EXPECT_LE(line.size(), static_cast<std::size_t>(width));
    EXPECT_GE(line.size(), before);  // a wider line never shows less
    before = line.size();
  }
  EXPECT_EQ(render_progress(state, 5, 20), "fingerprinting");
  EXPECT_EQ(render_progress(state, 5, 6), "finger");
  EXPECT_EQ(render_progress(state, 5, -1), "");
  EXPECT_EQ(render_progress({"prüfe", 0, 0, 0}, 1, 3), "prü");  // characters, not bytes
}

// Standard error replaced by a descriptor for the time of a test.
class Captured {
 public:
  explicit Captured(int replacement) : saved_(dup(STDERR_FILENO)) {
    dup2(replacement, STDERR_FILENO);
  }
  ~Captured() { restore(); }
  void restore() {
    if (!saved_) return;
    dup2(saved_.get(), STDERR_FILENO);
    saved_.reset();
  }

 private:
  Fd saved_;
};

std::string read_available(int fd) {
  fcntl(fd, F_SETFL, O_NONBLOCK);
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = read(fd, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(n));
  }
  return text;
}

class LogTest : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> fds{};
    ASSERT_EQ(pipe2(fds.data(), O_CLOEXEC), 0);
    read_ = Fd(fds[0]);
    write_ = Fd(fds[1]);
  }
  void TearDown() override { log_setup(Verbosity::kNormal); }
  Fd read_;
  Fd write_;
};

TEST_F(LogTest, VerbosityDecides) {
  Captured captured(write_.get());
  for (const Verbosity v : {Verbosity::kQuiet, Verbosity::kNormal, Verbosity::kVerbose}) {
    log_setup(v);
    log_error(Error::of(Code::kUsage, "e", "do this"));
    log_warning("w");
    log_info("i");
    log_verbose("v");
  }
  captured.restore();
  EXPECT_EQ(read_available(read_.get()),
            "pgdr: error: e\nhint: do this\npgdr: warning: w\n"
            "pgdr: error: e\nhint: do this\npgdr: warning: w\npgdr: i\n"
            "pgdr: error: e\nhint: do this\npgdr: warning: w\npgdr: i\npgdr: v\n");
}

TEST_F(LogTest, WithoutATerminalAPhaseIsALine) {
  Captured captured(write_.get());
  for (std::uint64_t i = 0; i < 100; ++i) terminal_progress().update({"dumping", i, 100, 0});
  terminal_progress().update({"checking", 0, 0, 0});
  terminal_progress().done();
  log_setup(Verbosity::kQuiet);
  terminal_progress().update({"unseen", 0, 0, 0});
  terminal_progress().done();
  no_progress().update({"unseen", 0, 0, 0});
  no_progress().done();
  captured.restore();
  EXPECT_EQ(read_available(read_.get()), "pgdr: dumping\npgdr: checking\n");
}

TEST_F(LogTest, OnATerminalOneLineIsRedrawn) {
  const Fd master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(master);
  ASSERT_EQ(grantpt(master.get()), 0);
  ASSERT_EQ(unlockpt(master.get()), 0);
  const Fd terminal(open(ptsname(master.get()), O_RDWR | O_NOCTTY | O_CLOEXEC));
  ASSERT_TRUE(terminal);
  winsize size{24, 40, 0, 0};
  ASSERT_EQ(ioctl(master.get(), TIOCSWINSZ, &size), 0);
  setenv("TERM", "xterm", 1);
  setenv("NO_COLOR", "1", 1);

  Captured captured(terminal.get());
  for (std::uint64_t i = 1; i <= 1000; ++i) terminal_progress().update({"dumping", i, 0, 0});
  log_info("a line in between");
  terminal_progress().done();
  captured.restore();
  const std::string seen = read_available(master.get());
  EXPECT_THAT(seen, testing::StartsWith("\r\x1b[K"
                                        "dumping  1 B"));
  EXPECT_THAT(seen, HasSubstr("\r\x1b[Kpgdr: a line in between\r\ndumping"));
  EXPECT_THAT(seen, testing::EndsWith("\r\x1b[K"));
  // A thousand updates within moments: at most a few drawings.
  std::size_t drawn = 0;
  for (std::size_t at = 0; (at = seen.find("\x1b[K", at)) != std::string::npos; ++at) ++drawn;
  EXPECT_LT(drawn, 10U);
  EXPECT_THAT(seen, Not(HasSubstr("\x1b[1;")));

  unsetenv("NO_COLOR");
  Captured again(terminal.get());
  EXPECT_TRUE(color_on_stderr());
  setenv("TERM", "dumb", 1);
  EXPECT_FALSE(color_on_stderr());
  setenv("TERM", "xterm", 1);
  setenv("NO_COLOR", "1", 1);
  EXPECT_FALSE(color_on_stderr());
  unsetenv("NO_COLOR");
}

}  // namespace
}  // namespace pgdr
