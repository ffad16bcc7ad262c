//===- Residency.cpp - What stays, for a region of a given size -*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Streamed units pass through the region as through a ring: each is read as
// soon as it fits beside those before it that are still needed and the buffers
// that are live until then. A unit that the link cannot deliver in time so
// makes the processor wait; while room remains, just enough of what was read
// since the link last idled stays in memory instead. Addresses play no part
// here, so that many regions can be tried.
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/Planner.h"

#include <algorithm>

using namespace swapc;

namespace {

/// What there is to know of a streamable unit.
struct Item {
  int64_t bytes;
  int first, last;
  double read, start; ///< seconds of the link and of the processor
  double inPlace; ///< seconds of the link if the kernel reads it there, or -1
};

class Pacer {
public:
  Pacer(const PlanProblem &problem, const std::vector<Item> &items,
        const std::vector<int64_t> &live, int64_t region)
      : problem(problem), items(items), live(live), region(region),
        resident(items.size(), 0) {}

  /// The seconds of the last of `laps` inferences. With `room`, units that are
  /// late after the first inference stay, and their bytes are taken off.
  double run(int laps, int64_t *room);

  std::vector<char> &getResident() { return resident; }

  /// Steps take `factor` times as long. Where the link is the bottleneck they
  /// do on average, and what stays spreads over all of them.
  void setStretch(double factor) { stretch = factor; }

  /// What each step takes.
  void setSteps(std::vector<double> seconds) {
    stepSeconds = std::move(seconds);
  }

private:
  struct Level {
    int64_t bytes;
    int64_t step;
  };
  void enter(int64_t step);
  void setInPlace();
  int64_t getEarliest(int64_t first, int64_t bytes) const;
  int pickStaying(int late, double seconds, int64_t room) const;

  const PlanProblem &problem;
  const std::vector<Item> &items;
  const std::vector<int64_t> &live;
  int64_t region;
  std::vector<char> resident;
  std::vector<double> stepSeconds;
  double stretch = 1;

  // The state of run(). Steps count from the first inference's.
  int64_t now = -1;
  double time = 0, linkFree = 0;
  std::vector<double> inPlace; ///< per step, seconds of the link
  int64_t finished = 0;
  std::vector<double> clock;   ///< per step, when it could begin
  std::vector<int64_t> ending; ///< bytes not needed from a step on
  std::vector<Level> levels;   ///< where less and less room is left
  std::vector<int> busy;       ///< items read since the link last idled
};

} // namespace

void Pacer::enter(int64_t step) {
  int64_t steps = problem.steps.size();
  while (now < step) {
    if (now >= 0) {
      double seconds = stretch * stepSeconds[now % steps];
      if (!inPlace.empty()) {
        // Wherever the link finds the time: reads of later steps go first.
        linkFree += inPlace[now % steps];
        seconds = std::max(seconds, inPlace[now % steps]);
      }
      time += seconds;
    }
    ++now;
    clock[now] = time;
    finished += ending[now];
    int64_t level = live[now % steps] - finished;
    while (!levels.empty() && levels.back().bytes <= level)
      levels.pop_back();
    levels.push_back({level, now});
  }
}

/// The step from which on `bytes`, counted from the first unit, fit.
int64_t Pacer::getEarliest(int64_t first, int64_t bytes) const {
  auto exceeds = [&](const Level &level, int64_t most) {
    return level.bytes > most;
  };
  auto it =
      std::lower_bound(levels.begin(), levels.end(), region - bytes, exceeds);
  return it == levels.begin() ? 0 : std::min(first, std::prev(it)->step + 1);
}

/// What should stay so that `late` comes `seconds` earlier: the smallest unit
/// that suffices, or else the largest.
int Pacer::pickStaying(int late, double seconds, int64_t room) const {
  constexpr size_t kLookBack = 64;
  int best = -1;
  auto consider = [&](int item) {
    if (resident[item] || items[item].bytes > room)
      return;
    if (best < 0) {
      best = item;
      return;
    }
    bool suffices = items[item].read >= seconds;
    bool bestSuffices = items[best].read >= seconds;
    if (suffices != bestSuffices ? suffices
        : suffices               ? items[item].bytes < items[best].bytes
                                 : items[item].bytes > items[best].bytes)
      best = item;
  };
  consider(late);
  for (size_t i = busy.size(); i > 0 && i + kLookBack > busy.size(); --i)
    consider(busy[i - 1]);
  return best;
}

void Pacer::setInPlace() {
  inPlace.clear();
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i].inPlace < 0 || resident[i])
      continue;
    inPlace.resize(problem.steps.size(), 0);
    inPlace[items[i].first] += items[i].inPlace;
  }
}

