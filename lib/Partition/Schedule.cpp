//===- Schedule.cpp - When each read starts ---------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/LinkQueue.h"
#include "swapc/Partition/Planner.h"

#include <algorithm>
#include <deque>

using namespace swapc;

namespace {

/// A read on its way, on paper.
struct Read {
  int64_t number; ///< of all reads since the first inference
  double started, done;
  /// When it is complete even if the link is slower than it should be.
  double getSurelyDone() const { return done + 0.5 * (done - started); }
};

} // namespace

/// The step before which each read of `queue` starts, in the steady state: as
/// soon as its slot is free and fewer than `depth` are in flight. When all are
/// in flight and the oldest is sure to be complete, waiting for it costs
/// nothing and makes room; otherwise the read is put off. What is read for the
/// next inference cannot be waited for in this one.
std::vector<int> Planner::chooseStarts(const MemoryPlan &plan,
                                       const std::vector<int> &queue,
                                       const std::vector<int> &earliest) const {
  constexpr int kLaps = 3; // the first two warm up
  int64_t steps = problem.steps.size(), count = queue.size(), next = 0;
  std::vector<int> starts(queue.size(), 0);
  std::deque<Read> inFlight;
  double now = 0, linkFree = 0;
  auto waitForOldest = [&] {
    now = std::max(now, inFlight.front().done);
    inFlight.pop_front();
  };
  auto getFirstUse = [&](int64_t number) {
    return number / count * steps + firstUse[queue[number % count]];
  };
  const int64_t burst = problem.link.burstBytes;
  auto isPutOff = [&](int64_t step) {
    int64_t bytes = 0;
    for (int64_t number = next;
         number < kLaps * count && bytes < burst &&
         number / count * steps + earliest[queue[number % count]] <= step;
         ++number)
      bytes += getPages(queue[number % count]);
    // Should the link be twice as fast, it is still busy when they all start.
    double busy = 0.5 * (linkFree - now);
    double filling = static_cast<double>(burst) / problem.link.bytesPerSecond;
    return bytes < burst && getFirstUse(next) > step &&
           busy >
               plan.stepSeconds[step % steps] + problem.link.latency + filling;
  };
  for (int64_t step = 0; step < kLaps * steps; ++step) {
    bool putOff = next < kLaps * count && isPutOff(step);
    for (; next < kLaps * count && !putOff; ++next) {
      int unit = queue[next % count];
      int64_t lap = next / count;
      if (lap * steps + earliest[unit] > step)
        break;
      if (static_cast<int>(inFlight.size()) >= problem.depth) {
        const Read &oldest = inFlight.front();
        if (oldest.number / count > step / steps ||
            (oldest.getSurelyDone() > now &&
             getFirstUse(oldest.number) > step && getFirstUse(next) > step))
          break;
        waitForOldest();
      }
      double started = now;
      linkFree =
          std::max(linkFree, now + problem.link.latency) + getReadSeconds(unit);
      now += getStartSeconds(unit);
      inFlight.push_back({next, started, linkFree});
      if (lap == kLaps - 1)
        starts[next % count] = static_cast<int>(step - lap * steps);
    }
    while (!inFlight.empty() && getFirstUse(inFlight.front().number) <= step)
      waitForOldest();
    double seconds = plan.stepSeconds[step % steps];
    if (!plan.inPlaceSeconds.empty() && plan.inPlaceSeconds[step % steps] > 0) {
      double beside = plan.inPlaceSeconds[step % steps];
      for (Read &read : inFlight)
        shareLink(now, beside, read.done);
      seconds = std::max(seconds, beside + shareLink(now, beside, linkFree));
    }
    now += seconds;
  }
  return starts;
}

