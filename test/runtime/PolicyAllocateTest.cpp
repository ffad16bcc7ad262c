//===- PolicyAllocateTest.cpp - Who gets which part of the budget
//----------===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
extern "C" {
#include "policy.h"
}

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace {
using Random = std::mt19937_64;
constexpr uint64_t mib = 1 << 20, ms = 1000000;

double uniform(Random &random, double low, double high) {
  return low +
         (high - low) * double(random() >> 11) / double(uint64_t(1) << 53);
}

uint64_t pages(double bytes) { return (uint64_t(bytes) + 4095) / 4096 * 4096; }

// A system with its memory. Ladders look like those of real models: a rung with
// less memory reads more, part of which computing hides.
struct System {
  std::vector<std::vector<pool_choice>> rungs;
  std::vector<pool_ladder> ladders;
  std::vector<pool_load> loads;
  pool_system system;

  void finish(uint64_t budget) {
    for (const auto &of : rungs)
      ladders.push_back({of.data(), uint32_t(of.size())});
    system = {ladders.data(), uint32_t(ladders.size()),
              loads.data(),   uint32_t(loads.size()),
              budget,         1,
              2.4e9};
  }
};

std::vector<pool_choice> randomLadder(Random &random, size_t count) {
  const double weights = uniform(random, 10, 500) * mib;
  const double region = uniform(random, 0.01, 0.1) * weights;
  const double compute = uniform(random, 5, 500) * ms;
  const double hidden = uniform(random, 0, 1) * compute;
  std::vector<pool_choice> rungs;
  for (size_t j = 0; j < count; ++j) {
    const double part = count > 1 ? double(j) / double(count - 1) : 1;
    const double resident = part * weights;
    const double stall =
        std::max(0.0, (weights - resident) / 2.4e9 * 1e9 - hidden);
    pool_choice rung = {};
    rung.region_bytes = pages(region * uniform(random, 0.8, 1.6));
    rung.resident_bytes = pages(resident);
    rung.compute_ns = uint64_t(compute * (j ? 1 : 1.1));
    rung.time_ns = rung.compute_ns + uint64_t(stall);
    rung.read_bytes = uint64_t(weights - resident);
    rungs.push_back(rung);
  }
  std::sort(rungs.begin(), rungs.end(), [](const auto &a, const auto &b) {
    return a.region_bytes + a.resident_bytes <
           b.region_bytes + b.resident_bytes;
  });
  return rungs;
}

// `share` of the processor is asked for, and `part` of what all need is there.
void randomSystem(Random &random, System &system, size_t models, size_t rungs,
                  size_t loads, double share, double part) {
  double need = 0, least = 0;
  for (size_t i = 0; i < models; ++i) {
    system.rungs.push_back(randomLadder(random, rungs));
    need += double(system.rungs[i].back().resident_bytes +
                   system.rungs[i].back().region_bytes);
    least += double(system.rungs[i].front().resident_bytes);
    least += double(system.rungs[i].front().region_bytes);
  }
  const bool priorities = random() % 2;
  for (size_t i = 0; i < loads; ++i) {
    pool_load load;
    load.ladder = uint32_t(i < models ? i : random() % models);
    load.priority = priorities ? uint32_t(random() % 4) : 0;
    const double compute = double(system.rungs[load.ladder].back().compute_ns);
    load.period_ns =
        uint64_t(compute * double(loads) / share * uniform(random, 0.5, 2));
    load.deadline_ns =
        random() % 10
            ? uint64_t(double(load.period_ns) * uniform(random, 0.5, 1.5))
            : UINT64_MAX;
    if (random() % 20 == 0)
      load.period_ns = UINT64_MAX;
    system.loads.push_back(load);
  }
  system.finish(uint64_t(least + part * (need - least)));
}

pool_allocation allocate(const pool_system &system) {
  pool_allocation allocation;
  EXPECT_EQ(pool_allocate(&system, &allocation), SWAP_OK);
  EXPECT_LE(allocation.bytes, system.budget_bytes);
  return allocation;
}

double milliseconds(const pool_system &system) {
  double best = 1e9;
  for (int round = 0; round < 3; ++round) {
    struct timespec begin, end; // of this thread: other processes do not count
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
    allocate(system);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    best = std::min(best, double(end.tv_sec - begin.tv_sec) * 1e3 +
                              double(end.tv_nsec - begin.tv_nsec) / 1e6);
  }
  return best;
}
} // namespace

