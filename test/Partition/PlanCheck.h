//===- PlanCheck.h - Whether a plan may run ---------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_TEST_PARTITION_PLANCHECK_H
#define SWAPC_TEST_PARTITION_PLANCHECK_H

#include "swapc/Partition/Planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace swapc {

/// Bytes of the arena from one action to another, both included.
struct Extent {
  int64_t begin, end;
  int first, last;
};

inline bool overlap(const Extent &a, const Extent &b) {
  return a.begin < b.end && b.begin < a.end && a.first <= b.last &&
         b.first <= a.last;
}

/// Derives from the actions alone that a plan may run inside `budget`, again
/// and again: goes through three inferences in a row.
inline void check(const Planner &planner, const MemoryPlan &plan,
                  int64_t budget) {
  constexpr int kLaps = 3;
  const PlanProblem &problem = planner.getProblem();
  ASSERT_TRUE(plan.feasible);
  EXPECT_LE(plan.arena, budget - problem.overheadBytes);
  EXPECT_LE(plan.peak, plan.arena);
  EXPECT_GE(plan.seconds, plan.computeSeconds * (1 - 1e-9));
  EXPECT_GE(plan.seconds, plan.leastSeconds * (1 - 1e-9));
  EXPECT_GE(plan.leastSeconds, plan.computeSeconds * (1 - 1e-9));
  EXPECT_GE(plan.coldSeconds, plan.computeSeconds * (1 - 1e-9));
  int actions = static_cast<int>(plan.actions.size());
  std::vector<Extent> extents;
  int64_t inPlace = 0;
  auto getExtent = [&](int unit, int first, int last) {
    int64_t slot = plan.slots[unit];
    EXPECT_GE(slot, 0);
    EXPECT_EQ(slot % problem.pageBytes, 0);
    return Extent{slot,
                  slot + roundUp(problem.units[unit].bytes, problem.pageBytes),
                  first, last};
  };
  for (size_t unit = 0; unit < problem.units.size(); ++unit) {
    EXPECT_EQ(plan.slots[unit] == kInPlaceSlot, bool(plan.inPlace[unit]));
    if (plan.inPlace[unit]) {
      EXPECT_TRUE(problem.units[unit].inPlace);
      EXPECT_FALSE(plan.resident[unit]);
      inPlace += roundUp(problem.units[unit].bytes, problem.pageBytes);
    }
    if (plan.resident[unit])
      extents.push_back(getExtent(static_cast<int>(unit), 0, kLaps * actions));
  }
  EXPECT_EQ(plan.inPlaceBytes, inPlace);
  EXPECT_LE(inPlace, plan.streamedBytes);
  if (problem.scratchBytes)
    extents.push_back({plan.scratchOffset,
                       plan.scratchOffset + problem.scratchBytes, 0,
                       kLaps * actions});

  std::vector<int> enteredAt(problem.units.size(), -1);
  std::vector<int> ahead, started;
  std::set<int> reading, ready;
  int64_t inUse = plan.residentBytes + problem.scratchBytes, most = 0;
  for (int lap = 0; lap < kLaps; ++lap) {
    std::vector<int> runAt;
    started.clear();
    bool top = true;
    auto enter = [&](int index, int at) {
      EXPECT_FALSE(plan.resident[index]);
      EXPECT_EQ(enteredAt[index], -1) << "read twice";
      enteredAt[index] = at;
      reading.insert(index);
      inUse += roundUp(problem.units[index].bytes, problem.pageBytes);
      EXPECT_LE(static_cast<int>(reading.size()), problem.depth);
    };
    std::vector<int> endingAhead;
    for (int i = 0; i < actions; ++i) {
      int index = plan.actions[i].index, at = lap * actions + i;
      top &= plan.actions[i].kind == PlanAction::Started;
      switch (plan.actions[i].kind) {
      case PlanAction::Started:
        EXPECT_TRUE(top) << "not at the top";
        started.push_back(index);
        if (lap == 0)
          enter(index, at);
        break;
      case PlanAction::In:
        enter(index, at);
        break;
      case PlanAction::Ahead:
        endingAhead.push_back(index);
        enter(index, at);
        break;
      case PlanAction::Wait:
        for (int unit : endingAhead)
          EXPECT_NE(unit, index) << "waited for in the same inference";
        EXPECT_EQ(reading.erase(index), 1u);
        ready.insert(index);
        break;
      case PlanAction::Out:
        EXPECT_EQ(ready.erase(index), 1u);
        extents.push_back(getExtent(index, enteredAt[index], at));
        enteredAt[index] = -1;
        inUse -= roundUp(problem.units[index].bytes, problem.pageBytes);
        break;
      case PlanAction::Run: {
        EXPECT_EQ(index, static_cast<int>(runAt.size()));
        runAt.push_back(at);
        for (int unit : problem.steps[index].units) {
          EXPECT_TRUE(plan.resident[unit] || plan.inPlace[unit] ||
                      ready.count(unit));
          EXPECT_TRUE(!plan.joins[index] || plan.resident[unit]);
        }
        if (plan.joins[index]) {
          EXPECT_EQ(plan.actions[i - 1].kind, PlanAction::Run)
              << "between steps that are one launch";
          EXPECT_EQ(plan.stepSeconds[index],
                    problem.steps[index].joinedSeconds);
        }
        int64_t live = 0;
        for (const PlanBuffer &buffer : problem.buffers)
          if (buffer.first <= index && index <= buffer.last)
            live += roundUp(buffer.bytes, kBufferAlign);
        most = std::max(most, inUse + live);
        break;
      }
      }
    }
    ahead = endingAhead;
    EXPECT_EQ(started, ahead);
    EXPECT_EQ(runAt.size(), problem.steps.size());
    EXPECT_EQ(reading, std::set<int>(ahead.begin(), ahead.end()));
    EXPECT_TRUE(ready.empty());
    for (size_t i = 0; i < problem.buffers.size(); ++i) {
      const PlanBuffer &buffer = problem.buffers[i];
      int64_t offset = planner.getBuffers().offsets[i];
      extents.push_back({offset, offset + buffer.bytes, runAt[buffer.first],
                         runAt[buffer.last]});
    }
  }
  for (int unit : ahead)
    extents.push_back(getExtent(unit, enteredAt[unit], kLaps * actions));
  EXPECT_EQ(plan.peak, most);
  for (size_t i = 0; i < extents.size(); ++i) {
    EXPECT_LE(extents[i].end, plan.arena);
    for (size_t j = 0; j < i; ++j)
      EXPECT_FALSE(overlap(extents[i], extents[j]))
          << extents[i].begin << ".." << extents[i].end << " and "
          << extents[j].begin << ".." << extents[j].end;
  }
}

} // namespace swapc

#endif // SWAPC_TEST_PARTITION_PLANCHECK_H
