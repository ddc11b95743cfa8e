#include "artifact/database/restore_failures.hpp"

#include <gtest/gtest.h>

namespace pgdr::app {
namespace {

// A German server's words behind an English pg_restore's.
constexpr const char* kGerman =
    "pg_restore: while PROCESSING TOC:\n"
    "pg_restore: from TOC entry 3; 2615 2200 SCHEMA public postgres\n"
    "pg_restore: error: could not execute query: FEHLER:  Schema »public« existiert bereits\n"
    "Command was: CREATE SCHEMA public;\n"
    "\n"
    "\n"
    "pg_restore: from TOC entry 215; 0 16386 MATERIALIZED VIEW DATA totals alice\n"
    "pg_restore: error: could not execute query: FEHLER:  Division durch Null\n"
    "KONTEXT:  SQL-Funktion »f« Anweisung 1\n"
    "Command was: REFRESH MATERIALIZED VIEW public.totals;\n"
    "\n"
    "\n"
    "pg_restore: error: COPY failed for table \"t\": FEHLER:  Platte voll\n"
    "pg_restore: warning: errors ignored on restore: 3\n";

Toc toc() {
  Toc toc;
  for (const auto& [id, kind, schema, tag] :
       {std::tuple{3, "SCHEMA", "", "public"},
        std::tuple{215, "MATERIALIZED VIEW DATA", "public", "totals"}}) {
    TocEntry e;
    e.id = id;
    e.kind = kind;
    e.schema = schema;
    e.tag = tag;
    toc.entries.push_back(e);
  }
  return toc;
}

TEST(RestoreMessages, KnowsFailuresByTheirEntry) {
  auto said = read_restore_messages(kGerman);
  EXPECT_TRUE(said.finished);
  EXPECT_EQ(said.ignored, 3U);
  ASSERT_EQ(said.failed.size(), 3U);
  name_entries(said.failed, toc());
  EXPECT_EQ(failure_text(said.failed[0]),
            "SCHEMA public: FEHLER:  Schema »public« existiert bereits [CREATE SCHEMA public;]");
  EXPECT_TRUE(harmless(said.failed[0], false));
  EXPECT_EQ(said.failed[1].kind, "MATERIALIZED VIEW DATA");
  EXPECT_EQ(said.failed[1].command, "REFRESH MATERIALIZED VIEW public.totals;");
  EXPECT_FALSE(harmless(said.failed[1], true));
  EXPECT_EQ(said.failed[2].entry, 215) << "named once for both";
}

TEST(RestoreMessages, KnowsFailuresByTheirStatementToo) {
  auto said = read_restore_messages(
      "pg_restore: error: could not execute query: FEHLER:  gibt es\n"
      "Command was: CREATE SCHEMA public;\n\n\n"
      "pg_restore: error: could not execute query: FEHLER:  nein\n"
      "Command was: COMMENT ON EXTENSION hstore IS 'x IS y';\n\n\n"
      "pg_restore: error: could not execute query: FEHLER:  Division durch Null\n"
      "Command was: REFRESH MATERIALIZED VIEW public.totals;\n\n\n"
      "pg_restore: error: COPY failed for table \"t\": FEHLER:  nein\n"
      "pg_restore: warning: errors ignored on restore: 4\n");
  name_entries(said.failed, toc());
  ASSERT_EQ(said.failed.size(), 4U);
  EXPECT_TRUE(harmless(said.failed[0], false));
  EXPECT_EQ(said.failed[1].tag, "EXTENSION hstore");
  EXPECT_TRUE(harmless(said.failed[1], false));
  EXPECT_EQ(said.failed[2].kind + " " + said.failed[2].tag, "MATERIALIZED VIEW DATA public.totals");
  EXPECT_FALSE(harmless(said.failed[2], false));
  EXPECT_FALSE(harmless(said.failed[3], false));
}

TEST(RestoreMessages, WhatDoesNotReachItsEndIsNotFinished) {
  EXPECT_FALSE(read_restore_messages("pg_restore: error: connection lost\n").finished);
  EXPECT_FALSE(read_restore_messages("").finished);
  // A name that looks like the last line, and then something fatal.
  const auto forged = read_restore_messages(
      "pg_restore: from TOC entry 5; 0 0 TABLE x\n"
      "pg_restore: warning: errors ignored on restore: 1\n"
      "pg_restore: error: server closed the connection unexpectedly\n");
  EXPECT_FALSE(forged.finished);
  EXPECT_EQ(forged.ignored, 0U);
}

FailedStatement failed(const std::string& kind, const std::string& tag,
                       const std::string& command = "") {
  return {7, kind, "public", tag, "ERROR:  x", command};
}

db::Finding finding(const std::string& status, const std::string& object) {
  return {status, "table", object, "comment", std::nullopt, std::nullopt, std::nullopt};
}

TEST(Unexplained, AWarningExplainsOnlyWhatIsOnlyWarnedOf) {
  const std::vector<db::Finding> warnings = {
      finding("warning", "hstore"), finding("warning", "public.totals"), finding("warning", "sub")};
  EXPECT_TRUE(unexplained({failed("COMMENT", "SUBSCRIPTION sub")}, warnings, false).empty());
  EXPECT_TRUE(unexplained({failed("COMMENT", "EXTENSION hstore")}, {}, false).empty());
  EXPECT_EQ(unexplained({failed("COMMENT", "TABLE other")}, warnings, false).size(), 1U);
  EXPECT_EQ(unexplained({failed("COMMENT", "TABLE total")}, warnings, false).size(), 1U)
      << "the beginning of a name is not the name";
  EXPECT_EQ(unexplained({failed("MATERIALIZED VIEW DATA", "totals")}, warnings, false).size(), 1U);
  EXPECT_EQ(unexplained({failed("EVENT TRIGGER", "watch")}, warnings, false).size(), 1U);
  EXPECT_EQ(unexplained({FailedStatement{}}, warnings, false).size(), 1U);
  const std::vector<db::Finding> mismatch = {finding("mismatch", "public.\"totals\"")};
  EXPECT_TRUE(unexplained({failed("MATERIALIZED VIEW DATA", "totals")}, mismatch, false).empty());
  EXPECT_EQ(
      unexplained({failed("EVENT TRIGGER", "watch")}, {finding("info", "watch")}, false).size(),
      1U);
}

TEST(Unexplained, DropsOnlyWithClean) {
  const auto drop = failed("TABLE", "users", "DROP TABLE public.users;");
  EXPECT_TRUE(unexplained({drop}, {}, true).empty());
  EXPECT_EQ(unexplained({drop}, {}, false).size(), 1U);
  const auto inherited = failed("CONSTRAINT", "users users_pkey",
                                "ALTER TABLE public.users DROP CONSTRAINT users_pkey;");
  EXPECT_TRUE(harmless(inherited, true));
  EXPECT_FALSE(harmless(inherited, false));
}

TEST(PsqlErrors, ByTheirState) {
  const std::string err =
      "psql:<stdin>:14: FEHLER:  42710: Rolle »postgres« existiert bereits\n"
      "ORT:  CreateRole, user.c:336\n"
      "psql:<stdin>:20: FEHLER:  22023: Verzeichnis »/x« existiert nicht\n"
      "psql:<stdin>:21: error: invalid command \\foo\n";
  EXPECT_EQ(read_psql_errors(err, "42710"),
            (std::vector<std::string>{"22023: Verzeichnis »/x« existiert nicht",
                                      "error: invalid command \\foo"}));
  EXPECT_TRUE(read_psql_errors("", "42710").empty());
}

}  // namespace
}  // namespace pgdr::app
