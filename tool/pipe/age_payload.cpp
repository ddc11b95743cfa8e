#include "pipe/age_payload.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "pipe/openssl_ptr.hpp"

namespace pgdr::pipe {

namespace {

constexpr std::size_t kSealed = kChunk + kTagSize;

// 11 bytes of big-endian counter, one byte that marks the final chunk.
class Nonce {
 public:
  const unsigned char* of(bool final) {
    bytes_[11] = final ? 1 : 0;
    return bytes_.data();
  }
  void next() {
    for (std::size_t i = 11; i-- > 0;) {
      if (++bytes_[i] != 0) return;
    }
  }

 private:
  std::array<unsigned char, 12> bytes_{};
};

Error cipher_failed() { return Error::of(Code::kFailed, "OpenSSL cannot do ChaCha20-Poly1305"); }

unsigned char* uchars(MutableBytes bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }
const unsigned char* uchars(Bytes bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

class PayloadSink final : public Sink {
 public:
  PayloadSink(Sink& next, CipherCtxPtr ctx)
      : next_(next), ctx_(std::move(ctx)), plain_(kChunk), sealed_(kSealed) {}
  ~PayloadSink() override { OPENSSL_cleanse(plain_.data(), plain_.size()); }

  // A chunk goes out only when more data has come: the last one is sealed differently.
  Status write(Bytes data) override {
    while (!data.empty()) {
      if (held_ == kChunk) {
        PGDR_CHECK(seal(plain_, false));
        held_ = 0;
      }
      if (held_ == 0 && data.size() > kChunk) {  // straight from the caller's buffer
        PGDR_CHECK(seal(data.first(kChunk), false));
        data = data.subspan(kChunk);
        continue;
      }
      const std::size_t n = std::min(data.size(), kChunk - held_);
      std::memcpy(plain_.data() + held_, data.data(), n);
      held_ += n;
      data = data.subspan(n);
    }
    return success();
  }

  Status finish() override {
    PGDR_CHECK(seal(Bytes(plain_).first(held_), true));
    return next_.finish();
  }

 private:
  Status seal(Bytes chunk, bool final) {
    const MutableBytes out(sealed_);
    int n = 0;
    int rest = 0;
    if (EVP_EncryptInit_ex(ctx_.get(), nullptr, nullptr, nullptr, nonce_.of(final)) != 1 ||
        EVP_EncryptUpdate(ctx_.get(), uchars(out), &n, uchars(chunk),
                          static_cast<int>(chunk.size())) != 1 ||
        static_cast<std::size_t>(n) != chunk.size() ||
        EVP_EncryptFinal_ex(ctx_.get(), uchars(out) + n, &rest) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx_.get(), EVP_CTRL_AEAD_GET_TAG, kTagSize, uchars(out) + n) != 1) {
      return cipher_failed();
    }
    nonce_.next();
    return next_.write(Bytes(sealed_).first(chunk.size() + kTagSize));
  }

  Sink& next_;
  CipherCtxPtr ctx_;
  Nonce nonce_;
  std::vector<std::byte> plain_;
  std::vector<std::byte> sealed_;
  std::size_t held_ = 0;
};

Error payload_error(const char* why) {
  return Error::of(Code::kCorrupt, fmt::format("the age file is damaged: payload: {}", why));
}

class PayloadSource final : public Source {
 public:
  PayloadSource(std::unique_ptr<Source> from, CipherCtxPtr ctx)
      : from_(std::move(from)), ctx_(std::move(ctx)), sealed_(kSealed + 1), plain_(kChunk) {}
  ~PayloadSource() override { OPENSSL_cleanse(plain_.data(), plain_.size()); }

  Result<std::size_t> read(MutableBytes buffer) override {
    if (buffer.empty()) return std::size_t{0};
    if (begin_ == end_) {
      if (trailing_) return payload_error("something follows its end");
      if (cut_) return payload_error("it is cut short");
      if (final_) return std::size_t{0};
      PGDR_CHECK(next_chunk());
      if (begin_ == end_ && final_) return std::size_t{0};  // an empty payload
    }
    const std::size_t n = std::min(buffer.size(), end_ - begin_);
    std::memcpy(buffer.data(), plain_.data() + begin_, n);
    begin_ += n;
    return n;
  }