// Against everything tried: 4 models of 8 rungs, 5 tasks.
TEST(PolicyAllocate, IsNearTheOptimum) {
  Random random(1);
  size_t equal = 0, near = 0;
  double worst = 1;
  const size_t count = 200;
  for (size_t round = 0; round < count; ++round) {
    System system;
    randomSystem(random, system, 4, 8, 5, uniform(random, 0.2, 1),
                 uniform(random, 0, 0.8));
    const pool_allocation found = allocate(system.system);
    pool_allocation best;
    ASSERT_EQ(pool_allocate_exactly(&system.system, &best), SWAP_OK);
    const double ratio = found.cost / best.cost;
    ASSERT_GE(ratio, 1 - 1e-12);
    equal += ratio <= 1 + 1e-9;
    near += ratio <= 1.01;
    worst = std::max(worst, ratio);
  }
  std::printf("of %zu: %zu equal to the optimum, %zu within 1 %%, worst %.4f\n",
              count, equal, near, worst);
  EXPECT_GE(near, count * 99 / 100);
  EXPECT_GE(equal, count * 9 / 10);
}

// More memory never costs: of the optimum always, of what is found nearly.
TEST(PolicyAllocate, MoreMemoryIsNotWorse) {
  Random random(2);
  for (size_t round = 0; round < 10; ++round) {
    System system;
    randomSystem(random, system, 3, 6, 4, uniform(random, 0.3, 1.2), 0);
    pool_system at = system.system;
    double exact = 1e300, found = 1e300;
    const uint64_t least = pool_least_bytes(&at);
    for (int step = 0; step < 40; ++step) {
      at.budget_bytes = least + uint64_t(step) * 25 * mib;
      pool_allocation best;
      ASSERT_EQ(pool_allocate_exactly(&at, &best), SWAP_OK);
      EXPECT_LE(best.cost, exact);
      exact = best.cost;
      const double here = allocate(at).cost;
      EXPECT_LE(here, found * 1.01);
      found = std::min(found, here);
    }
    EXPECT_LT(exact, 1e300);
  }
}

TEST(PolicyAllocate, IsTheSameEachTime) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    System system;
    randomSystem(random, system, 9, 10, 12, 0.8, 0.3);
    const pool_allocation first = allocate(system.system);
    const pool_allocation second = allocate(system.system);
    EXPECT_EQ(memcmp(&first, &second, sizeof(first)), 0);
  }
}

// At the smallest budget there is an allocation, a byte below there is none,
// and no choice of rungs takes less.
TEST(PolicyAllocate, TheLeastIsEnough) {
  Random random(3);
  for (size_t round = 0; round < 100; ++round) {
    System system;
    randomSystem(random, system, 3, 5, 3, 0.5, 0.5);
    pool_system at = system.system;
    at.budget_bytes = pool_least_bytes(&at);
    EXPECT_EQ(allocate(at).bytes, at.budget_bytes);
    pool_allocation allocation = {};
    allocation.overlap = 1;
    for (uint32_t all = 0; all < 5 * 5 * 5; ++all) {
      const uint32_t choice[] = {all % 5, all / 5 % 5, all / 25};
      std::copy(choice, choice + 3, allocation.choice);
      pool_evaluate(&at, &allocation);
      EXPECT_GE(allocation.bytes, at.budget_bytes);
    }
    --at.budget_bytes;
    EXPECT_EQ(pool_allocate(&at, &allocation), SWAP_ERR_BUDGET);
  }
}

// Also with many models, whose limits for regions are not all tried.
TEST(PolicyAllocate, TheLeastIsEnoughForMany) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    Random random(seed);
    System system;
    randomSystem(random, system, 20, 14, 20, 0.5, 0.5);
    pool_system at = system.system;
    at.budget_bytes = pool_least_bytes(&at);
    EXPECT_LE(allocate(at).bytes, at.budget_bytes);
  }
}

// The zone has room for the largest regions that can be in use at once; tasks
// of a model run one after another.
TEST(PolicyAllocate, BytesAreZoneAndResidents) {
  const pool_choice large = {9 * mib, 1 * mib, ms, ms, 0, 0};
  const pool_choice middle = {5 * mib, 2 * mib, ms, ms, 0, 0};
  const pool_choice small = {3 * mib, 4 * mib, ms, ms, 0, 0};
  const pool_ladder ladders[] = {{&small, 1}, {&large, 1}, {&middle, 1}};
  const pool_load loads[] = {{1, 0, 10 * ms, 10 * ms},
                             {1, 0, 10 * ms, 10 * ms}};
  const pool_system system = {ladders, 3, loads, 2, 100 * mib, 1, 1e9};
  const uint64_t zones[] = {9 * mib, 14 * mib, 17 * mib, 17 * mib};
  for (uint32_t overlap = 1; overlap <= 4; ++overlap) {
    pool_allocation allocation = {};
    allocation.overlap = overlap;
    pool_evaluate(&system, &allocation);
    EXPECT_EQ(allocation.zone_bytes, zones[overlap - 1]);
    EXPECT_EQ(allocation.bytes, zones[overlap - 1] + 7 * mib);
  }
}

