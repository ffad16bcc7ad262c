//===- BufferLayoutTest.cpp - Buffers never overlap -------------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "swapc/Partition/Planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

using namespace swapc;

namespace {

std::vector<PlanBuffer> makeRandom(uint32_t seed, int count, int steps) {
  std::mt19937 random(seed);
  std::vector<PlanBuffer> buffers;
  for (int i = 0; i < count; ++i) {
    int first = static_cast<int>(random() % steps);
    int last = std::min<int>(steps - 1, first + random() % 5);
    buffers.push_back(
        {static_cast<int64_t>(random() % 10 + 1) * 64, first, last});
  }
  return buffers;
}

void checkLayout(const std::vector<PlanBuffer> &buffers,
                 const BufferLayout &layout) {
  ASSERT_EQ(layout.offsets.size(), buffers.size());
  EXPECT_GE(layout.bytes, layout.lowerBound);
  for (size_t i = 0; i < buffers.size(); ++i) {
    int64_t begin = layout.offsets[i], end = begin + buffers[i].bytes;
    EXPECT_EQ(begin % kBufferAlign, 0);
    EXPECT_LE(end, layout.bytes);
    for (size_t j = 0; j < i; ++j)
      EXPECT_FALSE(buffers[i].first <= buffers[j].last &&
                   buffers[j].first <= buffers[i].last &&
                   begin < layout.offsets[j] + buffers[j].bytes &&
                   layout.offsets[j] < end);
  }
}

/// The least bytes of any layout: some order of lowest fits is optimal.
int64_t bruteForce(const std::vector<PlanBuffer> &buffers) {
  std::vector<int> order(buffers.size());
  std::iota(order.begin(), order.end(), 0);
  int64_t best = INT64_MAX;
  do {
    std::vector<int64_t> offsets(buffers.size(), -1);
    int64_t bytes = 0;
    for (int i : order) {
      int64_t at = 0;
      for (bool moved = true; moved;) {
        moved = false;
        for (size_t j = 0; j < buffers.size(); ++j)
          if (offsets[j] >= 0 && buffers[i].first <= buffers[j].last &&
              buffers[j].first <= buffers[i].last &&
              at < offsets[j] + buffers[j].bytes &&
              offsets[j] < at + buffers[i].bytes) {
            at = offsets[j] + buffers[j].bytes;
            moved = true;
          }
      }
      offsets[i] = at;
      bytes = std::max(bytes, at + buffers[i].bytes);
    }
    best = std::min(best, bytes);
  } while (std::next_permutation(order.begin(), order.end()));
  return best;
}

} // namespace

TEST(BufferLayout, SmallCasesAreOptimal) {
  for (uint32_t seed = 0; seed < 60; ++seed) {
    std::vector<PlanBuffer> buffers = makeRandom(seed, 7, 8);
    BufferLayout layout = layoutBuffers(buffers);
    checkLayout(buffers, layout);
    EXPECT_EQ(layout.bytes, bruteForce(buffers)) << seed;
  }
}

TEST(BufferLayout, LargeCasesWasteLittle) {
  for (uint32_t seed = 0; seed < 10; ++seed) {
    std::vector<PlanBuffer> buffers = makeRandom(seed, 200, 150);
    BufferLayout layout = layoutBuffers(buffers);
    checkLayout(buffers, layout);
    EXPECT_LE(layout.bytes, layout.lowerBound * 1.05) << seed;
  }
}

TEST(BufferLayout, EmptyAndUnaligned) {
  EXPECT_EQ(layoutBuffers({}).bytes, 0);
  std::vector<PlanBuffer> buffers{{1, 0, 0}, {65, 0, 1}, {0, 0, 1}};
  BufferLayout layout = layoutBuffers(buffers);
  checkLayout(buffers, layout);
  EXPECT_EQ(layout.bytes, 192);
}
