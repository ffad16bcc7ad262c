//===- FakeModel.cpp - A hand-written model for runtime tests ---*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "FakeModel.h"

#include "swap/crc32c.h"

#include <cstring>
#include <fstream>
#include <iterator>

namespace fake {
namespace {

uint64_t pages(uint64_t n, uint64_t page = 4096) {
  return (n + page - 1) / page * page;
}

constexpr uint64_t kLength[kUnits] = {5000, 8192, kTableRows *kRowFloats * 4,
                                      4100};

void add(void *const *operands, uint64_t begin, uint64_t end, void *scratch) {
  auto *in = static_cast<const float *>(operands[0]);
  auto *w = static_cast<const float *>(operands[1]);
  auto *out = static_cast<float *>(operands[2]);
  for (uint64_t i = begin; i < end; ++i) {
    static_cast<float *>(scratch)[0] = w[i];
    out[i] = in[i] + static_cast<float *>(scratch)[0];
  }
}

// Reads its last weight through a base that lies one page before the unit.
void addShifted(void *const *operands, uint64_t begin, uint64_t end,
                void *scratch) {
  void *base =
      reinterpret_cast<void *>(reinterpret_cast<uintptr_t>(operands[1]) + 4096);
  void *const shifted[] = {operands[0], base, operands[2]};
  add(shifted, begin, end, scratch);
}

const int64_t xDims[] = {2, 4}, idsDims[] = {kIds},
              rowsDims[] = {kIds, kRowFloats};
const swap_tensor inputs[] = {{"x", SWAP_F32, 2, xDims, kElements * 4},
                              {"ids", SWAP_I64, 1, idsDims, kIds * 8}};
const swap_tensor outputs[] = {
    {"y:0", SWAP_F32, 2, xDims, kElements * 4},
    {"rows", SWAP_F32, 2, rowsDims, kIds *kRowFloats * 4}};
const swap_kernel kernels[] = {{"add", add}, {"add \"shifted\"", addShifted}};

// Arena: two activations, scratch for two threads, slots A and B; larger plans
// have their resident units behind those.
constexpr uint64_t kAct = 0, kScratch = 4096, kSlots = 4352;
const swap_operand operands[] = {
    {SWAP_SPACE_INPUT, 0, 0},         {SWAP_SPACE_UNIT, 0, 0},
    {SWAP_SPACE_ARENA, 0, kAct},      {SWAP_SPACE_ARENA, 0, kAct},
    {SWAP_SPACE_UNIT, 1, 0},          {SWAP_SPACE_ARENA, 0, kAct + 64},
    {SWAP_SPACE_INPUT, 1, 0},         {SWAP_SPACE_OUTPUT, 1, 0},
    {SWAP_SPACE_ARENA, 0, kAct + 64}, {SWAP_SPACE_UNIT, 3, -4096},
    {SWAP_SPACE_OUTPUT, 0, 0}};
const swap_step steps[] = {{SWAP_OP_IN, 0, 0, 0, 0, 0, 0, 0},
                           {SWAP_OP_IN, 1, 0, 0, 0, 0, 0, 0},
                           {SWAP_OP_WAIT, 0, 0, 0, 0, 0, 0, 0},
                           {SWAP_OP_CALL, 0, 0, 3, 0, kElements, 64, 0},
                           {SWAP_OP_OUT, 0, 0, 0, 0, 0, 0, 0},
                           {SWAP_OP_IN, 3, 0, 0, 0, 0, 0, 0},
                           {SWAP_OP_WAIT, 1, 0, 0, 0, 0, 0, 0},
                           {SWAP_OP_CALL, 0, 3, 3, 0, kElements, 64, 0},
                           {SWAP_OP_OUT, 1, 0, 0, 0, 0, 0, 0},
                           {SWAP_OP_ROWS, kTable, 6, 2, 0, kIds, 0, SWAP_I64},
                           {SWAP_OP_WAIT, 3, 0, 0, 0, 0, 0, 0},
                           {SWAP_OP_CALL, 1, 8, 3, 0, kElements, 64, 0},
                           {SWAP_OP_OUT, 3, 0, 0, 0, 0, 0, 0}};

// The same with unit 0 read at the end of the run before.
const swap_step cyclicSteps[] = {
    {SWAP_OP_IN, 0, 0, 0, 0, 0, 0, SWAP_IN_STARTED},
    {SWAP_OP_IN, 1, 0, 0, 0, 0, 0, 0},
    {SWAP_OP_WAIT, 0, 0, 0, 0, 0, 0, 0},
    {SWAP_OP_CALL, 0, 0, 3, 0, kElements, 64, 0},
    {SWAP_OP_OUT, 0, 0, 0, 0, 0, 0, 0},
    {SWAP_OP_WAIT, 1, 0, 0, 0, 0, 0, 0},
    {SWAP_OP_CALL, 0, 3, 3, 0, kElements, 64, 0},
    {SWAP_OP_OUT, 1, 0, 0, 0, 0, 0, 0},
    {SWAP_OP_IN, 3, 0, 0, 0, 0, 0, 0},
    {SWAP_OP_IN, 0, 0, 0, 0, 0, 0, SWAP_IN_AHEAD},
    {SWAP_OP_ROWS, kTable, 6, 2, 0, kIds, 0, SWAP_I64},
    {SWAP_OP_WAIT, 3, 0, 0, 0, 0, 0, 0},
    {SWAP_OP_CALL, 1, 8, 3, 0, kElements, 64, 0},
    {SWAP_OP_OUT, 3, 0, 0, 0, 0, 0, 0}};

// Units are where they are.
const swap_step inPlaceSteps[] = {
    {SWAP_OP_CALL, 0, 0, 3, 0, kElements, 64, 0},
    {SWAP_OP_CALL, 0, 3, 3, 0, kElements, 64, 0},
    {SWAP_OP_ROWS, kTable, 6, 2, 0, kIds, 0, SWAP_I64},
    {SWAP_OP_CALL, 1, 8, 3, 0, kElements, 64, 0}};
const uint64_t inPlaceSlots[kUnits] = {SWAP_SLOT_IN_PLACE, SWAP_SLOT_IN_PLACE,
                                       SWAP_SLOT_IN_PLACE, SWAP_SLOT_IN_PLACE};
const uint8_t noneResident[kUnits] = {};

struct Fixture {
  swap_blob_unit units[kUnits];
  std::vector<uint8_t> blob;
  uint64_t slots[3][kUnits];
  uint8_t resident[3][kUnits] = {{0, 0, 0, 0}, {1, 0, 1, 0}, {1, 1, 1, 1}};
  swap_plan plans[3] = {};
  swap_model model = {};
  const bool isCyclic;
  const uint32_t page;

