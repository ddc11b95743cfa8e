#include "store/local/file_ops.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

namespace pgdr::store {

ssize_t FileOps::write(int fd, const void* data, std::size_t size) {
  return ::write(fd, data, size);
}

int FileOps::fsync(int fd) { return ::fsync(fd); }

int FileOps::fsync_folder(int fd) { return ::fsync(fd); }

int FileOps::rename_noreplace(int folder, const char* from, const char* to) {
  if (renameat2(folder, from, folder, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  // A file system without the flag (NFS): a hard link does not overwrite either.
  if (linkat(folder, from, folder, to, 0) != 0) return -1;
  return unlinkat(folder, from, 0);
}

FileOps& system_file_ops() {
  static FileOps ops;
  return ops;
}

}  // namespace pgdr::store
