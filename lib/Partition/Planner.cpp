//===- Planner.cpp - What stays and what streams ----------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/Planner.h"

#include <algorithm>
#include <map>
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
  double now = 0;
  for (const PlanStep &step : problem.steps) {
    startTime.push_back(now);
    now += step.seconds;
  }
  int64_t all = pinnedBytes;
  for (int unit = 0; unit < units; ++unit)
    if (isStreamable(unit) ||
        (problem.units[unit].table && !problem.units[unit].duplicate))
      all += getPages(unit);
  modelBytes = getArenaBytes(layout.bytes, all);
  computeMin();
}

bool Planner::isStreamable(int unit) const {
  return firstUse[unit] >= 0 && !pinned[unit] && !problem.units[unit].table;
}

int64_t Planner::getArenaBytes(int64_t region, int64_t resident) const {
  int64_t bytes = region + problem.scratchBytes;
  return resident ? roundUp(bytes, kPageBytes) + resident : bytes;
}

/// The smallest region in which everything can stream, and whose step sets it.
void Planner::computeMin() {
  int64_t low = roundUp(layout.bytes, kPageBytes), high = low;
  std::vector<int64_t> needed(problem.steps.size() + 1, 0);
  for (int unit : order)
    for (int step = firstUse[unit]; step <= lastUse[unit]; ++step)
      needed[step] += getPages(unit);
  high += needed.empty() ? 0 : *std::max_element(needed.begin(), needed.end());
  while (low < high) {
    int64_t middle = (low + high) / 2 / kPageBytes * kPageBytes;
    if (place(pinned, middle, PlacementPolicy::Lowest).feasible)
      high = middle;
    else
      low = middle + kPageBytes;
  }
  minRegion = high;
  // A model whose weights all fit into a page or two may be smaller whole.
  minBytes = std::min(
      getArenaBytes(order.empty() ? layout.bytes : minRegion, pinnedBytes),
      modelBytes);

  for (const PlanBuffer &buffer : problem.buffers)
    for (int step = buffer.first; step <= buffer.last; ++step)
      needed[step] += roundUp(buffer.bytes, kBufferAlign);
  if (!problem.steps.empty())
    minStep = static_cast<int>(
        std::max_element(needed.begin(), needed.end() - 1) - needed.begin());
}

/// Keeps the first units of a list that fit, besides those that stay anyway.
std::vector<char> Planner::chooseFrom(const std::vector<int> &list,
                                      std::vector<char> resident,
                                      int64_t room) const {
  for (int unit : list)
    if (!resident[unit] && getPages(unit) <= room) {
      resident[unit] = 1;
      room -= getPages(unit);
    }
  return resident;
}

/// Keeps what the link could not deliver in time if compute took `stretch`
/// times as long, reading at most `ring` bytes ahead. `bytes` is what is kept.
std::vector<char> Planner::pace(double stretch, int64_t ring,
                                int64_t &bytes) const {
  std::vector<char> resident = pinned;
  bytes = 0;
  double total = startTime.empty() ? 0 : startTime.back();
  auto clock = [&](int step) {
    return stretch * startTime[step] + (stretch - 1) * 0.01 * total;
  };
  std::vector<int> streamed;
  size_t oldest = 0;
  int64_t ahead = 0;
  double linkFree = 0, freed = 0;
  for (int unit : order) {
    size_t keep = oldest;
    int64_t window = ahead + getPages(unit);
    double start = freed;
    while (window > ring && keep < streamed.size()) {
      window -= getPages(streamed[keep]);
      int after = lastUse[streamed[keep]] + 1;
      start = clock(std::min<int>(after, problem.steps.size() - 1));
      ++keep;
    }
    double done = std::max(linkFree, start + problem.link.latency) +
                  getPages(unit) / problem.link.bytesPerSecond;
    if (done > clock(firstUse[unit])) {
      resident[unit] = 1;
      bytes += getPages(unit);
      continue;
    }
    oldest = keep;
    ahead = window;
    freed = start;
    linkFree = done;
    streamed.push_back(unit);
  }
  return resident;
}

