#include "store/local/local_list.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include <fmt/format.h>

#include "store/folder.hpp"
#include "store/local/local.hpp"

namespace pgdr::store {
namespace {

Result<std::vector<std::string>> names_in(const Fd& folder, const std::string& path) {
  const int copy = fcntl(folder.get(), F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return path_error(errno, "read the folder", path);
  const std::unique_ptr<DIR, int (*)(DIR*)> dir(fdopendir(copy), closedir);
  if (!dir) {
    const int error = errno;
    close(copy);
    return path_error(error, "read the folder", path);
  }
  std::vector<std::string> names;
  while (true) {
    errno = 0;
    const dirent* entry = readdir(dir.get());  // NOLINT(concurrency-mt-unsafe): own stream
    if (entry == nullptr && errno != 0) return path_error(errno, "read the folder", path);
    if (entry == nullptr) return names;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
}

// Locked by its writer as long as that lives.
bool being_written(int folder, const std::string& name) {
  const Fd file(openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  return file && flock(file.get(), LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

Status walk(const Fd& folder, const std::string& location, const std::string& prefix, Wanted wanted,
            std::vector<Entry>& out) {
  const std::string path = prefix.empty() ? location : location + "/" + prefix;
  PGDR_TRY(const std::vector<std::string> names, names_in(folder, path));
  for (const std::string& name : names) {
    const bool temporary = name.starts_with(kTemporaryPrefix);
    if (!temporary && !valid_key(name)) continue;
    struct stat info {};
    if (fstatat(folder.get(), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
      if (errno == ENOENT) continue;  // removed in the meantime
      return path_error(errno, "look at", path + name);
    }
    const std::string key = prefix + name;
    if (S_ISDIR(info.st_mode) && !temporary) {
      Result<Fd> below = open_folder(folder.get(), {name}, false, path);
      if (!below && below.error().code == Code::kNotFound) continue;
      if (!below) return below.error();
      PGDR_CHECK(walk(*below, location, key + "/", wanted, out));
    } else if (S_ISREG(info.st_mode)) {
      if (temporary != (wanted == Wanted::kLeftovers)) continue;
      if (temporary && being_written(folder.get(), name)) continue;
      out.push_back({key, static_cast<std::uint64_t>(info.st_size), modified_time(info)});
    } else if (!temporary) {
      return Error::of(Code::kFailed,
                       fmt::format("{}/{} is neither a file nor a folder", location, key),
                       "a repository holds no links and no special files: move it away");
    }
  }
  return success();
}

}  // namespace

Result<std::vector<Entry>> list_local(int root, const std::string& location,
                                      const std::string& prefix, Wanted wanted) {
  std::vector<Entry> entries;
  Result<Fd> folder = open_folder(root, split_key(prefix).first, false, location);
  if (!folder && folder.error().code == Code::kNotFound) return entries;
  if (!folder) return folder.error();
  PGDR_CHECK(walk(*folder, location, prefix, wanted, entries));
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.key < b.key; });
  return entries;
}

}  // namespace pgdr::store
