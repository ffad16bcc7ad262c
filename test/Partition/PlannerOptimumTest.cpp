//===- PlannerOptimumTest.cpp - Small plans are the best --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/Planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

using namespace swapc;

namespace {

/// A unit for each of a few steps, a page to a few large, and buffers. Some of
/// the units may be read in place if `inPlace`.
PlanProblem makeTiny(uint32_t seed, bool inPlace = false) {
  std::mt19937 random(seed);
  auto pick = [&](int low, int high) {
    return low + static_cast<int>(random() % (high - low + 1));
  };
  PlanProblem problem;
  int steps = pick(2, 6), most = pick(1, 3);
  problem.link.bytesPerSecond = 4096 / 10e-6;
  problem.link.latency = pick(0, 3) * 2e-6;
  problem.link.perRead = pick(0, 2) * 1e-6;
  problem.link.startSeconds = pick(0, 2) * 0.5e-6;
  problem.link.cpuPerByte = pick(0, 1) * 1e-10;
  if (inPlace)
    problem.link.inPlaceBytesPerSecond = 4096 / (pick(9, 14) * 1e-6);
  for (int i = 0; i < steps; ++i) {
    PlanStep step;
    step.group = i;
    step.seconds = pick(1, 30) * 1e-6;
    if (problem.units.size() < 4 && pick(0, 4)) {
      step.units.push_back(static_cast<int>(problem.units.size()));
      problem.units.push_back({kPageBytes * pick(1, most)});
      problem.units.back().inPlace = inPlace && pick(0, 3);
    }
    problem.steps.push_back(step);
    if (pick(0, 2))
      problem.buffers.push_back({kPageBytes * pick(1, 2) - 64, i,
                                 std::min(i + pick(0, 2), steps - 1)});
  }
  return problem;
}

/// All sets of resident units and of units read in place, all addresses, each
/// read as early as its slot allows. Knows nothing of how the planner searches.
class BruteForce {
public:
  BruteForce(const Planner &planner, int64_t budget)
      : problem(planner.getProblem()), buffers(planner.getBuffers()),
        steps(static_cast<int>(problem.steps.size())),
        use(problem.units.size(), -1) {
    for (int step = 0; step < steps; ++step)
      for (int unit : problem.steps[step].units) {
        use[unit] = step;
        units.push_back(unit);
      }
    unsigned sets = 1;
    for (size_t i = 0; i < units.size(); ++i)
      sets *= 3;
    for (unsigned set = 0; set < sets; ++set) {
      int64_t bytes = 0;
      bool isAllowed = true;
      streamed.clear();
      inPlace.assign(steps, 0);
      unsigned rest = set;
      for (size_t i = 0; i < units.size(); ++i, rest /= 3) {
        const PlanUnit &unit = problem.units[units[i]];
        if (rest % 3 == 0)
          streamed.push_back(units[i]);
        else if (rest % 3 == 1)
          bytes += unit.bytes;
        else if (unit.inPlace)
          inPlace[use[units[i]]] = static_cast<double>(unit.bytes) /
                                   problem.link.inPlaceBytesPerSecond;
        else
          isAllowed = false;
      }
      if (!isAllowed)
        continue;
      region = (budget - bytes) / kPageBytes * kPageBytes;
      if (budget - bytes < buffers.bytes)
        continue;
      slots.assign(streamed.size(), 0);
      place(0);
    }
  }

