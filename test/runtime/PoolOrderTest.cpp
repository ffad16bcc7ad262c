//===- PoolOrderTest.cpp - Who goes first in a pool -------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "Gate.h"
#include "PoolFixture.h"

#include <memory>
#include <thread>

using namespace pooltest;

namespace {

/// A job under way.
struct Job {
  Job(Pool &pool, swap_task *task, uint64_t deadline = 0) : task(task) {
    EXPECT_EQ(swap_pool_submit(task, tensors.inputs, tensors.outputs, deadline,
                               &id),
              SWAP_OK)
        << swap_pool_error(pool.pool);
  }
  void finish() {
    EXPECT_EQ(swap_pool_wait(task, id, &result), SWAP_OK);
    EXPECT_TRUE(tensors.yIsRight());
    EXPECT_TRUE(tensors.rowsAreRight());
  }
  swap_task *task;
  fake::Tensors tensors;
  swap_job id = 0;
  swap_job_result result = {};
};

swap_task_options priority(uint32_t value) {
  swap_task_options options = {};
  options.priority = value;
  return options;
}

class PoolOrder : public testing::Test {
protected:
  PoolOrder() : a("a"), b("b"), c("c") {}
  /// Resident units are there, so that nothing waits for storage.
  void warm(Pool &pool, std::initializer_list<swap_task *> tasks) {
    for (swap_task *task : tasks)
      runOnce(pool, task);
    pool.listener.take();
  }
  /// Tasks in the order in which something happened to their jobs.
  static std::vector<const swap_task *> order(Pool &pool,
                                              swap_pool_event_kind kind) {
    std::vector<const swap_task *> tasks;
    for (const swap_pool_event &event : pool.listener.take())
      if (event.kind == kind)
        tasks.push_back(event.task);
    return tasks;
  }
  static Gate &gate() { return GatedModel<0>::gate(); }
  const swap_model &gated = GatedModel<0>::model();
  BlobFile a, b, c;
};

TEST_F(PoolOrder, AMoreUrgentJobGoesBetweenTwoCalls) {
  Pool pool;
  swap_task *low = pool.add(gated, a, priority(0));
  swap_task *high = pool.add(fake::model(), b, priority(1));
  warm(pool, {low, high});
  gate().shut();
  Job first(pool, low);
  gate().awaitArrival(1);
  Job second(pool, high);
  gate().letOnePass();
  second.finish(); // while the first one's next kernel was not let through
  gate().letAllPass();
  first.finish();
  EXPECT_EQ(order(pool, SWAP_POOL_DONE),
            (std::vector<const swap_task *>{high, low}));
  EXPECT_EQ(first.result.preempted, 1u);
  EXPECT_EQ(second.result.preempted, 0u);
}

TEST_F(PoolOrder, AnEarlierDeadlineGoesBetweenTwoCalls) {
  Pool pool;
  swap_task *late = pool.add(gated, a), *soon = pool.add(fake::model(), b);
  warm(pool, {late, soon});
  gate().shut();
  const uint64_t now = swap_posix_clock();
  Job first(pool, late, now + 2000000000);
  gate().awaitArrival(1);
  Job second(pool, soon, now + 1000000000);
  gate().letOnePass();
  second.finish();
  gate().letAllPass();
  first.finish();
  EXPECT_EQ(first.result.preempted, 1u);
}

TEST_F(PoolOrder, ALessUrgentJobIsStartedAheadAndComputesAfterwards) {
  Pool pool;
  swap_task *high = pool.add(gated, a, priority(1));
  swap_task *low = pool.add(fake::model(), b, priority(0));
  warm(pool, {high, low});
  gate().shut();
  Job first(pool, high);
  gate().awaitArrival(1);
  Job second(pool, low);
  gate().letOnePass();
  gate().awaitArrival(2);
  // Between the two kernels it got its memory and began to read.
  std::vector<swap_pool_event> events = pool.listener.take();
  EXPECT_EQ(std::count_if(events.begin(), events.end(),
                          [&](const swap_pool_event &event) {
                            return event.kind == SWAP_POOL_START &&
                                   event.task == low;
                          }),
            1);
  gate().letAllPass();
  first.finish();
  second.finish();
  EXPECT_EQ(order(pool, SWAP_POOL_DONE),
            (std::vector<const swap_task *>{high, low}));
  EXPECT_EQ(first.result.preempted, 0u);
  EXPECT_EQ(second.result.preempted, 0u);
  EXPECT_GT(second.result.wait_ns, 0u);
}

TEST_F(PoolOrder, WhoWaitsForAModelLendsItItsUrgency) {
  Pool pool;
  swap_task *low = pool.add(gated, a, priority(0));
  swap_task *high = pool.add(gated, a, priority(2));
  swap_task *middle = pool.add(fake::model(), b, priority(1));
  warm(pool, {low, high, middle});
  gate().shut();
  Job first(pool, low);
  gate().awaitArrival(1);
  Job second(pool, middle), third(pool, high);
  gate().letAllPass();
  first.finish();
  second.finish();
  third.finish();
  EXPECT_EQ(order(pool, SWAP_POOL_DONE),
            (std::vector<const swap_task *>{low, high, middle}));
  EXPECT_EQ(first.result.preempted, 0u);
}

TEST_F(PoolOrder, MemoryOfAJobThatComputedNothingGoesToAMoreUrgentOne) {
  Pool pool;
  swap_task *middle = pool.add(gated, a, priority(1));
  swap_task *low = pool.add(fake::model(), b, priority(0));
  swap_task *high = pool.add(fake::model(), c, priority(2));
  warm(pool, {middle, low, high});
  // A budget with which two runs may be started at once, but not three.
  for (uint64_t budget = pool.state().used_bytes;
       budget > 30000 && pool.state().overlap != 2; budget -= 4096)
    (void)swap_pool_set_budget(pool.pool, budget);
  ASSERT_EQ(pool.state().overlap, 2u);
  pool.listener.take();
  // A job that waits for a read has others compute, so it takes some attempts
  // until the middle one does not before the low one is started.
  bool seen = false;
  for (int attempt = 0; attempt < 50 && !seen; ++attempt) {
    gate().shut();
    Job first(pool, middle);
    gate().awaitArrival(1);
    Job second(pool, low);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    gate().letOnePass();
    gate().awaitArrival(2);
    bool low_starts = false, low_computes = false;
    for (const swap_pool_event &event : pool.listener.take())
      if (event.task == low) {
        low_starts |= event.kind == SWAP_POOL_START;
        low_computes |= event.kind == SWAP_POOL_CALL;
      }
    if (!low_starts || low_computes) {
      gate().letAllPass();
      first.finish();
      second.finish();
      continue;
    }
    seen = true;
    Job third(pool, high);
    gate().letAllPass();
    third.finish();
    first.finish();
    second.finish();
    std::vector<const swap_task *> starts;
    for (const swap_pool_event &event : pool.listener.take())
      if (event.kind == SWAP_POOL_START)
        starts.push_back(event.task);
    EXPECT_EQ(starts, (std::vector<const swap_task *>{high, low}));
    EXPECT_EQ(second.result.preempted, 1u);
  }
  EXPECT_TRUE(seen);
}

// The higher one always has a job that waits, and none of its kernels stalls.
TEST_F(PoolOrder, NobodyStarves) {
  Pool pool;
  swap_task_options options = {};
  options.period_ns = 100000000;
  swap_task *low = pool.add(fake::model(), a, options);
  options.priority = 7;
  swap_task *high = pool.add(GatedModel<2>::model(), b, options);
  warm(pool, {low, high});
  GatedModel<2>::gate().slowDown(std::chrono::milliseconds(10));
  std::atomic<bool> stop{false};
  auto last = std::make_unique<Job>(pool, high);
  std::thread eager([&] {
    while (!stop) {
      auto next = std::make_unique<Job>(pool, high);
      last->finish();
      last = std::move(next);
    }
    last->finish();
  });
  Job patient(pool, low);
  patient.finish();
  stop = true;
  eager.join();
  const uint64_t waited = patient.result.end_ns - patient.result.submit_ns;
  EXPECT_GT(waited, 900000000u); // patience: four periods, at least a second
  EXPECT_LT(waited, 3000000000u);
}

TEST_F(PoolOrder, AStallOfOneIsFilledWithAnothersKernels) {
  Pool pool;
  swap_task *high = pool.add(fake::model(), a, priority(1));
  swap_task *low = pool.add(fake::cyclicModel(), b, priority(0));
  // Little stays, and two runs may be started at once.
  for (uint64_t budget = 100000;
       budget > 30000 && (budget == 100000 || pool.state().overlap < 2);
       budget -= 4096)
    (void)swap_pool_set_budget(pool.pool, budget);
  ASSERT_GE(pool.state().overlap, 2u);
  bool filled = false;
  for (int attempt = 0; attempt < 100 && !filled; ++attempt) {
    pool.listener.take();
    Job first(pool, high), second(pool, low);
    first.finish();
    second.finish();
    bool under_way = false;
    for (const swap_pool_event &event : pool.listener.take()) {
      if (event.task == high && event.kind == SWAP_POOL_CALL)
        under_way = true;
      if (event.task == high && event.kind == SWAP_POOL_DONE)
        under_way = false;
      filled |= under_way && event.task == low && event.kind == SWAP_POOL_CALL;
    }
    if (filled) {
      EXPECT_GT(first.result.stall_ns, 0u);
      EXPECT_EQ(first.result.preempted, 0u);
    }
  }
  EXPECT_TRUE(filled);
}

TEST_F(PoolOrder, LanesComputeSideBySide) {
  swap_pool_options options = {};
  options.lanes = 2;
  Pool pool(options);
  swap_task *one = pool.add(gated, a);
  swap_task *two = pool.add(GatedModel<1>::model(), b);
  warm(pool, {one, two});
  Gate &other = GatedModel<1>::gate();
  gate().shut();
  other.shut();
  Job first(pool, one), second(pool, two);
  gate().awaitArrival(1);
  other.awaitArrival(1); // both are inside kernels
  other.letAllPass();
  second.finish();
  gate().letAllPass();
  first.finish();
}

} // namespace
