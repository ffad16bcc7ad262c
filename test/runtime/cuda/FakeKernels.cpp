//===- FakeKernels.cpp - GpuModel's kernels for the fake GPU ----*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "FakeCuda.h"
#include "GpuModel.h"

#include <cstring>

namespace gpu {
namespace {

template <typename T> T *pointer(uint64_t word) {
  return reinterpret_cast<T *>(static_cast<uintptr_t>(word));
}

// Operands: state, unit, unit (for its length), result.
void mix(const void *params, unsigned gridX, unsigned gridY, unsigned threads,
         unsigned shared) {
  auto *words = static_cast<const uint64_t *>(params);
  if (gridY != 2 || threads != 64 || shared != 60000)
    return;
  const uint64_t begin = words[5], end = words[6], width = words[7],
                 stride = words[8];
  auto *scratch = pointer<uint32_t>(words[4]);
  for (uint64_t x = 0; x < gridX; ++x) {
    const uint64_t i = begin + x / width * stride + x % width;
    if (i >= end)
      return;
    scratch[i] =
        mixWord(pointer<uint32_t>(words[0])[i], pointer<uint32_t>(words[1]),
                *pointer<uint64_t>(words[2]) / 4, i);
    pointer<uint32_t>(words[3])[i] = scratch[i];
  }
}

// Operands: x, where the row numbers go.
void pick(const void *params, unsigned, unsigned, unsigned, unsigned) {
  auto *words = static_cast<const uint64_t *>(params);
  for (uint32_t i = 0; i < kIds; ++i)
    pointer<int32_t>(words[1])[i] = pickRow(pointer<uint32_t>(words[0])[i], i);
}

template <typename T>
void lookUp(const void *params, unsigned gridX, unsigned, unsigned threads,
            unsigned) {
  auto *words = static_cast<const uint64_t *>(params);
  if (gridX != words[5] || threads != 256)
    return;
  for (uint64_t i = 0; i < words[5]; ++i) {
    auto row = static_cast<int64_t>(pointer<T>(words[1])[i]);
    row += row < 0 ? static_cast<int64_t>(words[3]) : 0;
    if (row < 0 || static_cast<uint64_t>(row) >= words[3])
      *pointer<uint64_t>(words[6]) = 1 + i;
    else
      memcpy(pointer<uint8_t>(words[2]) + i * words[4],
             pointer<uint8_t>(words[0]) + static_cast<uint64_t>(row) * words[4],
             words[4]);
  }
}

} // namespace

void registerKernels() {
  swap_fake_register_kernel("mix", mix);
  swap_fake_register_kernel("pick", pick);
  swap_fake_register_kernel("swap_rows_i32", lookUp<int32_t>);
  swap_fake_register_kernel("swap_rows_i64", lookUp<int64_t>);
}

} // namespace gpu
