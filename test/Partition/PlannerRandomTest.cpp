//===- PlannerRandomTest.cpp - Plans of any problem are right ---*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanCheck.h"

#include <random>

using namespace swapc;

namespace {

/// Calls cut into a few steps each, with a bias that spans them.
PlanProblem makeRandom(uint32_t seed) {
  std::mt19937 random(seed);
  auto pick = [&](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random() % (high - low + 1));
  };
  PlanProblem problem;
  problem.scratchBytes = pick(0, 3) * 1000;
  problem.depth = static_cast<int>(pick(1, 8));
  int calls = static_cast<int>(pick(1, 25));
  for (int call = 0; call < calls; ++call) {
    int bias = -1, pieces = static_cast<int>(pick(1, 4));
    int begin = static_cast<int>(problem.steps.size());
    if (pick(0, 2) == 0) {
      bias = static_cast<int>(problem.units.size());
      problem.units.push_back({pick(1, 20000)});
    }
    for (int i = 0; i < pieces; ++i) {
      PlanStep step;
      step.group = call;
      step.seconds = static_cast<double>(pick(1, 1000)) * 1e-6;
      if (bias >= 0)
        step.units.push_back(bias);
      if (pick(0, 4)) {
        step.units.push_back(static_cast<int>(problem.units.size()));
        problem.units.push_back({pick(1, 200000)});
      }
      if (pick(0, 9) == 0 && !problem.units.empty()) { // shared: gets pinned
        int unit = static_cast<int>(pick(0, problem.units.size() - 1));
        if (step.units.empty() || step.units.back() != unit)
          step.units.push_back(unit);
      }
      problem.steps.push_back(step);
    }
    int end = static_cast<int>(problem.steps.size()) - 1;
    problem.buffers.push_back(
        {pick(1, 300000), begin, end + static_cast<int>(pick(0, 6))});
  }
  if (pick(0, 2) == 0)
    problem.units.push_back({pick(1, 500000), false, true, pick(0, 1) == 1});
  for (PlanBuffer &buffer : problem.buffers)
    buffer.last =
        std::min<int>(buffer.last, static_cast<int>(problem.steps.size()) - 1);
  return problem;
}

/// What a plan is chosen by: as predicted and with a cautious look at the link.
double getCost(const MemoryPlan &plan) {
  return 0.5 * (plan.seconds + plan.lateSeconds) +
         kStreamWeight * plan.streamSeconds;
}

/// The same for a GPU: kernels read some units in place, parts of a call may be
/// one launch, and a budget has to hold more than the arena.
PlanProblem makeRandomForGpu(uint32_t seed) {
  PlanProblem problem = makeRandom(seed);
  std::mt19937 random(seed);
  problem.link.inPlaceBytesPerSecond = 1.9e9;
  problem.link.startSeconds = problem.link.cpuPerByte = 0;
  problem.overheadBytes = static_cast<int64_t>(random() % 100000);
  for (PlanUnit &unit : problem.units)
    unit.inPlace = !unit.table && random() % 3;
  for (size_t i = 1; i < problem.steps.size(); ++i)
    if (problem.steps[i].group == problem.steps[i - 1].group && random() % 3)
      problem.steps[i].joinedSeconds = 0.5 * problem.steps[i].seconds;
  return problem;
}

} // namespace

TEST(PlannerRandom, RandomProblemsNeverOverlap) {
  for (uint32_t seed = 0; seed < 400; ++seed) {
    SCOPED_TRACE(seed);
    Planner planner(makeRandom(seed));
    int64_t low = planner.getMinBytes(), high = planner.getModelBytes();
    ASSERT_LE(low, high);
    for (int64_t budget :
         {low, low + 1, low + 5000, (3 * low + high) / 4, (low + high) / 2,
          (low + 3 * high) / 4, high - 1, high, high + 1000000})
      if (budget >= low) {
        SCOPED_TRACE(budget);
        check(planner, planner.plan(budget), budget);
      }
    EXPECT_FALSE(planner.plan(low - 1).feasible);
  }
}

