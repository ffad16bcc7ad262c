//===- BudgetTest.cpp - The budget changes while runs go on -----*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "FakeModel.h"
#include "swap/posix.h"

#include <algorithm>
#include <atomic>
#include <gtest/gtest.h>
#include <random>
#include <sys/mman.h>
#include <thread>
#include <unistd.h>

using namespace fake;

namespace {

class Budget : public testing::TestWithParam<uint32_t> {
protected:
  const swap_model &model = cyclicModel();
  std::string weights = testing::TempDir() + "swap-budget-XXXXXX";
  swap_posix *handle = nullptr;

  void SetUp() override {
    const int fd = mkstemp(weights.data());
    ASSERT_GE(fd, 0);
    close(fd);
    writeBlob(weights);
    swap_posix_options o = {};
    o.weights = weights.c_str();
    o.io = GetParam();
    o.quiet = 1;
    ASSERT_EQ(swap_posix_open(&handle, &model, &o), SWAP_OK)
        << swap_posix_error(handle);
  }
  void TearDown() override {
    swap_posix_close(handle);
    unlink(weights.c_str());
  }
  void run() {
    Tensors t;
    ASSERT_EQ(swap_posix_run(handle, t.inputs, t.outputs), SWAP_OK)
        << swap_posix_error(handle);
    ASSERT_TRUE(t.yIsRight() && t.rowsAreRight());
  }
};

// Verifies that each plan takes over from each other, that a budget below all
// of them is an error which names the smallest, and changes nothing.
TEST_P(Budget, ChangesBetweenRuns) {
  EXPECT_EQ(swap_posix_set_budget(nullptr, 0), SWAP_ERR_ARGUMENT);
  for (uint32_t from = 0; from < 3; ++from)
    for (uint32_t to = 0; to < 3; ++to) {
      for (uint32_t p : {from, to}) {
        ASSERT_EQ(
            swap_posix_set_budget(handle, model.plans[p].arena_bytes + 10),
            SWAP_OK);
        EXPECT_EQ(swap_posix_session(handle)->plan, &model.plans[p]);
        for (int i = 0; i < 3; ++i)
          run();
      }
      EXPECT_EQ(swap_posix_set_budget(handle, 5000), SWAP_ERR_BUDGET);
      EXPECT_NE(std::string(swap_posix_error(handle))
                    .find(std::to_string(model.plans[0].arena_bytes)),
                std::string::npos);
      EXPECT_EQ(swap_posix_session(handle)->plan, &model.plans[to]);
      run();
    }
  swap_posix_ahead(handle, 0);
  run();
  EXPECT_EQ(swap_posix_session(handle)->in_flight_count, 0u);
  swap_posix_ahead(handle, 1);
  EXPECT_EQ(swap_posix_load(handle), SWAP_OK);
  run();
  EXPECT_EQ(swap_posix_set_budget(handle, 0), SWAP_OK);
  EXPECT_EQ(swap_posix_session(handle)->plan, &model.plans[2]);
}

// Verifies a thousand changes at random from another thread while runs go on:
// the same bits in every run, and at no moment more of the arena in memory than
// the larger of the budgets before and after, after a change than the new one.
TEST_P(Budget, ChangesBesideRuns) {
  const auto *arena =
      static_cast<const uint8_t *>(swap_posix_session(handle)->config.arena);
  const uint64_t most = (model.plans[2].arena_bytes + 4095) / 4096;
  auto inUse = [&] {
    std::vector<unsigned char> present(most);
    EXPECT_EQ(
        mincore(const_cast<uint8_t *>(arena), most * 4096, present.data()), 0);
    uint64_t bytes = 0;
    for (unsigned char page : present)
      bytes += (page & 1) * 4096;
    return bytes;
  };
  std::atomic<bool> stop = false;
  std::atomic<uint64_t> runs = 0, limit = UINT64_MAX, samples = 0;
  std::thread runner([&] {
    for (; !stop && !HasFatalFailure(); ++runs)
      run();
  });
  std::thread monitor([&] {
    while (!stop) {
      const uint64_t before = limit;
      const uint64_t bytes = inUse();
      if (before == limit && before != UINT64_MAX) {
        EXPECT_LE(bytes, before);
        ++samples;
      }
      std::this_thread::yield();
    }
  });
  std::mt19937 random(7);
  uint64_t budget = model.plans[2].arena_bytes;
  for (int change = 0; change < 1000; ++change) {
    const uint64_t next = model.plans[0].arena_bytes - 2000 +
                          random() % (model.plans[2].arena_bytes + 4000 -
                                      model.plans[0].arena_bytes);
    limit = std::max(budget, next);
    const int status = swap_posix_set_budget(handle, next);
    if (next < model.plans[0].arena_bytes) {
      EXPECT_EQ(status, SWAP_ERR_BUDGET);
    } else {
      ASSERT_EQ(status, SWAP_OK);
      budget = next;
      EXPECT_LE(inUse(), budget);
    }
    limit = budget;
    if (change % 4 == 0) // let some runs pass
      for (const uint64_t seen = runs; runs < seen + 2;)
        std::this_thread::yield();
  }
  stop = true;
  runner.join();
  monitor.join();
  EXPECT_GE(runs, 500u);
  EXPECT_GT(samples, 0u);
}

// Verifies that a thread may end while what it read ahead is under way, for the
// next run may be another's.
TEST_P(Budget, EachRunInAThreadOfItsOwn) {
  ASSERT_EQ(swap_posix_set_budget(handle, model.plans[0].arena_bytes), SWAP_OK);
  for (int i = 0; i < 50; ++i)
    std::thread([&] { run(); }).join();
}

INSTANTIATE_TEST_SUITE_P(All, Budget,
                         testing::Values(SWAP_POSIX_AUTO, SWAP_POSIX_URING,
                                         SWAP_POSIX_THREAD, SWAP_POSIX_MAP,
                                         SWAP_POSIX_BUFFERED));

} // namespace
