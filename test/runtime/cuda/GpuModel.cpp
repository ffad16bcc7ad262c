//===- GpuModel.cpp - Models for the fake GPU -------------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "GpuModel.h"

#include "swap/crc32c.h"

#include <algorithm>
#include <cstring>
#include <fstream>

namespace gpu {
namespace {

uint64_t pages(uint64_t n) { return (n + 4095) / 4096 * 4096; }

uint32_t weight(uint32_t unit, uint64_t index) {
  return static_cast<uint32_t>((unit + 1) * 2654435761u + index * 40503u);
}

const int64_t xDims[] = {kElements}, idsDims[] = {kIds},
              rowsDims[] = {kIds, kRowWords};
const swap_tensor inputs[] = {{"x", SWAP_U32, 1, xDims, kElements * 4},
                              {"ids", SWAP_I64, 1, idsDims, kIds * 8}};
const swap_tensor outputs[] = {
    {"y", SWAP_U32, 1, xDims, kElements * 4},
    {"rows", SWAP_U32, 2, rowsDims, kIds *kRowWords * 4},
    {"picked", SWAP_U32, 2, rowsDims, kIds *kRowWords * 4}};
const swap_cuda_kernel kernels[] = {{"mix", 64, 2, 60000}, {"pick", 32, 1, 0}};

// The arena: two states, row numbers, rows; scratch; slots.
constexpr uint32_t kPanel = 4; // tiles of a panel, where there are bands
constexpr int64_t kState = 0, kNumbers = 256, kRows = 512, kScratch = 1024,
                  kSlots = 4096;

} // namespace

/// One element of the state after a unit of `words` words went into it.
uint32_t mixWord(uint32_t state, const uint32_t *words, uint64_t count,
                 uint64_t element) {
  uint32_t sum = state * 31 + 7;
  for (uint64_t i = element; i < count; i += kElements)
    sum = sum * 3 + words[i];
  return sum;
}

int32_t pickRow(uint32_t value, uint32_t position) {
  const auto row = static_cast<int32_t>(value % kTableRows);
  return position % 2 ? row - static_cast<int32_t>(kTableRows) : row;
}

Model::Model(std::vector<uint64_t> chain, const std::vector<Layout> &layouts,
             uint64_t most)
    : units(static_cast<uint32_t>(chain.size())), lengths(std::move(chain)) {
  lengths.push_back(kTableRows * kRowWords * 4);
  makeBlob(most);
  parts.resize(layouts.size());
  plans.resize(layouts.size());
  for (size_t i = 0; i < layouts.size(); ++i)
    makePlan(layouts[i], parts[i], plans[i]);
  names = {{"blocks.mix", nullptr}, {"ids.pick", nullptr}};
  model.abi_version = SWAP_ABI_VERSION;
  model.input_count = 2;
  model.output_count = 3;
  model.kernel_count = 2;
  model.unit_count = units + 1;
  model.plan_count = static_cast<uint32_t>(plans.size());
  model.page_bytes = SWAP_BLOB_ALIGN;
  model.name = "gpu";
  model.inputs = inputs;
  model.outputs = outputs;
  model.kernels = names.data();
  model.units = table.data();
  model.plans = plans.data();
  model.blob_bytes = blob.size();
  for (uint32_t i = 0; i < SWAP_HASH_BYTES; ++i)
    model.blob_hash[i] = static_cast<uint8_t>(i + 1);
  images = {{90, 0, 0, 1, 4, "sm90"}, {90, 0, 1, 1, 4, "sm90"}};
  cuda = {SWAP_CUDA_ABI_VERSION, 2, &model, kernels, images.data(), 0};
}

void Model::makeBlob(uint64_t most) {
  uint64_t offset = 4096 + pages(lengths.size() * sizeof(swap_blob_unit));
  for (uint64_t length : lengths) {
    table.push_back({offset, length, 0, 0});
    offset += pages(length);
  }
  table.back().row_bytes = kRowWords * 4;
  blob.resize(offset);
  for (uint32_t u = 0; u < table.size(); ++u) {
    auto *words = reinterpret_cast<uint32_t *>(&blob[table[u].offset]);
    for (uint64_t i = 0; i < lengths[u] / 4; ++i)
      words[i] = weight(u, i);
    const uint64_t seen = std::min(lengths[u], most);
    if (u < units) // kernels find there how much they are to read
      memcpy(words, &seen, 8);
    table[u].crc32c = swap_crc32c(0, words, lengths[u]);
  }
  swap_blob_header header = {SWAP_BLOB_MAGIC,
                             SWAP_BLOB_VERSION,
                             sizeof header,
                             offset,
                             4096,
                             static_cast<uint32_t>(table.size()),
                             sizeof(swap_blob_unit),
                             {}};
  for (uint32_t i = 0; i < SWAP_HASH_BYTES; ++i)
    header.hash[i] = static_cast<uint8_t>(i + 1);
  memcpy(&blob[0], &header, sizeof header);
  memcpy(&blob[4096], table.data(), table.size() * sizeof(swap_blob_unit));
}

void Model::makePlan(const Layout &layout, Plan &part, swap_plan &plan) {
  const auto has = [](const std::vector<uint32_t> &list, uint32_t unit) {
    return std::find(list.begin(), list.end(), unit) != list.end();
  };
  part.slots.assign(units + 1, SWAP_SLOT_NONE);
  part.resident.assign(units + 1, 0);
  uint64_t end = kSlots;
  std::vector<uint32_t> streamed;
  for (uint32_t u = 0; u < units; ++u) {
    if (has(layout.inPlace, u)) {
      part.slots[u] = SWAP_SLOT_IN_PLACE;
    } else if (has(layout.resident, u)) {
      part.resident[u] = 1;
      plan.resident_bytes += lengths[u];
    } else {
      streamed.push_back(u);
      plan.streamed_bytes += lengths[u];
    }
  }
  // Slots are as large as the largest unit that takes turns in them.
  for (uint32_t s = 0; s < layout.slots; ++s) {
    uint64_t most = 0;
    for (size_t i = s; i < streamed.size(); i += layout.slots) {
      part.slots[streamed[i]] = end;
      most = std::max(most, pages(lengths[streamed[i]]));
    }
    end += most;
  }
  plan.region_bytes = end;
  part.resident[units] = layout.isTableResident;
  for (uint32_t u = 0; u <= units; ++u)
    if (part.resident[u]) {
      part.slots[u] = end;
      end += pages(lengths[u]);
    }
  const auto add = [&](uint32_t op, uint32_t index, uint32_t aux) {
    part.steps.push_back({op, index, 0, 0, 0, 0, 0, aux});
  };
  const auto operate = [&](std::vector<swap_operand> operands, uint64_t end,
                           uint32_t scratch) {
    swap_step &step = part.steps.back();
    step.first_operand = static_cast<uint32_t>(part.operands.size());
    step.operand_count = static_cast<uint32_t>(operands.size());
    step.tile_end = end;
    step.scratch_bytes = scratch;
    part.operands.insert(part.operands.end(), operands.begin(), operands.end());
  };
  const size_t first = std::min<size_t>(layout.slots, streamed.size());
  for (size_t i = 0; i < first; ++i)
    add(SWAP_OP_IN, streamed[layout.startsReversed ? first - 1 - i : i],
        layout.readsAhead ? SWAP_IN_STARTED : 0);
  add(SWAP_OP_CALL, 1, 0);
  operate({{SWAP_SPACE_INPUT, 0, 0}, {SWAP_SPACE_ARENA, 0, kNumbers}}, 1, 0);
  add(SWAP_OP_ROWS, units, SWAP_I64);
  operate({{SWAP_SPACE_INPUT, 1, 0}, {SWAP_SPACE_OUTPUT, 1, 0}}, kIds, 0);
  add(SWAP_OP_ROWS, units, SWAP_I32);
  operate({{SWAP_SPACE_ARENA, 0, kNumbers}, {SWAP_SPACE_ARENA, 0, kRows}}, kIds,
          0);
  size_t used = 0;
  for (uint32_t u = 0; u < units; ++u) {
    const bool isStreamed =
        part.slots[u] != SWAP_SLOT_IN_PLACE && !part.resident[u];
    const bool isLast = u + 1 == units;
    if (isStreamed)
      add(SWAP_OP_WAIT, u, 0);
    // Two launches of half the tiles each; the state alternates.
    const swap_operand state =
        u ? swap_operand{SWAP_SPACE_ARENA, 0, kState + int64_t(u % 2) * 64}
          : swap_operand{SWAP_SPACE_INPUT, 0, 0};
    const swap_operand result =
        isLast ? swap_operand{SWAP_SPACE_OUTPUT, 0, 0}
               : swap_operand{SWAP_SPACE_ARENA, 0,
                              kState + int64_t((u + 1) % 2) * 64};
    for (uint32_t half = 0; half < 2; ++half) {
      const uint32_t width = layout.isBanded ? kPanel / 2 : kElements / 2;
      add(SWAP_OP_CALL, 0, layout.isBanded ? kPanel : 0);
      operate({state, {SWAP_SPACE_UNIT, u, 0}, {SWAP_SPACE_UNIT, u, 0}, result},
              (layout.isBanded ? kElements - kPanel : 0) + width * (half + 1),
              64);
      part.steps.back().tile_begin = width * half;
    }
    if (!isStreamed)
      continue;
    add(SWAP_OP_OUT, u, 0);
    const size_t next = used++ + layout.slots;
    if (next < streamed.size())
      add(SWAP_OP_IN, streamed[next], 0);
    else if (layout.readsAhead)
      add(SWAP_OP_IN, streamed[next - streamed.size()], SWAP_IN_AHEAD);
  }
  add(SWAP_OP_ROWS, units, SWAP_I32);
  operate({{SWAP_SPACE_ARENA, 0, kNumbers}, {SWAP_SPACE_OUTPUT, 2, 0}}, kIds,
          0);
  plan.budget_bytes = end;
  plan.arena_bytes = plan.peak_bytes = end;
  plan.scratch_offset = kScratch;
  plan.scratch_stride = 64;
  plan.threads = 1;
  plan.step_count = static_cast<uint32_t>(part.steps.size());
  plan.steps = part.steps.data();
  plan.operands = part.operands.data();
  plan.slots = part.slots.data();
  plan.resident = part.resident.data();
}

void Model::writeBlob(const std::string &path) const {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char *>(blob.data()),
             static_cast<std::streamsize>(blob.size()));
}

