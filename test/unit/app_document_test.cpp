#include "artifact/snapshot/document.hpp"

#include <gtest/gtest.h>

#include "artifact/database/pg_restore.hpp"
#include "app/backup/preflight.hpp"
#include "repo/restore_text.hpp"
#include "app/restore/target.hpp"

namespace pgdr::app {
namespace {

TEST(Document, ReadsWhatTheToolNeeds) {
  const auto d =
      parse_document(R"({"format":"pgdr-snapshot","version":1,"uuid":"u-1","content":true,
    "taken_at":"2026-11-21T02:00:00.000000Z",
    "database":{"name":"shop","encoding":"UTF8","collate":"C","ctype":"C","provider":"libc",
      "icu_locale":null,"connection_limit":-1,"owner":"ann","acl":"PUBLIC=CONNECT","comment":null,
      "settings":["work_mem=7MB"]},
    "relations":[
      {"schema":"public","name":"users","kind":"r","rows":12,"digest":"d","size":8192,"state":"exact"},
      {"schema":"public","name":"events","kind":"p","rows":5,"size":null,"state":"exact"},
      {"schema":"public","name":"far","kind":"f","rows":null,"size":null,"state":"skipped"}]})");
  ASSERT_TRUE(d) << to_string(d.error());
  EXPECT_EQ(d->uuid, "u-1");
  EXPECT_TRUE(d->content);
  EXPECT_EQ(d->locale.encoding, "UTF8");
  EXPECT_EQ(d->database.owner, "ann");
  EXPECT_EQ(d->database.comment, "");
  EXPECT_EQ(d->database.settings, std::vector<std::string>{"work_mem=7MB"});
  EXPECT_EQ(d->row_count(), 12U);
  EXPECT_EQ(d->table_count(), 1U);
  EXPECT_EQ(d->sizes().at("public.users"), 8192U);
  EXPECT_FALSE(d->tables[2].rows);
}

// What PostgreSQL cannot have written: numbers beyond its own, texts with a zero byte.
TEST(Document, WhatCannotBeIsLeftOut) {
  const auto d = parse_document(
      R"({"format":"pgdr-snapshot","database":{"connection_limit":9223372036854775808,
          "owner":"o\u0000","acl":"a\u0000b=CONNECT","settings":["a=\u0000","b=1",7,null]},
          "relations":[{"schema":"s\u0000","name":"t","kind":"r","rows":-1}, 7, null]})");
  ASSERT_TRUE(d);
  EXPECT_EQ(d->database.connection_limit, -1);
  EXPECT_EQ(d->database.owner, "");
  EXPECT_EQ(d->database.acl, "");
  EXPECT_EQ(d->database.settings, std::vector<std::string>{"b=1"});
  ASSERT_EQ(d->tables.size(), 1U);
  EXPECT_EQ(d->tables[0].schema, "");
  EXPECT_FALSE(d->tables[0].rows);
  for (const char* limit : {"2147483648", "-7", "1.5", "\"1\"", "null", "1e3"}) {
    const auto odd = parse_document(std::string(R"({"format":"pgdr-snapshot","database":{)") +
                                    "\"connection_limit\":" + limit + "}}");
    ASSERT_TRUE(odd);
    EXPECT_EQ(odd->database.connection_limit, -1) << limit;
  }
}

TEST(Document, SaysWhatCannotBeProven) {
  const auto unproven = [](const std::string& relations,
                           const std::string& rest = R"("sequences":[],"objects":[{}])") {
    const auto d = parse_document(R"({"format":"pgdr-snapshot","content":true,"relations":[)" +
                                  relations + "]," + rest + "}");
    return d ? d->unproven() : std::vector<std::string>{to_string(d.error())};
  };
  using Names = std::vector<std::string>;
  const std::string good =
      R"({"schema":"s","name":"t","kind":"r","rows":1,"digest":"d","state":"exact"})";
  EXPECT_EQ(unproven(good), Names{});
  EXPECT_EQ(
      unproven(R"({"schema":"s","name":"f","kind":"f","state":"skipped","note":"foreign table"})"),
      Names{});
  EXPECT_EQ(unproven(R"({"schema":"s","name":"t","kind":"r","state":"failed","note":"rewritten"})"),
            Names{"table s.t: rewritten"});
  EXPECT_EQ(
      unproven(
          R"({"schema":"s","name":"t","kind":"r","state":"skipped","note":"dropped meanwhile"})"),
      Names{"table s.t: dropped meanwhile"});
  EXPECT_EQ(unproven(R"({"schema":"s","name":"t","kind":"r","digest":"d","state":"exact"})"),
            Names{"table s.t: it was not counted"});
  EXPECT_EQ(unproven(R"({"schema":"s","name":"t","kind":"r","rows":1,"state":"exact"})"),
            Names{"table s.t: it was not counted"});
  EXPECT_EQ(unproven(R"({"schema":"s","name":"t","kind":"r","rows":1,"digest":"d","state":"odd"})"),
            Names{"table s.t: it was not counted"});
  EXPECT_EQ(unproven(good, R"("objects":[{}])"), Names{"the sequences were not read"});
  EXPECT_EQ(unproven(good, R"("sequences":[],"objects":[])"),
            Names{"the definitions were not read"});
}

TEST(Document, AnythingElseIsDamage) {
  for (const char* text :
       {"", "{}", "[]", "null", R"({"format":"pgdr-manifest"})", "{\"format\":"}) {
    const auto d = parse_document(text);
    ASSERT_FALSE(d) << text;
    EXPECT_EQ(d.error().code, Code::kCorrupt);
  }
}

