#include "pipe/buffered.hpp"

#include <algorithm>
#include <cstring>

namespace pgdr::pipe {

namespace {
constexpr std::size_t kBuffer = 64U << 10U;
}

Result<std::size_t> BufferedSource::read(MutableBytes buffer) {
  if (held() != 0) {
    const std::size_t n = std::min(buffer.size(), held());
    std::memcpy(buffer.data(), buffer_.data() + begin_, n);
    begin_ += n;
    return n;
  }
  if (at_end_ || buffer.empty()) return std::size_t{0};
  PGDR_TRY(const std::size_t n, from_.read(buffer));
  if (n == 0) at_end_ = true;
  return n;
}

Status BufferedSource::fill(std::size_t n) {
  if (held() >= n || at_end_) return success();
  buffer_.resize(kBuffer);
  if (begin_ != 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, held());
    end_ -= begin_;
    begin_ = 0;
  }
  while (end_ < n && !at_end_) {
    PGDR_TRY(const std::size_t got, from_.read(MutableBytes(buffer_).subspan(end_)));
    end_ += got;
    at_end_ = got == 0;
  }
  return success();
}

Result<std::string_view> BufferedSource::peek(std::size_t n) {
  n = std::min(n, kBuffer);
  PGDR_CHECK(fill(n));
  return text_of(Bytes(buffer_).subspan(begin_, std::min(n, held())));
}

Status BufferedSource::read_line(std::string& line, std::size_t limit) {
  while (line.size() < limit) {
    PGDR_CHECK(fill(1));
    if (held() == 0) return success();
    const std::string_view text = text_of(Bytes(buffer_).subspan(begin_, held()));
    const std::size_t newline = text.find('\n');
    const std::size_t wanted = newline == std::string_view::npos ? text.size() : newline + 1;
    const std::size_t n = std::min(wanted, limit - line.size());
    line.append(text.substr(0, n));
    begin_ += n;
    if (n == wanted && newline != std::string_view::npos) return success();
  }
  return success();
}

}  // namespace pgdr::pipe
