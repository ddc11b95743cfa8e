#include "db/errors.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/version.hpp"
#include "db/catalog.hpp"

namespace pgdr::db {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// As libpq 15 writes it with PQERRORS_VERBOSE.
std::string verbose(const std::string& state, const std::string& text) {
  return "connection to server on socket \"/run/postgresql/.s.PGSQL.5432\" failed: FATAL:  " +
         state + ": " + text + "\nLOCATION:  InitPostgres, postinit.c:885\n";
}

struct ConnectCase {
  const char* name;
  std::string words;
  const char* state;
  const char* hint;
  bool retryable;
};
void PrintTo(const ConnectCase& c, std::ostream* out) { *out << c.name; }

class ConnectError : public ::testing::TestWithParam<ConnectCase> {};

TEST_P(ConnectError, TellsTheKindsApart) {
  const ConnectCase& c = GetParam();
  const Error error = connect_error(c.words, "database \"shop\" at /run/postgresql:5432");
  EXPECT_EQ(error.code, Code::kDatabaseUnreachable);
  EXPECT_EQ(error.sqlstate, c.state);
  EXPECT_THAT(error.hint, HasSubstr(c.hint));
  EXPECT_EQ(error.retryable, c.retryable);
  EXPECT_THAT(error.message, HasSubstr("cannot connect to database \"shop\""));
  EXPECT_THAT(error.message, Not(HasSubstr("LOCATION")));
  EXPECT_THAT(error.message, Not(HasSubstr("\n")));
}

INSTANTIATE_TEST_SUITE_P(
    All, ConnectError,
    ::testing::Values(
        ConnectCase{"UnknownDatabase", verbose("3D000", "database \"shop\" does not exist"),
                    "3D000", "no such database", false},
        ConnectCase{"WrongPassword", verbose("28P01", "password authentication failed"), "28P01",
                    "refuses this login", false},
        ConnectCase{"NoHbaEntry", verbose("28000", "no pg_hba.conf entry"), "28000",
                    "refuses this login", false},
        ConnectCase{"NotAllowed", verbose("42501", "permission denied for database"), "42501",
                    "GRANT CONNECT", false},
        ConnectCase{"TooMany", verbose("53300", "sorry, too many clients already"), "53300",
                    "no free connection", true},
        ConnectCase{"Starting", verbose("57P03", "the database system is starting up"), "57P03",
                    "starting up", true},
        ConnectCase{"Localised",
                    "connection to server at \"db\" (10.0.0.1), port 5432 failed: SCHWERWIEGEND:  "
                    "3D000: Datenbank gibt es nicht\n",
                    "3D000", "no such database", false},
        ConnectCase{"NoPassword",
                    "connection to server at \"db\", port 5432 failed: fe_sendauth: no password "
                    "supplied\n",
                    "", "never prompts", false},
        ConnectCase{
            "Down",
            "connection to server at \"127.0.0.1\", port 1 failed: Connection refused\n\tIs "
            "the server running on that host and accepting TCP/IP connections?\n",
            "", "is the server running", true},
        ConnectCase{"NoHost", "could not translate host name \"dbx\" to address: unknown\n", "",
                    "DNS", true}),
    [](const auto& test) { return std::string(test.param.name); });

TEST(ConnectErrorText, SaysThePlaceOnceUnlessSeveralWereTried) {
  EXPECT_EQ(connect_error(verbose("3D000", "no"), "database \"shop\" at /run").message,
            "cannot connect to database \"shop\" at /run: FATAL: no");
  const std::string two =
      "connection to server at \"a\" (::1), port 1 failed: Connection refused\n"
      "connection to server at \"a\" (127.0.0.1), port 1 failed: Connection refused\n";
  EXPECT_THAT(connect_error(two, "x").message, HasSubstr("(127.0.0.1)"));
  EXPECT_THAT(connect_error(two, "x").message, HasSubstr("(::1)"));
}

// Whoever answers at a port may answer anything.
TEST(ConnectErrorText, OutlastsAnyMessage) {
  const std::string mega(1'000'000, 'x');
  for (const std::string& text :
       {mega, std::string(1'000'000, ' '), std::string(1'000'000, ':'),
        std::string(1'000'000, '\n'), "connection to server at \"" + mega,
        "connection to server at \"" + mega + "\" failed: " + mega, "FATAL:  " + mega,
        mega + ":  3D000: no", "x\nLOCATION:" + mega, std::string(9, '\0')}) {
    EXPECT_EQ(connect_error(text, "x").code, Code::kDatabaseUnreachable);
  }
  std::string many;
  for (int i = 0; i < 20'000; ++i) many += "F:  3D000: \nLOCATION:  x\n";
  EXPECT_EQ(connect_error(many, "x").sqlstate, "3D000");
  EXPECT_EQ(connect_error(mega + ":  3D000: no", "x").sqlstate, "3D000");
}

TEST(ConnectErrorText, OnlyAStateIsOne) {
  const auto state = [](const std::string& text) { return connect_error(text, "x").sqlstate; };
  EXPECT_EQ(state("FATAL:  3D000: no"), "3D000");
  EXPECT_EQ(state("ПАНИКА:  XX001: no"), "XX001");
  for (const char* text :
       {"FATAL: 3D000: no", "FATAL:  3d000: no", "FATAL:  3D00: no", "FATAL:  3D000",
        "FATAL:  3D000:", ":  3D000: no", " :  3D000: no", "FATAL:  3D0000: no"}) {
    EXPECT_EQ(state(text), "") << text;
  }
  EXPECT_EQ(connect_error("A:  3D000: one\nB:  42501: two", "x").message,
            "cannot connect to x: A: one; B: two");
}

TEST(StatementError, KeepsTheServersWordsAndState) {
  const Error error = statement_error({"42P01", "relation \"x\" does not exist", "a", "b", ""});
  EXPECT_EQ(error.code, Code::kFailed);
  EXPECT_EQ(error.sqlstate, "42P01");
  EXPECT_EQ(error.message, "relation \"x\" does not exist (a)");
  EXPECT_EQ(error.hint, "b");
  EXPECT_FALSE(error.retryable);
}

TEST(StatementError, ClassesThatCallersActOn) {
  EXPECT_EQ(statement_error({"57P01", "terminating", "", "", ""}).code, Code::kDatabaseUnreachable);
  EXPECT_TRUE(statement_error({"40001", "serialize", "", "", ""}).retryable);
  EXPECT_TRUE(statement_error({"55P03", "lock", "", "", ""}).retryable);
  EXPECT_THAT(statement_error({"42501", "denied", "", "", ""}).hint, HasSubstr("pgdr doctor"));
  EXPECT_EQ(statement_error({"42501", "denied", "", "own hint", ""}).hint, "own hint");
}

TEST(CompareVersions, NumberByNumber) {
  EXPECT_LT(compare_versions("0.9.0", "0.10.0"), 0);
  EXPECT_GT(compare_versions("1.0", "0.10.0"), 0);
  EXPECT_EQ(compare_versions("1.0", "1.0.0"), 0);
  EXPECT_LT(compare_versions("", "0.1"), 0);
}

TEST(CheckExtension, MissingSaysWhatToRunAndWhere) {
  const auto files_there = check_extension({std::nullopt, std::string(kVersion)}, "shop");
  ASSERT_TRUE(files_there);
  EXPECT_EQ(files_there->code, Code::kFailed);
  EXPECT_THAT(files_there->message, HasSubstr("missing in database \"shop\""));
  EXPECT_THAT(files_there->hint, HasSubstr("CREATE EXTENSION pgdr;"));
  EXPECT_THAT(files_there->hint, Not(HasSubstr("make install")));
  const auto nothing = check_extension({}, "shop");
  ASSERT_TRUE(nothing);
  EXPECT_THAT(nothing->hint, HasSubstr("make install"));
  EXPECT_THAT(nothing->hint, HasSubstr("CREATE EXTENSION pgdr;"));
}

TEST(CheckExtension, OlderIsRefusedSameOrNewerAccepted) {
  const std::string tool(kVersion);
  const auto old = check_extension({"0.0.9", tool}, "shop");
  ASSERT_TRUE(old);
  EXPECT_THAT(old->message, HasSubstr("has version 0.0.9, older than this tool"));
  EXPECT_THAT(old->hint, HasSubstr("ALTER EXTENSION pgdr UPDATE;"));
  EXPECT_THAT(check_extension({"0.0.9", "0.0.9"}, "shop")->hint, HasSubstr("make install"));
  EXPECT_FALSE(check_extension({tool, tool}, "shop"));
  // A later one answers what this tool asks, until its first number says that it does not.
  EXPECT_FALSE(check_extension({"0.99.0", "0.99.0"}, "shop"));
  const auto later = check_extension({"99.0", "99.0"}, "shop");
  ASSERT_TRUE(later);
  EXPECT_THAT(later->message, HasSubstr("has version 99.0, which this tool"));
  EXPECT_THAT(later->hint, HasSubstr("install version 99.0 of the tool"));
}

}  // namespace
}  // namespace pgdr::db
