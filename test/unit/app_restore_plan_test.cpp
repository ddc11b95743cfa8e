#include "artifact/database/restore_plan.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace pgdr::app {
namespace {

TocEntry entry(int id, const std::string& kind, const std::string& tag, Section section,
               std::vector<int> dependencies = {}, const std::string& schema = "public") {
  TocEntry e;
  e.id = id;
  e.kind = kind;
  e.tag = tag;
  e.section = section;
  e.schema = schema;
  e.dependencies = std::move(dependencies);
  e.has_data = kind == "TABLE DATA" || kind == "BLOBS";
  return e;
}

constexpr Section kPre = Section::kPreData;
constexpr Section kData = Section::kData;
constexpr Section kPost = Section::kPostData;
constexpr Section kNone = Section::kNone;

Toc shop() {
  Toc toc;
  toc.entries = {
      entry(1, "ENCODING", "ENCODING", kPre, {}, ""),
      entry(2, "EXTENSION", "pgdr", kPre, {}, ""),
      entry(3, "COMMENT", "EXTENSION pgdr", kNone, {2}, ""),
      entry(4, "TYPE", "mood", kPre),
      entry(5, "FUNCTION", "touch()", kPre),
      entry(6, "TABLE", "users", kPre, {4}),
      entry(7, "COMMENT", "TABLE users", kNone, {6}),
      entry(8, "TABLE", "documents", kPre),
      entry(9, "TABLE", "events", kPre),
      entry(10, "TABLE", "events_2026", kPre),
      entry(11, "TABLE ATTACH", "events_2026", kPre, {10, 9}),
      entry(12, "SEQUENCE", "ticket", kPre),
      entry(13, "ACL", "TABLE users", kNone, {6}),
      entry(20, "TABLE DATA", "users", kData, {6}),
      entry(21, "TABLE DATA", "documents", kData, {8}),
      entry(22, "TABLE DATA", "events_2026", kData, {10}),
      entry(23, "TABLE DATA", "backups", kData, {230}, "dr"),
      entry(24, "TABLE DATA", "copies", kData, {240},
            "dr"),  // as pg_dump writes it: 240 is not there
      entry(25, "SEQUENCE SET", "ticket", kData, {12}),
      entry(30, "CONSTRAINT", "users users_pkey", kPost, {6, 6}),
      entry(31, "FK CONSTRAINT", "documents documents_owner_fkey", kPost, {8, 30, 6}),
      entry(32, "TRIGGER", "users users_touch", kPost, {5, 6}),
      entry(33, "INDEX", "documents_idx", kPost, {8}),
      entry(34, "MATERIALIZED VIEW DATA", "m", kPost),
  };
  return toc;
}

std::vector<int> sorted(std::vector<int> v) {
  std::sort(v.begin(), v.end());
  return v;
}

bool has(const std::vector<int>& v, int id) { return std::find(v.begin(), v.end(), id) != v.end(); }

TEST(RestorePlan, EveryEntryOnceInOrder) {
  const Toc toc = shop();
  for (const int jobs : {1, 2, 3, 8}) {
    PlanOptions options;
    options.jobs = jobs;
    const auto plan = plan_restore(toc, options);
    ASSERT_TRUE(plan);
    std::vector<int> once = plan->before;
    for (const auto& stream : plan->data) {
      EXPECT_TRUE(std::is_sorted(stream.begin(), stream.end()));  // ids follow the order here
      once.insert(once.end(), stream.begin(), stream.end());
    }
    once.insert(once.end(), plan->after.begin(), plan->after.end());
    EXPECT_EQ(sorted(once), plan->all);
    EXPECT_EQ(plan->all.size(), toc.entries.size());
    EXPECT_LE(plan->data.size(), static_cast<std::size_t>(jobs));
  }
}

TEST(RestorePlan, PrivilegesComeAfterTheData) {
  const auto plan = plan_restore(shop(), {});
  ASSERT_TRUE(plan);
  EXPECT_TRUE(has(plan->after, 13));
  EXPECT_TRUE(has(plan->before, 7));
  EXPECT_TRUE(has(plan->after, 34));
}

TEST(RestorePlan, DataOfAnExtensionsTablesStaysTogether) {
  PlanOptions options;
  options.jobs = 4;
  const auto plan = plan_restore(shop(), options);
  ASSERT_TRUE(plan);
  for (const auto& stream : plan->data) EXPECT_EQ(has(stream, 23), has(stream, 24));
}

TEST(RestorePlan, TheLargestTableHasAStreamOfItsOwn) {
  PlanOptions options;
  options.jobs = 2;
  options.sizes = {{"public.documents", 1 << 30}, {"public.users", 1 << 20}};
  const auto plan = plan_restore(shop(), options);
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->data.size(), 2U);
  const auto& with = has(plan->data[0], 21) ? plan->data[0] : plan->data[1];
  EXPECT_EQ(with, std::vector<int>{21});
}

