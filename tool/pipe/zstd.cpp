// zstd compression and decompression of a stream.
#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <vector>

#include "pipe/stages.hpp"

namespace pgdr::pipe {

namespace {

constexpr int kMaxWorkers = 64;
// Above it a worker's tables are so large that two of them break the tool's bound of 128 MiB.
constexpr int kMaxLevelForWorkers = 8;
// Bounds the memory of a compressor with threads: each worker holds about two jobs. The default at
// high levels would be up to four windows of 8 MiB.
constexpr int kJobSize = 4 << 20;
// A frame that asks for a larger window than 32 MiB (zstd -20) is refused; level 12 needs 4 MiB.
constexpr int kWindowLogMax = 25;

struct Free {
  void operator()(ZSTD_CCtx* p) const { ZSTD_freeCCtx(p); }
  void operator()(ZSTD_DCtx* p) const { ZSTD_freeDCtx(p); }
};

class ZstdSink final : public Sink {
 public:
  ZstdSink(Sink& next, std::unique_ptr<ZSTD_CCtx, Free> ctx)
      : next_(next), ctx_(std::move(ctx)), out_(ZSTD_CStreamOutSize()) {}

  Status write(Bytes data) override {
    ZSTD_inBuffer in{data.data(), data.size(), 0};
    while (in.pos < in.size) PGDR_CHECK(step(in, ZSTD_e_continue));
    return success();
  }

  Status finish() override {
    ZSTD_inBuffer in{nullptr, 0, 0};
    for (;;) {
      PGDR_TRY(const std::size_t left, step(in, ZSTD_e_end));
      if (left == 0) return next_.finish();
    }
  }

 private:
  Result<std::size_t> step(ZSTD_inBuffer& in, ZSTD_EndDirective mode) {
    ZSTD_outBuffer out{out_.data(), out_.size(), 0};
    const std::size_t left = ZSTD_compressStream2(ctx_.get(), &out, &in, mode);
    if (ZSTD_isError(left) != 0) {
      return Error::of(Code::kFailed, fmt::format("zstd: {}", ZSTD_getErrorName(left)));
    }
    if (out.pos != 0) PGDR_CHECK(next_.write(Bytes(out_).first(out.pos)));
    return left;
  }

  Sink& next_;
  std::unique_ptr<ZSTD_CCtx, Free> ctx_;
  std::vector<std::byte> out_;
};

Error zstd_corrupt(std::string_view why) {
  return Error::of(Code::kCorrupt, fmt::format("the zstd stream is damaged: {}", why));
}

class ZstdSource final : public Source {
 public:
  ZstdSource(Source& from, std::unique_ptr<ZSTD_DCtx, Free> ctx)
      : from_(from), ctx_(std::move(ctx)), buffer_(ZSTD_DStreamInSize()) {}

  Result<std::size_t> read(MutableBytes buffer) override {
    if (buffer.empty()) return std::size_t{0};
    ZSTD_outBuffer out{buffer.data(), buffer.size(), 0};
    while (out.pos == 0) {
      if (in_.pos == in_.size && !more_output_) {
        PGDR_TRY(const std::size_t n, from_.read(buffer_));
        if (n == 0) {
          if (!frame_done_) return zstd_corrupt("it is cut short");
          return std::size_t{0};
        }
        in_ = {buffer_.data(), n, 0};
      }
      const std::size_t left = ZSTD_decompressStream(ctx_.get(), &out, &in_);
      if (ZSTD_isError(left) != 0) return zstd_corrupt(ZSTD_getErrorName(left));
      frame_done_ = left == 0;
      more_output_ = left != 0 && out.pos == out.size;
    }
    return out.pos;
  }

 private:
  Source& from_;
  std::unique_ptr<ZSTD_DCtx, Free> ctx_;
  std::vector<std::byte> buffer_;
  ZSTD_inBuffer in_{nullptr, 0, 0};
  bool frame_done_ = false;   // false at the start too: an empty stream holds no frame
  bool more_output_ = false;  // the decoder holds output that did not fit
};

}  // namespace

Result<std::unique_ptr<Sink>> zstd_sink(Sink& next, int level, int workers) {
  if (level < 1 || level > 12) {
    return Error::of(Code::kUsage, fmt::format("compression level {} is not in 1 to 12", level));
  }
  if (workers < 0 || workers > kMaxWorkers) {
    return Error::of(Code::kUsage,
                     fmt::format("{} compression threads: not in 0 to {}", workers, kMaxWorkers));
  }
  if (level > kMaxLevelForWorkers) workers = std::min(workers, 1);
  std::unique_ptr<ZSTD_CCtx, Free> ctx(ZSTD_createCCtx());
  const auto set = [&](ZSTD_cParameter parameter, int value) {
    return ZSTD_isError(ZSTD_CCtx_setParameter(ctx.get(), parameter, value)) == 0;
  };
  if (!ctx || !set(ZSTD_c_compressionLevel, level) || !set(ZSTD_c_checksumFlag, 1) ||
      (workers > 0 && (!set(ZSTD_c_nbWorkers, workers) || !set(ZSTD_c_jobSize, kJobSize)))) {
    return Error::of(Code::kFailed, "zstd cannot be set up");
  }
  return std::unique_ptr<Sink>(std::make_unique<ZstdSink>(next, std::move(ctx)));
}

Result<std::unique_ptr<Source>> zstd_source(Source& from) {
  std::unique_ptr<ZSTD_DCtx, Free> ctx(ZSTD_createDCtx());
  if (!ctx ||
      ZSTD_isError(ZSTD_DCtx_setParameter(ctx.get(), ZSTD_d_windowLogMax, kWindowLogMax)) != 0) {
    return Error::of(Code::kFailed, "zstd cannot be set up");
  }
  return std::unique_ptr<Source>(std::make_unique<ZstdSource>(from, std::move(ctx)));
}

}  // namespace pgdr::pipe
