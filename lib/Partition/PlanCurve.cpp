//===- PlanCurve.cpp - Predicted time over budget ---------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "PlanCurve.h"
#include "PlanTimeline.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

#include <algorithm>
#include <cmath>

using namespace swapc;

void PlanCurve::add(llvm::ArrayRef<int64_t> budgets, ForEach forEach) {
  llvm::SmallVector<std::tuple<int64_t, MemoryPlan *, int *>> fresh;
  for (int64_t budget : budgets)
    if (auto [entry, isNew] = plans.try_emplace(budget); isNew)
      fresh.push_back({budget, &entry->second, &makers[budget]});
  forEach(fresh.size(), [&](size_t i) {
    auto [budget, best, maker] = fresh[i];
    for (auto [number, planner] : llvm::enumerate(planners)) {
      MemoryPlan plan = planner->plan(budget);
      if (number > 0 &&
          (!plan.feasible || (best->feasible && plan.seconds >= best->seconds)))
        continue;
      *best = std::move(plan);
      *maker = number;
    }
  });
}

int64_t PlanCurve::getMinBytes() const {
  int64_t least = planners[0]->getMinBytes();
  for (const Planner *planner : planners)
    least = std::min(least, planner->getMinBytes());
  return least;
}

void PlanCurve::addSpread(int count, ForEach forEach) {
  int64_t least = getMinBytes(), most = planners[0]->getModelBytes();
  llvm::SmallVector<int64_t> budgets{least, most};
  double ratio = static_cast<double>(most) / std::max<int64_t>(least, 1);
  for (int i = 1; i + 1 < count; ++i) {
    auto bytes = static_cast<int64_t>(
        static_cast<double>(least) *
        std::pow(ratio, static_cast<double>(i) / (count - 1)));
    // Whole pages: less than one more or less changes nothing.
    bytes = roundUp(bytes, planners[0]->getProblem().pageBytes);
    if (bytes > least && bytes < most)
      budgets.push_back(bytes);
  }
  add(budgets, forEach);
}

int64_t PlanCurve::findFreeBudget() {
  auto oneByOne = [](size_t count, llvm::function_ref<void(size_t)> task) {
    for (size_t i = 0; i < count; ++i)
      task(i);
  };
  add({getMinBytes(), planners[0]->getModelBytes()}, oneByOne);
  int64_t low = -1, high = planners[0]->getModelBytes();
  for (const auto &[budget, plan] : llvm::reverse(plans)) {
    if (!isFree(plan)) {
      low = budget;
      break;
    }
    high = budget;
  }
  if (low < 0)
    return high;
  while (high - low >
         std::max<int64_t>(high / 100, planners[0]->getProblem().pageBytes)) {
    int64_t middle =
        roundUp(low + (high - low) / 2, planners[0]->getProblem().pageBytes);
    if (middle >= high)
      break;
    add({middle}, oneByOne);
    (isFree(plans[middle]) ? high : low) = middle;
  }
  return high;
}
