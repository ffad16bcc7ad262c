//===- UnitPlacement.cpp - Addresses for streamed units ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The region that buffers and streamed units share is a list of page ranges,
// each with the last step that uses it. A unit that is needed from step f on
// may take any range that is free before f; its read may start right after the
// last use of that range. Units are placed in the order of first use, and
// buffers enter the list before the first unit that is live beside them.
//
// Inferences follow each other, so the first units of one are placed where the
// last units of the one before are gone first: units are placed for two
// inferences, and the second one's addresses count.
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/Planner.h"

#include <algorithm>
#include <climits>

using namespace swapc;

namespace {

/// Page ranges without gaps, from 0 to the end of the region.
class Region {
public:
  explicit Region(int64_t pages) : ranges{{0, pages, INT_MIN / 2}} {}

  /// Marks pages as used up to and including step `until`.
  void use(int64_t begin, int64_t end, int until);

  /// An address for `pages` pages with all uses before step `first`, or -1;
  /// `until` is then the last use.
  int64_t find(int64_t pages, int first, PlacementPolicy policy,
               int &until) const;

  /// The last use of any of these pages.
  int getUntil(int64_t begin, int64_t end) const;

  /// From here on steps count from the start of the next inference.
  void advance(int steps) {
    for (Range &range : ranges)
      range.until -= steps;
  }

private:
  struct Range {
    int64_t begin, end;
    int until;
  };
  std::vector<Range> ranges;
};

/// The buffers of one inference, in the order in which they come alive.
class BufferQueue {
public:
  BufferQueue(const std::vector<PlanBuffer> &buffers,
              const std::vector<int64_t> &offsets,
              const std::vector<int> &byFirst, int64_t pageBytes)
      : buffers(buffers), offsets(offsets), byFirst(byFirst),
        pageBytes(pageBytes) {}

  /// Marks the pages of those that are alive by step `last` and not yet marked.
  void enter(Region &region, int last) {
    for (; next < byFirst.size(); ++next) {
      const PlanBuffer &buffer = buffers[byFirst[next]];
      if (buffer.first > last)
        return;
      int64_t begin = offsets[byFirst[next]];
      if (buffer.bytes > 0)
        region.use(begin / pageBytes,
                   roundUp(begin + buffer.bytes, pageBytes) / pageBytes,
                   buffer.last);
    }
  }

private:
  const std::vector<PlanBuffer> &buffers;
  const std::vector<int64_t> &offsets;
  const std::vector<int> &byFirst;
  int64_t pageBytes;
  size_t next = 0;
};

} // namespace

void Region::use(int64_t begin, int64_t end, int until) {
  auto isBefore = [](const Range &range, int64_t page) {
    return range.end <= page;
  };
  auto from = std::lower_bound(ranges.begin(), ranges.end(), begin, isBefore);
  auto to = from;
  std::vector<Range> cut;
  auto append = [&](Range range) {
    if (range.begin >= range.end)
      return;
    if (!cut.empty() && cut.back().until == range.until)
      cut.back().end = range.end;
    else
      cut.push_back(range);
  };
  for (; to != ranges.end() && to->begin < end; ++to) {
    append({to->begin, std::min(to->end, begin), to->until});
    append({std::max(to->begin, begin), std::min(to->end, end),
            std::max(to->until, until)});
    append({std::max(to->begin, end), to->end, to->until});
  }
  from = ranges.erase(from, to);
  ranges.insert(from, cut.begin(), cut.end());
}

int Region::getUntil(int64_t begin, int64_t end) const {
  auto isBefore = [](const Range &range, int64_t page) {
    return range.end <= page;
  };
  int until = INT_MIN / 2;
  for (auto at =
           std::lower_bound(ranges.begin(), ranges.end(), begin, isBefore);
       at != ranges.end() && at->begin < end; ++at)
    until = std::max(until, at->until);
  return until;
}

int64_t Region::find(int64_t pages, int first, PlacementPolicy policy,
                     int &until) const {
  int64_t best = -1;
  if (pages == 0) { // of an empty tensor: anywhere, any time
    until = INT_MIN / 2;
    return 0;
  }
  until = first;
  // A window that starts where a range starts or ends where a range ends.
  auto consider = [&](int64_t begin, size_t i) {
    int latest = INT_MIN;
    for (; i < ranges.size() && ranges[i].begin < begin + pages; ++i)
      if ((latest = std::max(latest, ranges[i].until)) >= until)
        return;
    until = latest;
    best = begin;
  };
  int64_t end = ranges.back().end;
  size_t holder = 0; // the range of a window's first page
  for (size_t i = 0; i < ranges.size(); ++i) {
    if (ranges[i].begin + pages <= end)
      consider(ranges[i].begin, i);
    if (best >= 0 && policy == PlacementPolicy::Lowest)
      return best;
    int64_t begin = ranges[i].end - pages;
    if (begin < 0 || policy == PlacementPolicy::Lowest)
      continue;
    while (ranges[holder].end <= begin)
      ++holder;
    consider(begin, holder);
  }
  return best;
}

UnitPlacement Planner::place(const std::vector<char> &held, int64_t region,
                             PlacementPolicy policy) const {
  UnitPlacement placement;
  placement.slots.assign(problem.units.size(), kNoSlot);
  Region free(region / problem.pageBytes);
  for (int lap = 0; lap < (policy == PlacementPolicy::Earliest ? 2 : 1);
       ++lap) {
    BufferQueue buffers(problem.buffers, layout.offsets, buffersByFirst,
                        problem.pageBytes);
    if (lap)
      free.advance(static_cast<int>(problem.steps.size()));
    int horizon = -1;
    for (int unit : order) {
      if (held[unit])
        continue;
      horizon = std::max(horizon, lastUse[unit]);
      buffers.enter(free, horizon);
      int64_t pages = getPages(unit) / problem.pageBytes;
      int until;
      int64_t address = free.find(pages, firstUse[unit], policy, until);
      if (address < 0)
        return placement;
      free.use(address, address + pages, lastUse[unit]);
      placement.slots[unit] = address * problem.pageBytes;
    }
    buffers.enter(free, INT_MAX);
  }
  placement.feasible = true;
  findEarliest(placement, region);
  return placement;
}

/// Goes through two inferences with all addresses given; in the second one each
/// unit finds what really used its slot last. Reads start in the order of first
/// use, so none starts before those that come before it.
void Planner::findEarliest(UnitPlacement &placement, int64_t region) const {
  int steps = static_cast<int>(problem.steps.size());
  placement.earliest.assign(problem.units.size(), 0);
  Region used(region / problem.pageBytes);
  int before = INT_MIN;
  for (int lap = 0; lap < 2; ++lap) {
    BufferQueue buffers(problem.buffers, layout.offsets, buffersByFirst,
                        problem.pageBytes);
    for (int unit : order) {
      if (placement.slots[unit] < 0)
        continue;
      buffers.enter(used, firstUse[unit]);
      int64_t begin = placement.slots[unit] / problem.pageBytes;
      int64_t end = begin + getPages(unit) / problem.pageBytes;
      int until = used.getUntil(begin, end);
      if (until >= firstUse[unit])
        placement.feasible = false;
      used.use(begin, end, lastUse[unit]);
      before = std::max(before, until + 1);
      placement.earliest[unit] = before;
    }
    if (lap)
      break;
    buffers.enter(used, INT_MAX);
    used.advance(steps);
    before = before == INT_MIN ? before : before - steps;
  }
}
