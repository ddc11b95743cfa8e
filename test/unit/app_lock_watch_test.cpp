#include "app/backup/lock_watch.hpp"

#include <gtest/gtest.h>

namespace pgdr::app {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class WaitJudgeTest : public testing::Test {
 protected:
  WaitAct at(seconds when, const WaitSight& sight, bool may_yield = true) {
    return judge_.judge(sight, may_yield, WaitJudge::Time(when));
  }
  static WaitSight blocked(const std::string& by = "a lock on public.users") {
    WaitSight sight;
    sight.blocker = by;
    return sight;
  }
  WaitJudge judge_{minutes(1)};
};

TEST_F(WaitJudgeTest, ChildBehindUsEndsTheAttemptAtTheSecondSight) {
  WaitSight sight = blocked();
  sight.child_behind_us = true;
  EXPECT_EQ(at(seconds(1), sight), WaitAct::kNone);
  EXPECT_EQ(at(seconds(2), sight), WaitAct::kGiveWay);
}

TEST_F(WaitJudgeTest, ChildBehindUsEndsTheLastAttemptToo) {
  WaitSight sight;
  sight.child_behind_us = true;
  EXPECT_EQ(at(seconds(1), sight, false), WaitAct::kNone);
  EXPECT_EQ(at(seconds(2), sight, false), WaitAct::kGiveWay);
}

TEST_F(WaitJudgeTest, WaitingForAChildIsWorthAnAttemptOnlyWhereOneIsLeft) {
  WaitSight sight = blocked();
  sight.us_behind_child = true;
  EXPECT_EQ(at(seconds(1), sight, false), WaitAct::kNone);
  EXPECT_EQ(at(seconds(2), sight, false), WaitAct::kNone);
  EXPECT_EQ(at(seconds(3), sight, true), WaitAct::kNone);
  EXPECT_EQ(at(seconds(4), sight, true), WaitAct::kGiveWay);
}

TEST_F(WaitJudgeTest, APassingKnotIsNone) {
  WaitSight sight = blocked();
  sight.child_behind_us = true;
  EXPECT_EQ(at(seconds(1), sight), WaitAct::kNone);
  EXPECT_EQ(at(seconds(2), {}), WaitAct::kNone);
  EXPECT_EQ(at(seconds(3), sight), WaitAct::kNone);
}

TEST_F(WaitJudgeTest, TellsOnceWhoBlocksAndAgainWhenItIsAnother) {
  EXPECT_EQ(at(seconds(0), blocked()), WaitAct::kNone);
  EXPECT_EQ(at(seconds(4), blocked()), WaitAct::kNone);
  EXPECT_EQ(at(seconds(5), blocked()), WaitAct::kTell);
  EXPECT_EQ(at(seconds(6), blocked()), WaitAct::kNone);
  EXPECT_EQ(at(seconds(7), blocked("another")), WaitAct::kTell);
}

TEST_F(WaitJudgeTest, GivesUpAtTheLimitOfOneWait) {
  EXPECT_EQ(at(seconds(0), blocked()), WaitAct::kNone);
  EXPECT_EQ(at(seconds(59), blocked()), WaitAct::kTell);
  EXPECT_EQ(at(seconds(60), blocked()), WaitAct::kGiveUp);
  judge_.forget();
  EXPECT_EQ(at(seconds(61), blocked()), WaitAct::kNone);
}

TEST_F(WaitJudgeTest, WithoutALimitItWaitsOn) {
  WaitJudge patient{std::chrono::milliseconds(0)};
  EXPECT_EQ(patient.judge(blocked(), true, WaitJudge::Time(seconds(0))), WaitAct::kNone);
  EXPECT_EQ(patient.judge(blocked(), true, WaitJudge::Time(seconds(900))), WaitAct::kTell);
  EXPECT_EQ(patient.judge(blocked(), true, WaitJudge::Time(seconds(90000))), WaitAct::kNone);
}

}  // namespace
}  // namespace pgdr::app