/// The least stretch of compute at which what must stay fits into `room`; so
/// the link idles as little as it can.
std::vector<char> Planner::chooseByPace(int64_t room, int64_t ring) const {
  int64_t bytes;
  std::vector<char> best = pace(1, ring, bytes);
  if (bytes > room) {
    double low = 1, high = 2;
    best = pace(high, ring, bytes);
    for (; bytes > room && high < 1e6; high *= 2) {
      low = high;
      best = pace(high * 2, ring, bytes);
    }
    if (bytes > room)
      return chooseFrom(byDensity, pinned, room);
    for (int i = 0; i < 12; ++i) {
      double middle = (low + high) / 2;
      std::vector<char> tried = pace(middle, ring, bytes);
      if (bytes <= room) {
        best = tried;
        high = middle;
      } else {
        low = middle;
      }
    }
  }
  for (int unit : order)
    if (best[unit])
      room -= getPages(unit);
  return chooseFrom(byDensity, best, room);
}

/// Row tables stay in memory only where all else does and room is left.
void Planner::addTables(MemoryPlan &plan, int64_t &room) const {
  for (size_t unit = 0; unit < problem.units.size(); ++unit)
    if (problem.units[unit].table && !problem.units[unit].duplicate &&
        getPages(unit) <= room) {
      plan.resident[unit] = 1;
      room -= getPages(unit);
    }
}

MemoryPlan Planner::plan(int64_t budget) const {
  MemoryPlan best;
  if (budget < minBytes)
    return best;
  best.feasible = true;

  // Everything but row tables in memory, if it fits.
  int64_t streamable = 0;
  for (int unit : order)
    streamable += getPages(unit);
  int64_t all = getArenaBytes(layout.bytes, pinnedBytes + streamable);
  if (all <= budget || order.empty()) {
    best.resident = pinned;
    for (int unit : order)
      best.resident[unit] = 1;
    int64_t room = budget / kPageBytes * kPageBytes -
                   roundUp(getArenaBytes(layout.bytes, 0), kPageBytes) -
                   pinnedBytes - streamable;
    addTables(best, room);
    UnitPlacement none;
    best.slots.assign(problem.units.size(), -1);
    schedule(best, none);
    finish(best, layout.bytes);
    return best;
  }

  // Regions from the smallest that works to one that 64 MiB more can stream
  // through; what remains of the budget keeps units resident.
  int64_t base = roundUp(layout.bytes, kPageBytes);
  std::vector<int64_t> regions{minRegion};
  int64_t largest = 0;
  for (int unit : order)
    largest = std::max(largest, getPages(unit));
  for (int64_t ring : {2 * largest, 4 * largest, 8 * largest, int64_t(4) << 20,
                       int64_t(16) << 20, int64_t(64) << 20})
    if (ring <= int64_t(64) << 20 || ring == 2 * largest)
      regions.push_back(base + ring);
  std::sort(regions.begin(), regions.end());
  regions.erase(std::unique(regions.begin(), regions.end()), regions.end());

  bool found = false;
  for (int64_t region : regions) {
    int64_t fixed = roundUp(getArenaBytes(region, 0), kPageBytes);
    int64_t room = (budget / kPageBytes * kPageBytes) - fixed - pinnedBytes;
    // The smallest budget may end inside a page when nothing is resident.
    if (region == minRegion && pinnedBytes == 0 && budget < fixed)
      room = 0;
    if (region < minRegion || room < 0)
      continue;
    std::vector<std::vector<char>> choices{
        chooseFrom(byDensity, pinned, room), chooseFrom(order, pinned, room),
        chooseByPace(room, std::max(region - base, largest))};
    for (const std::vector<char> &resident : choices) {
      UnitPlacement placement =
          place(resident, region, PlacementPolicy::Earliest);
      if (!placement.feasible)
        placement = place(resident, region, PlacementPolicy::Lowest);
      if (!placement.feasible)
        continue;
      MemoryPlan candidate;
      candidate.feasible = true;
      candidate.resident = resident;
      candidate.slots = placement.slots;
      schedule(candidate, placement);
      finish(candidate, region);
      // Bytes that are not read cost nothing where the estimates are wrong.
      auto getCost = [](const MemoryPlan &plan) {
        return plan.seconds + 0.1 * plan.streamSeconds;
      };
      if (!found || getCost(candidate) < getCost(best))
        best = std::move(candidate);
      found = true;
    }
  }
  best.feasible = found;
  return best;
}
