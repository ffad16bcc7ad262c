//===- FakeModel.h - A hand-written model for runtime tests -----*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Inputs x float32[2, 4] and ids int64[3]; outputs y:0 float32[2, 4] and
// rows float32[3, 8]. y = x + w0 + w1 + w3 element by element, one tile each;
// rows are rows of the table in unit 2. Plan 0 streams all of it through two
// slots, plan 1 keeps unit 0 and the table, plan 2 keeps everything.
//===----------------------------------------------------------------------===//
#ifndef SWAP_TEST_FAKEMODEL_H
#define SWAP_TEST_FAKEMODEL_H

#include "swap/runtime.h"

#include <cstdint>
#include <string>
#include <vector>

namespace fake {

constexpr uint32_t kUnits = 4, kTable = 2, kTableRows = 1000, kRowFloats = 8;
constexpr uint32_t kElements = 8, kIds = 3;

/// The model; one of the same blob whose plans read unit 0 at the end of the run
/// before (and whose plan 1 keeps unit 1 and the table); the same two with slots
/// of 64 bytes as firmware has them; a plan of these that reads all units in
/// place; the blob; and the blob written to a file.
const swap_model &model();
const swap_model &cyclicModel();
const swap_model &firmwareModel(bool isCyclic);
const swap_plan &inPlacePlan();
const std::vector<uint8_t> &blob();
void writeBlob(const std::string &path);

/// What weight `index` of a unit is.
float weight(uint32_t unit, uint64_t index);

/// Inputs, outputs and what the outputs must be.
struct Tensors {
  alignas(64) float x[kElements];
  alignas(64) int64_t ids[kIds];
  uint8_t before[64];
  alignas(64) float y[kElements];
  uint8_t between[64];
  alignas(64) float rows[kIds * kRowFloats];
  uint8_t behind[64];
  const void *inputs[2] = {x, ids};
  void *outputs[2] = {y, rows};

  Tensors();
  void clear();
  bool yIsRight() const;
  bool rowsAreRight() const;
  /// Nothing was written beside the outputs.
  bool areIntact() const;
};

} // namespace fake

#endif // SWAP_TEST_FAKEMODEL_H
