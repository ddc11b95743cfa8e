#include "store/sftp/sftp_list.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "store/local/local.hpp"

namespace pgdr::store {
namespace {

using sftp::Attributes;
using sftp::Session;

class Walk {
 public:
  Walk(SftpClient& client, Session& session, bool temporaries)
      : client_(client), session_(session), temporaries_(temporaries) {}

  // kNotFound when the folder itself is absent.
  Status folder(const std::string& prefix) {
    const std::string path =
        prefix.empty() ? client_.path_of("") : client_.path_of(prefix.substr(0, prefix.size() - 1));
    PGDR_TRY(const sftp::Handle handle, session_.open_folder(path));
    std::vector<sftp::Name> names;
    for (;;) {
      PGDR_TRY(std::vector<sftp::Name> some, session_.read_folder(handle, path));
      if (some.empty()) break;
      std::move(some.begin(), some.end(), std::back_inserter(names));
    }
    PGDR_CHECK(session_.close(handle));
    for (const sftp::Name& name : names) PGDR_CHECK(look(prefix, name));
    return success();
  }

  std::vector<Entry> entries;

 private:
  Status look(const std::string& prefix, const sftp::Name& name) {
    const bool temporary = name.name.starts_with(kTemporaryPrefix);
    if (name.name.find('/') != std::string::npos) {
      return Error::of(Code::kFailed, fmt::format("the server lists a name that is none in {}",
                                                  client_.shown(prefix)));
    }
    if (!temporary && !valid_key(name.name)) return success();
    const std::string key = prefix + name.name;
    Attributes info = name.attributes;
    if (!info.mode || !info.size || !info.mtime) {
      const Result<Attributes> asked = session_.lstat(client_.path_of(key));
      if (!asked && asked.error().code == Code::kNotFound) return success();  // removed meanwhile
      if (!asked) return asked.error();
      info = *asked;
    }
    if (info.is_folder() && !temporary) {
      const Status below = folder(key + "/");
      return !below && below.error().code == Code::kNotFound ? success() : below;
    }
    if (info.is_file()) {
      if (temporary == temporaries_) entries.push_back(entry_of(key, info));
      return success();
    }
    if (temporary) return success();
    return Error::of(Code::kFailed,
                     fmt::format("{} is neither a file nor a folder", client_.shown(key)),
                     "a repository holds no links and no special files: move it away");
  }

  SftpClient& client_;
  Session& session_;
  bool temporaries_;
};

}  // namespace

Entry entry_of(const std::string& key, const Attributes& attributes) {
  return {key, attributes.size.value_or(0),
          Time(std::chrono::seconds(attributes.mtime.value_or(0)))};
}

Result<std::vector<Entry>> list_sftp(SftpClient& client, const std::string& prefix,
                                     bool temporaries) {
  PGDR_TRY(const SftpClient::Loan session, client.take());
  PGDR_CHECK(client.check_root(*session));
  Walk walk(client, *session, temporaries);
  const Status walked = walk.folder(prefix);
  if (!walked && walked.error().code != Code::kNotFound) return walked.error();
  // Absent below a repository that is there: nothing of that prefix.
  if (!walked) PGDR_CHECK(client.check_root(*session));
  std::sort(walk.entries.begin(), walk.entries.end(),
            [](const Entry& a, const Entry& b) { return a.key < b.key; });
  return std::move(walk.entries);
}

}  // namespace pgdr::store
