// pg_dump's custom archive format, as far as a stream reader needs it: the table of contents and
// the framing of the data behind it. Reads versions 1.12 to 1.16 (pg_dump 9.0 to 18).
// Source of the format: PostgreSQL's src/bin/pg_dump/pg_backup_archiver.c (ReadHead, ReadToc) and
// pg_backup_custom.c (block framing).
//
//   ArchiveReader reader(source);
//   PGDR_TRY(auto toc, reader.read_toc());
//   PGDR_CHECK(reader.copy_blocks(&wanted, sink));   // or walk(): read everything to its end
//
// Written by pg_dump into a pipe, an archive is head, table of contents, then the data blocks in
// the order of the table of contents, without offsets. A stream that leaves out the blocks nobody
// asks for is therefore again a valid archive for a pg_restore that reads from a pipe.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/stream.hpp"

namespace pgdr::app {

enum class Section { kNone = 1, kPreData = 2, kData = 3, kPostData = 4 };

struct TocEntry {
  int id = 0;             // dump id: unique in the archive
  bool has_data = false;  // a data block of this id follows the table of contents
  std::string tag;        // "users", "users users_pkey"
  std::string kind;       // "TABLE", "TABLE DATA", "FK CONSTRAINT", …
  Section section = Section::kNone;
  std::string schema;  // "" where it does not apply
  std::string owner;
  std::vector<int> dependencies;  // dump ids, some of entries that are not in the archive
};

struct Toc {
  int version = 0;  // minor version of the format: 14 for 1.14
  bool compressed = false;
  std::string database;
  std::string server_version;
  std::string dump_version;
  std::vector<TocEntry> entries;  // in the archive's order
  std::string head;               // the very bytes up to the first data block
};

class ArchiveReader {
 public:
  // mirror, if given, receives every byte that is read, in order: so a dump is checked while it is
  // stored.
  explicit ArchiveReader(Source& from, Sink* mirror = nullptr);

  // First call. kCorrupt: not an archive of this kind, cut short, or out of form.
  Result<Toc> read_toc();
  // Writes the data blocks of these ids to `to` (not the head, no finish()) and returns as soon as
  // the last of them has passed. An id without a block is kCorrupt.
  Status copy_blocks(const std::unordered_set<int>& ids, Sink& to);
  // Reads every block to the end of the archive. kCorrupt when a block is cut, unknown, doubled, or
  // one that the table of contents announces is missing. Returns the number of blocks.
  Result<std::uint64_t> walk();
  // Bytes consumed so far.
  [[nodiscard]] std::uint64_t position() const { return consumed_ + pos_; }

 private:
  Status refill();  // position at the next byte, or at_end_
  Result<int> byte();
  Result<std::int64_t> number();
  Result<std::string> text(bool* null = nullptr);
  Status skip(std::uint64_t n);
  Status skip_chunks();  // chunks of one table or large object, to the zero length behind them
  Status skip_block(int type);
  Status flush_copy();
  Result<TocEntry> entry(int version);
  Error cut() const;

  Source& from_;
  std::vector<std::byte> buffer_;
  std::size_t pos_ = 0;
  std::size_t end_ = 0;
  std::size_t mark_ = 0;  // start of what is still to be copied
  bool at_end_ = false;
  std::uint64_t consumed_ = 0;
  Sink* copy_ = nullptr;
  std::string* keep_ = nullptr;
  int int_size_ = 4;
  int offset_size_ = 8;
  std::unordered_set<int> data_ids_;
};

}  // namespace pgdr::app
