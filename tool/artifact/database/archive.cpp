#include "artifact/database/archive.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/interrupt.hpp"

namespace pgdr::app {
namespace {

constexpr int kOldestMinor = 12;
constexpr int kNewestMinor = 16;
constexpr int kFormatCustom = 1;
constexpr int kBlockData = 1;
constexpr int kBlockBlobs = 3;
// Guards against lengths that only damage can explain.
constexpr std::int64_t kLongestText = 1LL << 30;
constexpr std::int64_t kMostEntries = 50'000'000;

Error not_valid(const std::string& why) {
  return Error::of(Code::kCorrupt, "not a valid pg_dump archive: " + why);
}

}  // namespace

ArchiveReader::ArchiveReader(Source& from, Sink* mirror)
    : from_(from), buffer_(kCopyBuffer), copy_(mirror) {}

Error ArchiveReader::cut() const {
  return not_valid(fmt::format("it ends after {} bytes, in the middle of an entry", position()));
}

Status ArchiveReader::flush_copy() {
  const Bytes passed = Bytes(buffer_).subspan(mark_, pos_ - mark_);
  mark_ = pos_;
  if (keep_ != nullptr) {
    keep_->append(reinterpret_cast<const char*>(passed.data()), passed.size());
  }
  if (copy_ == nullptr || passed.empty()) return success();
  return copy_->write(passed);
}

Status ArchiveReader::refill() {
  PGDR_CHECK(flush_copy());
  if (interrupted()) return interrupted_error();
  consumed_ += pos_;
  pos_ = end_ = mark_ = 0;
  PGDR_TRY(const std::size_t got, from_.read(buffer_));
  end_ = got;
  at_end_ = got == 0;
  return success();
}

Result<int> ArchiveReader::byte() {
  if (pos_ == end_) {
    PGDR_CHECK(refill());
    if (at_end_) return cut();
  }
  return std::to_integer<int>(buffer_[pos_++]);
}

// A sign byte, then int_size_ bytes, least significant first.
Result<std::int64_t> ArchiveReader::number() {
  // The common case first: millions of these frame the rows of a large table.
  if (end_ - pos_ >= 5 && int_size_ == 4) {
    const std::byte* at = buffer_.data() + pos_;
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i) value |= std::to_integer<std::uint32_t>(at[1 + i]) << (8 * i);
    pos_ += 5;
    const auto wide = static_cast<std::int64_t>(value);
    return at[0] == std::byte{0} ? wide : -wide;
  }
  PGDR_TRY(const int sign, byte());
  std::uint64_t value = 0;
  for (int i = 0; i < int_size_; ++i) {
    PGDR_TRY(const int one, byte());
    if (i < 8) value |= static_cast<std::uint64_t>(one) << (8 * i);
  }
  value &= 0x7fffffffffffffffULL;
  return sign == 0 ? static_cast<std::int64_t>(value) : -static_cast<std::int64_t>(value);
}

Result<std::string> ArchiveReader::text(bool* null) {
  PGDR_TRY(const std::int64_t length, number());
  if (null != nullptr) *null = length < 0;
  if (length > kLongestText) return not_valid("a text is too long");
  std::string out;
  std::int64_t left = std::max<std::int64_t>(length, 0);
  while (left > 0) {
    if (pos_ == end_) {
      PGDR_CHECK(refill());
      if (at_end_) return cut();
    }
    const auto part = std::min<std::size_t>(end_ - pos_, static_cast<std::size_t>(left));
    out.append(reinterpret_cast<const char*>(buffer_.data() + pos_), part);
    pos_ += part;
    left -= static_cast<std::int64_t>(part);
  }
  return out;
}

Status ArchiveReader::skip(std::uint64_t n) {
  while (n > end_ - pos_) {
    n -= end_ - pos_;
    pos_ = end_;
    PGDR_CHECK(refill());
    if (at_end_) return cut();
  }
  pos_ += n;
  return success();
}

Status ArchiveReader::skip_chunks() {
  for (;;) {
    PGDR_TRY(const std::int64_t length, number());
    if (length == 0) return success();
    if (length < 0) return not_valid("a data chunk has a negative length");
    PGDR_CHECK(skip(static_cast<std::uint64_t>(length)));
  }
}

Status ArchiveReader::skip_block(int type) {
  if (type == kBlockData) return skip_chunks();
  if (type != kBlockBlobs) return not_valid(fmt::format("unknown block type {}", type));
  for (;;) {
    PGDR_TRY(const std::int64_t oid, number());
    if (oid == 0) return success();
    PGDR_CHECK(skip_chunks());
  }
}

