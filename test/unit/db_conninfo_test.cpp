#include "db/conninfo.hpp"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "db/connection.hpp"

namespace pgdr::db {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(Conninfo, TakesAllThreeForms) {
  EXPECT_EQ(Conninfo::parse("shop")->get("dbname"), "shop");
  EXPECT_EQ(Conninfo::parse("dbname=shop host=/tmp port=5433")->get("port"), "5433");
  const auto uri = Conninfo::parse("postgresql://joe@db.example:6432/shop?sslmode=require");
  ASSERT_TRUE(uri.ok());
  EXPECT_EQ(uri->get("host"), "db.example");
  EXPECT_EQ(uri->get("user"), "joe");
  EXPECT_EQ(uri->get("dbname"), "shop");
  EXPECT_EQ(uri->get("sslmode"), "require");
  EXPECT_EQ(uri->get("connect_timeout"), "");
  EXPECT_TRUE(Conninfo::parse("")->settings().empty());
}

TEST(Conninfo, KeepsThePasswordApart) {
  const auto info = Conninfo::parse("postgresql://joe:s%40cret@db/shop");
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(info->password(), "s@cret");
  EXPECT_EQ(info->get("password"), "");
  EXPECT_EQ(info->without_secrets(), "dbname='shop' host='db' user='joe'");
}

TEST(Conninfo, QuotesSoThatItReadsBack) {
  Conninfo info;
  info.set("dbname", "it's a \\ name");
  info.set("host", "x");
  const auto back = Conninfo::parse(info.without_secrets());
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->get("dbname"), "it's a \\ name");
  info.set("host", "");
  EXPECT_THAT(info.without_secrets(), Not(HasSubstr("host")));
}

TEST(Conninfo, MalformedIsUsageAndNeverShowsAPassword) {
  const auto broken = Conninfo::parse("host=x foo=bar");
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.error().code, Code::kUsage);
  EXPECT_THAT(broken.error().message, HasSubstr("foo"));
  for (const char* text : {"postgresql://joe:s%zzcret@db/shop", "password=secret bogus=1",
                           "host=a password='secret"}) {
    const auto secret = Conninfo::parse(text);
    ASSERT_FALSE(secret.ok()) << text;
    EXPECT_THAT(to_string(secret.error()) + secret.error().hint, Not(HasSubstr("cret")));
  }
  EXPECT_FALSE(Conninfo::parse(std::string("a\0b", 3)).ok());
}

TEST(Conninfo, RefusesAnSslPassword) {
  const auto info = Conninfo::parse("host=x sslpassword=hunter2");
  ASSERT_FALSE(info.ok());
  EXPECT_THAT(to_string(info.error()) + info.error().hint, Not(HasSubstr("hunter2")));
  EXPECT_THAT(info.error().hint, HasSubstr("service"));
}

TEST(Quote, IdentifiersAndLiterals) {
  EXPECT_EQ(quote_ident("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(quote_literal("it's"), "'it''s'");
  EXPECT_EQ(quote_literal("a\\b"), " E'a\\\\b'");
}

TEST(Connection, ServerDownIsUnreachableAndHintsAtIt) {
  const auto db = Connection::open("host=/nonexistent-socket-folder dbname=x password=hunter2");
  ASSERT_FALSE(db.ok());
  EXPECT_EQ(db.error().code, Code::kDatabaseUnreachable);
  EXPECT_TRUE(db.error().retryable);
  EXPECT_THAT(db.error().message, HasSubstr("database \"x\""));
  EXPECT_THAT(db.error().hint, HasSubstr("is the server running"));
  EXPECT_THAT(to_string(db.error()) + db.error().hint, Not(HasSubstr("hunter2")));
}

TEST(Connection, MalformedStringIsUsage) {
  const auto db = Connection::open("bogus=1");
  ASSERT_FALSE(db.ok());
  EXPECT_EQ(db.error().code, Code::kUsage);
}

}  // namespace
}  // namespace pgdr::db
