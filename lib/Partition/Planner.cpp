//===- Planner.cpp - What a problem needs at least and at most --*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/Planner.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <tuple>

using namespace swapc;

Planner::Planner(PlanProblem given) : problem(std::move(given)) {
  int units = static_cast<int>(problem.units.size());
  firstUse.assign(units, -1);
  lastUse.assign(units, -1);
  pinned.assign(units, 0);
  problem.depth = std::max(problem.depth, 1);
  problem.scratchBytes = roundUp(problem.scratchBytes, kBufferAlign);
  layout = layoutBuffers(problem.buffers);

  // A unit that several kernel calls read stays in memory: it has one slot, and
  // holding that from the first call to the last would cost as much.
  std::map<int, std::pair<double, int64_t>> groups; // seconds, bytes
  for (int step = 0; step < static_cast<int>(problem.steps.size()); ++step) {
    const PlanStep &planStep = problem.steps[step];
    groups[planStep.group].first += planStep.seconds;
    for (int unit : planStep.units) {
      if (firstUse[unit] < 0) {
        firstUse[unit] = step;
        groups[planStep.group].second += problem.units[unit].bytes;
      } else if (problem.steps[firstUse[unit]].group != planStep.group) {
        pinned[unit] = 1;
      }
      lastUse[unit] = step;
    }
  }
  for (int unit = 0; unit < units; ++unit) {
    if (problem.units[unit].pinned && !problem.units[unit].table)
      pinned[unit] = 1;
    if (pinned[unit])
      pinnedBytes += getPages(unit);
    else if (isStreamable(unit))
      order.push_back(unit);
  }
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    return std::make_tuple(firstUse[a], -lastUse[a], a) <
           std::make_tuple(firstUse[b], -lastUse[b], b);
  });
  std::vector<double> density(units, 0);
  for (int unit : order) {
    auto [seconds, bytes] = groups[problem.steps[firstUse[unit]].group];
    density[unit] = seconds / static_cast<double>(std::max<int64_t>(bytes, 1));
  }
  byDensity = order;
  std::sort(byDensity.begin(), byDensity.end(), [&](int a, int b) {
    return std::make_tuple(density[a], firstUse[a], a) <
           std::make_tuple(density[b], firstUse[b], b);
  });
  computeLive();
  for (int unit : order)
    streamableBytes += getPages(unit);
  int64_t all = pinnedBytes;
  for (int unit = 0; unit < units; ++unit)
    if (isStreamable(unit) ||
        (problem.units[unit].table && !problem.units[unit].duplicate))
      all += getPages(unit);
  modelBytes = getArenaBytes(layout.bytes, all);
  makeModes();
  for (Mode &mode : modes)
    computeMin(mode);
  computeMin();
}

bool Planner::isStreamable(int unit) const {
  return firstUse[unit] >= 0 && !pinned[unit] && !problem.units[unit].table;
}

/// Steps that are one launch with the step before: both read only what is
/// resident.
std::vector<char> Planner::getJoins(const std::vector<char> &resident) const {
  std::vector<char> joins(problem.steps.size(), 0);
  auto isResident = [&](size_t step) {
    const std::vector<int> &units = problem.steps[step].units;
    return std::all_of(units.begin(), units.end(),
                       [&](int unit) { return resident[unit]; });
  };
  for (size_t step = 1; step < problem.steps.size(); ++step)
    joins[step] = problem.steps[step].joinedSeconds >= 0 &&
                  isResident(step - 1) && isResident(step);
  return joins;
}

std::vector<double>
Planner::getStepSeconds(const std::vector<char> &joins) const {
  std::vector<double> seconds;
  seconds.reserve(joins.size());
  for (size_t step = 0; step < joins.size(); ++step)
    seconds.push_back(joins[step] ? problem.steps[step].joinedSeconds
                                  : problem.steps[step].seconds);
  return seconds;
}

int64_t Planner::getArenaBytes(int64_t region, int64_t resident) const {
  int64_t bytes = region + problem.scratchBytes;
  return resident ? roundUp(bytes, problem.pageBytes) + resident : bytes;
}

/// Whether all units can stream through a region such that each can come in
/// while the step before its first one computes: a budget that lets reading and
/// computing only take turns saves one unit and costs up to twice the time.
/// Where reads block they do so anyway.
bool Planner::readsAhead(const Mode &mode, int64_t region) const {
  std::vector<char> held = pinned;
  for (int unit : order)
    held[unit] |= mode.inPlace[unit];
  if (problem.link.isBlocking)
    return place(held, region, PlacementPolicy::Lowest).feasible;
  UnitPlacement placement = place(held, region, PlacementPolicy::Earliest);
  int steps = static_cast<int>(problem.steps.size());
  return placement.feasible &&
         std::all_of(order.begin(), order.end(), [&](int unit) {
           bool isAlwaysIn = lastUse[unit] - firstUse[unit] + 1 >= steps;
           return held[unit] || isAlwaysIn ||
                  placement.earliest[unit] < firstUse[unit];
         });
}