double Pacer::run(int laps, int64_t *room) {
  int64_t steps = problem.steps.size();
  setInPlace();
  now = -1;
  time = linkFree = 0;
  finished = 0;
  clock.assign(laps * steps + 1, 0);
  ending.assign(laps * steps + 2, 0);
  levels.clear();
  busy.clear();
  std::vector<double> done;
  double lapStart = 0, late = problem.link.jitter;
  int64_t passed = 0, earliest = 0;
  size_t depth = problem.depth;
  for (int lap = 0; lap < laps; ++lap) {
    int64_t base = lap * steps;
    for (size_t i = 0; i < items.size(); ++i) {
      if (resident[i] || items[i].inPlace >= 0)
        continue;
      const Item &item = items[i];
      enter(base + item.first);
      int64_t begin =
          std::max({earliest, getEarliest(now, passed + item.bytes),
                    lap ? base - steps + item.last + 1 : int64_t(0)});
      double issued = clock[begin];
      if (done.size() >= depth)
        issued = std::max(issued, done[done.size() - depth]);
      double ready = issued + problem.link.latency;
      double end = std::max(linkFree, ready) + item.read;
      if (room && lap) {
        bool stays = false;
        while (end + late > time + 1e-9) {
          // Only a busy link comes to it earlier when it has less to do.
          bool onlyItself = ready + item.read + late > time;
          int staying =
              onlyItself
                  ? (item.bytes <= *room ? static_cast<int>(i) : -1)
                  : pickStaying(static_cast<int>(i), end + late - time, *room);
          if (staying < 0)
            break;
          resident[staying] = 1;
          *room -= items[staying].bytes;
          if (staying == static_cast<int>(i)) {
            stays = true;
            break;
          }
          linkFree -= items[staying].read;
          end = std::max(linkFree, ready) + item.read;
        }
        if (stays)
          continue;
        if (ready >= linkFree)
          busy.clear();
        busy.push_back(static_cast<int>(i));
      }
      linkFree = end;
      done.push_back(end);
      time = std::max(time, end + late) + item.start;
      passed += item.bytes;
      ending[base + item.last + 1] += item.bytes;
      earliest = begin;
    }
    enter(base + steps);
    if (lap < laps - 1)
      lapStart = time;
  }
  return time - lapStart;
}

/// Which units stay in `room` beside a region, and the seconds that the pace of
/// the rest promises.
std::vector<char> Planner::choose(const Mode &mode, int64_t region,
                                  int64_t room, double &seconds) const {
  std::vector<Item> items;
  items.reserve(order.size());
  for (int unit : order) {
    double inPlace = mode.inPlace[unit]
                         ? problem.link.caution *
                               static_cast<double>(getPages(unit)) /
                               problem.link.inPlaceBytesPerSecond
                         : -1;
    items.push_back({getPages(unit), firstUse[unit], lastUse[unit],
                     problem.link.caution * getReadSeconds(unit),
                     getStartSeconds(unit), inPlace});
  }
  Pacer pacer(problem, items, liveBytes, region);
  auto getResident = [&](const std::vector<char> &chosen) {
    std::vector<char> resident = pinned;
    for (size_t i = 0; i < items.size(); ++i)
      resident[order[i]] |= chosen[i];
    return resident;
  };
  auto run = [&](int laps, int64_t *left) {
    pacer.setSteps(getStepSeconds(getJoins(getResident(pacer.getResident()))));
    return pacer.run(laps, left);
  };
  double compute = 0, read = 0;
  for (const PlanStep &step : problem.steps)
    compute += step.seconds;
  for (const Item &item : items)
    read += item.read;
  double streamed =
      1 - static_cast<double>(room) /
              static_cast<double>(std::max(room, streamableBytes));
  double stretch = compute > 0 ? read * streamed / compute : 1;

  std::vector<int> index(problem.units.size(), -1), bySize = order;
  for (size_t i = 0; i < order.size(); ++i)
    index[order[i]] = static_cast<int>(i);
  std::sort(bySize.begin(), bySize.end(), [&](int a, int b) {
    return std::make_pair(-getPages(a), a) < std::make_pair(-getPages(b), b);
  });
  seconds = -1;
  double bestCost = 0;
  std::vector<char> best;
  std::vector<double> factors{1};
  if (stretch > 0.95)
    factors.push_back(std::max(1.02, stretch));
  for (double factor : factors) {
    pacer.getResident().assign(items.size(), 0);
    pacer.setStretch(factor);
    int64_t left = room;
    run(3, &left);
    pacer.setStretch(1);
    std::vector<char> chosen = pacer.getResident();
    // What is left of the room is filled: what is not read costs nothing. Large
    // units first fill it better, light ones first leave time where it is
    // needed.
    for (const std::vector<int> *list :
         {&byDensity, static_cast<const std::vector<int> *>(&bySize)}) {
      pacer.getResident() = chosen;
      int64_t rest = left;
      for (int unit : *list)
        if (!pacer.getResident()[index[unit]] && getPages(unit) <= rest) {
          pacer.getResident()[index[unit]] = 1;
          rest -= getPages(unit);
        }
      double time = run(2, nullptr);
      double cost = time + kStreamWeight * static_cast<double>(rest) /
                               problem.link.bytesPerSecond;
      if (seconds < 0 || cost < bestCost) {
        seconds = time;
        bestCost = cost;
        best = pacer.getResident();
      }
      if (rest == left)
        break;
    }
  }
  return getResident(best);
}
