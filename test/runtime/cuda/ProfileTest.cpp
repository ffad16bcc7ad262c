//===- ProfileTest.cpp - What --profile measures of a GPU -----------------===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "CudaTest.h"

#include "swap/measure.h"

using namespace gpu;

namespace {

class CudaProfile : public CudaFixture {
protected:
  swap_storage_rates link;
  swap_processor_rates device;

  void measure() {
    ASSERT_EQ(open(), SWAP_OK) << error();
    runAndCompare(1);
    ASSERT_EQ(swap_cuda_measure(handle, &link, &device), SWAP_OK) << error();
    for (uint32_t i = 0; i < link.count; ++i) {
      EXPECT_GT(link.reads[i].bytes_per_second, 0);
      EXPECT_GT(link.reads[i].latency_seconds, 0);
    }
  }
};

// Verifies that copies of all sizes that the plan has memory for are measured,
// and that the next run has its weights again.
TEST_F(CudaProfile, Copies) {
  make({400000, 300000, 400000}, {{2, {1}, {}}});
  measure();
  ASSERT_GE(link.count, 2u);
  EXPECT_EQ(link.reads[0].bytes, 65536u);
  EXPECT_EQ(link.reads[1].bytes, 262144u);
  EXPECT_LE(link.reads[link.count - 1].bytes,
            model->model.plans[0].arena_bytes);
  EXPECT_STREQ(link.io, "host");
  EXPECT_DOUBLE_EQ(device.flops_per_second, 2 * 128 * 10 * 1e9);
  EXPECT_DOUBLE_EQ(device.bytes_per_second, 0.9 * 2 * 128 * 2e9);
  runAndCompare(2);
  runAndCompare(3);
}

TEST_F(CudaProfile, CopiesOfASmallModel) {
  make({5000, 6000}, {{2, {}, {}}});
  measure();
  EXPECT_EQ(link.count, 1u);
  runAndCompare(2);
}

TEST_F(CudaProfile, Storage) {
  make({400000, 300000, 400000}, {{2, {}, {}}});
  options.source = SWAP_CUDA_STORAGE;
  measure();
  EXPECT_GE(link.count, 2u);
  EXPECT_EQ(link.reads[0].bytes, 16384u);
  runAndCompare(2);
}

} // namespace
