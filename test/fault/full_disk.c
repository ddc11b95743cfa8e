/* Preloaded into a program, makes one folder's file system look as small as FULL_DISK_BYTES: writes to files beneath
 * FULL_DISK_FOLDER fail with ENOSPC once so many bytes are written by this process, and statvfs tells what is left. For test
 * machines where no tmpfs can be mounted. Covers write, writev and pwrite, which is what the tool uses. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/uio.h>
#include <unistd.h>

static _Atomic long long written;

static long long limit(void) {
  const char *text = getenv("FULL_DISK_BYTES");
  return text ? atoll(text) : LLONG_MAX;
}

static int beneath(const char *path) {
  const char *folder = getenv("FULL_DISK_FOLDER");
  size_t n = folder ? strlen(folder) : 0;
  return n > 0 && strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == 0);
}

static int counted(int fd) {
  char name[64], path[PATH_MAX];
  ssize_t n;
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  n = readlink(name, path, sizeof path - 1);
  if (n < 0) return 0;
  path[n] = 0;
  return beneath(path);
}

static int full(int fd, size_t bytes) {
  if (!counted(fd)) return 0;
  if (atomic_load(&written) + (long long)bytes > limit()) {
    errno = ENOSPC;
    return 1;
  }
  atomic_fetch_add(&written, (long long)bytes);
  return 0;
}

ssize_t write(int fd, const void *data, size_t size) {
  static ssize_t (*real)(int, const void *, size_t);
  if (!real) real = dlsym(RTLD_NEXT, "write");
  return full(fd, size) ? -1 : real(fd, data, size);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) {
  static ssize_t (*real)(int, const void *, size_t, off_t);
  if (!real) real = dlsym(RTLD_NEXT, "pwrite");
  return full(fd, size) ? -1 : real(fd, data, size, offset);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  static ssize_t (*real)(int, const struct iovec *, int);
  size_t size = 0;
  int i;
  if (!real) real = dlsym(RTLD_NEXT, "writev");
  for (i = 0; i < count; i++) size += parts[i].iov_len;
  return full(fd, size) ? -1 : real(fd, parts, count);
}

int statvfs(const char *path, struct statvfs *s) {
  static int (*real)(const char *, struct statvfs *);
  int rc;
  if (!real) real = dlsym(RTLD_NEXT, "statvfs");
  rc = real(path, s);
  if (rc == 0 && beneath(path)) {
    long long left = limit() - atomic_load(&written);
    s->f_bavail = s->f_bfree = left < 0 ? 0 : (fsblkcnt_t)left / s->f_frsize;
  }
  return rc;
}
