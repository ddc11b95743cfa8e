#include "store/sftp/sftp_wire.hpp"

#include <sys/stat.h>

namespace pgdr::store::sftp {
namespace {

// Which attributes follow.
constexpr std::uint32_t kHasSize = 1;
constexpr std::uint32_t kHasOwner = 2;
constexpr std::uint32_t kHasMode = 4;
constexpr std::uint32_t kHasTimes = 8;
constexpr std::uint32_t kHasExtended = 0x80000000U;

void append(std::string& out, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
    out += static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xffU);
  }
}

}  // namespace

Packet::Packet(Type type) : bytes_(kLengthField, '\0') { bytes_ += static_cast<char>(type); }

Packet& Packet::number(std::uint32_t value) {
  append(bytes_, value, sizeof(value));
  return *this;
}

Packet& Packet::number64(std::uint64_t value) {
  append(bytes_, value, sizeof(value));
  return *this;
}

Packet& Packet::text(std::string_view value) {
  number(static_cast<std::uint32_t>(value.size()));
  bytes_ += value;
  return *this;
}

Packet& Packet::permissions(std::uint32_t mode) { return number(kHasMode).number(mode); }

std::string Packet::take() {
  std::string length;
  append(length, bytes_.size() - kLengthField, kLengthField);
  bytes_.replace(0, kLengthField, length);
  return std::move(bytes_);
}

std::string_view Fields::cut(std::size_t n) {
  if (n > rest_.size()) {
    good_ = false;
    rest_ = {};
  }
  if (!good_) return {};
  const std::string_view out = rest_.substr(0, n);
  rest_.remove_prefix(n);
  return out;
}

std::uint8_t Fields::byte() {
  const std::string_view bytes = cut(1);
  return bytes.empty() ? 0 : static_cast<std::uint8_t>(bytes.front());
}

std::uint32_t Fields::number() {
  std::uint32_t value = 0;
  for (const char c : cut(sizeof(value))) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

std::uint64_t Fields::number64() {
  std::uint64_t value = 0;
  for (const char c : cut(sizeof(value))) value = value << 8U | static_cast<unsigned char>(c);
  return value;
}

std::string_view Fields::text() { return cut(number()); }

bool Attributes::is_file() const { return mode && S_ISREG(*mode); }
bool Attributes::is_folder() const { return mode && S_ISDIR(*mode); }
bool Attributes::is_link() const { return mode && S_ISLNK(*mode); }

Attributes read_attributes(Fields& fields) {
  Attributes out;
  const std::uint32_t has = fields.number();
  if ((has & kHasSize) != 0) out.size = fields.number64();
  if ((has & kHasOwner) != 0) {
    fields.number();
    fields.number();
  }
  if ((has & kHasMode) != 0) out.mode = fields.number();
  if ((has & kHasTimes) != 0) {
    fields.number();  // of the last reading
    out.mtime = fields.number();
  }
  if ((has & kHasExtended) != 0) {
    for (std::uint32_t n = fields.number(); n > 0 && fields.good(); --n) {
      fields.text();
      fields.text();
    }
  }
  return out;
}

std::optional<std::vector<Name>> read_names(std::string_view body) {
  Fields fields(body);
  std::vector<Name> out;
  for (std::uint32_t n = fields.number(); n > 0 && fields.good(); --n) {
    Name one;
    one.name = fields.text();
    fields.text();  // as "ls -l" draws it
    one.attributes = read_attributes(fields);
    out.push_back(std::move(one));
  }
  if (!fields.good()) return std::nullopt;
  return out;
}

std::optional<Version> read_version(std::string_view body) {
  Fields fields(body);
  Version out;
  out.version = fields.number();
  while (fields.good() && !fields.at_end()) {
    const std::string name(fields.text());
    out.extensions[name] = fields.text();
  }
  if (!fields.good()) return std::nullopt;
  return out;
}

}  // namespace pgdr::store::sftp
