//===- HomesModel.h - Units and plans without kernels -----------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#ifndef SWAP_TEST_HOMESMODEL_H
#define SWAP_TEST_HOMESMODEL_H

#include "swap/runtime.h"

#include <cstdint>
#include <vector>

namespace fake {

/// A model of units of the given lengths, one behind the other in its blob, and
/// plans that keep the units whose bits are set.
struct HomesModel {
  std::vector<swap_blob_unit> units;
  std::vector<uint64_t> slots;
  std::vector<std::vector<uint8_t>> resident;
  std::vector<swap_plan> plans;
  swap_model model = {};

  HomesModel(const std::vector<uint64_t> &lengths,
             const std::vector<uint64_t> &kept)
      : slots(lengths.size()) {
    uint64_t at = 2 * SWAP_BLOB_ALIGN; // header and table
    for (uint64_t length : lengths) {
      units.push_back({at, length, 0, 0});
      at += (length + SWAP_BLOB_ALIGN - 1) / SWAP_BLOB_ALIGN * SWAP_BLOB_ALIGN;
    }
    for (uint64_t bits : kept) {
      resident.emplace_back();
      for (size_t i = 0; i < lengths.size(); ++i)
        resident.back().push_back(bits >> i & 1);
    }
    for (const std::vector<uint8_t> &flags : resident) {
      swap_plan plan = {};
      plan.resident = flags.data();
      plan.slots = slots.data();
      plans.push_back(plan);
    }
    model.abi_version = SWAP_ABI_VERSION;
    model.unit_count = static_cast<uint32_t>(units.size());
    model.units = units.data();
    model.plans = plans.data();
    model.plan_count = static_cast<uint32_t>(plans.size());
    model.blob_bytes = at;
  }
  HomesModel(const HomesModel &) = delete;
};

} // namespace fake

#endif // SWAP_TEST_HOMESMODEL_H
