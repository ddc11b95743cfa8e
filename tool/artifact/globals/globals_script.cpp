#include "artifact/globals/globals_script.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace pgdr::app {
namespace {

bool continues_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || (static_cast<unsigned char>(c) & 0x80U) != 0;
}

// As psql reads it (psqlscan.l): quotes, dollar quotes, comments.
class Scanner {
 public:
  explicit Scanner(std::string_view script) : script_(script) {}

  Result<std::string> run() {
    while (at_ < script_.size()) {
      const char c = script_[at_];
      if (c == '\\') {
        PGDR_CHECK(backslash());
      } else if (c == '\'') {
        PGDR_CHECK(literal());
      } else if (c == '"') {
        take_to("\"", 1);
      } else if (starts("--")) {
        take_to("\n", 2);
      } else if (starts("/*")) {
        comment();
      } else if (c == '$') {
        dollar();
      } else {
        take(1);
      }
    }
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool starts(std::string_view text) const {
    return script_.substr(at_).starts_with(text);
  }
  void take(std::size_t n) {
    n = std::min(n, script_.size() - at_);
    out_ += script_.substr(at_, n);
    at_ += n;
  }
  // Past the next occurrence of end that begins at least `skip` further on.
  void take_to(std::string_view end, std::size_t skip) {
    const std::size_t found = script_.find(end, at_ + skip);
    take(found == std::string_view::npos ? script_.size() : found + end.size() - at_);
  }
  [[nodiscard]] Error refuse() const {
    const auto line = 1 + std::count(script_.begin(), script_.begin() + std::ptrdiff_t(at_), '\n');
    return Error::of(
        Code::kCorrupt,
        fmt::format("line {} of the globals holds what psql would take for a command of "
                    "its own: none of them was run",
                    line),
        "somebody made a name or comment of the source to that end: look at the globals "
        "(RESTORE.txt tells how to open them), and leave out --globals");
  }

  Status backslash() {
    const std::size_t begin = at_ == 0 ? 0 : script_.rfind('\n', at_ - 1) + 1;
    const std::size_t end = std::min(script_.find('\n', at_), script_.size());
    const std::string_view line = script_.substr(at_, end - at_);
    const std::size_t blank = line.find(' ');
    const std::string_view word = line.substr(0, blank);
    const std::string_view key =
        blank == std::string_view::npos ? std::string_view() : line.substr(blank + 1);
    const bool plain = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    });
    if (begin != at_ || !plain || (word != "\\restrict" && word != "\\unrestrict")) return refuse();
    at_ = end;
    return success();
  }

  Status literal() {
    const char before = at_ > 0 ? script_[at_ - 1] : ' ';
    const bool escapes =
        (before == 'E' || before == 'e') && (at_ < 2 || !continues_word(script_[at_ - 2]));
    std::size_t end = at_ + 1;
    while (end < script_.size() && script_[end] != '\'') {
      if (script_[end] == '\\') {
        if (!escapes) {
          at_ = end;
          return refuse();
        }
        ++end;
      }
      ++end;
    }
    take(end + 1 - at_);
    return success();
  }

  void comment() {
    std::size_t depth = 0;
    do {
      if (starts("/*")) {
        ++depth;
        take(2);
      } else if (starts("*/")) {
        --depth;
        take(2);
      } else {
        take(1);
      }
    } while (depth > 0 && at_ < script_.size());
  }

  // $tag$ … $tag$, unless it is part of a name.
  void dollar() {
    const bool in_word = at_ > 0 && continues_word(script_[at_ - 1]);
    std::size_t end = at_ + 1;
    while (end < script_.size() && script_[end] != '$' && continues_word(script_[end])) ++end;
    const bool tag = !in_word && end < script_.size() && script_[end] == '$' &&
                     !(script_[at_ + 1] >= '0' && script_[at_ + 1] <= '9');
    if (!tag) {
      take(1);
      return;
    }
    const std::string_view quote = script_.substr(at_, end + 1 - at_);
    take_to(quote, quote.size());
  }

  std::string_view script_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

Result<std::string> plain_sql(std::string_view script) { return Scanner(script).run(); }

}  // namespace pgdr::app