  double best = 1e9;

private:
  void place(size_t at) {
    if (at == streamed.size()) {
      best = std::min(best, simulate());
      return;
    }
    int64_t bytes = problem.units[streamed[at]].bytes;
    for (int64_t slot = 0; slot + bytes <= region; slot += kPageBytes) {
      slots[at] = slot;
      if (mayStand(at))
        place(at + 1);
    }
  }
  bool touches(size_t at, int64_t offset, int64_t bytes) const {
    return slots[at] < offset + bytes &&
           offset < slots[at] + problem.units[streamed[at]].bytes;
  }
  bool mayStand(size_t at) const {
    int step = use[streamed[at]];
    for (size_t i = 0; i < problem.buffers.size(); ++i)
      if (touches(at, buffers.offsets[i], problem.buffers[i].bytes) &&
          problem.buffers[i].first <= step && step <= problem.buffers[i].last)
        return false;
    return true; // each unit has a step of its own
  }
  /// Whether the slot is free of all others during a step of any inference.
  bool isFree(size_t at, int step) const {
    int within = (step % steps + steps) % steps;
    for (size_t i = 0; i < problem.buffers.size(); ++i)
      if (touches(at, buffers.offsets[i], problem.buffers[i].bytes) &&
          problem.buffers[i].first <= within &&
          within <= problem.buffers[i].last)
        return false;
    for (size_t i = 0; i < streamed.size(); ++i)
      if (use[streamed[i]] == within &&
          (i == at || touches(at, slots[i], problem.units[streamed[i]].bytes)))
        return false;
    return true;
  }
  double simulate() const {
    const PlanLink &link = problem.link;
    constexpr int kLaps = 12;
    double now = 0, linkFree = 0;
    std::vector<double> ends;
    std::vector<int> earliest;
    for (size_t i = 0; i < streamed.size(); ++i) {
      int step = use[streamed[i]];
      while (step - 1 > use[streamed[i]] - steps && isFree(i, step - 1))
        --step;
      earliest.push_back(step);
    }
    size_t next = 0, count = streamed.size();
    std::vector<double> done(count * (kLaps + 2), 0);
    for (int step = 0; step < kLaps * steps; ++step) {
      for (; count; ++next) {
        int lap = static_cast<int>(next / count);
        if (lap > kLaps || lap * steps + earliest[next % count] > step)
          break;
        double bytes =
            static_cast<double>(problem.units[streamed[next % count]].bytes);
        linkFree = std::max(linkFree, now + link.latency) + link.perRead +
                   bytes / link.bytesPerSecond;
        done[next] = linkFree;
        now += link.startSeconds + link.cpuPerByte * bytes;
      }
      for (size_t i = 0; i < count; ++i)
        if (use[streamed[i]] == step % steps)
          now = std::max(now, done[step / steps * count + i]);
      // Of a kernel and the reads under way, each has half of the link until it
      // has all that it wants.
      double wanted = inPlace[step % steps], end = now;
      auto slowDown = [&](double &other) {
        double lost = std::min(wanted, std::max(0.0, other - now));
        other += lost;
        return lost;
      };
      for (size_t read = 0; read < next; ++read)
        slowDown(done[read]);
      if (wanted > 0)
        end = now + wanted + slowDown(linkFree);
      now = std::max(now + problem.steps[step % steps].seconds, end);
      if (step % steps == steps - 1)
        ends.push_back(now);
    }
    return (ends[kLaps - 1] - ends[kLaps - 7]) / 6;
  }

  const PlanProblem &problem;
  const BufferLayout &buffers;
  int steps;
  std::vector<int> use; ///< the step of each unit
  std::vector<int> units, streamed;
  int64_t region = 0;
  std::vector<int64_t> slots;
  std::vector<double> inPlace; ///< per step, seconds of the link
};

} // namespace

TEST(PlannerOptimum, EqualsBruteForceOnTinyProblems) {
  int faster = 0, problems = 0;
  for (uint32_t seed = 0; seed < 450; ++seed) {
    Planner planner(makeTiny(seed));
    int64_t low = planner.getMinBytes(), high = planner.getModelBytes();
    for (int64_t budget = low; budget < high; budget += kPageBytes) {
      SCOPED_TRACE(testing::Message() << seed << " " << budget);
      MemoryPlan plan = planner.plan(budget);
      ASSERT_TRUE(plan.feasible);
      double best = BruteForce(planner, budget).best;
      EXPECT_NEAR(plan.seconds, best, 1e-6 * best);
      EXPECT_LE(plan.leastSeconds, best * (1 + 1e-9));
      faster += best < plan.coldSeconds * 0.99;
      ++problems;
    }
  }
  // Reading ahead of the next inference is what many of them gain by.
  EXPECT_GT(problems, 500);
  EXPECT_GT(faster, problems / 4);
}

TEST(PlannerOptimum, EqualsBruteForceWhereKernelsReadInPlace) {
  int faster = 0, smaller = 0, problems = 0;
  for (uint32_t seed = 0; seed < 250; ++seed) {
    PlanProblem problem = makeTiny(seed, /*inPlace=*/true);
    Planner planner(problem);
    problem.link.inPlaceBytesPerSecond = 0;
    Planner without(problem);
    int64_t low = planner.getMinBytes(), high = planner.getModelBytes();
    EXPECT_LE(low, without.getMinBytes());
    smaller += low < without.getMinBytes();
    for (int64_t budget = low; budget < high; budget += kPageBytes) {
      SCOPED_TRACE(testing::Message() << seed << " " << budget);
      MemoryPlan plan = planner.plan(budget), other = without.plan(budget);
      ASSERT_TRUE(plan.feasible);
      double best = BruteForce(planner, budget).best;
      EXPECT_NEAR(plan.seconds, best, 1e-6 * best);
      EXPECT_LE(plan.leastSeconds, best * (1 + 1e-9));
      if (other.feasible) {
        EXPECT_LE(plan.seconds, other.seconds * (1 + 1e-9));
        faster += plan.seconds < other.seconds * 0.99;
      }
      ++problems;
    }
  }
  EXPECT_GT(problems, 400);
  EXPECT_GT(smaller, 50);
  EXPECT_GT(faster, problems / 20);
}
