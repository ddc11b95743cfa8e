#include "store/sftp/sftp_session.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace pgdr::store::sftp {
namespace {

constexpr std::uint32_t kPrivatePermissions = 0600;
constexpr std::uint32_t kPrivateFolder = 0700;
// What every server must take in one request; more where it says so, up to what still helps.
constexpr std::uint32_t kCommonSize = 32U << 10U;
constexpr std::uint32_t kUsefulSize = 128U << 10U;

std::string_view words_for(StatusCode code) {
  switch (code) {
    case StatusCode::kNoSuchFile:
      return "it is not there";
    case StatusCode::kPermissionDenied:
      return "permission denied";
    case StatusCode::kUnsupported:
      return "the server does not support it";
    case StatusCode::kBadMessage:
      return "the server did not understand the request";
    default:
      return "the server reports a failure";
  }
}

}  // namespace

StatusCode Reply::status() const {
  if (type != Type::kStatus) return StatusCode::kOk;
  Fields fields(body);
  const auto code = static_cast<StatusCode>(fields.number());
  return fields.good() ? code : StatusCode::kBadMessage;
}

Result<std::unique_ptr<Session>> Session::open(const SshOptions& options) {
  PGDR_TRY(auto channel, SshChannel::open(options, "sftp"));
  std::unique_ptr<Session> session(new Session(std::move(channel)));
  PGDR_CHECK(session->greet());
  return session;
}

Status Session::greet() {
  read_size_ = write_size_ = kCommonSize;
  PGDR_CHECK(channel_->send(bytes_of(Packet(Type::kInit).number(kVersion).take())));
  std::uint32_t ignored = 0;
  PGDR_TRY(const Reply reply, next_packet(ignored));
  const std::optional<Version> version = read_version(reply.body);
  if (reply.type != Type::kVersion || !version) return nonsense();
  if (version->version != kVersion) {
    return Error::of(Code::kFailed, fmt::format("the server speaks version {} of SFTP, not {}",
                                                version->version, kVersion));
  }
  extensions_ = version->extensions;
  if (!offers("limits@openssh.com", "1")) return success();
  std::uint32_t id = 0;
  Packet packet = begin(Type::kExtended, id);
  packet.text("limits@openssh.com");
  PGDR_TRY(const Reply limits, ask(std::move(packet), id));
  if (limits.type != Type::kExtendedReply) return success();
  Fields fields(limits.body);
  fields.number64();  // of a packet
  const std::uint64_t reading = fields.number64();
  const std::uint64_t writing = fields.number64();
  const auto choose = [](std::uint64_t limit) {
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(limit, kCommonSize, kUsefulSize));
  };
  if (fields.good() && reading > 0) read_size_ = choose(reading);
  if (fields.good() && writing > 0) write_size_ = choose(writing);
  return success();
}

bool Session::offers(const std::string& name, const std::string& version) const {
  const auto found = extensions_.find(name);
  return found != extensions_.end() && found->second == version;
}

Packet Session::begin(Type type, std::uint32_t& id) {
  id = next_id_++;
  Packet packet(type);
  packet.number(id);
  return packet;
}

Error Session::nonsense() {
  return Error::of(Code::kFailed, "the server's answer is no SFTP",
                   "does the account's shell or profile print something at login?");
}

// The version has no id: for it, id takes nothing from the packet.
Result<Reply> Session::next_packet(std::uint32_t& id) {
  std::string& inbox = channel_->inbox();
  PGDR_CHECK(channel_->receive(kLengthField));
  const std::size_t size = Fields(inbox).number();
  if (size == 0 || size > kLargestPacket) return nonsense();
  PGDR_CHECK(channel_->receive(kLengthField + size));
  Fields fields(std::string_view(inbox).substr(kLengthField, size));
  Reply reply;
  reply.type = static_cast<Type>(fields.byte());
  std::size_t head = kLengthField + 1;
  if (reply.type != Type::kVersion) {
    id = fields.number();
    head += sizeof(id);
  }
  if (!fields.good()) return nonsense();
  reply.body = inbox.substr(head, kLengthField + size - head);
  inbox.erase(0, kLengthField + size);
  return reply;
}

