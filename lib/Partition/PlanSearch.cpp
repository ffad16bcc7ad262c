//===- PlanSearch.cpp - The fastest plan inside a budget --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Memory is worth most as a resident unit where the link is the bottleneck, and
// as room to read ahead where it is not: there every byte of it serves each
// stretch that the link cannot feed. How much of either is best is searched.
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/Planner.h"

#include <algorithm>

using namespace swapc;

/// Everything in memory; row tables too where room is left.
MemoryPlan Planner::keepAll(int64_t budget) const {
  MemoryPlan plan;
  plan.resident = pinned;
  for (int unit : order)
    plan.resident[unit] = 1;
  int64_t room = budget / problem.pageBytes * problem.pageBytes -
                 roundUp(getArenaBytes(layout.bytes, 0), problem.pageBytes) -
                 pinnedBytes - streamableBytes;
  for (size_t unit = 0; unit < problem.units.size(); ++unit)
    if (problem.units[unit].table && !problem.units[unit].duplicate &&
        getPages(unit) <= room) {
      plan.resident[unit] = 1;
      room -= getPages(unit);
    }
  plan.inPlace.assign(problem.units.size(), 0);
  plan.slots.assign(problem.units.size(), kNoSlot);
  schedule(plan, UnitPlacement());
  finish(plan, layout.bytes);
  plan.seconds = plan.lateSeconds = plan.computeSeconds;
  return plan;
}

/// Completes a plan of which the units that are resident and those that are
/// read in place are chosen.
bool Planner::evaluate(MemoryPlan &plan, int64_t budget) const {
  int64_t region = getRegion(budget, plan.resident);
  std::vector<char> held = getHeld(plan);
  UnitPlacement placement = place(held, region, PlacementPolicy::Earliest);
  if (!placement.feasible)
    placement = place(held, region, PlacementPolicy::Lowest);
  if (!placement.feasible) // more room is not always easier to place in
    placement = place(held, getMode(plan).minRegion, PlacementPolicy::Lowest);
  if (!placement.feasible)
    return false;
  plan.slots = placement.slots;
  schedule(plan, placement);
  finish(plan, region);
  plan.seconds = plan.lateSeconds = simulate(plan, /*isCautious=*/false);
  if (problem.link.jitter > 0 || problem.link.caution > 1)
    plan.lateSeconds = simulate(plan, /*isCautious=*/true);
  return true;
}

static double getCost(const MemoryPlan &plan) {
  return 0.5 * (plan.seconds + plan.lateSeconds) +
         kStreamWeight * plan.streamSeconds;
}

/// Regions from the smallest that works to the whole budget; what remains of it
/// keeps units resident. The pace says which are worth placing.
void Planner::searchRegions(MemoryPlan &best, const Mode &mode,
                            int64_t budget) const {
  constexpr double kRatio = 1.2;
  constexpr size_t kPlaced = 16;
  constexpr int kFine = 5;
  constexpr double kCloseEnough = 0.999;
  struct Candidate {
    double cost;
    int64_t region;
    std::vector<char> resident;
  };
  std::vector<Candidate> candidates;
  auto add = [&](int64_t region) {
    double seconds;
    std::vector<char> resident =
        choose(mode, region, getRoom(budget, region), seconds);
    int64_t streamed = streamableBytes;
    for (int unit : order)
      streamed -= resident[unit] ? getPages(unit) : 0;
    candidates.push_back(
        {seconds + kStreamWeight * static_cast<double>(streamed) /
                       problem.link.bytesPerSecond,
         region, std::move(resident)});
  };
  int64_t minRegion = mode.minRegion, largest = getRegion(budget, pinned);
  int64_t base =
      std::min(layout.bytes, minRegion) / problem.pageBytes * problem.pageBytes;
  double ring =
      static_cast<double>(std::max(minRegion - base, problem.pageBytes));
  for (int64_t region = minRegion; region < largest;
       ring *= kRatio, region = roundUp(base + static_cast<int64_t>(ring),
                                        problem.pageBytes))
    if (getRoom(budget, region) >= 0)
      add(region);
  add(largest);
  auto nearest = std::min_element(
      candidates.begin(), candidates.end(),
      [](const Candidate &a, const Candidate &b) { return a.cost < b.cost; });
  double middle = static_cast<double>(nearest->region - base);
  for (int i = -kFine; i <= kFine; ++i) {
    int64_t region =
        roundUp(base + static_cast<int64_t>(middle * (1 + 0.25 * i / kFine)),
                problem.pageBytes);
    if (i && region >= minRegion && region < largest &&
        getRoom(budget, region) >= 0)
      add(region);
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate &a, const Candidate &b) {
              return std::make_pair(a.cost, a.region) <
                     std::make_pair(b.cost, b.region);
            });
  size_t placed = 0;
  for (size_t i = 0; i < candidates.size() && placed < kPlaced; ++i) {
    if (i && candidates[i].resident == candidates[i - 1].resident)
      continue;
    // The pace is cautious.
    if (best.feasible &&
        candidates[i].cost >
            kCloseEnough *
                (best.lateSeconds + kStreamWeight * best.streamSeconds))
      break;
    MemoryPlan plan;
    plan.resident = candidates[i].resident;
    readInPlace(plan, mode);
    if (!evaluate(plan, budget))
      continue;
    ++placed;
    plan.feasible = true;
    plan.leastSeconds = best.leastSeconds;
    if (!best.feasible || getCost(plan) < getCost(best))
      best = std::move(plan);
  }
}

