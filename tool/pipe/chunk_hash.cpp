#include "pipe/chunk_hash.hpp"

#include <algorithm>

#include "pipe/stages.hpp"

namespace pgdr::pipe {

namespace {

class ChunkHashSinkImpl final : public ChunkHashSink {
 public:
  ChunkHashSinkImpl(Sink& next, std::uint64_t chunk_bytes)
      : next_(next), chunk_bytes_(chunk_bytes), hash_(hash_sink(nullptr)) {}

  Status write(Bytes data) override {
    PGDR_CHECK(next_.write(data));
    while (!data.empty()) {
      const std::uint64_t room = chunk_bytes_ - hash_->bytes();
      const Bytes part =
          data.first(static_cast<std::size_t>(std::min<std::uint64_t>(room, data.size())));
      PGDR_CHECK(hash_->write(part));
      data = data.subspan(part.size());
      if (hash_->bytes() == chunk_bytes_) PGDR_CHECK(next_chunk());
    }
    return success();
  }
  Status finish() override {
    if (hash_->bytes() > 0) PGDR_CHECK(next_chunk());
    return next_.finish();
  }
  [[nodiscard]] const std::vector<std::string>& digests() const override { return digests_; }

 private:
  Status next_chunk() {
    PGDR_CHECK(hash_->finish());
    digests_.push_back(hash_->digest().sha256);
    hash_ = hash_sink(nullptr);
    return success();
  }

  Sink& next_;
  std::uint64_t chunk_bytes_;
  std::unique_ptr<HashSink> hash_;
  std::vector<std::string> digests_;
};

}  // namespace

std::unique_ptr<ChunkHashSink> chunk_hash_sink(Sink& next, std::uint64_t chunk_bytes) {
  return std::make_unique<ChunkHashSinkImpl>(next, chunk_bytes);
}

std::string sha256_of(Bytes data) {
  const auto hash = hash_sink(nullptr);
  // Neither can fail without a next stage.
  if (!hash->write(data) || !hash->finish()) return {};
  return hash->digest().sha256;
}

}  // namespace pgdr::pipe
