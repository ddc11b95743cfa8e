#include "app/pg_restore.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <mutex>
#include <optional>
#include <span>
#include <thread>

#include <fmt/format.h>

#include "app/globals_script.hpp"
#include "base/fd.hpp"
#include "base/file.hpp"
#include "base/process.hpp"

namespace pgdr::app {
namespace {

constexpr std::size_t kErrorsKept = 20;
constexpr std::size_t kLongestGlobals = std::size_t{256} << 20U;

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
  c.env["LC_MESSAGES"] = "C";
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
  if (!status.ok() && said.ignored == 0) {
    return Error::of(Code::kFailed, "pg_restore " + status.describe());
  }
  if (!fed) return fed;
  outcome_.error_count += said.ignored;
  for (auto& error : said.errors) {
    if (outcome_.errors.size() < kErrorsKept) outcome_.errors.push_back(std::move(error));
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
  wanted.without_pgdr = where_.without_pgdr;
  wanted.jobs = std::max(options_.jobs, 1);
  wanted.sizes = sizes;
  PGDR_TRY(RestorePlan plan, plan_restore(toc_, wanted));
  outcome_.tables = std::move(plan.tables);
  outcome_.left_out_pgdr = plan.left_out_pgdr;
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

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

template <class Each>
void each_line(std::string_view text, Each each) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    each(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

}  // namespace

RestoreMessages read_restore_messages(const std::string& err) {
  RestoreMessages said;
  bool more = false;  // the command that failed follows its error
  each_line(err, [&](std::string_view line) {
    const std::string_view error = "pg_restore: error: ";
    const std::string_view ignored = "pg_restore: warning: errors ignored on restore: ";
    if (starts_with(line, error)) {
      line.remove_prefix(error.size());
      const std::string_view query = "could not execute query: ";
      if (starts_with(line, query)) line.remove_prefix(query.size());
      said.errors.emplace_back(line);
      more = true;
    } else if (starts_with(line, ignored)) {
      line.remove_prefix(ignored.size());
      std::from_chars(line.data(), line.data() + line.size(), said.ignored);
    } else if (more && starts_with(line, "Command was: ")) {
      said.errors.back() += fmt::format(" [{}]", line.substr(13, 120));
      more = false;
    }
  });
  return said;
}

bool harmless(const std::string& error) {
  static const std::vector<std::string> known = {
      "ERROR:  schema \"public\" already exists", "ERROR:  must be owner of extension ",
      "ERROR:  must be owner of schema public",
      // --clean drops the constraints of partitions one by one, which fails; they go with their
      // parent's.
      "ERROR:  cannot drop inherited constraint "};
  return std::any_of(known.begin(), known.end(),
                     [&](const std::string& k) { return starts_with(error, k); });
}

Result<RestoreOutcome> restore_archive(CopyReader& copies, const ChunkList* chunks,
                                       const pipe::Keys& keys, const RestoreWhere& where,
                                       const RestoreOptions& options,
                                       const std::map<std::string, std::uint64_t>& sizes,
                                       Progress& progress) {
  return ArchiveRestore(copies, chunks, keys, where, options, progress).run(sizes);
}

Result<RestoreMessages> restore_globals(
    const StoredBackup& backup, const pipe::Keys& keys, const std::string& conninfo,
    const std::vector<std::pair<std::string, std::string>>& env) {
  const Artifact* globals = backup.manifest.find("globals");
  if (globals == nullptr) {
    return Error::of(Code::kUsage, fmt::format("backup {} holds no globals", backup.manifest.label),
                     "leave out --globals");
  }
  PGDR_TRY(const std::string text, read_artifact(backup, *globals, keys, kLongestGlobals));
  PGDR_TRY(const std::string script, plain_sql(text));
  Command command;
  PGDR_TRY(const std::string psql, find_program("psql"));
  command.argv = {
      psql,       "--no-psqlrc",       "--quiet", "--no-password", "--dbname=" + conninfo,
      "--file=-", "--output=/dev/null"};
  for (const auto& [name, value] : env) command.env[name] = value;
  command.env["LC_MESSAGES"] = "C";
  command.want_stdin = true;
  PGDR_TRY(const auto process, Process::start(std::move(command)));
  PGDR_CHECK(process->in().write(std::as_bytes(std::span(script))));
  PGDR_CHECK(process->in().finish());
  PGDR_TRY(const ExitStatus status, process->wait());
  if (!status.ok()) return Error::of(Code::kFailed, "psql " + status.describe());
  RestoreMessages said;
  each_line(status.err, [&](std::string_view line) {
    const std::size_t at = line.find("ERROR:  ");
    if (at == std::string_view::npos || line.find("already exists") != std::string_view::npos) {
      return;
    }
    ++said.ignored;
    if (said.errors.size() < kErrorsKept) said.errors.emplace_back(line.substr(at));
  });
  return said;
}

}  // namespace pgdr::app
