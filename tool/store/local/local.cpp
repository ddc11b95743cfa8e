#include "store/local/local.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fmt/format.h>

#include "store/folder.hpp"
#include "store/local/local_list.hpp"
#include "store/local/local_lock.hpp"
#include "store/local/local_upload.hpp"

namespace pgdr::store {
namespace {

// Exactly the bytes that were there when it was opened.
class LocalSource : public Source {
 public:
  LocalSource(Fd file, std::uint64_t left, std::string path)
      : file_(std::move(file)), left_(left), path_(std::move(path)) {}

  Result<std::size_t> read(MutableBytes buffer) override {
    if (left_ == 0) return std::size_t{0};
    const std::size_t want =
        static_cast<std::size_t>(std::min<std::uint64_t>(buffer.size(), left_));
    while (true) {
      const ssize_t n = ::read(file_.get(), buffer.data(), want);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return path_error(errno, "read", path_);
      if (n == 0) {
        return Error::of(Code::kCorrupt,
                         fmt::format("{} ended {} bytes early while being read", path_, left_),
                         "was it replaced or cut short by another program?");
      }
      left_ -= static_cast<std::uint64_t>(n);
      return static_cast<std::size_t>(n);
    }
  }

 private:
  Fd file_;
  std::uint64_t left_;
  std::string path_;
};

class LocalStore : public Store {
 public:
  LocalStore(Fd root, std::string path, FileOps& ops)
      : root_(std::move(root)), path_(std::move(path)), ops_(ops) {}

  [[nodiscard]] std::string location() const override { return path_; }

  Result<std::unique_ptr<Upload>> create(const std::string& key) override {
    PGDR_CHECK(check_key(key));
    // The open folder goes on taking files where nobody looks for them.
    PGDR_CHECK(check_root());
    return start_local_upload(root_.get(), path_, key, ops_);
  }

