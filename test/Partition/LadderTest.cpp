//===- LadderTest.cpp - Plans for a pool to choose from ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ladder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

using namespace swapc;

namespace {

void runInOrder(size_t count, llvm::function_ref<void(size_t)> task) {
  for (size_t i = 0; i < count; ++i)
    task(i);
}

void runInReverse(size_t count, llvm::function_ref<void(size_t)> task) {
  while (count)
    task(--count);
}

/// `count` units, each read by a step that computes for half the time of the
/// read: the link is the bottleneck. Buffers are `buffer` bytes.
PlanProblem makeChain(int count, int64_t buffer, double seconds) {
  PlanProblem problem;
  problem.scratchBytes = 5000;
  for (int i = 0; i < count; ++i) {
    problem.units.push_back({int64_t(1) << 20});
    problem.steps.push_back({{i}, seconds, i});
    problem.buffers.push_back({buffer, i, std::min(i + 1, count - 1)});
  }
  return problem;
}

/// What every ladder is.
void check(const std::vector<LadderRung> &rungs,
           llvm::ArrayRef<const Planner *> planners) {
  ASSERT_FALSE(rungs.empty());
  EXPECT_LE(rungs.size(), kMostRungs);
  int64_t least = INT64_MAX;
  for (const Planner *planner : planners)
    least = std::min(least, planner->getMinBytes());
  EXPECT_EQ(rungs.front().budget, least);
  EXPECT_EQ(rungs.back().budget, planners[0]->getModelBytes());
  for (size_t i = 0; i < rungs.size(); ++i) {
    const LadderRung &rung = rungs[i];
    EXPECT_TRUE(rung.plan.feasible);
    EXPECT_EQ(rung.budget,
              rung.plan.arena + planners[0]->getProblem().overheadBytes);
    EXPECT_EQ(rung.getRegionBytes() + rung.plan.residentBytes, rung.plan.arena);
    for (size_t j = 0; j < i; ++j) {
      EXPECT_LT(rungs[j].budget, rung.budget);
      if (rungs[j].getRegionBytes() <= rung.getRegionBytes() &&
          rungs[j].plan.residentBytes <= rung.plan.residentBytes &&
          i + 1 < rungs.size()) // or it costs time, or it is read
        EXPECT_TRUE(rungs[j].plan.seconds > rung.plan.seconds ||
                    rungs[j].plan.streamedBytes > rung.plan.streamedBytes)
            << i << " has what " << j << " has";
    }
  }
}

} // namespace

TEST(Ladder, GoesFromTheSmallestBudgetToTheLargest) {
  for (int count : {1, 2, 5, 40, 200})
    for (double seconds : {1e-5, 2.5e-4, 1e-3}) {
      SCOPED_TRACE(testing::Message() << count << " " << seconds);
      Planner planner(makeChain(count, 300000, seconds));
      check(makeLadder(&planner, runInOrder), &planner);
    }
}

TEST(Ladder, WhereTheLinkIsTheBottleneckTheTimeFallsInManySteps) {
  Planner planner(makeChain(100, 300000, 2.5e-4));
  std::vector<LadderRung> rungs = makeLadder(&planner, runInOrder);
  check(rungs, &planner);
  EXPECT_GE(rungs.size(), 8u);
  // Half of the way in time is not gone in one step.
  double range = rungs.front().plan.seconds - rungs.back().plan.seconds;
  EXPECT_GT(range, 0);
  for (size_t i = 1; i < rungs.size(); ++i)
    EXPECT_LT(rungs[i - 1].plan.seconds - rungs[i].plan.seconds, 0.5 * range);
}

TEST(Ladder, HasSmallRegionsBesideTheSameResidents) {
  // The second sequence has a tenth of the activations and takes longer.
  Planner wide(makeChain(40, 8 << 20, 3e-4));
  Planner narrow(makeChain(40, 800 << 10, 4e-4));
  std::vector<const Planner *> planners = {&wide, &narrow};
  std::vector<LadderRung> rungs = makeLadder(planners, runInOrder);
  check(rungs, planners);
  auto has = [&](int planner, int64_t resident) {
    return llvm::any_of(rungs, [&](const LadderRung &rung) {
      return rung.planner == planner && rung.plan.residentBytes == resident;
    });
  };
  // At the top, with all units in memory, both are there.
  EXPECT_TRUE(has(0, int64_t(40) << 20));
  EXPECT_TRUE(has(1, int64_t(40) << 20));
  for (const LadderRung &rung : rungs)
    EXPECT_GE(rung.getRegionBytes(), rung.planner ? 800 << 10 : 8 << 20);
}

TEST(Ladder, IsTheSameInAnyOrderOfWork) {
  Planner planner(makeChain(60, 300000, 2e-4));
  std::vector<LadderRung> a = makeLadder(&planner, runInOrder);
  std::vector<LadderRung> b = makeLadder(&planner, runInReverse);
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].budget, b[i].budget);
    EXPECT_EQ(a[i].plan.slots, b[i].plan.slots);
  }
}

TEST(Ladder, CountsTheOverhead) {
  PlanProblem problem = makeChain(20, 300000, 2e-4);
  problem.overheadBytes = 12345;
  Planner planner(problem);
  check(makeLadder(&planner, runInOrder), &planner);
}

TEST(Ladder, NothingToPlan) {
  Planner planner((PlanProblem()));
  std::vector<LadderRung> rungs = makeLadder(&planner, runInOrder);
  ASSERT_EQ(rungs.size(), 1u);
  EXPECT_EQ(rungs[0].budget, 0);
}