Result<Reply> Session::collect(std::uint32_t id) {
  for (;;) {
    if (const auto found = early_.find(id); found != early_.end()) {
      Reply reply = std::move(found->second);
      early_.erase(found);
      return reply;
    }
    std::uint32_t got = 0;
    PGDR_TRY(Reply reply, next_packet(got));
    if (got == id) return reply;
    early_.emplace(got, std::move(reply));
  }
}

Result<Reply> Session::ask(Packet packet, std::uint32_t id) {
  PGDR_CHECK(channel_->send(bytes_of(packet.take())));
  return collect(id);
}

Error Session::failure(const Reply& reply, const std::string& what, const std::string& path) {
  const StatusCode code = reply.status();
  Fields fields(reply.body);
  fields.number();
  std::string reason(words_for(code));
  // The server's own words add something only where ours do not.
  const std::string_view said = fields.text();
  if (code == StatusCode::kFailure && !said.empty() && said != "Failure") {
    reason = said;
    for (char& c : reason) {
      if (static_cast<unsigned char>(c) < ' ') c = ' ';
    }
  }
  Error error = Error::of(Code::kFailed, fmt::format("cannot {} {}: {}", what, path, reason));
  if (code == StatusCode::kNoSuchFile) error.code = Code::kNotFound;
  if (code == StatusCode::kPermissionDenied) {
    error.hint = "the account at the server must own the repository, or be let in by its owner";
  }
  return error;
}

Result<Handle> Session::ask_handle(Packet packet, std::uint32_t id, const std::string& path) {
  PGDR_TRY(const Reply reply, ask(std::move(packet), id));
  if (reply.type != Type::kHandle) return failure(reply, "open", path);
  Fields fields(reply.body);
  Handle handle(fields.text());
  if (!fields.good() || handle.empty()) return nonsense();
  return handle;
}

Result<Attributes> Session::ask_attributes(Packet packet, std::uint32_t id,
                                           const std::string& path) {
  PGDR_TRY(const Reply reply, ask(std::move(packet), id));
  if (reply.type != Type::kAttrs) return failure(reply, "look at", path);
  Fields fields(reply.body);
  Attributes attributes = read_attributes(fields);
  if (!fields.good()) return nonsense();
  return attributes;
}

Status Session::ask_status(Packet packet, std::uint32_t id, const std::string& what,
                           const std::string& path) {
  PGDR_TRY(const Reply reply, ask(std::move(packet), id));
  if (reply.type != Type::kStatus) return nonsense();
  if (reply.status() == StatusCode::kOk) return success();
  return failure(reply, what, path);
}

Result<Handle> Session::open_file(const std::string& path, std::uint32_t flags) {
  std::uint32_t id = 0;
  Packet packet = begin(Type::kOpen, id);
  packet.text(path).number(flags);
  if ((flags & kCreate) != 0) {
    packet.permissions(kPrivatePermissions);
  } else {
    packet.no_attributes();
  }
  return ask_handle(std::move(packet), id, path);
}

Result<Handle> Session::open_folder(const std::string& path) {
  std::uint32_t id = 0;
  Packet packet = begin(Type::kOpendir, id);
  packet.text(path);
  return ask_handle(std::move(packet), id, path);
}

Status Session::close(const Handle& handle) {
  std::uint32_t id = 0;
  Packet packet = begin(Type::kClose, id);
  packet.text(handle);
  return ask_status(std::move(packet), id, "close", "a file");
}

Result<Attributes> Session::lstat(const std::string& path) {
  std::uint32_t id = 0;
  Packet packet = begin(Type::kLstat, id);
  packet.text(path);
  return ask_attributes(std::move(packet), id, path);
}

Result<Attributes> Session::stat(const std::string& path) {
  std::uint32_t id = 0;
  Packet packet = begin(Type::kStat, id);
  packet.text(path);
  return ask_attributes(std::move(packet), id, path);
}

