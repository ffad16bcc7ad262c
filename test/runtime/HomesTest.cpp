//===- HomesTest.cpp - Resident units outside of the arena ------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Plans are exchanged, arenas change and memory is taken back: what a plan keeps
// and is there is not read again, what came anew is compared with its checksum.
//===----------------------------------------------------------------------===//
#include "FakeModel.h"
#include "MemoryStorage.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>

using namespace fake;

namespace {

/// A session with homes, two arenas that it may change between, and a count of
/// how often each unit was read.
class Homes : public testing::TestWithParam<std::tuple<Way, bool>> {
protected:
  const Way way = std::get<0>(GetParam());
  const swap_model &model =
      std::get<1>(GetParam()) ? cyclicModel() : fake::model();
  const uint64_t region = model.plans[0].region_bytes;
  MemoryStorage memory{blob(), way};
  Arena arenas[2] = {Arena(region), Arena(region)};
  Arena homes{model.blob_bytes};
  uint8_t present[kUnits] = {};
  swap_session session = {};
  swap_config config = {};
  Tensors t;
  int readsOf[kUnits] = {};

  bool isPolled() const {
    return way == Way::Polled || way == Way::PolledScattered;
  }

  void SetUp() override {
    config.arena = arenas[0].data();
    config.arena_bytes = region;
    config.storage = &memory.storage;
    config.homes = homes.data();
    config.present = present;
    memory.seen = [this](uint64_t offset, uint64_t length) {
      for (uint32_t u = 0; u < kUnits; ++u)
        readsOf[u] += offset == model.units[u].offset &&
                      length >= model.units[u].length;
    };
    memset(homes.data(), 0x5A, homes.bytes);
  }
  void TearDown() override {
    swap_close(&session);
    EXPECT_TRUE(memory.underWay.empty());
    EXPECT_FALSE(memory.isMisused);
    EXPECT_TRUE(homes.intact());
    for (Arena &arena : arenas)
      EXPECT_TRUE(arena.intact());
  }

