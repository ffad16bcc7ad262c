//===- SteadyTest.cpp - What a run in the steady state costs ----*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "CudaTest.h"

using namespace gpu;

namespace {

const std::vector<uint64_t> kChain = {8192, 8192, 40960, 4096};
const Layout kStreamed = {4, {}, {}, false, false};
const Layout kAhead = {2, {}, {}, false, true};
const Layout kResident = {1, {0, 1, 2, 3}, {}, true, false};

class CudaSteady : public CudaFixture {};

TEST_F(CudaSteady, OneLaunchAndOneWaitPerRun) {
  for (const Layout &layout : {kStreamed, kAhead, kResident}) {
    make(kChain, {layout});
    ASSERT_EQ(open(), SWAP_OK) << error();
    runAndCompare(0);
    for (uint32_t i = 1; i < 6; ++i) {
      const swap_fake_state before = *swap_fake_look();
      runAndCompare(i);
      EXPECT_EQ(swap_fake_look()->graph_launches, before.graph_launches + 1);
      EXPECT_EQ(swap_fake_look()->synchronizations,
                before.synchronizations + 1);
      EXPECT_EQ(swap_fake_look()->allocations, before.allocations);
      EXPECT_EQ(swap_fake_look()->kernel_launches, before.kernel_launches);
      EXPECT_EQ(swap_fake_look()->copies, before.copies);
    }
    close();
  }
}

TEST_F(CudaSteady, StorageTakesNothingAfterOpening) {
  make(kChain, {kAhead});
  options.source = SWAP_CUDA_STORAGE;
  ASSERT_EQ(open(), SWAP_OK) << error();
  const int allocations = swap_fake_look()->allocations;
  for (uint32_t i = 0; i < 4; ++i)
    runAndCompare(i);
  EXPECT_EQ(swap_fake_look()->allocations, allocations);
}

// A run returns when the outputs are there, the next one's copies go on.
TEST_F(CudaSteady, OutputsDoNotWaitForCopiesAhead) {
  make(kChain, {kAhead});
  swap_fake_configure()->order = SWAP_FAKE_LAZY;
  ASSERT_EQ(open(), SWAP_OK) << error();
  runAndCompare(0);
  const uint64_t before = swap_fake_look()->copied_bytes;
  runAndCompare(1);
  // Those ahead of run 1, and its own; not those that it began for run 2.
  EXPECT_EQ(swap_fake_look()->copied_bytes - before, 61440u);
}

TEST_F(CudaSteady, NeighboursAreCopiedAtOnce) {
  make(kChain, {kStreamed});
  options.no_graph = 1;
  ASSERT_EQ(open(), SWAP_OK) << error();
  const int before = swap_fake_look()->copies;
  runAndCompare(0);
  EXPECT_EQ(swap_fake_look()->copies - before, 1);
}

TEST_F(CudaSteady, CountsBytes) {
  for (uint32_t source : {SWAP_CUDA_HOST, SWAP_CUDA_STORAGE}) {
    options.source = source;
    make(kChain, {kAhead});
    ASSERT_EQ(open(), SWAP_OK) << error();
    for (uint32_t i = 0; i < 4; ++i) {
      runAndCompare(i);
      const swap_counters &counters = swap_cuda_session(handle)->counters;
      EXPECT_EQ(counters.runs, i + 1);
      EXPECT_EQ(counters.streamed_bytes, 61440u + 3 * kIds * kRowWords * 4);
      EXPECT_EQ(counters.loaded_bytes, 0u);
      EXPECT_GT(counters.total_ns, 0u);
    }
    close();
    make(kChain, {kResident});
    ASSERT_EQ(open(), SWAP_OK) << error();
    runAndCompare(0);
    EXPECT_EQ(swap_cuda_session(handle)->counters.streamed_bytes, 0u);
    EXPECT_EQ(swap_cuda_session(handle)->counters.loaded_bytes, 61440u + 32768);
    close();
    // Read in place, over the bus: from storage these units stay in host
    // memory.
    make({5000, 8192}, {{1, {1}, {0}, true}});
    ASSERT_EQ(open(), SWAP_OK) << error();
    runAndCompare(0);
    EXPECT_EQ(swap_cuda_session(handle)->counters.streamed_bytes,
              source == SWAP_CUDA_HOST ? 8192u : 0u);
    close();
  }
}

TEST_F(CudaSteady, PinnedTensorsAreUsedWhereTheyAre) {
  make(kChain, {kAhead});
  ASSERT_EQ(open(), SWAP_OK) << error();
  Tensors tensors(3);
  memcpy(swap_cuda_input(handle, 0), tensors.x.data(), kElements * 4);
  memcpy(swap_cuda_input(handle, 1), tensors.ids.data(), kIds * 8);
  const void *inputs[] = {swap_cuda_input(handle, 0),
                          swap_cuda_input(handle, 1)};
  void *outputs[] = {swap_cuda_output(handle, 0), swap_cuda_output(handle, 1),
                     swap_cuda_output(handle, 2)};
  ASSERT_EQ(swap_cuda_run(handle, inputs, outputs), SWAP_OK) << error();
  memcpy(tensors.y.data(), outputs[0], kElements * 4);
  memcpy(tensors.rows.data(), outputs[1], tensors.rows.size() * 4);
  memcpy(tensors.picked.data(), outputs[2], tensors.picked.size() * 4);
  EXPECT_EQ(tensors.compare(*model), "");
  EXPECT_EQ(swap_cuda_input(handle, 2), nullptr);
  EXPECT_EQ(swap_cuda_output(handle, 3), nullptr);
}

TEST_F(CudaSteady, MeasuresRates) {
  make({8 << 20, 8 << 20}, {kAhead});
  swap_fake_configure()->order = SWAP_FAKE_FIFO;
  for (uint32_t source : {SWAP_CUDA_HOST, SWAP_CUDA_STORAGE}) {
    options.source = source;
    ASSERT_EQ(open(), SWAP_OK) << error();
    runAndCompare(0);
    EXPECT_GT(swap_cuda_link_rate(handle), 1e6);
    runAndCompare(1);
    runAndCompare(2);
    close();
  }
}

TEST_F(CudaSteady, TwoHandlesAtATime) {
  make(kChain, {kAhead});
  ASSERT_EQ(open(), SWAP_OK) << error();
  swap_cuda *first = handle;
  options.source = SWAP_CUDA_STORAGE;
  ASSERT_EQ(open(), SWAP_OK) << error();
  swap_cuda *second = handle;
  for (uint32_t i = 0; i < 4; ++i) {
    handle = i % 2 ? first : second;
    runAndCompare(i);
    handle = i % 2 ? second : first;
    runAndCompare(i + 10);
  }
  swap_cuda_close(first);
  handle = second;
}

TEST_F(CudaSteady, SharedMemoryChoosesByTheBudget) {
  make(kChain, {kAhead, kResident});
  swap_fake_configure()->integrated = 1;
  const uint64_t small = model->model.plans[0].arena_bytes;
  const uint64_t large = model->model.plans[1].arena_bytes;
  ASSERT_EQ(open(), SWAP_OK) << error();
  EXPECT_STREQ(swap_cuda_source_name(handle), "shared");
  EXPECT_EQ(swap_cuda_session(handle)->plan, &model->model.plans[0]);
  runAndCompare(0);
  EXPECT_EQ(swap_cuda_host_bytes(handle), model->blob.size());
  close();
  options.budget_bytes = small + model->blob.size(); // no more than that
  ASSERT_EQ(open(), SWAP_OK) << error();
  EXPECT_EQ(swap_cuda_host_bytes(handle), model->blob.size());
  runAndCompare(0);
  close();
  options.budget_bytes = large; // the weights are in memory once
  ASSERT_EQ(open(), SWAP_OK) << error();
  EXPECT_EQ(swap_cuda_session(handle)->plan, &model->model.plans[1]);
  EXPECT_EQ(swap_cuda_host_bytes(handle), 0u);
  EXPECT_EQ(swap_cuda_device_bytes(handle), large);
  runAndCompare(0);
}

} // namespace
