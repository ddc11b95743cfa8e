// The driver without libFuzzer:
//
//   pgdr_fuzz [--seed N] [--runs N] [--seconds N] [--findings FOLDER] CORPUS [TARGET…]
//   pgdr_fuzz --replay FILE TARGET
//
// CORPUS/TARGET/* are run as they are, then changed at random: --runs times each target (default
// 2000), and at most so many seconds. Prints a line for each target. An input that breaks a target
// is written into FOLDER, and named.

#include <sanitizer/common_interface_defs.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fuzz/fuzz.hpp"
#include "fuzz/mutate.hpp"

namespace pgdr::fuzz {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::uint64_t seed = 1;
  std::uint64_t runs = 2000;
  double seconds = 60;
  std::string findings = ".";
  std::string replay;
  std::vector<std::string> words;
};

std::string current_name;
std::string current_input;
std::string findings_folder;

void keep_finding() {
  const std::string path = findings_folder + "/finding-" + current_name;
  std::ofstream(path, std::ios::binary) << current_input;
  std::fprintf(stderr, "fuzz: target %s broke; its input, %zu bytes, is %s\n", current_name.c_str(),
               current_input.size(), path.c_str());
}

void on_abort(int /*signal*/) {
  keep_finding();
  std::signal(SIGABRT, SIG_DFL);
  std::abort();
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void run_one(const std::string& name, Run run, std::string input) {
  current_name = name;
  current_input = std::move(input);
  guarded(run, current_input);
}

bool run_target(const std::string& name, Run run, const Options& options) {
  std::vector<fs::path> paths;
  const fs::path folder = fs::path(options.words[0]) / name;
  if (fs::is_directory(folder)) {
    for (const auto& entry : fs::directory_iterator(folder)) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  if (paths.empty()) {
    std::fprintf(stderr, "no corpus in %s\n", folder.c_str());
    return false;
  }
  std::vector<std::string> corpus;
  for (const auto& path : paths) {
    corpus.push_back(read(path));
    run_one(name, run, corpus.back());
  }
  using clock = std::chrono::steady_clock;
  const auto begin = clock::now();
  const auto spent = [&] { return std::chrono::duration<double>(clock::now() - begin).count(); };
  // Each target has a sequence of its own, whichever others run.
  Random random(options.seed);
  std::uint64_t runs = 0;
  for (; runs < options.runs && (runs % 16 != 0 || spent() < options.seconds); ++runs) {
    std::string input = corpus[random.below(corpus.size())];
    mutate(input, corpus, kLongestInput, random);
    run_one(name, run, std::move(input));
  }
  std::printf("ok %-14s seed %llu: %zu of the corpus, %llu changed, %.1f s\n", name.c_str(),
              static_cast<unsigned long long>(options.seed), corpus.size(),
              static_cast<unsigned long long>(runs), spent());
  std::fflush(stdout);
  return true;
}

bool parse_arguments(int argc, char** argv, Options& options) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.starts_with("--")) {
      options.words.push_back(word);
      continue;
    }
    if (i + 1 == argc) return false;
    const char* value = argv[++i];
    if (word == "--seed")
      options.seed = std::strtoull(value, nullptr, 10);
    else if (word == "--runs")
      options.runs = std::strtoull(value, nullptr, 10);
    else if (word == "--seconds")
      options.seconds = std::strtod(value, nullptr);
    else if (word == "--findings")
      options.findings = value;
    else if (word == "--replay")
      options.replay = value;
    else
      return false;
  }
  return !options.words.empty();
}

int run(const Options& options) {
  findings_folder = options.findings;
  __sanitizer_set_death_callback(keep_finding);
  std::signal(SIGABRT, on_abort);
  std::vector<std::string> names(options.words.begin() + (options.replay.empty() ? 1 : 0),
                                 options.words.end());
  if (names.empty()) {
    for (const auto& [name, unused] : targets()) names.push_back(name);
  }
  bool good = true;
  for (const auto& name : names) {
    const auto found = targets().find(name);
    if (found == targets().end()) {
      std::fprintf(stderr, "no target %s\n", name.c_str());
      return 2;
    }
    if (!options.replay.empty()) {
      run_one(name, found->second, read(options.replay));
      std::printf("ok %s\n", name.c_str());
    } else {
      good = run_target(name, found->second, options) && good;
    }
  }
  return good ? 0 : 1;
}

}  // namespace
}  // namespace pgdr::fuzz

int main(int argc, char** argv) {
  pgdr::fuzz::Options options;
  if (!pgdr::fuzz::parse_arguments(argc, argv, options)) {
    std::fprintf(stderr,
                 "usage: pgdr_fuzz [--seed N] [--runs N] [--seconds N] [--findings FOLDER] CORPUS "
                 "[TARGET...]\n");
    return 2;
  }
  return pgdr::fuzz::run(options);
}
