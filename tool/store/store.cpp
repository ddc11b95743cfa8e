#include "store/store.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "base/parallel.hpp"

namespace pgdr::store {
namespace {

bool valid_part(std::string_view part) {
  return !part.empty() && part.front() != '.' && std::all_of(part.begin(), part.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

// The first `left` bytes of another source.
class FirstBytes final : public Source {
 public:
  FirstBytes(std::unique_ptr<Source> inner, std::uint64_t left)
      : inner_(std::move(inner)), left_(left) {}
  Result<std::size_t> read(MutableBytes buffer) override {
    if (left_ == 0) return std::size_t{0};
    PGDR_TRY(const std::size_t n, inner_->read(buffer.first(static_cast<std::size_t>(
                                      std::min<std::uint64_t>(buffer.size(), left_)))));
    left_ -= n;
    return n;
  }

 private:
  std::unique_ptr<Source> inner_;
  std::uint64_t left_;
};

}  // namespace

Result<std::unique_ptr<Source>> Store::open_range(const std::string& key, std::uint64_t offset,
                                                  std::uint64_t length) {
  PGDR_TRY(std::unique_ptr<Source> source, open(key, offset));
  return std::unique_ptr<Source>(std::make_unique<FirstBytes>(std::move(source), length));
}

Status Store::remove_many(const std::vector<std::string>& keys) {
  for (const std::string& key : keys) PGDR_CHECK(check_key(key));
  return for_each_parallel(keys.size(), [&](std::size_t i) { return remove(keys[i]); });
}

bool valid_key(const std::string& key) {
  std::string_view rest = key;
  while (true) {
    const std::size_t slash = rest.find('/');
    if (!valid_part(rest.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    rest.remove_prefix(slash + 1);
  }
}

Status check_key(const std::string& key) {
  if (valid_key(key)) return success();
  return Error::of(Code::kUsage, fmt::format("'{}' is no name for an object of a repository", key));
}

Status check_prefix(const std::string& prefix) {
  if (prefix.empty()) return success();
  if (prefix.back() == '/' && valid_key(prefix.substr(0, prefix.size() - 1))) return success();
  return Error::of(Code::kUsage, fmt::format("'{}' is no prefix of names in a repository", prefix));
}

Result<std::string> read_text(Store& store, const std::string& key, std::size_t limit) {
  PGDR_TRY(const std::unique_ptr<Source> source, store.open(key));
  std::string text;
  std::array<std::byte, 64 << 10> buffer;
  while (true) {
    PGDR_TRY(const std::size_t n, source->read(buffer));
    if (n == 0) return text;
    if (n > limit - text.size()) {
      return Error::of(Code::kCorrupt, fmt::format("{}/{} is larger than the {} bytes it may have",
                                                   store.location(), key, limit));
    }
    text.append(reinterpret_cast<const char*>(buffer.data()), n);
  }
}

Status write_text(Store& store, const std::string& key, const std::string& text) {
  PGDR_TRY(const std::unique_ptr<Upload> upload, store.create(key));
  PGDR_CHECK(upload->write(std::as_bytes(std::span(text.data(), text.size()))));
  return upload->finish();
}

}  // namespace pgdr::store
