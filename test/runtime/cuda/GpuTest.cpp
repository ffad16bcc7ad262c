//===- GpuTest.cpp - The CUDA port on a real GPU ----------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
// What the fake driver cannot tell: that the real one orders graphs, events and
// registered memory as the port expects. Skipped where there is no GPU.
//===----------------------------------------------------------------------===//
#include "GpuModel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <memory>

using namespace gpu;

extern const unsigned char swap_test_ptx[];

namespace {

constexpr uint64_t kMiB = 1 << 20;

class RealGpu : public testing::Test {
protected:
  std::unique_ptr<Model> model;
  swap_cuda_options options = {};
  swap_cuda *handle = nullptr;
  const std::string path = "real-gpu.swap";

  void make(std::vector<uint64_t> lengths, const Layout &layout,
            uint64_t most = UINT64_MAX) {
    swap_cuda_close(handle); // it looks at the model before
    handle = nullptr;
    model = std::make_unique<Model>(std::move(lengths),
                                    std::vector<Layout>{layout}, most);
    model->images = {{75, 1, 0, 2, 0, swap_test_ptx}};
    model->cuda.image_count = 1;
    model->cuda.images = model->images.data();
    model->writeBlob(path);
    options.weights = path.c_str();
  }

  void SetUp() override {
    make({4096}, Layout());
    const int status = swap_cuda_open(&handle, &model->cuda, &options);
    const std::string error = swap_cuda_error(handle);
    if (error.find("could not be loaded") != std::string::npos ||
        error.find("no NVIDIA GPU") != std::string::npos)
      GTEST_SKIP() << "no GPU to test on: " << error;
    ASSERT_EQ(status, SWAP_OK) << error;
    swap_cuda_close(handle);
    handle = nullptr;
  }

  void TearDown() override {
    swap_cuda_close(handle);
    std::remove(path.c_str());
  }

  void open() {
    swap_cuda_close(handle);
    ASSERT_EQ(swap_cuda_open(&handle, &model->cuda, &options), SWAP_OK)
        << swap_cuda_error(handle);
  }

  void runAndCompare(uint32_t seed) {
    Tensors tensors(seed);
    ASSERT_EQ(swap_cuda_run(handle, tensors.inputs, tensors.outputs), SWAP_OK)
        << swap_cuda_error(handle);
    EXPECT_EQ(tensors.compare(*model), "") << "in run " << seed;
  }
};

const Layout kLayouts[] = {
    {2, {}, {}, false, false, false},
    {2, {}, {}, false, true, false},
    {4, {}, {}, true, true, true},
    {1, {1, 2, 3}, {0, 7}, true, true, false},
    {1, {0, 1, 2, 3, 4, 5, 6, 7}, {}, true, false, false},
    {3, {3}, {2}, false, false, false},
    {2, {}, {2}, true, false, false, true}};

TEST_F(RealGpu, GivesTheReferenceOverAndOver) {
  for (const Layout &layout : kLayouts)
    for (uint32_t source : {SWAP_CUDA_HOST, SWAP_CUDA_STORAGE})
      for (uint32_t flags : {0u, SWAP_CUDA_FLAG_SHARED}) {
        make({50000, 81920, kMiB, 4100, 122880, 122880, 122880, kMiB}, layout);
        options.source = source;
        options.flags = flags;
        open();
        for (uint32_t i = 0; i < 50; ++i)
          runAndCompare(i);
        for (uint32_t i = 0; i < 9; ++i) {
          swap_cuda_ahead(handle, i % 3 != 1);
          runAndCompare(i);
        }
        ASSERT_FALSE(HasFailure())
            << "layout " << &layout - kLayouts << ", source " << source
            << ", flags " << flags;
      }
}

TEST_F(RealGpu, AndWithoutGraphs) {
  for (const Layout &layout : kLayouts)
    for (int check : {0, 1}) {
      make({50000, 81920, kMiB, 4100, 122880, 122880, 122880, kMiB}, layout);
      options.no_graph = 1;
      options.check_memory = check;
      open();
      for (uint32_t i = 0; i < 9; ++i)
        runAndCompare(i);
      ASSERT_FALSE(HasFailure()) << "layout " << &layout - kLayouts;
    }
}

TEST_F(RealGpu, TellsAWrongIndexAndGoesOn) {
  make({50000, 81920}, kLayouts[1]);
  open();
  runAndCompare(1);
  Tensors wrong(2);
  wrong.ids[1] = -1000;
  EXPECT_EQ(swap_cuda_run(handle, wrong.inputs, wrong.outputs), SWAP_ERR_INDEX);
  runAndCompare(3);
  runAndCompare(4);
}

// Prints figures; what they should be depends on the machine.
TEST_F(RealGpu, StreamsAtTheRateOfTheLink) {
  for (uint64_t unit : {kMiB, 8 * kMiB})
    for (uint32_t source : {SWAP_CUDA_HOST, SWAP_CUDA_STORAGE}) {
      const std::vector<uint64_t> lengths(512 * kMiB / unit, unit);
      make(lengths, {4, {}, {}, false, true, false}, 4096);
      options.source = source;
      open();
      const double rate = swap_cuda_link_rate(handle);
      Tensors tensors(1);
      double best = 0;
      for (int i = 0; i < 6; ++i) {
        ASSERT_EQ(swap_cuda_run(handle, tensors.inputs, tensors.outputs),
                  SWAP_OK)
            << swap_cuda_error(handle);
        const swap_counters &c = swap_cuda_session(handle)->counters;
        if (i >= 2)
          best = std::max(best, static_cast<double>(c.streamed_bytes) * 1e9 /
                                    static_cast<double>(c.total_ns));
      }
      const double seconds = swap_cuda_compute(handle);
      printf("units of %d MiB from %s: link %.2f GB/s, runs %.2f GB/s, kernels "
             "%.2f ms, device %.1f MiB of which arena %.1f\n",
             static_cast<int>(unit / kMiB), swap_cuda_source_name(handle),
             rate / 1e9, best / 1e9, seconds * 1e3,
             static_cast<double>(swap_cuda_device_bytes(handle)) / kMiB,
             static_cast<double>(swap_cuda_session(handle)->plan->arena_bytes) /
                 kMiB);
    }
}

} // namespace