  Result<std::unique_ptr<Source>> open(const std::string& key, std::uint64_t offset) override {
    PGDR_CHECK(check_key(key));
    const auto [parts, name] = split_key(key);
    PGDR_TRY(const Fd folder, open_folder(root_.get(), parts, false, path_));
    // Non-blocking, so that a planted FIFO cannot hang the reader.
    Fd file(openat(folder.get(), name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file) return path_error(errno, "open", path_of(key));
    struct stat info {};
    if (fstat(file.get(), &info) != 0) return path_error(errno, "look at", path_of(key));
    if (!S_ISREG(info.st_mode)) return not_a_file(key);
    const auto size = static_cast<std::uint64_t>(info.st_size);
    if (offset > size) {
      return Error::of(Code::kCorrupt, fmt::format("{} has only {} bytes, {} were expected",
                                                   path_of(key), size, offset));
    }
    if (lseek(file.get(), static_cast<off_t>(offset), SEEK_SET) < 0) {
      return path_error(errno, "read", path_of(key));
    }
    posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
    return std::unique_ptr<Source>(
        std::make_unique<LocalSource>(std::move(file), size - offset, path_of(key)));
  }

  Result<std::optional<Entry>> stat(const std::string& key) override {
    PGDR_CHECK(check_key(key));
    const auto [parts, name] = split_key(key);
    Result<Fd> folder = open_folder(root_.get(), parts, false, path_);
    if (!folder && folder.error().code == Code::kNotFound) return absent();
    if (!folder) return folder.error();
    struct stat info {};
    if (fstatat(folder->get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) return absent();
      return path_error(errno, "look at", path_of(key));
    }
    if (!S_ISREG(info.st_mode)) return not_a_file(key);
    return std::optional<Entry>(
        {key, static_cast<std::uint64_t>(info.st_size), modified_time(info)});
  }

  Result<std::vector<Entry>> list(const std::string& prefix) override {
    PGDR_CHECK(check_prefix(prefix));
    PGDR_CHECK(check_root());
    return list_local(root_.get(), path_, prefix, Wanted::kObjects);
  }

  Status remove(const std::string& key) override {
    PGDR_CHECK(check_key(key));
    return unlink(key);
  }

  Result<std::vector<Entry>> leftovers(const std::string& prefix) override {
    PGDR_CHECK(check_prefix(prefix));
    PGDR_CHECK(check_root());
    return list_local(root_.get(), path_, prefix, Wanted::kLeftovers);
  }

  Status remove_leftover(const Entry& entry) override {
    const auto [parts, name] = split_key(entry.key);
    std::string folder;
    for (const std::string& part : parts) folder += part + "/";
    PGDR_CHECK(check_prefix(folder));
    const std::string_view prefix = kTemporaryPrefix;
    if (!name.starts_with(prefix) || !valid_key(name.substr(prefix.size()))) {
      return Error::of(Code::kUsage, fmt::format("'{}' is no leftover of an upload", entry.key));
    }
    return unlink(entry.key);
  }

  Result<std::unique_ptr<Lease>> lock(const std::string& name) override {
    PGDR_CHECK(check_key(name));
    return lock_local(root_.get(), path_, name);
  }

  Result<std::optional<std::uint64_t>> free_space() override {
    struct statvfs info {};
    if (fstatvfs(root_.get(), &info) != 0) return path_error(errno, "look at", path_);
    return std::optional<std::uint64_t>(static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize);
  }

 private:
  [[nodiscard]] std::string path_of(const std::string& key) const { return path_ + "/" + key; }

  [[nodiscard]] Error not_a_file(const std::string& key) const {
    return Error::of(Code::kFailed, fmt::format("{} is not a regular file", path_of(key)),
                     "a repository holds no links and no special files: move it away");
  }

  // A root that was deleted or unmounted must not look like an empty repository.
  Status check_root() {
    struct stat now {};
    struct stat opened {};
    if (fstat(root_.get(), &opened) == 0 && ::stat(path_.c_str(), &now) == 0 &&
        now.st_dev == opened.st_dev && now.st_ino == opened.st_ino) {
      return success();
    }
    return Error::of(Code::kRepositoryMissing,
                     fmt::format("the repository {} went away while in use", path_),
                     "was it unmounted, moved or deleted?");
  }

  // Certainly, and not with the repository.
  Result<std::optional<Entry>> absent() {
    PGDR_CHECK(check_root());
    return std::optional<Entry>();
  }

  Status unlink(const std::string& key) {
    PGDR_CHECK(check_root());
    const auto [parts, name] = split_key(key);
    Result<Fd> folder = open_folder(root_.get(), parts, false, path_);
    if (!folder && folder.error().code == Code::kNotFound) return success();
    if (!folder) return folder.error();
    if (unlinkat(folder->get(), name.c_str(), 0) != 0) {
      if (errno != ENOENT) return path_error(errno, "remove", path_of(key));
      remove_empty_folders(parts);
      return success();
    }
    if (ops_.fsync_folder(folder->get()) != 0) {
      return path_error(errno, "write out (fsync) the folder of", path_of(key));
    }
    remove_empty_folders(parts);
    return success();
  }

  // Tidiness only: a folder that is not empty, or is in use, stays.
  void remove_empty_folders(std::vector<std::string> parts) {
    while (!parts.empty()) {
      const std::string last = parts.back();
      parts.pop_back();
      const Result<Fd> above = open_folder(root_.get(), parts, false, path_);
      if (!above || unlinkat(above->get(), last.c_str(), AT_REMOVEDIR) != 0) return;
    }
  }

  Fd root_;
  std::string path_;
  FileOps& ops_;
};

}  // namespace

Result<std::unique_ptr<Store>> open_local_with(const std::string& path, bool create_dir,
                                               FileOps& ops) {
  constexpr mode_t kPrivate = 0700;
  if (path.empty() || path.front() != '/') {
    return Error::of(Code::kUsage,
                     fmt::format("the path of a repository must be absolute, not '{}'", path));
  }
  const std::filesystem::path normal = std::filesystem::path(path).lexically_normal();
  std::string clean = normal.string();
  while (clean.size() > 1 && clean.back() == '/') clean.pop_back();
  if (create_dir && mkdir(clean.c_str(), kPrivate) != 0 && errno != EEXIST) {
    Error error = path_error(errno, "make the folder", clean);
    if (error.code == Code::kNotFound) {
      error.code = Code::kRepositoryMissing;
      error.hint =
          fmt::format("make the folder above it first: mkdir -p {}", normal.parent_path().string());
    }
    return error;
  }
  // The root itself may be a link: that is the operator's choice.
  Fd root(::open(clean.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!root) {
    Error error = path_error(errno, "open the repository", clean);
    if (error.code == Code::kNotFound) {
      error.code = Code::kRepositoryMissing;
      error.hint = "is the disk mounted? \"pgdr init\" makes a new repository";
    }
    return error;
  }
  return std::unique_ptr<Store>(
      std::make_unique<LocalStore>(std::move(root), std::move(clean), ops));
}

Result<std::unique_ptr<Store>> open_local(const std::string& path, bool create_dir) {
  return open_local_with(path, create_dir, system_file_ops());
}

}  // namespace pgdr::store
