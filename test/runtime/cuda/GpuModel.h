//===- GpuModel.h - Models for the fake GPU ---------------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A chain of kernels, each of which mixes every word of one unit into the
// state; before it kernels that compute row numbers, and two lookups in a
// table. Integers, so that one wrong or late byte shows.
//===----------------------------------------------------------------------===//
#ifndef SWAP_TEST_GPUMODEL_H
#define SWAP_TEST_GPUMODEL_H

#include "swap/cuda.h"

#include <cstdint>
#include <string>
#include <vector>

namespace gpu {

constexpr uint32_t kElements = 16, kIds = 4, kRowWords = 24, kTableRows = 300;

/// How a plan treats the units of the chain.
struct Layout {
  uint32_t slots = 2; ///< for those that stream
  std::vector<uint32_t> resident;
  std::vector<uint32_t> inPlace;
  bool isTableResident = false;
  bool readsAhead = false; ///< the units streamed must be a multiple of `slots`
  bool startsReversed = false; ///< STARTED steps in another order than AHEAD
  bool isBanded = false;       ///< half the tiles of four panels instead of two
};

class Model {
public:
  /// `lengths` are those of the chain's units; of each, kernels read no more
  /// than `most` bytes.
  Model(std::vector<uint64_t> lengths, const std::vector<Layout> &layouts,
        uint64_t most = UINT64_MAX);
  Model(const Model &) = delete;

  swap_cuda_model cuda = {};
  swap_model model = {};
  std::vector<swap_cuda_image> images;
  std::vector<uint8_t> blob;
  uint32_t units; ///< of the chain; the table has the number `units`

  void writeBlob(const std::string &path) const;

private:
  struct Plan {
    std::vector<swap_step> steps;
    std::vector<swap_operand> operands;
    std::vector<uint64_t> slots;
    std::vector<uint8_t> resident;
  };
  std::vector<uint64_t> lengths;
  std::vector<swap_blob_unit> table;
  std::vector<swap_kernel> names;
  std::vector<Plan> parts;
  std::vector<swap_plan> plans;

  void makeBlob(uint64_t most);
  void makePlan(const Layout &layout, Plan &part, swap_plan &plan);
};

/// Inputs, outputs, and what the outputs must be.
struct Tensors {
  std::vector<uint32_t> x, y, rows, picked;
  std::vector<int64_t> ids;
  const void *inputs[2];
  void *outputs[3];

  explicit Tensors(uint32_t seed);
  void clear();
  /// Empty if all are right.
  std::string compare(const Model &model) const;
};

/// One element of the state after a unit of `count` words went into it.
uint32_t mixWord(uint32_t state, const uint32_t *words, uint64_t count,
                 uint64_t element);
/// The row that a kernel computes for a position.
int32_t pickRow(uint32_t value, uint32_t position);

/// FakeKernels.cpp: makes the kernels known to the fake driver.
void registerKernels();

} // namespace gpu

#endif // SWAP_TEST_GPUMODEL_H
