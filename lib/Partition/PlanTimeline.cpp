//===- PlanTimeline.cpp - When each step of a plan runs ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanTimeline.h"

#include <algorithm>
#include <map>

using namespace swapc;

/// Two inferences: what the first leaves under way, the second finds so.
PlanTimeline::PlanTimeline(const PlanProblem &problem, const MemoryPlan &plan)
    : starts(problem.steps.size(), 0) {
  const PlanLink &link = problem.link;
  std::vector<double> done(problem.units.size(), 0);
  std::map<int, double> stalls; // per group
  double now = 0, linkFree = 0;
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
        int64_t bytes = roundUp(problem.units[action.index].bytes, kPageBytes);
        now += link.getStartSeconds(bytes);
        linkFree =
            std::max(linkFree, now + link.latency) + link.getReadSeconds(bytes);
        done[action.index] = linkFree;
        break;
      }
      case PlanAction::Wait:
        waited += std::max(0.0, done[action.index] - now);
        now = std::max(now, done[action.index]);
        break;
      case PlanAction::Out:
        break;
      case PlanAction::Run:
        if (!isFirst) {
          starts[action.index] = now - begin;
          stall += waited;
          double &waits = stalls[problem.steps[action.index].group];
          waits += waited;
          if (waits > longestStall) {
            longestStall = waits;
            longestStep = action.index;
          }
        }
        waited = 0;
        now += problem.steps[action.index].seconds;
        break;
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
