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

} // namespace
