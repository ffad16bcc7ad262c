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
  llvm::SmallVector<std::pair<int64_t, MemoryPlan *>> fresh;
  for (int64_t budget : budgets)
    if (auto [entry, isNew] = plans.try_emplace(budget); isNew)
      fresh.push_back({budget, &entry->second});
  forEach(fresh.size(),
          [&](size_t i) { *fresh[i].second = planner.plan(fresh[i].first); });
}

void PlanCurve::addSpread(int count, ForEach forEach) {
  int64_t least = planner.getMinBytes(), most = planner.getModelBytes();
  llvm::SmallVector<int64_t> budgets{least, most};
  double ratio = static_cast<double>(most) / std::max<int64_t>(least, 1);
  for (int i = 1; i + 1 < count; ++i) {
    auto bytes = static_cast<int64_t>(
        static_cast<double>(least) *
        std::pow(ratio, static_cast<double>(i) / (count - 1)));
    // Whole pages: less than one more or less changes nothing.
    bytes = roundUp(bytes, kPageBytes);
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
  add({planner.getMinBytes(), planner.getModelBytes()}, oneByOne);
  int64_t low = -1, high = planner.getModelBytes();
  for (const auto &[budget, plan] : llvm::reverse(plans)) {
    if (!isFree(plan)) {
      low = budget;
      break;
    }
    high = budget;
  }
  if (low < 0)
    return high;
  while (high - low > std::max<int64_t>(high / 100, kPageBytes)) {
    int64_t middle = roundUp(low + (high - low) / 2, kPageBytes);
    if (middle >= high)
      break;
    add({middle}, oneByOne);
    (isFree(plans[middle]) ? high : low) = middle;
  }
  return high;
}
