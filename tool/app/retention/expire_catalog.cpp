#include "app/retention/expire_catalog.hpp"

namespace pgdr::app {

Status ExpireCatalog::open() {
  const auto attempt = [&]() -> Status {
    PGDR_TRY(db_, db::Connection::open(set_.database));
    PGDR_TRY(catalog_, db::Catalog::open(*db_));
    return read();
  };
  Status opened = attempt();
  if (opened) return success();
  catalog_.reset();
  if (opened.error().code == Code::kInterrupted) return opened;
  problem_ = to_string(opened.error());
  return success();
}

Status ExpireCatalog::read() {
  // A copy counts as re-read only as far as the catalog knows it whole since then. A restore proves
  // the copy that it read, and no other.
  PGDR_TRY(const db::Rows rows,
           db_->query("SELECT c.repository, b.label, "
                      "c.state = 'damaged', "
                      "c.state = 'complete' AND (c.checked_at IS NOT NULL OR EXISTS ("
                      "SELECT FROM dr.restores r JOIN dr._restore_verifications() v "
                      "ON v.id = r.verification "
                      "WHERE r.backup = b.id AND r.options ->> 'repository' = c.repository "
                      "AND r.state = 'complete' AND v.restored AND v.passed)), c.checked_at "
                      "FROM dr.backups b JOIN dr.copies c ON c.backup = b.id "
                      "WHERE b.set_name = $1",
                      {set_.name}));
  for (const auto& row : rows) {
    Known known{row[3] == "t", row[2] == "t", std::nullopt};
    if (const auto time = parse_iso(row[4].value_or(""))) known.checked_at = *time;
    copies_[{row[0].value_or(""), row[1].value_or("")}] = known;
  }
  PGDR_TRY(const db::Rows over, db_->query("SELECT label FROM dr.backups WHERE set_name = $1 "
                                           "AND state IN ('running', 'failed')",
                                           {set_.name}));
  for (const auto& row : over) over_.push_back(row[0].value_or(""));
  return success();
}

std::optional<ExpireCatalog::Known> ExpireCatalog::known(const std::string& repository,
                                                         const std::string& label) const {
  const auto at = copies_.find({repository, label});
  return at == copies_.end() ? std::nullopt : std::optional(at->second);
}

Status ExpireCatalog::deleted(Repository& repository, const std::string& label) {
  if (!copies_.contains({repository.name, label})) return success();
  db::CopyRecord copy;
  copy.label = label;
  copy.repository = repository.name;
  copy.location = repository.location();
  copy.state = "deleted";
  PGDR_CHECK(catalog_->copy_record(copy));
  return success();
}

}  // namespace pgdr::app
