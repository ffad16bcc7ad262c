//===- ExhaustivePlan.cpp - The best plan of a small problem ----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All sets of resident units and of units that are read in place, and for each
// all addresses that matter. Where a placement can be moved down until each
// unit stands on the start of the region, a buffer or another unit, it frees no
// slot later; so addresses are sums of unit sizes above one of those.
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/Planner.h"

#include <algorithm>
#include <set>

using namespace swapc;

namespace {

struct Item {
  int unit;
  int64_t bytes;
  int first, last;
  /// Where it may stand and when buffers leave its slot there.
  std::vector<std::pair<int64_t, int>> places;
};

/// Goes through all placements of some units; hands on those that free slots at
/// other steps than all before.
class Placements {
public:
  Placements(int steps, std::vector<Item> items, int64_t &work)
      : steps(steps), items(std::move(items)), work(work),
        chosen(this->items.size(), 0) {}

  template <typename Callback> void forEach(Callback callback) {
    place(0, callback);
  }

private:
  template <typename Callback> void place(size_t at, Callback &callback) {
    if (at == items.size()) {
      std::vector<int> earliest = getEarliest();
      if (seen.insert(earliest).second)
        callback(chosen, earliest);
      return;
    }
    for (size_t i = 0; i < items[at].places.size() && --work > 0; ++i) {
      chosen[at] = i;
      bool clashes = false;
      for (size_t other = 0; other < at && !clashes; ++other)
        clashes = overlap(at, other) && items[other].first <= items[at].last &&
                  items[at].first <= items[other].last;
      if (!clashes)
        place(at + 1, callback);
    }
  }
  int64_t getAddress(size_t item) const {
    return items[item].places[chosen[item]].first;
  }
  bool overlap(size_t a, size_t b) const {
    return getAddress(a) < getAddress(b) + items[b].bytes &&
           getAddress(b) < getAddress(a) + items[a].bytes;
  }
  std::vector<int> getEarliest() const;

  int steps;
  std::vector<Item> items;
  int64_t &work;
  std::vector<size_t> chosen;
  std::set<std::vector<int>> seen;
};

} // namespace

std::vector<int> Placements::getEarliest() const {
  std::vector<int> earliest;
  for (size_t i = 0; i < items.size(); ++i) {
    int until =
        std::max(items[i].last - steps, items[i].places[chosen[i]].second);
    for (size_t j = 0; j < items.size(); ++j)
      if (j != i && overlap(i, j))
        until = std::max(until, items[j].last < items[i].first
                                    ? items[j].last
                                    : items[j].last - steps);
    earliest.push_back(until + 1);
  }
  if (earliest.empty())
    return earliest;
  // Reads start in order, from one inference to the next as well.
  int before = *std::max_element(earliest.begin(), earliest.end()) - steps;
  for (int &step : earliest)
    before = step = std::max(step, before);
  return earliest;
}

/// Improves on `best` where all plans can be looked at.
void Planner::searchExhaustively(MemoryPlan &best, int64_t budget) const {
  constexpr size_t kMostUnits = 8;
  constexpr size_t kMostEligible = 5; // they have three ways to be there
  if (order.size() > kMostUnits)
    return;
  unsigned eligible = 0, all = (1u << order.size()) - 1;
  for (size_t i = 0; i < order.size(); ++i)
    eligible |= isEligible(order[i]) << i;
  if (order.size() > kMostEligible)
    eligible = 0;
  for (unsigned set = 0; set < all; ++set)
    // Subsets of what is left, beginning with the empty one.
    for (unsigned left = eligible & ~set, inPlace = 0;;) {
      searchPlacements(best, budget, set, inPlace);
      inPlace = (inPlace - left) & left;
      if (!inPlace)
        break;
    }
}

/// With the units of `set` resident and those of `inPlace` read in place (of
/// the streamable ones, in the order of first use).
void Planner::searchPlacements(MemoryPlan &best, int64_t budget, unsigned set,
                               unsigned inPlace) const {
  constexpr int64_t kWork = 400'000; // addresses tried; a simulation counts 20
  int steps = static_cast<int>(problem.steps.size());
  MemoryPlan plan;
  plan.resident = pinned;
  plan.inPlace.assign(problem.units.size(), 0);
  std::vector<Item> items;
  double read = 0, processor = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    int unit = order[i];
    plan.resident[unit] |= set >> i & 1;
    plan.inPlace[unit] = inPlace >> i & 1;
    if ((set | inPlace) >> i & 1)
      continue;
    items.push_back({unit, getPages(unit), firstUse[unit], lastUse[unit], {}});
    read += getReadSeconds(unit);
    processor += getStartSeconds(unit);
  }
  std::vector<double> beside = getInPlaceSeconds(plan.inPlace);
  beside.resize(problem.steps.size(), 0);
  for (int step = 0; step < steps; ++step) {
    read += beside[step];
    processor += std::max(beside[step], problem.steps[step].getLeastSeconds());
  }
  int64_t region = getRegion(budget, plan.resident);
  if (region < layout.bytes || std::max(read, processor) > best.seconds)
    return;

  std::set<int64_t> bases{0};
  for (size_t i = 0; i < problem.buffers.size(); ++i)
    bases.insert(roundUp(layout.offsets[i] + problem.buffers[i].bytes,
                         problem.pageBytes));
  for (const Item &item : items) {
    std::set<int64_t> sums = bases;
    for (int64_t base : bases)
      sums.insert(base + item.bytes);
    bases = std::move(sums);
    bases.erase(bases.upper_bound(region), bases.end());
  }
  for (Item &item : items)
    for (int64_t base : bases) {
      int until = item.last - steps;
      bool fits = base + item.bytes <= region;
      for (size_t i = 0; i < problem.buffers.size() && fits; ++i) {
        const PlanBuffer &buffer = problem.buffers[i];
        if (layout.offsets[i] + buffer.bytes <= base ||
            base + item.bytes <= layout.offsets[i])
          continue;
        fits = buffer.last < item.first || item.last < buffer.first;
        until = std::max(until, buffer.last < item.first ? buffer.last
                                                         : buffer.last - steps);
      }
      if (fits)
        item.places.push_back({base, until});
    }
  int64_t work = kWork >> order.size();
  Placements(steps, items, work)
      .forEach([&](const std::vector<size_t> &chosen,
                   const std::vector<int> &earliest) {
        work -= 20;
        UnitPlacement placement;
        placement.feasible = true;
        placement.slots.assign(problem.units.size(), kNoSlot);
        placement.earliest.assign(problem.units.size(), 0);
        for (size_t i = 0; i < items.size(); ++i) {
          placement.slots[items[i].unit] = items[i].places[chosen[i]].first;
          placement.earliest[items[i].unit] = earliest[i];
        }
        MemoryPlan tried = plan;
        tried.slots = placement.slots;
        schedule(tried, placement);
        finish(tried, region);
        tried.seconds = tried.lateSeconds =
            simulate(tried, /*isCautious=*/false);
        double slack = 1e-9 * best.seconds;
        if (tried.seconds < best.seconds - slack ||
            (tried.seconds < best.seconds + slack &&
             tried.streamedBytes < best.streamedBytes)) {
          tried.feasible = true;
          tried.leastSeconds = best.leastSeconds;
          best = std::move(tried);
        }
      });
}
