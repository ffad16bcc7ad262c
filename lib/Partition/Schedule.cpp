//===- Schedule.cpp - When each read starts ---------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/Planner.h"

#include <algorithm>
#include <deque>

using namespace swapc;

namespace {

/// Runs a plan on paper: one link that reads in order, one processor.
struct Simulation {
  const PlanProblem &problem;
  std::vector<PlanAction> &actions;
  double now = 0, linkFree = 0;
  struct Read {
    int unit;
    double issued, done;
    /// When it is complete even if the link is slower than it should be.
    double getSurelyDone() const { return done + 0.5 * (done - issued); }
  };
  std::deque<Read> inFlight{};

  void start(int unit, int64_t bytes) {
    double issued = now;
    linkFree = std::max(linkFree, now + problem.link.latency) +
               static_cast<double>(bytes) / problem.link.bytesPerSecond;
    inFlight.push_back({unit, issued, linkFree});
    actions.push_back({PlanAction::In, unit});
  }
  void waitForOldest() {
    now = std::max(now, inFlight.front().done);
    actions.push_back({PlanAction::Wait, inFlight.front().unit});
    inFlight.pop_front();
  }
};

} // namespace

/// Writes the actions of a plan whose resident units and slots are chosen.
/// Reads start in the order of first use, each as soon as its slot is free and
/// fewer than `depth` are in flight. When all are in flight and the oldest is
/// sure to be complete, waiting for it costs nothing and makes room.
void Planner::schedule(MemoryPlan &plan, const UnitPlacement &placement) const {
  plan.actions.clear();
  Simulation simulation{problem, plan.actions};
  std::vector<int> queue, active;
  for (int unit : order)
    if (!plan.resident[unit])
      queue.push_back(unit);
  size_t next = 0;
  for (int step = 0; step < static_cast<int>(problem.steps.size()); ++step) {
    for (; next < queue.size(); ++next) {
      int unit = queue[next];
      if (placement.earliest[unit] > step)
        break;
      if (static_cast<int>(simulation.inFlight.size()) >= problem.depth) {
        const auto &oldest = simulation.inFlight.front();
        if (oldest.getSurelyDone() > simulation.now &&
            firstUse[oldest.unit] > step && firstUse[unit] > step)
          break;
        simulation.waitForOldest();
      }
      simulation.start(unit, getPages(unit));
      active.push_back(unit);
    }
    while (!simulation.inFlight.empty() &&
           firstUse[simulation.inFlight.front().unit] <= step)
      simulation.waitForOldest();
    plan.actions.push_back({PlanAction::Run, step});
    simulation.now += problem.steps[step].seconds;
    auto isDone = [&](int unit) {
      if (lastUse[unit] > step)
        return false;
      plan.actions.push_back({PlanAction::Out, unit});
      return true;
    };
    active.erase(std::remove_if(active.begin(), active.end(), isDone),
                 active.end());
  }
  plan.seconds = simulation.now;
}

/// Sums up a plan: bytes, times and the worst moment. `region` is the end of
/// what buffers and streamed units share.
void Planner::finish(MemoryPlan &plan, int64_t region) const {
  plan.scratchOffset = region;
  int64_t top = region + problem.scratchBytes;
  plan.residentBytes = plan.streamedBytes = 0;
  for (size_t unit = 0; unit < problem.units.size(); ++unit) {
    if (plan.resident[unit]) {
      top = roundUp(top, kPageBytes);
      plan.slots[unit] = top;
      top += getPages(unit);
      plan.residentBytes += getPages(unit);
    } else if (plan.slots[unit] >= 0) {
      plan.streamedBytes += getPages(unit);
    }
  }
  plan.arena = top;
  plan.computeSeconds = 0;
  for (const PlanStep &step : problem.steps)
    plan.computeSeconds += step.seconds;
  plan.streamSeconds = plan.streamedBytes / problem.link.bytesPerSecond;

  // What is in before a step is still in while it runs, so steps are the
  // moments to look at.
  std::vector<int64_t> live(problem.steps.size() + 1, 0);
  for (const PlanBuffer &buffer : problem.buffers) {
    int64_t bytes = roundUp(buffer.bytes, kBufferAlign);
    live[buffer.first] += bytes;
    live[buffer.last + 1] -= bytes;
  }
  int64_t buffers = 0, slots = 0, peak = 0;
  for (const PlanAction &action : plan.actions) {
    if (action.kind == PlanAction::In)
      slots += getPages(action.index);
    if (action.kind == PlanAction::Out)
      slots -= getPages(action.index);
    if (action.kind == PlanAction::Run) {
      buffers += live[action.index];
      peak = std::max(peak, buffers + slots);
    }
  }
  plan.peak = peak + problem.scratchBytes + plan.residentBytes;
}
