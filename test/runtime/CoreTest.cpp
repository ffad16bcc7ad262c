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

class Session : public testing::TestWithParam<
                    std::tuple<Way, int, uint32_t, uint32_t, bool>> {
protected:
  const bool isCyclic = std::get<4>(GetParam());
  const swap_model &model = isCyclic ? cyclicModel() : fake::model();
  const swap_plan &plan = model.plans[std::get<1>(GetParam())];
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
  /// Bytes that stay, in whole pages.
  uint64_t resident() const {
    uint64_t bytes = 0;
    for (uint32_t u = 0; u < kUnits; ++u)
      if (plan.resident[u])
        bytes += (model.units[u].length + 4095) / 4096 * 4096;
    return bytes;
  }
};

// Verifies that each way of bringing units in gives the same right outputs, run
// after run, and leaves nothing under way or mapped.
TEST_P(Session, RunsAreRight) {
  const swap_config c = config();
  ASSERT_EQ(swap_open(&session, &model, &plan, &c), SWAP_OK);
  for (uint64_t run = 1; run <= 3; ++run) {
    Tensors t;
    ASSERT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_OK);
    EXPECT_TRUE(t.yIsRight());
    EXPECT_TRUE(t.rowsAreRight());
    EXPECT_EQ(session.counters.runs, run);
    EXPECT_EQ(session.verified, 1u);
    // One read for the next run, where reads overlap.
    const bool isAhead = isCyclic && !plan.resident[0];
    if (std::get<2>(GetParam()) > 1) // else the rows wait for it
      EXPECT_EQ(session.in_flight_count,
                isAhead && (std::get<0>(GetParam()) != Way::Blocking ||
                            std::get<3>(GetParam()) & SWAP_FLAG_SERIAL));
    EXPECT_LE(memory.underWay.size(), size_t(isAhead));
    EXPECT_EQ(session.counters.loaded_bytes, resident());
    EXPECT_LE(memory.mostUnderWay, std::get<2>(GetParam()));
    EXPECT_EQ(session.counters.compute_ns, 3u);
    uint64_t streamed = 0;
    for (uint32_t u = 0; u < kUnits; ++u)
      if (!plan.resident[u])
        streamed +=
            u == kTable ? 96 : (model.units[u].length + 4095) / 4096 * 4096;
    EXPECT_EQ(session.counters.streamed_bytes, streamed);
  }
  swap_close(&session);
  EXPECT_TRUE(memory.underWay.empty());
  EXPECT_TRUE(memory.mapped.empty());
  EXPECT_TRUE(arena.intact());
  Tensors t;
  EXPECT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_ERR_STATE);
}

// Verifies that flags may change from run to run, whatever is under way then,
// that a run which nothing follows reads nothing ahead, and that resident units
// loaded at once are the same.
TEST_P(Session, FlagsChangeBetweenRuns) {
  const swap_config c = config();
  ASSERT_EQ(swap_open(&session, &model, &plan, &c), SWAP_OK);
  EXPECT_EQ(session.counters.loaded_bytes, 0u);
  ASSERT_EQ(swap_load(&session), SWAP_OK);
  ASSERT_EQ(swap_load(&session), SWAP_OK);
  EXPECT_EQ(session.counters.loaded_bytes, resident());
  EXPECT_TRUE(memory.underWay.empty());
  uint64_t streamed = 0;
  for (uint32_t run = 0; run < 64; ++run) {
    session.config.flags =
        (run & 1 ? SWAP_FLAG_SERIAL : 0) | (run & 2 ? SWAP_FLAG_NO_AHEAD : 0);
    if (run & 8)
      session.config.flags ^= SWAP_FLAG_SERIAL;
    Tensors t;
    ASSERT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_OK);
    ASSERT_TRUE(t.yIsRight() && t.rowsAreRight());
    if (run & 2) {
      EXPECT_TRUE(memory.underWay.empty());
      EXPECT_EQ(session.in_flight_count, 0u);
      EXPECT_EQ(session.primed, 0u);
    }
    if (run)
      EXPECT_EQ(session.counters.streamed_bytes, streamed);
    streamed = session.counters.streamed_bytes;
    EXPECT_EQ(session.counters.loaded_bytes, resident());
  }
  swap_close(&session);
  EXPECT_TRUE(memory.underWay.empty());
  EXPECT_TRUE(memory.mapped.empty());
  EXPECT_TRUE(arena.intact());
}

