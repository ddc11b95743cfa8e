#include "db/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgdr::db {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> all_present() {
  std::vector<std::string> present;
  for (const Pin& pin : child_pins()) present.emplace_back(pin.value);
  return present;
}

TEST(SessionTest, SetsOnlyWhatTheServerKnows) {
  EXPECT_THAT(session_settings(130000), Not(HasSubstr("idle_session_timeout")));
  EXPECT_THAT(session_settings(140000), HasSubstr("'idle_session_timeout', '0'"));
  EXPECT_THAT(session_settings(160000), Not(HasSubstr("'transaction_timeout'")));
  EXPECT_THAT(session_settings(170000), HasSubstr("'transaction_timeout'"));
  EXPECT_THAT(session_settings(150000), HasSubstr("'default_transaction_read_only', 'off'"));
}

TEST(SessionTest, ChildrenHavePinsAfterWhatTheOperatorGave) {
  const std::string options = child_options("-c work_mem=64MB", {}, 150000, false, true);
  EXPECT_THAT(options, StartsWith("-c work_mem=64MB -c default_transaction_read_only=off "));
  EXPECT_THAT(options, HasSubstr("-c default_transaction_isolation=read\\ committed"));
  EXPECT_THAT(options, HasSubstr("-c client_connection_check_interval=10s"));
  EXPECT_THAT(options, Not(HasSubstr("-c transaction_timeout")));
}

TEST(SessionTest, ThroughAPoolerOnlyWhatDiffers) {
  EXPECT_EQ(child_options("", all_present(), 150000, true, false), "");
  std::vector<std::string> present = all_present();
  for (std::size_t i = 0; i < present.size(); ++i) {
    if (child_pins()[i].name == std::string("default_transaction_read_only")) present[i] = "on";
  }
  EXPECT_EQ(child_options("", present, 150000, true, false),
            "-c default_transaction_read_only=off");
}

}  // namespace
}  // namespace pgdr::db
