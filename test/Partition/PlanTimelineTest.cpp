//===- PlanTimelineTest.cpp - Predicted timelines and curves ----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanTimeline.h"
#include "PlanCurve.h"
#include "swapc/Partition/LinkQueue.h"

#include <gtest/gtest.h>

#include <mutex>
#include <set>

using namespace swapc;

namespace {

/// Two calls of one second, each with a unit that takes two to read; the
/// second call is cut into two steps.
PlanProblem makeProblem() {
  PlanProblem problem;
  problem.units = {{kPageBytes}, {kPageBytes}};
  problem.steps = {{{0}, 1.0, 0}, {{1}, 0.5, 1}, {{1}, 0.5, 1}};
  problem.link = {kPageBytes / 2.0, 0, 0, 0, 0};
  return problem;
}

MemoryPlan makePlan(std::vector<PlanAction> actions) {
  MemoryPlan plan;
  plan.actions = std::move(actions);
  return plan;
}

void runInOrder(size_t count, llvm::function_ref<void(size_t)> task) {
  for (size_t i = 0; i < count; ++i)
    task(i);
}

TEST(PlanCurve, TakesTheFastestOfSeveralPlanners) {
  // The second sequence needs half the memory and takes longer.
  PlanProblem wide, narrow;
  wide.steps = {{{}, 1.0, 0}};
  wide.buffers = {{64 * kPageBytes, 0, 0}};
  narrow.steps = {{{}, 1.5, 0}};
  narrow.buffers = {{32 * kPageBytes, 0, 0}};
  Planner first(wide), second(narrow);
  PlanCurve curve(llvm::ArrayRef<const Planner *>{&first, &second});
  curve.add({32 * kPageBytes, 64 * kPageBytes}, runInOrder);
  EXPECT_EQ(curve.getPlanner(32 * kPageBytes), 1);
  EXPECT_EQ(curve.getPlans().at(32 * kPageBytes).seconds, 1.5);
  EXPECT_EQ(curve.getPlanner(64 * kPageBytes), 0);
  EXPECT_EQ(curve.getPlans().at(64 * kPageBytes).seconds, 1.0);
  // Of equals the first.
  PlanCurve same(llvm::ArrayRef<const Planner *>{&first, &first});
  same.add({64 * kPageBytes}, runInOrder);
  EXPECT_EQ(same.getPlanner(64 * kPageBytes), 0);
  // All that is needed is told by the first, the least by any.
  curve.addSpread(2, runInOrder);
  EXPECT_EQ(curve.getPlans().begin()->first, second.getMinBytes());
  EXPECT_EQ(curve.getPlans().rbegin()->first, first.getModelBytes());
}

} // namespace

TEST(PlanTimeline, EachReadIsWaitedForWhereItIsNeeded) {
  PlanTimeline timeline(makeProblem(), makePlan({{PlanAction::In, 0},
                                                 {PlanAction::In, 1},
                                                 {PlanAction::Wait, 0},
                                                 {PlanAction::Run, 0},
                                                 {PlanAction::Out, 0},
                                                 {PlanAction::Wait, 1},
                                                 {PlanAction::Run, 1},
                                                 {PlanAction::Run, 2},
                                                 {PlanAction::Out, 1}}));
  EXPECT_EQ(timeline.starts, (std::vector<double>{2.0, 4.0, 4.5}));
  EXPECT_DOUBLE_EQ(timeline.stall, 3.0);
  EXPECT_EQ(timeline.longestStep, 0);
  EXPECT_DOUBLE_EQ(timeline.longestStall, 2.0);
}

TEST(PlanTimeline, ReadAheadRunsDuringTheInferenceBefore) {
  PlanTimeline timeline(makeProblem(), makePlan({{PlanAction::Started, 0},
                                                 {PlanAction::In, 1},
                                                 {PlanAction::Wait, 0},
                                                 {PlanAction::Run, 0},
                                                 {PlanAction::Out, 0},
                                                 {PlanAction::Wait, 1},
                                                 {PlanAction::Run, 1},
                                                 {PlanAction::Ahead, 0},
                                                 {PlanAction::Run, 2},
                                                 {PlanAction::Out, 1}}));
  // Half a second of the read passed under the last step of the run before.
  EXPECT_EQ(timeline.starts, (std::vector<double>{1.5, 3.5, 4.0}));
  EXPECT_DOUBLE_EQ(timeline.stall, 2.5);
}

TEST(PlanTimeline, AKernelThatReadsInPlaceWaitsForTheLink) {
  PlanProblem problem = makeProblem();
  MemoryPlan plan = makePlan({{PlanAction::In, 1},
                              {PlanAction::Run, 0},
                              {PlanAction::Wait, 1},
                              {PlanAction::Run, 1},
                              {PlanAction::Run, 2},
                              {PlanAction::Out, 1}});
  plan.inPlaceSeconds = {1.5, 0, 0};
  PlanTimeline timeline(problem, plan);
  // Both want the link: 1.5 seconds take 3, and the read of 2 ends at 3.5.
  EXPECT_EQ(timeline.starts, (std::vector<double>{0.0, 3.5, 4.0}));
  EXPECT_DOUBLE_EQ(timeline.stall, 2.5);
  EXPECT_EQ(timeline.longestStep, 0);
}

