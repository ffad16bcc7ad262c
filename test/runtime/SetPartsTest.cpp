//===- SetPartsTest.cpp - Parts of a set's program ------------------------===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
extern "C" {
#include "set/set_program.h"
}

#include <algorithm>
#include <cmath>
#include <gtest/gtest.h>
#include <memory>
#include <vector>

namespace {

// Verifies percentiles against those of all values in order.
TEST(Histogram, Percentiles) {
  auto h = std::make_unique<histogram>();
  EXPECT_EQ(histogram_at(h.get(), 0.5), 0u);
  EXPECT_EQ(histogram_mean(h.get()), 0);
  std::vector<uint64_t> values;
  random_numbers numbers = random_from(1, 0);
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    // From 2 us to 1000 s.
    const auto value =
        static_cast<uint64_t>(2e3 * std::pow(5e8, random_unit(&numbers)));
    values.push_back(value);
    sum += static_cast<double>(value);
    histogram_add(h.get(), value);
  }
  std::sort(values.begin(), values.end());
  EXPECT_EQ(h->least, values.front());
  EXPECT_EQ(h->most, values.back());
  EXPECT_NEAR(histogram_mean(h.get()), sum / 10000, 1);
  for (double share : {0.001, 0.1, 0.5, 0.9, 0.99, 0.9999, 1.0}) {
    const auto rank = static_cast<size_t>(std::ceil(share * 10000));
    const auto exact = static_cast<double>(values[rank - 1]);
    EXPECT_NEAR(static_cast<double>(histogram_at(h.get(), share)), exact,
                exact * 0.002)
        << share;
  }
}

TEST(Histogram, Ends) {
  auto h = std::make_unique<histogram>();
  histogram_add(h.get(), 0);
  EXPECT_EQ(histogram_at(h.get(), 0.5), 0u);
  histogram_add(h.get(), UINT64_MAX);
  EXPECT_EQ(h->most, UINT64_MAX);
  EXPECT_EQ(histogram_at(h.get(), 0.5), 1026u); // the lowest part's middle
}

TEST(Times, AreRead) {
  const std::pair<const char *, uint64_t> right[] = {
      {"800ms", 800000000}, {"1.5s", 1500000000},   {"20us", 20000},
      {"7ns", 7},           {"2min", 120000000000}, {"1h", 3600000000000},
      {".5s", 500000000},   {"10 s", 10000000000}};
  uint64_t ns;
  for (const auto &[text, value] : right) {
    EXPECT_EQ(time_parse(text, &ns), 1) << text;
    EXPECT_EQ(ns, value) << text;
  }
  for (const char *text : {"", "s", "5", "-1s", "1e3s", "5 parsecs", "1.2.3s",
                           "0s", "1e99h", "999999999999h", "0x5s", "5ss"})
    EXPECT_EQ(time_parse(text, &ns), 0) << text;
}

TEST(Random, DependsOnSeedAndStream) {
  random_numbers a = random_from(1, 2), same = random_from(1, 2),
                 other = random_from(1, 3), seed = random_from(2, 2);
  const double first = random_unit(&a);
  EXPECT_EQ(first, random_unit(&same));
  EXPECT_NE(first, random_unit(&other));
  EXPECT_NE(first, random_unit(&seed));
  double sum = 0, least = 1, most = 0;
  for (int i = 0; i < 10000; ++i) {
    const double unit = random_unit(&a);
    least = std::min(least, unit);
    most = std::max(most, unit);
    sum += static_cast<double>(random_interval(&a, 1000000));
    EXPECT_LT(random_below(&a, 7), 7u);
  }
  EXPECT_GE(least, 0);
  EXPECT_LT(most, 1);
  EXPECT_NEAR(sum / 10000, 1e6, 5e4);
  EXPECT_EQ(random_below(&a, 0), 0u);
}

// Verifies that a long run fits, that its worst moment is kept, and that points
// stay in order.
TEST(MemoryLog, IsBounded) {
  auto log = std::make_unique<memory_log>();
  log->every = 1;
  constexpr uint64_t kSamples = 100000, kWorst = 77777;
  for (uint64_t i = 0; i < kSamples; ++i) {
    memory_add(log.get(), i, i == kWorst ? 900 : 100 + i % 7, 1000);
    ASSERT_LT(log->count, MEMORY_POINTS);
  }
  EXPECT_GT(log->count, MEMORY_POINTS / 4);
  bool found = false;
  for (uint32_t i = 0; i < log->count; ++i) {
    EXPECT_TRUE(!i || log->points[i].at_ns > log->points[i - 1].at_ns);
    found |= log->points[i].at_ns == kWorst && log->points[i].used == 900;
  }
  EXPECT_TRUE(found);
}

} // namespace
