//===- FaultTest.cpp - Every read goes wrong once ---------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "FakeModel.h"
#include "MemoryStorage.h"

#include <gtest/gtest.h>
#include <tuple>

using namespace fake;

namespace {

class Faults : public testing::TestWithParam<
                   std::tuple<Way, int, Fault, uint32_t, bool>> {
protected:
  const Way way = std::get<0>(GetParam());
  const swap_model &model =
      std::get<4>(GetParam()) ? cyclicModel() : fake::model();
  const swap_plan &plan = model.plans[std::get<1>(GetParam())];
  const Fault fault = std::get<2>(GetParam());
  swap_session session;

  int open(MemoryStorage &memory, Arena &arena) {
    swap_config c = {};
    c.arena = arena.data();
    c.arena_bytes = arena.bytes;
    c.storage = &memory.storage;
    c.flags = std::get<3>(GetParam());
    return swap_open(&session, &model, &plan, &c);
  }
  bool isExpected(int status) const {
    if (fault == Fault::Short)
      return status == SWAP_ERR_SHORT;
    if (fault == Fault::WrongBit)
      return status == SWAP_ERR_CHECKSUM || status == SWAP_ERR_BLOB ||
             status == SWAP_ERR_HASH;
    return status == SWAP_ERR_IO;
  }
};

// Verifies for every n that a fault in the n-th read of opening and loading is
// reported,
// leaves nothing under way, and that opening again then works.
TEST_P(Faults, InOpen) {
  MemoryStorage probe{blob(), way};
  Arena arena{plan.arena_bytes};
  ASSERT_EQ(open(probe, arena), SWAP_OK);
  ASSERT_EQ(swap_load(&session), SWAP_OK);
  swap_close(&session);
  for (int n = 0; n < probe.reads; ++n) {
    MemoryStorage memory{blob(), way};
    memory.failRead(fault, n);
    int status = open(memory, arena);
    if (!status && (status = swap_load(&session))) {
      EXPECT_LT(session.failed_unit, kUnits);
      EXPECT_TRUE(memory.underWay.empty());
      memory.failRead(Fault::None, -1);
      EXPECT_EQ(swap_load(&session), SWAP_OK); // it may be tried again
      swap_close(&session);
      session.status = status;
    }
    // Blocking reads cannot fail to begin, mapped memory cannot be short; the
    // probe of the last byte does not look at it.
    if (status == SWAP_OK) {
      EXPECT_TRUE(fault != Fault::Io || way == Way::Mapped);
      swap_close(&session);
    } else {
      EXPECT_TRUE(isExpected(status)) << n << ": " << status;
      EXPECT_EQ(session.status, status);
    }
    EXPECT_TRUE(memory.underWay.empty());
    EXPECT_TRUE(memory.mapped.empty());
    EXPECT_TRUE(arena.intact());
    memory.failRead(Fault::None, -1);
    ASSERT_EQ(open(memory, arena), SWAP_OK);
    swap_close(&session);
  }
}

// Verifies for every n that a fault in the n-th read of a run is reported with
// its unit, leaves nothing under way, and that the next run is right.
TEST_P(Faults, InRun) {
  MemoryStorage memory{blob(), way};
  Arena arena{plan.arena_bytes};
  ASSERT_EQ(open(memory, arena), SWAP_OK);
  memory.failRead(Fault::None, -1);
  Tensors t;
  // A second session over the same model, so that checksums are verified.
  ASSERT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_OK);
  const int reads = memory.reads;
  for (int n = 0; n < reads; ++n) {
    swap_close(&session);
    memory.failRead(Fault::None, -1);
    ASSERT_EQ(open(memory, arena), SWAP_OK);
    memory.failRead(fault, n);
    t.clear();
    const int status = swap_run(&session, t.inputs, t.outputs);
    EXPECT_EQ(session.status, status);
    if (status == SWAP_OK) {
      // Only what is not verified may pass: rows, and all where it is switched
      // off. A read for the next run fails that one: see InRunsOnEnd.
      EXPECT_TRUE(fault != Fault::Io || way == Way::Mapped ||
                  (&model == &cyclicModel() && !plan.resident[0]));
      if (fault == Fault::WrongBit &&
          !(std::get<3>(GetParam()) & SWAP_FLAG_NO_VERIFY)) {
        EXPECT_TRUE(t.yIsRight());
      }
    } else {
      EXPECT_TRUE(isExpected(status)) << n << ": " << status;
      EXPECT_LT(session.failed_unit, kUnits);
      EXPECT_GE(session.failed_offset, model.units[session.failed_unit].offset);
      EXPECT_TRUE(memory.underWay.empty());
      EXPECT_EQ(session.primed, 0u);
    }
    memory.failRead(Fault::None, -1);
    ASSERT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_OK);
    EXPECT_TRUE(t.yIsRight() && t.rowsAreRight()) << n;
    EXPECT_TRUE(arena.intact());
  }
  swap_close(&session);
  EXPECT_TRUE(memory.underWay.empty());
  EXPECT_TRUE(memory.mapped.empty());
}