// Verifies that a session goes on with another plan in another arena, from any
// state, and that nothing is written to the old arena afterwards.
TEST_P(Session, PlanChanges) {
  const swap_config c = config();
  ASSERT_EQ(swap_open(&session, &model, &plan, &c), SWAP_OK);
  for (int run = 0; run < 2; ++run) {
    Tensors t;
    ASSERT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_OK);
  }
  for (uint32_t p = 0; p < model.plan_count; ++p) {
    const swap_plan &next = model.plans[p];
    Arena other{next.arena_bytes};
    EXPECT_EQ(swap_set_plan(&session, &next, other.data(), other.bytes - 1),
              SWAP_ERR_BUDGET);
    EXPECT_EQ(swap_set_plan(&session, nullptr, other.data(), other.bytes),
              SWAP_ERR_BUDGET);
    EXPECT_EQ(swap_set_plan(&session, &next, other.data() + 64, other.bytes),
              SWAP_ERR_ARGUMENT);
    Tensors before; // refusals change nothing
    ASSERT_EQ(swap_run(&session, before.inputs, before.outputs), SWAP_OK);
    ASSERT_EQ(swap_set_plan(&session, &next, other.data(), other.bytes),
              SWAP_OK);
    EXPECT_TRUE(memory.underWay.empty());
    EXPECT_TRUE(memory.mapped.empty());
    memset(arena.data(), 0xA5, arena.bytes);
    for (int run = 0; run < 3; ++run) {
      Tensors t;
      ASSERT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_OK);
      EXPECT_TRUE(t.yIsRight() && t.rowsAreRight());
    }
    for (uint64_t i = 0; i < arena.bytes; ++i)
      ASSERT_EQ(arena.data()[i], 0xA5);
    ASSERT_EQ(swap_set_plan(&session, &plan, arena.data(), arena.bytes),
              SWAP_OK);
    EXPECT_TRUE(other.intact());
  }
  Tensors t;
  ASSERT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_OK);
  swap_drain(&session);
  EXPECT_TRUE(memory.underWay.empty());
  t.clear();
  ASSERT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_OK);
  EXPECT_TRUE(t.yIsRight() && t.rowsAreRight());
  swap_close(&session);
  EXPECT_EQ(swap_set_plan(&session, &plan, arena.data(), arena.bytes),
            SWAP_ERR_STATE);
  EXPECT_EQ(swap_load(&session), SWAP_ERR_STATE);
}

// Verifies that an index outside the table is refused and that the session
// then runs again.
TEST_P(Session, RowIndexOutside) {
  const swap_config c = config();
  ASSERT_EQ(swap_open(&session, &model, &plan, &c), SWAP_OK);
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
                     testing::Values(0u, SWAP_FLAG_SERIAL, SWAP_FLAG_NO_VERIFY),
                     testing::Bool()));

TEST(ChoosePlan, PrefersRoomUntilNothingStreams) {
  swap_model m = model();
  swap_plan plans[4] = {m.plans[0], m.plans[0], m.plans[0], m.plans[0]};
  const uint64_t streamed[4] = {70, 80, 0, 0};
  for (uint64_t i = 0; i < 4; ++i) {
    plans[i].arena_bytes = 4096 * (i + 1);
    plans[i].streamed_bytes = streamed[i];
  }
  m.plans = plans;
  m.plan_count = 4;
  EXPECT_EQ(swap_choose_plan(&m, 4096), &plans[0]);
  EXPECT_EQ(swap_choose_plan(&m, 8192), &plans[1]);
  EXPECT_EQ(swap_choose_plan(&m, UINT64_MAX), &plans[2]);
}

// A smaller region and more residents may be slower than a smaller budget, or
// than one in which nothing streams either.
TEST(ChoosePlan, PrefersTheFasterWhereThatIsPredicted) {
  swap_model m = model();
  swap_plan plans[4] = {m.plans[0], m.plans[0], m.plans[0], m.plans[0]};
  const uint64_t streamed[4] = {70, 50, 0, 0};
  const uint64_t ns[4] = {240000, 280000, 260000, 239000};
  for (uint64_t i = 0; i < 4; ++i) {
    plans[i].arena_bytes = 4096 * (i + 1);
    plans[i].streamed_bytes = streamed[i];
    plans[i].predicted_ns = ns[i];
  }
  m.plans = plans;
  m.plan_count = 4;
  EXPECT_EQ(swap_choose_plan(&m, 4096), &plans[0]);
  EXPECT_EQ(swap_choose_plan(&m, 8192), &plans[0]);
  EXPECT_EQ(swap_choose_plan(&m, 12288), &plans[0]);
  EXPECT_EQ(swap_choose_plan(&m, 16384), &plans[3]);
  // About as fast is not faster.
  plans[2].predicted_ns = 241000;
  EXPECT_EQ(swap_choose_plan(&m, 12288), &plans[2]);
}

TEST(ChoosePlan, FitsTheArena) {
  const swap_model &m = model();
  EXPECT_EQ(swap_choose_plan(&m, UINT64_MAX), &m.plans[2]);
  EXPECT_EQ(swap_choose_plan(&m, m.plans[2].arena_bytes), &m.plans[2]);
  EXPECT_EQ(swap_choose_plan(&m, m.plans[2].arena_bytes - 1), &m.plans[1]);
  EXPECT_EQ(swap_choose_plan(&m, m.plans[0].arena_bytes), &m.plans[0]);
  EXPECT_EQ(swap_choose_plan(&m, m.plans[0].arena_bytes - 1), nullptr);
  EXPECT_EQ(swap_choose_plan(nullptr, 1), nullptr);
}

