// The system calls that decide whether an object is durable, behind an interface, so that a test
// can record their order and make any of them fail. Each behaves as the call of that name: -1 and
// errno on failure.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace pgdr::store {

inline constexpr mode_t kPrivateFile = 0600;

class FileOps {
 public:
  virtual ~FileOps() = default;
  virtual ssize_t write(int fd, const void* data, std::size_t size);
  virtual int fsync(int fd);  // of a file
  // Makes the new name durable: fsync of a folder.
  virtual int fsync_folder(int fd);
  // EEXIST instead of replacing.
  virtual int rename_noreplace(int folder, const char* from, const char* to);
};

FileOps& system_file_ops();

}  // namespace pgdr::store
