//===- CudaBudgetTest.cpp - The budget of a GPU changes ---------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "CudaTest.h"

using namespace gpu;

namespace {

const std::vector<uint64_t> kChain = {5000,  8192,  40000, 4100,
                                      12288, 12288, 12288, 100000};
const std::vector<Layout> kLadder = {
    {1, {}, {}, false, false},
    {2, {0, 1}, {}, false, true},
    {1, {0, 1, 2, 3}, {}, true, false},
    {1, {0, 1, 2, 3, 4, 5, 6, 7}, {}, true, false}};

class CudaBudget : public CudaFixture,
                   public testing::WithParamInterface<uint32_t> {
protected:
  uint64_t needs(uint32_t plan) const {
    return model->cuda.overhead_bytes + model->model.plans[plan].arena_bytes;
  }
  const swap_plan *plan() const { return swap_cuda_session(handle)->plan; }
  void SetUp() override {
    CudaFixture::SetUp();
    options.source = GetParam() & 1 ? SWAP_CUDA_STORAGE : SWAP_CUDA_HOST;
    options.flags = GetParam() & 2 ? SWAP_CUDA_FLAG_SHARED : 0;
    make(kChain, kLadder);
    options.budget_bytes = needs(0);
    if (options.flags && !(GetParam() & 1)) // the blob counts, and arenas do not
      options.budget_bytes += model->blob.size();
  }
};

// Verifies that each plan takes over from each other between runs, with the same
// results, the tensors where they were, and no more of the device in use than
// one plan takes.
TEST_P(CudaBudget, EachAfterEach) {
  ASSERT_EQ(open(), SWAP_OK) << error();
  const void *const input = swap_cuda_input(handle, 0);
  const void *const output = swap_cuda_output(handle, 0);
  const uint64_t blob = options.budget_bytes - needs(0);
  uint32_t run = 0;
  for (uint32_t from = 0; from < 4; ++from)
    for (uint32_t to = 0; to < 4; ++to)
      for (uint32_t p : {from, to}) {
        ASSERT_EQ(swap_cuda_set_budget(handle, needs(p) + blob + 100), SWAP_OK)
            << error();
        if (!blob)
          EXPECT_EQ(plan(), &model->model.plans[p]);
        EXPECT_LE(swap_fake_device_bytes(), needs(p));
        runAndCompare(++run);
        runAndCompare(++run);
        EXPECT_EQ(swap_cuda_session(handle)->counters.runs, run);
        EXPECT_LE(swap_cuda_device_bytes(handle), needs(p));
      }
  EXPECT_EQ(swap_cuda_input(handle, 0), input);
  EXPECT_EQ(swap_cuda_output(handle, 0), output);
}

// Verifies that a budget below all plans is an error that names the smallest and
// changes nothing, and that 0 is the plan that streams least.
TEST_P(CudaBudget, TooSmallAndNone) {
  ASSERT_EQ(open(), SWAP_OK) << error();
  runAndCompare(1);
  const swap_plan *before = plan();
  EXPECT_EQ(swap_cuda_set_budget(handle, 5000), SWAP_ERR_BUDGET);
  EXPECT_NE(error().find(std::to_string(needs(0))), std::string::npos);
  EXPECT_EQ(plan(), before);
  runAndCompare(2);
  ASSERT_EQ(swap_cuda_set_budget(handle, 0), SWAP_OK);
  if (GetParam() != 2)
    EXPECT_EQ(plan(), &model->model.plans[3]);
  runAndCompare(3);
  EXPECT_EQ(swap_cuda_set_budget(nullptr, 0), SWAP_ERR_ARGUMENT);
}

// Verifies for every call to the driver that fails during a change: the error is
// told, the old plan goes on where it can, and nothing is left behind.
TEST_P(CudaBudget, EveryCallFails) {
  uint32_t failed = 0, back = 0;
  for (int at = 0;; ++at) {
    ASSERT_EQ(open(), SWAP_OK) << error();
    runAndCompare(1);
    const swap_plan *before = plan();
    const uint64_t larger = needs(2) + options.budget_bytes - needs(0);
    swap_fake_fail_in(at, 2);
    const int status = swap_cuda_set_budget(handle, larger);
    const bool reached = swap_fake_fail_end();
    if (status) {
      ++failed;
      EXPECT_FALSE(error().empty());
      Tensors tensors(5);
      const int run = swap_cuda_run(handle, tensors.inputs, tensors.outputs);
      if (!run) {
        ++back;
        EXPECT_EQ(plan(), before);
        EXPECT_EQ(tensors.compare(*model), "");
      } else {
        EXPECT_EQ(run, SWAP_ERR_STATE);
      }
      ASSERT_EQ(swap_cuda_set_budget(handle, larger), SWAP_OK) << error();
    }
    runAndCompare(2);
    close();
    if (!reached)
      break;
  }
  if (GetParam() == 2)
    return; // all units are in place: one plan serves every budget
  EXPECT_GT(failed, 5u);
  EXPECT_GT(back, 5u);
}

INSTANTIATE_TEST_SUITE_P(All, CudaBudget, testing::Values(0u, 1u, 2u, 3u));

} // namespace