/// Writes the actions of a plan whose resident units and slots are chosen.
void Planner::schedule(MemoryPlan &plan, const UnitPlacement &placement) const {
  plan.actions.clear();
  plan.joins = getJoins(plan.resident);
  plan.stepSeconds = getStepSeconds(plan.joins);
  plan.inPlaceSeconds = getInPlaceSeconds(plan.inPlace);
  std::vector<int> queue, active;
  for (int unit : order)
    if (!plan.resident[unit] && !plan.inPlace[unit])
      queue.push_back(unit);
  int steps = static_cast<int>(problem.steps.size());
  std::vector<int> starts;
  if (problem.link.isBlocking) // sooner would only take memory
    for (int unit : queue)
      starts.push_back(firstUse[unit]);
  else if (!queue.empty())
    starts = chooseStarts(plan, queue, placement.earliest);

  // Nothing that is read ahead is waited for in the same inference, so no more
  // than `depth` are.
  size_t ahead = 0;
  while (ahead < queue.size() && starts[ahead] < 0 &&
         static_cast<int>(ahead) < problem.depth)
    ++ahead;
  plan.actions.reserve(3 * queue.size() + ahead + steps);
  std::deque<int> inFlight; // positions in the queue; read ahead: from its end
  size_t next = ahead, nextAhead = 0;
  auto waitForOldest = [&] {
    plan.actions.push_back({PlanAction::Wait, queue[inFlight.front()]});
    inFlight.pop_front();
  };
  for (size_t i = 0; i < ahead; ++i) {
    plan.actions.push_back({PlanAction::Started, queue[i]});
    inFlight.push_back(static_cast<int>(i));
    active.push_back(queue[i]);
  }
  auto start = [&](PlanAction::Kind kind, size_t number, size_t unit) {
    if (static_cast<int>(inFlight.size()) >= problem.depth)
      waitForOldest();
    plan.actions.push_back({kind, queue[unit]});
    inFlight.push_back(static_cast<int>(number));
  };
  for (int step = 0; step < steps; ++step) {
    // Nothing comes between steps that are one launch.
    bool isOpen = !plan.joins[step];
    for (; isOpen && next < queue.size() && starts[next] <= step; ++next) {
      start(PlanAction::In, next, next);
      active.push_back(queue[next]);
    }
    for (; isOpen && next == queue.size() && nextAhead < ahead &&
           starts[nextAhead] + steps <= step;
         ++nextAhead)
      start(PlanAction::Ahead, queue.size() + nextAhead, nextAhead);
    while (!inFlight.empty() &&
           inFlight.front() < static_cast<int>(queue.size()) &&
           firstUse[queue[inFlight.front()]] <= step)
      waitForOldest();
    plan.actions.push_back({PlanAction::Run, step});
    auto isDone = [&](int unit) {
      if (lastUse[unit] > step)
        return false;
      plan.actions.push_back({PlanAction::Out, unit});
      return true;
    };
    active.erase(std::remove_if(active.begin(), active.end(), isDone),
                 active.end());
  }
  for (; nextAhead < ahead; ++nextAhead)
    start(PlanAction::Ahead, queue.size() + nextAhead, nextAhead);
}

/// Sums up a plan: bytes, times and the worst moment. `region` is the end of
/// what buffers and streamed units share.
void Planner::finish(MemoryPlan &plan, int64_t region) const {
  plan.scratchOffset = region;
  int64_t top = region + problem.scratchBytes;
  plan.residentBytes = plan.streamedBytes = plan.inPlaceBytes = 0;
  for (size_t unit = 0; unit < problem.units.size(); ++unit) {
    if (plan.resident[unit]) {
      top = roundUp(top, problem.pageBytes);
      plan.slots[unit] = top;
      top += getPages(unit);
      plan.residentBytes += getPages(unit);
    } else if (plan.inPlace[unit]) {
      plan.slots[unit] = kInPlaceSlot;
      plan.streamedBytes += getPages(unit);
      plan.inPlaceBytes += getPages(unit);
    } else if (plan.slots[unit] >= 0) {
      plan.streamedBytes += getPages(unit);
    }
  }
  plan.arena = top;
  plan.computeSeconds = 0;
  for (const PlanStep &step : problem.steps)
    plan.computeSeconds += step.getLeastSeconds();
  plan.streamSeconds = plan.streamedBytes / problem.link.bytesPerSecond;
  plan.isSerial = problem.link.isBlocking;

  // What is in before a step is still in while it runs, so steps are the
  // moments to look at.
  int64_t slots = 0, peak = 0;
  for (const PlanAction &action : plan.actions) {
    if (action.kind == PlanAction::In || action.kind == PlanAction::Started ||
        action.kind == PlanAction::Ahead)
      slots += getPages(action.index);
    if (action.kind == PlanAction::Out)
      slots -= getPages(action.index);
    if (action.kind == PlanAction::Run)
      peak = std::max(peak, liveBytes[action.index] + slots);
  }
  plan.peak = peak + problem.scratchBytes + plan.residentBytes;
}
