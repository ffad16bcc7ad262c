//===- ThreadsTest.cpp - Threads that run tiles --------------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
extern "C" {
#include "port.h"
}

#include <gtest/gtest.h>
#include <unistd.h>
#include <vector>

namespace {

struct Job {
  std::vector<uint32_t>
      seen; ///< plain memory, so that the thread sanitizer sees races
  uint32_t threads;
};

void task(void *context, uint64_t index, uint32_t thread) {
  auto *job = static_cast<Job *>(context);
  job->seen[index] += thread < job->threads ? 1 : 1000;
}

class Pool : public testing::TestWithParam<uint32_t> {};

// Verifies that each tile runs once, whatever the count, also after a rest that
// puts the threads to sleep.
TEST_P(Pool, EachTileOnce) {
  port_threads *pool = port_threads_create(GetParam());
  ASSERT_NE(pool, nullptr);
  const swap_executor *executor = port_threads_executor(pool);
  EXPECT_EQ(executor->threads, GetParam());
  for (int round = 0; round < 300; ++round) {
    Job job = {std::vector<uint32_t>(static_cast<size_t>(round * 7 % 100)),
               executor->threads};
    executor->parallel(executor->context, task, &job, job.seen.size());
    for (uint32_t count : job.seen)
      ASSERT_EQ(count, 1u);
    if (round % 100 == 50)
      usleep(3000);
  }
  port_threads_destroy(pool);
}

INSTANTIATE_TEST_SUITE_P(All, Pool, testing::Values(1u, 2u, 5u));

} // namespace
