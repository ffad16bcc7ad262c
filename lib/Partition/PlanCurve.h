//===- PlanCurve.h - Predicted time over budget -----------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef SWAPC_LIB_PARTITION_PLANCURVE_H
#define SWAPC_LIB_PARTITION_PLANCURVE_H

#include "swapc/Partition/Planner.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/STLFunctionalExtras.h"

#include <map>

namespace swapc {

/// Plans by budget, each made once.
class PlanCurve {
public:
  /// Calls its argument for 0 to `count` - 1, in any order or side by side.
  using ForEach =
      llvm::function_ref<void(size_t count, llvm::function_ref<void(size_t)>)>;

  explicit PlanCurve(const Planner &planner)
      : PlanCurve(llvm::ArrayRef<const Planner *>(&planner)) {}
  /// Of several planners the one with the fastest plan counts, the first of
  /// equals; what all needs is told by the first.
  explicit PlanCurve(llvm::ArrayRef<const Planner *> planners)
      : planners(planners.begin(), planners.end()) {}

  void add(llvm::ArrayRef<int64_t> budgets, ForEach forEach);
  /// Budgets in even ratios from the smallest feasible to all that is needed.
  void addSpread(int count, ForEach forEach);

  const std::map<int64_t, MemoryPlan> &getPlans() const { return plans; }
  /// Which planner made the plan of a budget that was added.
  int getPlanner(int64_t budget) const { return makers.at(budget); }

  /// The smallest budget, to a hundredth or so, from which streaming adds
  /// nothing to compute.
  int64_t findFreeBudget();

private:
  int64_t getMinBytes() const;

  std::vector<const Planner *> planners;
  std::map<int64_t, MemoryPlan> plans;
  std::map<int64_t, int> makers;
};

} // namespace swapc

#endif // SWAPC_LIB_PARTITION_PLANCURVE_H
