//===- PoolTest.cpp - Tests of the pool: tasks, jobs, budgets ---*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "PoolFixture.h"

#include <string>

using namespace pooltest;

namespace {

class PoolIo : public testing::TestWithParam<uint32_t> {};

TEST_P(PoolIo, RunsTheJobsOfSeveralModels) {
  BlobFile first("first"), second("second"), third("third");
  swap_pool_options options = {};
  options.io = GetParam();
  Pool pool(options);
  swap_task *tasks[] = {pool.add(fake::model(), first),
                        pool.add(fake::model(), second),
                        pool.add(fake::cyclicModel(), third)};
  for (int round = 0; round < 3; ++round)
    for (swap_task *task : tasks)
      runOnce(pool, task);
  EXPECT_EQ(pool.state().tasks, 3u);
  EXPECT_EQ(pool.state().jobs, 0u);
  EXPECT_EQ(Pool::state(tasks[0]).runs, 3u);
  EXPECT_EQ(pool.listener.count(SWAP_POOL_DONE), 9u);
  EXPECT_EQ(pool.listener.count(SWAP_POOL_START), 9u);
  EXPECT_EQ(pool.listener.count(SWAP_POOL_CALL), 27u);
  EXPECT_EQ(pool.listener.count(SWAP_POOL_SUBMIT), 9u);
  EXPECT_EQ(pool.listener.count(SWAP_POOL_PLAN), 3u); // each has all it wants
  EXPECT_GE(pool.listener.count(SWAP_POOL_MEMORY), 3u);
  if (GetParam() == SWAP_POSIX_THREAD) {
    EXPECT_STREQ(pool.state().io, "thread");
  }
}

INSTANTIATE_TEST_SUITE_P(Pool, PoolIo,
                         testing::Values(SWAP_POSIX_AUTO, SWAP_POSIX_URING,
                                         SWAP_POSIX_THREAD));

TEST(Pool, StaysInEveryBudget) {
  BlobFile first("first"), second("second");
  uint64_t least;
  {
    Pool pool;
    swap_task *a = pool.add(fake::model(), first);
    swap_task *b = pool.add(fake::cyclicModel(), second);
    EXPECT_EQ(swap_pool_set_budget(pool.pool, 1), SWAP_ERR_BUDGET);
    const std::string text = swap_pool_error(pool.pool);
    const size_t at = text.find("need ");
    ASSERT_NE(at, std::string::npos) << text;
    least = std::stoull(text.substr(at + 5));
    runOnce(pool, a);
    runOnce(pool, b);
  }
  for (uint64_t budget = least; budget < least + 200000; budget += 8192) {
    swap_pool_options options = {};
    options.budget_bytes = budget;
    Pool pool(options);
    swap_task *a = pool.add(fake::model(), first);
    swap_task *b = pool.add(fake::cyclicModel(), second);
    for (int round = 0; round < 2; ++round) {
      runOnce(pool, a);
      runOnce(pool, b);
    }
    EXPECT_LE(pool.state().peak_bytes, budget);
    EXPECT_LE(pool.listener.most, budget);
  }
  swap_pool_options options = {};
  options.budget_bytes = least - 1;
  Pool pool(options);
  swap_task *a = nullptr;
  swap_task_options task = {};
  task.weights = second.path.c_str();
  EXPECT_EQ(swap_pool_add(pool.pool, &fake::model(), &task, &a),
            SWAP_ERR_BUDGET);
  EXPECT_EQ(a, nullptr);
  EXPECT_NE(std::string(swap_pool_error(pool.pool)).find(std::to_string(least)),
            std::string::npos)
      << swap_pool_error(pool.pool);
  EXPECT_EQ(pool.state().used_bytes, 0u);
  ASSERT_EQ(swap_pool_set_budget(pool.pool, least), SWAP_OK);
  runOnce(pool, pool.add(fake::model(), first));
}

TEST(Pool, MovesBetweenBudgets) {
  BlobFile first("first"), second("second");
  Pool pool;
  swap_task *a = pool.add(fake::model(), first);
  swap_task *b = pool.add(fake::cyclicModel(), second);
  runOnce(pool, a);
  runOnce(pool, b);
  const uint64_t all = pool.state().used_bytes;
  for (const uint64_t budget : {all / 2, all, all * 2 / 3, uint64_t(0)}) {
    ASSERT_EQ(swap_pool_set_budget(pool.pool, budget), SWAP_OK)
        << swap_pool_error(pool.pool);
    if (budget) {
      EXPECT_LE(pool.state().used_bytes, budget);
    }
    runOnce(pool, a);
    runOnce(pool, b);
    runOnce(pool, a);
  }
  EXPECT_EQ(pool.state().used_bytes, all);
}

TEST(Pool, AJobTellsWhatItTook) {
  BlobFile file("took");
  swap_pool_options pool_options = {};
  pool_options.budget_bytes = 40000; // nearly all of it is streamed
  Pool pool(pool_options);
  swap_task_options options = {};
  options.name = "tells";
  options.deadline_ns = UINT64_MAX;
  swap_task *task = pool.add(fake::model(), file, options);
  EXPECT_STREQ(swap_task_name(task), "tells");
  EXPECT_EQ(swap_task_model(task), &fake::model());
  swap_job_result result;
  const uint64_t before = swap_posix_clock();
  runOnce(pool, task);
  runOnce(pool, task, &result);
  const uint64_t after = swap_posix_clock();
  EXPECT_LE(before, result.submit_ns);
  EXPECT_LE(result.submit_ns, result.start_ns);
  EXPECT_LT(result.start_ns, result.end_ns);
  EXPECT_LE(result.end_ns, after);
  EXPECT_EQ(result.deadline_ns, 0u);
  EXPECT_GT(result.compute_ns, 0u);
  EXPECT_GT(result.stall_ns, 0u);
  EXPECT_LE(result.compute_ns + result.stall_ns + result.wait_ns,
            result.end_ns - result.submit_ns);
  EXPECT_GT(result.read_bytes, 0u);
  EXPECT_GE(pool.listener.count(SWAP_POOL_READ), 4u); // three units, rows
  EXPECT_EQ(Pool::state(task).missed, 0u);
  EXPECT_GE(pool.state().read_bytes, 2 * result.read_bytes);
  // A deadline that is over before the job begins.
  fake::Tensors tensors;
  swap_job job;
  ASSERT_EQ(swap_pool_submit(task, tensors.inputs, tensors.outputs, before, &job),
            SWAP_OK);
  ASSERT_EQ(swap_pool_wait(task, job, &result), SWAP_OK);
  EXPECT_EQ(result.deadline_ns, before);
  EXPECT_EQ(Pool::state(task).missed, 1u);
  EXPECT_EQ(Pool::state(task).runs, 3u);
}

TEST(Pool, SaysWhetherDeadlinesAreKept) {
  BlobFile file("feasible"), other("other");
  Pool pool;
  char text[256] = "";
  EXPECT_EQ(swap_pool_feasible(pool.pool, text, sizeof text), SWAP_OK);
  swap_task_options options = {};
  options.name = "leisurely";
  options.period_ns = 1000000000;
  pool.add(fake::model(), file, options);
  EXPECT_EQ(swap_pool_feasible(pool.pool, text, sizeof text), SWAP_OK) << text;
  options.name = "hasty";
  options.period_ns = 1000;
  swap_task *hasty = pool.add(fake::model(), other, options);
  EXPECT_EQ(swap_pool_feasible(pool.pool, text, sizeof text), SWAP_ERR_BUDGET);
  EXPECT_NE(std::string(text).find("hasty"), std::string::npos) << text;
  EXPECT_EQ(swap_pool_feasible(pool.pool, nullptr, 0), SWAP_ERR_BUDGET);
  // A change that would make it worse is refused on demand, and changes nothing.
  options.flags = SWAP_TASK_ADMIT;
  options.period_ns = 500;
  EXPECT_EQ(swap_pool_change(hasty, &options), SWAP_ERR_BUDGET);
  options.period_ns = 2000000000;
  EXPECT_EQ(swap_pool_change(hasty, &options), SWAP_OK)
      << swap_pool_error(pool.pool);
  EXPECT_EQ(swap_pool_feasible(pool.pool, text, sizeof text), SWAP_OK) << text;
}

} // namespace