Tensors::Tensors(uint32_t seed)
    : x(kElements), y(kElements), rows(kIds * kRowWords),
      picked(kIds * kRowWords), ids{7, -1, kTableRows - 1, seed % kTableRows},
      inputs{x.data(), ids.data()}, outputs{y.data(), rows.data(),
                                            picked.data()} {
  for (uint32_t i = 0; i < kElements; ++i)
    x[i] = seed * 7919 + i * 13;
  clear();
}

void Tensors::clear() {
  for (auto *each : {&y, &rows, &picked})
    std::fill(each->begin(), each->end(), 0xEEEEEEEE);
}

std::string Tensors::compare(const Model &m) const {
  std::vector<uint32_t> state = x;
  for (uint32_t u = 0; u < m.units; ++u) {
    auto *words =
        reinterpret_cast<const uint32_t *>(&m.blob[m.model.units[u].offset]);
    uint64_t length;
    memcpy(&length, words, 8);
    for (uint32_t i = 0; i < kElements; ++i)
      state[i] = mixWord(state[i], words, length / 4, i);
  }
  if (state != y)
    return "y differs";
  auto *tableWords = reinterpret_cast<const uint32_t *>(
      &m.blob[m.model.units[m.units].offset]);
  for (uint32_t r = 0; r < kIds; ++r) {
    const int64_t id = ids[r] < 0 ? ids[r] + kTableRows : ids[r];
    const int32_t number = pickRow(x[r], r);
    const int64_t pickedId = number < 0 ? number + kTableRows : number;
    if (memcmp(&rows[r * kRowWords], tableWords + id * kRowWords,
               kRowWords * 4))
      return "rows differ";
    if (memcmp(&picked[r * kRowWords], tableWords + pickedId * kRowWords,
               kRowWords * 4))
      return "picked differs";
  }
  return "";
}

} // namespace gpu
