//===- InPlace.cpp - Units that kernels read over the link ------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A unit that its step reads once needs no slot where the processor can address
// the blob: the kernel then takes as long as the link does. That pays where
// memory is too small to read ahead, and where a stretch computes next to
// nothing for the bytes that it reads. So the units with the least compute for
// their bytes are the first to be read in place; how many, is searched.
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/Planner.h"

#include <algorithm>

using namespace swapc;

bool Planner::isEligible(int unit) const {
  return problem.link.inPlaceBytesPerSecond > 0 &&
         problem.units[unit].inPlace && isStreamable(unit) &&
         firstUse[unit] == lastUse[unit];
}

void Planner::makeModes() {
  constexpr size_t kParts = 4;
  std::vector<int> eligible;
  for (int unit : byDensity)
    if (isEligible(unit))
      eligible.push_back(unit);
  for (size_t part = 0; part <= kParts; ++part) {
    Mode mode;
    mode.inPlace.assign(problem.units.size(), 0);
    for (size_t i = 0; i < eligible.size() * part / kParts; ++i)
      mode.inPlace[eligible[i]] = 1;
    if (modes.empty() || mode.inPlace != modes.back().inPlace)
      modes.push_back(std::move(mode));
  }
}

/// What is not resident is read as `mode` says.
void Planner::readInPlace(MemoryPlan &plan, const Mode &mode) const {
  plan.inPlace = mode.inPlace;
  for (int unit : order)
    plan.inPlace[unit] &= !plan.resident[unit];
}

/// The mode whose smallest region a plan may have at least.
const Planner::Mode &Planner::getMode(const MemoryPlan &plan) const {
  bool isAny = std::any_of(plan.inPlace.begin(), plan.inPlace.end(),
                           [](char isInPlace) { return isInPlace; });
  return isAny ? modes.back() : modes.front();
}

/// Units that need no slot in the region.
std::vector<char> Planner::getHeld(const MemoryPlan &plan) const {
  std::vector<char> held = plan.resident;
  for (int unit : order)
    held[unit] |= plan.inPlace[unit];
  return held;
}

/// What the link alone takes for the units that each step reads in place;
/// empty if none does.
std::vector<double>
Planner::getInPlaceSeconds(const std::vector<char> &inPlace) const {
  std::vector<double> seconds;
  for (int unit : order) {
    if (!inPlace[unit])
      continue;
    seconds.resize(problem.steps.size(), 0);
    seconds[firstUse[unit]] += static_cast<double>(getPages(unit)) /
                               problem.link.inPlaceBytesPerSecond;
  }
  return seconds;
}

/// Another way for one unit that is not resident: of those from `at` in the
/// order of use, the first that may be read in place.
void Planner::moveInPlace(MemoryPlan &plan, size_t at) const {
  for (size_t i = 0; i < order.size(); ++i, ++at) {
    int unit = order[at % order.size()];
    if (plan.resident[unit] || !isEligible(unit))
      continue;
    plan.inPlace[unit] ^= 1;
    return;
  }
}