Result<TocEntry> ArchiveReader::entry(int version) {
  TocEntry e;
  PGDR_TRY(const std::int64_t id, number());
  if (id <= 0 || id > 0x7fffffff) return not_valid("an entry's number is out of range");
  e.id = static_cast<int>(id);
  PGDR_TRY(const std::int64_t dumper, number());
  e.has_data = dumper != 0;
  PGDR_CHECK(text());  // OID of the catalog
  PGDR_CHECK(text());  // OID of the object
  PGDR_TRY(e.tag, text());
  PGDR_TRY(e.kind, text());
  PGDR_TRY(const std::int64_t section, number());
  if (section < 1 || section > 4) return not_valid("an entry's section is out of range");
  e.section = static_cast<Section>(section);
  PGDR_CHECK(text());  // definition
  PGDR_CHECK(text());  // DROP statement
  PGDR_CHECK(text());  // COPY statement
  PGDR_TRY(e.schema, text());
  PGDR_CHECK(text());                       // tablespace
  if (version >= 14) PGDR_CHECK(text());    // table access method
  if (version >= 16) PGDR_CHECK(number());  // relkind
  PGDR_TRY(e.owner, text());
  PGDR_CHECK(text());  // WITH OIDS
  for (;;) {
    bool end = false;
    PGDR_TRY(const std::string dependency, text(&end));
    if (end) break;
    int number = 0;
    std::from_chars(dependency.data(), dependency.data() + dependency.size(), number);
    e.dependencies.push_back(number);
  }
  // Where the data is: a flag and an offset, meaningless in a stream.
  PGDR_CHECK(skip(1 + static_cast<std::uint64_t>(offset_size_)));
  return e;
}

Result<Toc> ArchiveReader::read_toc() {
  Toc toc;
  keep_ = &toc.head;
  std::string magic;
  for (int i = 0; i < 5; ++i) {
    PGDR_TRY(const int c, byte());
    magic += static_cast<char>(c);
  }
  if (magic != "PGDMP") return not_valid("the first bytes are not PGDMP");
  PGDR_TRY(const int major, byte());
  PGDR_TRY(const int minor, byte());
  PGDR_CHECK(byte());  // revision
  if (major != 1 || minor < kOldestMinor || minor > kNewestMinor) {
    return not_valid(fmt::format("version {}.{} is not one this program knows", major, minor));
  }
  toc.version = minor;
  PGDR_TRY(int_size_, byte());
  PGDR_TRY(offset_size_, byte());
  PGDR_TRY(const int format, byte());
  if (int_size_ < 1 || int_size_ > 32 || offset_size_ < 1 || offset_size_ > 32) {
    return not_valid("its number sizes are out of range");
  }
  if (format != kFormatCustom) return not_valid("not in the custom format");
  if (minor >= 15) {
    PGDR_TRY(const int algorithm, byte());
    toc.compressed = algorithm != 0;
  } else {
    PGDR_TRY(const std::int64_t level, number());
    toc.compressed = level != 0;
  }
  for (int i = 0; i < 7; ++i) PGDR_CHECK(number());  // broken-down local time
  PGDR_TRY(toc.database, text());
  PGDR_TRY(toc.server_version, text());
  PGDR_TRY(toc.dump_version, text());
  PGDR_TRY(const std::int64_t count, number());
  if (count < 0 || count > kMostEntries) return not_valid("its number of entries is out of range");
  std::unordered_set<int> seen;
  for (std::int64_t i = 0; i < count; ++i) {
    PGDR_TRY(TocEntry e, entry(minor));
    if (!seen.insert(e.id).second) return not_valid("two entries have the same number");
    if (e.has_data) data_ids_.insert(e.id);
    toc.entries.push_back(std::move(e));
  }
  PGDR_CHECK(flush_copy());
  keep_ = nullptr;
  return toc;
}

Status ArchiveReader::copy_blocks(const std::unordered_set<int>& ids, Sink& to) {
  std::size_t left = ids.size();
  while (left > 0) {
    if (pos_ == end_) {
      PGDR_CHECK(refill());
      if (at_end_) return not_valid(fmt::format("{} of its data blocks are missing", left));
    }
    // Whether to copy is known only behind the block's number: copy the header by hand then.
    const auto type = std::to_integer<int>(buffer_[pos_++]);
    std::string header(1, static_cast<char>(type));
    keep_ = &header;
    mark_ = pos_;
    PGDR_TRY(const std::int64_t id, number());
    PGDR_CHECK(flush_copy());
    keep_ = nullptr;
    const bool wanted = ids.contains(static_cast<int>(id));
    if (wanted) {
      PGDR_CHECK(to.write(std::as_bytes(std::span(header))));
      copy_ = &to;
    }
    PGDR_CHECK(skip_block(type));
    PGDR_CHECK(flush_copy());
    copy_ = nullptr;
    if (wanted) --left;
  }
  return success();
}

Result<std::uint64_t> ArchiveReader::walk() {
  std::unordered_set<int> missing = data_ids_;
  std::uint64_t blocks = 0;
  for (;;) {
    if (pos_ == end_) PGDR_CHECK(refill());
    if (at_end_) break;  // refill() has passed everything on
    const auto type = std::to_integer<int>(buffer_[pos_++]);
    PGDR_TRY(const std::int64_t id, number());
    if (missing.erase(static_cast<int>(id)) == 0) {
      return not_valid(fmt::format("data block {} is doubled or belongs to no entry", id));
    }
    PGDR_CHECK(skip_block(type));
    ++blocks;
  }
  if (!missing.empty()) {
    return not_valid(fmt::format("the data of {} of its tables is missing", missing.size()));
  }
  return blocks;
}

}  // namespace pgdr::app