 private:
  // Reads one byte more than a sealed chunk: whether it is there says whether the chunk is the
  // last.
  Status next_chunk() {
    const std::size_t kept = ahead_ ? 1 : 0;
    PGDR_TRY(const std::size_t got, read_full(*from_, MutableBytes(sealed_).subspan(kept)));
    const std::size_t size = kept + got;
    const bool last = size <= kSealed;
    const std::size_t chunk = std::min(size, kSealed);
    if (chunk == 0) return payload_error("it is missing");
    if (chunk < kTagSize) return payload_error("it is cut short");
    PGDR_TRY(bool authentic, open(chunk, last));
    if (!authentic && chunk == kSealed) {
      // Perhaps it is whole, and what is wrong is what follows it, or that nothing does. Then it is
      // given out, as age does, and the next read says what is wrong.
      PGDR_TRY(authentic, open(chunk, !last));
      (last ? cut_ : trailing_) = authentic;
    }
    if (!authentic) return payload_error("a part is not authentic or cut short");
    final_ = (last && !cut_) || trailing_;
    if (final_ && chunk == kTagSize && !first_) return payload_error("its last part is empty");
    first_ = false;
    nonce_.next();
    begin_ = 0;
    end_ = chunk - kTagSize;
    ahead_ = !last;
    if (ahead_) sealed_[0] = sealed_[kSealed];
    return success();
  }

  Result<bool> open(std::size_t size, bool final) {
    const std::size_t length = size - kTagSize;
    const MutableBytes in(sealed_);
    const MutableBytes out(plain_);
    int n = 0;
    int rest = 0;
    if (EVP_DecryptInit_ex(ctx_.get(), nullptr, nullptr, nullptr, nonce_.of(final)) != 1 ||
        EVP_CIPHER_CTX_ctrl(ctx_.get(), EVP_CTRL_AEAD_SET_TAG, kTagSize, uchars(in) + length) !=
            1 ||
        EVP_DecryptUpdate(ctx_.get(), uchars(out), &n, uchars(in), static_cast<int>(length)) != 1 ||
        static_cast<std::size_t>(n) != length) {
      return cipher_failed();
    }
    std::array<unsigned char, 1> none{};
    return EVP_DecryptFinal_ex(ctx_.get(), none.data(), &rest) == 1;
  }

  std::unique_ptr<Source> from_;
  CipherCtxPtr ctx_;
  Nonce nonce_;
  std::vector<std::byte> sealed_;
  std::vector<std::byte> plain_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool first_ = true;
  bool ahead_ = false;     // sealed_[0] is the first byte of the next chunk
  bool final_ = false;     // the final chunk is in plain_
  bool trailing_ = false;  // and something follows it
  bool cut_ = false;       // a chunk that is not final is the last one there is
};

}  // namespace

Result<Key32> payload_key(const FileKey& file_key, std::string_view nonce) {
  return hkdf_sha256(file_key.view(), nonce, "payload");
}

Result<std::unique_ptr<Sink>> payload_sink(Sink& next, const Key32& key) {
  CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
  if (!ctx || EVP_EncryptInit_ex(ctx.get(), EVP_chacha20_poly1305(), nullptr, key.bytes.data(),
                                 nullptr) != 1) {
    return cipher_failed();
  }
  return std::unique_ptr<Sink>(std::make_unique<PayloadSink>(next, std::move(ctx)));
}

Result<std::unique_ptr<Source>> payload_source(std::unique_ptr<Source> from, const Key32& key) {
  CipherCtxPtr ctx(EVP_CIPHER_CTX_new());
  if (!ctx || EVP_DecryptInit_ex(ctx.get(), EVP_chacha20_poly1305(), nullptr, key.bytes.data(),
                                 nullptr) != 1) {
    return cipher_failed();
  }
  return std::unique_ptr<Source>(std::make_unique<PayloadSource>(std::move(from), std::move(ctx)));
}

}  // namespace pgdr::pipe