TEST(PlannerRandom, SlotsAreOfTheProblemsPages) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    PlanProblem problem = makeRandom(seed);
    problem.pageBytes = 64 << seed % 7;
    Planner planner(problem), ofFiles(makeRandom(seed));
    EXPECT_LE(planner.getModelBytes(), ofFiles.getModelBytes());
    int64_t low = planner.getMinBytes(), high = planner.getModelBytes();
    ASSERT_LE(low, high);
    for (int64_t budget : {low, low + 100, (low + high) / 2, high - 1, high})
      if (budget >= low) {
        SCOPED_TRACE(budget);
        check(planner, planner.plan(budget), budget);
      }
    EXPECT_FALSE(planner.plan(low - 1).feasible);
  }
}

TEST(PlannerRandom, WhereReadsBlockTheyComeRightBeforeTheirStep) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    PlanProblem problem = makeRandom(seed);
    problem.link.block();
    Planner planner(problem), beside(makeRandom(seed));
    EXPECT_LE(planner.getMinBytes(), beside.getMinBytes());
    int64_t low = planner.getMinBytes(), high = planner.getModelBytes();
    for (int64_t budget : {low, (3 * low + high) / 4, (low + high) / 2, high}) {
      SCOPED_TRACE(budget);
      MemoryPlan plan = planner.plan(budget);
      check(planner, plan, budget);
      double seconds = 0;
      std::set<int> pending; // came in, and no step ran since
      for (const PlanAction &action : plan.actions) {
        if (action.kind == PlanAction::Run) {
          seconds += problem.steps[action.index].seconds;
          const std::vector<int> &units = problem.steps[action.index].units;
          for (int unit : pending)
            EXPECT_GE(std::count(units.begin(), units.end(), unit), 1);
          pending.clear();
        } else if (action.kind != PlanAction::Wait &&
                   action.kind != PlanAction::Out) {
          ASSERT_EQ(action.kind, PlanAction::In);
          pending.insert(action.index);
          seconds += problem.link.getStartSeconds(
              roundUp(problem.units[action.index].bytes, problem.pageBytes));
        }
      }
      EXPECT_NEAR(plan.seconds, seconds, 1e-6 * seconds);
    }
  }
}

TEST(PlannerRandom, MappedPlansHoldNothingButBuffersAndScratch) {
  for (uint32_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(seed);
    PlanProblem problem = makeRandom(seed);
    double seconds = 0;
    for (PlanStep &step : problem.steps)
      seconds += step.mappedSeconds = 2 * step.seconds;
    Planner planner(problem);
    MemoryPlan plan = planner.planMapped();
    EXPECT_EQ(plan.arena, planner.getMappedBytes());
    EXPECT_EQ(plan.arena, planner.getBuffers().bytes +
                              roundUp(problem.scratchBytes, kBufferAlign));
    EXPECT_LE(plan.arena, planner.getMinBytes());
    EXPECT_LE(plan.peak, plan.arena);
    EXPECT_EQ(plan.actions.size(), problem.steps.size());
    EXPECT_EQ(plan.streamedBytes + plan.residentBytes, 0);
    for (int64_t slot : plan.slots)
      EXPECT_EQ(slot, kInPlaceSlot);
    EXPECT_NEAR(plan.seconds, seconds, 1e-9 * seconds);
    EXPECT_NEAR(plan.computeSeconds, 0.5 * seconds, 1e-9 * seconds);
    EXPECT_NEAR(plan.boundSeconds(), seconds, 1e-9 * seconds);
  }
}

TEST(PlannerRandom, RandomProblemsOfAGpuNeverOverlap) {
  int inPlace = 0, joined = 0;
  for (uint32_t seed = 0; seed < 120; ++seed) {
    SCOPED_TRACE(seed);
    PlanProblem problem = makeRandomForGpu(seed);
    Planner planner(problem);
    problem.link.inPlaceBytesPerSecond = 0;
    Planner without(problem);
    int64_t low = planner.getMinBytes(), high = planner.getModelBytes();
    ASSERT_LE(low, without.getMinBytes());
    EXPECT_EQ(high, without.getModelBytes());
    for (int64_t budget :
         {low, low + 5000, (3 * low + high) / 4, (low + high) / 2, high}) {
      SCOPED_TRACE(budget);
      MemoryPlan plan = planner.plan(budget), other = without.plan(budget);
      check(planner, plan, budget);
      // That units may be read in place is never to the worse.
      if (other.feasible)
        EXPECT_TRUE(plan.seconds <= other.seconds * (1 + 1e-9) ||
                    getCost(plan) <= getCost(other) * (1 + 1e-9))
            << plan.seconds << " " << other.seconds;
      inPlace += plan.inPlaceBytes > 0;
      joined += std::count(plan.joins.begin(), plan.joins.end(), 1) > 0;
    }
    EXPECT_FALSE(planner.plan(low - 1).feasible);
  }
  EXPECT_GT(inPlace, 100);
  EXPECT_GT(joined, 100);
}

