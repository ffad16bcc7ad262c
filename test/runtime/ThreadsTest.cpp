//===- ThreadsTest.cpp - Threads that run tiles --------------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
extern "C" {
#include "core.h"
#include "port.h"
}

#include <gtest/gtest.h>
#include <memory>
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

/// A plan of calls of one kernel, and who is asked to run them as the core asks.
class Calls : public Pool {
protected:
  static void kernel(void *const *operands, uint64_t begin, uint64_t end,
                     void *) {
    for (; begin < end; ++begin)
      static_cast<int *>(operands[0])[begin] += *static_cast<int *>(operands[1]);
  }
  static void tile(void *context, uint64_t index, uint32_t) {
    auto *c = static_cast<const swap_core_call *>(context);
    c->work.fn(c->work.operands, c->begin + index, c->begin + index + 1,
               nullptr);
  }
  /// Tiles [begin, end) of a call that writes at `place` with weights of `unit`.
  void add(uint64_t begin, uint64_t end, int64_t place, uint32_t unit,
           uint32_t aux = 0) {
    swap_step step = {};
    step.op = SWAP_OP_CALL;
    step.first_operand = uint32_t(operands.size());
    step.operand_count = 2;
    step.tile_begin = begin;
    step.tile_end = end;
    step.aux = aux;
    steps.push_back(step);
    operands.push_back({SWAP_SPACE_ARENA, 0, place});
    operands.push_back({SWAP_SPACE_UNIT, unit, 0});
  }
  /// Runs step `i`, whose operands are gone when that returns.
  void run(const swap_executor *executor, uint32_t i) {
    session.step = i;
    int weight = int(operands[steps[i].first_operand + 1].index);
    weights.push_back(std::make_unique<int>(weight));
    swap_core_call call = {};
    call.work.fn = kernel;
    call.work.operands = call.operands;
    call.begin = steps[i].tile_begin;
    call.operands[0] = memory + operands[steps[i].first_operand].offset;
    call.operands[1] = weights.back().get();
    executor->parallel(executor->context, tile, &call,
                       steps[i].tile_end - steps[i].tile_begin);
  }
  void SetUp() override {
    pool = port_threads_create(GetParam());
    executor = port_threads_executor(pool);
    port_threads_serve(pool, &session);
    session.plan = &plan;
  }
  void TearDown() override { port_threads_destroy(pool); }
  void ready() {
    plan.steps = steps.data();
    plan.step_count = uint32_t(steps.size());
    plan.operands = operands.data();
  }

  port_threads *pool = nullptr;
  const swap_executor *executor = nullptr;
  swap_session session = {};
  swap_plan plan = {};
  std::vector<swap_step> steps;
  std::vector<swap_operand> operands;
  std::vector<std::unique_ptr<int>> weights;
  int memory[400] = {};
};

// Verifies that calls which go on with one another run together, each with its
// own operands, before anything else does.
TEST_P(Calls, TogetherWithTheLast) {
  for (uint32_t i = 0; i < 100; ++i)
    add(i, i + 1, 0, i + 1);
  add(100, 103, 0, 101);
  add(0, 2, 200, 7); // the next layer
  add(2, 4, 300, 8); // another result
  ready();
  for (uint32_t i = 0; i <= 100; ++i)
    run(executor, i);
  for (int i = 0; i < 103; ++i)
    ASSERT_EQ(memory[i], std::min(i + 1, 101)) << i;
  run(executor, 101);
  EXPECT_EQ(memory[201], 7);
  run(executor, 102);
  EXPECT_EQ(memory[303], 8);
  EXPECT_EQ(memory[299], 0);
}

// Verifies that what a failed run has left does not run in the next.
TEST_P(Calls, ForgetsAFailedRun) {
  add(0, 1, 0, 1);
  add(1, 2, 0, 2);
  ready();
  run(executor, 0); // and step 1 fails
  port_threads_begin(pool);
  session.loading = 1; // nothing waits then
  run(executor, 0);
  EXPECT_EQ(memory[0], GetParam() > 1 ? 1 : 2); // one thread waits for nothing
  run(executor, 1);
  EXPECT_EQ(memory[1], 2);
}

// Verifies that a band's calls run one by one.
TEST_P(Calls, BandsDoNotWait) {
  add(0, 1, 0, 1, 4);
  add(1, 2, 0, 2, 4);
  ready();
  run(executor, 0);
  EXPECT_EQ(memory[0], 1);
}

INSTANTIATE_TEST_SUITE_P(All, Calls, testing::Values(1u, 2u, 5u));
INSTANTIATE_TEST_SUITE_P(All, Pool, testing::Values(1u, 2u, 5u));

} // namespace
