#include "app/catalog/adopt.hpp"

#include <vector>

#include <fmt/format.h>

#include "app/catalog/rebuild.hpp"
#include "base/warn.hpp"

namespace pgdr::app {
namespace {

Status record_missing(db::Catalog& catalog, const std::string& label,
                      const Repository& repository) {
  db::CopyRecord missing;
  missing.label = label;
  missing.repository = repository.name;
  missing.location = repository.location();
  missing.state = "missing";
  missing.error = "the run died before this copy was complete";
  PGDR_CHECK(catalog.copy_record(missing));
  return success();
}

Status adopt(const Adoption& a, const std::string& label) {
  bool adopted = false;
  std::vector<const Repository*> absent;
  for (std::size_t i = 0; i < a.copies.size(); ++i) {
    if (a.copies.error(i)) continue;
    Repository& repository = a.copies.repository(i);
    const auto import = [&]() -> Status {
      PGDR_TRY(const StoredBackup copy, read_backup(repository, a.set, label));
      PGDR_CHECK(check_signature(copy, a.signing, false));
      return import_copy(a.catalog, copy, std::nullopt);
    };
    const Status imported = import();
    if (imported) {
      adopted = true;
      log_info(fmt::format("backup {} in repository {} was complete but not recorded; it is now",
                           label, repository.name));
    } else if (imported.error().code == Code::kRepositoryMissing) {  // no manifest
      absent.push_back(&repository);
    } else if (imported.error().code == Code::kInterrupted) {
      return imported.error();
    } else {
      log_warning(imported.error());
    }
  }
  if (!adopted) return success();
  for (const Repository* repository : absent) {
    PGDR_CHECK(record_missing(a.catalog, label, *repository));
  }
  return success();
}

}  // namespace

Status adopt_unrecorded(const Adoption& adoption) {
  PGDR_TRY(const db::Rows open, adoption.db.query("SELECT label FROM dr.backups "
                                                  "WHERE set_name = $1 AND state = 'running'",
                                                  {adoption.set}));
  for (const auto& row : open) PGDR_CHECK(adopt(adoption, row[0].value_or("")));
  return success();
}

}  // namespace pgdr::app
