//===- CoreTest.cpp - Sessions over a blob in memory ------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "FakeModel.h"
#include "MemoryStorage.h"

#include <gtest/gtest.h>
#include <tuple>

using namespace fake;

namespace {

uint64_t ticks;

class Session
    : public testing::TestWithParam<std::tuple<Way, int, uint32_t, uint32_t>> {
protected:
  const swap_plan &plan = model().plans[std::get<1>(GetParam())];
  MemoryStorage memory{blob(), std::get<0>(GetParam()),
                       std::get<2>(GetParam())};
  Arena arena{plan.arena_bytes};
  swap_session session;
  swap_config config() {
    swap_config c = {};
    c.arena = arena.data();
    c.arena_bytes = arena.bytes;
    c.storage = &memory.storage;
    c.clock = [] { return ++ticks; };
    c.flags = std::get<3>(GetParam());
    return c;
  }
};

// Verifies that each way of bringing units in gives the same right outputs, run
// after run, and leaves nothing under way or mapped.
TEST_P(Session, RunsAreRight) {
  const swap_config c = config();
  ASSERT_EQ(swap_open(&session, &model(), &plan, &c), SWAP_OK);
  for (uint64_t run = 1; run <= 3; ++run) {
    Tensors t;
    ASSERT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_OK);
    EXPECT_TRUE(t.yIsRight());
    EXPECT_TRUE(t.rowsAreRight());
    EXPECT_EQ(session.counters.runs, run);
    EXPECT_EQ(session.verified, 1u);
    EXPECT_TRUE(memory.underWay.empty());
    EXPECT_LE(memory.mostUnderWay, std::get<2>(GetParam()));
    EXPECT_EQ(session.counters.compute_ns, 3u);
    uint64_t streamed = 0;
    for (uint32_t u = 0; u < kUnits; ++u)
      if (!plan.resident[u])
        streamed +=
            u == kTable ? 96 : (model().units[u].length + 4095) / 4096 * 4096;
    EXPECT_EQ(session.counters.streamed_bytes, streamed);
  }
  swap_close(&session);
  EXPECT_TRUE(memory.mapped.empty());
  EXPECT_TRUE(arena.intact());
  Tensors t;
  EXPECT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_ERR_STATE);
}

// Verifies that an index outside the table is refused and that the session
// then runs again.
TEST_P(Session, RowIndexOutside) {
  const swap_config c = config();
  ASSERT_EQ(swap_open(&session, &model(), &plan, &c), SWAP_OK);
  for (int64_t bad :
       {int64_t(kTableRows), -int64_t(kTableRows) - 1, INT64_MAX, INT64_MIN}) {
    Tensors t;
    t.ids[2] = bad;
    EXPECT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_ERR_INDEX);
    EXPECT_EQ(session.failed_unit, kTable);
    EXPECT_EQ(session.failed_offset, 2u);
    EXPECT_TRUE(memory.underWay.empty());
    t.ids[2] = -int64_t(kTableRows);
    EXPECT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_OK);
    EXPECT_TRUE(t.yIsRight() && t.rowsAreRight());
  }
  swap_close(&session);
}

INSTANTIATE_TEST_SUITE_P(
    All, Session,
    testing::Combine(testing::Values(Way::Blocking, Way::Asynchronous,
                                     Way::Scattered, Way::Mapped),
                     testing::Values(0, 1, 2),
                     testing::Values(1u, 2u, 16u, 99u),
                     testing::Values(0u, SWAP_FLAG_SERIAL,
                                     SWAP_FLAG_NO_VERIFY)));

TEST(ChoosePlan, StreamsLeast) {
  const swap_model &m = model();
  EXPECT_EQ(swap_choose_plan(&m, UINT64_MAX), &m.plans[2]);
  EXPECT_EQ(swap_choose_plan(&m, m.plans[2].arena_bytes), &m.plans[2]);
  EXPECT_EQ(swap_choose_plan(&m, m.plans[2].arena_bytes - 1), &m.plans[1]);
  EXPECT_EQ(swap_choose_plan(&m, m.plans[0].arena_bytes), &m.plans[0]);
  EXPECT_EQ(swap_choose_plan(&m, m.plans[0].arena_bytes - 1), nullptr);
  EXPECT_EQ(swap_choose_plan(nullptr, 1), nullptr);
}

TEST(Status, EveryOneHasASentence) {
  for (int status = 0; status >= SWAP_ERR_STATE; --status)
    EXPECT_STRNE(swap_status_string(status), swap_status_string(-999));
  EXPECT_NE(swap_status_string(1), nullptr);
}

class Open : public testing::Test {
protected:
  MemoryStorage memory{blob(), Way::Asynchronous};
  swap_model m = model();
  swap_plan p = m.plans[0];
  std::vector<swap_step> steps{p.steps, p.steps + p.step_count};
  std::vector<swap_operand> operands{p.operands, p.operands + 11};
  Arena arena{p.arena_bytes};
  swap_config c = {};
  swap_session session;
  void SetUp() override {
    p.steps = steps.data();
    p.operands = operands.data();
    c.arena = arena.data();
    c.arena_bytes = arena.bytes;
    c.storage = &memory.storage;
  }
  int open() {
    const int status = swap_open(&session, &m, &p, &c);
    swap_close(&session);
    return status;
  }
};

