#include "pipe/age_armor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "base/base64.hpp"
#include "pipe/age_header.hpp"
#include "pipe/buffered.hpp"

namespace pgdr::pipe {

namespace {

constexpr std::string_view kBegin = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::string_view kEnd = "-----END AGE ENCRYPTED FILE-----";
constexpr std::string_view kWhite = " \t\r\n";
constexpr std::size_t kMaxWhite = 1024;

Error armor_error(const char* why) {
  return Error::of(Code::kCorrupt, fmt::format("the age file is damaged: armor: {}", why));
}

bool is_white(std::string_view text) {
  return text.find_first_not_of(kWhite) == std::string_view::npos;
}

class ArmorSource final : public Source {
 public:
  explicit ArmorSource(Source& from) : from_(from) {}

  Result<std::size_t> read(MutableBytes buffer) override {
    if (buffer.empty()) return std::size_t{0};
    while (at_ == data_.size() && !ended_) PGDR_CHECK(started_ ? body_line() : begin());
    const std::size_t n = std::min(buffer.size(), data_.size() - at_);
    std::memcpy(buffer.data(), data_.data() + at_, n);
    at_ += n;
    return n;
  }

 private:
  // The next line, without its end, into line_.
  Status take_line() {
    line_.clear();
    PGDR_CHECK(from_.read_line(line_, kMaxWhite + 2));
    if (line_.empty()) return armor_error("it is cut short");
    if (line_.back() == '\n') line_.pop_back();
    if (!line_.empty() && line_.back() == '\r') line_.pop_back();
    return success();
  }

  Status begin() {
    std::size_t white = 0;
    for (;;) {
      PGDR_CHECK(take_line());
      if (!is_white(line_)) break;
      white += line_.size() + 1;
      if (white > kMaxWhite) return armor_error("too much white space in front of it");
    }
    if (line_ != kBegin) return armor_error("its first line is wrong");
    started_ = true;
    return success();
  }

  Status body_line() {
    PGDR_CHECK(take_line());
    if (line_ == kEnd) return end();
    if (short_line_) return armor_error("a line in its middle is too short");
    if (line_.empty()) return armor_error("it has an empty line");
    if (line_.size() > kBase64Columns) return armor_error("a line is too long");
    auto decoded = base64_decode(line_, true);
    if (!decoded) return armor_error("a line is not canonical base64");
    short_line_ = decoded->size() < kBase64Columns / 4 * 3;
    data_ = std::move(*decoded);
    at_ = 0;
    // The end is looked at together with the last line, so that its bytes are not given out before
    // the whole armor is known to be right.
    if (short_line_) {
      PGDR_CHECK(take_line());
      if (line_ != kEnd) return armor_error("its last line is wrong");
      return end();
    }
    return success();
  }

  Status end() {
    PGDR_TRY(const std::string_view rest, from_.peek(kMaxWhite + 1));
    if (!is_white(rest)) return armor_error("something follows its end");
    if (rest.size() > kMaxWhite) return armor_error("too much white space follows it");
    ended_ = true;
    return success();
  }

  BufferedSource from_;
  std::string line_;
  std::string data_;
  std::size_t at_ = 0;
  bool started_ = false;
  bool short_line_ = false;
  bool ended_ = false;
};

}  // namespace

bool looks_armored(std::string_view beginning) {
  const std::size_t first = beginning.find_first_not_of(kWhite);
  if (first == std::string_view::npos) return false;
  return beginning.substr(first).starts_with("-----BEGIN");
}

std::unique_ptr<Source> armor_source(Source& from) { return std::make_unique<ArmorSource>(from); }

}  // namespace pgdr::pipe
