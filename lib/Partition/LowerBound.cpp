//===- LowerBound.cpp - What no schedule can beat ---------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// When step i begins, memory holds at most what the budget leaves beside the
// scratch areas and the live buffers. What steps i to j read beyond that is
// started and crosses the link from then on, and all of it before step j where
// j needs the last of it. So the stretch takes at least as long as that, and at
// least as long as its steps and the starts of those reads. Stretches that do
// not overlap add up: the best row of them over one inference is the bound.
// A unit that may be read in place crosses the link before j ends, at either
// rate, and needs no start.
//
// Which units memory holds is free, and those with the highest cost per byte
// are the best to hold. For any price per byte p the cost of what is not held
// is at least the sum of min(cost, p * bytes) less p * capacity.
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/Planner.h"

#include <algorithm>

using namespace swapc;

static constexpr int kMostStretches = 4096;

namespace {

/// A unit where a step needs it; `before` is the step that needed it last.
struct Use {
  int before;
  double link, processor;
  bool isEligible; ///< to be read in place
};

} // namespace

double Planner::getLeastSeconds(int64_t budget) const {
  int steps = static_cast<int>(problem.steps.size());
  if (!steps)
    return 0;
  double compute = 0;
  for (const PlanStep &step : problem.steps)
    compute += step.getLeastSeconds();

  // The stretch of all steps begins where memory holds least.
  int origin = static_cast<int>(
      std::max_element(liveBytes.begin(), liveBytes.end()) - liveBytes.begin());
  std::vector<double> capacity(steps);
  for (int i = 0; i < steps; ++i)
    capacity[i] = static_cast<double>(std::max<int64_t>(
        0, budget - problem.scratchBytes - liveBytes[(origin + i) % steps]));

  // The price that bounds a whole inference best, of one for each unit size.
  std::vector<int> needed;
  for (size_t unit = 0; unit < problem.units.size(); ++unit)
    if (firstUse[unit] >= 0 && !problem.units[unit].table)
      needed.push_back(static_cast<int>(unit));
  auto getPrice = [&](double perRead, double perByte, auto cost) {
    double best = -1, price = perByte;
    for (double size = problem.pageBytes; size < 1e12; size *= 1.25) {
      double tried = perByte + perRead / size, sum = -tried * capacity[0];
      for (int unit : needed)
        sum +=
            std::min(cost(unit), tried * static_cast<double>(getPages(unit)));
      if (sum > best) {
        best = sum;
        price = tried;
      }
    }
    return price;
  };
  auto getLinkSeconds = [&](int unit) {
    double seconds = getReadSeconds(unit);
    if (isEligible(unit))
      seconds = std::min(seconds, static_cast<double>(getPages(unit)) /
                                      problem.link.inPlaceBytesPerSecond);
    return seconds;
  };
  auto getProcessorSeconds = [&](int unit) {
    return isEligible(unit) ? 0 : getStartSeconds(unit);
  };
  double linkPrice = getPrice(problem.link.perRead,
                              1 / problem.link.bytesPerSecond, getLinkSeconds);
  double processorPrice = getPrice(
      problem.link.startSeconds, problem.link.cpuPerByte, getProcessorSeconds);

  std::vector<Use> uses;
  std::vector<int> usesFrom(steps + 1, 0);
  std::vector<int> before(problem.units.size(), -1);
  std::vector<double> seconds(steps);
  for (int i = 0; i < steps; ++i) {
    const PlanStep &step = problem.steps[(origin + i) % steps];
    seconds[i] = step.getLeastSeconds();
    for (int unit : step.units) {
      if (problem.units[unit].table)
        continue;
      double bytes = static_cast<double>(getPages(unit));
      uses.push_back(
          {before[unit], std::min(getLinkSeconds(unit), linkPrice * bytes),
           std::min(getProcessorSeconds(unit), processorPrice * bytes),
           isEligible(unit)});
      before[unit] = i;
    }
    usesFrom[i + 1] = static_cast<int>(uses.size());
  }

  double allLink = 0, allProcessor = 0;
  for (const Use &use : uses)
    if (use.before < 0) {
      allLink += use.link;
      allProcessor += use.processor;
    }

  // least[i] is the bound for the steps before i. Where there are many steps,
  // only some begin a stretch: that bound is a little less.
  int stride = 1 + steps / kMostStretches;
  std::vector<double> least(steps + 1, 0);
  for (int i = 0; i < steps; ++i) {
    double link = -linkPrice * capacity[i];
    double processor = -processorPrice * capacity[i];
    double base = least[i];
    least[i + 1] = std::max(least[i + 1], base + seconds[i]);
    double run = base;
    if (i % stride || (allLink + link <= 0 && allProcessor + processor <= 0))
      continue; // memory may hold all of it
    for (int j = i; j < steps; ++j) {
      double during = 0; // of the link, while j may run
      for (int use = usesFrom[j]; use < usesFrom[j + 1]; ++use)
        if (uses[use].before < i) {
          link += uses[use].link;
          during += uses[use].isEligible ? uses[use].link : 0;
          processor += uses[use].processor;
        }
      run += seconds[j];
      double bound = std::max(
          {run + processor, base + (link - during) + seconds[j], base + link});
      if (bound > least[j + 1])
        least[j + 1] = bound;
    }
  }
  return std::max(least[steps], compute);
}