TEST(RestorePlan, WithoutPgdrLeavesOutItsEntries) {
  PlanOptions options;
  options.leave_out = {{"pgdr", "dr", "dr_"}};
  const auto plan = plan_restore(shop(), options);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->left_out, std::vector<std::string>{"pgdr"});
  for (const int id : {2, 3, 23, 24}) EXPECT_FALSE(has(plan->all, id)) << id;
}

TEST(RestorePlan, AFunctionOfTheDatabaseKeepsItsPrivilegesWhateverItIsCalled) {
  Toc toc = shop();
  toc.entries.push_back(entry(50, "FUNCTION", "dr_ward(integer)", kPre));
  toc.entries.push_back(entry(51, "ACL", "FUNCTION dr_ward(integer)", kNone, {50}));
  toc.entries.push_back(entry(52, "ACL", "FUNCTION dr_status()", kNone, {520}));
  PlanOptions options;
  options.leave_out = {{"pgdr", "dr", "dr_"}};
  const auto plan = plan_restore(toc, options);
  ASSERT_TRUE(plan);
  EXPECT_TRUE(has(plan->all, 51));
  EXPECT_FALSE(has(plan->all, 52)) << "the extension's";
}

TEST(RestorePlan, AnotherExtensionIsLeftOutWithItsSchema) {
  Toc toc = shop();
  toc.entries.push_back(entry(50, "EXTENSION", "pg_cron", kPre, {}, ""));
  toc.entries.push_back(entry(51, "TABLE DATA", "job", kData, {510}, "cron"));
  toc.entries.push_back(entry(52, "SEQUENCE SET", "jobid_seq", kData, {520}, "cron"));
  toc.entries.push_back(entry(53, "ACL", "SCHEMA cron", kNone, {}, ""));
  PlanOptions options;
  options.leave_out = {{"pg_cron", "cron", ""}};
  const auto plan = plan_restore(toc, options);
  ASSERT_TRUE(plan);
  for (const int id : {50, 51, 52, 53}) EXPECT_FALSE(has(plan->all, id)) << id;
  EXPECT_TRUE(has(plan->all, 2)) << "pgdr stays";
  EXPECT_EQ(plan->left_out, std::vector<std::string>{"pg_cron"});
}

TEST(RestorePlan, SchemaOnlyHasNoData) {
  PlanOptions options;
  options.schema_only = true;
  const auto plan = plan_restore(shop(), options);
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->data.empty());
  EXPECT_FALSE(has(plan->all, 20));
}

TEST(RestorePlan, OnlyATableWithWhatItNeedsAndItsParts) {
  PlanOptions options;
  options.only = {"users"};
  const auto plan = plan_restore(shop(), options);
  ASSERT_TRUE(plan) << to_string(plan.error());
  EXPECT_EQ(plan->all, (std::vector<int>{1, 2, 3, 4, 5, 6, 7, 12, 13, 20, 25, 30, 32}));
  EXPECT_EQ(plan->tables, std::vector<std::string>{"public.users"});
}