// Verifies for every n that a fault in the n-th read of three runs on end, some
// of them reads for the next run, fails one run only, with nothing wrong in the
// others.
TEST_P(Faults, InRunsOnEnd) {
  MemoryStorage memory{blob(), way};
  Arena arena{plan.arena_bytes};
  for (int n = 0, all = 1; n < all; ++n) {
    memory.failRead(Fault::None, -1);
    ASSERT_EQ(open(memory, arena), SWAP_OK);
    if (fault != Fault::WrongBit) // seen in the first run only
      memory.failRead(fault, n);
    int failures = 0;
    for (int run = 0; run < 4; ++run) {
      Tensors t;
      if (swap_run(&session, t.inputs, t.outputs))
        ++failures;
      else
        EXPECT_TRUE(t.yIsRight() && t.rowsAreRight()) << n;
      if (run == 2)
        all = memory.reads;
    }
    EXPECT_LE(failures, 1);
    if (fault == Fault::Io && way != Way::Mapped)
      EXPECT_EQ(failures, n < all);
    swap_close(&session);
    EXPECT_TRUE(memory.underWay.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Faults,
    testing::Combine(testing::Values(Way::Blocking, Way::Asynchronous,
                                     Way::Scattered, Way::Mapped),
                     testing::Values(0, 1, 2),
                     testing::Values(Fault::Io, Fault::Short, Fault::Begin,
                                     Fault::WrongBit),
                     testing::Values(0u, SWAP_FLAG_SERIAL), testing::Bool()));

// Verifies that a blob cut at any page, and one with any byte of its units
// altered, is noticed no later than in the first run.
TEST(Blob, CutOrAltered) {
  Arena arena{model().plans[0].arena_bytes};
  swap_session session;
  swap_config c = {};
  c.arena = arena.data();
  c.arena_bytes = arena.bytes;
  for (uint64_t size = 0; size < blob().size(); size += 1024) {
    std::vector<uint8_t> cut(blob().begin(),
                             blob().begin() + static_cast<long>(size));
    MemoryStorage memory{cut, Way::Asynchronous};
    c.storage = &memory.storage;
    EXPECT_EQ(swap_open(&session, &model(), &model().plans[0], &c),
              SWAP_ERR_SHORT)
        << size;
  }
  for (uint32_t u : {0u, 1u, 3u})
    for (uint64_t at = 0; at < model().units[u].length; at += 97) {
      MemoryStorage memory{blob(), Way::Asynchronous};
      memory.blob[model().units[u].offset + at] ^= 0x80;
      c.storage = &memory.storage;
      Tensors t;
      ASSERT_EQ(swap_open(&session, &model(), &model().plans[0], &c), SWAP_OK);
      EXPECT_EQ(swap_run(&session, t.inputs, t.outputs), SWAP_ERR_CHECKSUM);
      EXPECT_EQ(session.failed_unit, u);
      swap_close(&session);
    }
  for (uint64_t at = 0; at < sizeof(swap_blob_header); ++at) {
    MemoryStorage memory{blob(), Way::Asynchronous};
    memory.blob[at] ^= 0x80;
    c.storage = &memory.storage;
    const int status = swap_open(&session, &model(), &model().plans[0], &c);
    EXPECT_TRUE(status == SWAP_ERR_BLOB || status == SWAP_ERR_HASH) << at;
  }
}

} // namespace