TEST(PlannerRandom, ABudgetHoldsTheOverheadToo) {
  PlanProblem problem = makeRandom(11);
  Planner without(problem);
  problem.overheadBytes = 12345;
  Planner planner(problem);
  EXPECT_EQ(planner.getMinBytes(), without.getMinBytes() + 12345);
  EXPECT_EQ(planner.getModelBytes(), without.getModelBytes() + 12345);
  int64_t budget = (without.getMinBytes() + without.getModelBytes()) / 2;
  EXPECT_EQ(planner.plan(budget + 12345).slots, without.plan(budget).slots);
  EXPECT_EQ(planner.plan(budget + 12345).arena, without.plan(budget).arena);
}

TEST(PlannerRandom, ARegionIsNoLargerThanItMayBe) {
  int limited = 0;
  for (uint32_t seed = 0; seed < 60; ++seed) {
    SCOPED_TRACE(seed);
    Planner planner(seed % 2 ? makeRandom(seed) : makeRandomForGpu(seed));
    const PlanProblem &problem = planner.getProblem();
    int64_t least = planner.getMinRegion();
    for (int64_t most : {least, least + 20000, 2 * least})
      for (int64_t resident : {20000, 500000, 50000000}) {
        int64_t budget = planner.getBudget(most, resident);
        MemoryPlan plan = planner.plan(budget, most);
        if (!plan.feasible) { // what is pinned does not fit
          EXPECT_LT(resident, 50000000);
          continue;
        }
        check(planner, plan, budget);
        EXPECT_LE(plan.scratchOffset, most);
        EXPECT_LE(plan.arena - plan.residentBytes,
                  most + roundUp(problem.scratchBytes, problem.pageBytes) +
                      problem.pageBytes);
        limited += plan.arena < planner.plan(budget).arena;
      }
    MemoryPlan free = planner.plan(planner.getModelBytes(), INT64_MAX);
    EXPECT_EQ(free.slots, planner.plan(planner.getModelBytes()).slots);
    EXPECT_FALSE(
        planner.plan(planner.getModelBytes(), planner.getBuffers().bytes - 1)
            .feasible);
  }
  EXPECT_GT(limited, 0);
}

TEST(PlannerRandom, MaximumStreamsNothing) {
  for (uint32_t seed = 0; seed < 100; ++seed) {
    Planner planner(makeRandom(seed));
    MemoryPlan plan = planner.plan(planner.getModelBytes());
    EXPECT_EQ(plan.streamedBytes, 0);
    EXPECT_EQ(plan.arena, planner.getModelBytes());
    EXPECT_DOUBLE_EQ(plan.seconds, plan.computeSeconds);
  }
}

TEST(PlannerRandom, LargerBudgetsAreNotSlower) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    Planner planner(makeRandom(seed));
    int64_t low = planner.getMinBytes(), high = planner.getModelBytes();
    double before = 1e9;
    for (int i = 0; i <= 20; ++i) {
      MemoryPlan plan = planner.plan(low + (high - low) * i / 20);
      EXPECT_LE(plan.seconds, before * 1.10) << seed << " " << i;
      before = std::min(before, plan.seconds);
    }
  }
}

TEST(PlannerRandom, IsDeterministic) {
  Planner a(makeRandom(7)), b(makeRandom(7));
  int64_t budget = (a.getMinBytes() + a.getModelBytes()) / 2;
  EXPECT_EQ(a.plan(budget).slots, b.plan(budget).slots);
  EXPECT_EQ(a.plan(budget).seconds, b.plan(budget).seconds);
}