TEST(RestorePlan, OnlyTakesWhatBodiesMayCall) {
  Toc toc = shop();
  toc.entries.push_back(entry(40, "FUNCTION", "inner(text)", kPre));
  toc.entries.push_back(entry(41, "ACL", "FUNCTION inner(text)", kNone, {40}));
  toc.entries.push_back(entry(42, "FUNCTION", "of_documents()", kPre, {8}));
  toc.entries.push_back(entry(43, "AGGREGATE", "calls(text)", kPre, {42}));
  toc.entries.push_back(entry(44, "SEQUENCE", "documents_id_seq", kPre, {}));
  toc.entries.push_back(entry(45, "SEQUENCE OWNED BY", "documents_id_seq", kPre, {44, 8}));
  toc.entries.push_back(entry(46, "SEQUENCE SET", "documents_id_seq", kData, {44}));
  toc.entries.push_back(entry(47, "TYPE", "ring", kPre, {48}));
  toc.entries.push_back(entry(48, "FUNCTION", "ring_in(cstring)", kPre, {47}));
  PlanOptions options;
  options.only = {"users"};
  const auto plan = plan_restore(toc, options);
  ASSERT_TRUE(plan);
  for (const int id : {40, 41, 47, 48}) EXPECT_TRUE(has(plan->all, id)) << id;
  for (const int id : {42, 43, 44, 45, 46}) EXPECT_FALSE(has(plan->all, id)) << id;
}

TEST(RestorePlan, AForeignKeyComesOnlyWithBothTables) {
  PlanOptions options;
  options.only = {"public.documents"};
  auto plan = plan_restore(shop(), options);
  ASSERT_TRUE(plan);
  EXPECT_FALSE(has(plan->all, 31));
  EXPECT_TRUE(has(plan->all, 33));
  options.only = {"public.documents", "users"};
  plan = plan_restore(shop(), options);
  ASSERT_TRUE(plan);
  EXPECT_TRUE(has(plan->all, 31));
}

TEST(RestorePlan, APartitionedTableComesWithItsPartitions) {
  PlanOptions options;
  options.only = {"events"};
  const auto plan = plan_restore(shop(), options);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->all, (std::vector<int>{1, 2, 3, 4, 5, 9, 10, 11, 12, 22, 25}));
  EXPECT_EQ(plan->tables, (std::vector<std::string>{"public.events", "public.events_2026"}));
}

TEST(RestorePlan, AMaterializedViewComesWithTheTablesThatItReads) {
  Toc toc = shop();
  toc.entries.push_back(entry(40, "VIEW", "recent", kPre, {9}));
  toc.entries.push_back(entry(41, "MATERIALIZED VIEW", "sums", kPre, {40, 6}));
  toc.entries.push_back(entry(42, "MATERIALIZED VIEW", "sums_of_sums", kPre, {41}));
  PlanOptions options;
  options.only = {"sums_of_sums"};
  const auto plan = plan_restore(toc, options);
  ASSERT_TRUE(plan);
  EXPECT_THAT(plan->tables,
              testing::UnorderedElementsAre("public.users", "public.events", "public.events_2026",
                                            "public.sums", "public.sums_of_sums"));
}

TEST(RestorePlan, AnUnknownTableIsNamedWithANearOne) {
  PlanOptions options;
  options.only = {"documets"};
  const auto plan = plan_restore(shop(), options);
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, Code::kUsage);
  EXPECT_NE(plan.error().hint.find("documents"), std::string::npos);
}

TEST(RestorePlan, Lists) {
  EXPECT_EQ(list_text({3, 1, 2}), "3;\n1;\n2;\n");
  EXPECT_EQ(with_data(shop(), {6, 20, 25}), (std::unordered_set<int>{20}));
}

}  // namespace
}  // namespace pgdr::app
