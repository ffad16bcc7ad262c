//===- PlanTimeline.h - When each step of a plan runs -----------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_PARTITION_PLANTIMELINE_H
#define SWAPC_LIB_PARTITION_PLANTIMELINE_H

#include "swapc/Partition/Planner.h"

namespace swapc {

/// One of many inferences as a plan foresees it.
struct PlanTimeline {
  std::vector<double> starts; ///< per step, seconds from the beginning
  double stall = 0;           ///< waiting for reads, in all
  /// A step of the call with the longest waits, and these.
  int longestStep = -1;
  double longestStall = 0;

  PlanTimeline(const PlanProblem &problem, const MemoryPlan &plan);
};

/// What a plan's time depends on first.
enum class PlanLimit {
  Nothing, ///< nothing streams
  Compute, ///< streaming costs next to nothing
  Link,    ///< more bytes would have to cross than there is time for
  Memory,  ///< too little of what a stretch reads can be there when it begins
  Stalls   ///< waits that neither of these explains
};
PlanLimit getLimit(const MemoryPlan &plan);

/// Streaming is free where it adds no more than this share to compute.
constexpr double kFreeShare = 0.02;
inline bool isFree(const MemoryPlan &plan) {
  return plan.seconds <= (1 + kFreeShare) * plan.computeSeconds;
}

} // namespace swapc

#endif // SWAPC_LIB_PARTITION_PLANTIMELINE_H