TEST(LinkQueue, AKernelAndReadsGetHalfOfTheLinkEach) {
  LinkQueue queue(3, /*latency=*/0.5);
  queue.start(0, 0, 1);
  queue.start(1, 0, 4);
  EXPECT_DOUBLE_EQ(queue.getDone(0), 1.5);
  EXPECT_DOUBLE_EQ(queue.getDone(1), 5.5);
  // Of the first read half a second is left, which takes a whole one; the
  // kernel has all after four seconds.
  EXPECT_DOUBLE_EQ(queue.share(1, 2), 5);
  EXPECT_DOUBLE_EQ(queue.getDone(0), 2);
  EXPECT_DOUBLE_EQ(queue.getDone(1), 7.5);
  // What is started later comes behind.
  queue.start(2, 5, 1);
  EXPECT_DOUBLE_EQ(queue.getDone(2), 8.5);
  // A free link is the kernel's alone.
  EXPECT_DOUBLE_EQ(queue.share(9, 2), 11);
  EXPECT_DOUBLE_EQ(queue.getDone(2), 8.5);
}

TEST(PlanTimeline, WaitsOfACallAddUp) {
  PlanProblem problem = makeProblem();
  problem.units.push_back({kPageBytes});
  problem.steps[2].units = {2};
  PlanTimeline timeline(problem, makePlan({{PlanAction::Started, 0},
                                           {PlanAction::Wait, 0},
                                           {PlanAction::Run, 0},
                                           {PlanAction::Out, 0},
                                           {PlanAction::In, 1},
                                           {PlanAction::Wait, 1},
                                           {PlanAction::Run, 1},
                                           {PlanAction::Out, 1},
                                           {PlanAction::In, 2},
                                           {PlanAction::Wait, 2},
                                           {PlanAction::Run, 2},
                                           {PlanAction::Out, 2},
                                           {PlanAction::Ahead, 0}}));
  EXPECT_EQ(timeline.longestStep, 2);
  EXPECT_DOUBLE_EQ(timeline.longestStall, 4.0);
}

TEST(PlanTimeline, NamesWhatLimits) {
  MemoryPlan plan;
  plan.computeSeconds = 1.0;
  plan.streamSeconds = 0.5;
  plan.seconds = 1.0;
  EXPECT_EQ(getLimit(plan), PlanLimit::Nothing);
  plan.streamedBytes = kPageBytes;
  EXPECT_EQ(getLimit(plan), PlanLimit::Compute);
  plan.seconds = 1.5;
  EXPECT_EQ(getLimit(plan), PlanLimit::Stalls);
  plan.leastSeconds = 1.4;
  EXPECT_EQ(getLimit(plan), PlanLimit::Memory);
  plan.streamSeconds = plan.leastSeconds = plan.seconds;
  EXPECT_EQ(getLimit(plan), PlanLimit::Link);
}

TEST(PlanCurve, PlansEachBudgetOnceAndFindsTheFreeOne) {
  PlanProblem problem;
  // 64 units of a page; the link is half as fast as compute takes them.
  for (int i = 0; i < 64; ++i) {
    problem.units.push_back({kPageBytes});
    problem.steps.push_back({{i}, 1e-3, i});
  }
  problem.link = {kPageBytes / 2e-3, 0, 0, 0, 0};
  Planner planner(problem);
  PlanCurve curve(planner);
  std::multiset<size_t> counts;
  auto count = [&](size_t n, llvm::function_ref<void(size_t)> task) {
    counts.insert(n);
    runInOrder(n, task);
  };
  curve.add({planner.getMinBytes(), planner.getModelBytes()}, count);
  curve.add({planner.getMinBytes()}, count);
  EXPECT_EQ(counts, (std::multiset<size_t>{0, 2}));
  curve.addSpread(8, count);
  EXPECT_EQ(curve.getPlans().begin()->first, planner.getMinBytes());
  EXPECT_EQ(curve.getPlans().rbegin()->first, planner.getModelBytes());
  EXPECT_GE(curve.getPlans().size(), 6u);
  EXPECT_LE(curve.getPlans().size(), 8u);
  for (const auto &[budget, plan] : curve.getPlans()) {
    EXPECT_TRUE(plan.feasible) << budget;
    EXPECT_LE(plan.arena, budget);
  }
  int64_t free = curve.findFreeBudget();
  EXPECT_TRUE(isFree(planner.plan(free)));
  EXPECT_FALSE(isFree(planner.plan(free - 2 * kPageBytes)));
  // Half of the weights have to stay, or nearly.
  EXPECT_GT(free, 30 * kPageBytes);
  EXPECT_LT(free, 48 * kPageBytes);
}
