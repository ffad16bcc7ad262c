//===- Ladder.h - Plans for a pool to choose from ---------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Several models under one budget share the memory of their regions in time,
// and each has its resident units to itself. So a ladder has rungs from the
// smallest budget to the largest, and for about the same resident units others
// with smaller regions where those exist: whoever chooses weighs region,
// resident bytes and time.
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_PARTITION_LADDER_H
#define SWAPC_LIB_PARTITION_LADDER_H

#include "PlanCurve.h"

#include <vector>

namespace swapc {

struct LadderRung {
  int planner = 0;    ///< which made the plan
  int64_t budget = 0; ///< what the plan takes; no two are equal
  MemoryPlan plan;

  int64_t getRegionBytes() const { return plan.arena - plan.residentBytes; }
};

/// Rungs in ascending order of budget, at most kMostRungs; none takes as much
/// of everything as another and as long. Of several planners, as in PlanCurve.
constexpr size_t kMostRungs = 24;
std::vector<LadderRung> makeLadder(llvm::ArrayRef<const Planner *> planners,
                                   PlanCurve::ForEach forEach);

} // namespace swapc

#endif // SWAPC_LIB_PARTITION_LADDER_H
