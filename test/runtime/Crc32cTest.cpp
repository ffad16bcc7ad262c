//===- Crc32cTest.cpp - CRC-32C against its definition ----------*- C++ -*-===//
// Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//===----------------------------------------------------------------------===//
#include "swap/crc32c.h"

#include <gtest/gtest.h>
#include <vector>

namespace {

uint32_t byDefinition(const uint8_t *bytes, size_t length) {
  uint32_t crc = ~0u;
  for (size_t i = 0; i < length; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit)
      crc = crc & 1 ? (crc >> 1) ^ 0x82F63B78u : crc >> 1;
  }
  return ~crc;
}

TEST(Crc32c, KnownValues) {
  EXPECT_EQ(swap_crc32c(0, "123456789", 9), 0xE3069283u);
  EXPECT_EQ(swap_crc32c_portable(0, "123456789", 9), 0xE3069283u);
  EXPECT_EQ(swap_crc32c(0, "", 0), 0u);
  const std::vector<uint8_t> zeros(32, 0);
  EXPECT_EQ(swap_crc32c(0, zeros.data(), 32), 0x8A9136AAu); // RFC 3720
}

// Verifies lengths around words, lanes and blocks, at odd addresses.
TEST(Crc32c, EqualsItsDefinition) {
  std::vector<uint8_t> bytes(200000);
  uint32_t state = 1;
  for (uint8_t &b : bytes)
    b = static_cast<uint8_t>((state = state * 1664525u + 1013904223u) >> 24);
  for (size_t length :
       {0, 1, 7, 8, 9, 4095, 8192, 24575, 24576, 24577, 49152, 49160, 150001})
    for (size_t from : {0, 1, 3}) {
      const uint32_t expected = byDefinition(bytes.data() + from, length);
      EXPECT_EQ(swap_crc32c(0, bytes.data() + from, length), expected)
          << length;
      EXPECT_EQ(swap_crc32c_portable(0, bytes.data() + from, length), expected)
          << length;
      const uint32_t half = swap_crc32c(0, bytes.data() + from, length / 2);
      EXPECT_EQ(swap_crc32c(half, bytes.data() + from + length / 2,
                            length - length / 2),
                expected);
    }
}

} // namespace
