//===- PoolStressTest.cpp - A pool that changes all the time ----*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "PoolFixture.h"

#include <memory>
#include <random>
#include <thread>

using namespace pooltest;

namespace {

constexpr uint32_t kBlobs = 4;
constexpr uint64_t kLeast = 24576, kMost = 400000;

/// Adds a task, has it run some jobs, several at a time, changes and removes
/// it, and so on.
void comeAndGo(swap_pool *pool, const BlobFile *const *blobs, uint32_t seed,
               uint32_t rounds, std::atomic<uint32_t> *runs) {
  std::mt19937 random(seed);
  const swap_model *models[] = {&fake::model(), &fake::cyclicModel()};
  for (uint32_t round = 0; round < rounds; ++round) {
    const uint32_t which = random() % kBlobs;
    swap_task_options options = {};
    options.name = "client";
    options.weights = blobs[which]->path.c_str();
    options.priority = random() % 8;
    options.period_ns = random() % 3 * 1000000;
    options.depth = 1 + random() % 3;
    options.idle_ns = random() % 2 ? 500000 : 0;
    swap_task *task = nullptr;
    const int added =
        swap_pool_add(pool, models[which % 2], &options, &task);
    if (added == SWAP_ERR_BUDGET)
      continue;
    ASSERT_EQ(added, SWAP_OK);
    std::vector<fake::Tensors> tensors(options.depth);
    for (uint32_t burst = random() % 4; burst; --burst) {
      std::vector<swap_job> jobs(options.depth);
      for (uint32_t i = 0; i < options.depth; ++i) {
        tensors[i].clear();
        ASSERT_EQ(swap_pool_submit(task, tensors[i].inputs, tensors[i].outputs,
                                   0, &jobs[i]),
                  SWAP_OK);
      }
      if (random() % 3 == 0) {
        options.priority = random() % 8;
        EXPECT_EQ(swap_pool_change(task, &options), SWAP_OK);
      }
      for (uint32_t i = 0; i < options.depth; ++i) {
        swap_job_result result;
        EXPECT_EQ(swap_pool_wait(task, jobs[i], &result), SWAP_OK);
        EXPECT_TRUE(tensors[i].yIsRight());
        EXPECT_TRUE(tensors[i].rowsAreRight());
        EXPECT_GE(result.end_ns, result.start_ns);
        EXPECT_GE(result.start_ns, result.submit_ns);
        ++*runs;
      }
    }
    swap_pool_remove(task);
  }
}

class PoolStress : public testing::TestWithParam<uint32_t> {};

TEST_P(PoolStress, AnyNumberOfClientsAndChanges) {
  std::vector<std::unique_ptr<BlobFile>> files;
  const BlobFile *blobs[kBlobs];
  for (uint32_t i = 0; i < kBlobs; ++i) {
    files.push_back(std::make_unique<BlobFile>("stress" + std::to_string(i)));
    blobs[i] = files.back().get();
  }
  swap_pool_options options = {};
  options.lanes = GetParam() % 10;
  options.io = GetParam() / 10;
  options.threads = 4;
  options.budget_bytes = kMost;
  Pool pool(options);
  /* One that is always there. */
  swap_task *constant = pool.add(fake::model(), *blobs[0]);
  std::atomic<uint32_t> runs{0};
  std::atomic<bool> stop{false};
  std::vector<std::thread> clients;
  for (uint32_t i = 0; i < 3; ++i)
    clients.emplace_back(comeAndGo, pool.pool, blobs, 17 * i + GetParam(), 120u,
                         &runs);
  std::thread budgets([&] {
    std::mt19937 random(GetParam());
    while (!stop) {
      const uint64_t budget = kLeast + random() % (kMost - kLeast);
      const int status = swap_pool_set_budget(pool.pool, budget);
      EXPECT_TRUE(status == SWAP_OK || status == SWAP_ERR_BUDGET);
      std::this_thread::sleep_for(std::chrono::microseconds(random() % 500));
    }
  });
  while (runs < 300)
    runOnce(pool, constant);
  for (std::thread &client : clients)
    client.join();
  stop = true;
  budgets.join();
  EXPECT_LE(pool.listener.most, kMost);
  swap_pool_remove(constant);
  EXPECT_EQ(pool.state().tasks, 0u);
  EXPECT_EQ(pool.state().used_bytes, 0u);
}

/// Lanes, and the way in.
INSTANTIATE_TEST_SUITE_P(Lanes, PoolStress,
                         testing::Values(1u, 2u, 4u, 21u, 22u));

} // namespace
