//===- AccountTest.cpp - What is taken is counted ---------------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
extern "C" {
#include "shared_memory.h"
}

#include <gtest/gtest.h>

namespace {

// Verifies that an account counts, keeps the worst moment, refuses what exceeds
// the budget without a change, and tells of every change.
TEST(Account, CountsAndRefuses) {
  int changes = 0;
  port_account account = {};
  account.budget = 100;
  account.changed = [](void *context) { ++*static_cast<int *>(context); };
  account.context = &changes;
  EXPECT_TRUE(port_account_take(&account, 0));
  EXPECT_EQ(changes, 0);
  EXPECT_TRUE(port_account_take(&account, 60));
  EXPECT_FALSE(port_account_take(&account, 41));
  EXPECT_FALSE(port_account_take(&account, UINT64_MAX));
  EXPECT_EQ(account.used, 60u);
  EXPECT_TRUE(port_account_take(&account, 40));
  EXPECT_FALSE(port_account_take(&account, 1));
  EXPECT_TRUE(port_account_take(&account, 0));
  port_account_give(&account, 70);
  port_account_give(&account, 0);
  EXPECT_EQ(account.used, 30u);
  EXPECT_EQ(account.peak, 100u);
  EXPECT_EQ(changes, 3);
  EXPECT_FALSE(port_account_set_budget(&account, 29));
  EXPECT_EQ(account.budget, 100u);
  EXPECT_EQ(account.peak, 100u);
  EXPECT_TRUE(port_account_set_budget(&account, 30));
  EXPECT_EQ(account.peak, 30u);
  EXPECT_FALSE(port_account_take(&account, 1));
  EXPECT_EQ(changes, 4);
}

// Verifies that without a budget everything is counted and nothing is refused,
// up to what a number holds.
TEST(Account, WithoutABudget) {
  port_account account = {};
  account.budget = UINT64_MAX;
  EXPECT_TRUE(port_account_take(&account, UINT64_MAX - 5));
  EXPECT_FALSE(port_account_take(&account, 6));
  EXPECT_TRUE(port_account_take(&account, 5));
  port_account_give(&account, UINT64_MAX);
  EXPECT_EQ(account.used, 0u);
}

} // namespace
