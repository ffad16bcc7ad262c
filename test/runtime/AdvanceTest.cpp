//===- AdvanceTest.cpp - Runs in pieces -------------------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Whatever is late, however often control is given back and whoever runs in
// between: a run in pieces does what swap_run does. (That each call of storage
// may fail is in StorageFaultTest.cpp.)
//===----------------------------------------------------------------------===//
#include "FakeModel.h"
#include "MemoryStorage.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <memory>
#include <tuple>

using namespace fake;

namespace {

uint64_t ticks;
int yields(void *context) {
  auto *random = static_cast<std::minstd_rand *>(context);
  return random ? (*random)() % 2 : 1;
}

/// A session with its arena and tensors.
struct Client {
  const swap_model &model;
  Arena arena{model.plans[2].arena_bytes};
  swap_session session = {};
  Tensors t;
  swap_config config = {};

  Client(const swap_model &model, uint32_t plan, MemoryStorage &storage,
         uint32_t flags = 0, int (*yield)(void *) = nullptr,
         void *context = nullptr)
      : model(model) {
    config.arena = arena.data();
    config.arena_bytes = arena.bytes;
    config.storage = &storage.storage;
    config.clock = [] { return ++ticks; };
    config.flags = flags;
    config.yield = yield;
    config.yield_context = context;
    EXPECT_EQ(swap_open(&session, &model, &model.plans[plan], &config),
              SWAP_OK);
  }
  ~Client() { swap_close(&session); }

