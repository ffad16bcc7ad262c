//===- PolicyResponseTest.cpp - Bounds against simulated pools
//-------------===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A pool in ticks: jobs read and compute units, some of them ahead; one link,
// one lane, `overlap` started jobs. Whatever arrives, no job may take longer
// than pool_evaluate says.
//===----------------------------------------------------------------------===//
extern "C" {
#include "policy.h"
}

#include <algorithm>
#include <cstdio>
#include <gtest/gtest.h>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace {
using Random = std::mt19937_64;

uint64_t between(Random &random, uint64_t low, uint64_t high) {
  return low + random() % (high - low + 1);
}

struct Unit {
  uint64_t read, compute;
};

struct Model {
  std::vector<Unit> units;
  size_t ahead; // units that may be in memory before they are computed
};

struct Job {
  size_t load;
  pool_urgency urgency;
  bool started = false;
  size_t reading = 0, computing = 0; // units
  uint64_t read = 0, computed = 0;   // of that unit
};

// A started job.
struct Ready {
  pool_urgency lent, own;
  size_t job;
};

struct Set {
  std::vector<Model> models;
  std::vector<pool_load> loads;
};

class Pool {
public:
  Pool(const Set &set, uint32_t overlap)
      : worst(set.loads.size()), set(set), overlap(overlap) {}

  void submit(size_t load, uint64_t now) {
    const pool_load &of = set.loads[load];
    const uint64_t deadline =
        of.deadline_ns == UINT64_MAX ? UINT64_MAX : now + of.deadline_ns;
    Job job{load, {of.priority, deadline, now, ++order}};
    jobs.push_back(job);
  }

  // What happens in [now, now + 1).
  void tick(uint64_t now) {
    sort(jobs);
    start();
    std::vector<Ready> ready = lend();
    advanceLink(ready);
    advanceLane(ready);
    for (size_t i = jobs.size(); i-- > 0;)
      if (jobs[i].computing == model(jobs[i]).units.size()) {
        uint64_t &most = worst[jobs[i].load];
        most = std::max(most, now + 1 - jobs[i].urgency.since_ns);
        jobs.erase(jobs.begin() + ptrdiff_t(i));
      }
  }

  bool isEmpty() const { return jobs.empty(); }
  std::vector<uint64_t> worst;

private:
  const Model &model(const Job &job) const {
    return set.models[set.loads[job.load].ladder];
  }

  static bool goesFirst(const pool_urgency &a, const pool_urgency &b) {
    return pool_goes_first(&a, &b, 0, UINT64_MAX);
  }

  static void sort(std::vector<Job> &jobs) {
    std::sort(jobs.begin(), jobs.end(), [](const Job &a, const Job &b) {
      return goesFirst(a.urgency, b.urgency);
    });
  }

  bool isTaken(uint32_t ladder) const {
    for (const Job &job : jobs)
      if (job.started && set.loads[job.load].ladder == ladder)
        return true;
    return false;
  }

  uint32_t startedCount() const {
    return uint32_t(std::count_if(jobs.begin(), jobs.end(),
                                  [](const Job &job) { return job.started; }));
  }

  void start() {
    for (Job &job : jobs)
      if (!job.started && startedCount() < overlap &&
          !isTaken(set.loads[job.load].ladder))
        job.started = true;
  }

  // Started jobs, the most urgent first. Who waits for a model lends its
  // urgency to the job that has it, else who waits for a stretch to all that
  // have one.
  std::vector<Ready> lend() const {
    std::vector<Ready> ready;
    const bool isFull = startedCount() == overlap;
    for (size_t i = 0; i < jobs.size(); ++i) {
      if (!jobs[i].started)
        continue;
      pool_urgency urgency = jobs[i].urgency;
      for (const Job &other : jobs)
        if (!other.started && goesFirst(other.urgency, urgency) &&
            (isTaken(set.loads[other.load].ladder)
                 ? set.loads[other.load].ladder ==
                       set.loads[jobs[i].load].ladder
                 : isFull))
          urgency = other.urgency;
      ready.push_back({urgency, jobs[i].urgency, i});
    }
    std::sort(ready.begin(), ready.end(), [](const Ready &a, const Ready &b) {
      return goesFirst(a.lent, b.lent) ||
             (!goesFirst(b.lent, a.lent) && goesFirst(a.own, b.own));
    });
    return ready;
  }

