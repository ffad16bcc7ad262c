//===- RoundingTest.cpp - 16-bit floats against APFloat ---------*- C++ -*-===//
//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Rounding.h"

#include "llvm/ADT/APFloat.h"
#include "gtest/gtest.h"

using namespace swapc;
using llvm::APFloat;

static uint16_t reference(float value, const llvm::fltSemantics &semantics) {
  APFloat result(value);
  bool lossless;
  result.convert(semantics, APFloat::rmNearestTiesToEven, &lossless);
  return result.bitcastToAPInt().getZExtValue();
}

TEST(RoundingTest, AllHalvesComeBack) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    float value = halfToFloat(bits);
    if (value == value)
      ASSERT_EQ(floatToHalf(value), bits);
    else
      ASSERT_EQ(floatToHalf(value) & 0x7C00, 0x7C00);
  }
}

/// Every exponent with mantissas around ties.
TEST(RoundingTest, FloatsRoundAsApFloatDoes) {
  for (uint32_t high = 0; high < 0x10000; ++high)
    for (uint32_t low : {0x0000u, 0x0001u, 0x0FFFu, 0x1000u, 0x1001u, 0x2FFFu,
                         0x3000u, 0x7FFFu, 0x8000u, 0x8001u, 0xFFFFu}) {
      float value = llvm::bit_cast<float>(high << 16 | low);
      if (value != value)
        continue;
      ASSERT_EQ(floatToHalf(value), reference(value, APFloat::IEEEhalf()))
          << value;
      ASSERT_EQ(floatToBfloat(value), reference(value, APFloat::BFloat()))
          << value;
    }
}
