#include "app/restore/restore_needs.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/format.hpp"
#include "db/catalog.hpp"
#include "db/connection.hpp"

namespace pgdr::app {
namespace {

constexpr std::size_t kNamesShown = 5;

template <class Names>
std::string some(const Names& names) {
  std::string text;
  std::size_t n = 0;
  for (const auto& one : names) {
    if (n++ == kNamesShown) break;
    text += (text.empty() ? "\"" : ", \"") + one + "\"";
  }
  if (names.size() > kNamesShown) text += fmt::format(" and {} more", names.size() - kNamesShown);
  return text;
}

class Judge {
 public:
  Judge(const Manifest& manifest, const Document& document, const TargetFacts& facts,
        const NeedOptions& options)
      : m_(manifest), d_(document), f_(facts), o_(options) {}

  NeedsVerdict run() {
    version();
    rights();
    locale();
    roles();
    tablespaces();
    extensions();
    privileged();
    slots();
    room();
    std::stable_sort(verdict_.lacks.begin(), verdict_.lacks.end(),
                     [](const Lack& a, const Lack& b) { return a.level < b.level; });
    return std::move(verdict_);
  }

 private:
  void add(LackLevel level, const char* what, std::string message, std::string remedy) {
    verdict_.lacks.push_back({level, what, std::move(message), std::move(remedy)});
  }

  void version() {
    const int from = db::major_of(m_.server_version_num);
    const int to = db::major_of(f_.server_version);
    if (from <= to) return;
    add(LackLevel::kBlocks, "version",
        fmt::format("the server is PostgreSQL {}, the backup comes from {}", to, from),
        fmt::format("restore to a server of version {} or later", from));
  }

  void rights() {
    if (o_.existed || f_.createdb) return;
    add(LackLevel::kBlocks, "right", fmt::format("role {} may not create databases", f_.user),
        fmt::format("connect as a superuser (--to postgresql://postgres@HOST/NAME), or let one "
                    "run: ALTER ROLE {} CREATEDB",
                    db::quote_ident(f_.user)));
  }

  void locale() {
    const Locale& l = d_.locale.encoding.empty() ? m_.locale : d_.locale;
    if (o_.existed) return;
    if (!f_.encoding_known) {
      add(LackLevel::kBlocks, "encoding",
          fmt::format("the server does not know the encoding {}", l.encoding),
          "restore to a server that does");
    }
    if (!f_.locale_known) {
      add(LackLevel::kWarns, "locale",
          fmt::format("the server's system lacks the locale {}{}{}: texts may sort differently",
                      l.collate, l.collate == l.ctype ? "" : " or ",
                      l.collate == l.ctype ? "" : l.ctype),
          "install it there (on Debian: dpkg-reconfigure locales) and restart the server");
    }
    if (!f_.icu) {
      add(LackLevel::kWarns, "locale",
          "the server has no ICU, which the database's order of texts comes from",
          "restore to a server built with ICU");
    }
  }

  void roles() {
    if (o_.globals) return;
    std::set<std::string> owners;
    std::set<std::string> others;
    std::set<std::string> not_ours;
    for (const auto& role : d_.needs.owners) {
      if (!f_.roles.contains(role)) {
        owners.insert(role);
      } else if (!f_.superuser && !f_.member_of.contains(role) && role != "pg_database_owner") {
        not_ours.insert(role);
      }
    }
    for (const auto& role : needed_roles(d_)) {
      if (!f_.roles.contains(role) && !owners.contains(role)) others.insert(role);
    }
    if (!o_.no_owner && !owners.empty()) {
      add(LackLevel::kWarns, "role",
          fmt::format("the server lacks {} that own{} objects: {}", plural(owners.size(), "role"),
                      owners.size() == 1 ? "s" : "", some(owners)),
          "--globals creates the roles of the backup; --no-owner gives all to the restoring role");
    }
    if (!o_.no_acl && !others.empty()) {
      add(LackLevel::kWarns, "role",
          fmt::format("the server lacks {} that privileges or settings name: {}",
                      plural(others.size(), "role"), some(others)),
          "--globals creates the roles of the backup; --no-acl leaves privileges out");
    }
    if (!o_.no_owner && !not_ours.empty()) {
      add(LackLevel::kWarns, "right",
          fmt::format("role {} may not give objects to their owners {}", f_.user, some(not_ours)),
          "connect as a superuser, or leave owners out with --no-owner");
    }
  }

  void tablespaces() {
    if (o_.globals) return;
    std::set<std::string> missing;
    for (const auto& one : d_.needs.tablespaces) {
      if (!f_.tablespaces.contains(one)) missing.insert(one);
    }
    if (missing.empty()) return;
    add(LackLevel::kWarns, "tablespace",
        fmt::format("the server lacks {}, or they are not for role {}: {}",
                    plural(missing.size(), "tablespace"), f_.user, some(missing)),
        "create them (CREATE TABLESPACE … LOCATION …), or let --globals do it");
  }

  bool may_create(const OfferedExtension& one) const {
    return f_.superuser || !one.superuser || one.trusted;
  }

  void leave_out(const std::string& name, const std::string& schema, const std::string& functions,
                 const std::string& why, const std::string& remedy) {
    verdict_.leave_out.push_back({name, schema, functions});
    add(LackLevel::kNote, "extension",
        fmt::format("extension {} and its tables are left out: {}", name, why), remedy);
  }