/// Bytes of streamed units that each step needs in memory so: its own, and
/// those of the next one, which may be the first of the next inference, where
/// reads go on beside it.
std::vector<int64_t> Planner::getNeeded(const Mode &mode) const {
  int steps = static_cast<int>(problem.steps.size());
  std::vector<int64_t> needed(steps + 1, 0);
  for (int unit : order) {
    if (mode.inPlace[unit])
      continue;
    if (!problem.link.isBlocking)
      needed[(firstUse[unit] + steps - 1) % steps] += getPages(unit);
    for (int step = firstUse[unit]; step <= lastUse[unit]; ++step)
      needed[step] += getPages(unit);
  }
  return needed;
}

/// The smallest region in which everything can stream.
void Planner::computeMin(Mode &mode) {
  int64_t low = roundUp(layout.bytes, problem.pageBytes), high = low;
  std::vector<int64_t> needed = getNeeded(mode);
  high += *std::max_element(needed.begin(), needed.end());
  // Rarely, gaps between units make this too small; twice as much is enough.
  while (!readsAhead(mode, high) && high < modelBytes)
    high += high - low + problem.pageBytes;
  while (low < high) {
    int64_t middle = (low + high) / 2 / problem.pageBytes * problem.pageBytes;
    if (readsAhead(mode, middle))
      high = middle;
    else
      low = middle + problem.pageBytes;
  }
  mode.minRegion = high;
}

int64_t Planner::getMinRegion() const {
  int64_t least = modes.front().minRegion;
  for (const Mode &mode : modes)
    least = std::min(least, mode.minRegion);
  return order.empty() ? layout.bytes : least;
}

/// The smallest budget, and which step sets it.
void Planner::computeMin() {
  const Mode &mode = *std::min_element(
      modes.begin(), modes.end(),
      [](const Mode &a, const Mode &b) { return a.minRegion < b.minRegion; });
  // A model whose weights all fit into a page or two may be smaller whole.
  minBytes = std::min(
      getArenaBytes(order.empty() ? layout.bytes : mode.minRegion, pinnedBytes),
      modelBytes);

  std::vector<int64_t> needed = getNeeded(mode);
  for (size_t step = 0; step < problem.steps.size(); ++step)
    needed[step] += liveBytes[step];
  if (!problem.steps.empty())
    minStep = static_cast<int>(
        std::max_element(needed.begin(), needed.end() - 1) - needed.begin());
}

void Planner::computeLive() {
  int steps = static_cast<int>(problem.steps.size());
  liveBytes.assign(steps + 1, 0);
  for (size_t i = 0; i < problem.buffers.size(); ++i) {
    const PlanBuffer &buffer = problem.buffers[i];
    liveBytes[buffer.first] += roundUp(buffer.bytes, kBufferAlign);
    liveBytes[buffer.last + 1] -= roundUp(buffer.bytes, kBufferAlign);
    buffersByFirst.push_back(static_cast<int>(i));
  }
  std::partial_sum(liveBytes.begin(), liveBytes.end(), liveBytes.begin());
  liveBytes.resize(steps);
  std::sort(buffersByFirst.begin(), buffersByFirst.end(), [&](int a, int b) {
    return std::make_pair(problem.buffers[a].first, a) <
           std::make_pair(problem.buffers[b].first, b);
  });
}

/// What is left for resident units beside a region and those that stay anyway.
int64_t Planner::getRoom(int64_t budget, int64_t region) const {
  int64_t fixed = roundUp(getArenaBytes(region, 0), problem.pageBytes);
  // The smallest budget may end inside a page when nothing is resident.
  if (pinnedBytes == 0 && budget < fixed && budget >= getArenaBytes(region, 0))
    return 0;
  return budget / problem.pageBytes * problem.pageBytes - fixed - pinnedBytes;
}

/// The largest region beside these resident units.
int64_t Planner::getRegion(int64_t budget,
                           const std::vector<char> &resident) const {
  int64_t bytes = 0;
  for (size_t unit = 0; unit < problem.units.size(); ++unit)
    if (resident[unit])
      bytes += getPages(unit);
  if (bytes)
    budget = budget / problem.pageBytes * problem.pageBytes;
  return std::min(budget - bytes - problem.scratchBytes, problem.mostRegion) /
         problem.pageBytes * problem.pageBytes;
}
