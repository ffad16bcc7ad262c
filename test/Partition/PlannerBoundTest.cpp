//===- PlannerBoundTest.cpp - Large plans are near the bound ----*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/Planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <functional>
#include <random>

using namespace swapc;

namespace {

constexpr double kMiB = 1 << 20;

/// What a step of a model reads and keeps: bytes of its unit, its time in times
/// of a read of 1 MiB, bytes of its buffer. `at` goes from 0 to 1 through the
/// model, `random` is uniform below 1.
struct Shape {
  double bytes, reads, buffer;
};
using Family = std::function<Shape(int step, double at, double random)>;

PlanProblem make(int count, const Family &family) {
  std::mt19937 random(1);
  PlanProblem problem;
  problem.scratchBytes = 256 * 1024;
  for (int i = 0; i < count; ++i) {
    Shape shape = family(i, static_cast<double>(i) / count,
                         static_cast<double>(random() % 1000000) / 1e6);
    problem.units.push_back({static_cast<int64_t>(shape.bytes)});
    problem.steps.push_back(
        {{i}, shape.reads * kMiB / problem.link.bytesPerSecond, i});
    problem.buffers.push_back(
        {static_cast<int64_t>(shape.buffer), i, std::min(i + 1, count - 1)});
  }
  return problem;
}

Shape linkBound(int, double, double) { return {kMiB, 0.3, 65536}; }
Shape computeBound(int, double, double) { return {kMiB, 2, 65536}; }
Shape randomSizes(int, double, double random) {
  return {kMiB * (0.05 + 2 * random), 1.3, 65536};
}
/// Large activations early, large weights late.
Shape convolutions(int, double at, double random) {
  return {kMiB * (0.02 + 2.5 * at * at) * (0.5 + random), 1,
          kMiB * (at < 0.1   ? 12
                  : at < 0.3 ? 6
                  : at < 0.6 ? 3
                             : 1)};
}
/// Then fully connected layers that take next to no time.
Shape withHead(int, double at, double) {
  return at < 0.8 ? Shape{kMiB * (0.1 + at), 7, kMiB * (at < 0.2 ? 12 : 3)}
                  : Shape{kMiB * 6, 0.4, kMiB * 0.1};
}
/// Blocks of matrices, and attention that computes without weights.
Shape transformer(int step, double, double) {
  const double sizes[] = {1, 0.3, 1, 1.3, 1.3, 0.01};
  double size = sizes[step % 6];
  return {kMiB * size, step % 6 == 5 ? 0.2 : 0.9 * size, kMiB * 0.3};
}

double getRatio(const Planner &planner, int percent) {
  MemoryPlan plan = planner.plan(planner.getModelBytes() * percent / 100);
  EXPECT_TRUE(plan.feasible);
  EXPECT_GE(plan.seconds, plan.leastSeconds * (1 - 1e-9));
  return plan.seconds / plan.leastSeconds;
}

#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr double kSlowness = 20;
#else
constexpr double kSlowness = 1;
#endif

} // namespace

TEST(PlannerBound, WithinOnePercent) {
  // For the convolutions the bound counts the same memory for the light layers
  // and for the heavy ones; no plan can use it for both.
  const std::tuple<const char *, Family, double> families[] = {
      {"link bound", linkBound, 1.01},
      {"compute bound", computeBound, 1.01},
      {"random sizes", randomSizes, 1.01},
      {"convolutions", convolutions, 1.013},
      {"with head", withHead, 1.01},
      {"transformer", transformer, 1.01}};
  for (const auto &[name, family, limit] : families) {
    Planner planner(make(2000, family));
    for (int percent : {5, 10, 20, 35, 50, 65, 80, 95})
      EXPECT_LE(getRatio(planner, percent), limit) << name << " " << percent;
  }
}

TEST(PlannerBound, CountsWhatTheProcessorDoesForReads) {
  PlanProblem problem = make(300, computeBound);
  MemoryPlan plan = Planner(problem).plan(int64_t(20 * kMiB));
  double starts = problem.link.startSeconds + problem.link.cpuPerByte * kMiB;
  EXPECT_NEAR(plan.leastSeconds, plan.computeSeconds + 280 * starts,
              2 * starts);
  EXPECT_LE(plan.seconds, plan.leastSeconds * 1.001);
}

TEST(PlannerBound, SeesStretchesThatTheLinkCannotFeed) {
  // 50 units in a row that nothing hides, 10 of which fit at their beginning.
  PlanProblem problem = make(100, [](int step, double, double) {
    return Shape{step < 50 ? 4096.0 : kMiB, step < 50 ? 100.0 : 0.01, 64};
  });
  problem.scratchBytes = 0;
  MemoryPlan plan = Planner(problem).plan(int64_t(10.5 * kMiB));
  double read = kMiB / problem.link.bytesPerSecond;
  EXPECT_GT(plan.leastSeconds, plan.computeSeconds + 39 * read);
  EXPECT_GT(plan.leastSeconds, 1.007 * plan.boundSeconds());
  EXPECT_LE(plan.seconds, plan.leastSeconds * 1.01);
}

TEST(PlannerBound, EndsWhereAllFits) {
  Planner planner(make(50, transformer));
  MemoryPlan plan = planner.plan(planner.getModelBytes());
  EXPECT_DOUBLE_EQ(plan.leastSeconds, plan.seconds);
  // The first inference reads all of it, and computes meanwhile.
  double read = plan.residentBytes / planner.getProblem().link.bytesPerSecond;
  EXPECT_GE(plan.coldSeconds, read);
  EXPECT_LE(plan.coldSeconds, 1.1 * (read + plan.computeSeconds));
}

TEST(PlannerBound, ManyUnitsArePlannedQuickly) {
  for (auto [count, limit] : {std::pair(1000, 0.2), std::pair(10000, 3.0)}) {
    Planner planner(make(count, convolutions));
    std::clock_t start = std::clock(); // of this process: others may be busy
    EXPECT_LE(getRatio(planner, 50), 1.01);
    double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    EXPECT_LT(seconds, limit * kSlowness) << count;
  }
}
