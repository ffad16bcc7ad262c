//===- RoutineTest.cpp - What routines do with any data --------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Indices and thresholds come from data, so any value must be safe. The
// operands here are vectors of their exact size, for a sanitizer to watch.
//
//===----------------------------------------------------------------------===//

#include "routine.h"
#include "swap/runtime.h"

#include "gtest/gtest.h"

#include <cmath>
#include <limits>
#include <vector>

namespace {

const float kNan = std::numeric_limits<float>::quiet_NaN();
const float kInfinity = std::numeric_limits<float>::infinity();
const int64_t kFar = std::numeric_limits<int64_t>::max();

void run(swap_routine_fn *routine, std::vector<void *> operands,
         std::vector<int64_t> constants, int64_t items = 1,
         size_t scratchBytes = 0) {
  std::vector<uint64_t> scratch(scratchBytes / 8 + 1);
  routine(operands.data(), constants.data(), 0, items, scratch.data());
}

TEST(Routine, ScatterPassesOverPositionsOutside) {
  std::vector<float> data{1, 2, 3}, updates{7, 8, 9, 10}, result(3);
  std::vector<int64_t> positions{-1, 3, kFar, 1};
  run(swap_routine_scatter,
      {data.data(), positions.data(), updates.data(), result.data()},
      {SWAP_F32, 0, 1, 3, 4, 1});
  EXPECT_EQ(result, (std::vector<float>{1, 10, 3}));
}

TEST(Routine, ScatterInPlaceIsTheSame) {
  std::vector<int32_t> data{1, 2, 3}, updates{7, 8};
  std::vector<int64_t> positions{2, 2};
  run(swap_routine_scatter,
      {data.data(), positions.data(), updates.data(), data.data()},
      {SWAP_I32, 1, 1, 3, 2, 1});
  EXPECT_EQ(data, (std::vector<int32_t>{1, 2, 18}));
}

TEST(Routine, TopKOrdersWhatIsNotANumber) {
  std::vector<float> input{1, kNan, -kInfinity, kInfinity, -0.0f, 0.0f};
  std::vector<float> values(6);
  std::vector<int64_t> indices(6);
  run(swap_routine_topk, {input.data(), values.data(), indices.data()},
      {SWAP_F32, 6, 1, 6, 1}, 1, 6 * 16);
  EXPECT_EQ(indices, (std::vector<int64_t>{1, 3, 0, 4, 5, 2}));
  // A result that nobody reads is null.
  std::vector<int64_t> smallest(2);
  run(swap_routine_topk, {input.data(), nullptr, smallest.data()},
      {SWAP_F32, 6, 1, 2, 0}, 1, 2 * 16);
  EXPECT_EQ(smallest, (std::vector<int64_t>{2, 4}));
}

TEST(Routine, TopKOfAllTypes) {
  std::vector<uint8_t> bytes{3, 200, 7};
  std::vector<int64_t> index(1);
  run(swap_routine_topk, {bytes.data(), nullptr, index.data()},
      {SWAP_U8, 3, 1, 1, 1}, 1, 16);
  EXPECT_EQ(index[0], 1);
  run(swap_routine_topk, {bytes.data(), nullptr, index.data()},
      {SWAP_I8, 3, 1, 1, 1}, 1, 16);
  EXPECT_EQ(index[0], 2);
  std::vector<uint64_t> words{1, uint64_t(1) << 63, 2};
  run(swap_routine_topk, {words.data(), nullptr, index.data()},
      {SWAP_U64, 3, 1, 1, 1}, 1, 16);
  EXPECT_EQ(index[0], 1);
  run(swap_routine_topk, {words.data(), nullptr, index.data()},
      {SWAP_I64, 3, 1, 1, 0}, 1, 16);
  EXPECT_EQ(index[0], 1);
}

TEST(Routine, NonZeroKeepsToItsRoom) {
  std::vector<uint8_t> input{1, 0, 1, 1};
  std::vector<int64_t> few(2 * 2), many(2 * 4);
  run(swap_routine_nonzero, {input.data(), few.data()}, {4, 2, 2, 2, 2});
  EXPECT_EQ(few, (std::vector<int64_t>{0, 1, 0, 0}));
  run(swap_routine_nonzero, {input.data(), many.data()}, {4, 4, 2, 2, 2});
  EXPECT_EQ(many, (std::vector<int64_t>{0, 1, 1, -1, 0, 0, 1, -1}));
}

TEST(Routine, CompressKeepsToItsRoom) {
  std::vector<uint16_t> input{1, 2, 3, 4}, few(1), many(3);
  std::vector<uint8_t> condition{0, 1, 0, 1, 1, 1};
  run(swap_routine_compress, {input.data(), condition.data(), few.data()},
      {2, 4, 6, 1});
  EXPECT_EQ(few, (std::vector<uint16_t>{2}));
  run(swap_routine_compress, {input.data(), condition.data(), many.data()},
      {2, 4, 6, 3});
  EXPECT_EQ(many, (std::vector<uint16_t>{2, 4, 0}));
}

TEST(Routine, UniqueKeepsToItsRoom) {
  std::vector<int32_t> input{5, 1, 5, 3}, few(1), many(4);
  std::vector<int64_t> indices(4), inverse(4), counts(4), one(1);
  run(swap_routine_unique,
      {input.data(), many.data(), indices.data(), inverse.data(),
       counts.data()},
      {SWAP_I32, 1, 4, 1, 1, 4}, 1, 3 * 8 * 4);
  EXPECT_EQ(many, (std::vector<int32_t>{1, 3, 5, 0}));
  EXPECT_EQ(indices, (std::vector<int64_t>{1, 3, 0, 0}));
  EXPECT_EQ(inverse, (std::vector<int64_t>{2, 0, 2, 1}));
  EXPECT_EQ(counts, (std::vector<int64_t>{1, 1, 2, 0}));
  run(swap_routine_unique,
      {input.data(), few.data(), one.data(), nullptr, nullptr},
      {SWAP_I32, 1, 4, 1, 0, 1}, 1, 3 * 8 * 4);
  EXPECT_EQ(few, (std::vector<int32_t>{5}));
}

TEST(Routine, NonMaxTakesAnyThreshold) {
  std::vector<float> boxes{0, 0, 1, 1, 0, 0, 1, 1, 2, 2, 3, 3};
  std::vector<float> scores{0.5f, kNan, 0.25f};
  for (float threshold : {kNan, -kInfinity, kInfinity, 0.5f})
    for (int64_t most : {int64_t(-1), int64_t(2), kFar}) {
      std::vector<int64_t> result(2 * 3, 7);
      run(swap_routine_nonmax,
          {boxes.data(), scores.data(), &most, &threshold, &threshold,
           result.data()},
          {1, 1, 3, 0, 2, 0}, 1, 3 * 24);
      if (most < 0) {
        EXPECT_EQ(result, std::vector<int64_t>(6, -1));
      }
    }
}

TEST(Routine, RoiAlignReadsInsideOfItsImages) {
  std::vector<float> input(2 * 3 * 4, 1.0f), result(2 * 2);
  const float places[] = {kNan, kInfinity, -kInfinity, 1e30f, -1e30f, 1.5f};
  for (float place : places)
    for (int64_t of : {int64_t(-5), int64_t(1), kFar}) {
      std::vector<float> region{place, -place, 2 * place, place};
      run(swap_routine_roi_align,
          {input.data(), region.data(), &of, result.data()},
          {2, 1, 3, 4, 2, 2, 0, 0, 1, 0x3f800000});
    }
}

TEST(Routine, RoiPoolReadsInsideOfItsImages) {
  std::vector<float> input(2 * 3 * 4, 1.0f), result(2 * 2);
  const float places[] = {kNan, kInfinity, -kInfinity, 1e30f, -1e30f, 1.5f};
  for (float place : places)
    for (float of : {-5.0f, 1.0f, kNan, 1e30f}) {
      std::vector<float> region{of, place, -place, 2 * place, place};
      run(swap_routine_roi_pool, {input.data(), region.data(), result.data()},
          {2, 1, 3, 4, 2, 2, 0x3f800000});
    }
}

TEST(Routine, DeterminantOfAnyMatrix) {
  std::vector<float> matrices{0, 1, 1, 0, 0, 0, 0, 0, kNan, 1, 1, 1}, result(3);
  run(swap_routine_determinant, {matrices.data(), result.data()}, {SWAP_F32, 2},
      3, 4 * 8);
  EXPECT_EQ(result[0], -1);
  EXPECT_EQ(result[1], 0);
  EXPECT_TRUE(std::isnan(result[2]));
}

} // namespace
