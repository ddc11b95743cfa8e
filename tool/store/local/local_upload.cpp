#include "store/local/local_upload.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <random>

#include <fmt/format.h>

#include "store/local/local.hpp"

namespace pgdr::store {
namespace {

// The kernel is told to start writing after so many bytes, so that the fsync at the end, for which
// the whole backup waits, finds little left to do.
constexpr std::uint64_t kWriteBehind = 8 << 20;
constexpr std::size_t kCompareBuffer = 64 << 10;

std::string temporary_name(const std::string& name) {
  std::random_device random;
  return fmt::format("{}{}-{:08x}{:08x}", kTemporaryPrefix, name, random(), random());
}

// Reads until the buffer is full or the file ends; -1 and errno on failure.
ssize_t read_full(int fd, char* buffer, std::size_t size) {
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = read(fd, buffer + done, size - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -1;
    if (n == 0) break;
    done += static_cast<std::size_t>(n);
  }
  return static_cast<ssize_t>(done);
}

Result<bool> same_content(int a, int b, const std::string& path) {
  std::array<char, kCompareBuffer> x;
  std::array<char, kCompareBuffer> y;
  if (lseek(a, 0, SEEK_SET) < 0 || lseek(b, 0, SEEK_SET) < 0) {
    return path_error(errno, "read", path);
  }
  while (true) {
    const ssize_t n = read_full(a, x.data(), x.size());
    const ssize_t m = read_full(b, y.data(), y.size());
    if (n < 0 || m < 0) return path_error(errno, "read", path);
    if (n != m || std::memcmp(x.data(), y.data(), static_cast<std::size_t>(n)) != 0) return false;
    if (n == 0) return true;
  }
}

class LocalUpload : public Upload {
 public:
  LocalUpload(Fd file, std::string temporary, std::vector<Fd> folders, std::string name,
              std::string path, FileOps& ops)
      : file_(std::move(file)),
        temporary_(std::move(temporary)),
        folders_(std::move(folders)),
        name_(std::move(name)),
        path_(std::move(path)),
        ops_(ops) {}

  // Given up: the temporary goes at once. After a crash, leftovers() finds it.
  ~LocalUpload() override {
    if (!renamed_) unlinkat(folder(), temporary_.c_str(), 0);
  }

  Status write(Bytes data) override {
    while (!data.empty()) {
      const ssize_t n = ops_.write(file_.get(), data.data(), data.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return path_error(n == 0 ? EIO : errno, "write", path_);
      data = data.subspan(static_cast<std::size_t>(n));
      written_ += static_cast<std::uint64_t>(n);
    }
    if (written_ - pushed_ >= kWriteBehind) {
      // A hint: where the file system does not know it, the fsync does all the work.
      sync_file_range(file_.get(), static_cast<off64_t>(pushed_),
                      static_cast<off64_t>(written_ - pushed_), SYNC_FILE_RANGE_WRITE);
      pushed_ = written_;
    }
    return success();
  }

  Status finish() override {
    struct stat info {};
    if (fstat(file_.get(), &info) != 0) return path_error(errno, "look at", path_);
    if (static_cast<std::uint64_t>(info.st_size) != written_) {
      return Error::of(
          Code::kCorrupt,
          fmt::format("{} has {} bytes after {} were written", path_, info.st_size, written_),
          "another process wrote to it, or the file system is faulty");
    }
    // After a failed fsync the pages may be gone and a second one succeed: never try again.
    if (ops_.fsync(file_.get()) != 0) return path_error(errno, "write out (fsync)", path_);
    if (ops_.rename_noreplace(folder(), temporary_.c_str(), name_.c_str()) == 0) {
      renamed_ = true;
    } else if (errno == EEXIST) {
      PGDR_CHECK(accept_existing());
    } else {
      return path_error(errno, "put in place", path_);
    }
    // From the object's folder up to the root: each name is durable only with its folder.
    for (auto at = folders_.rbegin(); at != folders_.rend(); ++at) {
      if (ops_.fsync_folder(at->get()) != 0) {
        return path_error(errno, "write out (fsync) the folder of", path_);
      }
    }
    return success();
  }

 private:
  [[nodiscard]] int folder() const { return folders_.back().get(); }

  // Another process, or an earlier try, was here first: with the same bytes that is no failure.
  Status accept_existing() {
    const Fd existing(openat(folder(), name_.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!existing) return path_error(errno, "open", path_);
    PGDR_TRY(const bool same, same_content(file_.get(), existing.get(), path_));
    if (!same) {
      return Error::of(Code::kExists, fmt::format("{} exists already, with other content", path_),
                       "nothing was overwritten; find out which of the two is right");
    }
    if (ops_.fsync(existing.get()) != 0) return path_error(errno, "write out (fsync)", path_);
    return success();
  }

  Fd file_;
  std::string temporary_;
  std::vector<Fd> folders_;  // root first, the object's own last
  std::string name_;
  std::string path_;
  FileOps& ops_;
  std::uint64_t written_ = 0;
  std::uint64_t pushed_ = 0;
  bool renamed_ = false;
};

Result<std::vector<Fd>> open_chain(int root, const std::string& location,
                                   const std::vector<std::string>& parts) {
  std::vector<Fd> folders;
  std::string path = location;
  PGDR_TRY(Fd top, open_folder(root, {}, false, path));
  folders.push_back(std::move(top));
  for (const std::string& part : parts) {
    PGDR_TRY(Fd next, open_folder(folders.back().get(), {part}, true, path));
    folders.push_back(std::move(next));
    path += "/" + part;
  }
  return folders;
}

}  // namespace

Result<std::unique_ptr<Upload>> start_local_upload(int root, const std::string& location,
                                                   const std::string& key, FileOps& ops) {
  const auto [parts, name] = split_key(key);
  const std::string path = location + "/" + key;
  // A folder may vanish between being opened and used: remove() takes empty ones away.
  constexpr int kTries = 5;
  for (int i = 0;; ++i) {
    PGDR_TRY(std::vector<Fd> folders, open_chain(root, location, parts));
    const std::string temporary = temporary_name(name);
    Fd file(openat(folders.back().get(), temporary.c_str(),
                   O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kPrivateFile));
    if (!file && errno == ENOENT && i + 1 < kTries) continue;
    if (!file) return path_error(errno, "create", path);
    // Tells leftovers() that its writer lives.
    if (flock(file.get(), LOCK_EX | LOCK_NB) != 0 && errno != ENOLCK && errno != EOPNOTSUPP) {
      return path_error(errno, "lock", path);
    }
    return std::unique_ptr<Upload>(std::make_unique<LocalUpload>(
        std::move(file), temporary, std::move(folders), name, path, ops));
  }
}

}  // namespace pgdr::store
