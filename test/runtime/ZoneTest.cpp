//===- ZoneTest.cpp - Memory that runs share in time ------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
extern "C" {
#include "shared_memory.h"
}
#include "PagesInUse.h"

#include <algorithm>
#include <cstring>
#include <random>
#include <sys/resource.h>
#include <utility>

using namespace fake;

namespace {

constexpr uint64_t kHuge = PORT_HUGE_BYTES;

class Zone : public testing::Test {
protected:
  port_account account = {};
  port_zone zone = {};

  void SetUp() override {
    account.budget = 24 * kHuge;
    ASSERT_TRUE(port_zone_reserve(&zone, &account, 20 * kHuge));
  }
  void TearDown() override {
    port_zone_release(&zone);
    EXPECT_EQ(account.used, 0u);
  }
  uint64_t inUse() const {
    return pagesInUse(zone.arena.base, zone.arena.reserved) * kPage;
  }
  uint64_t offset(const void *stretch) const {
    return static_cast<uint64_t>(static_cast<const uint8_t *>(stretch) -
                                 zone.arena.base);
  }
};

// Verifies that each stretch lies in the smallest gap that has room for it, on
// pages of its own, and that a gap is whole again when its neighbours went.
TEST_F(Zone, BestFit) {
  EXPECT_EQ(port_zone_take(&zone, 1), nullptr);
  ASSERT_TRUE(port_zone_resize(&zone, 20 * kPage - 5));
  EXPECT_EQ(account.used, 20 * kPage);
  void *a = port_zone_take(&zone, 4 * kPage);
  void *b = port_zone_take(&zone, 2 * kPage - 100);
  void *c = port_zone_take(&zone, 2 * kPage + 100);
  void *d = port_zone_take(&zone, 1);
  EXPECT_EQ(offset(a), 0u);
  EXPECT_EQ(offset(b), 4 * kPage);
  EXPECT_EQ(offset(c), 6 * kPage);
  EXPECT_EQ(offset(d), 9 * kPage);
  port_zone_give(&zone, b);
  EXPECT_EQ(port_zone_take(&zone, kPage), b); // not a part of the last ten
  port_zone_give(&zone, b);
  port_zone_give(&zone, a);
  EXPECT_EQ(offset(port_zone_take(&zone, 7 * kPage)), 10 * kPage);
  EXPECT_EQ(port_zone_take(&zone, 7 * kPage), nullptr);
  EXPECT_EQ(port_zone_take(&zone, 6 * kPage), a);
  EXPECT_EQ(zone.count, 4u);
  port_zone_give(&zone, c);
  EXPECT_EQ(port_zone_take(&zone, 3 * kPage), c);
  EXPECT_EQ(account.used, 20 * kPage);
}

// Verifies that a stretch of no bytes takes nothing from the others, even where
// the zone has none, and that only so many stretches are given out.
TEST_F(Zone, NoBytesAndTooMany) {
  void *nothing = port_zone_take(&zone, 0);
  EXPECT_NE(nothing, nullptr);
  ASSERT_TRUE(port_zone_resize(&zone, 40 * kPage));
  std::vector<void *> taken;
  for (uint32_t i = 0; i < SWAP_ZONE_STRETCHES; ++i) {
    taken.push_back(port_zone_take(&zone, kPage));
    ASSERT_NE(taken.back(), nullptr);
  }
  EXPECT_EQ(port_zone_take(&zone, kPage), nullptr);
  port_zone_give(&zone, nothing);
  EXPECT_EQ(zone.count, SWAP_ZONE_STRETCHES);
  EXPECT_NE(port_zone_take(&zone, 0), nullptr);
  port_zone_give(&zone, taken[3]);
  EXPECT_EQ(port_zone_take(&zone, kPage), taken[3]);
}

// Verifies that a zone does not become larger than the budget or its addresses,
// nor smaller than what is in use, and that nothing changes then.
TEST_F(Zone, Refusals) {
  account.budget = 10 * kPage;
  ASSERT_TRUE(port_zone_resize(&zone, 8 * kPage));
  memset(zone.arena.base, 7, 8 * kPage);
  EXPECT_FALSE(port_zone_resize(&zone, 10 * kPage + 1));
  EXPECT_FALSE(port_zone_resize(&zone, UINT64_MAX));
  account.budget = UINT64_MAX;
  EXPECT_FALSE(port_zone_resize(&zone, 20 * kHuge + 1));
  void *a = port_zone_take(&zone, 3 * kPage);
  void *b = port_zone_take(&zone, 3 * kPage);
  EXPECT_FALSE(port_zone_resize(&zone, 5 * kPage));
  EXPECT_EQ(account.used, 8 * kPage);
  EXPECT_EQ(zone.arena.bytes, 8 * kPage);
  for (uint64_t i = 0; i < 8 * kPage; ++i)
    ASSERT_EQ(zone.arena.base[i], 7);
  port_zone_give(&zone, a); // what lies before the last one does not matter
  EXPECT_FALSE(port_zone_resize(&zone, 5 * kPage));
  port_zone_give(&zone, b);
  EXPECT_TRUE(port_zone_resize(&zone, 0));
  EXPECT_EQ(account.used, 0u);
  EXPECT_EQ(inUse(), 0u);
}

// Verifies that a huge page is not split under a stretch, whose pages the device
// may hold: the zone can end before or behind it, and there later.
TEST_F(Zone, NoSplitUnderAStretch) {
  ASSERT_TRUE(port_zone_resize(&zone, 4 * kHuge));
  auto *stretch =
      static_cast<uint8_t *>(port_zone_take(&zone, kHuge + 10 * kPage));
  memset(stretch, 0x5A, kHuge + 10 * kPage);
  EXPECT_FALSE(port_zone_resize(&zone, kHuge + 20 * kPage));
  EXPECT_EQ(account.used, 4 * kHuge);
  EXPECT_TRUE(port_zone_resize(&zone, 2 * kHuge + kPage));
  EXPECT_TRUE(port_zone_resize(&zone, 2 * kHuge));
  EXPECT_LE(inUse(), account.used);
  for (uint64_t i = 0; i < kHuge + 10 * kPage; ++i)
    ASSERT_EQ(stretch[i], 0x5A);
  port_zone_give(&zone, stretch);
  EXPECT_TRUE(port_zone_resize(&zone, kHuge + 20 * kPage));
  EXPECT_LE(inUse(), kHuge + 20 * kPage);
}

// Verifies that a zone that grew behind a stretch has huge pages there, and all
// over once the stretch has gone and it is asked for the same size.
TEST_F(Zone, HugePagesComeBack) {
  ASSERT_TRUE(port_zone_resize(&zone, kHuge + 10 * kPage));
  auto *stretch =
      static_cast<uint8_t *>(port_zone_take(&zone, kHuge + 10 * kPage));
  memset(stretch, 0x5A, kHuge + 10 * kPage);
  ASSERT_TRUE(port_zone_resize(&zone, 4 * kHuge + 5 * kPage));
  memset(zone.arena.base + kHuge + 10 * kPage, 1, 3 * kHuge - 5 * kPage);
  for (uint64_t i = 0; i < kHuge + 10 * kPage; ++i)
    ASSERT_EQ(stretch[i], 0x5A);
  EXPECT_EQ(inUse(), account.used);
  EXPECT_EQ(port_arena_huge_bytes(&zone.arena), kHuge);
  const int first = isPartOfHuge(stretch);
  if (first == 1) {
    EXPECT_EQ(isPartOfHuge(stretch + kHuge), 0);
    EXPECT_EQ(isPartOfHuge(stretch + 2 * kHuge), 1);
  }
  EXPECT_TRUE(port_zone_resize(&zone, 4 * kHuge + 5 * kPage));
  EXPECT_EQ(stretch[kHuge], 0x5A); // still in use
  port_zone_give(&zone, stretch);
  EXPECT_TRUE(port_zone_resize(&zone, 4 * kHuge + 5 * kPage));
  EXPECT_EQ(port_arena_huge_bytes(&zone.arena), 4 * kHuge);
  EXPECT_LE(inUse(), account.used);
  memset(stretch, 2, 4 * kHuge + 5 * kPage);
  EXPECT_EQ(inUse(), account.used);
  if (first == 1)
    EXPECT_EQ(isPartOfHuge(stretch + kHuge), 1);
}

// Verifies that a huge page that is needed only while the zone grows is counted,
// and done without where the budget has no room for it.
TEST_F(Zone, WhatIsNeededMeanwhileIsCounted) {
  ASSERT_TRUE(port_zone_resize(&zone, 30 * kPage));
  EXPECT_EQ(account.used, 30 * kPage);
  EXPECT_EQ(account.peak, kHuge);
  ASSERT_TRUE(port_zone_resize(&zone, 0));
  ASSERT_TRUE(port_account_set_budget(&account, 40 * kPage));
  ASSERT_TRUE(port_zone_resize(&zone, 40 * kPage));
  EXPECT_EQ(account.peak, 40 * kPage);
  memset(zone.arena.base, 1, 40 * kPage);
  EXPECT_EQ(inUse(), 40 * kPage);
  EXPECT_LE(isPartOfHuge(zone.arena.base), 0);
}

struct Stretch {
  uint8_t *base;
  uint64_t bytes;
  uint8_t mark;
};

// Verifies over thousands of steps at random that stretches do not overlap, keep
// what is in them, and that never more is in memory than is counted, nor more
// counted than the budget.
TEST_F(Zone, AnyOrder) {
  std::mt19937_64 random(11);
  std::vector<Stretch> stretches;
  account.budget = 9 * kHuge + 77 * kPage;
  auto isIntact = [](const Stretch &s) {
    for (uint64_t at = 0; at < s.bytes; at += 512)
      if (s.base[at] != s.mark)
        return false;
    return s.base[s.bytes - 1] == s.mark;
  };
  uint64_t grown = 0, shrunk = 0, taken = 0;
  for (int step = 0; step < 4000; ++step) {
    const uint64_t kind = random() % 8;
    if (kind < 3) {
      uint64_t bytes = random() % (random() % 2 ? 3 * kHuge : 40 * kPage) + 1;
      if (auto *base =
              static_cast<uint8_t *>(port_zone_take(&zone, bytes))) {
        stretches.push_back({base, bytes, static_cast<uint8_t>(step | 1)});
        memset(base, step | 1, bytes);
        ++taken;
      }
    } else if (kind < 6 && !stretches.empty()) {
      std::swap(stretches[random() % stretches.size()], stretches.back());
      ASSERT_TRUE(isIntact(stretches.back())) << step;
      port_zone_give(&zone, stretches.back().base);
      stretches.pop_back();
    } else {
      const uint64_t before = zone.arena.bytes;
      const uint64_t bytes = random() % 4 ? random() % (10 * kHuge)
                                          : random() % 11 * kHuge;
      if (port_zone_resize(&zone, bytes)) {
        ASSERT_EQ(zone.arena.bytes, pages(bytes) * kPage);
        grown += zone.arena.bytes > before;
        shrunk += zone.arena.bytes < before;
      } else {
        ASSERT_EQ(zone.arena.bytes, before);
      }
    }
    ASSERT_EQ(account.used, zone.arena.bytes);
    ASSERT_LE(account.peak, account.budget);
    ASSERT_EQ(zone.count, stretches.size());
    if (step % 8 == 0 || kind >= 6)
      ASSERT_LE(inUse(), account.used) << step;
  }
  for (const Stretch &s : stretches)
    EXPECT_TRUE(isIntact(s));
  EXPECT_GT(grown, 100u);
  EXPECT_GT(shrunk, 100u);
  EXPECT_GT(taken, 500u);
}

// Verifies that addresses that the system refuses are an error that leaves
// nothing behind.
TEST(ZoneErrors, NoAddresses) {
  port_account account = {};
  account.budget = UINT64_MAX;
  port_zone zone;
  EXPECT_FALSE(port_zone_reserve(&zone, &account, UINT64_MAX));
  EXPECT_FALSE(port_zone_reserve(&zone, &account, UINT64_C(1) << 60));
  port_zone_release(&zone);
  EXPECT_EQ(account.used, 0u);
}

// Verifies that a process that locks all memory to come still has only the pages
// that are counted.
TEST(ZoneErrors, LockedMemory) {
  rlimit limit;
  getrlimit(RLIMIT_MEMLOCK, &limit);
  if (geteuid() && limit.rlim_cur < (UINT64_C(1) << 30))
    GTEST_SKIP() << "this user may not lock so much memory";
  ASSERT_EQ(mlockall(MCL_FUTURE), 0);
  port_account account = {};
  account.budget = 8 * kHuge;
  port_zone zone;
  EXPECT_TRUE(port_zone_reserve(&zone, &account, 100 * kHuge));
  EXPECT_EQ(pagesInUse(zone.arena.base, zone.arena.reserved), 0u);
  for (uint64_t bytes : {3 * kHuge + kPage, 5 * kHuge, kHuge + kPage, kPage}) {
    EXPECT_TRUE(port_zone_resize(&zone, bytes));
    EXPECT_LE(pagesInUse(zone.arena.base, zone.arena.reserved) * kPage, bytes);
    memset(zone.arena.base, 1, bytes);
    EXPECT_LE(pagesInUse(zone.arena.base, zone.arena.reserved) * kPage, bytes);
  }
  munlockall();
  port_zone_release(&zone);
}

} // namespace