  int start() {
    t.clear();
    return swap_start(&session, t.inputs, t.outputs);
  }
  bool isRight() {
    return t.yIsRight() && t.rowsAreRight() && t.areIntact() && arena.intact();
  }
};

/// Way, plan, cyclic, flags, depth.
class Pieces : public testing::TestWithParam<
                   std::tuple<Way, uint32_t, bool, uint32_t, uint32_t>> {
protected:
  const Way way = std::get<0>(GetParam());
  const uint32_t plan = std::get<1>(GetParam());
  const swap_model &model = std::get<2>(GetParam()) ? cyclicModel() : fake::model();
  const uint32_t flags = std::get<3>(GetParam());
  const uint32_t depth = std::get<4>(GetParam());
  std::minstd_rand random{plan + 7};

  bool isPolled() const {
    return way == Way::Polled || way == Way::PolledScattered;
  }
};

// Verifies outputs, counters and the number of reads against swap_run, and that
// nothing is waited for that could be asked about.
TEST_P(Pieces, SameAsInOneGo) {
  MemoryStorage whole{blob(), way, depth}, parts{blob(), way, depth};
  Client a{model, plan, whole, flags};
  Client b{model, plan, parts, flags, yields, &random};
  parts.random = &random;
  parts.blocked = 0;
  int pending = 0;
  for (uint64_t run = 1; run <= 8; ++run) {
    a.t.clear();
    ASSERT_EQ(swap_run(&a.session, a.t.inputs, a.t.outputs), SWAP_OK);
    ASSERT_EQ(b.start(), SWAP_OK);
    int status;
    while ((status = swap_advance(&b.session)) > 0) {
      pending += status == SWAP_PENDING;
      if (status == SWAP_PENDING)
        EXPECT_FALSE(parts.underWay.empty());
      EXPECT_EQ(b.session.unsubmitted, 0u);
      EXPECT_EQ(b.session.failed_unit, UINT32_MAX);
    }
    ASSERT_EQ(status, SWAP_OK);
    EXPECT_TRUE(a.isRight());
    EXPECT_TRUE(b.isRight());
    const swap_counters &x = a.session.counters, &y = b.session.counters;
    EXPECT_EQ(y.runs, run);
    EXPECT_EQ(x.streamed_bytes, y.streamed_bytes);
    EXPECT_EQ(x.loaded_bytes, y.loaded_bytes);
    EXPECT_EQ(y.total_ns, y.compute_ns + y.stall_ns);
  }
  EXPECT_EQ(whole.reads, parts.reads);
  EXPECT_EQ(swap_advance(&b.session), SWAP_ERR_STATE);
  swap_close(&b.session);
  EXPECT_FALSE(parts.isMisused);
  EXPECT_TRUE(parts.underWay.empty());
  if (isPolled() && !(flags & SWAP_FLAG_SERIAL)) {
    EXPECT_EQ(parts.blocked, 0);
    EXPECT_GT(pending, 0);
    EXPECT_GT(parts.submits, 0);
  } else {
    EXPECT_EQ(pending, 0);
  }
}

// Verifies that each advance gets one kernel or gather further where the caller
// always wants control back.
TEST_P(Pieces, OneCallAtATime) {
  MemoryStorage storage{blob(), way, depth};
  Client c{model, plan, storage, flags, yields, nullptr};
  for (int run = 0; run < 2; ++run) {
    ASSERT_EQ(c.start(), SWAP_OK);
    int yielded = 0, status;
    while ((status = swap_advance(&c.session)) > 0) {
      yielded += status == SWAP_YIELDED;
      const uint32_t op = c.session.plan->steps[c.session.step].op;
      if (status == SWAP_YIELDED)
        EXPECT_TRUE(op == SWAP_OP_CALL || op == SWAP_OP_ROWS);
    }
    EXPECT_EQ(status, SWAP_OK);
    EXPECT_EQ(yielded, 4);
    EXPECT_TRUE(c.isRight());
  }
  swap_close(&c.session);
}

// Verifies that a run given up after any number of advances, in any of the ways
// there are, leaves nothing under way and the session as good as new.
TEST_P(Pieces, GivenUpAnywhere) {
  for (int how = 0; how < 4; ++how)
    for (int before = 0, isOver = 0; !isOver; ++before) {
      SCOPED_TRACE(testing::Message() << how << " after " << before);
      MemoryStorage storage{blob(), way, depth};
      Client c{model, plan, storage, flags, yields, nullptr};
      if (how == 3) { // in the second run
        ASSERT_EQ(swap_run(&c.session, c.t.inputs, c.t.outputs), SWAP_OK);
      }
      ASSERT_EQ(c.start(), SWAP_OK);
      for (int i = 0; i < before && !isOver; ++i)
        isOver = swap_advance(&c.session) <= 0;
      if (isOver)
        break;
      how == 1 ? swap_drain(&c.session) : swap_abandon(&c.session);
      if (how == 2)
        swap_evict(&c.session);
      EXPECT_TRUE(storage.underWay.empty());
      memset(c.t.y, 0, sizeof c.t.y);
      EXPECT_EQ(swap_advance(&c.session), SWAP_ERR_STATE);
      for (int run = 0; run < 2; ++run) {
        c.t.clear();
        ASSERT_EQ(swap_run(&c.session, c.t.inputs, c.t.outputs), SWAP_OK);
        EXPECT_TRUE(c.isRight());
      }
      ASSERT_EQ(c.start(), SWAP_OK);
      for (int i = 0; i < before && !isOver; ++i)
        isOver = swap_advance(&c.session) <= 0;
      swap_close(&c.session);
      EXPECT_TRUE(storage.underWay.empty());
      EXPECT_TRUE(storage.mapped.empty());
    }
}

constexpr auto kWays = {Way::Blocking, Way::Asynchronous,   Way::Scattered,
                        Way::Mapped,   Way::Polled,         Way::PolledScattered};
INSTANTIATE_TEST_SUITE_P(All, Pieces,
                         testing::Combine(testing::ValuesIn(kWays),
                                          testing::Values(0u, 1u, 2u),
                                          testing::Bool(),
                                          testing::Values(0u, SWAP_FLAG_NO_AHEAD,
                                                          SWAP_FLAG_SERIAL),
                                          testing::Values(1u, 3u)));

// Verifies that sessions of several plans and models whose pieces alternate at
// random, and are abandoned, drained or given another plan at random, compute
// what each does alone.
TEST(Advance, SeveralSessionsAtRandom) {
  for (uint32_t seed = 1; seed <= 6; ++seed) {
    std::minstd_rand random{seed};
    MemoryStorage storage{blob(), seed % 2 ? Way::Polled : Way::PolledScattered,
                          seed % 3 + 1};
    storage.random = &random;
    std::vector<std::unique_ptr<Client>> clients;
    std::vector<int> runs(6);
    for (uint32_t i = 0; i < runs.size(); ++i)
      clients.push_back(std::make_unique<Client>(i % 2 ? cyclicModel() : model(),
                                                 i % 3, storage, 0u, yields,
                                                 &random));
    for (int i = 0; i < 3000; ++i) {
      const size_t which = random() % clients.size();
      Client &c = *clients[which];
      swap_session &s = c.session;
      if (!s.started && random() % 8 == 0) {
        ASSERT_EQ(swap_set_plan(&s, &c.model.plans[random() % 3], c.arena.data(),
                                c.arena.bytes),
                  SWAP_OK);
      } else if (!s.started) {
        ASSERT_EQ(c.start(), SWAP_OK);
      } else if (random() % 64 == 0) {
        swap_abandon(&s);
      } else if (random() % 64 == 0) {
        swap_drain(&s);
      } else {
        const int status = swap_advance(&s);
        ASSERT_GE(status, 0);
        if (status == SWAP_OK) {
          ASSERT_TRUE(c.isRight());
          ++runs[which];
        }
      }
    }
    for (int count : runs)
      EXPECT_GT(count, 3);
    clients.clear();
    EXPECT_TRUE(storage.underWay.empty());
    EXPECT_FALSE(storage.isMisused);
  }
}

// Verifies that nothing else may be done while a run is started, that such
// attempts do no harm, and that one cannot be advanced that is not.
TEST(Advance, OutOfOrder) {
  MemoryStorage storage{blob(), Way::Polled};
  Client c{model(), 1, storage, 0, yields, nullptr};
  swap_session &s = c.session;
  EXPECT_EQ(swap_start(nullptr, c.t.inputs, c.t.outputs), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_advance(nullptr), SWAP_ERR_ARGUMENT);
  swap_abandon(nullptr);
  EXPECT_EQ(swap_advance(&s), SWAP_ERR_STATE);
  swap_abandon(&s);
  EXPECT_EQ(swap_start(&s, nullptr, c.t.outputs), SWAP_ERR_ARGUMENT);
  EXPECT_EQ(s.status, SWAP_ERR_ARGUMENT);
  EXPECT_EQ(swap_advance(&s), SWAP_ERR_STATE);
  ASSERT_EQ(c.start(), SWAP_OK);
  int status = SWAP_PENDING;
  while (status > 0) {
    alignas(64) uint8_t buffer[4096];
    EXPECT_EQ(swap_start(&s, c.t.inputs, c.t.outputs), SWAP_ERR_STATE);
    EXPECT_EQ(swap_run(&s, c.t.inputs, c.t.outputs), SWAP_ERR_STATE);
    EXPECT_EQ(swap_load(&s), SWAP_ERR_STATE);
    EXPECT_EQ(swap_fill(&s, 1 << 20), SWAP_ERR_STATE);
    EXPECT_EQ(swap_verify(&s, 0, buffer, sizeof buffer), SWAP_ERR_STATE);
    EXPECT_EQ(swap_set_plan(&s, s.plan, c.arena.data(), c.arena.bytes),
              SWAP_ERR_STATE);
    EXPECT_EQ(swap_set_arena(&s, c.arena.data(), c.arena.bytes), SWAP_ERR_STATE);
    status = swap_advance(&s);
  }
  EXPECT_EQ(status, SWAP_OK);
  EXPECT_TRUE(c.isRight());
  swap_close(&s);
  EXPECT_EQ(swap_start(&s, c.t.inputs, c.t.outputs), SWAP_ERR_STATE);
  EXPECT_EQ(swap_advance(&s), SWAP_ERR_STATE);
}

// Verifies that gathers follow each other from their first row on, in one go and
// in pieces.
TEST(Advance, TwoGathers) {
  const swap_plan &plain = model().plans[0];
  std::vector<swap_step> steps(plain.steps, plain.steps + plain.step_count);
  std::vector<swap_operand> operands(plain.operands, plain.operands + 11);
  const auto gather =
      std::find_if(steps.begin(), steps.end(),
                   [](const swap_step &s) { return s.op == SWAP_OP_ROWS; });
  operands.push_back(operands[6]);
  operands.push_back({SWAP_SPACE_ARENA, 0, 1024});
  swap_step first = *gather;
  first.first_operand = 11;
  steps.insert(gather, first);
  swap_plan plan = plain;
  plan.steps = steps.data();
  plan.step_count += 1;
  plan.operands = operands.data();
  for (Way way : {Way::Blocking, Way::Scattered, Way::PolledScattered}) {
    MemoryStorage storage{blob(), way, 1};
    Client c{model(), 0, storage};
    ASSERT_EQ(swap_set_plan(&c.session, &plan, c.arena.data(), c.arena.bytes),
              SWAP_OK);
    for (int run = 0; run < 4; ++run) {
      memset(c.arena.data(), 0, c.arena.bytes);
      c.t.clear();
      if (run % 2) {
        ASSERT_EQ(swap_run(&c.session, c.t.inputs, c.t.outputs), SWAP_OK);
      } else {
        ASSERT_EQ(c.start(), SWAP_OK);
        while (swap_advance(&c.session) > 0)
          ;
      }
      EXPECT_TRUE(c.isRight());
      EXPECT_EQ(memcmp(c.arena.data() + 1024, c.t.rows, sizeof c.t.rows), 0);
    }
  }
}

// Verifies that time between two advances is neither compute nor stall.
TEST(Advance, TimeOutsideDoesNotCount) {
  MemoryStorage storage{blob(), Way::Polled};
  Client c{model(), 0, storage, 0, yields, nullptr};
  ASSERT_EQ(c.start(), SWAP_OK);
  do
    ticks += 1000000;
  while (swap_advance(&c.session) > 0);
  const swap_counters &counters = c.session.counters;
  EXPECT_EQ(counters.total_ns, counters.compute_ns + counters.stall_ns);
  EXPECT_EQ(counters.compute_ns, 3u); // three kernels of one tick
  EXPECT_GT(counters.stall_ns, 0u);
  EXPECT_LT(counters.total_ns, 1000u);
  EXPECT_EQ(counters.runs, 1u);
}

// Verifies that a read that does not end is given up when its time is over,
// counted from when it was first found missing, and not before.
TEST(Advance, TimeIsUp) {
  MemoryStorage storage{blob(), Way::Polled};
  Client c{model(), 0, storage};
  swap_close(&c.session);
  c.config.timeout_ns = 5000;
  ASSERT_EQ(swap_open(&c.session, &model(), &model().plans[0], &c.config),
            SWAP_OK);
  storage.failRead(Fault::Never, 1);
  ASSERT_EQ(c.start(), SWAP_OK);
  ticks += 1000000; // not begun yet
  int pieces = 0, status;
  while ((status = swap_advance(&c.session)) == SWAP_PENDING) {
    ticks += 100;
    ++pieces;
  }
  EXPECT_EQ(status, SWAP_ERR_TIMEOUT);
  EXPECT_GT(pieces, 40);
  EXPECT_LT(pieces, 55);
  EXPECT_EQ(c.session.failed_unit, 1u);
  EXPECT_EQ(swap_advance(&c.session), SWAP_ERR_STATE);
  EXPECT_TRUE(storage.underWay.empty());
  storage.fault = Fault::None;
  // One that was late but is over when it is asked about again is in time.
  ASSERT_EQ(c.start(), SWAP_OK);
  while ((status = swap_advance(&c.session)) == SWAP_PENDING)
    for (auto &read : storage.underWay) {
      read.second.polls = 100;
      ticks += 1000000;
    }
  EXPECT_EQ(status, SWAP_OK);
  EXPECT_TRUE(c.isRight());
  EXPECT_FALSE(storage.isMisused);
}

} // namespace
