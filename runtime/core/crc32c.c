/*===- crc32c.c - CRC-32C, portable and by instruction ------------*- C -*-===*\
|* Part of swapc, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|* Verification runs at the speed of the first load of each unit, so it must be
|* faster than storage. One crc32 instruction takes 8 bytes with a latency of
|* three cycles; three interleaved lanes hide that latency. Lanes are joined by
|* multiplying with x^(8*LANE) modulo the polynomial, bit by bit, which needs
|* no tables and is rare enough not to matter.
\*===----------------------------------------------------------------------===*/
#include "swap/crc32c.h"
#include "core.h"

#define POLYNOMIAL 0x82F63B78u

uint32_t swap_crc32c_portable(uint32_t crc, const void *data, size_t length) {
  /* A nibble at a time: 64 bytes of constants, small enough for firmware. */
  static const uint32_t nibble[16] = {
      0x00000000u, 0x105EC76Fu, 0x20BD8EDEu, 0x30E349B1u,
      0x417B1DBCu, 0x5125DAD3u, 0x61C69362u, 0x7198540Du,
      0x82F63B78u, 0x92A8FC17u, 0xA24BB5A6u, 0xB21572C9u,
      0xC38D26C4u, 0xD3D3E1ABu, 0xE330A81Au, 0xF36E6F75u};
  const uint8_t *bytes = data;
  crc = ~crc;
  for (size_t i = 0; i < length; ++i) {
    crc ^= bytes[i];
    crc = (crc >> 4) ^ nibble[crc & 15u];
    crc = (crc >> 4) ^ nibble[crc & 15u];
  }
  return ~crc;
}

#if defined(__x86_64__)
#include <cpuid.h>
#include <nmmintrin.h>
#define HAVE_INSTRUCTION 1
#define TARGET __attribute__((target("sse4.2")))
#define STEP8(crc, word) _mm_crc32_u64((crc), (word))
#define STEP1(crc, byte) _mm_crc32_u8((uint32_t)(crc), (byte))

static int has_instruction(void) {
#if defined(__SSE4_2__)
  return 1;
#else
  /* Asked anew each time: the core keeps no globals, and units are large. */
  unsigned a, b, c, d;
  return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSE4_2);
#endif
}
#elif defined(__aarch64__) && defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#define HAVE_INSTRUCTION 1
#define TARGET
#define STEP8(crc, word) __crc32cd((uint32_t)(crc), (word))
#define STEP1(crc, byte) __crc32cb((uint32_t)(crc), (byte))
static int has_instruction(void) { return 1; }
#endif

#ifdef HAVE_INSTRUCTION
#define LANE 8192u

/* a * b modulo the polynomial, both bit-reflected. */
static uint32_t multiply(uint32_t a, uint32_t b) {
  uint32_t product = 0;
  for (uint32_t bit = 0x80000000u; bit; bit >>= 1) {
    if (a & bit)
      product ^= b;
    b = (b >> 1) ^ (b & 1u ? POLYNOMIAL : 0u);
  }
  return product;
}

/* x^(8 * LANE): squaring x, whose reflected form is bit 30, 16 times. */
static uint32_t lane_shift(void) {
  uint32_t power = 0x40000000u;
  for (uint32_t bits = 1; bits < 8u * LANE; bits *= 2)
    power = multiply(power, power);
  return power;
}

static uint64_t load8(const uint8_t *bytes) {
  uint64_t word;
  memcpy(&word, bytes, 8);
  return word;
}

TARGET static uint32_t by_instruction(uint32_t start, const uint8_t *bytes,
                                      size_t length) {
  uint64_t crc = (uint32_t)~start;
  if (length >= 3 * LANE) {
    const uint32_t shift = lane_shift();
    for (; length >= 3 * LANE; bytes += 3 * LANE, length -= 3 * LANE) {
      uint64_t second = 0, third = 0;
      for (size_t i = 0; i < LANE; i += 8) {
        crc = STEP8(crc, load8(bytes + i));
        second = STEP8(second, load8(bytes + LANE + i));
        third = STEP8(third, load8(bytes + 2 * LANE + i));
      }
      crc = multiply((uint32_t)crc, shift) ^ second;
      crc = multiply((uint32_t)crc, shift) ^ third;
    }
  }
  for (; length >= 8; bytes += 8, length -= 8)
    crc = STEP8(crc, load8(bytes));
  for (; length; ++bytes, --length)
    crc = STEP1(crc, *bytes);
  return ~(uint32_t)crc;
}
#endif

uint32_t swap_crc32c(uint32_t crc, const void *data, size_t length) {
#ifdef HAVE_INSTRUCTION
  if (has_instruction())
    return by_instruction(crc, data, length);
#endif
  return swap_crc32c_portable(crc, data, length);
}
