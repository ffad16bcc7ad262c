//===- StorageFaultTest.cpp - Each call of storage fails once ---*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A whole life of a session: opened, loaded, run, verified unit by unit, evicted
// and run again. For every n the n-th call of storage goes wrong, in each way
// that it can; what failed is then tried again and must work. Runs are made in
// one go, in pieces, or in pieces with resident units in their homes.
//===----------------------------------------------------------------------===//
#include "FakeModel.h"
#include "MemoryStorage.h"

#include <gtest/gtest.h>
#include <tuple>

using namespace fake;

namespace {

uint64_t ticks;

enum class Runs { Whole, Pieces, Homes };

/// Blocks are what `read_bytes` and `buffer_align` are; plan 3 is in place.
class StorageFaults
    : public testing::TestWithParam<
          std::tuple<Way, uint32_t, int, uint32_t, bool, Runs>> {
protected:
  const Way way = std::get<0>(GetParam());
  const uint32_t blocks = std::get<1>(GetParam());
  const bool isInPlace = std::get<2>(GetParam()) == 3;
  const uint32_t flags = std::get<3>(GetParam());
  const swap_model &model = firmwareModel(std::get<4>(GetParam()));
  const swap_plan &plan =
      isInPlace ? inPlacePlan() : model.plans[std::get<2>(GetParam())];
  const Runs kind = std::get<5>(GetParam());
  const bool hasHomes = kind == Runs::Homes;
  Arena arena{hasHomes ? plan.region_bytes : plan.arena_bytes};
  Arena homes{model.blob_bytes};
  uint8_t present[kUnits] = {};
  alignas(64) uint8_t buffer[16384];
  swap_session session;
  bool isPolled() const {
    return way == Way::Polled || way == Way::PolledScattered;
  }
  bool isAsynchronous() const {
    return way != Way::Blocking && way != Way::Mapped;
  }

  int open(MemoryStorage &memory) {
    memory.storage.read_bytes = memory.storage.buffer_align = blocks;
    swap_config c = {};
    c.arena = arena.data();
    c.arena_bytes = arena.bytes;
    c.storage = &memory.storage;
    c.clock = [] { return ++ticks; };
    c.timeout_ns = isPolled() ? 50 : 0;
    c.flags = flags;
    c.homes = hasHomes ? homes.data() : nullptr;
    c.present = present;
    c.yield = [](void *) { return ++ticks % 2 ? 1 : 0; };
    return swap_open(&session, &model, &plan, &c);
  }

  int run(Tensors &t) {
    if (kind == Runs::Whole)
      return swap_run(&session, t.inputs, t.outputs);
    int status = swap_start(&session, t.inputs, t.outputs);
    if (!status)
      while ((status = swap_advance(&session)) > 0)
        ;
    return status;
  }

  /// Whether wrong bytes may come in and no call say so: of rows, for which
  /// there is no checksum, of units that were verified once, and of the end of
  /// the blob, which is only asked for.
  bool mayPass(uint64_t offset, Fault fault, bool isVerify, int runs) const {
    if (fault != Fault::WrongBit && fault != Fault::Partial)
      return false;
    if (isVerify)
      return false;
    const swap_blob_unit &table = model.units[kTable];
    const bool isRows = offset >= table.offset &&
                        offset < table.offset + table.length &&
                        !plan.resident[kTable] && !isInPlace;
    bool isHome = false;
    for (uint32_t u = 0; hasHomes && u < kUnits; ++u)
      isHome |= plan.resident[u] && offset == model.units[u].offset;
    return isRows || offset >= blob().size() - 64 ||
           (runs && !isHome && !(flags & SWAP_FLAG_VERIFY_ALWAYS));
  }

  /// One step of the session's life. `isRight` is about outputs.
  int step(int number, MemoryStorage &memory, bool &isRight) {
    isRight = true;
    if (number == 0)
      return open(memory);
    if (number == 1 && hasHomes) {
      int status;
      while ((status = swap_fill(&session, 4096)) > 0)
        ;
      return status;
    }
    if (number == 1)
      return swap_load(&session);
    if (number < 4 || number == 4 + kUnits || number == 5 + kUnits) {
      if (number == 4 + kUnits) {
        swap_evict(&session);
        memset(present, 0, sizeof present);
      }
      Tensors t;
      const int status = run(t);
      EXPECT_TRUE(t.areIntact());
      isRight = t.yIsRight() && t.rowsAreRight();
      return status;
    }
    return swap_verify(&session, static_cast<uint32_t>(number) - 4, buffer,
                       sizeof buffer);
  }
  static constexpr int kSteps = 6 + kUnits;

  static bool isExpected(Fault fault, int status) {
    switch (fault) {
    case Fault::Short:
      return status == SWAP_ERR_SHORT;
    case Fault::Never:
      return status == SWAP_ERR_TIMEOUT;
    case Fault::WrongBit:
    case Fault::Partial:
      return status == SWAP_ERR_CHECKSUM || status == SWAP_ERR_BLOB ||
             status == SWAP_ERR_HASH;
    default:
      return status == SWAP_ERR_IO;
    }
  }

  /// Returns how many calls of storage there were.
  int live(Fault fault, int failAt) {
    MemoryStorage memory{blob(), way, 3};
    memory.failRead(fault, failAt);
    int errors = 0, runs = 0;
    bool isSeen = false, passes = false, isRight;
    // What is in the arena is not what comes in by chance.
    memset(arena.data(), 0x5A, arena.bytes);
    memset(homes.data(), 0x5A, homes.bytes);
    memset(present, 0, sizeof present);
    for (int number = 0; number < kSteps; ++number) {
      int status = step(number, memory, isRight);
      if (!isSeen && memory.failedOffset != UINT64_MAX) {
        isSeen = true;
        passes = mayPass(memory.failedOffset, fault,
                         number >= 4 && number < 4 + int(kUnits), runs) ||
                 wasDropped(memory.failedOffset) ||
                 // The same bytes, or none that matter, were there before.
                 (fault == Fault::Partial && number > 1 && isRight);
        EXPECT_TRUE(status || passes) << "step " << number;
      }
      if (status) {
        ++errors;
        EXPECT_TRUE(isSeen && isExpected(fault, status)) << status;
        EXPECT_EQ(session.status, status);
        EXPECT_TRUE(memory.underWay.empty());
        memory.fault = Fault::None;
        status = step(number, memory, isRight);
        EXPECT_TRUE(isRight);
      } else if (!isRight) {
        EXPECT_TRUE(passes);
        swap_evict(&session); // else wrong bytes of what stays are there
        memset(present, 0, sizeof present);
      }
      EXPECT_EQ(status, SWAP_OK) << "step " << number;
      if (status)
        break;
      runs += number == 2 || number == 3;
    }
    const int calls = memory.reads;
    swap_close(&session);
    EXPECT_TRUE(memory.underWay.empty());
    EXPECT_TRUE(memory.mapped.empty());
    EXPECT_FALSE(memory.isMisused);
    EXPECT_TRUE(arena.intact() && homes.intact());
    EXPECT_LE(errors, 1);
    return calls;
  }

  /// What was read ahead is waited for, but not wanted, when the session is
  /// evicted.
  bool wasDropped(uint64_t offset) const {
    return std::get<4>(GetParam()) && offset == model.units[0].offset;
  }
};

TEST_P(StorageFaults, AnErrorEachTimeAndThenItWorks) {
  std::vector<Fault> faults = {Fault::Io};
  if (way != Way::Mapped)
    faults.insert(faults.end(), {Fault::Short, Fault::WrongBit, Fault::Partial});
  if (isAsynchronous())
    faults.push_back(Fault::Begin);
  if (isPolled())
    faults.insert(faults.end(), {Fault::Never, Fault::Done});
  ASSERT_GT(live(Fault::None, -1), 5);
  for (Fault fault : faults)
    for (int n = 0, calls = 1; n < calls; ++n) {
      SCOPED_TRACE(testing::Message() << "fault " << static_cast<int>(fault)
                                      << " at call " << n);
      calls = live(fault, n);
      if (HasFailure())
        return;
    }
}

constexpr auto kRuns = {Runs::Whole, Runs::Pieces};
constexpr auto kWays = {Way::Blocking, Way::Asynchronous,   Way::Scattered,
                        Way::Mapped,   Way::Polled,         Way::PolledScattered};

INSTANTIATE_TEST_SUITE_P(
    Slots, StorageFaults,
    testing::Combine(testing::ValuesIn(kWays), testing::Values(0u),
                     testing::Values(0, 1, 2),
                     testing::Values(0u, SWAP_FLAG_VERIFY_ALWAYS),
                     testing::Bool(), testing::ValuesIn(kRuns)));
INSTANTIATE_TEST_SUITE_P(
    Homes, StorageFaults,
    testing::Combine(testing::Values(Way::Blocking, Way::Asynchronous,
                                     Way::Polled, Way::PolledScattered),
                     testing::Values(0u), testing::Values(0, 1, 2),
                     testing::Values(0u, SWAP_FLAG_VERIFY_ALWAYS),
                     testing::Bool(), testing::Values(Runs::Homes)));
INSTANTIATE_TEST_SUITE_P(
    Geometry, StorageFaults,
    testing::Combine(testing::ValuesIn(kWays), testing::Values(32u),
                     testing::Values(0, 1),
                     testing::Values(SWAP_FLAG_SERIAL), testing::Bool(),
                     testing::ValuesIn(kRuns)));
INSTANTIATE_TEST_SUITE_P(InPlace, StorageFaults,
                         testing::Combine(testing::Values(Way::Mapped),
                                          testing::Values(0u, 32u),
                                          testing::Values(3),
                                          testing::Values(0u),
                                          testing::Values(false),
                                          testing::ValuesIn(kRuns)));

} // namespace
