#include "app/restore/restore_needs.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "app/restore/target.hpp"

namespace pgdr::app {
namespace {

Manifest manifest_of_15() {
  Manifest m;
  m.server_version_num = 150020;
  m.locale = {"UTF8", "de_DE.UTF-8", "de_DE.UTF-8", "libc", "", ""};
  return m;
}

constexpr const char* kDocument = R"J({
  "format": "pgdr-snapshot", "version": 1,
  "database": {"name": "shop", "encoding": "UTF8", "collate": "de_DE.UTF-8", "ctype": "de_DE.UTF-8", "provider": "libc",
    "tablespace": "fast", "connection_limit": 7, "owner": "shop", "acl": "<owner>=CONNECT; PUBLIC=TEMPORARY",
    "comment": null, "settings": ["work_mem=8MB"], "role_settings": ["\"Odd: R\": search_path=a, \"B c\""],
    "security_labels": ["dummy: secret: x"], "icu_rules": null},
  "relations": [{"schema": "public", "name": "t", "kind": "r", "size": 1000, "state": "exact"}],
  "objects": [
    {"kind": "table", "identity": "public.t", "facet": "owner", "class": "policy", "definition": "\"A b\""},
    {"kind": "table", "identity": "public.t", "facet": "acl", "class": "policy", "definition": "<owner>=ALL; PUBLIC=SELECT; \"x; y\"=SELECT*/grantor; reader=INSERT"},
    {"kind": "function", "identity": "public.f()",
                     "facet" : "acl", "class" : "policy", "definition" : "none"
},
    {"kind": "table", "identity": "public.t", "facet": "tablespace", "class": "policy", "definition": "fast"},
    {"kind": "event trigger", "identity": "watch", "facet": "definition", "class": "strict", "definition": "x"},
    {"kind": "extension", "identity": "\"uuid-ossp\"", "facet": "schema", "class": "strict", "definition": "public"},
    {"kind": "extension", "identity": "\"uuid-ossp\"", "facet": "version", "class": "warning", "definition": "1.1"},
    {"kind": "extension", "identity": "pgdr", "facet": "version", "class": "warning", "definition": "0.1.0"},
    {"kind": "extension", "identity": "pg_cron", "facet": "version", "class": "warning", "definition": "1.4"}]
})J";

Document document() {
  auto parsed = parse_document(kDocument);
  EXPECT_TRUE(parsed);
  return *parsed;
}

// A server that has it all.
TargetFacts rich() {
  TargetFacts f;
  f.server_version = 150020;
  f.user = "postgres";
  f.superuser = f.createdb = true;
  f.roles = {"A b", "x; y", "grantor", "reader", "shop", "Odd: R"};
  f.tablespaces = {"fast"};
  f.extensions = {{"uuid-ossp", {"1.1", true, true}},
                  {"pgdr", {"0.1.0", true, false}},
                  {"pg_cron", {"1.4", true, false}}};
  f.cron_database = "copy";
  f.worker_slots = 8;
  f.free_connections = 50;
  f.free_bytes = 1 << 20;
  return f;
}

NeedOptions options() {
  NeedOptions o;
  o.database = "copy";
  return o;
}

bool has(const NeedsVerdict& v, LackLevel level, const std::string& what,
         const std::string& words) {
  return std::any_of(v.lacks.begin(), v.lacks.end(), [&](const Lack& l) {
    return l.level == level && l.what == what && l.message.find(words) != std::string::npos &&
           !l.remedy.empty();
  });
}

NeedsVerdict judge(const TargetFacts& f, const NeedOptions& o = options()) {
  return judge_needs(manifest_of_15(), document(), f, o);
}

TEST(ServerNeeds, OfADocument) {
  const Document d = document();
  EXPECT_EQ(d.needs.owners, std::set<std::string>{"A b"});
  EXPECT_EQ(d.needs.grantees, (std::set<std::string>{"x; y", "grantor", "reader"}));
  EXPECT_EQ(d.needs.extensions.at("uuid-ossp"), "1.1");
  EXPECT_EQ(d.needs.privileged.at("event trigger"), "watch");
  EXPECT_EQ(needed_roles(d),
            (std::set<std::string>{"A b", "x; y", "grantor", "reader", "shop", "Odd: R"}));
}

TEST(ServerNeeds, ARichServerLacksNothing) { EXPECT_TRUE(judge(rich()).lacks.empty()); }

