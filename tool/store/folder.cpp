#include "store/folder.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <random>
#include <system_error>

#include <fmt/format.h>

#include "store/local/local.hpp"

namespace pgdr::store {

Error path_error(int error, const std::string& what, const std::string& path) {
  Error out;
  out.message = fmt::format("cannot {} {}: {}", what, path, std::generic_category().message(error));
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      out.code = Code::kNoSpace;
      out.hint = error == ENOSPC
                     ? "the file system is full: make room there, then run the command again"
                     : "the quota is used up: make room there, then run the command again";
      break;
    case ENOENT:
    case ENOTDIR:
      out.code = Code::kNotFound;
      break;
    case EACCES:
    case EPERM:
      out.hint = "run pgdr as the user who owns the repository, or change its owner (chown)";
      break;
    case EROFS:
      out.hint = "the file system is mounted read-only";
      break;
    case ELOOP:
      out.hint = "there is a symbolic link; pgdr follows none inside a repository";
      break;
    default:
      break;
  }
  return out;
}

std::pair<std::vector<std::string>, std::string> split_key(std::string_view key) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  for (std::size_t slash = key.find('/'); slash != std::string_view::npos;
       slash = key.find('/', at)) {
    parts.emplace_back(key.substr(at, slash - at));
    at = slash + 1;
  }
  return {std::move(parts), std::string(key.substr(at))};
}

std::string temporary_key(const std::string& key) {
  std::random_device random;
  const std::size_t slash = key.rfind('/') + 1;  // 0 without one
  return fmt::format("{}{}{}-{:08x}{:08x}", key.substr(0, slash), kTemporaryPrefix,
                     key.substr(slash), random(), random());
}

Result<Fd> open_folder(int root, const std::vector<std::string>& parts, bool create,
                       const std::string& location) {
  constexpr mode_t kPrivate = 0700;
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  std::string path = location;
  Fd folder(openat(root, ".", kFlags));
  if (!folder) return path_error(errno, "open the folder", path);
  for (const std::string& part : parts) {
    path += "/" + part;
    int fd = openat(folder.get(), part.c_str(), kFlags);
    if (fd < 0 && errno == ENOENT && create) {
      if (mkdirat(folder.get(), part.c_str(), kPrivate) != 0 && errno != EEXIST) {
        return path_error(errno, "make the folder", path);
      }
      fd = openat(folder.get(), part.c_str(), kFlags);
    }
    if (fd < 0) {
      const int error = errno;
      struct stat info {};
      // O_DIRECTORY on a link says ENOTDIR: it must not pass for "absent".
      if (error == ENOTDIR &&
          fstatat(folder.get(), part.c_str(), &info, AT_SYMLINK_NOFOLLOW) == 0) {
        return S_ISLNK(info.st_mode)
                   ? path_error(ELOOP, "open the folder", path)
                   : Error::of(Code::kNotFound, fmt::format("{} is not a folder", path));
      }
      return path_error(error, "open the folder", path);
    }
    folder = Fd(fd);
  }
  return folder;
}

Time modified_time(const struct stat& info) {
  return Time(std::chrono::seconds(info.st_mtim.tv_sec) +
              std::chrono::duration_cast<std::chrono::microseconds>(
                  std::chrono::nanoseconds(info.st_mtim.tv_nsec)));
}

}  // namespace pgdr::store