  void advanceLane(const std::vector<Ready> &ready) {
    for (const auto &entry : ready) {
      Job &job = jobs[entry.job];
      const std::vector<Unit> &units = model(job).units;
      // What came in during this tick is there with the next one.
      if (job.computing >= before[entry.job])
        continue;
      if (++job.computed == units[job.computing].compute) {
        ++job.computing;
        job.computed = 0;
      }
      return;
    }
  }

  void advanceLink(const std::vector<Ready> &ready) {
    before.assign(jobs.size(), 0);
    for (Job &job : jobs) {
      const std::vector<Unit> &units = model(job).units;
      while (job.reading < units.size() && !units[job.reading].read)
        ++job.reading;
      before[size_t(&job - jobs.data())] = job.reading;
    }
    for (const auto &entry : ready) {
      Job &job = jobs[entry.job];
      const Model &of = model(job);
      if (job.reading == of.units.size() ||
          job.reading >= job.computing + of.ahead)
        continue;
      if (++job.read == of.units[job.reading].read) {
        ++job.reading;
        job.read = 0;
      }
      return;
    }
  }

  const Set &set;
  uint32_t overlap;
  uint64_t order = 0;
  std::vector<Job> jobs;
  std::vector<size_t> before; // units of each job in memory when a tick begins
};

// A rung of each model: its times alone.
std::vector<pool_choice> timeAlone(const Set &set) {
  std::vector<pool_choice> rungs;
  for (size_t i = 0; i < set.models.size(); ++i) {
    Set alone;
    alone.models = set.models;
    alone.loads = {{uint32_t(i), 0, 1, UINT64_MAX}};
    Pool pool(alone, 1);
    pool.submit(0, 0);
    for (uint64_t now = 0; !pool.isEmpty(); ++now)
      pool.tick(now);
    pool_choice rung = {4096, 4096, pool.worst[0], 0, 0, 0};
    for (const Unit &unit : set.models[i].units) {
      rung.compute_ns += unit.compute;
      rung.read_bytes += unit.read;
    }
    rungs.push_back(rung);
  }
  return rungs;
}

pool_allocation evaluate(const Set &set, const std::vector<pool_choice> &rungs,
                         uint32_t overlap) {
  std::vector<pool_ladder> ladders;
  for (const pool_choice &rung : rungs)
    ladders.push_back({&rung, 1});
  const pool_system system = {ladders.data(),
                              uint32_t(ladders.size()),
                              set.loads.data(),
                              uint32_t(set.loads.size()),
                              uint64_t(1) << 40,
                              1,
                              1e9};
  pool_allocation allocation = {};
  allocation.overlap = overlap;
  pool_evaluate(&system, &allocation);
  return allocation;
}

Set randomSet(Random &random) {
  Set set;
  const uint64_t models = between(random, 1, 5);
  for (uint64_t i = 0; i < models; ++i) {
    Model model;
    model.ahead = between(random, 1, 3);
    const uint64_t units = between(random, 1, 4);
    for (uint64_t k = 0; k < units; ++k)
      model.units.push_back({between(random, 0, 4), between(random, 1, 5)});
    set.models.push_back(model);
  }
  const uint64_t loads = models + between(random, 0, 2) / 2;
  const uint64_t slack = between(random, 10, 40);
  for (uint64_t i = 0; i < loads; ++i) {
    pool_load load;
    load.ladder = uint32_t(i < models ? i : between(random, 0, models - 1));
    load.priority = uint32_t(random() % 3 ? 0 : between(random, 0, 2));
    load.period_ns = between(random, 5, 8 * loads) * slack / 5;
    load.deadline_ns =
        random() % 8 ? between(random, load.period_ns / 2, 2 * load.period_ns)
                     : UINT64_MAX;
    set.loads.push_back(load);
  }
  return set;
}

