// Throughput of the streaming stages: bytes of input per second, single stages and the chain.
#include <benchmark/benchmark.h>

#include <memory>
#include <random>
#include <string>

#include "pipe/age.hpp"
#include "pipe/stages.hpp"

namespace pgdr::pipe {
namespace {

constexpr std::size_t kInput = 64U << 20U;
constexpr std::size_t kPiece = 256U << 10U;  // what copy_all() hands over

// Rows like those of a dump: compresses about three to one.
const std::string& rows() {
  static const std::string text = [] {
    std::mt19937 random(1);
    std::string t;
    t.reserve(kInput + 200);
    while (t.size() < kInput) {
      t += std::to_string(random());
      t += "\tuser";
      t += std::to_string(random() % 100000);
      t += "@example.org\t2026-11-21 02:00:00.";
      t += std::to_string(random() % 1000000);
      t += "+00\t{\"tokens\": ";
      t += std::to_string(random() % 4096);
      t += ", \"model\": \"large\"}\n";
    }
    t.resize(kInput);
    return t;
  }();
  return text;
}

class NullSink final : public Sink {
 public:
  Status write(Bytes data) override {
    benchmark::DoNotOptimize(data.data());
    bytes_ += data.size();
    return success();
  }
  Status finish() override { return success(); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  std::uint64_t bytes_ = 0;
};

void check(const Status& status, benchmark::State& state) {
  if (!status) state.SkipWithError(status.error().message.c_str());
}

void feed(Sink& sink, benchmark::State& state) {
  const std::string& text = rows();
  for (std::size_t at = 0; at < text.size(); at += kPiece) {
    check(sink.write(bytes_of(std::string_view(text).substr(at, kPiece))), state);
  }
  check(sink.finish(), state);
}

void drain(Source& source, benchmark::State& state) {
  std::string buffer(kPiece, '\0');
  for (;;) {
    const auto n = source.read(std::as_writable_bytes(std::span(buffer)));
    if (!n) state.SkipWithError(n.error().message.c_str());
    if (!n || *n == 0) break;
  }
}

// After the loop: iterations() counts only then.
void count(benchmark::State& state) {
  state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * kInput));
}

const Identity& identity() {
  static const Identity key = *Identity::generate();
  return key;
}

void sha256(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) feed(*hash_sink(nullptr), state);
  count(state);
}

void age_writing(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    NullSink null;
    feed(**age_encrypt(null, {{identity().recipient()}, {}}), state);
  }
  count(state);
}

void age_reading(benchmark::State& state) {
  std::string file;
  const auto memory = memory_sink(file);
  auto sink = age_encrypt(*memory, {{identity().recipient()}, {}});
  check((*sink)->write(bytes_of(rows())), state);
  check((*sink)->finish(), state);
  for ([[maybe_unused]] auto _ : state) {
    state.PauseTiming();
    const auto source = memory_source(file);
    state.ResumeTiming();
    drain(**age_decrypt(*source, {{identity()}, {}}), state);
  }
  count(state);
}

void zstd_writing(benchmark::State& state) {
  std::uint64_t stored = 0;
  for ([[maybe_unused]] auto _ : state) {
    NullSink null;
    feed(**zstd_sink(null, 3, static_cast<int>(state.range(0))), state);
    stored = null.bytes();
  }
  state.counters["ratio"] = static_cast<double>(kInput) / static_cast<double>(stored);
  count(state);
}

void zstd_reading(benchmark::State& state) {
  std::string file;
  const auto memory = memory_sink(file);
  auto sink = zstd_sink(*memory, 3, 0);
  check((*sink)->write(bytes_of(rows())), state);
  check((*sink)->finish(), state);
  for ([[maybe_unused]] auto _ : state) {
    const auto source = memory_source(file);
    drain(**zstd_source(*source), state);
  }
  count(state);
}

// A backup's own: sha256 of the original, zstd, age, sha256 of what is stored.
void chain_writing(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    const auto stored = hash_sink(nullptr);
    auto age = age_encrypt(*stored, {{identity().recipient()}, {}});
    auto zstd = zstd_sink(**age, 3, static_cast<int>(state.range(0)));
    feed(*hash_sink(zstd->get()), state);
  }
  count(state);
}

// A restore's: sha256, age, zstd, sha256.
void chain_reading(benchmark::State& state) {
  std::string file;
  const auto memory = memory_sink(file);
  auto age = age_encrypt(*memory, {{identity().recipient()}, {}});
  auto zstd = zstd_sink(**age, 3, 0);
  check((*zstd)->write(bytes_of(rows())), state);
  check((*zstd)->finish(), state);
  for ([[maybe_unused]] auto _ : state) {
    const auto source = memory_source(file);
    const auto stored = hash_source(*source);
    auto opened = age_decrypt(*stored, {{identity()}, {}});
    auto plain = zstd_source(**opened);
    drain(*hash_source(**plain), state);
  }
  count(state);
}

BENCHMARK(sha256)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(age_writing)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(age_reading)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(zstd_writing)->Arg(0)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(zstd_reading)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(chain_writing)->Arg(0)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(chain_reading)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace pgdr::pipe