  explicit Fixture(bool isCyclic, uint32_t page = SWAP_BLOB_ALIGN)
      : isCyclic(isCyclic), page(page) {
    if (isCyclic) {
      resident[1][0] = 0;
      resident[1][1] = 1;
    }
    uint64_t offset = 8192, weights = 0;
    for (uint32_t u = 0; u < kUnits; ++u) {
      units[u] = {offset, kLength[u], 0, u == kTable ? kRowFloats * 4 : 0};
      weights += kLength[u];
      offset += pages(kLength[u]);
    }
    blob.resize(offset);
    for (uint32_t u = 0; u < kUnits; ++u) {
      for (uint64_t i = 0; i < kLength[u] / 4; ++i) {
        const float w = weight(u, i);
        memcpy(&blob[units[u].offset + i * 4], &w, 4);
      }
      units[u].crc32c = swap_crc32c(0, &blob[units[u].offset], kLength[u]);
    }
    swap_blob_header header = {SWAP_BLOB_MAGIC,
                               SWAP_BLOB_VERSION,
                               sizeof header,
                               offset,
                               4096,
                               kUnits,
                               sizeof(swap_blob_unit),
                               {}};
    for (uint32_t i = 0; i < SWAP_HASH_BYTES; ++i)
      header.hash[i] =
          static_cast<uint8_t>(i * 7 + 1); // the core compares, never computes
    memcpy(&blob[0], &header, sizeof header);
    memcpy(&blob[4096], units, sizeof units);
    for (uint32_t p = 0; p < 3; ++p)
      makePlan(p, weights);
    model = {SWAP_ABI_VERSION,
             2,
             2,
             2,
             kUnits,
             3,
             page,
             0,
             "fake",
             inputs,
             outputs,
             kernels,
             units,
             plans,
             offset,
             weights,
             plans[2].arena_bytes,
             plans[0].arena_bytes,
             {},
             nullptr};
    memcpy(model.blob_hash, header.hash, SWAP_HASH_BYTES);
  }

