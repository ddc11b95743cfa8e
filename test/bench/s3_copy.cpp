// s3_copy put KEY < data | s3_copy get KEY > data: a stream through the S3 store and nothing else,
// with the server that script/s3-server's variables name. Prints the peak of its memory.
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "store/s3/s3.hpp"

namespace {

using namespace pgdr;

Status put(store::Store& store, const std::string& key) {
  PGDR_TRY(const std::unique_ptr<store::Upload> upload, store.create(key));
  std::vector<std::byte> buffer(256U << 10U);
  for (;;) {
    const ssize_t n = read(STDIN_FILENO, buffer.data(), buffer.size());
    if (n < 0) return Error::of(Code::kFailed, "cannot read");
    if (n == 0) return upload->finish();
    PGDR_CHECK(upload->write(Bytes(buffer.data(), static_cast<std::size_t>(n))));
  }
}

Status get(store::Store& store, const std::string& key) {
  PGDR_TRY(const std::unique_ptr<Source> source, store.open(key));
  std::vector<std::byte> buffer(256U << 10U);
  for (;;) {
    PGDR_TRY(const std::size_t n, source->read(buffer));
    if (n == 0) return success();
    for (std::size_t at = 0; at < n;) {
      const ssize_t written = write(STDOUT_FILENO, buffer.data() + at, n - at);
      if (written < 0) return Error::of(Code::kFailed, "cannot write");
      at += static_cast<std::size_t>(written);
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  S3Config config;
  config.bucket = std::getenv("PGDR_S3_BUCKET");
  config.endpoint = std::getenv("PGDR_S3_ENDPOINT");
  auto store = store::open_s3(store::s3_options(config));
  const Status status =
      !store ? Status(store.error())
             : (std::strcmp(argv[1], "put") == 0 ? put(**store, argv[2]) : get(**store, argv[2]));
  if (!status) std::fprintf(stderr, "s3_copy: %s\n", to_string(status.error()).c_str());
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::fprintf(stderr, "peak memory %ld KiB, processor %.2f s\n", usage.ru_maxrss,
               static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                   static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6);
  return status ? 0 : 1;
}
