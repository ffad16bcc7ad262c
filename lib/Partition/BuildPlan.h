//===- BuildPlan.h - A plan as IR -------------------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_PARTITION_BUILDPLAN_H
#define SWAPC_LIB_PARTITION_BUILDPLAN_H

#include "Sequence.h"
#include "UnitIndex.h"
#include "swapc/Partition/Planner.h"

namespace swapc {

/// What a plan was made for.
struct PlanTerms {
  int64_t budget;
  bool isMapped; ///< The budget is beside the weights, which are read in place.
  int64_t threads;
};

/// Makes @plan_<number> before @main: the calls of `sequence`, which are those
/// of `main`, with reads of units between them.
mlir::swap::PlanOp buildPlan(mlir::func::FuncOp main, const Sequence &sequence,
                             const UnitIndex &index, const MemoryPlan &plan,
                             const PlanTerms &terms, int number);

} // namespace swapc

#endif // SWAPC_LIB_PARTITION_BUILDPLAN_H