TEST_F(Open, RefusesWrongArguments) {
  EXPECT_EQ(open(), SWAP_OK);
  EXPECT_EQ(swap_open(nullptr, &m, &p, &c), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_open(&session, nullptr, &p, &c), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_open(&session, &m, &p, nullptr), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_open(&session, &m, nullptr, &c), SWAP_ERR_BUDGET);
  m.abi_version += 1;
  EXPECT_EQ(open(), SWAP_ERR_ABI);
  m.abi_version -= 1;
  c.arena_bytes -= 1;
  EXPECT_EQ(open(), SWAP_ERR_BUDGET);
  c.arena_bytes += 1;
  c.arena = arena.data() + 64;
  EXPECT_EQ(open(), SWAP_ERR_ARGUMENT);
  c.arena = nullptr;
  EXPECT_EQ(open(), SWAP_ERR_ARGUMENT);
  c.arena = arena.data();
  c.storage = nullptr;
  EXPECT_EQ(open(), SWAP_ERR_ARGUMENT);
  c.storage = &memory.storage;
  memory.storage.depth = 0;
  EXPECT_EQ(open(), SWAP_ERR_GEOMETRY);
  memory.storage.wait = nullptr;
  EXPECT_EQ(open(), SWAP_ERR_ARGUMENT);
}

TEST_F(Open, RefusesMoreThreadsThanScratchAreas) {
  swap_executor e = {
      nullptr, 3,
      [](void *, void (*)(void *, uint64_t, uint32_t), void *, uint64_t) {}};
  c.executor = &e;
  EXPECT_EQ(open(), SWAP_ERR_ARGUMENT);
  e.threads = 2;
  EXPECT_EQ(open(), SWAP_OK);
}

// Verifies that a plan which would reach outside its arena is never run.
TEST_F(Open, RefusesPlansThatReachOutside) {
  auto refused = [&](auto &field, auto value) {
    const auto kept = field;
    field = static_cast<std::remove_reference_t<decltype(field)>>(value);
    EXPECT_EQ(open(), SWAP_ERR_ARGUMENT);
    field = kept;
    EXPECT_EQ(open(), SWAP_OK);
  };
  refused(steps[0].op, 77u);
  refused(steps[0].index, kUnits);
  refused(steps[3].index, 9u);
  refused(steps[3].operand_count, SWAP_MAX_OPERANDS + 1);
  refused(steps[3].scratch_bytes, 65u);
  refused(steps[3].tile_begin, kElements + 1);
  refused(steps[9].aux, uint32_t(SWAP_F32));
  refused(steps[9].tile_end, kIds + 1);
  refused(steps[9].tile_end, UINT64_MAX / 8);
  refused(steps[9].index, 0u);
  refused(operands[2].offset, -1);
  refused(operands[2].offset, int64_t(p.arena_bytes) + 1);
  refused(operands[2].space, 9u);
  refused(operands[0].index, 2u);
  refused(operands[1].index, kUnits);
  refused(operands[10].index, 2u);
  refused(p.scratch_offset, p.arena_bytes - 64);
  refused(p.scratch_stride, 63u);
  std::vector<uint64_t> slots(p.slots, p.slots + kUnits);
  p.slots = slots.data();
  refused(slots[0], 512u);
  refused(slots[0], p.arena_bytes - 4096);
  refused(slots[0], UINT64_MAX - 4095);
  std::vector<swap_blob_unit> units(m.units, m.units + kUnits);
  refused(m.blob_bytes, 4096u);
}

TEST_F(Open, RefusesMisalignedTensors) {
  ASSERT_EQ(swap_open(&session, &m, &p, &c), SWAP_OK);
  Tensors t;
  const void *inputs[2] = {t.x + 1, t.ids};
  void *outputs[2] = {t.y, nullptr};
  EXPECT_EQ(swap_run(&session, inputs, t.outputs), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_run(&session, t.inputs, outputs), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_run(&session, nullptr, t.outputs), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_OK);
  EXPECT_EQ(swap_run(nullptr, t.inputs, t.outputs), SWAP_ERR_ARGUMENT);
  swap_close(&session);
  swap_close(&session);
  swap_close(nullptr);
}

// Verifies the events of a run: one per step, in order, times in sequence.
TEST_F(Open, ReportsEachStep) {
  struct Seen {
    std::string kinds;
    uint64_t last = 0;
  } seen;
  c.clock = [] { return ++ticks; };
  c.event = [](void *context, swap_event_kind kind, uint32_t, uint64_t begin,
               uint64_t end) {
    auto *s = static_cast<Seen *>(context);
    s->kinds += "CIWO"[kind];
    EXPECT_GE(begin, s->last);
    EXPECT_GT(end, begin);
    s->last = end;
  };
  c.event_context = &seen;
  Tensors t;
  ASSERT_EQ(swap_open(&session, &m, &p, &c), SWAP_OK);
  ASSERT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_OK);
  swap_close(&session);
  EXPECT_EQ(seen.kinds, "IIWCOIWCOWWCO");
}

} // namespace
