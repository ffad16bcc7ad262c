//===- CudaTest.h - What tests of the CUDA port share -----------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef SWAP_TEST_CUDATEST_H
#define SWAP_TEST_CUDATEST_H

#include "FakeCuda.h"
#include "GpuModel.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <memory>

namespace gpu {

/// A blob in the working directory, and a handle that leaves nothing behind.
class CudaFixture : public testing::Test {
protected:
  std::unique_ptr<Model> model;
  swap_cuda_options options = {};
  swap_cuda *handle = nullptr;
  std::string path;

  void SetUp() override {
    swap_fake_reset();
    registerKernels();
    const auto *info = testing::UnitTest::GetInstance()->current_test_info();
    path = std::string("cuda-") + info->name() + ".swap";
    for (char &c : path)
      c = c == '/' ? '-' : c;
    options.quiet = 1;
  }

  void make(std::vector<uint64_t> lengths, std::vector<Layout> layouts) {
    model = std::make_unique<Model>(std::move(lengths), layouts);
    model->writeBlob(path);
  }

  int open() {
    options.weights = path.c_str();
    return swap_cuda_open(&handle, &model->cuda, &options);
  }

  void close() {
    swap_cuda_close(handle);
    handle = nullptr;
    EXPECT_EQ(swap_fake_look()->live, 0);
    EXPECT_EQ(swap_fake_look()->violations, 0);
  }

  void runAndCompare(uint32_t seed) {
    Tensors tensors(seed);
    ASSERT_EQ(swap_cuda_run(handle, tensors.inputs, tensors.outputs), SWAP_OK)
        << swap_cuda_error(handle);
    EXPECT_EQ(tensors.compare(*model), "") << "in run " << seed;
  }

  std::string error() const { return swap_cuda_error(handle); }

  void TearDown() override {
    close();
    std::remove(path.c_str());
  }
};

} // namespace gpu

#endif // SWAP_TEST_CUDATEST_H