/// Looks around the best plan: one unit more or less stays, or another one of
/// about the same size, or one is read in place or not if it `mayMove`. Each
/// such plan is placed and simulated, as many as a fixed amount of work allows;
/// few units count more in a small model.
void Planner::improve(MemoryPlan &best, int64_t budget, bool mayMove) const {
  constexpr size_t kWork = 10'000; // units placed
  constexpr size_t kMostTries = 200;
  constexpr double kGoodEnough = 1.002;
  uint64_t state = 0x9E3779B97F4A7C15u; // fixed, so that plans are too
  auto pick = [&](size_t bound) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<size_t>((state >> 33) % bound);
  };
  size_t tries = std::min(kMostTries, kWork / (order.size() + 1));
  for (size_t i = 0;
       i < tries && best.lateSeconds > kGoodEnough * best.leastSeconds; ++i) {
    MemoryPlan plan;
    plan.resident = best.resident;
    plan.inPlace = best.inPlace;
    size_t first = pick(order.size());
    int unit = order[first];
    bool isMove = mayMove && i % 4 == 3;
    if (isMove)
      moveInPlace(plan, first);
    else
      plan.resident[unit] ^= 1;
    if (i % 3 && !isMove) { // and one that is near goes the other way
      size_t at = pick(order.size());
      for (size_t k = 0; k < order.size(); ++k, at = (at + 1) % order.size())
        if (order[at] != unit &&
            plan.resident[order[at]] == plan.resident[unit]) {
          plan.resident[order[at]] ^= 1;
          break;
        }
    }
    // What no longer stays streams, or is read in place like others are.
    bool isLikeOthers = best.inPlaceBytes > 0 && i % 2;
    for (int other : order)
      plan.inPlace[other] =
          !plan.resident[other] &&
          (best.resident[other] ? isLikeOthers && isEligible(other)
                                : plan.inPlace[other]);
    if (getRegion(budget, plan.resident) < getMode(plan).minRegion ||
        !evaluate(plan, budget) || getCost(plan) >= getCost(best))
      continue;
    plan.feasible = true;
    plan.leastSeconds = best.leastSeconds;
    best = std::move(plan);
  }
}

MemoryPlan Planner::plan(int64_t budget, int64_t mostRegion) const {
  Planner limited = *this;
  limited.problem.mostRegion = mostRegion;
  return limited.plan(budget);
}

MemoryPlan Planner::plan(int64_t budget) const {
  MemoryPlan best;
  budget -= problem.overheadBytes;
  if (budget < minBytes || layout.bytes > problem.mostRegion)
    return best;
  auto fits = [&](const Mode &mode) {
    return mode.minRegion <= problem.mostRegion &&
           getArenaBytes(mode.minRegion, pinnedBytes) <= budget;
  };
  if (order.empty() ||
      getArenaBytes(layout.bytes, pinnedBytes + streamableBytes) <= budget) {
    best = keepAll(budget);
    best.feasible = true;
    best.leastSeconds = best.computeSeconds;
  } else {
    best.leastSeconds = getLeastSeconds(budget);
    for (size_t i = 0; i < modes.size(); ++i) {
      if (fits(modes[i]))
        searchRegions(best, modes[i], budget);
      // So that nothing is lost by what may be read in place.
      if (i == 0 && modes.size() > 1 && best.feasible)
        improve(best, budget, /*mayMove=*/false);
    }
    // The smallest region works with all units streamed.
    for (size_t i = 0; i < modes.size() && !best.feasible; ++i) {
      if (modes[i].minRegion > problem.mostRegion)
        continue;
      best.resident = pinned;
      readInPlace(best, modes[i]);
      best.feasible = evaluate(best, budget);
    }
    if (best.feasible) {
      improve(best, budget, /*mayMove=*/modes.size() > 1);
      searchExhaustively(best, budget);
    }
  }
  best.coldSeconds = simulateFirst(best);
  return best;
}
