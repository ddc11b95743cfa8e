#include "artifact/database/dump.hpp"

#include <csignal>
#include <vector>

#include <fmt/format.h>

#include "artifact/database/archive.hpp"

namespace pgdr::app {
namespace {

// Tells how far the stream is.
class Watched final : public Sink {
 public:
  Watched(ArtifactWriter& next, const DumpJob::OnBytes& tell) : next_(next), tell_(tell) {}
  Status write(Bytes data) override {
    PGDR_CHECK(next_.write(data));
    if (tell_) tell_(next_, false);
    return success();
  }
  Status finish() override { return next_.finish(); }

 private:
  ArtifactWriter& next_;
  const DumpJob::OnBytes& tell_;
};

}  // namespace

// The program's output; tells the job of the first byte.
class DumpJob::Noticed final : public Source {
 public:
  Noticed(DumpJob& job, Source& from) : job_(job), from_(from) {}
  Result<std::size_t> read(MutableBytes buffer) override {
    auto got = from_.read(buffer);
    if (got && *got > 0 && !told_) {
      told_ = true;
      {
        const std::lock_guard lock(job_.mutex_);
        job_.output_ = true;
      }
      job_.wake_.notify_all();
    }
    return got;
  }

 private:
  DumpJob& job_;
  Source& from_;
  bool told_ = false;
};

DumpJob::DumpJob(Command command, std::unique_ptr<ArtifactWriter> writer, bool archive,
                 OnFailure on_failure, OnBytes on_bytes)
    : command_(std::move(command)),
      program_(command_.argv.front().substr(command_.argv.front().rfind('/') + 1)),
      writer_(std::move(writer)),
      archive_(archive),
      on_failure_(std::move(on_failure)),
      on_bytes_(std::move(on_bytes)) {}

DumpJob::~DumpJob() {
  if (!thread_.joinable()) return;
  stop();
  thread_.join();
}

void DumpJob::start() {
  thread_ = std::thread([this] {
    const Status done = run();
    bool tell = false;
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
      if (!done) error_ = done.error();
      tell = !done && !stopped_;
    }
    wake_.notify_all();
    if (tell) on_failure_(done.error());
  });
}

bool DumpJob::await_output() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return output_ || ended_; });
  return !error_.has_value();
}

void DumpJob::stop() {
  const std::lock_guard lock(mutex_);
  stopped_ = true;
  if (process_ != nullptr) process_->kill();
}

Result<Artifact> DumpJob::result() {
  if (thread_.joinable()) thread_.join();
  if (error_) return *error_;
  return writer_->artifact();
}

Status DumpJob::pass_on(Source& from) {
  if (archive_) {
    Watched watched(*writer_, on_bytes_);
    ArchiveReader reader(from, &watched);
    PGDR_CHECK(reader.read_toc());
    PGDR_CHECK(reader.walk());
    return success();
  }
  std::vector<std::byte> buffer(std::size_t{64} * 1024);
  for (;;) {
    PGDR_TRY(const std::size_t got, from.read(buffer));
    if (got == 0) return success();
    PGDR_CHECK(writer_->write(Bytes(buffer).first(got)));
  }
}

Status DumpJob::run() {
  command_.want_stdout = true;
  PGDR_TRY(const auto process, Process::start(std::move(command_)));
  // Nobody may kill it once it is destroyed.
  struct Publish {
    DumpJob& job;
    Publish(DumpJob& owner, Process* p) : job(owner) {
      const std::lock_guard lock(job.mutex_);
      job.process_ = p;
      if (job.stopped_) p->kill();
    }
    Publish(const Publish&) = delete;
    Publish& operator=(const Publish&) = delete;
    ~Publish() {
      const std::lock_guard lock(job.mutex_);
      job.process_ = nullptr;
    }
  } const publish(*this, process.get());

  Noticed output(*this, process->out());
  Status passed = pass_on(output);
  // An output that ends too early is told by the program's own words, if it has any.
  if (!passed && passed.error().code != Code::kCorrupt) {
    process->kill();
    return passed;
  }
  PGDR_TRY(const ExitStatus status, process->wait());
  // A broken pipe is our own doing: we stopped reading what made no sense.
  if (!status.ok() && (passed || status.signal != SIGPIPE)) {
    return Error::of(Code::kFailed, fmt::format("{} {}", program_, status.describe()));
  }
  if (!passed) {
    return Error::of(Code::kFailed,
                     fmt::format("the output of {} is not complete, whatever it reports: {}",
                                 program_, passed.error().message));
  }
  if (writer_->original_bytes() == 0) {
    return Error::of(Code::kFailed,
                     fmt::format("{} reported success, but wrote nothing", program_));
  }
  PGDR_CHECK(writer_->finish());
  if (on_bytes_) on_bytes_(*writer_, true);
  return success();
}

}  // namespace pgdr::app
