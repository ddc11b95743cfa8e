// The programs that a backup runs beside the fingerprints, each with its stream into the
// repositories.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "app/artifact.hpp"
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
  // Waits. The artifact is complete and durable in at least one repository, or an error: that of
  // the program (its exit status counts before anything else), of its output, or of writing.
  Result<Artifact> result();
  // Of a successful one whose writer keeps it.
  [[nodiscard]] ChunkList chunk_list() const { return writer_->chunk_list(); }

 private:
  Status run();
  Status pass_on(Process& process);

  Command command_;
  std::string program_;
  std::unique_ptr<ArtifactWriter> writer_;
  bool archive_;
  OnFailure on_failure_;
  OnBytes on_bytes_;
  std::mutex mutex_;
  Process* process_ = nullptr;
  bool stopped_ = false;
  std::optional<Error> error_;
  std::thread thread_;
};

}  // namespace pgdr::app
