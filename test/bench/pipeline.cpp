// pgdr_pipeline RECIPIENT FILE: the stages between pg_dump and the repositories (zstd at level 3,
// age, SHA-256 of the whole and of every chunk) over a file, to nowhere. Prints digest, bytes in
// and bytes out; test/bench/copies measures it.
#include <cstdio>
#include <fstream>

#include "pipe/age.hpp"
#include "pipe/chunk_hash.hpp"
#include "pipe/stages.hpp"

namespace {

using namespace pgdr;

class Nowhere final : public Sink {
 public:
  Status write(Bytes) override { return success(); }
  Status finish() override { return success(); }
};

Status run(const char* recipient, const char* path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error::of(Code::kFailed, std::string("cannot open ") + path);
  pipe::Lock lock;
  PGDR_TRY(auto key, pipe::parse_recipient(recipient));
  lock.recipients.push_back(std::move(key));
  Nowhere nowhere;
  const auto chunks = pipe::chunk_hash_sink(nowhere, std::uint64_t{4} << 20U);
  const auto stored = pipe::hash_sink(chunks.get());
  PGDR_TRY(const auto encrypted, pipe::age_encrypt(*stored, lock));
  PGDR_TRY(const auto compressed, pipe::zstd_sink(*encrypted, 3, 0));
  std::vector<char> buffer(std::size_t{256} << 10U);
  std::uint64_t total = 0;
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())), in.gcount() > 0) {
    const auto got = static_cast<std::size_t>(in.gcount());
    PGDR_CHECK(compressed->write(bytes_of(std::string_view(buffer.data(), got))));
    total += got;
  }
  PGDR_CHECK(compressed->finish());
  const pipe::Digest digest = stored->digest();
  std::printf("%s %llu %llu\n", digest.sha256.c_str(), static_cast<unsigned long long>(total),
              static_cast<unsigned long long>(digest.bytes));
  return success();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fputs("usage: pgdr_pipeline RECIPIENT FILE\n", stderr);
    return 2;
  }
  const Status done = run(argv[1], argv[2]);
  if (done) return 0;
  std::fprintf(stderr, "pgdr_pipeline: %s\n", to_string(done.error()).c_str());
  return 1;
}