  void makePlan(uint32_t p, uint64_t weights) {
    const uint64_t slotA = pages(kSlots, page);
    const uint64_t slotB = slotA + pages(kLength[0], page);
    const uint64_t region = slotB + pages(kLength[1], page);
    uint64_t end = region, kept = 0;
    for (uint32_t u = 0; u < kUnits; ++u) {
      slots[p][u] = u == 1 || (isCyclic && u == 3) ? slotB : slotA;
      if (u == kTable)
        slots[p][u] = UINT64_MAX; // never in a slot unless resident
      if (resident[p][u]) {
        slots[p][u] = end;
        end += pages(kLength[u], page);
        kept += kLength[u];
      }
    }
    plans[p] = {end + 100,
                end,
                end,
                kept,
                weights - kept,
                region,
                1000000 * (3 - p), // predicted: the more stays, the faster
                500000,
                kScratch,
                64,
                2,
                static_cast<uint32_t>(isCyclic ? std::size(cyclicSteps)
                                               : std::size(steps)),
                isCyclic ? cyclicSteps : steps,
                operands,
                slots[p],
                resident[p],
                nullptr};
  }
};

const Fixture &fixture() {
  static const Fixture instance(false);
  return instance;
}
const Fixture &cyclicFixture() {
  static const Fixture instance(true);
  return instance;
}

} // namespace

const swap_model &model() { return fixture().model; }
const swap_model &cyclicModel() { return cyclicFixture().model; }
const swap_model &firmwareModel(bool isCyclic) {
  static const Fixture plain(false, 64), cyclic(true, 64);
  return isCyclic ? cyclic.model : plain.model;
}
const swap_plan &inPlacePlan() {
  static const swap_plan plan = {kSlots, kSlots, kSlots, 0, 0, kSlots, 0, 0, kScratch, 64, 2,
                                 static_cast<uint32_t>(std::size(inPlaceSteps)),
                                 inPlaceSteps, operands, inPlaceSlots,
                                 noneResident, nullptr};
  return plan;
}
const std::vector<uint8_t> &blob() { return fixture().blob; }
float weight(uint32_t unit, uint64_t index) {
  return static_cast<float>((unit * 1000 + index * 13) % 977);
}

void writeBlob(const std::string &path) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file.write(reinterpret_cast<const char *>(blob().data()),
             static_cast<std::streamsize>(blob().size()));
}

Tensors::Tensors() {
  for (uint32_t i = 0; i < kElements; ++i)
    x[i] = static_cast<float>(i) * 0.5f;
  ids[0] = 7;
  ids[1] = -1;
  ids[2] = 8;
  clear();
}

void Tensors::clear() {
  memset(y, 0xEE, sizeof y);
  memset(rows, 0xEE, sizeof rows);
  for (uint8_t *guard : {before, between, behind})
    memset(guard, 0xA5, sizeof before);
}

bool Tensors::areIntact() const {
  for (const uint8_t *guard : {before, between, behind})
    for (uint32_t i = 0; i < sizeof before; ++i)
      if (guard[i] != 0xA5)
        return false;
  return true;
}

bool Tensors::yIsRight() const {
  for (uint32_t i = 0; i < kElements; ++i)
    if (y[i] != x[i] + weight(0, i) + weight(1, i) + weight(3, i))
      return false;
  return true;
}

bool Tensors::rowsAreRight() const {
  for (uint32_t r = 0; r < kIds; ++r) {
    const auto row =
        static_cast<uint64_t>(ids[r] < 0 ? ids[r] + kTableRows : ids[r]);
    for (uint32_t i = 0; i < kRowFloats; ++i)
      if (rows[r * kRowFloats + i] != weight(kTable, row * kRowFloats + i))
        return false;
  }
  return true;
}

} // namespace fake
