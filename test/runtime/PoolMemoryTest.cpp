//===- PoolMemoryTest.cpp - Who has a pool's memory -------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "Gate.h"
#include "PoolFixture.h"

#include <thread>

using namespace pooltest;

namespace {

constexpr uint64_t kMillisecond = 1000000;

/// Whether something comes true within half a minute.
template <typename Condition> bool comesTrue(Condition condition) {
  for (int i = 0; i < 30000; ++i) {
    if (condition())
      return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

/// What one model of the fake kind takes with all it wants.
uint64_t wholeModel() {
  BlobFile file("whole");
  Pool pool;
  swap_task *task = pool.add(fake::model(), file);
  runOnce(pool, task);
  return pool.state().used_bytes;
}

TEST(PoolMemory, TasksOfOneModelShareIt) {
  BlobFile file("shared"), copy("copy");
  Pool pool;
  swap_task *first = pool.add(fake::model(), file);
  const uint64_t alone = pool.state().used_bytes;
  swap_task *second = pool.add(fake::model(), file);
  runOnce(pool, first);
  runOnce(pool, second);
  EXPECT_EQ(pool.state().used_bytes, alone);
  swap_pool_remove(first);
  runOnce(pool, second);
  // The same weights elsewhere are other weights.
  pool.add(fake::model(), copy);
  EXPECT_GT(pool.state().used_bytes, alone);
}

TEST(PoolMemory, ResidentUnitsAreReadOnce) {
  BlobFile file("once");
  Pool pool;
  swap_task *task = pool.add(fake::model(), file);
  runOnce(pool, task);
  const uint64_t before = pool.state().read_bytes;
  swap_job_result result;
  runOnce(pool, task, &result);
  EXPECT_EQ(result.read_bytes, 0u);
  EXPECT_EQ(pool.state().read_bytes, before);
}

TEST(PoolMemory, ResidentUnitsComeInWhileNoJobDoes) {
  BlobFile file("fill"), other("other");
  Pool pool;
  swap_task *task = pool.add(fake::model(), file);
  pool.add(fake::cyclicModel(), other); // somebody else is there
  ASSERT_TRUE(comesTrue([&] {
    return pool.state().read_bytes >= 2 * (fake::blob().size() - 8192);
  }));
  swap_job_result result;
  runOnce(pool, task, &result);
  EXPECT_EQ(result.read_bytes, 0u);
}

TEST(PoolMemory, AnIdleTaskGivesItsMemoryToTheOthers) {
  BlobFile file("idle"), other("busy");
  swap_pool_options options = {};
  // Enough for one of them to keep everything, not for both.
  options.budget_bytes = wholeModel() + 30000;
  Pool pool(options);
  swap_task_options seldom = {};
  seldom.name = "seldom";
  seldom.idle_ns = 100 * kMillisecond;
  seldom.period_ns = 5 * kMillisecond;
  swap_task_options often = {};
  often.name = "often";
  often.period_ns = 10 * kMillisecond;
  swap_task *first = pool.add(fake::model(), file, seldom);
  runOnce(pool, first);
  swap_task *second = pool.add(fake::model(), other, often);
  for (int i = 0; i < 5; ++i) {
    runOnce(pool, first);
    runOnce(pool, second);
  }
  const uint64_t both = Pool::state(first).resident_bytes;
  EXPECT_GT(both, 0u);
  EXPECT_FALSE(Pool::state(first).idle);
  // Only the second one goes on.
  ASSERT_TRUE(comesTrue([&] {
    runOnce(pool, second);
    return Pool::state(first).idle && !Pool::state(first).resident_bytes;
  }));
  swap_job_result result;
  runOnce(pool, second);
  runOnce(pool, second, &result);
  EXPECT_EQ(result.read_bytes, 0u); // it keeps all
  // And back.
  runOnce(pool, first);
  EXPECT_FALSE(Pool::state(first).idle);
  EXPECT_TRUE(comesTrue([&] {
    runOnce(pool, second);
    runOnce(pool, first);
    return Pool::state(first).resident_bytes == both;
  }));
}

// Everybody keeps what nobody else asks for.
TEST(PoolMemory, AnIdlePoolKeepsItsMemory) {
  BlobFile file("alone");
  Pool pool;
  swap_task_options options = {};
  options.name = "alone";
  options.idle_ns = 10 * kMillisecond;
  swap_task *task = pool.add(fake::model(), file, options);
  runOnce(pool, task);
  ASSERT_TRUE(comesTrue([&] { return Pool::state(task).idle != 0; }));
  swap_job_result result;
  runOnce(pool, task, &result);
  EXPECT_EQ(result.read_bytes, 0u);
}

TEST(PoolMemory, ABudgetShrinksWhileARunHoldsMore) {
  BlobFile file("held"), other("free");
  Gate &gate = GatedModel<3>::gate();
  Pool pool;
  swap_task *task = pool.add(GatedModel<3>::model(), file);
  swap_task *second = pool.add(fake::model(), other);
  runOnce(pool, task);
  const uint64_t before = pool.state().used_bytes;
  gate.shut();
  fake::Tensors tensors;
  swap_job job;
  ASSERT_EQ(swap_pool_submit(task, tensors.inputs, tensors.outputs, 0, &job),
            SWAP_OK);
  gate.awaitArrival(1);
  std::atomic<bool> returned{false};
  std::thread shrinker([&] {
    EXPECT_EQ(swap_pool_set_budget(pool.pool, before / 3), SWAP_OK);
    EXPECT_LE(pool.state().used_bytes, before / 3);
    returned = true;
  });
  // What no run holds goes at once, the rest with the run's end.
  EXPECT_TRUE(comesTrue([&] { return pool.state().used_bytes < before; }));
  EXPECT_FALSE(returned);
  gate.letAllPass();
  EXPECT_EQ(swap_pool_wait(task, job, nullptr), SWAP_OK);
  EXPECT_TRUE(tensors.yIsRight());
  shrinker.join();
  runOnce(pool, second);
  runOnce(pool, task);
}

TEST(PoolMemory, AllGoesBackWithTheLastTask) {
  BlobFile file("back");
  Pool pool;
  swap_task *task = pool.add(fake::model(), file);
  runOnce(pool, task);
  EXPECT_GT(pool.state().used_bytes, 0u);
  EXPECT_GT(pool.state().zone_bytes, 0u);
  EXPECT_EQ(pool.state().used_bytes,
            pool.state().zone_bytes + pool.state().resident_bytes);
  swap_pool_remove(task);
  EXPECT_EQ(pool.state().used_bytes, 0u);
}

TEST(PoolMemory, DepthAndPriorityChangeWhileJobsWait) {
  BlobFile file("change");
  Gate &gate = GatedModel<3>::gate();
  Pool pool;
  swap_task_options options = {};
  options.name = "changes";
  options.depth = 3;
  swap_task *task = pool.add(GatedModel<3>::model(), file, options);
  gate.shut();
  fake::Tensors tensors[3];
  swap_job jobs[3];
  for (int i = 0; i < 3; ++i)
    ASSERT_EQ(swap_pool_submit(task, tensors[i].inputs, tensors[i].outputs, 0,
                               &jobs[i]),
              SWAP_OK);
  EXPECT_EQ(swap_pool_submit(task, tensors[0].inputs, tensors[0].outputs, 0,
                             nullptr),
            SWAP_ERR_STATE);
  gate.awaitArrival(1);
  for (const uint32_t depth : {5u, 1u, 4u}) {
    options.depth = depth;
    options.priority = depth;
    EXPECT_EQ(swap_pool_change(task, &options), SWAP_OK);
  }
  fake::Tensors more;
  swap_job last;
  EXPECT_EQ(swap_pool_submit(task, more.inputs, more.outputs, 0, &last),
            SWAP_OK);
  gate.letAllPass();
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(swap_pool_wait(task, jobs[i], nullptr), SWAP_OK);
    EXPECT_TRUE(tensors[i].yIsRight());
  }
  EXPECT_EQ(swap_pool_wait(task, last, nullptr), SWAP_OK);
  EXPECT_TRUE(more.yIsRight());
  options.priority = SWAP_PRIORITY_MAX + 1;
  EXPECT_EQ(swap_pool_change(task, &options), SWAP_ERR_ARGUMENT);
}

TEST(PoolMemory, LaneThreadsBeyondAPlansAreas) {
  BlobFile file("areas"); // the fake model's plans have areas for two threads
  for (const uint32_t threads : {1u, 2u, 3u, 8u}) {
    swap_pool_options options = {};
    options.threads = threads;
    Pool pool(options);
    swap_task *task = pool.add(fake::model(), file);
    for (int i = 0; i < 20; ++i)
      runOnce(pool, task);
  }
}

/// A gated model that streams everything, through a region of some hundred KiB or
/// faster through one that is larger.
template <int Number> struct TwoRegions {
  std::vector<swap_plan> plans;
  swap_model model = GatedModel<Number>::model();

  TwoRegions() {
    for (uint64_t bytes : {500 << 10, 1400 << 10}) {
      swap_plan plan = model.plans[0];
      plan.region_bytes += bytes;
      plan.arena_bytes += bytes;
      plan.budget_bytes += bytes;
      plan.predicted_ns /= plans.size() + 1;
      plans.push_back(plan);
    }
    model.plans = plans.data();
    model.plan_count = 2;
  }
};

// Verifies that a smaller budget comes into force though runs always overlap in
// the huge page in which the zone then ends, and under a run it cannot: the next
// run waits until those have ended.
TEST(PoolMemory, ShrinksUnderRunsWithoutAGap) {
  BlobFile first("first"), second("second");
  const TwoRegions<4> a;
  const TwoRegions<5> b;
  Gate &gateA = GatedModel<4>::gate(), &gateB = GatedModel<5>::gate();
  swap_pool_options options = {};
  options.budget_bytes = 8 << 20;
  options.lanes = 2;
  Pool pool(options);
  swap_task *tasks[] = {pool.add(a.model, first), pool.add(b.model, second)};
  ASSERT_GT(pool.state().zone_bytes, 2u << 20);
  fake::Tensors tensors[4];
  swap_job job = 0;
  auto submit = [&](int task, int slot) {
    EXPECT_EQ(swap_pool_submit(tasks[task], tensors[slot].inputs,
                               tensors[slot].outputs, 0, &job),
              SWAP_OK);
  };
  gateA.shut();
  gateB.shut();
  submit(0, 0); // at the zone's beginning
  gateA.awaitArrival(1);
  submit(1, 1); // behind it
  gateB.awaitArrival(1);
  submit(0, 2);
  submit(1, 3);
  std::atomic<bool> isDone = false;
  std::thread changer([&] {
    EXPECT_EQ(swap_pool_set_budget(pool.pool, 1100 << 10), SWAP_OK)
        << swap_pool_error(pool.pool);
    isDone = true;
  });
  EXPECT_TRUE(comesTrue([&] { return Pool::state(tasks[0]).target_plan == 0; }));
  for (int kernel = 0; kernel < 3; ++kernel)
    gateA.letOnePass();
  EXPECT_TRUE(comesTrue([&] { return Pool::state(tasks[0]).runs == 1; }));
  for (int kernel = 0; kernel < 3; ++kernel)
    gateB.letOnePass();
  EXPECT_TRUE(comesTrue([&] { return Pool::state(tasks[1]).runs == 1; }));
  EXPECT_TRUE(comesTrue([&] { return isDone.load(); }));
  EXPECT_LE(pool.state().used_bytes, 1100u << 10);
  gateA.letAllPass();
  gateB.letAllPass();
  changer.join();
  for (swap_task *task : tasks)
    EXPECT_EQ(swap_pool_wait(task, 2, nullptr), SWAP_OK);
  for (const fake::Tensors &t : tensors)
    EXPECT_TRUE(t.yIsRight() && t.rowsAreRight());
}

} // namespace
