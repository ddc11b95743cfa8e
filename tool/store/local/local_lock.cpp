#include "store/local/local_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "store/folder.hpp"
#include "store/local/local.hpp"

namespace pgdr::store {
namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return "unknown host";
  return name.data();
}

class LocalLease : public Lease {
 public:
  explicit LocalLease(Fd file) : file_(std::move(file)) {}
  LocalLease(const LocalLease&) = delete;
  LocalLease& operator=(const LocalLease&) = delete;
  // The file stays: unlinking it would let two processes lock two files of one name.
  ~LocalLease() override { [[maybe_unused]] const int ignored = ftruncate(file_.get(), 0); }

 private:
  Fd file_;
};

std::string holder(int fd) {
  std::array<char, 512> text{};
  const ssize_t n = pread(fd, text.data(), text.size(), 0);
  std::string words(text.data(), n > 0 ? static_cast<std::size_t>(n) : 0);
  std::replace_if(
      words.begin(), words.end(), [](unsigned char c) { return c < ' ' || c == 0x7f; }, ' ');
  while (!words.empty() && words.back() == ' ') words.pop_back();
  return words;
}

}  // namespace

Result<std::unique_ptr<Lease>> lock_local(int root, const std::string& location,
                                          const std::string& name) {
  std::string file_name = kLockPrefix + name;
  std::replace(file_name.begin(), file_name.end(), '/', '+');  // '+' is in no key
  const std::string path = location + "/" + file_name;
  Fd file(openat(root, file_name.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, kPrivateFile));
  if (!file) return path_error(errno, "open the lock", path);
  while (flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return path_error(errno, "lock", path);
    const std::string who = holder(file.get());
    return Error::of(Code::kLocked,
                     fmt::format("another run works on '{}' in {}{}", name, location,
                                 who.empty() ? std::string() : " (" + who + ")"),
                     "wait for it to end; its lock goes with its process");
  }
  const std::string text = fmt::format("process {} on {} since {}\n", getpid(), host_name(),
                                       to_iso(system_clock().now()));
  // For messages only: the lock holds without it.
  if (ftruncate(file.get(), 0) == 0) {
    [[maybe_unused]] const ssize_t ignored = pwrite(file.get(), text.data(), text.size(), 0);
  }
  return std::unique_ptr<Lease>(std::make_unique<LocalLease>(std::move(file)));
}

}  // namespace pgdr::store
