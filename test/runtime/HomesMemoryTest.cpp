//===- HomesMemoryTest.cpp - Units that stay have pages, others none -----===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
extern "C" {
#include "shared_memory.h"
}
#include "HomesModel.h"
#include "PagesInUse.h"

#include <cstring>
#include <fstream>
#include <sstream>
#include <sys/resource.h>

using namespace fake;

namespace {

constexpr uint64_t kHuge = PORT_HUGE_BYTES;

class Homes : public testing::Test {
protected:
  // Pages: 1, 2, none, 1, 512, 1, 300
  HomesModel fake{{1, kPage + 1, 0, kPage, kHuge, 7, 300 * kPage - 5},
                  {0, 1, 0b0000011, 0b1010100, 0b1111111}};
  port_account account = {};
  port_homes homes = {};

  void SetUp() override {
    account.budget = UINT64_MAX;
    ASSERT_TRUE(port_homes_reserve(&homes, &account, &fake.model));
  }
  void TearDown() override {
    port_homes_release(&homes);
    EXPECT_EQ(account.used, 0u);
    EXPECT_EQ(homes.base, nullptr);
  }
  uint64_t inUse() const {
    return pagesInUse(homes.base, fake.model.blob_bytes) * kPage;
  }
  uint8_t *home(uint32_t unit) { return homes.base + fake.units[unit].offset; }
  /// What reads do: all of a taken unit's pages come in.
  void fill() {
    for (uint32_t i = 0; i < fake.model.unit_count; ++i)
      if (homes.taken[i]) {
        memset(home(i), static_cast<int>(i + 1),
               pages(fake.units[i].length) * kPage);
        homes.present[i] = 1;
      }
  }
  bool isIntact(uint32_t unit) {
    for (uint64_t at = 0; at < fake.units[unit].length; at += 512)
      if (home(unit)[at] != unit + 1)
        return false;
    return true;
  }
};

// Verifies that addresses alone take no memory, that each plan's units have
// theirs to a page, and what other plans do not keep goes back at once.
TEST_F(Homes, EachPlanToAPage) {
  EXPECT_EQ(reinterpret_cast<uintptr_t>(homes.base) % kPage, 0u);
  EXPECT_EQ(inUse(), 0u);
  const uint64_t bytes[] = {0, kPage, 3 * kPage, 513 * kPage - kPage + 300 * kPage,
                            817 * kPage};
  for (uint32_t from = 0; from < 5; ++from)
    for (uint32_t to = 0; to < 5; ++to) {
      for (uint32_t plan : {from, to}) {
        const uint64_t before = homes.bytes;
        port_homes_shrink(&homes, &fake.plans[plan]);
        EXPECT_LE(homes.bytes, before);
        EXPECT_EQ(account.used, homes.bytes);
        EXPECT_EQ(inUse(), homes.bytes);
        EXPECT_EQ(port_homes_missing(&homes, &fake.plans[plan]),
                  bytes[plan] - homes.bytes);
        ASSERT_TRUE(port_homes_grow(&homes, &fake.plans[plan]));
        EXPECT_EQ(port_homes_missing(&homes, &fake.plans[plan]), 0u);
        EXPECT_EQ(homes.bytes, bytes[plan]);
        EXPECT_EQ(account.used, bytes[plan]);
        fill();
        EXPECT_EQ(inUse(), bytes[plan]);
      }
    }
}

// Verifies that what two plans have in common stays as it is, and that units
// that went are not said to be present.
TEST_F(Homes, WhatIsCommonStays) {
  ASSERT_TRUE(port_homes_grow(&homes, &fake.plans[4]));
  fill();
  port_homes_shrink(&homes, &fake.plans[3]);
  for (uint32_t i = 0; i < 7; ++i) {
    const bool stays = i == 2 || i == 4 || i == 6;
    EXPECT_EQ(homes.taken[i], stays) << i;
    EXPECT_EQ(homes.present[i], stays) << i;
    EXPECT_TRUE(!stays || isIntact(i)) << i;
  }
  port_homes_shrink(&homes, nullptr);
  EXPECT_EQ(account.used, 0u);
  EXPECT_EQ(inUse(), 0u);
  for (uint32_t i = 0; i < 7; ++i)
    EXPECT_FALSE(homes.taken[i] || homes.present[i]);
}

// Verifies that a plan that the budget does not allow takes nothing, and that
// what is taken beyond the new plan counts until it is given back.
TEST_F(Homes, Refused) {
  ASSERT_TRUE(port_homes_grow(&homes, &fake.plans[1]));
  fill();
  ASSERT_TRUE(port_account_set_budget(&account, 817 * kPage - 1));
  EXPECT_FALSE(port_homes_grow(&homes, &fake.plans[4]));
  EXPECT_EQ(account.used, kPage);
  EXPECT_EQ(homes.bytes, kPage);
  for (uint32_t i = 0; i < 7; ++i)
    EXPECT_EQ(homes.taken[i], i == 0);
  EXPECT_TRUE(isIntact(0));
  ASSERT_TRUE(port_account_set_budget(&account, 812 * kPage));
  EXPECT_FALSE(port_homes_grow(&homes, &fake.plans[3]));
  port_homes_shrink(&homes, &fake.plans[3]);
  EXPECT_TRUE(port_homes_grow(&homes, &fake.plans[3]));
  EXPECT_EQ(account.used, account.budget);
}

// Verifies that kernels that read a unit where the blob lies need no home, and
// that a unit that is not resident has none.
TEST_F(Homes, InPlace) {
  fake.slots[4] = SWAP_SLOT_IN_PLACE;
  EXPECT_EQ(port_homes_missing(&homes, &fake.plans[4]), 305 * kPage);
  ASSERT_TRUE(port_homes_grow(&homes, &fake.plans[4]));
  EXPECT_FALSE(homes.taken[4]);
  EXPECT_EQ(account.used, 305 * kPage);
}

/// The flags of the mapping at an address, as the system shows them.
std::string flagsOf(const void *address) {
  std::ifstream maps("/proc/self/smaps");
  const auto at = reinterpret_cast<uintptr_t>(address);
  bool isHere = false;
  for (std::string line; std::getline(maps, line);) {
    unsigned long long from, to;
    if (sscanf(line.c_str(), "%llx-%llx ", &from, &to) == 2)
      isHere = at >= from && at < to;
    else if (isHere && line.rfind("VmFlags:", 0) == 0)
      return line + " ";
  }
  return "";
}

// Verifies that the system never fills up what lies between units with huge
// pages, neither by a fault nor later.
TEST_F(Homes, NeverHuge) {
  ASSERT_TRUE(port_homes_grow(&homes, &fake.plans[4]));
  const std::string before = flagsOf(home(4)), behind = flagsOf(home(6));
  if (before.empty() || access("/sys/kernel/mm/transparent_hugepage", F_OK))
    GTEST_SKIP() << "no huge pages here, or the system does not say";
  EXPECT_NE(before.find(" nh "), std::string::npos) << before;
  EXPECT_NE(behind.find(" nh "), std::string::npos) << behind;
  fill();
  for (uint64_t at = 0; at < fake.model.blob_bytes; at += 50 * kPage)
    EXPECT_LE(isPartOfHuge(homes.base + at), 0);
}

// Verifies that a model without units, or of units that are all empty, works.
TEST(HomesErrors, NothingToKeep) {
  port_account account = {};
  HomesModel none({}, {0}), empty({0, 0}, {3});
  for (HomesModel *fake : {&none, &empty}) {
    port_homes homes;
    ASSERT_TRUE(port_homes_reserve(&homes, &account, &fake->model));
    EXPECT_TRUE(port_homes_grow(&homes, &fake->plans[0]));
    EXPECT_EQ(port_homes_missing(&homes, &fake->plans[0]), 0u);
    port_homes_shrink(&homes, nullptr);
    port_homes_release(&homes);
  }
  EXPECT_EQ(account.peak, 0u);
}

// Verifies that tables that would let two units share a page are refused: one
// would go with the other.
TEST(HomesErrors, UnitsMustBeApart) {
  port_account account = {};
  port_homes homes;
  auto isTaken = [&](uint32_t unit, uint64_t offset, uint64_t length) {
    HomesModel fake({kPage, kPage + 1, kPage}, {7});
    fake.units[unit].offset = offset;
    fake.units[unit].length = length;
    const bool ok = port_homes_reserve(&homes, &account, &fake.model);
    port_homes_release(&homes);
    return ok;
  };
  EXPECT_TRUE(isTaken(1, 3 * kPage, 2 * kPage));
  EXPECT_FALSE(isTaken(1, 3 * kPage, 2 * kPage + 1)); // into the next
  EXPECT_FALSE(isTaken(1, 2 * kPage, kPage));         // on the first
  EXPECT_FALSE(isTaken(1, 3 * kPage + 64, kPage));    // not at a page
  EXPECT_TRUE(isTaken(2, 5 * kPage, kPage));
  EXPECT_FALSE(isTaken(2, 5 * kPage, kPage + 1)); // behind the blob
  EXPECT_FALSE(isTaken(2, 6 * kPage, UINT64_MAX - kPage));
  EXPECT_FALSE(isTaken(2, UINT64_MAX - kPage + 1, kPage));
}

// Verifies that addresses that the system refuses are an error that leaves
// nothing behind: more than there are, or than the process may have.
TEST(HomesErrors, NoAddresses) {
  port_account account = {};
  account.budget = UINT64_MAX;
  HomesModel fake({kPage}, {1});
  port_homes homes;
  for (uint64_t bytes : {UINT64_C(1) << 60, UINT64_MAX / kPage * kPage}) {
    fake.model.blob_bytes = bytes;
    EXPECT_FALSE(port_homes_reserve(&homes, &account, &fake.model));
    EXPECT_EQ(homes.base, nullptr);
    port_homes_release(&homes);
  }
#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
  fake.model.blob_bytes = UINT64_C(1) << 30;
  rlimit before;
  ASSERT_EQ(getrlimit(RLIMIT_AS, &before), 0);
  rlimit less = before;
  less.rlim_cur = 64 << 20;
  ASSERT_EQ(setrlimit(RLIMIT_AS, &less), 0);
  const int ok = port_homes_reserve(&homes, &account, &fake.model);
  setrlimit(RLIMIT_AS, &before);
  EXPECT_FALSE(ok);
  port_homes_release(&homes);
#endif
  EXPECT_EQ(account.used, 0u);
}

} // namespace