// Jobs at least a period apart: all at once and as often as may be, with random
// phases, or with random gaps.
std::vector<uint64_t> simulate(const Set &set, uint32_t overlap, Random &random,
                               uint64_t kind, uint64_t ticks) {
  Pool pool(set, overlap);
  std::vector<uint64_t> next;
  for (const pool_load &load : set.loads)
    next.push_back(kind ? between(random, 0, load.period_ns) : 0);
  for (uint64_t now = 0; now < ticks; ++now) {
    for (size_t i = 0; i < set.loads.size(); ++i)
      if (next[i] == now) {
        pool.submit(i, now);
        const uint64_t gap = kind == 2 && random() % 4 == 0
                                 ? between(random, 0, set.loads[i].period_ns)
                                 : 0;
        next[i] = now + set.loads[i].period_ns + gap;
      }
    pool.tick(now);
  }
  return pool.worst;
}

std::string describe(const Set &set, const std::vector<pool_choice> &rungs) {
  std::ostringstream text;
  for (const pool_load &load : set.loads)
    text << "model " << load.ladder << ", priority " << load.priority
         << ", period " << load.period_ns << ", deadline "
         << int64_t(load.deadline_ns) << ", alone "
         << rungs[load.ladder].time_ns << ", computes "
         << rungs[load.ladder].compute_ns << "\n";
  return text.str();
}

void expectBounded(uint32_t overlap, uint64_t seed, size_t sets) {
  Random random(seed);
  size_t bounded = 0, tasks = 0, reached = 0;
  double ratios = 0;
  for (size_t round = 0; round < sets; ++round) {
    const Set set = randomSet(random);
    const std::vector<pool_choice> rungs = timeAlone(set);
    const pool_allocation allocation = evaluate(set, rungs, overlap);
    std::vector<uint64_t> worst(set.loads.size());
    for (uint64_t kind = 0; kind < 3; ++kind) {
      const std::vector<uint64_t> seen =
          simulate(set, overlap, random, kind, 1500);
      for (size_t i = 0; i < worst.size(); ++i)
        worst[i] = std::max(worst[i], seen[i]);
    }
    for (size_t i = 0; i < worst.size(); ++i) {
      ++tasks;
      const uint64_t bound = allocation.response_ns[i];
      ASSERT_LE(worst[i], bound) << "set " << round << " task " << i << "\n"
                                 << describe(set, rungs);
      ASSERT_GE(bound, rungs[set.loads[i].ladder].time_ns);
      if (bound == UINT64_MAX || !worst[i])
        continue;
      ++bounded;
      reached += worst[i] == bound;
      ratios += double(bound) / double(worst[i]);
    }
  }
  std::printf(
      "overlap %u: %zu of %zu tasks have a bound; it is %.3f of the worst "
      "seen on average, and reached by %.1f %%\n",
      overlap, bounded, tasks, ratios / double(bounded),
      100.0 * double(reached) / double(bounded));
  EXPECT_GT(bounded, tasks / 3);
  EXPECT_LT(bounded, tasks);
  EXPECT_GT(reached, bounded / 20);
}
} // namespace

TEST(PolicyResponse, NoJobTakesLongerOneAtATime) { expectBounded(1, 1, 1000); }
TEST(PolicyResponse, NoJobTakesLongerWithTwoStarted) {
  expectBounded(2, 2, 1000);
}
TEST(PolicyResponse, NoJobTakesLongerWithThreeStarted) {
  expectBounded(3, 3, 600);
}
