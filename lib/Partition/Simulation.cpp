//===- Simulation.cpp - How long a plan takes -------------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A plan runs on paper: one processor that starts reads, waits and computes,
// and one link that does the reads in the order in which they were started, and
// what kernels read in place beside them.
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/LinkQueue.h"
#include "swapc/Partition/Planner.h"

#include <algorithm>
#include <cmath>
#include <deque>

using namespace swapc;

double Planner::getReadSeconds(int unit) const {
  return problem.link.getReadSeconds(getPages(unit));
}

double Planner::getStartSeconds(int unit) const {
  return problem.link.getStartSeconds(getPages(unit));
}

namespace {

struct Machine {
  double factor;
  double now = 0;
  LinkQueue link;
  const MemoryPlan &plan;

  Machine(const PlanLink &link, size_t units, const MemoryPlan &plan,
          bool isCautious = false)
      : factor(isCautious ? link.caution : 1),
        link(units, link.latency, isCautious ? link.jitter : 0), plan(plan) {}

  void start(int unit, double readSeconds, double startSeconds) {
    link.start(unit, now, factor * readSeconds);
    now += startSeconds;
  }
  void wait(int unit) { now = std::max(now, link.getDone(unit)); }
  void run(int step) {
    double read = now;
    if (!plan.inPlaceSeconds.empty() && plan.inPlaceSeconds[step] > 0)
      read = link.share(now, factor * plan.inPlaceSeconds[step]);
    now = std::max(now + plan.stepSeconds[step], read);
  }
};

} // namespace

/// The time from one inference to the next once it has settled.
double Planner::simulate(const MemoryPlan &plan, bool isCautious) const {
  constexpr int kMostLaps = 12;
  Machine machine(problem.link, problem.units.size(), plan, isCautious);
  std::vector<double> ends;
  for (int lap = 0; lap < kMostLaps; ++lap) {
    for (const PlanAction &action : plan.actions) {
      switch (action.kind) {
      case PlanAction::Started:
        if (lap)
          break;
        [[fallthrough]];
      case PlanAction::In:
      case PlanAction::Ahead:
        machine.start(action.index, getReadSeconds(action.index),
                      getStartSeconds(action.index));
        break;
      case PlanAction::Wait:
        machine.wait(action.index);
        break;
      case PlanAction::Out:
        break;
      case PlanAction::Run:
        machine.run(action.index);
        break;
      }
    }
    ends.push_back(machine.now);
    if (lap >= 2) {
      double last = ends[lap] - ends[lap - 1];
      double before = ends[lap - 1] - ends[lap - 2];
      if (std::abs(last - before) <= 1e-9 * last)
        return last;
    }
  }
  // It swings from lap to lap: the average of the last ones.
  return (ends[kMostLaps - 1] - ends[kMostLaps - 7]) / 6;
}

/// The first inference: resident units come in too, all reads in the order of
/// first use and `depth` of them in flight, and each step waits for its own.
double Planner::simulateFirst(const MemoryPlan &plan) const {
  Machine machine(problem.link, problem.units.size(), plan);
  std::vector<int> stay;
  for (size_t unit = 0; unit < problem.units.size(); ++unit)
    if (plan.resident[unit] && firstUse[unit] >= 0)
      stay.push_back(static_cast<int>(unit));
  std::sort(stay.begin(), stay.end(), [&](int a, int b) {
    return std::make_pair(firstUse[a], a) < std::make_pair(firstUse[b], b);
  });
  std::deque<double> inFlight;
  size_t next = 0;
  auto start = [&](int unit) {
    machine.start(unit, getReadSeconds(unit), getStartSeconds(unit));
    inFlight.push_back(machine.link.getDone(unit));
  };
  for (const PlanAction &action : plan.actions) {
    switch (action.kind) {
    case PlanAction::Started:
    case PlanAction::In:
      while (next < stay.size() &&
             firstUse[stay[next]] <= firstUse[action.index])
        start(stay[next++]);
      start(action.index);
      break;
    case PlanAction::Ahead:
      break; // the last of many need not be
    case PlanAction::Wait:
      machine.wait(action.index);
      break;
    case PlanAction::Out:
      break;
    case PlanAction::Run:
      while (next < stay.size() && firstUse[stay[next]] <= action.index)
        start(stay[next++]);
      while (!inFlight.empty() && inFlight.front() <= machine.now)
        inFlight.pop_front();
      while (next < stay.size() &&
             static_cast<int>(inFlight.size()) < problem.depth)
        start(stay[next++]);
      for (int unit : problem.steps[action.index].units)
        if (plan.resident[unit])
          machine.wait(unit);
      machine.run(action.index);
      break;
    }
  }
  return machine.now;
}
