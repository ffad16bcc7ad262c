//===- Ladder.cpp - Plans for a pool to choose from -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Ladder.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"

#include <algorithm>
#include <cmath>
#include <tuple>

using namespace swapc;

/// What a second on the link counts: it is another's second on the link as
/// well, but nobody has to wait for it.
constexpr double kLinkWeight = 0.2;

/// What a rung costs beside memory.
static double getCost(const LadderRung &rung) {
  return rung.plan.seconds + kLinkWeight * rung.plan.streamSeconds;
}

namespace {
/// What a plan is asked to stay inside.
struct Frame {
  int64_t budget;
  int64_t mostRegion = INT64_MAX;
};

class LadderBuilder {
public:
  LadderBuilder(llvm::ArrayRef<const Planner *> planners,
                PlanCurve::ForEach forEach)
      : planners(planners), forEach(forEach) {
    minBytes = planners[0]->getMinBytes();
    minRegion = planners[0]->getMinRegion();
    for (const Planner *planner : planners) {
      minBytes = std::min(minBytes, planner->getMinBytes());
      minRegion = std::min(minRegion, planner->getMinRegion());
    }
  }

  std::vector<LadderRung> run();

private:
  LadderRung plan(Frame frame) const;
  void add(llvm::ArrayRef<Frame> frames);
  void addSpread();
  void addWherePays();
  void addSmallRegions();
  void thin();

  llvm::ArrayRef<const Planner *> planners;
  PlanCurve::ForEach forEach;
  int64_t minBytes, minRegion;
  std::vector<LadderRung> rungs;
};
} // namespace

/// The fastest of what the planners find, the first of equals.
LadderRung LadderBuilder::plan(Frame frame) const {
  LadderRung best;
  for (auto [number, planner] : llvm::enumerate(planners)) {
    MemoryPlan plan = planner->plan(frame.budget, frame.mostRegion);
    if (plan.feasible &&
        (!best.plan.feasible || plan.seconds < best.plan.seconds)) {
      best.plan = std::move(plan);
      best.planner = static_cast<int>(number);
    }
  }
  best.budget = best.plan.arena + planners[0]->getProblem().overheadBytes;
  return best;
}

/// Adds what is feasible, and keeps the rungs sorted.
void LadderBuilder::add(llvm::ArrayRef<Frame> frames) {
  std::vector<LadderRung> fresh(frames.size());
  forEach(frames.size(), [&](size_t i) { fresh[i] = plan(frames[i]); });
  for (LadderRung &rung : fresh)
    if (rung.plan.feasible)
      rungs.push_back(std::move(rung));
  llvm::sort(rungs, [](const LadderRung &a, const LadderRung &b) {
    return std::make_tuple(a.budget, getCost(a), a.getRegionBytes()) <
           std::make_tuple(b.budget, getCost(b), b.getRegionBytes());
  });
  rungs.erase(std::unique(rungs.begin(), rungs.end(),
                          [](const LadderRung &a, const LadderRung &b) {
                            return a.budget == b.budget;
                          }),
              rungs.end());
}

/// In even ratios from the smallest budget to the largest.
void LadderBuilder::addSpread() {
  constexpr int kSteps = 6;
  int64_t most = planners[0]->getModelBytes();
  double ratio = static_cast<double>(most) / std::max<int64_t>(minBytes, 1);
  llvm::SmallVector<Frame> frames;
  for (int i = 0; i < kSteps; ++i)
    frames.push_back({static_cast<int64_t>(
        minBytes * std::pow(ratio, static_cast<double>(i) / kSteps))});
  frames.push_back({most});
  add(frames);
}

/// Where most is to be gained between two rungs: time by memory.
void LadderBuilder::addWherePays() {
  constexpr int kFurther = 8;
  for (int i = 0; i < kFurther; ++i) {
    double most = 0;
    Frame frame{0};
    for (size_t at = 1; at < rungs.size(); ++at) {
      const LadderRung &low = rungs[at - 1], &high = rungs[at];
      int64_t bytes = high.budget - low.budget;
      double worth = (getCost(low) - getCost(high)) * bytes;
      if (worth > most) {
        most = worth;
        frame.budget = low.budget + bytes / 2;
      }
    }
    size_t before = rungs.size();
    if (most > 0)
      add(frame);
    if (rungs.size() == before)
      return;
  }
}

/// The same resident bytes beside smaller regions.
void LadderBuilder::addSmallRegions() {
  constexpr double kSmaller = 0.8;
  llvm::SmallVector<Frame> frames;
  for (const LadderRung &rung : rungs) {
    const Planner &planner = *planners[0];
    int64_t region = rung.getRegionBytes() - planner.getProblem().scratchBytes;
    auto least = static_cast<double>(minRegion);
    for (double smaller : {least, std::sqrt(least * region)}) {
      int64_t most = roundUp(static_cast<int64_t>(smaller),
                             planner.getProblem().pageBytes);
      if (most < kSmaller * region)
        frames.push_back(
            {planner.getBudget(most, rung.plan.residentBytes), most});
    }
  }
  add(frames);
}

/// Takes away what another rung makes needless: one that takes no more memory
/// of either kind and costs about the same. The smallest and the largest stay.
void LadderBuilder::thin() {
  constexpr double kFirst = 1.005, kFactor = 1.5, kLast = 100;
  for (double slack = kFirst; slack < kLast;
       slack = 1 + (slack - 1) * kFactor) {
    // Those below come first: what they make needless can replace no other.
    for (size_t at = 1; at + 1 < rungs.size();) {
      const LadderRung &rung = rungs[at];
      auto below = llvm::ArrayRef(rungs).take_front(at);
      bool isNeedless = llvm::any_of(below, [&](const LadderRung &other) {
        return other.getRegionBytes() <= rung.getRegionBytes() &&
               other.plan.residentBytes <= rung.plan.residentBytes &&
               getCost(other) <= slack * getCost(rung);
      });
      if (isNeedless)
        rungs.erase(rungs.begin() + at);
      else
        ++at;
    }
    if (rungs.size() <= kMostRungs)
      return;
  }
}

std::vector<LadderRung> LadderBuilder::run() {
  addSpread();
  addWherePays();
  addSmallRegions();
  if (rungs.size() > 1)
    thin();
  return std::move(rungs);
}

std::vector<LadderRung>
swapc::makeLadder(llvm::ArrayRef<const Planner *> planners,
                  PlanCurve::ForEach forEach) {
  return LadderBuilder(planners, forEach).run();
}