// Two models alike: the more urgent one, or the one that runs more often, gets
// the memory; one that is idle gives it away.
TEST(PolicyAllocate, MemoryGoesWhereItHelps) {
  const pool_choice rungs[] = {
      {mib, 0, 200 * ms, 100 * ms, 240 * mib, 0},
      {mib, 120 * mib, 150 * ms, 100 * ms, 120 * mib, 0},
      {mib, 240 * mib, 100 * ms, 100 * ms, 0, 0}};
  const pool_ladder ladders[] = {{rungs, 3}, {rungs, 3}};
  pool_load loads[] = {{0, 0, 500 * ms, 500 * ms}, {1, 0, 500 * ms, 500 * ms}};
  const pool_system system = {ladders, 2, loads, 2, 242 * mib, 1, 2.4e9};
  loads[1].priority = 3;
  EXPECT_EQ(allocate(system).choice[1], 2u);
  loads[1].priority = 0;
  loads[0].period_ns = 250 * ms;
  EXPECT_EQ(allocate(system).choice[0], 2u);
  loads[0].period_ns = UINT64_MAX;
  EXPECT_EQ(allocate(system).choice[1], 2u);
  EXPECT_EQ(allocate(system).choice[0], 0u);
  loads[1].period_ns = UINT64_MAX;
  EXPECT_EQ(allocate(system).choice[1], 0u);
}

TEST(PolicyAllocate, Edges) {
  pool_allocation allocation;
  const pool_system nothing = {nullptr, 0, nullptr, 0, 0, 1, 0};
  EXPECT_EQ(pool_least_bytes(&nothing), 0u);
  EXPECT_EQ(pool_allocate(&nothing, &allocation), SWAP_OK);
  EXPECT_EQ(allocation.bytes, 0u);
  // No time, no period, no deadline, no link, no lane: nothing is divided by 0.
  const pool_choice rung = {0, 0, 0, 0, 100, 0};
  const pool_ladder ladder = {&rung, 1};
  const pool_load loads[] = {{0, 7, 0, 0}, {0, 0, 0, UINT64_MAX}};
  const pool_system empty = {&ladder, 1, loads, 2, 0, 0, 0};
  EXPECT_EQ(pool_allocate(&empty, &allocation), SWAP_OK);
  EXPECT_EQ(allocation.response_ns[0], 0u);
  EXPECT_EQ(allocation.cost, 0);
  // As many models and tasks as there may be, each of which overloads it.
  const pool_choice endless = {
      4096, UINT64_MAX >> 8, UINT64_MAX >> 2, UINT64_MAX >> 2, UINT64_MAX >> 2,
      0};
  std::vector<pool_ladder> ladders(SWAP_POOL_MAX_TASKS, {&endless, 1});
  std::vector<pool_load> many;
  for (uint32_t i = 0; i < SWAP_POOL_MAX_TASKS; ++i)
    many.push_back({i, i % 8, 1, 1});
  const pool_system full = {ladders.data(),
                            SWAP_POOL_MAX_TASKS,
                            many.data(),
                            SWAP_POOL_MAX_TASKS,
                            UINT64_MAX,
                            4,
                            1};
  EXPECT_EQ(pool_allocate(&full, &allocation), SWAP_OK);
  for (uint64_t response : allocation.response_ns)
    EXPECT_EQ(response, UINT64_MAX);
  EXPECT_LT(allocation.cost, 1e300);
}

TEST(PolicyAllocate, Times) {
  for (size_t loads : {4, 16, 64}) {
    double worst = 0;
    for (uint64_t seed = 0; seed < 10; ++seed) {
      Random random(seed);
      System system;
      randomSystem(random, system, loads, 14, loads, 0.7, 0.3);
      worst = std::max(worst, milliseconds(system.system));
    }
    std::printf("%zu models of 14 rungs: %.2f ms\n", loads, worst);
    EXPECT_LT(worst, 500);
  }
}
