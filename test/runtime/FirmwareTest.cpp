//===- FirmwareTest.cpp - Small slots, geometry, shared arenas --*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "FakeModel.h"
#include "MemoryStorage.h"

#include <gtest/gtest.h>

using namespace fake;

namespace {

uint64_t ticks;

class Firmware : public testing::Test {
protected:
  swap_model model = firmwareModel(false);
  swap_plan plan = model.plans[0];
  MemoryStorage memory{blob(), Way::Polled};
  Arena arena{model.plans[2].arena_bytes};
  swap_config config = {};
  swap_session session;
  void SetUp() override {
    config.arena = arena.data();
    config.arena_bytes = arena.bytes;
    config.storage = &memory.storage;
    config.clock = [] { return ++ticks; };
  }
  int open() {
    const int status = swap_open(&session, &model, &plan, &config);
    swap_close(&session);
    return status;
  }
};

void runs(swap_session &session) {
  Tensors t;
  ASSERT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_OK);
  EXPECT_TRUE(t.yIsRight() && t.rowsAreRight() && t.areIntact());
}

TEST_F(Firmware, GeometryIsCheckedAtOpen) {
  for (uint32_t bytes : {1u, 2u, 32u}) {
    memory.storage.read_bytes = memory.storage.buffer_align = bytes;
    EXPECT_EQ(open(), SWAP_OK) << bytes;
  }
  // Rows have 32 bytes; a table that stays is read in whole pages.
  for (uint32_t bytes : {3u, 48u, 64u, 128u})
    for (uint32_t *field :
         {&memory.storage.read_bytes, &memory.storage.buffer_align}) {
      memory.storage.read_bytes = memory.storage.buffer_align = 0;
      *field = bytes;
      EXPECT_EQ(open(), SWAP_ERR_GEOMETRY) << bytes;
      plan = model.plans[1];
      EXPECT_EQ(open(), bytes == 64 ? SWAP_OK : SWAP_ERR_GEOMETRY) << bytes;
      plan = model.plans[0];
    }
  EXPECT_FALSE(memory.isMisused);
}

TEST_F(Firmware, PageBytesAreAPowerOfTwo) {
  for (uint32_t bytes : {0u, 1u, 32u, 96u, 8192u}) {
    model.page_bytes = bytes;
    EXPECT_EQ(open(), SWAP_ERR_ARGUMENT) << bytes;
  }
  model.page_bytes = 64;
  config.arena = arena.data() + 32;
  EXPECT_EQ(open(), SWAP_ERR_ARGUMENT);
  config.arena = arena.data() + 64;
  config.arena_bytes = plan.arena_bytes;
  EXPECT_EQ(open(), SWAP_OK);
}

TEST_F(Firmware, TimeoutsNeedAllThatKeepsThem) {
  config.timeout_ns = 5;
  EXPECT_EQ(open(), SWAP_OK);
  config.clock = nullptr;
  EXPECT_EQ(open(), SWAP_ERR_ARGUMENT);
  SetUp();
  memory.storage.done = nullptr;
  EXPECT_EQ(open(), SWAP_ERR_ARGUMENT);
  MemoryStorage blocking{blob(), Way::Blocking};
  config.storage = &blocking.storage;
  EXPECT_EQ(open(), SWAP_ERR_ARGUMENT);
}

TEST_F(Firmware, PlansInPlaceNeedStorageThatMaps) {
  plan = inPlacePlan();
  EXPECT_EQ(open(), SWAP_ERR_GEOMETRY);
  MemoryStorage mapped{blob(), Way::Mapped};
  config.storage = &mapped.storage;
  EXPECT_EQ(open(), SWAP_OK);
  swap_plan plans[2] = {inPlacePlan(), model.plans[0]};
  model.plans = plans;
  model.plan_count = 2;
  EXPECT_EQ(swap_choose_plan(&model, UINT64_MAX), &plans[1]);
  EXPECT_EQ(swap_choose_plan(&model, plans[1].arena_bytes - 1), &plans[0]);
}

TEST_F(Firmware, MemoryIsMappedOrCopied) {
  std::vector<uint8_t> room(blob().size() + 128);
  auto *bytes = room.data() + 64 - reinterpret_cast<uintptr_t>(room.data()) % 64;
  memcpy(bytes, blob().data(), blob().size());
  swap_memory memory = {bytes, blob().size()};
  for (const swap_storage &storage :
       {swap_memory_mapped(&memory), swap_memory_copied(&memory)}) {
    config.storage = &storage;
    for (uint32_t p = 0; p < 4; ++p) {
      plan = p < 3 ? model.plans[p] : inPlacePlan();
      if (p == 3 && !storage.map)
        continue;
      ASSERT_EQ(swap_open(&session, &model, &plan, &config), SWAP_OK);
      runs(session);
      runs(session);
      swap_close(&session);
    }
    plan = model.plans[0];
    memory.bytes -= 4096;
    EXPECT_EQ(open(), SWAP_ERR_SHORT);
    memory = {bytes + 4, blob().size()};
    EXPECT_EQ(open(), SWAP_ERR_ARGUMENT);
    memory = {bytes, blob().size()};
  }
  EXPECT_TRUE(arena.intact());
}

// Verifies that two sessions take turns in one arena.
TEST_F(Firmware, EvictedModelsShareAnArena) {
  const swap_model &other = firmwareModel(true);
  MemoryStorage second{blob(), Way::Asynchronous};
  swap_config c = config;
  c.storage = &second.storage;
  plan = model.plans[2];
  swap_session b;
  ASSERT_EQ(swap_open(&session, &model, &plan, &config), SWAP_OK);
  ASSERT_EQ(swap_open(&b, &other, &other.plans[1], &c), SWAP_OK);
  for (int turn = 0; turn < 3; ++turn) {
    runs(session);
    runs(session);
    swap_evict(&session);
    memset(arena.data(), 0xFF, arena.bytes);
    runs(b);
    runs(b);
    swap_evict(&b);
    EXPECT_TRUE(memory.underWay.empty() && second.underWay.empty());
    memset(arena.data(), 0xFF, arena.bytes);
  }
  swap_close(&session);
  swap_close(&b);
  swap_evict(&b);
  swap_evict(nullptr);
}

TEST_F(Firmware, VerifiesOneUnit) {
  alignas(64) uint8_t buffer[256];
  ASSERT_EQ(swap_open(&session, &model, &plan, &config), SWAP_OK);
  for (uint32_t unit = 0; unit < kUnits; ++unit) {
    EXPECT_EQ(swap_verify(&session, unit, buffer, sizeof buffer), SWAP_OK);
    uint8_t &last =
        memory.blob[model.units[unit].offset + model.units[unit].length - 1];
    last ^= 1;
    EXPECT_EQ(swap_verify(&session, unit, buffer, 65), SWAP_ERR_CHECKSUM);
    EXPECT_EQ(session.failed_unit, unit);
    last ^= 1;
  }
  EXPECT_EQ(swap_verify(&session, kUnits, buffer, 256), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_verify(&session, 0, buffer, 63), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_verify(&session, 0, buffer + 8, 128), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_verify(&session, 0, nullptr, 256), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_verify(nullptr, 0, buffer, 256), SWAP_ERR_ARGUMENT);
  runs(session);
  swap_close(&session);
  EXPECT_EQ(swap_verify(&session, 0, buffer, 256), SWAP_ERR_STATE);
}

} // namespace
