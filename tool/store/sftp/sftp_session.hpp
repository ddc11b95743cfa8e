// One SFTP conversation with a server: requests that wait for their answer, and requests that are
// sent ahead of it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "store/sftp/sftp_wire.hpp"
#include "net/ssh_channel.hpp"

namespace pgdr::store::sftp {

struct Reply {
  Type type = Type::kStatus;
  std::string body;
  // Of a kStatus; kOk for any other.
  [[nodiscard]] StatusCode status() const;
};

// A file or folder that is open at the server; closed by SftpSession::close() alone.
using Handle = std::string;

// Not thread safe but for keep_alive(). Paths are sent as they are. Errors: kNotFound for what is
// not there, retryable ones when the connection broke (then broken() is true and nothing works any
// more), kFailed with the server's words for the rest.
class Session {
 public:
  static Result<std::unique_ptr<Session>> open(const SshOptions& options);

  Result<Handle> open_file(const std::string& path, std::uint32_t flags);
  Result<Handle> open_folder(const std::string& path);
  Status close(const Handle& handle);
  Result<Attributes> lstat(const std::string& path);
  Result<Attributes> stat(const std::string& path);  // follows links
  Result<Attributes> fstat(const Handle& handle, const std::string& path);
  // Some of its names; empty: no more.
  Result<std::vector<Name>> read_folder(const Handle& handle, const std::string& path);
  Status make_folder(const std::string& path);  // 0700
  Status remove_folder(const std::string& path);
  Status remove(const std::string& path);
  // kExists-like failures are kFailed: version 3 has no code for them. Look afterwards.
  Status rename(const std::string& from, const std::string& to);
  Status hard_link(const std::string& from, const std::string& to);  // needs can_link()
  Status sync(const Handle& handle, const std::string& path);        // needs can_sync()
  // Bytes free for this account below path; nullopt: the server does not say.
  Result<std::optional<std::uint64_t>> free_space(const std::string& path);

  // Sent ahead: the id to collect the answer with, in any order.
  Result<std::uint32_t> ask_read(const Handle& handle, std::uint64_t offset, std::uint32_t size);
  Result<std::uint32_t> ask_write(const Handle& handle, std::uint64_t offset, Bytes data);
  Result<Reply> collect(std::uint32_t id);

  [[nodiscard]] bool can_link() const { return offers("hardlink@openssh.com", "1"); }
  [[nodiscard]] bool can_sync() const { return offers("fsync@openssh.com", "1"); }
  [[nodiscard]] std::uint32_t read_size() const { return read_size_; }    // bytes, of one request
  [[nodiscard]] std::uint32_t write_size() const { return write_size_; }  // bytes, of one request
  [[nodiscard]] bool broken() const { return channel_->broken(); }
  [[nodiscard]] std::string server() const { return channel_->server_banner(); }
  void set_cleanup(bool cleanup) { channel_->set_cleanup(cleanup); }
  void keep_alive() { channel_->keep_alive(); }

  // An answer that says no, as an Error.
  static Error failure(const Reply& reply, const std::string& what, const std::string& path);

 private:
  explicit Session(std::unique_ptr<SshChannel> channel) : channel_(std::move(channel)) {}
  Status greet();
  [[nodiscard]] bool offers(const std::string& name, const std::string& version) const;
  Packet begin(Type type, std::uint32_t& id);
  Result<Reply> ask(Packet packet, std::uint32_t id);
  Result<Handle> ask_handle(Packet packet, std::uint32_t id, const std::string& path);
  Result<Attributes> ask_attributes(Packet packet, std::uint32_t id, const std::string& path);
  Status ask_status(Packet packet, std::uint32_t id, const std::string& what,
                    const std::string& path);
  Result<Reply> next_packet(std::uint32_t& id);
  Error nonsense();

  std::unique_ptr<SshChannel> channel_;
  std::map<std::string, std::string> extensions_;
  std::unordered_map<std::uint32_t, Reply> early_;  // answers nobody has collected yet
  std::uint32_t next_id_ = 1;
  std::uint32_t read_size_;
  std::uint32_t write_size_;
};

}  // namespace pgdr::store::sftp
