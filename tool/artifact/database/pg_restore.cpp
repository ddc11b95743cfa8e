#include "artifact/database/pg_restore.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <mutex>
#include <optional>
#include <span>
#include <thread>

#include <fmt/format.h>

#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/process.hpp"

namespace pgdr::app {
namespace {

constexpr std::size_t kWordsKept = std::size_t{60} * 1024;  // less than Process keeps
constexpr std::size_t kFailuresKept = 10'000;

// A file in memory that a child opens by its name.
Result<Fd> memory_file(const char* name, const std::string& content) {
  Fd fd(memfd_create(name, MFD_CLOEXEC));
  if (!fd) return system_error(errno, "cannot make a file in memory");
  std::string_view left(content);
  while (!left.empty()) {
    const ssize_t n = ::write(fd.get(), left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return system_error(errno, "cannot write to a file in memory");
    left.remove_prefix(static_cast<std::size_t>(n));
  }
  return fd;
}

std::string path_of(const Fd& fd) { return fmt::format("/proc/self/fd/{}", fd.get()); }

class ArchiveRestore {
 public:
  ArchiveRestore(CopyReader& copies, const ChunkList* chunks, const pipe::Keys& keys,
                 const RestoreWhere& where, const RestoreOptions& options, Progress& progress)
      : copies_(copies),
        chunks_(chunks),
        dump_(*copies.manifest().find("database")),
        keys_(keys),
        where_(where),
        options_(options),
        progress_(progress) {}

  Result<RestoreOutcome> run(const std::map<std::string, std::uint64_t>& sizes);

 private:
  [[nodiscard]] Command command(const Fd& list) const;
  Status finish(Process& process, const Status& fed);
  Status from_memory(const Fd& head, const std::vector<int>& ids, int jobs);
  Status stream(const std::vector<int>& ids);
  Status streams(const std::vector<std::vector<int>>& shares);
  void show(const char* phase);
  Result<std::unique_ptr<ArtifactReader>> open_dump();

  CopyReader& copies_;
  const ChunkList* chunks_;
  const Artifact& dump_;
  const pipe::Keys& keys_;
  const RestoreWhere& where_;
  const RestoreOptions& options_;
  Progress& progress_;
  Toc toc_;
  std::mutex mutex_;  // the members below
  std::vector<Process*> running_;
  bool stop_ = false;
  std::uint64_t bytes_ = 0;
  RestoreOutcome outcome_;
};

Command ArchiveRestore::command(const Fd& list) const {
  Command c;
  c.argv = {where_.program, "--format=custom", "--no-password", "--dbname=" + where_.conninfo,
            "--use-list=" + path_of(list)};
  if (options_.no_owner) c.argv.emplace_back("--no-owner");
  if (options_.no_acl) c.argv.emplace_back("--no-acl");
  if (options_.clean) c.argv.emplace_back("--clean");
  if (options_.if_exists) c.argv.emplace_back("--if-exists");
  if (options_.schema_only) c.argv.emplace_back("--schema-only");
  for (const auto& [name, value] : where_.env) c.env[name] = value;
  speak_plainly(c);
  c.inherit_fds = {list.get()};
  return c;
}

Status ArchiveRestore::finish(Process& process, const Status& fed) {
  // A pg_restore that stops reading has a reason of its own, which is worth more than ours.
  if (!fed && (fed.error().code != Code::kFailed || copies_.exhausted())) {
    process.kill();
    return fed;
  }
  PGDR_TRY(const ExitStatus status, process.wait());
  RestoreMessages said = read_restore_messages(status.err);
  const std::lock_guard lock(mutex_);
  if (!status.ok() && !said.finished) {
    return Error::of(Code::kFailed, "pg_restore " + status.describe());
  }
  if (!fed) return fed;
  // With --jobs it counts some twice. Unless its words were cut, every error is among them.
  const bool cut = status.err.size() >= kWordsKept || said.failed.empty();
  outcome_.error_count +=
      cut ? std::max<std::uint64_t>(said.ignored, said.failed.size()) : said.failed.size();
  name_entries(said.failed, toc_);
  for (auto& failed : said.failed) {
    if (outcome_.failed.size() < kFailuresKept) outcome_.failed.push_back(std::move(failed));
  }
  return success();
}

Status ArchiveRestore::from_memory(const Fd& head, const std::vector<int>& ids, int jobs) {
  if (ids.empty()) return success();
  PGDR_TRY(const Fd list, memory_file("list", list_text(ids)));
  Command c = command(list);
  if (jobs > 1) c.argv.push_back(fmt::format("--jobs={}", jobs));
  c.argv.push_back(path_of(head));
  c.inherit_fds.push_back(head.get());
  PGDR_TRY(const auto process, Process::start(std::move(c)));
  return finish(*process, success());
}

void ArchiveRestore::show(const char* phase) {
  std::uint64_t bytes = 0;
  {
    const std::lock_guard lock(mutex_);
    bytes = bytes_;
  }
  progress_.update({phase, bytes, dump_.original_bytes, 0});
}

// Counts what goes to a pg_restore.
class Counted final : public Sink {
 public:
  Counted(Sink& next, std::function<void(std::size_t)> tell)
      : next_(next), tell_(std::move(tell)) {}
  Status write(Bytes data) override {
    PGDR_CHECK(next_.write(data));
    tell_(data.size());
    return success();
  }
  Status finish() override { return next_.finish(); }

 private:
  Sink& next_;
  std::function<void(std::size_t)> tell_;
};

Result<std::unique_ptr<ArtifactReader>> ArchiveRestore::open_dump() {
  PGDR_TRY(std::unique_ptr<Source> stored, copies_.open(dump_, chunks_));
  return ArtifactReader::from(std::move(stored), dump_, keys_, false);
}

Status ArchiveRestore::stream(const std::vector<int>& ids) {
  PGDR_TRY(const Fd list, memory_file("list", list_text(ids)));
  Command c = command(list);
  c.want_stdin = true;
  PGDR_TRY(const auto reader, open_dump());
  ArchiveReader archive(*reader);
  PGDR_TRY(const Toc again, archive.read_toc());
  PGDR_TRY(const auto process, Process::start(std::move(c)));
  {
    const std::lock_guard lock(mutex_);
    if (stop_) return Error::of(Code::kFailed, "another stream failed");
    running_.push_back(process.get());
  }
  Counted sink(process->in(), [this](std::size_t n) {
    {
      const std::lock_guard lock(mutex_);
      bytes_ += n;
    }
    show("restoring data");
  });
  const auto feed = [&]() -> Status {
    PGDR_CHECK(sink.write(std::as_bytes(std::span(again.head))));
    PGDR_CHECK(archive.copy_blocks(with_data(toc_, ids), sink));
    return sink.finish();
  };
  Status done = finish(*process, feed());
  const std::lock_guard lock(mutex_);
  std::erase(running_, process.get());
  return done;
}

Status ArchiveRestore::streams(const std::vector<std::vector<int>>& shares) {
  std::vector<std::thread> threads;
  threads.reserve(shares.size());
  std::optional<Error> first;
  for (const auto& share : shares) {
    threads.emplace_back([this, &share, &first] {
      const Status done = stream(share);
      if (done) return;
      const std::lock_guard lock(mutex_);
      if (!first) first = done.error();
      stop_ = true;
      for (Process* process : running_) process->kill();
    });
  }
  for (auto& thread : threads) thread.join();
  if (first) return *first;
  return success();
}

Result<RestoreOutcome> ArchiveRestore::run(const std::map<std::string, std::uint64_t>& sizes) {
  {
    PGDR_TRY(const auto reader, open_dump());
    ArchiveReader archive(*reader);
    PGDR_TRY(toc_, archive.read_toc());
  }
  PlanOptions wanted;
  wanted.only = options_.only;
  wanted.schema_only = options_.schema_only;
  wanted.leave_out = where_.leave_out;
  wanted.jobs = std::max(options_.jobs, 1);
  wanted.sizes = sizes;
  PGDR_TRY(RestorePlan plan, plan_restore(toc_, wanted));
  outcome_.tables = std::move(plan.tables);
  outcome_.left_out = std::move(plan.left_out);
  if (options_.jobs <= 1 || options_.clean) {
    show("restoring");
    PGDR_CHECK(stream(plan.all));
  } else {
    PGDR_TRY(const Fd head, memory_file("toc", toc_.head));
    show("restoring definitions");
    PGDR_CHECK(from_memory(head, plan.before, 1));
    outcome_.streams = static_cast<int>(std::max<std::size_t>(plan.data.size(), 1));
    PGDR_CHECK(streams(plan.data));
    show("restoring indexes and constraints");
    PGDR_CHECK(from_memory(head, plan.after, options_.jobs));
  }
  progress_.done();
  return std::move(outcome_);
}

}  // namespace

void speak_plainly(Command& command) {
  command.env["LC_ALL"] = "C";
  command.env["LANGUAGE"] = "";
  command.env["PG_COLOR"] = "never";
}

Result<RestoreOutcome> restore_archive(CopyReader& copies, const ChunkList* chunks,
                                       const pipe::Keys& keys, const RestoreWhere& where,
                                       const RestoreOptions& options,
                                       const std::map<std::string, std::uint64_t>& sizes,
                                       Progress& progress) {
  return ArchiveRestore(copies, chunks, keys, where, options, progress).run(sizes);
}

}  // namespace pgdr::app
