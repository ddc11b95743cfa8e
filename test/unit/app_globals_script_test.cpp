#include "artifact/globals/globals_script.hpp"

#include <gtest/gtest.h>

namespace pgdr::app {
namespace {

TEST(GlobalsScript, PassesWhatPgDumpallWrites) {
  const std::string script =
      "--\n-- PostgreSQL database cluster dump\n--\n\nSET standard_conforming_strings = on;\n"
      "CREATE ROLE \"a\\b\";\nALTER ROLE bob WITH LOGIN PASSWORD 'SCRAM-SHA-256$4096:a+b/c=';\n"
      "COMMENT ON ROLE bob IS E'a\\\\b \\'x\\'\n\\\\! ls';\nCOMMENT ON ROLE bob IS 'it''s -- no';\n"
      "-- a \\! in a comment\n/* and \\! /* nested */ \\! */\n"
      "ALTER ROLE bob SET search_path TO $user, $q$ \\! $q$;\nSELECT a$1, $1;\n";
  const auto sql = plain_sql(script);
  ASSERT_TRUE(sql.ok()) << to_string(sql.error());
  EXPECT_EQ(*sql, script);
}

TEST(GlobalsScript, LeavesOutTheShield) {
  const auto sql = plain_sql("--\n\n\\restrict aB3\n\nSELECT 1;\n\\unrestrict aB3\n");
  ASSERT_TRUE(sql.ok());
  EXPECT_EQ(*sql, "--\n\n\n\nSELECT 1;\n\n");
}

TEST(GlobalsScript, RefusesWhatPsqlWouldRun) {
  for (const char* script : {
           "\\! touch /tmp/x\n",
           "-- Role: a\n\\! touch /tmp/x\n",
           "SELECT 1 \\g |sh\n",
           "SELECT 1; \\! ls",
           "\\restrict a\n\\unrestrict a\n\\! ls\n",
           "\\restrict a b\n",
           "\\restrict `ls`\n",
           "\\restrict\n",
           " \\restrict a\n",
           "COMMENT ON ROLE x IS 'a\\' \\! ls '\n",  // how it is read depends on a setting
           "COMMENT ON ROLE x IS some_e'a\\'\\! ls\n",
           "SELECT a$$ \\! ls $$",
           "SELECT $1$ \\! ls $1$",
           "SELECT E'a' '\\'",
           "/* */ */ \\! ls",
           "\"a\"\" \" \\! ls",
           "$a$ $b$ $a$ \\! ls",
       }) {
    const auto sql = plain_sql(script);
    ASSERT_FALSE(sql.ok()) << script;
    EXPECT_EQ(sql.error().code, Code::kCorrupt);
  }
}

TEST(GlobalsScript, NamesTheLine) {
  EXPECT_NE(to_string(plain_sql("SELECT 1;\n--\n\\! ls\n").error()).find("line 3"),
            std::string::npos);
}

}  // namespace
}  // namespace pgdr::app
