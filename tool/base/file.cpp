#include "base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <system_error>
#include <vector>

#include "base/fd.hpp"

namespace pgdr {

Error system_error(int errnum, const std::string& what) {
  const std::string message = what + ": " + std::generic_category().message(errnum);
  switch (errnum) {
    case ENOENT:
    case ENOTDIR:
      return Error::of(Code::kNotFound, message);
    case EEXIST:
      return Error::of(Code::kExists, message);
    case ENOSPC:
    case EDQUOT:
      return Error::of(Code::kNoSpace, message, "free space there, then run it again");
    default:
      return Error::of(Code::kFailed, message);
  }
}

namespace {

class FileSource final : public Source {
 public:
  FileSource(Fd fd, std::string path) : fd_(std::move(fd)), path_(std::move(path)) {}
  Result<std::size_t> read(MutableBytes buffer) override {
    for (;;) {
      const ssize_t n = ::read(fd_.get(), buffer.data(), buffer.size());
      if (n >= 0) return static_cast<std::size_t>(n);
      if (errno != EINTR) return system_error(errno, fmt::format("cannot read {}", path_));
    }
  }

 private:
  Fd fd_;
  std::string path_;
};

Result<Fd> open_for_reading(const std::string& path) {
  Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return system_error(errno, fmt::format("cannot open {}", path));
  struct stat st {};
  if (fstat(fd.get(), &st) == 0 && S_ISDIR(st.st_mode)) {
    return Error::of(Code::kFailed, fmt::format("{} is a directory, not a file", path));
  }
  return fd;
}

Result<std::string> read_all(int fd, const std::string& path, std::size_t limit) {
  std::string content;
  std::array<char, 16384> buffer{};
  for (;;) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    const int errnum = errno;
    if (n > 0 && content.size() + static_cast<std::size_t>(n) <= limit) {
      content.append(buffer.data(), static_cast<std::size_t>(n));
      continue;
    }
    OPENSSL_cleanse(buffer.data(), buffer.size());  // it may have been a secret
    if (n == 0) return content;
    cleanse(content);
    if (n < 0) return system_error(errnum, fmt::format("cannot read {}", path));
    return Error::of(Code::kUsage, fmt::format("{} is larger than {} bytes", path, limit));
  }
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

Status write_and_sync(int fd, std::string_view content) {
  while (!content.empty()) {
    const ssize_t n = ::write(fd, content.data(), content.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return system_error(errno, "cannot write");
    content.remove_prefix(static_cast<std::size_t>(n));
  }
  if (fsync(fd) != 0) return system_error(errno, "cannot flush to disk");
  return success();
}

Status sync_folder(const std::string& folder) {
  const Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd || fsync(fd.get()) != 0) {
    return system_error(errno, fmt::format("cannot flush folder {}", folder));
  }
  return success();
}

// Moves from to to, which must not exist. Some file systems know no RENAME_NOREPLACE: a hard link
// fails on an existing name just the same.
bool move_exclusive(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  if (link(from.c_str(), to.c_str()) != 0) return false;
  unlink(from.c_str());
  return true;
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  PGDR_TRY(const Fd fd, open_for_reading(path));
  return read_all(fd.get(), path, limit);
}

Status write_file(const std::string& path, std::string_view content, unsigned mode,
                  bool exclusive) {
  const std::string folder = folder_of(path);
  std::string temporary = path + ".tmp-XXXXXX";
  const Fd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return system_error(errno, fmt::format("cannot write {}", path));
  const auto fail = [&](const Error& error) {
    unlink(temporary.c_str());
    return error.context(fmt::format("cannot write {}", path));
  };
  if (const Status status = write_and_sync(fd.get(), content); !status) return fail(status.error());
  if (fchmod(fd.get(), mode) != 0) return fail(system_error(errno, "cannot set its mode"));
  const bool moved = exclusive ? move_exclusive(temporary, path)
                               : std::rename(temporary.c_str(), path.c_str()) == 0;
  if (!moved) return fail(system_error(errno, "cannot give it its name"));
  return sync_folder(folder);
}

Result<std::string> read_secret_file(const std::string& path) {
  // Without O_NONBLOCK a fifo would be waited for here.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) {
    Error error = system_error(errno, fmt::format("cannot open {}", path));
    error.code = Code::kNoKey;
    return error;
  }
  struct stat st {};
  if (fstat(fd.get(), &st) != 0 || !S_ISREG(st.st_mode)) {
    return Error::of(Code::kNoKey, fmt::format("{} is not a regular file", path));
  }
  if ((st.st_mode & 077U) != 0) {
    return Error::of(Code::kNoKey,
                     fmt::format("{} may be used by others than its owner (mode {:04o})", path,
                                 st.st_mode & 07777U),
                     fmt::format("run: chmod 600 {}", path));
  }
  return read_all(fd.get(), path, 1U << 20U);
}

Result<std::string> read_passphrase_file(const std::string& path) {
  PGDR_TRY(std::string content, read_secret_file(path));
  std::string passphrase = content.substr(0, content.find_first_of("\r\n"));
  cleanse(content);
  if (passphrase.empty()) {
    return Error::of(Code::kNoKey, fmt::format("{} holds no passphrase on its first line", path));
  }
  return passphrase;
}

Result<std::unique_ptr<Source>> open_file(const std::string& path) {
  PGDR_TRY(Fd fd, open_for_reading(path));
  return std::unique_ptr<Source>(std::make_unique<FileSource>(std::move(fd), path));
}

std::string expand_home(const std::string& path) {
  if (path != "~" && !path.starts_with("~/")) return path;
  if (const char* home = std::getenv("HOME"); home != nullptr && *home != '\0') {
    return home + path.substr(1);
  }
  passwd entry{};
  passwd* found = nullptr;
  std::array<char, 4096> buffer{};
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 ||
      found == nullptr) {
    return path;
  }
  return found->pw_dir + path.substr(1);
}

Result<std::uint64_t> free_space(const std::string& path) {
  struct statvfs fs {};
  if (statvfs(path.c_str(), &fs) != 0) {
    return system_error(errno, fmt::format("cannot measure the free space of {}", path));
  }
  return static_cast<std::uint64_t>(fs.f_bavail) * fs.f_frsize;
}

void cleanse(std::string& secret) {
  secret.resize(secret.capacity());  // longer content may have been there before
  OPENSSL_cleanse(secret.data(), secret.size());
  secret.clear();
}

}  // namespace pgdr
