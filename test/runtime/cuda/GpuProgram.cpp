//===- GpuProgram.cpp - A model for the fake GPU as an executable ---------===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The program, the port and a driver that needs no GPU. It writes its weights
// to the file that SWAP_TEST_BLOB names.
//===----------------------------------------------------------------------===//
#include "GpuModel.h"

#include <cstdlib>

extern "C" {
extern const swap_model swap_model_instance;
extern const swap_cuda_model swap_cuda_instance;
}

static gpu::Model &theModel() {
  static gpu::Model model(
      {5000, 8192, 40000, 4100, 12288, 12288, 12288, 100000},
      {{1, {1, 2, 3}, {0, 7}, true, true},
       {2, {}, {}, false, true},
       {1, {0, 1, 2, 3, 4, 5, 6, 7}, {}, true, false}});
  return model;
}

static swap_cuda_model makeModel() {
  swap_cuda_model model = theModel().cuda;
  model.overhead_bytes = 0x200000;
  gpu::registerKernels();
  if (const char *path = getenv("SWAP_TEST_BLOB"))
    theModel().writeBlob(path);
  return model;
}

const swap_model swap_model_instance = theModel().model;
const swap_cuda_model swap_cuda_instance = makeModel();
