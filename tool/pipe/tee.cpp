// One stream to several sinks, and streams in memory.
#include <algorithm>
#include <cstring>

#include "pipe/stages.hpp"

namespace pgdr::pipe {

namespace {

class TeeSink final : public Sink {
 public:
  explicit TeeSink(std::vector<Sink*> next) : next_(std::move(next)) {}
  Status write(Bytes data) override {
    for (Sink* sink : next_) PGDR_CHECK(sink->write(data));
    return success();
  }
  Status finish() override {
    for (Sink* sink : next_) PGDR_CHECK(sink->finish());
    return success();
  }

 private:
  std::vector<Sink*> next_;
};

class MemorySource final : public Source {
 public:
  explicit MemorySource(std::string content) : content_(std::move(content)) {}
  Result<std::size_t> read(MutableBytes buffer) override {
    const std::size_t n = std::min(buffer.size(), content_.size() - at_);
    if (n != 0) std::memcpy(buffer.data(), content_.data() + at_, n);
    at_ += n;
    return n;
  }

 private:
  std::string content_;
  std::size_t at_ = 0;
};

class MemorySink final : public Sink {
 public:
  explicit MemorySink(std::string& out) : out_(out) {}
  Status write(Bytes data) override {
    out_.append(text_of(data));
    return success();
  }
  Status finish() override { return success(); }

 private:
  std::string& out_;
};

}  // namespace

std::unique_ptr<Sink> tee_sink(std::vector<Sink*> next) {
  return std::make_unique<TeeSink>(std::move(next));
}

std::unique_ptr<Source> memory_source(std::string content) {
  return std::make_unique<MemorySource>(std::move(content));
}

std::unique_ptr<Sink> memory_sink(std::string& out) { return std::make_unique<MemorySink>(out); }

}  // namespace pgdr::pipe
