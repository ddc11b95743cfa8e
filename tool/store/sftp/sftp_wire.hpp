// The SFTP protocol, version 3, as bytes: draft-ietf-secsh-filexfer-02 and, for the extensions,
// OpenSSH's PROTOCOL file. Pure.
//
// Not libssh's own SFTP: in 0.10 that waits for the answer to each write, and lacks
// hardlink@openssh.com, by which nothing is ever overwritten.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/stream.hpp"

namespace pgdr::store::sftp {

inline constexpr std::size_t kLengthField = 4;  // bytes, in front of each packet

enum class Type : std::uint8_t {
  kInit = 1,
  kVersion = 2,
  kOpen = 3,
  kClose = 4,
  kRead = 5,
  kWrite = 6,
  kLstat = 7,
  kFstat = 8,
  kOpendir = 11,
  kReaddir = 12,
  kRemove = 13,
  kMkdir = 14,
  kRmdir = 15,
  kStat = 17,
  kRename = 18,
  kStatus = 101,
  kHandle = 102,
  kData = 103,
  kName = 104,
  kAttrs = 105,
  kExtended = 200,
  kExtendedReply = 201,
};

enum class StatusCode : std::uint32_t {
  kOk = 0,
  kEof = 1,
  kNoSuchFile = 2,
  kPermissionDenied = 3,
  kFailure = 4,
  kBadMessage = 5,
  kNoConnection = 6,
  kConnectionLost = 7,
  kUnsupported = 8,
};

// Of SSH_FXP_OPEN.
inline constexpr std::uint32_t kRead = 1;
inline constexpr std::uint32_t kWrite = 2;
inline constexpr std::uint32_t kCreate = 8;
inline constexpr std::uint32_t kExclusive = 32;

inline constexpr std::uint32_t kVersion = 3;
inline constexpr std::size_t kLargestPacket = 1U << 20U;  // of an answer; larger ones are nonsense

// One packet being built: length, type and the fields in order.
class Packet {
 public:
  explicit Packet(Type type);
  Packet& number(std::uint32_t value);
  Packet& number64(std::uint64_t value);
  Packet& text(std::string_view value);
  Packet& permissions(std::uint32_t mode);  // attributes that say only these
  Packet& no_attributes() { return number(0); }
  // The bytes to send; the packet is complete then.
  std::string take();

 private:
  std::string bytes_;
};

// Reads the fields of an answer. After a field that is not there, good() is false and every value
// empty or zero.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : rest_(bytes) {}
  std::uint8_t byte();
  std::uint32_t number();
  std::uint64_t number64();
  std::string_view text();
  [[nodiscard]] bool good() const { return good_; }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }

 private:
  std::string_view cut(std::size_t n);
  std::string_view rest_;
  bool good_ = true;
};

struct Attributes {
  std::optional<std::uint64_t> size;
  std::optional<std::uint32_t> mode;   // with the kind of file
  std::optional<std::uint32_t> mtime;  // seconds since 1970
  [[nodiscard]] bool is_file() const;
  [[nodiscard]] bool is_folder() const;
  [[nodiscard]] bool is_link() const;
};
Attributes read_attributes(Fields& fields);

struct Name {
  std::string name;
  Attributes attributes;
};
// The body of SSH_FXP_NAME; nullopt: malformed.
std::optional<std::vector<Name>> read_names(std::string_view body);

struct Version {
  std::uint32_t version = 0;
  std::map<std::string, std::string> extensions;
};
std::optional<Version> read_version(std::string_view body);

}  // namespace pgdr::store::sftp
