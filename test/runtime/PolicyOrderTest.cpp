//===- PolicyOrderTest.cpp - Which job goes first
//--------------------------===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
extern "C" {
#include "policy.h"
}

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <vector>

namespace {
constexpr uint64_t patience = 1000;

bool goesFirst(const pool_urgency &a, const pool_urgency &b, uint64_t now) {
  return pool_goes_first(&a, &b, now, patience);
}

// Few values, so that ties are common, and the edges of time.
std::vector<pool_urgency> randomJobs(std::mt19937_64 &random, size_t count) {
  const uint64_t deadlines[] = {0, 1, 900, 1500, 2500, UINT64_MAX};
  const uint64_t since[] = {0, 1, 999, 1000, 1001, 2000, UINT64_MAX};
  std::vector<pool_urgency> jobs(count);
  for (size_t i = 0; i < count; ++i)
    jobs[i] = {uint32_t(random() % 3), deadlines[random() % 6],
               since[random() % 7], i + 1};
  return jobs;
}
} // namespace

TEST(PolicyOrder, PriorityThenDeadlineThenArrival) {
  const pool_urgency late = {1, 500, 20, 3}, soon = {1, 400, 30, 4};
  const pool_urgency urgent = {2, UINT64_MAX, 40, 5},
                     never = {1, UINT64_MAX, 10, 1};
  const pool_urgency same = {1, 500, 20, 6}, earlier = {1, 500, 19, 7};
  EXPECT_TRUE(goesFirst(urgent, soon, 50));
  EXPECT_TRUE(goesFirst(soon, late, 50));
  EXPECT_TRUE(goesFirst(late, never, 50));
  EXPECT_TRUE(goesFirst(late, same, 50));
  EXPECT_TRUE(goesFirst(earlier, late, 50));
  EXPECT_FALSE(goesFirst(late, late, 50));
}

// One ns makes the difference, and a more urgent job that came before is not
// overtaken.
TEST(PolicyOrder, WhoWaitedLongEnoughGoesFirst) {
  const pool_urgency waited = {0, UINT64_MAX, 100, 2},
                     urgent = {7, 1200, 101, 3};
  EXPECT_TRUE(goesFirst(urgent, waited, 1099));
  EXPECT_TRUE(goesFirst(waited, urgent, 1100));
  EXPECT_TRUE(goesFirst(waited, urgent, 9999));
  const pool_urgency before = {7, 1200, 99, 1};
  EXPECT_TRUE(goesFirst(before, waited, 1100));
}

// A clock of another thread may be a little ahead.
TEST(PolicyOrder, AJobOfTheFutureHasNotWaited) {
  const pool_urgency future = {0, UINT64_MAX, UINT64_MAX, 1},
                     other = {1, 5, 5, 2};
  EXPECT_TRUE(goesFirst(other, future, 0));
}

// At any instant every two jobs are ordered, and any three consistently.
TEST(PolicyOrder, IsAStrictTotalOrder) {
  std::mt19937_64 random(1);
  for (uint64_t now :
       {uint64_t(0), uint64_t(999), uint64_t(1000), uint64_t(1999),
        uint64_t(2000), uint64_t(2001), uint64_t(3000), UINT64_MAX})
    for (int round = 0; round < 20; ++round) {
      const std::vector<pool_urgency> jobs = randomJobs(random, 12);
      for (const auto &a : jobs)
        for (const auto &b : jobs) {
          ASSERT_EQ(goesFirst(a, b, now) + goesFirst(b, a, now), &a != &b);
          for (const auto &c : jobs)
            if (goesFirst(a, b, now) && goesFirst(b, c, now)) {
              ASSERT_TRUE(goesFirst(a, c, now));
            }
        }
    }
}

// However urgent those that come are, a job is first once it has waited, as
// soon as those before it that waited too are gone.
TEST(PolicyOrder, NobodyStarves) {
  const pool_urgency poor = {0, UINT64_MAX, 0, 1};
  std::vector<pool_urgency> queue = {poor};
  uint64_t now = 0, order = 1;
  bool ran = false;
  while (!ran && now < 10 * patience) {
    queue.push_back(
        {7, now + 10, now, ++order}); // overload: one more each time
    queue.push_back({7, now + 10, now, ++order});
    const auto first = std::min_element(
        queue.begin(), queue.end(),
        [&](const auto &a, const auto &b) { return goesFirst(a, b, now); });
    ran = first->order == poor.order;
    queue.erase(first);
    now += 10;
  }
  EXPECT_TRUE(ran);
  EXPECT_LE(now, patience + 20);
}
