//===- PolicyAdmitTest.cpp - Sets that keep their deadlines, or not
//--------===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
extern "C" {
#include "policy.h"
}

#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace {
constexpr uint64_t mib = 1 << 20, ms = 1000000;
constexpr uint64_t none = UINT64_MAX;

// Each model has one rung of 1 MiB of each kind, and computes all the time.
pool_allocation respond(const std::vector<uint64_t> &times,
                        const std::vector<pool_load> &loads, uint32_t overlap,
                        uint64_t call = 0) {
  std::vector<pool_choice> rungs;
  for (uint64_t time : times)
    rungs.push_back({mib, mib, time, time, 0, call});
  std::vector<pool_ladder> ladders;
  for (const pool_choice &rung : rungs)
    ladders.push_back({&rung, 1});
  const pool_system system = {ladders.data(),
                              uint32_t(ladders.size()),
                              loads.data(),
                              uint32_t(loads.size()),
                              none,
                              1,
                              1e9};
  pool_allocation allocation = {};
  allocation.overlap = overlap;
  pool_evaluate(&system, &allocation);
  return allocation;
}

// A model that streams all or nothing of 240 MiB, 100 ms at 2.4 GiB/s.
const pool_choice streamer[] = {
    {2 * mib, 0, 200 * ms, 100 * ms, 240 * mib, 0},
    {2 * mib, 120 * mib, 150 * ms, 100 * ms, 120 * mib, 0},
    {2 * mib, 240 * mib, 100 * ms, 100 * ms, 0, 0}};

struct Verdict : pool_verdict {
  uint64_t enough;
  std::string text;
};

Verdict admit(const std::vector<pool_load> &loads, uint64_t budget,
              double link = 2.4 * 1024 * mib) {
  const pool_ladder ladders[] = {{streamer, 3}, {streamer, 3}};
  const pool_system system = {ladders, 2, loads.data(), uint32_t(loads.size()),
                              budget,  1, link};
  Verdict verdict;
  static_cast<pool_verdict &>(verdict) = pool_admit(&system, &verdict.enough);
  const char *const names[] = {"signs", "lanes", "people"};
  char text[256];
  const size_t length = pool_verdict_text(&verdict, names[verdict.load],
                                          verdict.enough, text, sizeof(text));
  EXPECT_EQ(length, strlen(text));
  verdict.text = text;
  const pool_verdict quick = pool_admit(&system, nullptr);
  EXPECT_EQ(quick.limit, verdict.limit);
  EXPECT_EQ(quick.needed, verdict.needed);
  return verdict;
}
} // namespace

// Rate-monotonic tasks of Liu and Layland's kind: the sums can be done by hand.
TEST(PolicyAdmit, ResponsesByHand) {
  const std::vector<uint64_t> times = {10, 20, 30};
  const std::vector<pool_load> loads = {
      {0, 2, 50, 50}, {1, 1, 80, 80}, {2, 0, 200, 200}};
  // To be interrupted between any two calls; 30 + 20 + 10 is more than 50, so
  // two jobs of the first come. Before it both stretches may have been taken by
  // the others; then the second, which is more urgent than the third, ends.
  pool_allocation allocation = respond(times, loads, 2);
  EXPECT_EQ(allocation.response_ns[0], 20u + 10);
  EXPECT_EQ(allocation.response_ns[1], 20u + 10);
  EXPECT_EQ(allocation.response_ns[2], 30u + 20 + 2 * 10);
  // A call that has begun ends first, if somebody less urgent can have begun
  // it.
  allocation = respond(times, loads, 3, 7);
  EXPECT_EQ(allocation.response_ns[0], 7u + 10);
  EXPECT_EQ(allocation.response_ns[1], 7u + 10 + 20);
  EXPECT_EQ(allocation.response_ns[2], 30u + 20 + 2 * 10);
  // One at a time: it waits for the longest of the others.
  allocation = respond(times, loads, 1);
  EXPECT_EQ(allocation.response_ns[0], 30u + 10);
  EXPECT_EQ(allocation.response_ns[1], 30u + 10 + 20);
  EXPECT_EQ(allocation.response_ns[2], 20u + 10 + 30);
}

// Of one level, who is due first goes first (Liu and Layland's example of a
// full processor that only deadlines can run: 2/5 + 4/7).
TEST(PolicyAdmit, DeadlinesUseTheWholeProcessor) {
  const std::vector<uint64_t> times = {20, 40, 0};
  const pool_allocation allocation =
      respond(times, {{0, 0, 50, 50}, {1, 0, 70, 70}, {2, 0, 100, 100}}, 3);
  EXPECT_LE(allocation.response_ns[0], 50u);
  EXPECT_LE(allocation.response_ns[1], 70u);
}

// Tasks that are overloaded have no bound, but those before them have.
TEST(PolicyAdmit, OverloadIsForTheLeastUrgent) {
  const std::vector<uint64_t> times = {40, 40, 40};
  const pool_allocation allocation =
      respond(times, {{0, 2, 100, 100}, {1, 1, 100, 100}, {2, 0, 100, 100}}, 1);
  EXPECT_EQ(allocation.response_ns[0], 80u);
  EXPECT_EQ(allocation.response_ns[1], 120u);
  EXPECT_EQ(allocation.response_ns[2], none);
}