TEST(Status, EveryOneHasASentence) {
  for (int status = 0; status >= SWAP_ERR_TIMEOUT; --status)
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

// Verifies that a first run computes before all resident units are in, reads
// them in the order of their use, and waits for those that a kernel reads.
TEST_F(Open, ResidentUnitsComeInBesideTheFirstRun) {
  const swap_plan &all = m.plans[2];
  Arena room{all.arena_bytes};
  MemoryStorage narrow{blob(), Way::Asynchronous, 1};
  static MemoryStorage *seen;
  static std::vector<int> reads;
  seen = &narrow;
  reads.clear();
  c.arena = room.data();
  c.arena_bytes = room.bytes;
  c.storage = &narrow.storage;
  c.event = [](void *, swap_event_kind kind, uint32_t, uint64_t, uint64_t) {
    if (kind == SWAP_EVENT_CALL)
      reads.push_back(seen->reads);
  };
  ASSERT_EQ(swap_open(&session, &m, &all, &c), SWAP_OK);
  narrow.reads = 0;
  Tensors t;
  ASSERT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_OK);
  EXPECT_TRUE(t.yIsRight() && t.rowsAreRight());
  // When the first kernel has run, not all four were begun.
  ASSERT_EQ(reads.size(), 3u);
  EXPECT_LT(reads[0], 4);
  EXPECT_EQ(narrow.reads, 4);
  EXPECT_EQ(session.counters.streamed_bytes, 0u);
  ASSERT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_OK);
  EXPECT_EQ(narrow.reads, 4);
  swap_close(&session);
}

// Records which tiles run.
std::vector<std::pair<uint64_t, uint64_t>> *ran;
void record(void *const *operands, uint64_t begin, uint64_t end, void *) {
  EXPECT_NE(operands[0], nullptr);
  ran->push_back({begin, end});
}

class Bands : public Open {
protected:
  swap_kernel kernels[1] = {{"record", record}};
  std::vector<std::pair<uint64_t, uint64_t>> calls;
  void SetUp() override {
    Open::SetUp();
    m.kernels = kernels;
    m.kernel_count = 1;
    steps = {{SWAP_OP_CALL, 0, 2, 1, 0, 0, 64, 0}};
    p.steps = steps.data();
    p.step_count = 1;
    ran = &calls;
  }
  std::vector<std::pair<uint64_t, uint64_t>> run(uint64_t begin, uint64_t end,
                                                 uint32_t panel) {
    calls.clear();
    steps[0].tile_begin = begin;
    steps[0].tile_end = end;
    steps[0].aux = panel;
    Tensors t;
    EXPECT_EQ(swap_open(&session, &m, &p, &c), SWAP_OK);
    EXPECT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_OK);
    swap_close(&session);
    return calls;
  }
};

// Verifies which tiles a band of rows is: once per panel on one thread, each
// tile by itself on several.
TEST_F(Bands, TilesOfEachPanel) {
  using Calls = std::vector<std::pair<uint64_t, uint64_t>>;
  EXPECT_EQ(run(3, 20, 0), (Calls{{3, 20}}));
  EXPECT_EQ(run(0, 20, 10), (Calls{{0, 10}, {10, 20}}));
  EXPECT_EQ(run(12, 35, 10), (Calls{{12, 15}, {22, 25}, {32, 35}}));
  EXPECT_EQ(run(7, 8, 10), (Calls{{7, 8}}));
  EXPECT_EQ(run(9, 50, 10),
            (Calls{{9, 10}, {19, 20}, {29, 30}, {39, 40}, {49, 50}}));
  EXPECT_EQ(run(0, 0, 10), Calls());
  EXPECT_EQ(run(5, 5, 0), Calls());
  EXPECT_EQ(run(1, 4, 1), (Calls{{1, 2}, {2, 3}, {3, 4}}));
  swap_executor backwards = {nullptr, 2,
                             [](void *,
                                void (*task)(void *, uint64_t, uint32_t),
                                void *context, uint64_t count) {
                               while (count)
                                 task(context, --count, 1);
                             }};
  c.executor = &backwards;
  EXPECT_EQ(run(12, 24, 10), (Calls{{23, 24}, {22, 23}, {13, 14}, {12, 13}}));
  EXPECT_EQ(run(3, 6, 0), (Calls{{5, 6}, {4, 5}, {3, 4}}));
}

// Verifies that only bands may have operands that start outside the arena, and
// that one which ends before it begins is refused.
TEST_F(Bands, Checks) {
  steps[0].tile_end = 24;
  for (int64_t offset : {int64_t(-4096), int64_t(p.arena_bytes) + 64}) {
    operands[2].offset = offset;
    steps[0].aux = 0;
    EXPECT_EQ(open(), SWAP_ERR_ARGUMENT);
    steps[0].aux = 10;
    EXPECT_EQ(open(), SWAP_OK);
  }
  operands[2] = {SWAP_SPACE_OUTPUT, 0, -64};
  EXPECT_EQ(open(), SWAP_ERR_ARGUMENT);
  operands[2].offset = 0;
  EXPECT_EQ(open(), SWAP_OK);
  steps[0].tile_begin = 15; // tiles 5 to 4
  EXPECT_EQ(open(), SWAP_ERR_ARGUMENT);
}

} // namespace
