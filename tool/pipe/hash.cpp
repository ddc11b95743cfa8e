// SHA-256 and size of what passes.
#include <openssl/evp.h>

#include <array>
#include <stdexcept>

#include "pipe/openssl_ptr.hpp"
#include "pipe/stages.hpp"

namespace pgdr::pipe {

namespace {

class Sha256 {
 public:
  // Failing here means that OpenSSL is not usable at all, or memory is gone.
  Sha256() : ctx_(EVP_MD_CTX_new()) {
    if (!ctx_ || EVP_DigestInit_ex(ctx_.get(), EVP_sha256(), nullptr) != 1) fail();
  }
  void add(Bytes data) {
    if (EVP_DigestUpdate(ctx_.get(), data.data(), data.size()) != 1) fail();
    result_.bytes += data.size();
  }
  void finish() {
    if (!result_.sha256.empty()) return;
    std::array<unsigned char, 32> raw{};
    unsigned size = 0;
    if (EVP_DigestFinal_ex(ctx_.get(), raw.data(), &size) != 1) fail();
    static constexpr char kHex[] = "0123456789abcdef";  // NOLINT(modernize-avoid-c-arrays)
    for (const unsigned char b : raw) {
      result_.sha256 += kHex[b >> 4U];
      result_.sha256 += kHex[b & 15U];
    }
  }
  [[nodiscard]] const Digest& result() const { return result_; }

 private:
  [[noreturn]] static void fail() { throw std::runtime_error("OpenSSL cannot do SHA-256"); }
  MdCtxPtr ctx_;
  Digest result_;
};

class HashSinkImpl final : public HashSink {
 public:
  explicit HashSinkImpl(Sink* next) : next_(next) {}
  Status write(Bytes data) override {
    hash_.add(data);
    return next_ != nullptr ? next_->write(data) : success();
  }
  Status finish() override {
    hash_.finish();
    return next_ != nullptr ? next_->finish() : success();
  }
  [[nodiscard]] Digest digest() const override { return hash_.result(); }
  [[nodiscard]] std::uint64_t bytes() const override { return hash_.result().bytes; }

 private:
  Sink* next_;
  Sha256 hash_;
};

class HashSourceImpl final : public HashSource {
 public:
  explicit HashSourceImpl(Source& from) : from_(from) {}
  Result<std::size_t> read(MutableBytes buffer) override {
    PGDR_TRY(const std::size_t n, from_.read(buffer));
    if (n == 0) {
      hash_.finish();
    } else {
      hash_.add(Bytes(buffer).first(n));
    }
    return n;
  }
  [[nodiscard]] Digest digest() const override { return hash_.result(); }
  [[nodiscard]] std::uint64_t bytes() const override { return hash_.result().bytes; }

 private:
  Source& from_;
  Sha256 hash_;
};

}  // namespace

std::unique_ptr<HashSink> hash_sink(Sink* next) { return std::make_unique<HashSinkImpl>(next); }

std::unique_ptr<HashSource> hash_source(Source& from) {
  return std::make_unique<HashSourceImpl>(from);
}

}  // namespace pgdr::pipe
