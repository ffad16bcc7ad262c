//===- PlanTimeline.cpp - When each step of a plan runs ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanTimeline.h"
#include "swapc/Partition/LinkQueue.h"

#include <algorithm>
#include <map>

using namespace swapc;

/// Two inferences: what the first leaves under way, the second finds so.
PlanTimeline::PlanTimeline(const PlanProblem &problem, const MemoryPlan &plan)
    : starts(problem.steps.size(), 0) {
  const PlanLink &link = problem.link;
  LinkQueue queue(problem.units.size(), link.latency);
  std::map<int, double> stalls; // per group
  double now = 0;
  for (bool isFirst : {true, false}) {
    double begin = now, waited = 0;
    for (const PlanAction &action : plan.actions) {
      switch (action.kind) {
      case PlanAction::Started:
        if (!isFirst)
          break;
        [[fallthrough]];
      case PlanAction::In:
      case PlanAction::Ahead: {
        int64_t bytes =
            roundUp(problem.units[action.index].bytes, problem.pageBytes);
        now += link.getStartSeconds(bytes);
        queue.start(action.index, now, link.getReadSeconds(bytes));
        break;
      }
      case PlanAction::Wait:
        waited += std::max(0.0, queue.getDone(action.index) - now);
        now = std::max(now, queue.getDone(action.index));
        break;
      case PlanAction::Out:
        break;
      case PlanAction::Run: {
        double start = now;
        now += plan.stepSeconds.empty() ? problem.steps[action.index].seconds
                                        : plan.stepSeconds[action.index];
        if (!plan.inPlaceSeconds.empty() &&
            plan.inPlaceSeconds[action.index] > 0) {
          double read = queue.share(start, plan.inPlaceSeconds[action.index]);
          waited += std::max(0.0, read - now);
          now = std::max(now, read);
        }
        if (!isFirst) {
          starts[action.index] = start - begin;
          stall += waited;
          double &waits = stalls[problem.steps[action.index].group];
          waits += waited;
          if (waits > longestStall) {
            longestStall = waits;
            longestStep = action.index;
          }
        }
        waited = 0;
        break;
      }
      }
    }
  }
}

PlanLimit swapc::getLimit(const MemoryPlan &plan) {
  if (plan.streamedBytes == 0)
    return PlanLimit::Nothing;
  if (isFree(plan))
    return PlanLimit::Compute;
  double bound = plan.boundSeconds();
  if (plan.leastSeconds > 1.05 * bound)
    return PlanLimit::Memory;
  if (plan.seconds > 1.05 * std::max(bound, plan.leastSeconds))
    return PlanLimit::Stalls;
  return plan.streamSeconds > plan.computeSeconds ? PlanLimit::Link
                                                  : PlanLimit::Compute;
}