TEST(PolicyAdmit, WithoutADeadlineLast) {
  const std::vector<uint64_t> times = {10, 50};
  const pool_allocation allocation =
      respond(times, {{0, 0, 100, 100}, {1, 0, 200, none}}, 2);
  EXPECT_EQ(allocation.response_ns[0], 10u);
  EXPECT_EQ(allocation.response_ns[1], 60u);
}

// Two tasks of the first model: the less urgent one holds a stretch, so that the
// third model, with the other, keeps the second from starting, and the last task
// waits for both. 18 was seen.
TEST(PolicyAdmit, WhoIsLentUrgencyBlocksToo) {
  const pool_allocation allocation = respond(
      {4, 5, 12}, {{0, 0, 28, 43}, {1, 2, 39, 70}, {2, 0, 50, 41}, {0, 0, 17, 22}},
      2);
  EXPECT_GE(allocation.response_ns[3], 18u);
  EXPECT_GE(allocation.response_ns[1], 12u + 5);
}

TEST(PolicyAdmit, Feasible) {
  const Verdict verdict =
      admit({{0, 0, 600 * ms, 600 * ms}, {1, 0, 600 * ms, none}}, 500 * mib);
  EXPECT_EQ(verdict.limit, POOL_FEASIBLE);
  EXPECT_EQ(verdict.text, "every deadline is kept");
  EXPECT_EQ(verdict.enough, 2 * mib); // 200 and 200 ms
}

TEST(PolicyAdmit, Memory) {
  const Verdict verdict = admit({{0, 0, 600 * ms, 600 * ms}}, mib);
  EXPECT_EQ(verdict.limit, POOL_MEMORY);
  EXPECT_EQ(verdict.needed, 2 * mib);
  EXPECT_EQ(verdict.available, mib);
  EXPECT_EQ(verdict.text,
            "the smallest plans take 2.0 MiB together, the budget is 1.0 MiB");
}

// 200 ms without memory, 150 with half of the weights. Two runs may be started,
// so that the other one is not waited for.
TEST(PolicyAdmit, Deadline) {
  const std::vector<pool_load> loads = {{0, 1, 500 * ms, 180 * ms},
                                        {1, 0, 1000 * ms, none}};
  const Verdict verdict = admit(loads, 100 * mib);
  EXPECT_EQ(verdict.limit, POOL_DEADLINE);
  EXPECT_EQ(verdict.load, 0u);
  EXPECT_EQ(verdict.needed, 200 * ms);
  EXPECT_EQ(verdict.available, 180 * ms);
  EXPECT_GE(verdict.enough, 124 * mib);
  EXPECT_LE(verdict.enough, 126 * mib);
  const std::string begin =
      "task signs: a job may take 200 ms, its deadline is 180 ms; 12";
  EXPECT_EQ(verdict.text.substr(0, begin.size()), begin);
  EXPECT_EQ(admit(loads, verdict.enough).limit, POOL_FEASIBLE);
  EXPECT_EQ(admit(loads, 124 * mib - 1).limit, POOL_DEADLINE);
}

TEST(PolicyAdmit, Processor) {
  const Verdict verdict = admit(
      {{0, 0, 200 * ms, 200 * ms}, {1, 0, 150 * ms, 150 * ms}}, 600 * mib);
  EXPECT_EQ(verdict.limit, POOL_PROCESSOR);
  EXPECT_EQ(verdict.load, 1u);
  EXPECT_EQ(verdict.needed, 1166667u);
  EXPECT_EQ(verdict.enough, 0u);
  EXPECT_EQ(verdict.text,
            "the tasks compute for 1.17 s in each second, task lanes most; no "
            "budget is enough: make periods or deadlines longer");
}

TEST(PolicyAdmit, Link) {
  const Verdict verdict =
      admit({{0, 0, 350 * ms, 300 * ms}, {1, 0, 150 * ms, 900 * ms}}, 4 * mib,
            1.6 * 1024 * mib);
  EXPECT_EQ(verdict.limit, POOL_LINK);
  EXPECT_GT(verdict.enough, 240 * mib);
  const std::string begin =
      "the tasks read for 1.40 s in each second, task lanes most; ";
  EXPECT_EQ(verdict.text.substr(0, begin.size()), begin);
}

// A task without a deadline that never ends is nobody's fault but its own.
TEST(PolicyAdmit, BackgroundMayOverload) {
  const Verdict verdict =
      admit({{0, 1, 500 * ms, 500 * ms}, {1, 0, 50 * ms, none}}, 600 * mib);
  EXPECT_EQ(verdict.limit, POOL_FEASIBLE);
}

TEST(PolicyAdmit, TextIsCut) {
  const pool_verdict verdict = {POOL_DEADLINE, 0, none, 5 * ms};
  char text[12];
  const size_t length =
      pool_verdict_text(&verdict, "signs", 0, text, sizeof(text));
  EXPECT_STREQ(text, "task signs:");
  EXPECT_GT(length, sizeof(text));
  char whole[256];
  pool_verdict_text(&verdict, "signs", 0, whole, sizeof(whole));
  EXPECT_STREQ(whole,
               "task signs: its jobs may wait ever longer, their deadline is "
               "5.00 ms; no budget is enough: make periods or deadlines "
               "longer");
}