  // pgdr's own part is no part of the data, and pg_cron lives in one database of a server: where
  // either cannot be, the copy comes without.
  void own_extensions() {
    const auto pgdr = f_.extensions.find("pgdr");
    if (o_.pgdr_there) {
      verdict_.leave_out.push_back({"pgdr", "dr", "dr_"});  // it holds this very restore
    } else if (pgdr == f_.extensions.end()) {
      leave_out("pgdr", "dr", "dr_", "the server does not offer it",
                "install it there to prove the copy there; its history: pgdr catalog rebuild");
    } else if (!may_create(pgdr->second)) {
      leave_out("pgdr", "dr", "dr_",
                fmt::format("role {} may not create it, only a superuser may", f_.user),
                "as a superuser in the copy: CREATE EXTENSION pgdr; then pgdr catalog rebuild");
    }
    if (!d_.needs.extensions.contains("pg_cron")) return;
    if (f_.superuser && f_.extensions.contains("pg_cron") && f_.cron_database == o_.database)
      return;
    leave_out("pg_cron", "cron", "",
              f_.cron_database.empty()
                  ? "it is not loaded on this server, or not to be seen by this role"
                  : fmt::format("on this server it lives in database \"{}\"", f_.cron_database),
              "jobs run where pg_cron is: keep it in database postgres "
              "(cron.database_name = 'postgres') and use cron.schedule_in_database");
  }

  void extensions() {
    own_extensions();
    for (const auto& [name, version] : d_.needs.extensions) {
      if (name == "pgdr" || name == "pg_cron" || name == "plpgsql") continue;
      const auto offered = f_.extensions.find(name);
      // Of some tables only, they may be none of its business.
      const LackLevel grave = o_.only ? LackLevel::kWarns : LackLevel::kBlocks;
      if (offered == f_.extensions.end()) {
        add(grave, "extension",
            fmt::format("the server does not offer the extension {} (the backup has version {})",
                        name, version),
            "install its package on that server");
      } else if (!may_create(offered->second)) {
        add(grave, "right", fmt::format("role {} may not create the extension {}", f_.user, name),
            "connect as a superuser");
      } else if (!version.empty() && db::compare_versions(offered->second.version, version) < 0) {
        add(LackLevel::kWarns, "extension",
            fmt::format("the server offers {} {}, the backup has {}", name, offered->second.version,
                        version),
            "install the newer version there");
      }
    }
  }

  void privileged() {
    if (f_.superuser) return;
    for (const auto& [kind, name] : d_.needs.privileged) {
      add(LackLevel::kWarns, "right",
          fmt::format("role {} may not make what only superusers may: {} {}", f_.user, kind, name),
          "connect as a superuser");
    }
  }

  void slots() {
    // One for ourselves is in use; each stream takes one, pg_restore --jobs one more.
    const std::int64_t wanted = o_.jobs > 1 ? o_.jobs + 2 : 2;
    if (f_.free_connections < 2) {
      add(LackLevel::kBlocks, "slot", "the server has no free connections",
          "close some, or raise max_connections");
    } else if (f_.free_connections < wanted) {
      add(LackLevel::kWarns, "slot",
          fmt::format("the server has {} free connections, --jobs {} wants {}", f_.free_connections,
                      o_.jobs, wanted),
          "take fewer --jobs");
    }
    if (o_.verify && f_.worker_slots < 1) {
      add(LackLevel::kWarns, "slot",
          "max_worker_processes is 0: the comparison cannot read another database",
          "set max_worker_processes to 8 and restart the server");
    }
  }

  void room() {
    if (o_.only) return;
    std::uint64_t wanted = 0;
    for (const auto& table : d_.tables) {
      if (table.kind == "r" || table.kind == "m") wanted += table.size;
    }
    if (wanted == 0) {
      if (const Artifact* dump = m_.find("database")) wanted = dump->original_bytes;
    }
    if (!f_.free_bytes) {
      add(LackLevel::kNote, "room",
          fmt::format("not known how much room the server has; the tables take {} without indexes",
                      format_bytes(wanted)),
          "");
    } else if (*f_.free_bytes < wanted) {
      add(LackLevel::kBlocks, "room",
          fmt::format("the server has {} left, the tables alone take {}",
                      format_bytes(*f_.free_bytes), format_bytes(wanted)),
          "make room there, or restore some tables with --only");
    } else if (*f_.free_bytes < wanted + wanted / 2) {
      add(LackLevel::kWarns, "room",
          fmt::format("the server has {} left, the tables take {} and their indexes come on top",
                      format_bytes(*f_.free_bytes), format_bytes(wanted)),
          "make room there");
    }
  }

  const Manifest& m_;
  const Document& d_;
  const TargetFacts& f_;
  const NeedOptions& o_;
  NeedsVerdict verdict_;
};

}  // namespace

bool NeedsVerdict::has(LackLevel level) const {
  return std::any_of(lacks.begin(), lacks.end(), [&](const Lack& l) { return l.level == level; });
}

NeedsVerdict judge_needs(const Manifest& manifest, const Document& document,
                         const TargetFacts& facts, const NeedOptions& options) {
  return Judge(manifest, document, facts, options).run();
}

std::set<std::string> needed_roles(const Document& document) {
  std::set<std::string> roles = document.needs.owners;
  roles.insert(document.needs.grantees.begin(), document.needs.grantees.end());
  if (!document.database.owner.empty()) roles.insert(document.database.owner);
  for (const auto& one : document.database.role_settings) {
    std::string_view rest;
    roles.insert(take_name(one, rest));
  }
  roles.erase("");
  return roles;
}

}  // namespace pgdr::app