  int open(uint32_t plan) {
    return swap_open(&session, &model, &model.plans[plan], &config);
  }
  int setPlan(uint32_t plan) {
    return swap_set_plan(&session, &model.plans[plan], session.config.arena,
                         region);
  }
  int finish() {
    int status;
    while ((status = swap_advance(&session)) > 0)
      ;
    return status;
  }
  int run() {
    t.clear();
    return swap_run(&session, t.inputs, t.outputs);
  }
  void runWell() {
    ASSERT_EQ(run(), SWAP_OK);
    EXPECT_TRUE(t.yIsRight() && t.rowsAreRight() && t.areIntact());
    for (uint32_t u = 0; u < kUnits; ++u)
      if (session.plan->resident[u]) {
        EXPECT_EQ(present[u], 1) << u;
        EXPECT_EQ(memcmp(homes.data() + model.units[u].offset,
                         &blob()[model.units[u].offset],
                         model.units[u].length),
                  0);
      }
  }
  /// Which units were read since the last call of this; "" for none.
  std::string read() {
    std::string text;
    for (uint32_t u = 0; u < kUnits; ++u)
      text.append(static_cast<size_t>(readsOf[u]), static_cast<char>('0' + u));
    std::fill_n(readsOf, kUnits, 0);
    return text;
  }
  uint32_t kept() const { return std::get<1>(GetParam()) ? 1 : 0; }
};

// Verifies that what two plans have in common is not read twice, nor what comes
// back to a plan that was exchanged, while memory is left to it.
TEST_P(Homes, PlansKeepWhatTheyShare) {
  config.flags = SWAP_FLAG_NO_AHEAD;
  ASSERT_EQ(open(0), SWAP_OK);
  read();
  runWell();
  EXPECT_EQ(read(), "013");
  EXPECT_EQ(session.counters.loaded_bytes, 0u);
  // Plan 1 keeps unit 0 (or 1) and the table.
  ASSERT_EQ(setPlan(1), SWAP_OK);
  runWell();
  EXPECT_EQ(read(), "0123");
  runWell();
  EXPECT_EQ(read(), kept() ? "03" : "13");
  ASSERT_EQ(setPlan(2), SWAP_OK);
  runWell();
  EXPECT_EQ(read(), kept() ? "03" : "13");
  runWell();
  EXPECT_EQ(read(), "");
  EXPECT_EQ(session.counters.streamed_bytes, 0u);
  ASSERT_EQ(setPlan(0), SWAP_OK); // streams what is present into its slots
  runWell();
  EXPECT_EQ(read(), "013");
  ASSERT_EQ(setPlan(2), SWAP_OK);
  swap_evict(&session);
  swap_drain(&session);
  EXPECT_EQ(swap_load(&session), SWAP_OK);
  runWell();
  EXPECT_EQ(read(), "");
  EXPECT_EQ(session.counters.loaded_bytes, 0u);
  // A new session finds everything there, too.
  swap_close(&session);
  ASSERT_EQ(open(2), SWAP_OK);
  runWell();
  EXPECT_EQ(read(), "");
}

// Verifies that memory that was taken back is filled again, with that unit only,
// and that its bytes are compared, even though a run saw them before.
TEST_P(Homes, TakenBackAndCorrupted) {
  ASSERT_EQ(open(2), SWAP_OK);
  runWell();
  for (uint32_t unit = 0; unit < kUnits; ++unit) {
    read();
    const swap_blob_unit &entry = model.units[unit];
    present[unit] = 0;
    memset(homes.data() + entry.offset, 0xCC, entry.length);
    memory.blob[entry.offset + entry.length - 1] ^= 0x10;
    EXPECT_EQ(run(), SWAP_ERR_CHECKSUM);
    EXPECT_EQ(session.failed_unit, unit);
    EXPECT_EQ(present[unit], 0);
    EXPECT_EQ(std::count(present, present + kUnits, 1), int(kUnits) - 1);
    EXPECT_EQ(swap_load(&session), SWAP_ERR_CHECKSUM);
    int status;
    while ((status = swap_fill(&session, 1)) > 0)
      ;
    EXPECT_EQ(status, SWAP_ERR_CHECKSUM);
    EXPECT_EQ(session.failed_unit, unit);
    EXPECT_EQ(present[unit], 0);
    const char own = static_cast<char>('0' + unit);
    EXPECT_EQ(read(), std::string(3, own));
    memory.blob[entry.offset + entry.length - 1] ^= 0x10;
    runWell();
    EXPECT_EQ(read(), std::string(1, own));
  }
  // What is streamed was seen by a run: another plan does not compare it again.
  ASSERT_EQ(setPlan(0), SWAP_OK);
  memory.blob[model.units[1].offset + 8000] ^= 1; // of no effect on outputs
  runWell();
  ASSERT_EQ(setPlan(1), SWAP_OK);
  present[kept()] = 0; // but what comes to its home is
  EXPECT_EQ(run(), kept() ? SWAP_ERR_CHECKSUM : SWAP_OK);
  memory.blob[model.units[1].offset + 8000] ^= 1;
  // Nothing is compared where nobody wants it, and yet it is known to be there.
  swap_close(&session);
  config.flags = SWAP_FLAG_NO_VERIFY;
  ASSERT_EQ(open(2), SWAP_OK);
  present[1] = 0;
  memory.blob[model.units[1].offset + 8000] ^= 1;
  EXPECT_EQ(run(), SWAP_OK);
  EXPECT_EQ(present[1], 1);
}

// Verifies that a run works in the arena that it was given last, whatever was
// read ahead into another, and that nothing is written to the old one.
TEST_P(Homes, ArenasChange) {
  for (uint32_t plan = 0; plan < 3; ++plan) {
    ASSERT_EQ(open(plan), SWAP_OK);
    for (int i = 0; i < 6; ++i) {
      Arena &arena = arenas[i % 2], &other = arenas[1 - i % 2];
      ASSERT_EQ(swap_set_arena(&session, arena.data(), region), SWAP_OK);
      memset(arena.data(), 0xF0, region);
      memset(other.data(), 0x0F, region);
      runWell();
      EXPECT_EQ(std::count(other.data(), other.data() + region, 0x0F),
                ptrdiff_t(region));
    }
    swap_close(&session);
  }
  // The same without homes, where resident units come anew.
  Arena large[2] = {Arena(model.plans[1].arena_bytes),
                    Arena(model.plans[1].arena_bytes)};
  config.homes = nullptr;
  config.arena = large[0].data();
  config.arena_bytes = large[0].bytes;
  ASSERT_EQ(open(1), SWAP_OK);
  EXPECT_EQ(run(), SWAP_OK);
  for (int i = 1; i < 4; ++i) {
    read();
    ASSERT_EQ(swap_set_arena(&session, large[i % 2].data(), large[0].bytes),
              SWAP_OK);
    memset(large[1 - i % 2].data(), 0x0F, large[0].bytes);
    ASSERT_EQ(run(), SWAP_OK);
    EXPECT_TRUE(t.yIsRight() && t.rowsAreRight());
    EXPECT_GE(read().size(), kUnits);
  }
  swap_close(&session);
}

// Verifies what swap_fill reads, that it keeps to its bytes, and that a run which
// starts meanwhile reads nothing twice.
TEST_P(Homes, FilledBetweenRuns) {
  for (int rounds = 0; rounds < 8; ++rounds) {
    memset(present, 0, sizeof present);
    ASSERT_EQ(open(2), SWAP_OK);
    read();
    int status = SWAP_PENDING;
    for (int i = 0; i < rounds && status > 0; ++i) {
      status = swap_fill(&session, 5000);
      ASSERT_GE(status, 0);
      EXPECT_EQ(status > 0, std::count(present, present + kUnits, 1) < kUnits);
      uint64_t under = 0, last = 0;
      for (const auto &read : memory.underWay)
        under += last = read.second.length;
      EXPECT_LT(under - last, 5000u);
      EXPECT_EQ(status == SWAP_PENDING && way != Way::Blocking,
                !memory.underWay.empty());
    }
    // What is under way goes on in another arena.
    ASSERT_EQ(swap_set_arena(&session, arenas[rounds % 2].data(), region),
              SWAP_OK);
    if (rounds % 2) {
      runWell();
    } else {
      t.clear();
      ASSERT_EQ(swap_start(&session, t.inputs, t.outputs), SWAP_OK);
      EXPECT_EQ(finish(), SWAP_OK);
      EXPECT_TRUE(t.yIsRight() && t.rowsAreRight());
    }
    EXPECT_EQ(read(), "0123");
    EXPECT_EQ(swap_fill(&session, 5000), SWAP_OK);
    EXPECT_EQ(read(), "");
    swap_close(&session);
  }
  EXPECT_EQ(swap_fill(nullptr, 1), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_fill(&session, 1), SWAP_ERR_STATE);
  // It waits for nothing that can be asked about.
  memset(present, 0, sizeof present);
  ASSERT_EQ(open(2), SWAP_OK);
  memory.blocked = 0;
  int calls = 0;
  while (swap_fill(&session, UINT64_MAX) > 0)
    ++calls;
  if (isPolled()) {
    EXPECT_EQ(memory.blocked, 0);
    EXPECT_GT(calls, 2);
  }
}

// Verifies that a run which is given up while it loads keeps what is there.
TEST_P(Homes, GivenUpWhileLoading) {
  config.yield = [](void *) { return 1; };
  for (int before = 0, isOver = 0; !isOver; ++before) {
    memset(present, 0, sizeof present);
    ASSERT_EQ(open(2), SWAP_OK);
    read();
    ASSERT_EQ(swap_start(&session, t.inputs, t.outputs), SWAP_OK);
    for (int i = 0; i < before && !isOver; ++i)
      isOver = swap_advance(&session) <= 0;
    swap_abandon(&session);
    EXPECT_TRUE(memory.underWay.empty());
    std::string missing;
    for (uint32_t u = 0; u < kUnits; ++u)
      missing.append(present[u] ? 0 : 1, static_cast<char>('0' + u));
    read();
    runWell();
    EXPECT_EQ(read(), missing);
    swap_close(&session);
  }
}

// Verifies plans, arenas, memory and pieces in any order.
TEST_P(Homes, AtRandom) {
  for (uint32_t seed = 1; seed <= 4; ++seed) {
    std::minstd_rand random{seed};
    memory.random = &random;
    config.yield = [](void *r) {
      return static_cast<int>((*static_cast<std::minstd_rand *>(r))() % 2);
    };
    config.yield_context = &random;
    ASSERT_EQ(open(seed % 3), SWAP_OK);
    int runs = 0;
    for (int i = 0; i < 2000; ++i) {
      const uint32_t unit = random() % kUnits;
      if (session.started && random() % 32 == 0) {
        swap_abandon(&session);
      } else if (session.started) {
        const int status = swap_advance(&session);
        ASSERT_GE(status, 0);
        if (status == SWAP_OK) {
          ++runs;
          ASSERT_TRUE(t.yIsRight() && t.rowsAreRight() && t.areIntact());
        }
      } else if (random() % 4 == 0) {
        ASSERT_EQ(setPlan(random() % 3), SWAP_OK);
        // Nothing is under way now, so memory may go.
        present[unit] = 0;
        memset(homes.data() + model.units[unit].offset, 0xCC,
               model.units[unit].length);
      } else if (random() % 3 == 0) {
        ASSERT_EQ(swap_set_arena(&session, arenas[random() % 2].data(), region),
                  SWAP_OK);
      } else if (random() % 2 == 0) {
        ASSERT_GE(swap_fill(&session, random() % 20000), 0);
      } else {
        t.clear();
        ASSERT_EQ(swap_start(&session, t.inputs, t.outputs), SWAP_OK);
      }
    }
    EXPECT_GT(runs, 30);
    swap_close(&session);
    memset(present, 0, sizeof present);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Homes,
                         testing::Combine(testing::Values(Way::Blocking,
                                                          Way::Asynchronous,
                                                          Way::Polled,
                                                          Way::PolledScattered),
                                          testing::Bool()));

// Verifies what is refused: of configurations, arenas and plans.
TEST(HomesArguments, Refused) {
  MemoryStorage memory{blob(), Way::Asynchronous}, mapped{blob(), Way::Mapped};
  const swap_model &m = model();
  const uint64_t region = m.plans[1].region_bytes;
  Arena arena(region), homes(m.blob_bytes);
  uint8_t present[kUnits] = {};
  swap_session s;
  swap_config good = {};
  good.arena = arena.data();
  good.arena_bytes = region;
  good.storage = &memory.storage;
  good.homes = homes.data();
  good.present = present;
  const auto open = [&](const swap_config &config, const swap_plan &plan) {
    const int status = swap_open(&s, &m, &plan, &config);
    swap_close(&s);
    return status;
  };
  EXPECT_EQ(open(good, m.plans[1]), SWAP_OK);
  swap_config bad = good;
  bad.present = nullptr;
  EXPECT_EQ(open(bad, m.plans[1]), SWAP_ERR_ARGUMENT);
  bad = good;
  bad.homes = homes.data() + 64;
  EXPECT_EQ(open(bad, m.plans[1]), SWAP_ERR_ARGUMENT);
  bad = good;
  bad.storage = &mapped.storage;
  EXPECT_EQ(open(bad, m.plans[1]), SWAP_ERR_ARGUMENT);
  bad = good;
  bad.arena_bytes = region - 1;
  EXPECT_EQ(open(bad, m.plans[1]), SWAP_ERR_BUDGET);
  bad.arena_bytes = region;
  bad.homes = nullptr; // then the whole arena is needed
  EXPECT_EQ(open(bad, m.plans[1]), SWAP_ERR_BUDGET);

  ASSERT_EQ(swap_open(&s, &m, &m.plans[1], &good), SWAP_OK);
  EXPECT_EQ(swap_set_arena(nullptr, arena.data(), region), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_set_arena(&s, nullptr, region), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_set_arena(&s, arena.data() + 64, region), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_set_arena(&s, arena.data(), region - 1), SWAP_ERR_BUDGET);
  Tensors t; // as it was
  EXPECT_EQ(swap_run(&s, t.inputs, t.outputs), SWAP_OK);
  EXPECT_TRUE(t.yIsRight() && t.rowsAreRight());
  swap_close(&s);
  EXPECT_EQ(swap_set_arena(&s, arena.data(), region), SWAP_ERR_STATE);
  good.homes = nullptr;
  EXPECT_EQ(open(good, m.plans[0]), SWAP_OK); // nothing resident in it
  ASSERT_EQ(swap_open(&s, &m, &m.plans[0], &good), SWAP_OK);
  EXPECT_EQ(swap_fill(&s, 4096), SWAP_ERR_STATE);
  swap_close(&s);
  good.homes = homes.data();
  good.arena_bytes = m.plans[2].arena_bytes; // nothing is written to it

  // What does not stay lies in the region, what stays behind it.
  for (int kind = 0; kind < 7; ++kind) {
    swap_plan plan = m.plans[1];
    std::vector<uint64_t> slots(plan.slots, plan.slots + kUnits);
    std::vector<swap_operand> operands(plan.operands, plan.operands + 11);
    plan.slots = slots.data();
    plan.operands = operands.data();
    switch (kind) {
    case 1:
      slots[1] = region; // a streamed one behind
      break;
    case 2:
      slots[0] = slots[1]; // a resident one inside
      break;
    case 3:
      operands[2].offset = int64_t(region) + 64;
      break;
    case 4:
      plan.scratch_offset = region - 64;
      break;
    case 5:
      plan.region_bytes = plan.arena_bytes + 4096;
      break;
    case 6:
      plan.region_bytes = region - 64; // not a page
      break;
    default:
      break;
    }
    EXPECT_EQ(open(good, plan), kind ? SWAP_ERR_ARGUMENT : SWAP_OK) << kind;
  }
}

} // namespace
