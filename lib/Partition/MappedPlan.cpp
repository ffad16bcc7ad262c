//===- MappedPlan.cpp - All units where the blob lies -----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A processor that addresses the blob (flash, or a mapped file) needs no slot
// for any unit, however often kernels read it: nothing is decided, nothing
// comes in.
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/Planner.h"

#include <algorithm>

using namespace swapc;

int64_t Planner::getMappedBytes() const {
  return getArenaBytes(layout.bytes, 0);
}

int Planner::getMappedStep() const {
  return liveBytes.empty()
             ? -1
             : static_cast<int>(
                   std::max_element(liveBytes.begin(), liveBytes.end()) -
                   liveBytes.begin());
}

MemoryPlan Planner::planMapped() const {
  MemoryPlan plan;
  plan.feasible = true;
  plan.resident.assign(problem.units.size(), 0);
  plan.inPlace.assign(problem.units.size(), 1);
  plan.slots.assign(problem.units.size(), kNoSlot);
  plan.joins.assign(problem.steps.size(), 0);
  for (size_t step = 0; step < problem.steps.size(); ++step) {
    plan.actions.push_back({PlanAction::Run, static_cast<int>(step)});
    plan.stepSeconds.push_back(problem.steps[step].mappedSeconds);
    plan.seconds += plan.stepSeconds.back();
  }
  finish(plan, layout.bytes);
  plan.streamedBytes = 0; // not by the link of the other plans
  plan.isSerial = true;
  plan.computeSeconds = std::min(plan.computeSeconds, plan.seconds);
  plan.streamSeconds = plan.seconds - plan.computeSeconds;
  plan.lateSeconds = plan.coldSeconds = plan.leastSeconds = plan.seconds;
  return plan;
}
