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
//===----------------------------------------------------------------------===//

#include "swapc/Partition/Planner.h"

#include <algorithm>
#include <numeric>

using namespace swapc;

namespace {

/// Page ranges without gaps, from 0 to the end of the region.
class Region {
public:
  explicit Region(int64_t pages) : ranges{{0, pages, -1}} {}

  /// Marks pages as used up to and including step `until`.
  void use(int64_t begin, int64_t end, int until);

  /// An address for `pages` pages with all uses before step `first`, or -1;
  /// `until` is then the last use.
  int64_t find(int64_t pages, int first, PlacementPolicy policy,
               int &until) const;

private:
  struct Range {
    int64_t begin, end;
    int until;
  };
  std::vector<Range> ranges;
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

int64_t Region::find(int64_t pages, int first, PlacementPolicy policy,
                     int &until) const {
  int64_t best = -1;
  until = first;
  // A window that starts where a range starts or ends where a range ends.
  auto consider = [&](int64_t begin, size_t i) {
    int latest = -1;
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

UnitPlacement Planner::place(const std::vector<char> &resident, int64_t region,
                             PlacementPolicy policy) const {
  UnitPlacement placement;
  placement.slots.assign(problem.units.size(), -1);
  placement.earliest.assign(problem.units.size(), 0);
  std::vector<int> buffers(problem.buffers.size());
  std::iota(buffers.begin(), buffers.end(), 0);
  std::sort(buffers.begin(), buffers.end(), [&](int a, int b) {
    return std::make_pair(problem.buffers[a].first, a) <
           std::make_pair(problem.buffers[b].first, b);
  });

  Region free(region / kPageBytes);
  size_t nextBuffer = 0;
  int horizon = -1;
  for (int unit : order) {
    if (resident[unit])
      continue;
    horizon = std::max(horizon, lastUse[unit]);
    for (; nextBuffer < buffers.size(); ++nextBuffer) {
      const PlanBuffer &buffer = problem.buffers[buffers[nextBuffer]];
      if (buffer.first > horizon)
        break;
      int64_t begin = layout.offsets[buffers[nextBuffer]];
      if (buffer.bytes > 0)
        free.use(begin / kPageBytes,
                 roundUp(begin + buffer.bytes, kPageBytes) / kPageBytes,
                 buffer.last);
    }
    int64_t pages = getPages(unit) / kPageBytes;
    int until;
    int64_t address = free.find(pages, firstUse[unit], policy, until);
    if (address < 0)
      return placement;
    free.use(address, address + pages, lastUse[unit]);
    placement.slots[unit] = address * kPageBytes;
    placement.earliest[unit] = until + 1;
  }
  placement.feasible = true;
  return placement;
}
