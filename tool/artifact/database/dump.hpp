// The programs that a backup runs beside the fingerprints, each with its stream into the
// repositories.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "repo/artifact.hpp"
#include "base/process.hpp"

namespace pgdr::app {

// One program whose standard output becomes an artifact. Runs in a thread of its own.
class DumpJob {
 public:
  // archive: the output is pg_dump's custom format, whose completeness is checked while it passes.
  // on_failure is called once, from the job's thread, when it fails for any reason but stop();
  // on_bytes often, from the job's thread, and once more when all is done.
  using OnFailure = std::function<void(const Error&)>;
  using OnBytes = std::function<void(const ArtifactWriter&, bool done)>;
  DumpJob(Command command, std::unique_ptr<ArtifactWriter> writer, bool archive,
          OnFailure on_failure, OnBytes on_bytes = {});
  ~DumpJob();  // stops and joins
  DumpJob(const DumpJob&) = delete;
  DumpJob& operator=(const DumpJob&) = delete;

  void start();
  void stop();  // from any thread; kills the program
  // Waits for the program's first output, or its end; false when it ended in failure.
  // pg_dump's custom format begins with its table of contents, which is written when all of it is
  // known (_CloseArchive() in PostgreSQL's pg_backup_custom.c): with its first byte pg_dump holds
  // the lock of every table that it will read.
  bool await_output();
  // Waits. The artifact is complete and durable in at least one repository, or an error: that of
  // the program (its exit status counts before anything else), of its output, or of writing.
  Result<Artifact> result();
  // Of a successful one whose writer keeps it.
  [[nodiscard]] ChunkList chunk_list() const { return writer_->chunk_list(); }

 private:
  class Noticed;
  Status run();
  Status pass_on(Source& from);

  Command command_;
  std::string program_;
  std::unique_ptr<ArtifactWriter> writer_;
  bool archive_;
  OnFailure on_failure_;
  OnBytes on_bytes_;
  std::mutex mutex_;
  std::condition_variable wake_;
  Process* process_ = nullptr;
  bool stopped_ = false;
  bool output_ = false;  // some has come
  bool ended_ = false;
  std::optional<Error> error_;
  std::thread thread_;
};

}  // namespace pgdr::app
