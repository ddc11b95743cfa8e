// pg_dump's archives: table of contents, blocks, what a restore would choose of them.

#include "artifact/database/archive.hpp"

#include "artifact/database/restore_plan.hpp"
#include "fuzz/fuzz.hpp"
#include "pipe/stages.hpp"

namespace pgdr {

PGDR_FUZZ_TARGET(archive, input) {
  std::string mirrored;
  const auto mirror = pipe::memory_sink(mirrored);
  const auto from = pipe::memory_source(std::string(input));
  app::ArchiveReader reader(*from, mirror.get());
  const auto toc = reader.read_toc();
  if (!toc) return;
  fuzz::require(input.starts_with(toc->head), "a head that is not the archive's");
  const auto blocks = reader.walk();
  if (blocks) fuzz::require(mirrored == input, "a byte was not passed on");

  app::PlanOptions options;
  options.jobs = 3;
  const auto plan = app::plan_restore(*toc, options);
  options.only = {"public.users", "x"};
  static_cast<void>(app::plan_restore(*toc, options));
  if (!plan) return;
  fuzz::require(plan->all.size() <= toc->entries.size(), "more than there is");
  const auto wanted = app::with_data(*toc, plan->all);
  const auto second_from = pipe::memory_source(std::string(input));
  app::ArchiveReader second(*second_from);
  if (!second.read_toc()) return;
  std::string out;
  const auto sink = pipe::memory_sink(out);
  const bool copied = second.copy_blocks(wanted, *sink).ok();
  if (blocks) fuzz::require(copied, "blocks that walk() passed and copy_blocks() does not find");
  if (copied) fuzz::require(out.size() <= input.size(), "more than there was");
}

}  // namespace pgdr