Result<Attributes> Session::fstat(const Handle& handle, const std::string& path) {
  std::uint32_t id = 0;
  Packet packet = begin(Type::kFstat, id);
  packet.text(handle);
  return ask_attributes(std::move(packet), id, path);
}

Result<std::vector<Name>> Session::read_folder(const Handle& handle, const std::string& path) {
  std::uint32_t id = 0;
  Packet packet = begin(Type::kReaddir, id);
  packet.text(handle);
  PGDR_TRY(const Reply reply, ask(std::move(packet), id));
  if (reply.type == Type::kStatus && reply.status() == StatusCode::kEof) {
    return std::vector<Name>();
  }
  if (reply.type != Type::kName) return failure(reply, "read the folder", path);
  std::optional<std::vector<Name>> names = read_names(reply.body);
  // An answer of no names would never end, and is none the protocol knows.
  if (!names || names->empty()) return nonsense();
  return std::move(*names);
}

Status Session::make_folder(const std::string& path) {
  std::uint32_t id = 0;
  Packet packet = begin(Type::kMkdir, id);
  packet.text(path).permissions(kPrivateFolder);
  return ask_status(std::move(packet), id, "make the folder", path);
}

Status Session::remove_folder(const std::string& path) {
  std::uint32_t id = 0;
  Packet packet = begin(Type::kRmdir, id);
  packet.text(path);
  return ask_status(std::move(packet), id, "remove the folder", path);
}

Status Session::remove(const std::string& path) {
  std::uint32_t id = 0;
  Packet packet = begin(Type::kRemove, id);
  packet.text(path);
  return ask_status(std::move(packet), id, "remove", path);
}

Status Session::rename(const std::string& from, const std::string& to) {
  std::uint32_t id = 0;
  Packet packet = begin(Type::kRename, id);
  packet.text(from).text(to);
  return ask_status(std::move(packet), id, "put in place", to);
}

Status Session::hard_link(const std::string& from, const std::string& to) {
  std::uint32_t id = 0;
  Packet packet = begin(Type::kExtended, id);
  packet.text("hardlink@openssh.com").text(from).text(to);
  return ask_status(std::move(packet), id, "put in place", to);
}

Status Session::sync(const Handle& handle, const std::string& path) {
  std::uint32_t id = 0;
  Packet packet = begin(Type::kExtended, id);
  packet.text("fsync@openssh.com").text(handle);
  return ask_status(std::move(packet), id, "write out (fsync)", path);
}

Result<std::optional<std::uint64_t>> Session::free_space(const std::string& path) {
  std::optional<std::uint64_t> out;
  if (!offers("statvfs@openssh.com", "2")) return out;
  std::uint32_t id = 0;
  Packet packet = begin(Type::kExtended, id);
  packet.text("statvfs@openssh.com").text(path);
  PGDR_TRY(const Reply reply, ask(std::move(packet), id));
  if (reply.type != Type::kExtendedReply) return failure(reply, "look at", path);
  Fields fields(reply.body);
  fields.number64();  // preferred block size
  const std::uint64_t block = fields.number64();
  fields.number64();  // blocks in all
  fields.number64();  // free ones, the superuser's included
  const std::uint64_t available = fields.number64();
  if (fields.good()) out = block * available;
  return out;
}

Result<std::uint32_t> Session::ask_read(const Handle& handle, std::uint64_t offset,
                                        std::uint32_t size) {
  std::uint32_t id = 0;
  Packet packet = begin(Type::kRead, id);
  packet.text(handle).number64(offset).number(size);
  PGDR_CHECK(channel_->send(bytes_of(packet.take())));
  return id;
}

Result<std::uint32_t> Session::ask_write(const Handle& handle, std::uint64_t offset, Bytes data) {
  std::uint32_t id = 0;
  Packet packet = begin(Type::kWrite, id);
  packet.text(handle).number64(offset).text(text_of(data));
  PGDR_CHECK(channel_->send(bytes_of(packet.take())));
  return id;
}

}  // namespace pgdr::store::sftp