TEST(Acl, BecomesStatements) {
  EXPECT_TRUE(acl_statements("shop", "").empty());
  EXPECT_EQ(
      acl_statements("sh\"op", "PUBLIC=CONNECT,TEMPORARY; <owner>=CREATE; \"A;b\"=CONNECT*"),
      (std::vector<std::string>{"REVOKE ALL ON DATABASE \"sh\"\"op\" FROM PUBLIC",
                                "GRANT CONNECT ON DATABASE \"sh\"\"op\" TO PUBLIC",
                                "GRANT TEMPORARY ON DATABASE \"sh\"\"op\" TO PUBLIC",
                                "GRANT CONNECT ON DATABASE \"sh\"\"op\" TO \"A;b\" WITH GRANT "
                                "OPTION"}));
}

TEST(Acl, NothingOfADocumentBecomesAStatementOfItsOwn) {
  EXPECT_TRUE(acl_statements("shop", std::string("a\0b=CONNECT", 11)).empty());
  for (const auto& one :
       acl_statements("shop",
                      "x TO y; DROP DATABASE z=CONNECT; a=ALL ON SCHEMA public TO b; PUBLIC="
                      "CONNECT, SUPERUSER")) {
    EXPECT_TRUE(one.rfind("REVOKE ALL ON DATABASE", 0) == 0 ||
                one.rfind("GRANT CONNECT ON DATABASE", 0) == 0)
        << one;
    EXPECT_EQ(one.find("SUPERUSER"), std::string::npos);
  }
}

TEST(Setting, Statements) {
  EXPECT_EQ(setting_statement("shop", "work_mem=7MB"),
            "ALTER DATABASE \"shop\" SET \"work_mem\" TO '7MB'");
  EXPECT_EQ(setting_statement("shop", "search_path=\"$user\", public, \"Odd \"\"Schema\""),
            "ALTER DATABASE \"shop\" SET \"search_path\" TO '$user', 'public', 'Odd \"Schema'");
  EXPECT_EQ(setting_statement("shop", "pgdr.origin={\"a\":\"it's\"}"),
            "ALTER DATABASE \"shop\" SET \"pgdr\".\"origin\" TO '{\"a\":\"it''s\"}'");
}

TEST(Preflight, ClientVersions) {
  EXPECT_EQ(client_major("pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n"), 15);
  EXPECT_EQ(client_major("pg_dump (PostgreSQL) 18beta1\n"), 18);
  EXPECT_EQ(client_major("something else 15"), std::nullopt);
}

Manifest manifest() {
  Manifest m;
  m.label = "20261121T020000Z-9f3c";
  m.database = "shop";
  m.server_version_num = 150020;
  m.locale = {"UTF8", "C.UTF-8", "C.UTF-8", "libc", "", ""};
  m.recipients = {"age1abc"};
  m.artifacts = {{"database.dump.zst.age", "database", 1, std::string(64, 'a'), 1, ""},
                 {"globals.sql.zst.age", "globals", 1, std::string(64, 'a'), 1, ""},
                 {"snapshot.json.zst.age", "snapshot", 1, std::string(64, 'a'), 1, ""}};
  return m;
}

TEST(RestoreText, NamesEveryArtifactAndTheLocale) {
  const std::string text = restore_text(manifest());
  for (const char* part : {"sha256sum --check SHA256SUMS", "database.dump.zst.age",
                           "globals.sql.zst.age", "snapshot.json.zst.age", "--encoding=UTF8",
                           "--lc-collate=C.UTF-8", "age1abc", "--identity \"$IDENTITY\""}) {
    EXPECT_NE(text.find(part), std::string::npos) << part;
  }
}

TEST(RestoreText, WithoutGlobalsAndWithAPassphrase) {
  Manifest m = manifest();
  m.artifacts.erase(m.artifacts.begin() + 1);
  m.recipients.clear();
  const std::string text = restore_text(m);
  EXPECT_EQ(text.find("globals.sql"), std::string::npos);
  EXPECT_EQ(text.find("IDENTITY"), std::string::npos);
}

TEST(RestoreText, RulesOfIcuComeFromTheDocument) {
  Manifest m = manifest();
  EXPECT_EQ(restore_text(m).find("RULES"), std::string::npos);
  m.locale.provider = "icu";
  EXPECT_EQ(restore_text(m).find("RULES"), std::string::npos) << "15 has none";
  m.server_version_num = 160000;
  const std::string text = restore_text(m);
  EXPECT_LT(text.find("RULES=$(jq"), text.find("--icu-rules=\"$RULES\""));
}

// A name can hold anything; none of it may become a line of its own or a command.
TEST(RestoreText, ADatabasesNameCannotAddCommands) {
  Manifest m = manifest();
  m.database = "x\n    rm -rf ~\n";
  m.server_version = "15\n    rm -rf ~";
  m.locale.collate = "C'\n    rm -rf ~";
  const std::string text = restore_text(m);
  EXPECT_EQ(text.find("\n    rm -rf ~\n"), std::string::npos);
  EXPECT_EQ(text.find("\n    rm"), text.find("\n    rm properties.sql"));
  EXPECT_EQ(shell_quote("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_quote("plain-1.0"), "plain-1.0");
  EXPECT_EQ(shell_quote(""), "''");
}

}  // namespace
}  // namespace pgdr::app