TEST(ServerNeeds, EachLackIsNamed) {
  auto f = rich();
  f.roles = {"shop"};
  auto v = judge(f);
  EXPECT_TRUE(has(v, LackLevel::kWarns, "role", "\"A b\""));
  EXPECT_TRUE(has(v, LackLevel::kWarns, "role", "\"x; y\""));
  auto o = options();
  o.globals = true;
  EXPECT_TRUE(judge(f, o).lacks.empty()) << "the globals create them";
  o = options();
  o.no_owner = o.no_acl = true;
  EXPECT_TRUE(judge(f, o).lacks.empty());

  f = rich();
  f.extensions.erase("uuid-ossp");
  EXPECT_TRUE(has(judge(f), LackLevel::kBlocks, "extension", "uuid-ossp"));
  o = options();
  o.only = true;
  EXPECT_TRUE(has(judge(f, o), LackLevel::kWarns, "extension", "uuid-ossp"));
  f.extensions["uuid-ossp"] = {"1.0", true, true};
  EXPECT_TRUE(has(judge(f), LackLevel::kWarns, "extension", "1.0"));

  f = rich();
  f.tablespaces.clear();
  EXPECT_TRUE(has(judge(f), LackLevel::kWarns, "tablespace", "fast"));
  f = rich();
  f.locale_known = false;
  EXPECT_TRUE(has(judge(f), LackLevel::kWarns, "locale", "de_DE.UTF-8"));
  f = rich();
  f.encoding_known = false;
  EXPECT_TRUE(has(judge(f), LackLevel::kBlocks, "encoding", "UTF8"));
  f = rich();
  f.server_version = 140010;
  EXPECT_TRUE(has(judge(f), LackLevel::kBlocks, "version", "14"));
  f = rich();
  f.free_bytes = 10;
  EXPECT_TRUE(has(judge(f), LackLevel::kBlocks, "room", "10 B"));
  f.free_bytes.reset();
  EXPECT_FALSE(judge(f).has(LackLevel::kWarns)) << "unknown room is said, and no fault";
  EXPECT_TRUE(judge(f).has(LackLevel::kNote));
  f = rich();
  f.worker_slots = 0;
  EXPECT_TRUE(has(judge(f), LackLevel::kWarns, "slot", "max_worker_processes"));
  f = rich();
  f.free_connections = 1;
  EXPECT_TRUE(has(judge(f), LackLevel::kBlocks, "slot", "no free connections"));
}

TEST(ServerNeeds, ARoleWithoutRights) {
  auto f = rich();
  f.superuser = false;
  f.user = "carol";
  f.cron_database = "";
  auto v = judge(f);
  EXPECT_FALSE(v.has(LackLevel::kBlocks));
  EXPECT_TRUE(has(v, LackLevel::kNote, "extension", "carol may not create it"));
  EXPECT_TRUE(has(v, LackLevel::kWarns, "right", "event trigger watch"));
  EXPECT_TRUE(has(v, LackLevel::kWarns, "right", "\"A b\""));
  ASSERT_EQ(v.leave_out.size(), 2U);
  EXPECT_EQ(v.leave_out[0].extension, "pgdr");
  EXPECT_EQ(v.leave_out[1].extension, "pg_cron");
  f.createdb = false;
  EXPECT_TRUE(has(judge(f), LackLevel::kBlocks, "right", "may not create databases"));
}

TEST(ServerNeeds, PgCronComesBackOnlyIntoItsDatabase) {
  auto f = rich();
  EXPECT_TRUE(judge(f).leave_out.empty());
  f.cron_database = "shop";
  const auto v = judge(f);
  ASSERT_EQ(v.leave_out.size(), 1U);
  EXPECT_EQ(v.leave_out[0].schema, "cron");
  EXPECT_TRUE(has(v, LackLevel::kNote, "extension", "shop"));
}

TEST(Properties, Statements) {
  const auto all = property_statements("copy", document().database, false, false);
  const auto has_line = [&](const std::string& line) {
    return std::find(all.begin(), all.end(), line) != all.end();
  };
  EXPECT_TRUE(has_line("ALTER DATABASE \"copy\" SET \"work_mem\" TO '8MB'"));
  EXPECT_TRUE(
      has_line("ALTER ROLE \"Odd: R\" IN DATABASE \"copy\" SET \"search_path\" TO 'a', 'B c'"));
  EXPECT_TRUE(has_line("SECURITY LABEL FOR \"dummy\" ON DATABASE \"copy\" IS 'secret: x'"));
  EXPECT_TRUE(has_line("ALTER DATABASE \"copy\" CONNECTION LIMIT 7"));
  EXPECT_EQ(all.back(), "ALTER DATABASE \"copy\" OWNER TO \"shop\"");
  EXPECT_EQ(property_statements("copy", document().database, true, true).size(), 4U);
}

}  // namespace
}  // namespace pgdr::app
