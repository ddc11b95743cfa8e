// A source that can be looked into before it is read: headers first, then the rest at full speed.
#pragma once

#include <string>
#include <vector>

#include "base/stream.hpp"

namespace pgdr::pipe {

class BufferedSource final : public Source {
 public:
  explicit BufferedSource(Source& from) : from_(from) {}
  Result<std::size_t> read(MutableBytes buffer) override;
  // Up to n of the next bytes without taking them; fewer only at the end. n is at most 64 KiB. The
  // view is valid until the next call.
  Result<std::string_view> peek(std::size_t n);
  // Appends bytes to line up to and including the next '\n', or up to the end, or until line holds
  // limit bytes.
  Status read_line(std::string& line, std::size_t limit);

 private:
  Status fill(std::size_t n);  // at least n bytes in the buffer, unless the end comes first
  [[nodiscard]] std::size_t held() const { return end_ - begin_; }

  Source& from_;
  std::vector<std::byte> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool at_end_ = false;
};

}  // namespace pgdr::pipe
